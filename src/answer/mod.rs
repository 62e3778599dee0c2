//! The decision: given MLB's data and a time, has the player made an error today?
//!
//! Pure functions over plain data, without I/O, clock or state. This module knows nothing of MLB's JSON, of the network
//! or of the page's wording.

pub(crate) mod archive;
pub(crate) mod availability;
pub(crate) mod calendar;
pub(crate) mod day;
pub(crate) mod decide;
pub(crate) mod facts;
pub(crate) mod game;
pub(crate) mod leaders;
pub(crate) mod player;
pub(crate) mod schedule;
pub(crate) mod season;
pub(crate) mod session;
pub(crate) mod since_error;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod zone;

pub use crate::answer::archive::{
    Archive, ArchivedSeason, DayRecord, LeftOut, SeasonPart, clubs_of, kept_years,
};
pub use crate::answer::availability::{Absence, Availability, Injury};
pub use crate::answer::calendar::{ErrorDay, Fixture, GameOutcome};
pub(crate) use crate::answer::day::next_turn;
pub use crate::answer::day::{begins_the_day_before, day_of, today};
pub use crate::answer::decide::{CLOCK_TOLERANCE, decide};
pub use crate::answer::facts::{Ballpark, Facts, Part, SeenOn};
pub use crate::answer::game::{
    DoubleHeader, ErrorCount, ErrorKind, ErrorPlay, GameFeed, GameKind, GameState, GameStatus, Half, Inning,
    LineScore, Participation, ScheduleEntry, Score, Side, TeamLine,
};
pub use crate::answer::leaders::{Leader, Leaders};
pub use crate::answer::player::{Club, ClubStint, Player, each_once};
pub use crate::answer::schedule::{Schedule, UnreadEntry};
pub use crate::answer::season::{PositionErrors, Season, SeasonGame, SeasonSoFar, Streak};
pub use crate::answer::session::Session;
pub use crate::answer::since_error::SinceError;
pub use crate::answer::zone::Zone;

use crate::{answer::calendar::KnownErrorDay, name::named};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use time::{Date, OffsetDateTime};

/// The short answer about today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// The player is charged with this many errors (at least one).
    Yes(u32),
    /// His club's games of the day are over, without an error of his.
    No,
    /// A game is in progress or still to come, without an error so far.
    NotYet,
    /// No game counts for today: off day, off season, postponed, cancelled.
    NoGame,
    /// There is no trustworthy data about today.
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

/// The answer, with everything that a page needs to explain it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The short answer.
    pub verdict: Verdict,
    /// The reason for the verdict, as data; `page` makes the words.
    pub reason: Reason,
    /// The baseball day that the answer is about.
    pub day: Date,
    /// The calendar day at the ballpark; after midnight the answer may still be about the day before.
    pub calendar_day: Date,
    /// The ballpark's time zone, for showing times.
    pub zone: Zone,
    /// The player that the answer is about.
    pub player: Player,
    /// The player's roster status: whether he can play.
    pub availability: Availability,
    /// The games that count for the day, in playing order.
    pub games: Vec<Game>,
    /// The plays on which the player was charged, oldest first.
    pub plays: Vec<ErrorPlay>,
    /// False when the box score charges more or fewer errors than `plays` shows (the box score is right), or cannot be
    /// read.
    pub plays_complete: bool,
    /// The player's season so far, today included, if the log could be read.
    pub season: Option<SeasonSoFar>,
    /// The time since the player's last error, over all seasons that are kept; none if no game is known.
    pub since_error: Option<SinceError>,
    /// The players with the most errors of the season that is shown; none if they could not be read.
    pub leaders: Option<Leaders>,
    /// The seasons that are kept.
    pub archive: Archive,
    /// Whether the day is another one than the present, looked up in the archive.
    pub is_another_day: bool,
    /// The next game after the day, if it is known.
    pub next_game: Option<ScheduleEntry>,
    /// The days of the season on which the player was charged, today included.
    pub error_days: Vec<ErrorDay>,
    /// His club's games of the year, in playing order, as far as they are known.
    pub fixtures: Vec<Fixture>,
    /// Errors of today that the official scorer has taken back since the page showed them.
    pub taken_back: u32,
    /// The time at which MLB made the data behind the answer: the oldest of the games' feeds, or the schedule without a
    /// feed. None if nothing was ever read.
    pub asked_at: Option<OffsetDateTime>,
    /// The duration of the last round of requests that MLB answered, in real time; none if there was none yet.
    pub asking_took: Option<Duration>,
    /// The time of the last change of the verdict or its count; none before the first known verdict.
    pub changed_at: Option<OffsetDateTime>,
    /// The time until which the data is as fresh as `pace` promises; none if nothing was ever read.
    pub fresh_until: Option<OffsetDateTime>,
    /// Whether the data is older than that, or dated in the future.
    pub stale: bool,
    /// Whether the data is stale because MLB refuses this server's network.
    pub is_refused: bool,
    /// The rate at which the data can change now.
    pub pace: Pace,
}

