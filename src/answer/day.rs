//! The baseball day, and the games that count for it.

use crate::answer::{
    ErrorCount, ErrorPlay, Facts, Game, GameFeed, GameKind, GameState, GameStatus, Part, Participation,
    Player, ScheduleEntry, Session, UnreadEntry, Zone,
};
use std::collections::BTreeMap;
use time::{Date, Duration, OffsetDateTime, Time, macros::time};

/// Time after its last game for which the answer stays about the day before.
const KEPT_FOR: Duration = Duration::hours(4);
/// Time at the home ballpark until which the answer stays about that day at least.
const KEPT_UNTIL: Time = time!(04:00);

/// A game in progress without a play for this long was interrupted: it is resumed on another day.
const LONGEST_PAUSE: Duration = Duration::hours(8);

/// A feed that is older than the schedule by more than this does not override it.
const FEED_LAG: Duration = Duration::minutes(20);

/// The day that the answer is about: the calendar day at the club's ballpark. After a day with a game it is the day
/// before, until that game has been over for four hours and it is 04:00 at the ballpark, or a new game has begun.
pub fn today(facts: &Facts, now: OffsetDateTime) -> Date {
    let date = facts.zone.value.local(now).date();
    let (Some(yesterday), Some(kept_until)) = (date.previous_day(), kept_until(facts, date)) else {
        return date;
    };
    let new_game = games_of(facts, date).iter().any(|game| game.state().has_begun());
    if now < kept_until && !new_game { yesterday } else { date }
}

/// The next time at which another day follows without a request.
pub(crate) fn next_turn(facts: &Facts, now: OffsetDateTime) -> OffsetDateTime {
    let zone = &facts.zone.value;
    let date = zone.local(now).date();
    let kept_until = kept_until(facts, date).filter(|until| *until > now);
    kept_until.unwrap_or_else(|| zone.midnight(date.next_day().unwrap_or(date)))
}

/// The time until which the answer is about the day before this date; none if that day had no game.
fn kept_until(facts: &Facts, date: Date) -> Option<OffsetDateTime> {
    let evening = games_of(facts, date.previous_day()?);
    let ended = evening.iter().filter_map(|game| ended_at(facts, game, date)).max()?;
    Some(ended.saturating_add(KEPT_FOR).max(facts.zone.value.at(date, KEPT_UNTIL)))
}

/// The end of a game of the day before; for a game in progress or about to begin, the time at which it was read or, if
/// later, its start.
fn ended_at(facts: &Facts, game: &Game, date: Date) -> Option<OffsetDateTime> {
    let read_at = game.feed_asked_at.or(facts.schedule.asked_at);
    let last_play = game.feed.as_ref().and_then(|feed| feed.last_play);
    let seen_on = facts.seen_on.get(&game.listing.pk).map(|seen| seen.0);
    let mut entries = facts.schedule.value.listings.iter();
    let is_resumed_today =
        entries.any(|listing| listing.pk == game.listing.pk && listing.resumed_on(date).is_some());
    let is_recent = |moment: OffsetDateTime| read_at.is_some_and(|read_at| read_at - moment < LONGEST_PAUSE);
    match game.state() {
        // A game that is resumed today no longer belongs to the evening before.
        GameState::On | GameState::Over if is_resumed_today => None,
        GameState::On if last_play.is_none_or(is_recent) => read_at,
        GameState::Ahead if game.listing.start.is_some_and(is_recent) => game.listing.start.max(read_at),
        GameState::On | GameState::Over | GameState::Suspended => {
            last_play.max(seen_on).or(game.listing.start)
        }
        _ => None,
    }
}

/// The day a game counts for: its official date, or the day before if it has begun and, by the ballpark's calendar,
/// began on that day, as a noon game in Asia does.
pub fn day_of(listing: &ScheduleEntry, state: GameState, zone: &Zone) -> Date {
    if state.has_begun() && begins_the_day_before(listing, zone) {
        listing.official.previous_day().unwrap_or(listing.official)
    } else {
        listing.official
    }
}

