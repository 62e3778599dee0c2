//! A game: its schedule entry and its live feed.

use crate::{answer::Club, name::named};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

/// One entry of the schedule. The same game can be listed under two days: a postponed one under the old day and the
/// new, a suspended one under the day it began and the day it was resumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    pub kind: GameKind,
    /// The number of the game in a doubleheader, from 1 (`gameNumber`).
    pub number: u8,
    /// The kind of doubleheader that the game is part of, if any.
    pub double_header: DoubleHeader,
    pub status: GameStatus,
    pub away: Side,
    pub home: Side,
    pub venue: String,
    /// The day a postponed game was moved to, if known (`rescheduleDate`).
    pub moved_to: Option<Date>,
    /// The day a suspended game is, or was, resumed (`resumeGameDate`).
    pub resumes_on: Option<Date>,
    /// The time at which it is, or was, resumed (`resumeDate`).
    #[serde(with = "time::serde::rfc3339::option")]
    pub resumes_at: Option<OffsetDateTime>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    pub club: Club,
    /// Its runs, if the schedule has them.
    pub runs: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    pub away: u32,
    pub home: u32,
}

/// The line score: runs by inning, and the totals.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LineScore {
    pub away: TeamLine,
    pub home: TeamLine,
}

/// One team's line of the line score. A number that cannot be read is none, not zero.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TeamLine {
    /// The runs of each inning, from the first; none where the team has not batted. Both teams have as many innings.
    pub innings: Vec<Option<u32>>,
    pub runs: Option<u32>,
    pub hits: Option<u32>,
    /// Errors (E) of the whole team.
    pub errors: Option<u32>,
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

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GameStatus {
    pub state: GameState,
    /// `detailedState`, with `reason` where there is one: "Delayed: Rain".
    pub words: String,
}

named! {
    /// The state of a game (by `codedGameState`, which unlike `abstractGameState` tells a postponed game from a final
    /// one).
    #[derive(Serialize, Deserialize)]
    pub enum GameState {
        /// S, P: not begun, whether scheduled, warming up or with a delayed start.
        Ahead = "ahead",
        /// I, M, N: begun and not over, also while delayed or under review.
        On = "on",
        /// T, U: interrupted, to be finished later.
        Suspended = "suspended",
        /// O, F, Q, R: over, also when completed early, tied or forfeited.
        Over = "over",
        /// D: moved to another day.
        Postponed = "postponed",
        /// C: will not be played.
        Cancelled = "cancelled",
        /// A code not in MLB's table.
        Unknown = "unknown",
    }
}

/// The data of a game's live feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GameFeed {
    pub pk: u64,
    /// The feed's timestamp (`metaData.timeStamp`, `YYYYMMDD_HHMMSS` in UTC; sorts as text). A newer feed has a later
    /// one.
    pub as_of: Option<String>,
    /// The day the game counts for, according to the feed.
    pub official: Option<Date>,
    /// The state of the game, fresher than in the schedule.
    pub status: GameStatus,
    pub inning: Option<Inning>,
    pub score: Option<Score>,
    /// The line score; none before the game and if it cannot be read.
    #[serde(default)]
    pub line: Option<LineScore>,
    pub presence: Participation,
    pub errors: ErrorCount,
    pub plays: Vec<ErrorPlay>,
    /// The end of the last play (`about.endTime`); the feed has no end of the game itself.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_play: Option<OffsetDateTime>,
}

/// The errors charged to a player in a game.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErrorCount {
    /// The count in the box score.
    Read(u32),
    /// The box score has no readable count of a player who took part or may have. This many errors are known from the
    /// plays or from an earlier box score.
    AtLeast(u32),
}

/// A player's part in a game, the least first.
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
    Fielded,
}

named! {
    /// Top or bottom of an inning, or a break.
    #[derive(Serialize, Deserialize)]
    pub enum Half {
        /// The away team bats.
        Top = "top",
        /// The home team bats.
        Bottom = "bottom",
        /// Between the two halves.
        Middle = "middle",
        /// After both halves.
        End = "end",
    }
}

/// A half-inning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inning {
    /// The number of the inning, from 1.
    pub number: u8,
    pub half: Half,
}

