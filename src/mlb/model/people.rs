//! People and clubs.

use crate::{
    answer::{Club, Player, Zone},
    mlb::{
        model::{Surprise, names::short_name, parse},
        wire::{Lenient, People, Team, Teams},
    },
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
        short_name: short_name(
            &person.full_name,
            [person.use_last_name.as_deref(), person.last_name.as_deref()],
        ),
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
