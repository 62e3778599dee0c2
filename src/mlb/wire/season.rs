//! The log of a season.

use crate::mlb::wire::{Lenient, Team};
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct SeasonReply {
    pub(crate) stats: Vec<SeasonStat>,
}

#[derive(Deserialize)]
pub(crate) struct SeasonStat {
    pub(crate) splits: Vec<SeasonRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SeasonRow {
    pub(crate) date: String,
    pub(crate) game: SeasonGameId,
    pub(crate) stat: SeasonErrors,
    #[serde(default)]
    pub(crate) opponent: Lenient<Team>,
    #[serde(default)]
    pub(crate) is_home: Lenient<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SeasonGameId {
    pub(crate) game_pk: u64,
    #[serde(default)]
    pub(crate) game_number: Lenient<u8>,
}

#[derive(Deserialize)]
pub(crate) struct SeasonErrors {
    pub(crate) errors: u32,
}
