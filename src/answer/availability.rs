//! Whether a player can play, according to his club's roster.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Availability {
    /// The roster could not be read, or does not list him.
    #[default]
    Unknown,
    Active,
    Injured(Injury),
    Suspended,
    Away(Absence),
    /// A code that is not in MLB's known list: the roster's own words.
    Other(String),
}

/// The injured list that a player is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Injury {
    /// The list of this many days (D7, D10, D15, D60).
    Days(u16),
    FullSeason,
    Rehab,
    /// Another injured list: the roster's own words.
    Other(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Absence {
    Restricted,
    Bereavement,
    Paternity,
    FamilyEmergency,
    Minors,
    MinorContract,
    Designated,
    Reserve,
    Released,
    Traded,
    Assigned,
    Waivers,
    Claimed,
    FreeAgent,
    Retired,
    Deceased,
}
