//! People, clubs and rosters.

use crate::mlb::wire::{Id, Lenient, Team};
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct People {
    pub(crate) people: Vec<Person>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Person {
    pub(crate) id: u32,
    pub(crate) full_name: String,
    pub(crate) last_name: Option<String>,
    pub(crate) use_last_name: Option<String>,
    pub(crate) current_team: Option<Lenient<Team>>,
}

#[derive(Deserialize)]
pub(crate) struct Teams {
    pub(crate) teams: Vec<HomeTeam>,
}

#[derive(Deserialize)]
pub(crate) struct HomeTeam {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) venue: HomeVenue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HomeVenue {
    pub(crate) time_zone: ZoneId,
}

#[derive(Deserialize)]
pub(crate) struct ZoneId {
    pub(crate) id: String,
}

#[derive(Deserialize)]
pub(crate) struct Roster {
    pub(crate) roster: Vec<Lenient<RosterEntry>>,
}

#[derive(Deserialize)]
pub(crate) struct RosterEntry {
    pub(crate) person: Id,
    #[serde(default)]
    pub(crate) status: Lenient<RosterStatus>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct RosterStatus {
    pub(crate) code: String,
    pub(crate) description: Option<String>,
}
