//! The question itself: given what MLB said and a time, has he made an error today?
//!
//! Pure functions over plain data. Nothing here does I/O, reads a clock or keeps state, and nothing here knows
//! what MLB's JSON looks like, how a page is worded or that a network exists.

pub(crate) mod availability;
pub(crate) mod calendar;
pub(crate) mod day;
pub(crate) mod decide;
pub(crate) mod facts;
pub(crate) mod game;
pub(crate) mod player;
pub(crate) mod schedule;
pub(crate) mod season;
pub(crate) mod session;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod zone;

pub use crate::answer::availability::{Absence, Availability, Injury};
pub use crate::answer::calendar::{ErrorDay, Fixture, GameOutcome};
pub use crate::answer::day::{begins_the_day_before, day_of, today};
pub use crate::answer::decide::{CLOCK_TOLERANCE, decide};
pub use crate::answer::facts::{Ballpark, Facts, Part};
pub use crate::answer::game::{
    DoubleHeader, ErrorCount, ErrorKind, ErrorPlay, GameFeed, GameKind, GameState, GameStatus, Half, Inning,
    Participation, ScheduleEntry, Score, Side,
};
pub use crate::answer::player::{Club, ClubStint, Player};
pub use crate::answer::schedule::{Schedule, UnreadEntry};
pub use crate::answer::season::{LastError, Season, SeasonGame, SeasonSoFar, Streak};
pub use crate::answer::session::Session;
pub use crate::answer::zone::{UnknownZone, Zone};

use crate::answer::calendar::KnownErrorDay;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use time::{Date, OffsetDateTime};

/// What can be said about today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Charged with this many errors (at least one).
    Yes(u32),
    /// His club's games of the day are over and he was charged with none.
    No,
    /// A game is on or still to come, and no error so far.
    NotYet,
    /// No game counts for today: off day, off season, postponed, cancelled.
    NoGame,
    /// Nothing trustworthy has been heard about today.
    Unknown,
}

impl Verdict {
    /// Errors charged today; 0 where none are known.
    pub fn errors(self) -> u32 {
        match self {
            Verdict::Yes(n) => n,
            _ => 0,
        }
    }
}

/// The answer to the question, with all a page needs to explain it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The short of it.
    pub verdict: Verdict,
    /// Why, as data; the words are made in `page`.
    pub reason: Reason,
    /// The baseball day this is about.
    pub day: Date,
    /// The calendar day at the ballpark; after midnight the answer may still be about the day before.
    pub calendar_day: Date,
    /// The ballpark's clock, for showing times.
    pub zone: Zone,
    /// Who this is about.
    pub player: Player,
    /// Whether he could play.
    pub availability: Availability,
    /// The games that count for the day, in playing order.
    pub games: Vec<Game>,
    /// The plays he was charged on, oldest first.
    pub plays: Vec<ErrorPlay>,
    /// False when the box score charges more or fewer errors than `plays` shows (the box score is right), or cannot be
    /// read.
    pub plays_complete: bool,
    /// His season so far, today included, if the log could be read.
    pub season: Option<SeasonSoFar>,
    /// The days of the season on which he was charged, today included.
    pub error_days: Vec<ErrorDay>,
    /// His club's games of the year, in playing order, as far as they are known.
    pub fixtures: Vec<Fixture>,
    /// Errors of today that the official scorer has taken back since they were shown.
    pub taken_back: u32,
    /// When MLB made the data this rests on: the oldest of the games' feeds, or the schedule where there is no feed. None
    /// if nothing was ever read.
    pub asked_at: Option<OffsetDateTime>,
    /// How long that took, in real time; none if this process has not heard MLB.
    pub asking_took: Option<Duration>,
    /// When the verdict or the count became what it is; none if nothing was ever heard.
    pub changed_at: Option<OffsetDateTime>,
    /// Until when the data is as fresh as `pace` promises; none if nothing was ever heard.
    pub fresh_until: Option<OffsetDateTime>,
    /// The data is older than that.
    pub stale: bool,
    /// How fast things move now.
    pub pace: Pace,
}

/// One game of the day, from its listing and, once begun, its live feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Game {
    /// The schedule entry.
    pub listing: ScheduleEntry,
    /// The live feed as last read, if it was.
    pub feed: Option<GameFeed>,
    /// When MLB made that feed.
    pub feed_asked_at: Option<OffsetDateTime>,
    /// Why the latest attempt to read the feed failed; none if it succeeded or there was none.
    pub feed_trouble: Option<Outage>,
    /// The part of the game that is of the day.
    pub session: Session,
}

/// Why the verdict is what it is. Indices point into [`Answer::games`].
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// Nothing was heard from MLB today, and what stood in the way last.
    NeverHeard(Outage),
    /// He is with no club.
    NoClub,
    /// Charged with errors.
    Charged {
        /// The day's games are over: nothing more can happen today.
        over: bool,
        /// The games of the day that cannot be read, or not whole.
        unread: Vec<usize>,
    },
    /// All games of the day are over.
    Clean {
        /// He took part in at least one of them.
        played: bool,
    },
    /// This game is on.
    Playing(usize),
    /// This game is the next to begin.
    Waiting(usize),
    /// This game is the next to begin, and was to have begun.
    Overdue(usize),
    /// This game was interrupted and will be finished later.
    Suspended(usize),
    /// These games have begun or ended, but cannot be read; at least one.
    BoxUnread(Vec<usize>),
    /// The day's game was called off; the entry says which and until when.
    Postponed(Box<ScheduleEntry>),
    /// The day's game was cancelled for good.
    Cancelled(Box<ScheduleEntry>),
    /// A game of today is listed, but its schedule entry cannot be read.
    EntryUnread,
    /// The season is over, or the year's first game is still to come.
    OffSeason {
        /// The next game, if it is known.
        next: Option<Box<ScheduleEntry>>,
    },
    /// No game is listed today; the next one within the days asked for.
    OffDay {
        /// The next game listed, if any.
        next: Option<Box<ScheduleEntry>>,
    },
}

