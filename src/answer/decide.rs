//! The decision: facts and a time make an answer.

use crate::answer::{
    Answer, ErrorCount, Facts, Game, GameFeed, GameState, Pace, Participation, Reason, Verdict, calendar,
    day, season, since_error,
};
use time::{Date, Duration, OffsetDateTime};

/// Time before the first pitch from which line-ups, delays and early starts change the data.
const SOON: Duration = Duration::HOUR;

/// Time after the last play within which official scorers commonly change a call.
const SETTLING: Duration = Duration::HOUR;

/// The tolerance for data dated ahead of the clock: more than two correct clocks differ.
pub const CLOCK_TOLERANCE: Duration = Duration::MINUTE;

/// The lowest age at which the schedule is stale: during a game it is polled less often, because the feed tells more.
const SCHEDULE_PROMISE: std::time::Duration = std::time::Duration::from_secs(4 * 60);

/// The delay after which a feed that shows a game as not begun, while the schedule has it on, does not follow the game.
const FOLLOWS_WITHIN: Duration = Duration::minutes(15);

/// The earliest time at the ballpark at which a game whose start is to be determined may begin.
const EARLIEST_START: time::Time = time::macros::time!(10:00);

/// The distance within which a game of another year counts as the next game.
const DAYS_AHEAD: Duration = Duration::days(7);

/// The answer that these facts support at this time.
pub fn decide(facts: &Facts, now: OffsetDateTime) -> Answer {
    decide_on(facts, day::today(facts, now), now)
}

pub(crate) fn decide_on(facts: &Facts, day: Date, now: OffsetDateTime) -> Answer {
    let games = day::todays_games(facts, day, now);
    let pace = pace(facts, day, &games, now);
    let parts = parts(facts, day, &games, pace);
    let fresh_until = parts.iter().map(|part| part.fresh_until).min();
    let asked_at = asked_at(&parts, now);
    // Data from the future was dated by a wrong clock.
    let is_ahead = facts.latest().is_some_and(|latest| latest > now + CLOCK_TOLERANCE);
    let stale = fresh_until.is_some_and(|until| until < now) || is_ahead;
    let read_before_the_day = asked_at.is_none_or(|at| at < facts.zone.value.midnight(day));
    let read_after_the_day = is_ahead && asked_at.is_some_and(|at| facts.zone.value.local(at).date() > day);
    let (verdict, reason) = if stale && (read_before_the_day || read_after_the_day) || asked_at.is_none() {
        (Verdict::Unknown, Reason::NeverHeard(facts.trouble()))
    } else {
        let is_unread = |index: &usize| is_unread(&games[*index], stale, now);
        let unread: Vec<usize> = (0..games.len()).filter(is_unread).collect();
        verdict(facts, day, &games, &unread, now)
    };
    let season = season::so_far(facts, day);
    let since_error =
        season.as_ref().and_then(|season| since_error::since_error(facts, season, day, errors(&games)));
    Answer {
        verdict,
        reason,
        day,
        calendar_day: facts.zone.value.local(now).date(),
        zone: facts.zone.value.clone(),
        player: facts.player.value.clone(),
        availability: facts.availability.value.clone(),
        plays_complete: games.iter().all(Game::has_every_play),
        plays: games.iter().flat_map(Game::plays).cloned().collect(),
        error_days: calendar::error_days(facts, &games, season.as_ref(), day, now),
        fixtures: calendar::fixtures(facts, &games, season.as_ref(), day),
        since_error,
        leaders: facts.leaders.value.clone().filter(|leaders| leaders.year == facts.season_year(day)),
        archive: facts.archive.clone(),
        is_another_day: false,
        next_game: day::next_after(facts, day).cloned(),
        season,
        is_refused: stale && facts.is_refused(&games),
        games,
        taken_back: 0,
        asked_at,
        asking_took: None,
        changed_at: None,
        fresh_until,
        stale,
        pace,
    }
}

