//! People, clubs and rosters.

use crate::mlb::wire::{Id, Lenient};
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
    #[serde(default)]
    pub(crate) current_team: Lenient<CurrentTeam>,
    #[serde(default)]
    pub(crate) mlb_debut_date: Lenient<String>,
    #[serde(default)]
    pub(crate) active: Lenient<bool>,
    #[serde(default)]
    pub(crate) roster_entries: Lenient<Vec<Lenient<PersonRosterEntry>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CurrentTeam {
    pub(crate) id: u32,
    #[serde(default)]
    pub(crate) name: Lenient<String>,
    #[serde(default)]
    pub(crate) parent_org_id: Lenient<u32>,
}

/// A stint of a player with a team.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PersonRosterEntry {
    pub(crate) team: Id,
    #[serde(default)]
    pub(crate) status: Lenient<RosterStatus>,
    #[serde(default)]
    pub(crate) is_active: Lenient<bool>,
    #[serde(default)]
    pub(crate) start_date: Lenient<String>,
    #[serde(default)]
    pub(crate) end_date: Lenient<String>,
    #[serde(default)]
    pub(crate) status_date: Lenient<String>,
}

#[derive(Deserialize)]
pub(crate) struct Teams {
    pub(crate) teams: Vec<HomeTeam>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HomeTeam {
    pub(crate) id: u32,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) sport: Lenient<Id>,
    #[serde(default)]
    pub(crate) parent_org_id: Lenient<u32>,
    #[serde(default)]
    pub(crate) venue: Lenient<HomeVenue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HomeVenue {
    #[serde(default)]
    pub(crate) id: Lenient<u32>,
    #[serde(default)]
    pub(crate) time_zone: Lenient<ZoneId>,
}

#[derive(Debug, Deserialize)]
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