/// A play on which the player was charged with an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorPlay {
    pub game: u64,
    pub inning: Option<Inning>,
    /// The time of the play (`about.endTime`, else `startTime`).
    #[serde(with = "time::serde::rfc3339::option")]
    pub at: Option<OffsetDateTime>,
    pub kind: ErrorKind,
    /// The player's position, as the scorer writes it: "RF".
    pub position: Option<String>,
    pub batter: Option<String>,
    /// MLB's description of the play (`result.description`).
    pub text: String,
}

named! {
    /// The kind of error, from the fielder's credit. Passed balls and wild pitches are not errors.
    #[derive(Serialize, Deserialize)]
    pub enum ErrorKind {
        /// `f_fielding_error`: misplayed ball.
        Fielding = "fielding",
        /// `f_throwing_error`: bad throw.
        Throwing = "throwing",
        /// A throw that was not caught.
        MissedCatch = "missed_catch",
        /// `f_error_dropped_ball`.
        DroppedBall = "dropped_ball",
        /// `f_foul_error`: a foul fly that was dropped.
        Foul = "foul",
        /// `c_catcher_interf`.
        CatcherInterference = "catcher_interference",
        /// `f_interference`.
        Interference = "interference",
        /// `f_defensive_shift_violation_error`.
        ShiftViolation = "shift_violation",
        /// `f_error`, and any other credit that ends in `_error`.
        Other = "other",
    }
}

impl ScheduleEntry {
    /// Whether the game is postponed or cancelled, though MLB's abstract state is "Final".
    pub fn is_off(&self) -> bool {
        self.status.state.is_off()
    }

    /// The score, if the schedule has it.
    pub fn score(&self) -> Option<Score> {
        Some(Score { away: self.away.runs?, home: self.home.runs? })
    }

    /// Whether this club plays in the game.
    pub fn has_club(&self, club: u32) -> bool {
        [self.home.club.id, self.away.club.id].contains(&club)
    }
}

impl GameState {
    pub fn is_off(self) -> bool {
        matches!(self, GameState::Postponed | GameState::Cancelled)
    }

    /// Whether the game has begun, and perhaps ended.
    pub fn has_begun(self) -> bool {
        matches!(self, GameState::On | GameState::Suspended | GameState::Over)
    }
}

impl ErrorPlay {
    /// The number of the player's position in a scorebook, from 1 (pitcher) to 9 (right field).
    pub fn position_number(&self) -> Option<u8> {
        const POSITIONS: [&str; 9] = ["P", "C", "1B", "2B", "3B", "SS", "LF", "CF", "RF"];
        let index = POSITIONS.iter().position(|name| self.position.as_deref() == Some(name))?;
        u8::try_from(index + 1).ok()
    }

    /// The error as a scorer writes it: "E9", or "E" if the position is not known.
    pub fn scoring(&self) -> String {
        self.position_number().map_or("E".into(), |number| format!("E{number}"))
    }
}

impl ErrorCount {
    pub fn known(self) -> u32 {
        match self {
            ErrorCount::Read(errors) | ErrorCount::AtLeast(errors) => errors,
        }
    }

    /// Whether anything is known: false for `AtLeast(0)`.
    pub fn is_known(self) -> bool {
        self != ErrorCount::AtLeast(0)
    }

    /// Whether the box score was readable.
    pub fn is_read(self) -> bool {
        matches!(self, ErrorCount::Read(_))
    }
}

impl GameFeed {
    /// Keeps the data of an earlier feed of this game that this one has lost: an unreadable box score takes no error
    /// back.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::tests::feed;

    #[test]
    fn an_error_is_scored_by_the_number_of_his_position_at_the_time() {
        let scored = |position: Option<&str>| {
            let play = feed(1, GameState::On, Participation::Fielded, 1).plays.remove(0);
            let play = ErrorPlay { position: position.map(Into::into), ..play };
            (play.position_number(), play.scoring())
        };
        for (number, position) in (1..).zip(["P", "C", "1B", "2B", "3B", "SS", "LF", "CF", "RF"]) {
            assert_eq!(scored(Some(position)), (Some(number), format!("E{number}")));
        }
        for position in [None, Some("OF"), Some("DH"), Some("")] {
            assert_eq!(scored(position), (None, "E".into()), "{position:?}");
        }
    }
}
