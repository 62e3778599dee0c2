//! A player, and the teams he is with.

use crate::{
    answer::{Club, each_once},
    mlb::{
        json::Json,
        model::{UnexpectedReply, names::short_name, needed, parse, teams::parent_club},
    },
};
use serde_json::Value;
use time::Date;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayerProfile {
    pub id: u32,
    /// "Fernando Tatis Jr." (`fullName`).
    pub name: String,
    /// "Tatis Jr." (`useLastName`).
    pub short_name: String,
    /// His team (`currentTeam`): a major-league club, a farm club or another. MLB keeps it after he has left.
    pub current_team: Option<Club>,
    /// The club that his team belongs to, if his team is a farm club (`parentOrgId`).
    pub parent: Option<u32>,
    /// His first day in the major leagues (`mlbDebutDate`).
    pub debut: Option<Date>,
    /// Whether he plays professionally (`active`); none if MLB does not say.
    active: Option<bool>,
    /// His stints with teams (`rosterEntries`); empty if they could not be read.
    stints: Vec<Stint>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stint {
    team: u32,
    from: Option<Date>,
    until: Option<Date>,
    /// Whether he has left, by the roster status or its absence.
    has_left: bool,
    is_active: Option<bool>,
    /// Whether the roster status is one of a player of the team who cannot play.
    is_barred: bool,
}

/// Roster statuses of a player who has left the team.
const LEFT: [&str; 7] = ["RL", "TR", "FA", "CL", "RET", "DEC", "VRT"];

/// `/api/v1/people/{id}?hydrate=currentTeam,rosterEntries`.
pub fn person(json: &[u8], id: u32) -> Result<PlayerProfile, UnexpectedReply> {
    let reply = parse(json)?;
    let person = reply["people"].list().iter().find(|person| person["id"].number() == Some(id));
    let person = needed(person, &format!("person {id}"))?;
    let name = needed(person["fullName"].as_str(), "fullName")?;
    let team = &person["currentTeam"];
    let current_team =
        team["id"].number().map(|id| Club { id, name: team["name"].as_str().unwrap_or_default().to_owned() });
    Ok(PlayerProfile {
        id,
        name: name.to_owned(),
        short_name: short_name(name, ["useLastName", "lastName"].map(|key| person[key].as_str())),
        parent: current_team.as_ref().and_then(|club| parent_club(team["parentOrgId"].number(), club.id)),
        current_team,
        debut: person["mlbDebutDate"].day(),
        active: person["active"].as_bool(),
        stints: person["rosterEntries"].list().iter().filter_map(Stint::read).collect(),
    })
}

impl PlayerProfile {
    /// The teams he is with on a day, the latest first; none if he is with no club.
    pub fn teams_now(&self, today: Date) -> Vec<u32> {
        let current = self.current_team.as_ref().map(|team| team.id);
        // MLB keeps `currentTeam` after he has left: it counts only if no stint is with that team.
        let unlisted = current.filter(|team| self.stints.iter().all(|stint| stint.team != *team));
        let mut open: Vec<&Stint> = self.stints.iter().filter(|stint| stint.is_open(today)).collect();
        if self.active == Some(false) {
            open.retain(|stint| stint.is_active == Some(true) || stint.is_barred);
            return teams(&mut open);
        }
        let mut teams = teams(&mut open);
        if teams.is_empty() {
            teams.extend(unlisted);
        }
        teams
    }

    /// His stints that lasted until this day or longer: the team, the first and the last day.
    pub fn stints_since(&self, day: Date) -> impl Iterator<Item = (u32, Option<Date>, Option<Date>)> {
        let is_recent = move |stint: &&Stint| stint.until.map_or(!stint.has_left, |until| until >= day);
        self.stints.iter().filter(is_recent).map(|stint| (stint.team, stint.from, stint.until))
    }
}

/// The teams of these stints, each once, the latest first.
fn teams(stints: &mut [&Stint]) -> Vec<u32> {
    stints.sort_by_key(|stint| std::cmp::Reverse(stint.from));
    each_once(stints.iter().map(|stint| stint.team))
}

impl Stint {
    fn is_open(&self, today: Date) -> bool {
        let begun = self.from.is_none_or(|from| from <= today);
        begun && self.until.is_none_or(|until| until > today) && !self.has_left
    }

    /// A row of his roster entries; none without a team.
    fn read(entry: &Value) -> Option<Self> {
        let code = entry["status"]["code"].as_str().map(str::trim);
        let is_active = entry["isActive"].as_bool();
        let left = code.is_some_and(|code| LEFT.contains(&code));
        Some(Stint {
            team: entry["team"]["id"].number()?,
            from: entry["startDate"].day(),
            // If he has left and the stint has no end, the date of its status is the end.
            until: entry["endDate"].day().or(entry["statusDate"].day().filter(|_| left)),
            is_barred: !left && code.is_some_and(|code| code != "A"),
            has_left: left || (code.is_none() && is_active == Some(false)),
            is_active,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use time::macros::date;

    const TODAY: Date = date!(2024 - 07 - 02);

    fn read(active: Value, current: u32, entries: Value) -> PlayerProfile {
        let person = json!({
            "id": 7, "fullName": "Sam Player", "active": active,
            "currentTeam": {"id": current, "name": "Team"}, "rosterEntries": entries,
        });
        person_of(person)
    }

    fn person_of(value: Value) -> PlayerProfile {
        person(json!({"people": [value]}).to_string().as_bytes(), 7).unwrap()
    }

    #[test]
    fn the_open_stint_tells_the_team() {
        let entry = |team: u32, code: &str, is_active: bool, from: &str, until: Value| {
            json!({
                "team": {"id": team}, "status": {"code": code}, "isActive": is_active, "startDate": from, "endDate": until,
            })
        };
        let open = Value::Null;
        for (what, active, current, entries, teams) in [
            ("no stints", json!(true), 135, json!([]), vec![135]),
            ("stints of another shape", json!(true), 135, json!("?"), vec![135]),
            (
                "active",
                json!(true),
                135,
                json!([entry(135, "A", true, "2024-01-01", open.clone())]),
                vec![135],
            ),
            (
                "injured",
                json!(true),
                135,
                json!([entry(135, "D10", false, "2024-01-01", open.clone())]),
                vec![135],
            ),
            (
                "optioned",
                json!(true),
                4904,
                json!([
                    entry(135, "RM", false, "2024-01-01", open.clone()),
                    entry(4904, "A", true, "2024-06-01", open.clone())
                ]),
                vec![4904, 135],
            ),
            (
                "traded",
                json!(true),
                147,
                json!([
                    entry(147, "A", true, "2024-07-02", open.clone()),
                    entry(135, "TR", false, "2024-01-01", json!("2024-07-02"))
                ]),
                vec![147],
            ),
            (
                "a new team that the stints lack",
                json!(true),
                147,
                json!([entry(135, "TR", false, "2024-01-01", json!("2024-07-01"))]),
                vec![147],
            ),
            (
                "released",
                json!(true),
                135,
                json!([entry(135, "RL", false, "2024-01-01", json!("2024-06-01"))]),
                vec![],
            ),
            (
                "released, undated",
                json!(true),
                135,
                json!([entry(135, "RL", false, "2024-01-01", open.clone())]),
                vec![],
            ),
            (
                "retired",
                json!(false),
                135,
                json!([entry(135, "RET", false, "2024-01-01", json!("2024-06-01"))]),
                vec![],
            ),
            (
                "retired, stint left open",
                json!(false),
                135,
                json!([entry(135, "A", false, "2024-01-01", open.clone())]),
                vec![],
            ),
            (
                "restricted, though not active",
                json!(false),
                135,
                json!([entry(135, "RST", false, "2024-01-01", open.clone())]),
                vec![135],
            ),
            ("retired, no stints", json!(false), 135, Value::Null, vec![]),
            ("ended", json!(true), 135, json!([{"team": {"id": 135}, "endDate": "2024-06-01"}]), vec![]),
            (
                "not active and nothing else",
                json!(true),
                135,
                json!([{"team": {"id": 135}, "isActive": false}]),
                vec![],
            ),
            (
                "not begun",
                json!(true),
                135,
                json!([entry(135, "A", true, "2024-07-03", open.clone())]),
                vec![],
            ),
            ("an odd stint", json!(null), 135, json!(["?", {"team": {"id": 135}}]), vec![135]),
        ] {
            assert_eq!(read(active, current, entries).teams_now(TODAY), teams, "{what}");
        }
    }

    #[test]
    fn a_farm_club_leads_to_its_parent_and_a_winter_club_does_not() {
        for (parent, expected) in
            [(json!(135), Some(135)), (json!(11), None), (json!(7001), None), (json!(null), None)]
        {
            let team = json!({"id": 7001, "name": null, "parentOrgId": parent});
            let person = person_of(json!({"id": 7, "fullName": "Sam Player", "currentTeam": team}));
            assert_eq!((person.parent, person.current_team.map(|team| team.id)), (expected, Some(7001)));
        }
    }

    #[test]
    fn a_stint_that_ended_today_is_still_told() {
        let entries = json!([
            {"team": {"id": 147}, "status": {"code": "A"}, "isActive": true, "startDate": "2024-07-02"},
            {"team": {"id": 135}, "status": {"code": "TR"}, "startDate": "2020-01-01", "endDate": "2024-07-02"},
        ]);
        let person = read(json!(true), 147, entries);
        let (trade, long_ago) = (Some(TODAY), Some(date!(2020 - 01 - 01)));
        let both = [(147, trade, None), (135, long_ago, trade)];
        assert_eq!(person.stints_since(TODAY).collect::<Vec<_>>(), both);
        assert_eq!(person.stints_since(date!(2024 - 07 - 03)).collect::<Vec<_>>(), both[..1]);
        let undated = json!([
            {"team": {"id": 135}, "status": {"code": "TR"}, "startDate": "2020-01-01", "statusDate": "2024-07-02"},
        ]);
        let undated = read(json!(true), 147, undated);
        assert_eq!(undated.stints_since(TODAY).collect::<Vec<_>>(), both[1..]);
    }
}
