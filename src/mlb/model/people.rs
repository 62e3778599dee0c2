//! People, clubs and rosters.

use super::{Surprise, parse};
use crate::{
    answer::{Availability, Club, Player, Zone},
    mlb::wire::{Lenient, People, Roster, RosterStatus, Team, Teams},
};

/// `/api/v1/people/{id}?hydrate=currentTeam`.
pub fn player(json: &[u8], id: u32) -> Result<Player, Surprise> {
    let people: People = parse(json)?;
    let person = people
        .people
        .into_iter()
        .find(|person| person.id == id)
        .ok_or_else(|| Surprise(format!("the reply does not hold person {id}")))?;
    Ok(Player {
        id,
        short_name: person.use_last_name.or(person.last_name).unwrap_or_else(|| person.full_name.clone()),
        name: person.full_name,
        club: person.current_team.and_then(Lenient::get).map(Team::into_club),
    })
}

/// `/api/v1/teams/{id}?hydrate=venue(timezone)`: the club and the clock of its home ballpark.
pub fn club(json: &[u8], id: u32) -> Result<(Club, Zone), Surprise> {
    let teams: Teams = parse(json)?;
    let team = teams
        .teams
        .into_iter()
        .find(|team| team.id == id)
        .ok_or_else(|| Surprise(format!("the reply does not hold team {id}")))?;
    let zone = Zone::named(&team.venue.time_zone.id).map_err(|unknown| Surprise(unknown.to_string()))?;
    Ok((Club { id, name: team.name }, zone))
}

/// `/api/v1/teams/{id}/roster?rosterType=40Man`, decided on the families of status codes only.
pub fn availability(json: &[u8], person: u32) -> Availability {
    let Ok(roster) = parse::<Roster>(json) else { return Availability::Unknown };
    let entry = roster.roster.into_iter().filter_map(Lenient::get).find(|entry| entry.person.id == person);
    let Some(RosterStatus { code, description }) = entry.map(|entry| entry.status) else {
        return Availability::Unknown;
    };
    let injured_list = code.strip_prefix(['D', 'I']).is_some_and(|days| {
        !days.is_empty() && (days == "L" || days.bytes().all(|byte| byte.is_ascii_digit()))
    });
    match code.as_str() {
        "A" => Availability::Active,
        _ if injured_list => Availability::Injured(description),
        "SU" | "RST" => Availability::Suspended(description),
        "BRV" | "PL" | "FME" | "RM" | "MIN" => Availability::Away(description),
        _ => Availability::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn roster_codes_are_read_by_their_families() {
        for (code, expected) in [
            ("A", "Active"),
            ("D7", "Injured"),
            ("D10", "Injured"),
            ("D60", "Injured"),
            ("IL", "Injured"),
            ("DES", "Unknown"),
            ("SU", "Suspended"),
            ("RST", "Suspended"),
            ("PL", "Away"),
            ("XYZ", "Unknown"),
        ] {
            let roster =
                json!({"roster": ["?", {"person": {"id": 7}, "status": {"code": code, "description": "x"}}]});
            let read = format!("{:?}", availability(roster.to_string().as_bytes(), 7));
            assert!(read.starts_with(expected), "{code}: {read}");
        }
    }
}
