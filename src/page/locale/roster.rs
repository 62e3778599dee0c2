//! Roster statuses, as they follow a player's name.

use crate::{
    answer::{Absence, Availability, Injury},
    page::locale::Phrases,
};

impl dyn Phrases + '_ {
    /// The reason why a player does not play and his farm club, from the rosters; none if they have neither.
    pub(crate) fn absence(&self, availability: &Availability, farm_club: Option<&str>) -> Option<String> {
        let status = self.roster_status(availability);
        let Some(club) = farm_club else { return status };
        Some(match (availability, status) {
            (Availability::Injured(Injury::Rehab), _) => self.on_rehab_with(club),
            (Availability::Injured(_), Some(status)) => self.injured_with(&status, club),
            (Availability::Away(Absence::Minors), _) | (_, None) => self.with_farm_club(club),
            (_, Some(status)) => self.also_with_farm_club(&status, club),
        })
    }

    /// "is on the 10-day injured list".
    fn roster_status(&self, availability: &Availability) -> Option<String> {
        Some(match availability {
            Availability::Unknown | Availability::Active => return None,
            Availability::Injured(Injury::Days(days)) => self.injured_for(*days),
            Availability::Injured(Injury::FullSeason) => self.labels().injured_all_season.into(),
            Availability::Injured(Injury::Rehab) => self.labels().on_rehab.into(),
            Availability::Injured(Injury::Other(words)) => {
                let words = if words.trim().is_empty() { String::new() } else { format!(" ({words})") };
                format!("{}{words}", self.labels().injured)
            }
            Availability::Suspended => self.labels().is_suspended.into(),
            Availability::Away(absence) => self.away(*absence).into(),
            Availability::Other(words) => self.listed_as(words),
        })
    }

    fn away(&self, absence: Absence) -> &'static str {
        let (english, spanish) = match absence {
            Absence::Restricted => ("is on the restricted list", "está en la lista restringida"),
            Absence::Bereavement => ("is on the bereavement list", "está de licencia por duelo"),
            Absence::Paternity => ("is on the paternity list", "está de licencia por paternidad"),
            Absence::FamilyEmergency => {
                ("is on the family medical emergency list", "está de licencia por emergencia familiar")
            }
            Absence::Minors => ("is in the minor leagues", "está en las ligas menores"),
            Absence::MinorContract => ("is on a minor-league contract", "tiene un contrato de ligas menores"),
            Absence::Designated => ("has been designated for assignment", "fue designado para asignación"),
            Absence::Reserve => ("is on the reserve list", "está en la lista de reserva"),
            Absence::Released => ("has been released", "fue dado de baja"),
            Absence::Traded => ("has been traded", "fue canjeado"),
            Absence::Assigned => ("has been assigned to another club", "fue asignado a otro equipo"),
            Absence::Waivers => ("is on waivers", "está en waivers"),
            Absence::Claimed => ("has been claimed by another club", "fue reclamado por otro equipo"),
            Absence::FreeAgent => ("is a free agent", "es agente libre"),
            Absence::Retired => ("has retired", "se retiró"),
            Absence::Deceased => ("has died", "falleció"),
        };
        self.language().pick(english, spanish)
    }
}
