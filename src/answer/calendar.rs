//! The club's games of the year, and the player's outcome in each.

use crate::answer::{
    Facts, Game, GameKind, GameState, Participation, ScheduleEntry, SeasonGame, SeasonSoFar,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::{Date, Duration, Month, OffsetDateTime};

/// The month by the end of which every season has begun.
const LATEST_OPENING: Month = Month::April;

/// A pause between two games that no club in the postseason has.
const REST: Duration = Duration::days(7);

#[derive(Debug, Clone, PartialEq)]
pub struct Fixture {
    pub listing: ScheduleEntry,
    /// The player's outcome, once known.
    pub outcome: Option<GameOutcome>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GameOutcome {
    /// He was charged with this many errors; at least one.
    Charged(u32),
    /// He fielded, and was charged with none.
    Clean,
    /// He did not field.
    Absent,
}

/// A day on which the player was charged with an error.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorDay {
    pub date: Date,
    /// The games with errors of his, in playing order.
    pub games: Vec<SeasonGame>,
    /// The time since which this site has had this count; for a day that it did not watch, the end of that day.
    pub since: OffsetDateTime,
}

/// The part of an error day that is kept for the next answer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct KnownErrorDay {
    pub date: Date,
    errors: u32,
    #[serde(with = "time::serde::rfc3339")]
    since: OffsetDateTime,
}

/// His club's games of the year, each once, in playing order.
pub(crate) fn fixtures(
    facts: &Facts,
    games: &[Game],
    season: Option<&SeasonSoFar>,
    day: Date,
) -> Vec<Fixture> {
    let outcome = |listing: &ScheduleEntry| {
        let is_it = |game: &&Game| game.listing.pk == listing.pk && !game.listing.is_resumption();
        match games.iter().find(is_it) {
            Some(game) => outcome_today(game),
            None => outcome_before(listing, season?, day),
        }
    };
    let mut listings = listings(facts);
    listings.sort_by_key(|listing| (listing.official, listing.number, listing.start, listing.pk));
    let fixture = |listing: &ScheduleEntry| Fixture { listing: listing.clone(), outcome: outcome(listing) };
    listings.into_iter().map(fixture).collect()
}

/// Whether the day is in the off season: the club has no more game this year and the last was a week ago, or the first
/// game of the year is still to come. A club in the postseason may wait for its next game for most of a week.
pub(crate) fn is_off_season(facts: &Facts, day: Date, next: Option<&ScheduleEntry>) -> bool {
    let played = listings(facts).into_iter().filter(|listing| {
        !listing.is_off() && listing.official <= day && listing.official.year() == day.year()
    });
    let last = played.map(|listing| listing.official).max();
    match (last, next) {
        (Some(last), Some(next)) => next.official.year() > day.year() && day - last >= REST,
        (Some(last), None) => facts.calendar.is_read() && day - last >= REST,
        (None, Some(next)) => {
            let is_far = next.kind == GameKind::Spring || next.official - day >= REST;
            is_far && day.month() <= LATEST_OPENING
        }
        (None, None) => false,
    }
}

/// Whether no game of the year has been played, so that the season shown is still last year's.
pub(crate) fn is_before_first_game(facts: &Facts, day: Date) -> bool {
    let games = listings(facts);
    let of_year = || games.iter().filter(|listing| listing.official.year() == day.year());
    let has_played = of_year().any(|listing| listing.official <= day && !listing.is_off());
    let is_known = of_year().next().is_some() || day.month() <= Month::February;
    !has_played && is_known && day.month() <= LATEST_OPENING
}

/// The number of the club's regular-season games that are over, and of all of them, those still to be made up included.
pub(crate) fn progress(facts: &Facts, day: Date) -> (usize, usize) {
    let is_regular =
        |listing: &&ScheduleEntry| listing.kind == GameKind::Regular && listing.official.year() == day.year();
    let regular: Vec<_> = listings(facts).into_iter().filter(is_regular).collect();
    let over = |listing: &&&ScheduleEntry| match listing.status.state {
        GameState::Postponed | GameState::Cancelled | GameState::Suspended => false,
        // A schedule that was read during a game shows it in progress until it is read again.
        _ if listing.official < day => true,
        state => {
            let state = facts.feed(listing.pk).map_or(state, |feed| feed.status.state);
            listing.official == day && state == GameState::Over
        }
    };
    let all = regular.iter().filter(|listing| listing.status.state != GameState::Cancelled).count();
    (regular.iter().filter(over).count(), all)
}

