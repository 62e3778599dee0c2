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
    pretty(&SeasonPage {
        player: PlayerBody::new(&answer.player),
        date: answer.day.to_string(),
        stale: answer.stale,
        season: answer.season.as_ref().map(SeasonBody::new),
        log: answer.season.iter().flat_map(|season| &season.games).map(LogEntry::new).collect(),
        replay: theme.replay.is_some(),
        by_position: season_page::by_position(answer)
            .into_iter()
            .map(|(position, sum)| PositionBody { position, sum })
            .collect(),
        by_opponent: season_page::by_opponent(answer)
            .into_iter()
            .map(|(opponent, sum)| OpponentBody { opponent, sum })
            .collect(),
    })
}

#[derive(Serialize)]
struct SeasonPage<'a> {
    player: PlayerBody<'a>,
    date: String,
    stale: bool,
    season: Option<SeasonBody>,
    log: Vec<LogEntry<'a>>,
    replay: bool,
    by_position: Vec<PositionBody<'a>>,
    by_opponent: Vec<OpponentBody<'a>>,
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

#[derive(Serialize)]
struct LogEntry<'a> {
    id: u64,
    date: String,
    number: u8,
    opponent: Option<&'a Club>,
    home: bool,
    errors: u32,
}

#[derive(Serialize)]
pub(super) struct SeasonBody {
    year: i32,
    games: usize,
    errors: u32,
    last_error: Option<String>,
    days_since_error: Option<u32>,
    games_since_error: Option<u32>,
    longest_clean_streak: Option<StreakBody>,
    on_pace_for: Option<u32>,
    complete: bool,
}

#[derive(Serialize)]
struct StreakBody {
    games: u32,
    from: String,
    to: String,
}

#[derive(Serialize)]
pub(super) struct SinceErrorBody {
    last_error: Option<String>,
    days: u32,
    games: u32,
    at_least: bool,
    longest_clean_streak: Option<StreakBody>,
    longest_at_least: bool,
}

impl<'a> LogEntry<'a> {
    pub(super) fn new(game: &'a SeasonGame) -> Self {
        LogEntry {
            id: game.pk,
            date: game.date.to_string(),
            number: game.number,
            opponent: game.opponent.as_ref(),
            home: game.at_home,
            errors: game.errors,
        }
    }
}

impl SeasonBody {
    pub(super) fn new(season: &SeasonSoFar) -> Self {
        let last = season.last_error;
        SeasonBody {
            year: season.year,
            games: season.games.len(),
            errors: season.errors,
            last_error: last.map(|last| last.date.to_string()),
            days_since_error: last.map(|last| last.days),
            games_since_error: last.map(|last| last.games),
            longest_clean_streak: season.longest_clean.map(StreakBody::new),
            on_pace_for: season.on_pace_for,
            complete: season.is_complete,
        }
    }
}

impl SinceErrorBody {
    pub(super) fn new(since: &SinceError) -> Self {
        SinceErrorBody {
            last_error: since.last.map(|date| date.to_string()),
            days: since.days,
            games: since.games,
            at_least: since.at_least,
            longest_clean_streak: since.record.map(StreakBody::new),
            longest_at_least: since.record_at_least,
        }
    }
}

impl StreakBody {
    pub(super) fn new(streak: Streak) -> Self {
        StreakBody { games: streak.games, from: streak.from.to_string(), to: streak.to.to_string() }
    }
}
