//! The seasons that are kept: the league's log, the club's schedule, and the feeds of games that were looked up.

use crate::answer::{GameFeed, Part, ScheduleEntry, Season};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// The kept seasons by year.
pub type Archive = BTreeMap<i32, Arc<ArchivedSeason>>;

/// A season that is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArchivedSeason {
    /// The player's fielding log.
    pub log: Season,
    /// The schedule entries of his club, or clubs, of that year.
    pub games: Vec<ScheduleEntry>,
    /// The feeds that were read, by game id (`gamePk`).
    pub feeds: BTreeMap<u64, Part<GameFeed>>,
}