fn verdict(
    facts: &Facts,
    day: Date,
    games: &[Game],
    unread: &[usize],
    now: OffsetDateTime,
) -> (Verdict, Reason) {
    let over = games.iter().all(|game| game.state() == GameState::Over);
    let errors = errors(games);
    if errors > 0 {
        return (Verdict::Yes(errors), Reason::Charged { over, unread: unread.to_vec() });
    }
    if !unread.is_empty() {
        return (Verdict::Unknown, Reason::BoxUnread(unread.to_vec()));
    }
    if day::has_unread_entry(facts, day, games) {
        return (Verdict::Unknown, Reason::EntryUnread);
    }
    if !facts.schedule.value.covers(&facts.player.value.clubs_on(day)) {
        return (Verdict::Unknown, Reason::NeverHeard(facts.trouble()));
    }
    // A game of unknown state was read, so its count stands, but it may not be over.
    let first = |states: &[GameState]| games.iter().position(|game| states.contains(&game.state()));
    if let Some(game) = first(&[GameState::On, GameState::Unknown]) {
        return (Verdict::NotYet, Reason::Playing(game));
    }
    if let Some(game) = first(&[GameState::Ahead]) {
        let is_overdue = games[game].listing.start.is_some_and(|start| start < now);
        let reason = if is_overdue { Reason::Overdue(game) } else { Reason::Waiting(game) };
        return (Verdict::NotYet, reason);
    }
    if let Some(game) = first(&[GameState::Suspended]) {
        return (Verdict::NotYet, Reason::Suspended(game));
    }
    if !games.is_empty() {
        let played = games.iter().any(|game| game.presence() >= Some(Participation::Lineup));
        return (Verdict::No, Reason::Clean { played });
    }
    (Verdict::NoGame, no_game(facts, day))
}

fn no_game(facts: &Facts, day: Date) -> Reason {
    if facts.club_id().is_none() {
        return Reason::NoClub;
    }
    match day::called_off(facts, day) {
        Some(listing) if listing.status.state == GameState::Cancelled => Reason::Cancelled(Box::new(listing)),
        Some(listing) => Reason::Postponed(Box::new(listing)),
        None => off_day(facts, day),
    }
}

fn off_day(facts: &Facts, day: Date) -> Reason {
    let next = day::next_after(facts, day);
    if calendar::is_off_season(facts, day, next) {
        return Reason::OffSeason { next: next.cloned().map(Box::new) };
    }
    // In the week after its last game a club may still be in the postseason: next year's first game is not its next.
    let next = next.filter(|next| next.official - day < DAYS_AHEAD || next.official.year() == day.year());
    Reason::OffDay { next: next.cloned().map(Box::new) }
}

/// Whether a game has begun, or must have by the clock, and the player's errors in it are not known.
fn is_unread(game: &Game, stale: bool, now: OffsetDateTime) -> bool {
    match game.state() {
        GameState::On | GameState::Over | GameState::Suspended | GameState::Unknown => {
            let is_read = game.count().is_some_and(ErrorCount::is_read);
            !is_read || game.feed.as_ref().is_some_and(|feed| is_left_behind(game, feed, now))
        }
        GameState::Ahead => {
            let read_before = |start| game.feed_asked_at.is_none_or(|at| at < start);
            stale && game.listing.start.is_some_and(|start| start <= now && read_before(start))
        }
        GameState::Postponed | GameState::Cancelled => false,
    }
}

/// Whether the schedule shows a later state than the feed, which cannot be read again or does not follow the game, so
/// that the latest plays are unknown.
fn is_left_behind(game: &Game, feed: &GameFeed, now: OffsetDateTime) -> bool {
    match (feed.status.state, game.listing.status.state) {
        (GameState::Ahead, GameState::Over | GameState::Suspended) => true,
        (GameState::Ahead, GameState::On) => {
            game.listing.start.is_none_or(|start| now - start > FOLLOWS_WITHIN)
        }
        (GameState::Over, _) => false,
        (_, GameState::Over) => game.feed_trouble.is_some(),
        _ => false,
    }
}

