//! The schedule.

use super::{Lenient, Team, day};
use serde::Deserialize;
use time::Date;

#[derive(Deserialize)]
pub(in crate::mlb) struct Schedule {
    pub(in crate::mlb) dates: Vec<ScheduleDay>,
}

#[derive(Deserialize)]
pub(in crate::mlb) struct ScheduleDay {
    #[serde(deserialize_with = "plain_date")]
    pub(in crate::mlb) date: Date,
    pub(in crate::mlb) games: Vec<ScheduleGame>,
}

fn plain_date<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    day(&text).ok_or_else(|| serde::de::Error::custom(format!("not a date: {text:?}")))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::mlb) struct ScheduleGame {
    pub(in crate::mlb) game_pk: u64,
    #[serde(default)]
    pub(in crate::mlb) game_type: String,
    pub(in crate::mlb) game_date: String,
    pub(in crate::mlb) official_date: Option<String>,
    pub(in crate::mlb) reschedule_date: Option<String>,
    pub(in crate::mlb) reschedule_game_date: Option<String>,
    pub(in crate::mlb) status: RawStatus,
    pub(in crate::mlb) teams: Sides,
    #[serde(default)]
    pub(in crate::mlb) venue: Lenient<Named>,
    #[serde(default)]
    pub(in crate::mlb) double_header: String,
    #[serde(default)]
    pub(in crate::mlb) game_number: Lenient<u8>,
}

#[derive(Deserialize)]
pub(in crate::mlb) struct Named {
    pub(in crate::mlb) name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::mlb) struct RawStatus {
    #[serde(default)]
    pub(in crate::mlb) abstract_game_state: String,
    #[serde(default)]
    pub(in crate::mlb) coded_game_state: String,
    #[serde(default)]
    pub(in crate::mlb) detailed_state: String,
    pub(in crate::mlb) reason: Option<String>,
    #[serde(rename = "startTimeTBD")]
    pub(in crate::mlb) start_time_tbd: Option<bool>,
}

#[derive(Deserialize)]
pub(in crate::mlb) struct Sides {
    pub(in crate::mlb) away: RawSide,
    pub(in crate::mlb) home: RawSide,
}

#[derive(Deserialize)]
pub(in crate::mlb) struct RawSide {
    pub(in crate::mlb) team: Team,
    #[serde(default)]
    pub(in crate::mlb) score: Lenient<u32>,
}