/// Whether a game begins, by the ballpark's calendar, on the day before its official date.
pub fn begins_the_day_before(listing: &ScheduleEntry, zone: &Zone) -> bool {
    let begins = listing.start.map(|start| zone.local(start).date());
    begins.is_some() && begins == listing.official.previous_day()
}

/// Whether any listed game is about to begin, whatever day it counts for.
pub(crate) fn begins_soon(facts: &Facts, within: Duration, now: OffsetDateTime) -> bool {
    let mut listings = facts.schedule.value.listings.iter();
    listings.any(|listing| {
        let near = listing
            .start
            .is_some_and(|start| start.saturating_sub(within) <= now && now < start.saturating_add(KEPT_FOR));
        near && listing.status.state == GameState::Ahead
    })
}

/// The games that count for the day of the answer, with any game of a later date that is in progress on that day.
pub(crate) fn todays_games(facts: &Facts, day: Date, now: OffsetDateTime) -> Vec<Game> {
    let is_calendar_day = facts.zone.value.local(now).date() == day;
    games(facts, day, |game| is_calendar_day && game.listing.official > day && game.state() == GameState::On)
}

/// The games that count for a day, in playing order, each once.
pub(crate) fn games_of(facts: &Facts, day: Date) -> Vec<Game> {
    games(facts, day, |_| false)
}

fn games(facts: &Facts, day: Date, counts_too: impl Fn(&Game) -> bool) -> Vec<Game> {
    let zone = &facts.zone.value;
    // A game may be listed twice: the entry under the day itself has the most data.
    let rank = |listing: &ScheduleEntry| {
        (listing.official == day, listing.listed == day, listing.resumed_on(day).is_some())
    };
    let mut by_pk: BTreeMap<u64, &ScheduleEntry> = BTreeMap::new();
    for listing in facts.schedule.value.listings.iter().filter(|listing| !is_off(facts, listing)) {
        let known = by_pk.entry(listing.pk).or_insert(listing);
        if rank(listing) > rank(known) {
            *known = listing;
        }
    }
    let game = |listing: &ScheduleEntry| {
        // The game is not called off, so a feed that shows it as called off is outdated.
        let is_of_the_game = |part: &&Part<Option<GameFeed>>| {
            !part.value.as_ref().is_some_and(|feed| feed.status.state.is_off())
        };
        let part = facts.feeds.get(&listing.pk).filter(is_of_the_game);
        let listing = listing.resumed_on(day).unwrap_or_else(|| listing.clone());
        Game {
            session: Session::of(facts, &listing),
            listing,
            feed: part.and_then(|part| part.value.clone()),
            feed_asked_at: part.and_then(|part| part.asked_at),
            feed_trouble: part.and_then(|part| part.trouble),
        }
    };
    let mut games: Vec<Game> = by_pk
        .into_values()
        .map(game)
        .filter(|game| {
            let is_resumed = game.listing.is_resumption() && game.listing.listed == day;
            is_resumed || day_of(&game.listing, game.state(), zone) == day || counts_too(game)
        })
        .filter(|game| game.concerns(&facts.player.value, day))
        .collect();
    games.sort_by_key(|game| {
        (game.listing.start.is_none(), game.listing.start, game.listing.number, game.listing.pk)
    });
    games
}

/// Whether an unreadable schedule entry may be a game of the day. An entry without a day may be one if no other game is
/// listed.
pub(crate) fn has_unread_entry(facts: &Facts, day: Date, games: &[Game]) -> bool {
    let clubs = facts.player.value.clubs_on(day);
    let of_day = |entry: &UnreadEntry| match entry.day(&facts.zone.value) {
        Some(date) => date == day,
        None => games.is_empty(),
    };
    let is_listed = |entry: &UnreadEntry| games.iter().any(|game| Some(game.listing.pk) == entry.pk);
    let mut unread = facts.schedule.value.unread.iter();
    unread.any(|entry| entry.may_concern(&clubs) && of_day(entry) && !is_listed(entry))
}