fn pace(facts: &Facts, day: Date, games: &[Game], now: OffsetDateTime) -> Pace {
    if !facts.is_read() {
        return Pace::Soon;
    }
    let begun_unread = games.iter().any(|game| is_unread(game, false, now));
    if begun_unread || games.iter().any(|game| matches!(game.state(), GameState::On | GameState::Unknown)) {
        return Pace::Live;
    }
    if soon_since(facts, day, games).is_some_and(|since| since <= now) {
        return Pace::Soon;
    }
    let ended = |game: &Game| match &game.feed {
        Some(feed) if feed.status.state == GameState::Over => feed.last_play,
        _ => None,
    };
    match games.iter().filter_map(ended).max() {
        Some(ended) if now - ended < SETTLING => Pace::Settling,
        _ if day::begins_soon(facts, SOON, now) => Pace::Soon,
        _ => Pace::Idle,
    }
}

/// The earliest time at which a game that is still to begin, or may be resumed, counts as [`Pace::Soon`].
fn soon_since(facts: &Facts, day: Date, games: &[Game]) -> Option<OffsetDateTime> {
    let near = |game: &Game| match (game.state(), game.listing.start) {
        (GameState::Ahead, Some(start)) => Some(start.saturating_sub(SOON)),
        (GameState::Ahead, None) => can_begin(facts, day, games, game),
        (GameState::Suspended, _) if game.listing.may_go_on(day) => {
            game.feed.as_ref().and_then(|feed| feed.last_play).or(Some(facts.zone.value.midnight(day)))
        }
        _ => None,
    };
    games.iter().filter_map(near).min()
}

/// The earliest start of a game without a set start: when the day's other games have ended, else [`EARLIEST_START`].
fn can_begin(facts: &Facts, day: Date, games: &[Game], game: &Game) -> Option<OffsetDateTime> {
    let mut others = games.iter().filter(|other| other.listing.pk != game.listing.pk).peekable();
    if others.peek().is_none() {
        return Some(facts.zone.value.at(day, EARLIEST_START));
    }
    let ended = |other: &Game| match other.state() {
        GameState::Over | GameState::Suspended => {
            let last_play = other.feed.as_ref().and_then(|feed| feed.last_play);
            Some(last_play.unwrap_or(facts.zone.value.midnight(day)))
        }
        _ => None,
    };
    others.map(ended).collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// The age of one part that the answer rests on.
struct PartAge {
    asked_at: OffsetDateTime,
    /// The part is stale after this.
    fresh_until: OffsetDateTime,
}

/// The ages of the parts that the answer rests on: the feeds of the day's games first, then the schedule; without a
/// club the player.
///
/// The promise of [`Pace::Soon`] counts from the start of that pace, so that data read before it does not become stale
/// at that moment.
fn parts(facts: &Facts, day: Date, games: &[Game], pace: Pace) -> Vec<PartAge> {
    let age = |asked_at: OffsetDateTime, promise: std::time::Duration| {
        let since = match pace {
            Pace::Soon => soon_since(facts, day, games).map_or(asked_at, |since| since.max(asked_at)),
            _ => asked_at,
        };
        PartAge { asked_at, fresh_until: (since + promise).min(asked_at + Pace::Idle.promise()) }
    };
    let feeds = games.iter().filter_map(|game| game.feed_asked_at).map(|at| age(at, pace.promise()));
    let base = match facts.club_id() {
        Some(_) => facts.schedule.asked_at.map(|at| age(at, pace.promise().max(SCHEDULE_PROMISE))),
        None => facts.player.asked_at.map(|at| age(at, Pace::Idle.promise())),
    };
    match base {
        Some(base) => feeds.chain([base]).collect(),
        None => Vec::new(),
    }
}

/// The time at which MLB made the data behind the answer: the oldest stale part; if none is stale, the oldest feed, or
/// the last part if there is no feed.
fn asked_at(parts: &[PartAge], now: OffsetDateTime) -> Option<OffsetDateTime> {
    let stale = parts.iter().filter(|part| part.fresh_until < now).map(|part| part.asked_at).min();
    let (base, feeds) = parts.split_last()?;
    stale.or(feeds.iter().map(|feed| feed.asked_at).min()).or(Some(base.asked_at))
}

/// The errors charged to the player in these games.
fn errors(games: &[Game]) -> u32 {
    games.iter().map(Game::errors).sum()
}
