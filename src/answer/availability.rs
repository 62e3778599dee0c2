//! Whether a player can play, according to his club's roster.

use serde::{Deserialize, Serialize};

/// A player's roster status.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Availability {
    /// The roster could not be read, or does not list him.
    #[default]
    Unknown,
    /// On the active roster.
    Active,
    /// Injured.
    Injured(Injury),
    /// On the suspended list (SU).
    Suspended,
    /// Not with the club.
    Away(Absence),
    /// A code that is not in MLB's known list: the roster's own words.
    Other(String),
}

/// The injured list that a player is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Injury {
    /// The list of this many days (D7, D10, D15, D60).
    Days(u16),
    /// For the full season (ILF).
    FullSeason,
    /// On a rehab assignment (RA).
    Rehab,
    /// Another injured list: the roster's own words.
    Other(String),
}

/// The reason why a player is not with the club.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Absence {
    /// RST: the restricted list.
    Restricted,
    /// BRV: the bereavement list.
    Bereavement,
    /// PL: the paternity list.
    Paternity,
    /// FME: the family medical emergency list.
    FamilyEmergency,
    /// RM: reassigned to the minor leagues.
    Minors,
    /// MIN: on a minor-league contract.
    MinorContract,
    /// DES: designated for assignment.
    Designated,
    /// RES: the reserve list.
    Reserve,
    /// RL: released.
    Released,
    /// TR: traded.
    Traded,
    /// ASG: assigned to another club.
    Assigned,
    /// WA: on waivers.
    Waivers,
    /// CL: claimed by another club.
    Claimed,
    /// FA: a free agent.
    FreeAgent,
    /// RET: retired.
    Retired,
    /// DEC: deceased.
    Deceased,
}
