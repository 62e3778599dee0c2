//! Games and plays for programs.

use crate::{
    answer::{ErrorPlay, Game, LineScore, ScheduleEntry, Side},
    name::Named,
    page::times,
};
use serde::Serialize;
use time::Date;

#[derive(Serialize)]
pub(super) struct GameBody<'a> {
    id: u64,
    state: &'static str,
    status: &'a str,
    away: SideBody<'a>,
    home: SideBody<'a>,
    start: Option<String>,
    venue: &'a str,
    number: u8,
    inning: Option<u8>,
    half: Option<&'static str>,
    errors: u32,
    line: Option<&'a LineScore>,
}

#[derive(Serialize)]
struct SideBody<'a> {
    id: u32,
    name: &'a str,
    runs: Option<u32>,
}

#[derive(Serialize)]
pub(super) struct PlayBody<'a> {
    game: u64,
    inning: Option<u8>,
    half: Option<&'static str>,
    kind: &'static str,
    position: Option<&'a str>,
    batter: Option<&'a str>,
    text: &'a str,
    position_number: Option<u8>,
    scoring: String,
}

#[derive(Serialize)]
pub(super) struct NextGameBody<'a> {
    id: u64,
    date: String,
    days: i64,
    start: Option<String>,
    away: &'a str,
    home: &'a str,
    venue: &'a str,
}

impl<'a> GameBody<'a> {
    pub(super) fn new(game: &'a Game) -> Self {
        let feed = game.feed.as_ref();
        let score = feed.and_then(|feed| feed.score);
        let side = |side: &'a Side, runs: Option<u32>| SideBody {
            id: side.club.id,
            name: &side.club.name,
            runs: runs.or(side.runs),
        };
        let inning = feed.and_then(|feed| feed.inning);
        GameBody {
            id: game.listing.pk,
            state: game.state().name(),
            status: game.status_words(),
            away: side(&game.listing.away, score.map(|score| score.away)),
            home: side(&game.listing.home, score.map(|score| score.home)),
            start: game.listing.start.map(times::machine),
            venue: &game.listing.venue,
            number: game.listing.number,
            inning: inning.map(|inning| inning.number),
            half: inning.map(|inning| inning.half.name()),
            errors: game.errors(),
            line: feed.and_then(|feed| feed.line.as_ref()),
        }
    }
}

impl<'a> NextGameBody<'a> {
    pub(super) fn new(next: &'a ScheduleEntry, today: Date) -> Self {
        NextGameBody {
            id: next.pk,
            date: next.official.to_string(),
            days: (next.official - today).whole_days(),
            start: next.start.map(times::machine),
            away: &next.away.club.name,
            home: &next.home.club.name,
            venue: &next.venue,
        }
    }
}

impl<'a> PlayBody<'a> {
    pub(super) fn new(play: &'a ErrorPlay) -> Self {
        PlayBody {
            game: play.game,
            inning: play.inning.map(|inning| inning.number),
            half: play.inning.map(|inning| inning.half.name()),
            kind: play.kind.name(),
            position: play.position.as_deref(),
            batter: play.batter.as_deref(),
            text: &play.text,
            position_number: play.position_number(),
            scoring: play.scoring(),
        }
    }
}
