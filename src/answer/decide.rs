//! From facts and a time to an answer.

use crate::answer::{
    Answer, Availability, ErrorPlay, Facts, Game, Pace, Player, Presence, Reason, State, Trouble, Verdict,
    Zone, calendar, day, season,
};
use time::{Date, Duration, OffsetDateTime};

/// How long before the first pitch line-ups, delays and early starts make the data move.
const SOON: Duration = Duration::HOUR;

/// How long after the last play official scorers commonly change a call.
const SETTLING: Duration = Duration::HOUR;

/// How far ahead of the clock data may be dated: more than two clocks that are right differ.
pub const CLOCK_TOLERANCE: Duration = Duration::MINUTE;

/// The answer that these facts support at this time. `trouble` is what stood in the way of fresher ones, if anything.
pub fn decide(facts: &Facts, trouble: Trouble, now: OffsetDateTime) -> Answer {
    let day = day::today(facts, now);
    let games = day::games_of(facts, day);
    let pace = pace(&games, now);
    let fresh_until = fresh_until(facts.asked_at, pace, &games);
    // Data from the future was dated by a clock that was wrong.
    let is_ahead = facts.asked_at > now + CLOCK_TOLERANCE;
    let stale = fresh_until < now || is_ahead;
    let heard_before_the_day = facts.asked_at < facts.zone.midnight(day);
    let heard_after_the_day = is_ahead && facts.zone.local(facts.asked_at).date() > day;

    let (verdict, reason) = if stale && (heard_before_the_day || heard_after_the_day) {
        (Verdict::Unknown, Reason::NeverHeard(trouble))
    } else {
        let unread = first(&games, |game| is_unread(game, facts.asked_at, stale, now));
        verdict(facts, day, &games, unread)
    };
    let plays: Vec<ErrorPlay> =
        games.iter().filter_map(|game| game.feed.as_ref()).flat_map(|feed| feed.plays.clone()).collect();
    let season = season::so_far(facts, day);
    Answer {
        verdict,
        reason,
        day,
        zone: facts.zone.clone(),
        player: facts.player.clone(),
        availability: facts.availability.clone(),
        plays_complete: games
            .iter()
            .filter_map(|game| game.feed.as_ref())
            .all(|feed| feed.plays.len() == feed.errors as usize),
        plays,
        error_days: calendar::error_days(facts, &games, season.as_ref(), day, now),
        fixtures: calendar::fixtures(facts, &games, season.as_ref(), day),
        season,
        games,
        taken_back: 0,
        asked_at: Some(facts.asked_at),
        asking_took: None,
        changed_at: None,
        fresh_until: Some(fresh_until),
        stale,
        pace,
    }
}

/// The answer while there are no facts at all.
pub fn unheard(player: &Player, trouble: Trouble, now: OffsetDateTime) -> Answer {
    let zone = Zone::fallback();
    Answer {
        verdict: Verdict::Unknown,
        reason: Reason::NeverHeard(trouble),
        day: zone.local(now).date(),
        zone,
        player: player.clone(),
        availability: Availability::Unknown,
        games: Vec::new(),
        plays: Vec::new(),
        plays_complete: true,
        season: None,
        error_days: Vec::new(),
        fixtures: Vec::new(),
        taken_back: 0,
        asked_at: None,
        asking_took: None,
        changed_at: None,
        fresh_until: None,
        stale: false,
        pace: Pace::Soon,
    }
}

fn verdict(facts: &Facts, day: Date, games: &[Game], unread: Option<usize>) -> (Verdict, Reason) {
    let over = games.iter().all(|game| game.state() == State::Over);
    let errors: u32 = games.iter().map(Game::errors).sum();
    if errors > 0 {
        return (Verdict::Yes(errors), Reason::Charged { over });
    }
    if let Some(game) = unread {
        return (Verdict::Unknown, Reason::BoxUnread(game));
    }
    // A state of no known code is trusted as little as possible: its box was read, so the count stands, but nothing
    // says that it is over.
    if let Some(game) = first(games, |game| matches!(game.state(), State::On | State::Unknown)) {
        return (Verdict::NotYet, Reason::Playing(game));
    }
    if let Some(game) = first(games, |game| game.state() == State::Ahead) {
        return (Verdict::NotYet, Reason::Waiting(game));
    }
    if let Some(game) = first(games, |game| game.state() == State::Suspended) {
        return (Verdict::NotYet, Reason::Suspended(game));
    }
    if !games.is_empty() {
        let played = games.iter().any(|game| game.presence() >= Some(Presence::Lineup));
        return (Verdict::No, Reason::Clean { played });
    }
    (Verdict::NoGame, no_game(facts, day))
}

fn no_game(facts: &Facts, day: Date) -> Reason {
    if facts.player.club.is_none() {
        return Reason::NoClub;
    }
    if let Some(listing) = day::resumed(facts, day) {
        return Reason::Resumed(Box::new(listing.clone()));
    }
    match day::called_off(facts, day) {
        Some(listing) if listing.status.state == State::Cancelled => {
            Reason::Cancelled(Box::new(listing.clone()))
        }
        Some(listing) => Reason::Postponed(Box::new(listing.clone())),
        None => Reason::OffDay { next: day::next_after(facts, day).cloned().map(Box::new) },
    }
}

/// A game that has begun, or by the clock must have, and whose box score is not known.
fn is_unread(game: &Game, asked_at: OffsetDateTime, stale: bool, now: OffsetDateTime) -> bool {
    match game.state() {
        State::On | State::Over | State::Suspended | State::Unknown => game.feed.is_none(),
        State::Ahead => stale && game.listing.start.is_some_and(|start| asked_at < start && start <= now),
        State::Postponed | State::Cancelled => false,
    }
}

fn pace(games: &[Game], now: OffsetDateTime) -> Pace {
    let begun_unread = games.iter().any(|game| is_unread(game, now, false, now));
    if begun_unread || games.iter().any(|game| matches!(game.state(), State::On | State::Unknown)) {
        return Pace::Live;
    }
    if soon_since(games).is_some_and(|since| since <= now) {
        return Pace::Soon;
    }
    let ended = |game: &Game| match &game.feed {
        Some(feed) if feed.status.state == State::Over => feed.last_play,
        _ => None,
    };
    match games.iter().filter_map(ended).max() {
        Some(ended) if now - ended < SETTLING => Pace::Settling,
        _ => Pace::Idle,
    }
}

/// When the first game that is still ahead came, or comes, near. A start to be determined is near once an earlier
/// game of the day has ended.
fn soon_since(games: &[Game]) -> Option<OffsetDateTime> {
    let last_play = games.iter().filter_map(|game| game.feed.as_ref()?.last_play).max();
    games
        .iter()
        .filter(|game| game.state() == State::Ahead)
        .filter_map(|game| game.listing.start.map(|start| start - SOON).or(last_play))
        .min()
}

/// The promise of the present pace counts from when that pace began: data asked for on a quiet morning is not stale
/// at the very second the last hour before the game begins.
fn fresh_until(asked_at: OffsetDateTime, pace: Pace, games: &[Game]) -> OffsetDateTime {
    let since = match pace {
        Pace::Soon => soon_since(games).map_or(asked_at, |since| since.max(asked_at)),
        _ => asked_at,
    };
    (since + pace.promise()).min(asked_at + Pace::Idle.promise())
}

fn first(games: &[Game], is: impl Fn(&Game) -> bool) -> Option<usize> {
    games.iter().position(is)
}
