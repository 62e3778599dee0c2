//! People, clubs and rosters.

use super::{Id, Lenient, Team};
use serde::Deserialize;

#[derive(Deserialize)]
pub(in crate::mlb) struct People {
    pub(in crate::mlb) people: Vec<Person>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::mlb) struct Person {
    pub(in crate::mlb) id: u32,
    pub(in crate::mlb) full_name: String,
    pub(in crate::mlb) last_name: Option<String>,
    pub(in crate::mlb) use_last_name: Option<String>,
    pub(in crate::mlb) current_team: Option<Lenient<Team>>,
}

#[derive(Deserialize)]
pub(in crate::mlb) struct Teams {
    pub(in crate::mlb) teams: Vec<HomeTeam>,
}

#[derive(Deserialize)]
pub(in crate::mlb) struct HomeTeam {
    pub(in crate::mlb) id: u32,
    pub(in crate::mlb) name: String,
    pub(in crate::mlb) venue: HomeVenue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::mlb) struct HomeVenue {
    pub(in crate::mlb) time_zone: ZoneId,
}

#[derive(Deserialize)]
pub(in crate::mlb) struct ZoneId {
    pub(in crate::mlb) id: String,
}

#[derive(Deserialize)]
pub(in crate::mlb) struct Roster {
    pub(in crate::mlb) roster: Vec<Lenient<RosterEntry>>,
}

#[derive(Deserialize)]
pub(in crate::mlb) struct RosterEntry {
    pub(in crate::mlb) person: Id,
    #[serde(default)]
    pub(in crate::mlb) status: Lenient<RosterStatus>,
}

#[derive(Debug, Deserialize)]
pub(in crate::mlb) struct RosterStatus {
    pub(in crate::mlb) code: String,
    pub(in crate::mlb) description: Option<String>,
}
