//! The schedule.

use crate::mlb::wire::{Lenient, Team};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
pub(crate) struct ScheduleReply {
    pub(crate) dates: Vec<Lenient<ScheduleDay>>,
}

/// Entries are read one by one, so that an invalid one affects no other.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ScheduleDay {
    #[serde(default)]
    pub(crate) date: Lenient<String>,
    #[serde(default)]
    pub(crate) games: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScheduleGame {
    pub(crate) game_pk: u64,
    #[serde(default)]
    pub(crate) game_type: String,
    pub(crate) game_date: String,
    pub(crate) official_date: Option<String>,
    pub(crate) reschedule_date: Option<String>,
    pub(crate) reschedule_game_date: Option<String>,
    #[serde(default)]
    pub(crate) resume_date: Lenient<String>,
    #[serde(default)]
    pub(crate) resume_game_date: Lenient<String>,
    pub(crate) status: RawStatus,
    pub(crate) teams: Sides,
    #[serde(default)]
    pub(crate) venue: Lenient<Named>,
    #[serde(default)]
    pub(crate) double_header: String,
    #[serde(default)]
    pub(crate) game_number: Lenient<u8>,
}

#[derive(Deserialize)]
pub(crate) struct Named {
    pub(crate) name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RawStatus {
    #[serde(default)]
    pub(crate) abstract_game_state: String,
    #[serde(default)]
    pub(crate) coded_game_state: String,
    #[serde(default)]
    pub(crate) detailed_state: String,
    pub(crate) reason: Option<String>,
    #[serde(rename = "startTimeTBD")]
    pub(crate) start_time_tbd: Option<bool>,
}

#[derive(Deserialize)]
pub(crate) struct Sides {
    pub(crate) away: RawSide,
    pub(crate) home: RawSide,
}

#[derive(Deserialize)]
pub(crate) struct RawSide {
    pub(crate) team: Team,
    #[serde(default)]
    pub(crate) score: Lenient<u32>,
}
