//! Teams: major-league clubs, farm clubs and others.

use crate::{
    answer::{Club, Zone},
    mlb::{
        json::Json,
        model::{UnexpectedReply, needed, parse},
    },
};

/// The majors (`sport.id`).
const MAJORS: u32 = 1;
/// The Office of the Commissioner: the parent of winter clubs and national teams.
const COMMISSIONER: u32 = 11;

#[derive(Debug, Clone, PartialEq)]
pub struct TeamProfile {
    pub club: Club,
    /// Whether it plays in the majors; without a sport, true unless it has a parent.
    pub is_major: bool,
    /// The major-league club that it belongs to (`parentOrgId`).
    pub parent: Option<u32>,
    pub venue: Option<u32>,
    /// The time zone there; else MLB's name for it, if any, which the tz database lacks.
    pub zone: Result<Zone, Option<String>>,
}

impl TeamProfile {
    /// A farm club of which only the parent is known.
    pub fn farm(club: Club, parent: u32) -> Self {
        TeamProfile { club, is_major: false, parent: Some(parent), venue: None, zone: Err(None) }
    }
}

/// `/api/v1/teams/{id}?hydrate=venue(timezone)`.
pub fn team(json: &[u8], id: u32) -> Result<TeamProfile, UnexpectedReply> {
    let reply = parse(json)?;
    let team = reply["teams"].list().iter().find(|team| team["id"].number() == Some(id));
    let team = needed(team, &format!("team {id}"))?;
    let name = needed(team["name"].as_str(), "name")?.to_owned();
    let zone = team["venue"]["timeZone"]["id"].as_str();
    let parent = parent_club(team["parentOrgId"].number(), id);
    Ok(TeamProfile {
        is_major: team["sport"]["id"].number().map_or(parent.is_none(), |sport: u32| sport == MAJORS),
        club: Club { id, name },
        parent,
        venue: team["venue"]["id"].number(),
        zone: zone.and_then(|name| Zone::named(name).ok()).ok_or_else(|| zone.map(String::from)),
    })
}

/// The club of a parent's id; none for a winter club or a national team.
pub(crate) fn parent_club(parent: Option<u32>, team: u32) -> Option<u32> {
    parent.filter(|parent| ![COMMISSIONER, team].contains(parent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(team: Value) -> TeamProfile {
        super::team(json!({"teams": [team]}).to_string().as_bytes(), 7).unwrap()
    }

    #[test]
    fn a_team_is_told_by_its_sport_and_its_parent() {
        for (what, team, is_major, parent) in [
            ("major", json!({"id": 7, "name": "A", "sport": {"id": 1}}), true, None),
            (
                "farm",
                json!({"id": 7, "name": "A", "sport": {"id": 11}, "parentOrgId": 135}),
                false,
                Some(135),
            ),
            ("winter", json!({"id": 7, "name": "A", "sport": {"id": 17}, "parentOrgId": 11}), false, None),
            ("not told", json!({"id": 7, "name": "A"}), true, None),
            ("parent, but no sport", json!({"id": 7, "name": "A", "parentOrgId": 135}), false, Some(135)),
            ("its own parent", json!({"id": 7, "name": "A", "parentOrgId": 7}), true, None),
        ] {
            let team = read(team);
            assert_eq!((team.is_major, team.parent), (is_major, parent), "{what}");
        }
    }

    #[test]
    fn a_ballpark_may_lack_a_time_zone() {
        let zone = |venue: Value| read(json!({"id": 7, "name": "A", "venue": venue}));
        let known = zone(json!({"id": 1, "timeZone": {"id": "America/New_York"}}));
        assert_eq!((known.venue, known.zone.unwrap().name()), (Some(1), "America/New_York"));
        for venue in
            [Value::Null, json!("?"), json!({}), json!({"timeZone": {}}), json!({"timeZone": {"id": null}})]
        {
            assert_eq!(zone(venue.clone()).zone, Err(None), "{venue}");
        }
        let odd = zone(json!({"id": 1, "timeZone": {"id": "Mars/Olympus"}}));
        assert_eq!(odd.zone, Err(Some("Mars/Olympus".into())));
    }
}
