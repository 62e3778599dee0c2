//! The leaders of a statistic.

use crate::mlb::wire::{Lenient, Named};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LeadersReply {
    pub(crate) league_leaders: Vec<Lenient<LeaderList>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct LeaderList {
    pub(crate) leader_category: Lenient<String>,
    pub(crate) stat_group: Lenient<String>,
    /// The year, as text.
    pub(crate) season: Lenient<String>,
    pub(crate) leaders: Vec<LeaderRow>,
}

#[derive(Deserialize)]
pub(crate) struct LeaderRow {
    /// A number, as text.
    pub(crate) value: String,
    pub(crate) person: LeaderPerson,
    #[serde(default)]
    pub(crate) team: Lenient<Named>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LeaderPerson {
    pub(crate) id: u32,
    pub(crate) full_name: String,
}