/// The days on which the player was charged, in order; without a log, only those of the day's games.
pub(crate) fn error_days(
    facts: &Facts,
    games: &[Game],
    season: Option<&SeasonSoFar>,
    day: Date,
    now: OffsetDateTime,
) -> Vec<ErrorDay> {
    let player = &facts.player.value;
    let is_todays = |pk| games.iter().any(|game| game.listing.pk == pk && !game.listing.is_resumption());
    let before = season.into_iter().flat_map(|season| &season.games);
    let before = before.filter(|game| game.date <= day && !is_todays(game.pk)).cloned();
    // The league counts a resumed game for the day it began; this site counts today's errors for today.
    let today = games.iter().map(|game| SeasonGame {
        date: if game.listing.is_resumption() { day } else { game.listing.official },
        ..SeasonGame::of(&game.listing, player, game.errors())
    });
    let mut days: Vec<ErrorDay> = Vec::new();
    for game in before.chain(today).filter(|game| game.errors > 0) {
        match days.last_mut().filter(|day| day.date == game.date) {
            Some(day) => day.games.push(game),
            None => days.push(ErrorDay { date: game.date, games: vec![game], since: now }),
        }
    }
    days
}

impl ErrorDay {
    /// Errors charged; at least one.
    pub fn errors(&self) -> u32 {
        self.games.iter().map(|game| game.errors).sum()
    }

    /// Sets `since` from the previous answer's error days. `ended` is the end of the day, past or future.
    pub(crate) fn follow(
        &mut self,
        before: &[KnownErrorDay],
        ended: OffsetDateTime,
        now: OffsetDateTime,
    ) -> KnownErrorDay {
        self.since = match before.iter().find(|charge| charge.date == self.date) {
            Some(charge) if charge.errors == self.errors() => charge.since,
            Some(_) => now,
            None => ended.min(now),
        };
        KnownErrorDay { date: self.date, errors: self.errors(), since: self.since }
    }
}

/// The club's schedule entries of the year, with fresher ones for the days around today, one for each game: a postponed
/// game is listed under its new day as well.
fn listings(facts: &Facts) -> Vec<&ScheduleEntry> {
    let Some(club) = facts.club_id() else { return Vec::new() };
    let entries = facts.calendar.value.iter().chain(&facts.schedule.value.listings);
    let ours = entries.filter(|listing| listing.has_club(club));
    let by_day: BTreeMap<_, _> = ours.map(|listing| ((listing.pk, listing.listed), listing)).collect();
    let mut by_pk: BTreeMap<u64, &ScheduleEntry> = BTreeMap::new();
    let rank = |listing: &ScheduleEntry| (!listing.is_off(), listing.listed == listing.official);
    for ((pk, _), listing) in by_day {
        let known = by_pk.entry(pk).or_insert(listing);
        if rank(listing) > rank(known) {
            *known = listing;
        }
    }
    by_pk.into_values().collect()
}

fn outcome_today(game: &Game) -> Option<GameOutcome> {
    match (game.errors(), game.state(), game.presence()) {
        (errors @ 1.., ..) => Some(GameOutcome::Charged(errors)),
        (0, GameState::Over, Some(Participation::Fielded)) => Some(GameOutcome::Clean),
        (0, GameState::Over, Some(_)) => Some(GameOutcome::Absent),
        _ => None,
    }
}

/// The outcome by the log, which covers the regular season and may lag by a night.
fn outcome_before(listing: &ScheduleEntry, season: &SeasonSoFar, day: Date) -> Option<GameOutcome> {
    match season.games.iter().find(|game| game.pk == listing.pk) {
        Some(game) if game.errors > 0 => Some(GameOutcome::Charged(game.errors)),
        Some(_) => Some(GameOutcome::Clean),
        None => {
            let settled = listing.official.next_day().is_some_and(|next| next < day);
            let played = !listing.is_off() && listing.status.state != GameState::Suspended;
            (settled && played && listing.kind == GameKind::Regular && listing.official.year() == season.year)
                .then_some(GameOutcome::Absent)
        }
    }
}
