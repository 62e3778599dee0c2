//! The players with the most errors.

use crate::{
    answer::{Leader, Leaders},
    mlb::{
        json::Json,
        model::{UnexpectedReply, needed, parse},
    },
};
use serde_json::Value;

/// `/api/v1/stats/leaders?leaderCategories=errors`. A list with an invalid row is not believed: its ranks would be wrong.
pub fn leaders(json: &[u8], year: i32, person: u32) -> Result<Leaders, UnexpectedReply> {
    let reply = parse(json)?;
    let list = reply["leagueLeaders"].list().iter().find(|list| is_of_errors(list, year));
    let rows = needed(list, "a list of errors")?["leaders"].list().iter().map(leader);
    let rows = rows.collect::<Option<Vec<_>>>().filter(|rows| !rows.is_empty());
    let ranked = rows.and_then(|rows| Leaders::ranked(year, person, rows));
    ranked.ok_or_else(|| UnexpectedReply("the list of errors is empty, unsorted or not of numbers".into()))
}

/// `fields=` of the leaders: the allow-list of keys that [`leaders`] reads.
pub const LEADERS_FIELDS: &str =
    "leagueLeaders,leaderCategory,statGroup,season,leaders,value,person,id,fullName,team,name";

/// Whether this is the list of fielding errors of that year. A missing field counts as a match.
fn is_of_errors(list: &Value, year: i32) -> bool {
    let is = |key: &str, expected: &str| list[key].as_str().is_none_or(|value| value == expected);
    list.is_object()
        && is("leaderCategory", "errors")
        && is("statGroup", "fielding")
        && is("season", &year.to_string())
}

fn leader(row: &Value) -> Option<Leader> {
    Some(Leader {
        id: row["person"]["id"].number()?,
        name: row["person"]["fullName"].as_str()?.to_owned(),
        club: row["team"]["name"].as_str().unwrap_or_default().to_owned(),
        // MLB writes it as text.
        errors: row["value"].as_str()?.parse::<u16>().ok()?.into(),
        rank: 0,
        is_tied: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn row(id: u32, value: &str) -> Value {
        json!({"rank": 1, "value": value, "person": {"id": id, "fullName": format!("P{id}")}, "team": {"name": "Club"}})
    }

    /// Person, rank and whether it is shared, for each of the list; and the player's own rank.
    type Read = (Vec<(u32, u32, bool)>, Option<u32>);

    fn read(lists: Value) -> Option<Read> {
        let leaders = leaders(json!({"leagueLeaders": lists}).to_string().as_bytes(), 2024, 7).ok()?;
        let top = leaders.top.iter().map(|leader| (leader.id, leader.rank, leader.is_tied)).collect();
        Some((top, leaders.player.map(|player| player.rank)))
    }

    #[test]
    fn ranks_are_counted_and_ties_are_told() {
        let list = json!([{"leaders": [row(1, "20"), row(2, "15"), row(7, "15"), row(3, "2")]}]);
        let top = vec![(1, 1, false), (2, 2, true), (7, 2, true), (3, 4, false)];
        assert_eq!(read(list), Some((top, Some(2))));
        let many: Vec<Value> =
            (10..30).map(|id| row(id, &(100 - id).to_string())).chain([row(7, "3")]).collect();
        let (top, rank) = read(json!([{"leaders": many}])).unwrap();
        assert_eq!((top.len(), rank), (10, Some(21)), "ten are kept, and himself");
        assert_eq!(read(json!([{"leaders": [row(1, "9")]}])).unwrap().1, None, "he is not in the list");
    }

    #[test]
    fn a_list_that_surprises_is_not_believed() {
        let good = json!({
            "leaderCategory": "errors", "statGroup": "fielding", "season": "2024", "leaders": [row(1, "9"), row(7, "8")],
        });
        let with = |pointer: &str, value: Value| {
            let mut list = good.clone();
            *list.pointer_mut(pointer).unwrap() = value;
            list
        };
        assert!(read(json!([good.clone()])).is_some());
        assert!(
            read(json!(["?", with("/statGroup", json!("pitching")), good.clone()])).is_some(),
            "the other list"
        );
        for (pointer, value) in [
            ("", json!("?")),
            ("/leaderCategory", json!("assists")),
            ("/statGroup", json!("pitching")),
            ("/season", json!("2023")),
            ("/leaders", json!([])),
            ("/leaders", Value::Null),
            ("/leaders/0/value", json!(".975")),
            ("/leaders/0/value", json!("7")),
            ("/leaders/0/person", Value::Null),
        ] {
            assert_eq!(read(json!([with(pointer, value.clone())])), None, "{pointer} {value}");
        }
        assert_eq!(read(json!([])), None);
    }
}