/// One game of the day: its schedule entry and its live feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Game {
    pub listing: ScheduleEntry,
    /// The live feed as last read, if it was.
    pub feed: Option<GameFeed>,
    /// The time at which MLB made that feed.
    pub feed_asked_at: Option<OffsetDateTime>,
    /// The failure of the latest attempt to read the feed; none if it succeeded or there was none.
    pub feed_trouble: Option<Outage>,
    /// The part of the game that is played on the day.
    pub session: Session,
}

/// The reason for the verdict. Indices point into [`Answer::games`].
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// There is no data about today; the latest failure says why.
    NeverHeard(Outage),
    NoClub,
    /// The player is charged with errors.
    Charged {
        /// Whether the day's games are over, so that nothing more can happen today.
        over: bool,
        /// The games of the day that cannot be read, or not completely.
        unread: Vec<usize>,
    },
    /// All games of the day are over, without an error of his.
    Clean {
        /// Whether the player took part in at least one of them.
        played: bool,
    },
    /// This game is in progress, or may be: its state is unknown.
    Playing(usize),
    /// This game is the next to begin.
    Waiting(usize),
    /// This game is the next to begin; its scheduled start has passed.
    Overdue(usize),
    /// This game was interrupted and will be finished later.
    Suspended(usize),
    /// These games have begun or ended, but cannot be read; at least one.
    BoxUnread(Vec<usize>),
    /// The day's game was postponed; the schedule entry has the new day, if known.
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
    /// There is no game today, during the season.
    OffDay {
        /// The next game, if one is listed.
        next: Option<Box<ScheduleEntry>>,
    },
}

named! {
    /// The reason why MLB's data could not be read, as far as it matters to a visitor.
    pub enum Outage {
        /// The first request has no reply yet.
        Starting = "starting",
        /// No connection: DNS failed, connection refused, network down.
        Unreachable = "unreachable",
        /// No complete reply within the deadline.
        TooSlow = "too_slow",
        /// MLB replied with an error or asked us to wait.
        TurnedAway = "turned_away",
        /// MLB's CDN refuses the network that this server is in (403, 406).
        Refused = "refused",
        /// The reply was invalid, outdated or too large.
        Garbled = "garbled",
        /// MLB knows no person with this id.
        NoSuchPlayer = "no_such_player",
    }
}

/// The rate at which the data can change, which sets the age at which it counts as stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// A game is in progress, or has begun and is unread.
    Live,
    /// A game begins within the hour, or should have begun.
    Soon,
    /// The last game ended less than an hour ago: official scorers may still change a call.
    Settling,
    /// Nothing is expected for a while.
    Idle,
}

impl Pace {
    /// The age at which data counts as stale: several poll intervals, so that one failed poll does not make it stale.
    pub const fn promise(self) -> Duration {
        Duration::from_secs(match self {
            Pace::Live => 60,
            Pace::Soon => 5 * 60,
            Pace::Settling => 10 * 60,
            Pace::Idle => 45 * 60,
        })
    }
}

/// The previous answer, kept so that the next one knows since when it holds and how many errors were taken back.
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
    /// Whether the player's errors are readable in the box score of every game that was read.
    pub fn is_read(&self) -> bool {
        self.games.iter().filter_map(Game::count).all(ErrorCount::is_read)
    }

    /// Compares this answer with the previous one: sets `changed_at`, `taken_back` and each error day's `since`, and
    /// returns the state for the next comparison.
    ///
    /// An `Unknown` answer changes neither `changed_at` nor that state.
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

    /// Counts the errors taken back since the previous answer. Only new data of the same game takes an error back, not
    /// a game that is missing or unreadable now. Returns the day's games and his errors in each, to be remembered.
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

    /// The error days to remember. Earlier days of the year stay even if the log lacks them now: it may lag.
    fn charges(&mut self, before: &[KnownErrorDay], now: OffsetDateTime) -> Vec<KnownErrorDay> {
        let zone = &self.zone;
        let ended = |date: Date| date.next_day().map_or(now, |next| zone.midnight(next));
        let days = self.error_days.iter_mut().map(|day| day.follow(before, ended(day.date), now));
        let mut charges: Vec<KnownErrorDay> = days.collect();
        let absent = |charge: &&KnownErrorDay| {
            let earlier = charge.date < self.day && charge.date.year() == self.day.year();
            earlier && !self.error_days.iter().any(|day| day.date == charge.date)
        };
        charges.extend(before.iter().filter(absent));
        charges
    }
}
