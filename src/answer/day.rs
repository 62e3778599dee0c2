//! Which baseball day it is, and which games count for it.

use crate::answer::{Facts, Game, GameKind, Listing, Presence, State};
use std::collections::BTreeMap;
use time::{Date, OffsetDateTime};

/// Until this local hour a game that began the evening before keeps its day. The longest games end around four in
/// the morning; a suspended game resumed the next day starts around noon and must not bring yesterday back.
const LATE_GAME_ENDS_BY: u8 = 10;

/// The day the question is about: the calendar day at the club's ballpark, or yesterday while its game is still on.
pub(crate) fn today(facts: &Facts, now: OffsetDateTime) -> Date {
    let local = facts.zone.value.local(now);
    let yesterday = local.date().previous_day().unwrap_or(local.date());
    let still_on = local.hour() < LATE_GAME_ENDS_BY
        && games_of(facts, yesterday).iter().any(|game| game.state() == State::On);
    if still_on { yesterday } else { local.date() }
}

/// The games that count for a day, in playing order, each once.
pub(crate) fn games_of(facts: &Facts, day: Date) -> Vec<Game> {
    let mut by_pk = BTreeMap::new();
    for listing in facts.schedule.value.iter().filter(|listing| listing.official == day && !listing.is_off())
    {
        // The entry under the day itself knows the most of a game that is listed twice.
        by_pk
            .entry(listing.pk)
            .and_modify(|known: &mut &Listing| {
                if listing.listed == day {
                    *known = listing;
                }
            })
            .or_insert(listing);
    }
    let mut games: Vec<Game> = by_pk
        .into_values()
        .map(|listing| {
            let part = facts.feeds.get(&listing.pk);
            Game {
                listing: listing.clone(),
                feed: part.and_then(|part| part.value.clone()),
                feed_asked_at: part.and_then(|part| part.asked_at),
                feed_trouble: part.and_then(|part| part.trouble),
            }
        })
        .filter(|game| game.concerns(facts.club_id()))
        .collect();
    games.sort_by_key(|game| {
        (game.listing.start.is_none(), game.listing.start, game.listing.number, game.listing.pk)
    });
    games
}

/// A game listed under this day that was called off, whichever day it counts for now.
pub(crate) fn called_off(facts: &Facts, day: Date) -> Option<&Listing> {
    facts.schedule.value.iter().find(|listing| listing.listed == day && listing.is_off())
}

/// A game listed under this day that began, and counts, on an earlier one.
pub(crate) fn resumed(facts: &Facts, day: Date) -> Option<&Listing> {
    facts
        .schedule
        .value
        .iter()
        .find(|listing| listing.listed == day && listing.official < day && !listing.is_off())
}

/// The first game after this day that is still to be played.
pub(crate) fn next_after(facts: &Facts, day: Date) -> Option<&Listing> {
    facts
        .schedule
        .value
        .iter()
        .filter(|listing| listing.official > day && listing.status.state == State::Ahead)
        .filter(|listing| listing.kind != GameKind::AllStar)
        .min_by_key(|listing| (listing.official, listing.start.is_none(), listing.start))
}

impl Game {
    /// Where the game stands: as its feed says, unless it was called off.
    pub fn state(&self) -> State {
        match &self.feed {
            Some(feed) if !self.listing.is_off() => feed.status.state,
            _ => self.listing.status.state,
        }
    }

    /// MLB's words for where the game stands.
    pub fn status_words(&self) -> &str {
        self.feed.as_ref().map_or(&self.listing.status.words, |feed| &feed.status.words)
    }

    /// Errors charged to him in this game.
    pub fn errors(&self) -> u32 {
        self.feed.as_ref().map_or(0, |feed| feed.errors)
    }

    /// How far he takes part, once the feed was read.
    pub fn presence(&self) -> Option<Presence> {
        self.feed.as_ref().map(|feed| feed.presence)
    }

    /// His club's games concern him; another team's (the All-Star Game) only when he is in it.
    fn concerns(&self, club: Option<u32>) -> bool {
        let ours = [&self.listing.home, &self.listing.away].iter().any(|side| Some(side.club.id) == club);
        ours || self.presence().is_some_and(|presence| presence > Presence::Absent)
    }
}

impl Listing {
    /// Postponed or cancelled: nothing happens in this entry, though MLB's abstract state says "Final".
    pub fn is_off(&self) -> bool {
        matches!(self.status.state, State::Postponed | State::Cancelled)
    }
}
