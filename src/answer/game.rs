//! A game as the answer sees it: what the schedule lists and what the live feed adds.

use crate::answer::Club;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

/// One entry of the schedule. The same game can be listed under two days: a postponed one under the old day and the
/// new, a suspended one under the day it began and the day it was resumed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduleEntry {
    /// MLB's game id (`gamePk`).
    pub pk: u64,
    /// The day this entry stands under (`dates[].date`).
    pub listed: Date,
    /// The day the game counts for (`officialDate`; the listed day where the field is missing, before 2020).
    pub official: Date,
    /// Scheduled first pitch; none while it is to be determined.
    #[serde(with = "time::serde::rfc3339::option")]
    pub start: Option<OffsetDateTime>,
    /// What is at stake.
    pub kind: GameKind,
    /// Which game of a doubleheader, from 1 (`gameNumber`).
    pub number: u8,
    /// Whether another game follows or precedes on the same day.
    pub double_header: DoubleHeader,
    /// Where the game stands.
    pub status: GameStatus,
    /// The visitors.
    pub away: Side,
    /// The hosts.
    pub home: Side,
    /// Where it is played.
    pub venue: String,
    /// The day a postponed game was moved to, if known (`rescheduleDate`).
    pub moved_to: Option<Date>,
    /// The day a suspended game is, or was, resumed (`resumeGameDate`).
    pub resumes_on: Option<Date>,
    /// And when (`resumeDate`).
    #[serde(with = "time::serde::rfc3339::option")]
    pub resumes_at: Option<OffsetDateTime>,
}

/// A team in a game.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// Which club.
    pub club: Club,
    /// Its runs, where the schedule has them.
    pub runs: Option<u32>,
}

/// Runs of both teams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// The visitors' runs.
    pub away: u32,
    /// The hosts' runs.
    pub home: u32,
}

/// `gameType`, as far as wording depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GameKind {
    /// R.
    Regular,
    /// S, and the exhibitions E and I.
    Spring,
    /// F, D, L, W: the wild card to the World Series.
    Postseason,
    /// A.
    AllStar,
    /// Any other letter.
    Other,
}

/// `doubleHeader`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DoubleHeader {
    /// N: the only game, or one of two split-squad games.
    No,
    /// Y: one ticket, game two follows game one.
    Traditional,
    /// S: two tickets, two start times.
    Split,
}

/// Where a game stands, and MLB's words for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GameStatus {
    /// What it means for the answer.
    pub state: GameState,
    /// `detailedState`, with `reason` where there is one: "Delayed: Rain".
    pub words: String,
}

/// What a status means for the answer (`codedGameState`, which unlike `abstractGameState` tells a postponed game
/// from a final one).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GameState {
    /// S, P: not begun, whether scheduled, warming up or with a delayed start.
    Ahead,
    /// I, M, N: begun and not over, also while delayed or under review.
    On,
    /// T, U: interrupted, to be finished later.
    Suspended,
    /// O, F, Q, R: over, also when completed early, tied or forfeited.
    Over,
    /// D: moved to another day.
    Postponed,
    /// C: will not be played.
    Cancelled,
    /// A code not in MLB's table.
    Unknown,
}

/// What a game's live feed says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GameFeed {
    /// MLB's game id (`gamePk`).
    pub pk: u64,
    /// The feed's own clock (`metaData.timeStamp`, `YYYYMMDD_HHMMSS` in UTC; sorts as text). It never goes back.
    pub as_of: Option<String>,
    /// The day the game counts for, as the feed has it.
    pub official: Option<Date>,
    /// Where the game stands, fresher than in the schedule.
    pub status: GameStatus,
    /// The present inning.
    pub inning: Option<Inning>,
    /// The score.
    pub score: Option<Score>,
    /// How far he takes part.
    pub presence: Participation,
    /// Errors charged to him.
    pub errors: ErrorCount,
    /// The plays credited to him as errors.
    pub plays: Vec<ErrorPlay>,
    /// When the last play ended (`about.endTime`), the nearest the feed has to when the game did.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_play: Option<OffsetDateTime>,
}

/// The errors charged to a player in a game.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErrorCount {
    /// So many, by the box score.
    Read(u32),
    /// The box score has no readable count of a player who took part or may have: so many are known from the plays, or
    /// from an earlier box score.
    AtLeast(u32),
}

/// How far a player takes part in a game.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Participation {
    /// In neither team's list.
    Absent,
    /// Listed, while no batting order is posted yet.
    Listed,
    /// Listed, but not in the batting order that is posted.
    Bench,
    /// Takes part, but not in the field, or not yet: designated hitter, pinch hitter, pinch runner.
    Lineup,
    /// Has fielded in this game.
    Fielded,
}

/// Top or bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Half {
    /// The visitors bat.
    Top,
    /// The hosts bat.
    Bottom,
    /// Between the two halves.
    Middle,
    /// After both halves.
    End,
}

/// A half-inning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inning {
    /// From 1.
    pub number: u8,
    /// Which half.
    pub half: Half,
}

/// A play on which he was charged with an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorPlay {
    /// Which game.
    pub game: u64,
    /// When in the game.
    pub inning: Option<Inning>,
    /// When by the clock (`about.endTime`, else `startTime`).
    #[serde(with = "time::serde::rfc3339::option")]
    pub at: Option<OffsetDateTime>,
    /// How.
    pub kind: ErrorKind,
    /// The position he played, as the scorer writes it: "RF".
    pub position: Option<String>,
    /// Who was at bat.
    pub batter: Option<String>,
    /// What happened (`result.description`).
    pub text: String,
}

/// The kind of error, from the fielder's credit. Passed balls and wild pitches are no errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErrorKind {
    /// `f_fielding_error`: misplayed ball.
    Fielding,
    /// `f_throwing_error`: bad throw.
    Throwing,
    /// A throw that was not caught.
    MissedCatch,
    /// `f_error_dropped_ball`.
    DroppedBall,
    /// `f_foul_error`: a foul fly that was dropped.
    Foul,
    /// `c_catcher_interf`.
    CatcherInterference,
    /// `f_interference`.
    Interference,
    /// `f_defensive_shift_violation_error`.
    ShiftViolation,
    /// `f_error`, and any other credit that ends in `_error`.
    Other,
}

impl ErrorCount {
    /// The errors that are known.
    pub fn known(self) -> u32 {
        match self {
            ErrorCount::Read(errors) | ErrorCount::AtLeast(errors) => errors,
        }
    }

    /// Whether it tells anything.
    pub fn is_known(self) -> bool {
        self != ErrorCount::AtLeast(0)
    }

    /// Whether the box score was readable.
    pub fn is_read(self) -> bool {
        matches!(self, ErrorCount::Read(_))
    }
}

impl GameFeed {
    /// Takes over what an earlier feed of this game knew and this one has lost: a box score that cannot be read takes no
    /// error back.
    pub fn keep_from(&mut self, earlier: &GameFeed) {
        if let ErrorCount::AtLeast(errors) = self.errors {
            self.errors = ErrorCount::AtLeast(errors.max(earlier.errors.known()));
            self.presence = self.presence.max(earlier.presence);
            if self.plays.is_empty() {
                self.plays.clone_from(&earlier.plays);
            }
        }
    }
}
