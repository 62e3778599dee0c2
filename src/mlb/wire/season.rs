//! The log of a season.

use super::{Lenient, Team};
use serde::Deserialize;

#[derive(Deserialize)]
pub(in crate::mlb) struct SeasonReply {
    pub(in crate::mlb) stats: Vec<SeasonStat>,
}

#[derive(Deserialize)]
pub(in crate::mlb) struct SeasonStat {
    pub(in crate::mlb) splits: Vec<SeasonRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::mlb) struct SeasonRow {
    pub(in crate::mlb) date: String,
    pub(in crate::mlb) game: SeasonGameId,
    pub(in crate::mlb) stat: SeasonErrors,
    #[serde(default)]
    pub(in crate::mlb) opponent: Lenient<Team>,
    #[serde(default)]
    pub(in crate::mlb) is_home: Lenient<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::mlb) struct SeasonGameId {
    pub(in crate::mlb) game_pk: u64,
    #[serde(default)]
    pub(in crate::mlb) game_number: Lenient<u8>,
}

#[derive(Deserialize)]
pub(in crate::mlb) struct SeasonErrors {
    pub(in crate::mlb) errors: u32,
}
