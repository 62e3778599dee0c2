//! Seasons for programs.

use crate::{
    answer::{Answer, Club, SeasonGame, SeasonSoFar, SinceError, Streak},
    page::{
        Theme,
        json::{PlayerBody, pretty},
        season_page::{self, ErrorSum},
    },
};
use serde::Serialize;

/// The season, game by game, without the time MLB was asked: it stays the same while nothing happens.
pub(crate) fn season(answer: &Answer, theme: &Theme) -> String {
    pretty(&SeasonPage::new(answer, theme))
}

body! {
    struct SeasonPage<'a>(answer: &'a Answer, theme: &Theme) with {
        by_position = season_page::by_position(answer).into_iter();
        by_opponent = season_page::by_opponent(answer).into_iter();
    } {
        player: PlayerBody<'a> = PlayerBody::new(&answer.player);
        date: String = answer.day.to_string();
        stale: bool = answer.stale;
        season: Option<SeasonBody> = answer.season.as_ref().map(SeasonBody::new);
        log: Vec<LogEntry<'a>> = answer.season.iter().flat_map(|season| &season.games).map(LogEntry::new).collect();
        replay: bool = theme.replay.is_some();
        by_position: Vec<PositionBody<'a>> = by_position.map(|(position, sum)| PositionBody { position, sum }).collect();
        by_opponent: Vec<OpponentBody<'a>> = by_opponent.map(|(opponent, sum)| OpponentBody { opponent, sum }).collect();
    }
}

#[derive(Serialize)]
struct PositionBody<'a> {
    position: &'a str,
    #[serde(flatten)]
    sum: ErrorSum,
}

#[derive(Serialize)]
struct OpponentBody<'a> {
    opponent: &'a Club,
    #[serde(flatten)]
    sum: ErrorSum,
}

body! {
    struct LogEntry<'a>(game: &'a SeasonGame) {
        id: u64 = game.pk;
        date: String = game.date.to_string();
        number: u8 = game.number;
        opponent: Option<&'a Club> = game.opponent.as_ref();
        home: bool = game.at_home;
        errors: u32 = game.errors;
    }
}

body! {
    pub(super) struct SeasonBody(season: &SeasonSoFar) with { last = season.last_error; } {
        year: i32 = season.year;
        games: usize = season.games.len();
        errors: u32 = season.errors;
        last_error: Option<String> = last.map(|last| last.date.to_string());
        days_since_error: Option<u32> = last.map(|last| last.days);
        games_since_error: Option<u32> = last.map(|last| last.games);
        longest_clean_streak: Option<StreakBody> = season.longest_clean.map(StreakBody::new);
        on_pace_for: Option<u32> = season.on_pace_for;
        complete: bool = season.is_complete;
    }
}

body! {
    struct StreakBody(streak: Streak) {
        games: u32 = streak.games;
        from: String = streak.from.to_string();
        to: String = streak.to.to_string();
    }
}

body! {
    pub(super) struct SinceErrorBody(since: &SinceError) {
        last_error: Option<String> = since.last.map(|date| date.to_string());
        days: u32 = since.days;
        games: u32 = since.games;
        at_least: bool = since.at_least;
        longest_clean_streak: Option<StreakBody> = since.record.map(StreakBody::new);
        longest_at_least: bool = since.record_at_least;
    }
}
