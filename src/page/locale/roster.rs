//! Roster statuses, as each language puts them after a player's name.

use crate::answer::{Absence, Availability, Injury};

/// "is on the 10-day injured list"; where he is with a farm club, its name.
pub(crate) fn english(availability: &Availability, farm_club: Option<&str>) -> Option<String> {
    let with = |club: &str| format!("is with the {club} in the minor leagues");
    Some(match (availability, farm_club) {
        (Availability::Injured(Injury::Rehab), Some(club)) => {
            format!("is on a rehab assignment with the {club}")
        }
        (Availability::Injured(_), Some(club)) => {
            let list = english(availability, None)?;
            format!("{list}, on a rehab assignment with the {club}")
        }
        (Availability::Unknown | Availability::Active | Availability::Away(Absence::Minors), Some(club)) => {
            with(club)
        }
        (_, Some(club)) => format!("{} and {}", english(availability, None)?, with(club)),
        (_, None) => return english_status(availability),
    })
}

fn english_status(availability: &Availability) -> Option<String> {
    Some(match availability {
        Availability::Unknown | Availability::Active => return None,
        Availability::Injured(Injury::Days(days)) => format!("is on the {days}-day injured list"),
        Availability::Injured(Injury::FullSeason) => "is on the injured list for the full season".into(),
        Availability::Injured(Injury::Rehab) => "is on a rehab assignment".into(),
        Availability::Injured(Injury::Other(words)) => {
            format!("is on the injured list{}", in_brackets(words))
        }
        Availability::Suspended => "is suspended".into(),
        Availability::Away(absence) => english_absence(*absence).into(),
        Availability::Other(words) => format!("is listed by MLB as “{words}”"),
    })
}

fn english_absence(absence: Absence) -> &'static str {
    match absence {
        Absence::Restricted => "is on the restricted list",
        Absence::Bereavement => "is on the bereavement list",
        Absence::Paternity => "is on the paternity list",
        Absence::FamilyEmergency => "is on the family medical emergency list",
        Absence::Minors => "is in the minor leagues",
        Absence::MinorContract => "is on a minor-league contract",
        Absence::Designated => "has been designated for assignment",
        Absence::Reserve => "is on the reserve list",
        Absence::Released => "has been released",
        Absence::Traded => "has been traded",
        Absence::Assigned => "has been assigned to another club",
        Absence::Waivers => "is on waivers",
        Absence::Claimed => "has been claimed by another club",
        Absence::FreeAgent => "is a free agent",
        Absence::Retired => "has retired",
        Absence::Deceased => "has died",
    }
}

/// "está en la lista de lesionados de 10 días"; where he is with a farm club, its name.
pub(crate) fn spanish(availability: &Availability, farm_club: Option<&str>) -> Option<String> {
    let with = |club: &str| format!("está con {club} en las ligas menores");
    Some(match (availability, farm_club) {
        (Availability::Injured(Injury::Rehab), Some(club)) => {
            format!("está en asignación de rehabilitación con {club}")
        }
        (Availability::Injured(_), Some(club)) => {
            let list = spanish(availability, None)?;
            format!("{list}, en asignación de rehabilitación con {club}")
        }
        (Availability::Unknown | Availability::Active | Availability::Away(Absence::Minors), Some(club)) => {
            with(club)
        }
        (_, Some(club)) => format!("{} y {}", spanish(availability, None)?, with(club)),
        (_, None) => return spanish_status(availability),
    })
}

fn spanish_status(availability: &Availability) -> Option<String> {
    Some(match availability {
        Availability::Unknown | Availability::Active => return None,
        Availability::Injured(Injury::Days(days)) => {
            format!("está en la lista de lesionados de {days} días")
        }
        Availability::Injured(Injury::FullSeason) => {
            "está en la lista de lesionados por toda la temporada".into()
        }
        Availability::Injured(Injury::Rehab) => "está en asignación de rehabilitación".into(),
        Availability::Injured(Injury::Other(words)) => {
            format!("está en la lista de lesionados{}", in_brackets(words))
        }
        Availability::Suspended => "está suspendido".into(),
        Availability::Away(absence) => spanish_absence(*absence).into(),
        Availability::Other(words) => format!("aparece en la lista de MLB como «{words}»"),
    })
}

fn spanish_absence(absence: Absence) -> &'static str {
    match absence {
        Absence::Restricted => "está en la lista restringida",
        Absence::Bereavement => "está de licencia por duelo",
        Absence::Paternity => "está de licencia por paternidad",
        Absence::FamilyEmergency => "está de licencia por emergencia familiar",
        Absence::Minors => "está en las ligas menores",
        Absence::MinorContract => "tiene un contrato de ligas menores",
        Absence::Designated => "fue designado para asignación",
        Absence::Reserve => "está en la lista de reserva",
        Absence::Released => "fue dado de baja",
        Absence::Traded => "fue canjeado",
        Absence::Assigned => "fue asignado a otro equipo",
        Absence::Waivers => "está en waivers",
        Absence::Claimed => "fue reclamado por otro equipo",
        Absence::FreeAgent => "es agente libre",
        Absence::Retired => "se retiró",
        Absence::Deceased => "falleció",
    }
}

fn in_brackets(words: &str) -> String {
    if words.trim().is_empty() { String::new() } else { format!(" ({words})") }
}