/// A game listed under this day that was called off, whatever day it counts for now.
pub(crate) fn called_off(facts: &Facts, day: Date) -> Option<ScheduleEntry> {
    let player = &facts.player.value;
    let mut listings = facts.schedule.value.listings.iter().filter(|listing| listing.listed == day);
    let listing = listings.find(|listing| player.plays_in(listing, day) && is_off(facts, listing))?;
    let status = called_off_by_feed(facts, listing).unwrap_or(&listing.status).clone();
    Some(ScheduleEntry { status, ..listing.clone() })
}

/// Whether a game was called off, by its schedule entry or by its feed: either may be updated first.
fn is_off(facts: &Facts, listing: &ScheduleEntry) -> bool {
    listing.is_off() || called_off_by_feed(facts, listing).is_some()
}

/// The feed's status of a game that was called off, if its schedule entry does not show that yet. The feed of a
/// rescheduled game may still show the day it was called off, so it must be about as fresh as the schedule.
fn called_off_by_feed<'a>(facts: &'a Facts, listing: &ScheduleEntry) -> Option<&'a GameStatus> {
    let part = facts.feeds.get(&listing.pk).filter(|_| !listing.is_off())?;
    let is_fresh = part.asked_at? + FEED_LAG >= facts.schedule.asked_at?;
    let status = &part.value.as_ref()?.status;
    (status.state.is_off() && is_fresh).then_some(status)
}

/// The first game after this day that is still to be played, by the week's schedule and the year's calendar.
pub(crate) fn next_after(facts: &Facts, day: Date) -> Option<&ScheduleEntry> {
    let player = &facts.player.value;
    let week = facts.schedule.value.listings.iter();
    week.chain(&facts.calendar.value)
        .filter(|listing| listing.status.state == GameState::Ahead && listing.kind != GameKind::AllStar)
        .filter(|listing| listing.official > day && player.plays_in(listing, listing.official))
        .min_by_key(|listing| (listing.official, listing.start.is_none(), listing.start))
}

impl Game {
    /// The state of the game: the feed's, unless the schedule shows that it was called off or has begun.
    pub fn state(&self) -> GameState {
        let listed = self.listing.status.state;
        let state = match self.feed.as_ref().map(|feed| feed.status.state) {
            Some(GameState::Ahead) if listed.has_begun() => listed,
            Some(state) if !self.listing.is_off() => state,
            _ => listed,
        };
        match state {
            // Until the game is resumed, its entry under the new day counts as not begun.
            GameState::Suspended if self.listing.is_resumption() => GameState::Ahead,
            state => state,
        }
    }

    /// MLB's words for the state of the game.
    pub fn status_words(&self) -> &str {
        self.feed.as_ref().map_or(&self.listing.status.words, |feed| &feed.status.words)
    }

    /// Errors charged to the player in this game on this day; none if the feed was never read.
    pub fn count(&self) -> Option<ErrorCount> {
        self.feed.as_ref().map(|feed| self.session.errors(feed))
    }

    pub fn errors(&self) -> u32 {
        self.count().map_or(0, ErrorCount::known)
    }

    /// The plays of this day on which the player was charged.
    pub(crate) fn plays(&self) -> impl Iterator<Item = &ErrorPlay> {
        self.feed.iter().flat_map(|feed| self.session.plays(feed))
    }

    /// Whether the plays show every error of the count, and no more.
    pub(crate) fn has_every_play(&self) -> bool {
        self.count().is_none_or(|count| count == ErrorCount::Read(self.plays().count() as u32))
    }

    /// The player's part in the game; none if the feed was never read.
    pub fn presence(&self) -> Option<Participation> {
        self.feed.as_ref().map(|feed| feed.presence)
    }

    /// Whether the game counts: one of the player's clubs of that day is in it, or the player himself (All-Star Game).
    fn concerns(&self, player: &Player, day: Date) -> bool {
        player.plays_in(&self.listing, day)
            || self.presence().is_some_and(|presence| presence > Participation::Absent)
    }
}