/// What kept us from hearing MLB, as far as a visitor cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// The first question is still on its way.
    Starting,
    /// No connection: name look-up, refused, network down.
    Unreachable,
    /// No complete reply within the deadline.
    TooSlow,
    /// MLB replied with an error or asked us to wait.
    TurnedAway,
    /// MLB's CDN refuses the network that this server is in (403, 406).
    Refused,
    /// The reply made no sense.
    Garbled,
    /// MLB knows no person with this id.
    NoSuchPlayer,
}

impl Outage {
    /// All of them.
    pub const ALL: [Outage; 7] = [
        Outage::Starting,
        Outage::Unreachable,
        Outage::TooSlow,
        Outage::TurnedAway,
        Outage::Refused,
        Outage::Garbled,
        Outage::NoSuchPlayer,
    ];
}

/// How fast the data can change, and so how old it may be before it counts as stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// A game is on.
    Live,
    /// A game begins within the hour, or should have begun.
    Soon,
    /// The last game ended less than an hour ago: scorers still change their minds.
    Settling,
    /// Nothing is expected for a while.
    Idle,
}

impl Pace {
    /// Data older than this is shown as stale. Each is several poll intervals, so that one failed poll is no news.
    pub const fn promise(self) -> Duration {
        Duration::from_secs(match self {
            Pace::Live => 60,
            Pace::Soon => 5 * 60,
            Pace::Settling => 10 * 60,
            Pace::Idle => 45 * 60,
        })
    }
}

/// What was concluded before, so that the next answer can say since when it holds and what was taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LastAnswer {
    day: Date,
    verdict: Verdict,
    taken_back: u32,
    #[serde(with = "time::serde::rfc3339")]
    changed_at: OffsetDateTime,
    charges: Vec<KnownErrorDay>,
    /// The day's games and his errors in each, as last read.
    games: Vec<(u64, u32)>,
}

impl Answer {
    /// Whether the box score of every game that was read tells his errors.
    pub fn is_read(&self) -> bool {
        self.games.iter().filter_map(Game::count).all(ErrorCount::is_read)
    }

    /// Compares with what was concluded before: sets `changed_at`, `taken_back` and since when each error day stands, and
    /// returns what to remember.
    ///
    /// An `Unknown` answer is not a conclusion: it is neither dated nor remembered.
    pub fn follow(&mut self, before: Option<&LastAnswer>, now: OffsetDateTime) -> Option<LastAnswer> {
        let before_today = before.filter(|memory| memory.day == self.day);
        self.taken_back = before_today.map_or(0, |memory| memory.taken_back);
        let charges = self.charges(before.map_or(&[], |memory| &memory.charges), now);
        if self.verdict == Verdict::Unknown {
            self.changed_at = before.map(|memory| memory.changed_at);
            return before.cloned();
        }
        let games = self.take_back(before_today.map_or(&[], |memory| &memory.games));
        let changed_at = match before_today {
            Some(memory) if memory.verdict == self.verdict => memory.changed_at,
            _ => now,
        };
        self.changed_at = Some(changed_at);
        Some(LastAnswer {
            day: self.day,
            verdict: self.verdict,
            taken_back: self.taken_back,
            changed_at,
            charges,
            games,
        })
    }

    /// Counts the errors that were taken back since. Only the data of the same game takes an error back: a game that is
    /// missing now, or that cannot be read, does not. Returns what to remember of the day's games.
    fn take_back(&mut self, before: &[(u64, u32)]) -> Vec<(u64, u32)> {
        let read = self.games.iter().filter_map(|game| Some((game.listing.pk, game.count()?)));
        let read = read.filter(|(_, errors)| errors.is_known());
        let mut games: BTreeMap<u64, u32> = before.iter().copied().collect();
        for (pk, errors) in read {
            let known = games.insert(pk, errors.known()).unwrap_or(0);
            self.taken_back += known.saturating_sub(errors.known());
        }
        games.into_iter().collect()
    }

    /// Days of the year that the log does not tell of now are not forgotten: it may lag, or lack one for a while.
    fn charges(&mut self, before: &[KnownErrorDay], now: OffsetDateTime) -> Vec<KnownErrorDay> {
        let zone = &self.zone;
        let ended = |date: Date| date.next_day().map_or(now, |next| zone.midnight(next));
        let told = self.error_days.iter_mut().map(|day| day.follow(before, ended(day.date), now));
        let mut charges: Vec<KnownErrorDay> = told.collect();
        let untold = |charge: &&KnownErrorDay| {
            let earlier = charge.date < self.day && charge.date.year() == self.day.year();
            earlier && !self.error_days.iter().any(|day| day.date == charge.date)
        };
        charges.extend(before.iter().filter(untold));
        charges
    }
}
