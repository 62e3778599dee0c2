//! Every verdict and reason, for every kind of day that MLB's data has shown: the facts of an invented day.

mod archive;
mod books;
mod days;
mod freshness;
mod memory;
mod random_days;
mod verdicts;

use crate::answer::*;
use std::collections::BTreeMap;
use time::{
    Duration,
    macros::{date, datetime},
};

pub(crate) const TODAY: Date = date!(2024 - 07 - 02);
/// 19:05 in San Diego.
const FIRST_PITCH: OffsetDateTime = datetime!(2024-07-03 02:05 UTC);
/// Noon in San Diego.
const NOON: OffsetDateTime = datetime!(2024-07-02 19:00 UTC);

fn club(id: u32, name: &str) -> Club {
    Club { id, name: name.into() }
}

pub(crate) fn listing(pk: u64, state: GameState) -> ScheduleEntry {
    ScheduleEntry {
        pk,
        listed: TODAY,
        official: TODAY,
        start: Some(FIRST_PITCH),
        kind: GameKind::Regular,
        number: 1,
        double_header: DoubleHeader::No,
        status: GameStatus { state, words: format!("{state:?}") },
        away: Side { club: club(140, "Texas Rangers"), runs: None },
        home: Side { club: club(135, "San Diego Padres"), runs: None },
        venue: "Petco Park".into(),
        moved_to: None,
        resumes_on: None,
        resumes_at: None,
    }
}

pub(crate) fn feed(pk: u64, state: GameState, presence: Participation, errors: u32) -> GameFeed {
    GameFeed {
        pk,
        as_of: Some("20240703_040000".into()),
        official: Some(TODAY),
        status: GameStatus { state, words: format!("{state:?}") },
        inning: Some(Inning { number: 5, half: Half::Top }),
        score: Some(Score { away: 1, home: 2 }),
        line: None,
        presence,
        errors: ErrorCount::Read(errors),
        plays: (0..errors).map(|_| error_play(pk)).collect(),
        last_play: Some(FIRST_PITCH + Duration::hours(2)),
    }
}

pub(crate) fn error_play(game: u64) -> ErrorPlay {
    ErrorPlay {
        game,
        inning: Some(Inning { number: 3, half: Half::Bottom }),
        at: None,
        kind: ErrorKind::Throwing,
        position: Some("RF".into()),
        batter: None,
        text: String::new(),
    }
}

/// A game that the player fielded in, with this many errors.
fn fielded(pk: u64, state: GameState, errors: u32) -> GameFeed {
    feed(pk, state, Participation::Fielded, errors)
}

/// A game of another day.
fn listed_on(day: Date, pk: u64, state: GameState) -> ScheduleEntry {
    ScheduleEntry { listed: day, official: day, ..listing(pk, state) }
}

/// A game of the log.
pub(crate) fn logged(pk: u64, date: Date, errors: u32) -> SeasonGame {
    SeasonGame { pk, date, number: 1, opponent: None, at_home: true, errors, club: None, positions: vec![] }
}

pub(crate) fn facts(
    asked_at: OffsetDateTime,
    listings: impl IntoIterator<Item = ScheduleEntry>,
    boxes: impl IntoIterator<Item = GameFeed>,
) -> Facts {
    let player = Player {
        club: Some(club(135, "San Diego Padres")),
        ..Player::named(665487, "Fernando Tatis Jr.", "Tatis Jr.")
    };
    Facts {
        player: Part::read(player, asked_at),
        zone: Part::read(Zone::named("America/Los_Angeles").unwrap(), asked_at),
        ballpark: None,
        schedule: Part::read(
            Schedule { clubs: vec![135], listings: listings.into_iter().collect(), unread: Vec::new() },
            asked_at,
        ),
        feeds: boxes.into_iter().map(|feed| (feed.pk, Part::read(Some(feed), asked_at))).collect(),
        seen_on: BTreeMap::new(),
        availability: Part::read(Availability::Active, asked_at),
        season: Part::default(),
        calendar: Part::default(),
        leaders: Part::default(),
        archive: Archive::new(),
    }
}

fn answer(
    now: OffsetDateTime,
    listings: impl IntoIterator<Item = ScheduleEntry>,
    boxes: impl IntoIterator<Item = GameFeed>,
) -> Answer {
    decide(&facts(now, listings, boxes), now)
}
