//! The log of a season. Everything is lenient: one invalid row must not lose the others.

use crate::mlb::wire::{Id, Lenient, Position, Team};
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct SeasonReply {
    pub(crate) stats: Vec<Lenient<SeasonStat>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct SeasonStat {
    pub(crate) group: Lenient<DisplayName>,
    pub(crate) splits: Lenient<Vec<Lenient<SeasonRow>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DisplayName {
    pub(crate) display_name: String,
}

/// One game at one position.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SeasonRow {
    /// The year, as text.
    pub(crate) season: Lenient<String>,
    pub(crate) date: Lenient<String>,
    pub(crate) game_type: Lenient<String>,
    pub(crate) sport: Lenient<Id>,
    pub(crate) game: Lenient<SeasonGameId>,
    pub(crate) stat: Lenient<SeasonErrors>,
    pub(crate) position: Lenient<Position>,
    pub(crate) team: Lenient<Id>,
    pub(crate) opponent: Lenient<Team>,
    pub(crate) is_home: Lenient<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SeasonGameId {
    pub(crate) game_pk: u64,
    #[serde(default)]
    pub(crate) game_number: Lenient<u8>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct SeasonErrors {
    pub(crate) errors: Lenient<u32>,
    pub(crate) position: Lenient<Position>,
}
