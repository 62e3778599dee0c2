//! The log of a season.

use crate::{
    answer::{PositionErrors, Season, SeasonGame},
    mlb::{
        json::Json,
        model::{self, UnexpectedReply, club, is_in_the_field, needed, parse},
    },
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// MLB's id of Major League Baseball among its sports.
const MAJOR_LEAGUES: u32 = 1;

/// `/api/v1/people/{id}/stats?stats=gameLog&group=fielding`: one row per game and position, summed by game. A row that
/// cannot be read is left out, and the season is not complete.
pub fn season(json: &[u8], year: i32) -> Result<Season, UnexpectedReply> {
    let reply = parse(json)?;
    let mut season = Season { year, games: Vec::new(), is_complete: true };
    let mut rows: Vec<&Value> = Vec::new();
    for stat in needed(reply["stats"].as_array(), "stats")? {
        match (stat["group"]["displayName"].as_str(), stat["splits"].as_array()) {
            (Some(group), _) if group != "fielding" => {}
            (_, Some(splits)) => rows.extend(splits),
            _ => season.is_complete = false,
        }
    }
    season.is_complete &= rows.iter().all(|row| row.is_object());
    rows.retain(|row| row.is_object() && counts(row, year));
    // A row for the outfield as a whole repeats the rows of its three positions.
    let is_at = |row: &Value, positions: &[&str]| position(row).is_some_and(|at| positions.contains(&at));
    let outfield: BTreeSet<u64> =
        rows.iter().filter(|row| is_at(row, &["LF", "CF", "RF"])).filter_map(|row| pk(row)).collect();
    let repeats = |row: &Value| is_at(row, &["OF"]) && pk(row).is_some_and(|pk| outfield.contains(&pk));
    let mut games: BTreeMap<u64, SeasonGame> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| !repeats(row)) {
        match game(row) {
            Some(game) => match games.get_mut(&game.pk) {
                Some(known) => {
                    known.errors = known.errors.saturating_add(game.errors);
                    known.positions.extend(game.positions);
                }
                None => drop(games.insert(game.pk, game)),
            },
            None => season.is_complete = false,
        }
    }
    season.games = games.into_values().collect();
    Ok(season)
}

/// Whether a row is of a regular-season game of that year in the major leagues, at a position in the field. A missing
/// field counts as a match.
fn counts(row: &Value, year: i32) -> bool {
    let is_of_year = row["season"].as_str().is_none_or(|season| season == year.to_string())
        && row["date"].day().is_none_or(|date| date.year() == year);
    let is_regular = row["gameType"].as_str().is_none_or(|kind| kind == "R");
    let is_major = row["sport"]["id"].number().is_none_or(|sport: u32| sport == MAJOR_LEAGUES);
    let in_the_field = position(row).is_none_or(is_in_the_field) || errors(row).unwrap_or(0) > 0;
    is_of_year && is_regular && is_major && in_the_field
}

fn game(row: &Value) -> Option<SeasonGame> {
    let errors = errors(row)?;
    let position = position(row).map(|position| PositionErrors { position: position.to_owned(), errors });
    Some(SeasonGame {
        positions: position.into_iter().collect(),
        club: row["team"]["id"].number(),
        date: row["date"].day()?,
        errors,
        opponent: club(&row["opponent"]),
        at_home: row["isHome"].as_bool().unwrap_or(false),
        pk: pk(row)?,
        number: row["game"]["gameNumber"].number().unwrap_or(1),
    })
}

fn pk(row: &Value) -> Option<u64> {
    row["game"]["gamePk"].number()
}

fn errors(row: &Value) -> Option<u32> {
    model::errors(&row["stat"]["errors"])
}

fn position(row: &Value) -> Option<&str> {
    let position = row["position"]["abbreviation"].as_str();
    position.or(row["stat"]["position"]["abbreviation"].as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn row(pk: u64, errors: u32, position: &str) -> Value {
        json!({
            "season": "2024", "date": "2024-06-01", "gameType": "R", "sport": {"id": 1}, "isHome": true,
            "stat": {"errors": errors, "position": {"abbreviation": position}},
            "opponent": {"id": 140, "name": "Texas Rangers"}, "game": {"gamePk": pk, "gameNumber": 1},
        })
    }

    /// Games and their errors, and whether the season is complete.
    fn read(rows: Vec<Value>) -> (Vec<(u64, u32)>, bool) {
        let season = season(json!({"stats": [{"splits": rows}]}).to_string().as_bytes(), 2024).unwrap();
        (season.games.iter().map(|game| (game.pk, game.errors)).collect(), season.is_complete)
    }

    #[test]
    fn rows_are_summed_by_game_and_only_the_field_of_the_regular_season_counts() {
        let with = |key: &str, value: Value| {
            let mut row = row(1, 1, "RF");
            row[key] = value;
            row
        };
        for (what, rows, games) in [
            ("two positions", vec![row(1, 1, "RF"), row(1, 2, "SS")], vec![(1, 3)]),
            ("two games", vec![row(1, 1, "RF"), row(2, 0, "RF")], vec![(1, 1), (2, 0)]),
            ("designated hitter", vec![row(1, 0, "DH")], vec![]),
            ("pinch hitter and runner", vec![row(1, 0, "PH"), row(2, 0, "PR")], vec![]),
            ("pitcher and designated hitter", vec![row(1, 1, "P"), row(1, 0, "DH")], vec![(1, 1)]),
            ("outfield beside its positions", vec![row(1, 1, "OF"), row(1, 1, "LF")], vec![(1, 1)]),
            ("outfield alone", vec![row(1, 1, "OF")], vec![(1, 1)]),
            ("outfield of another game", vec![row(1, 1, "OF"), row(2, 0, "CF")], vec![(1, 1), (2, 0)]),
            ("position at the row", vec![with("position", json!({"abbreviation": "DH"}))], vec![(1, 1)]),
            ("spring", vec![with("gameType", json!("S"))], vec![]),
            ("postseason", vec![with("gameType", json!("D"))], vec![]),
            ("farm club", vec![with("sport", json!({"id": 11}))], vec![]),
            ("another year", vec![with("season", json!("2023"))], vec![]),
            ("another year by its date", vec![with("date", json!("2023-06-01"))], vec![]),
            ("nothing but the needful", vec![with("sport", Value::Null)], vec![(1, 1)]),
        ] {
            assert_eq!(read(rows), (games, true), "{what}");
        }
        let mut hitting = json!({"group": {"displayName": "hitting"}, "splits": [row(1, 1, "RF")]});
        let stats = |stat: &Value| json!({"stats": [stat]}).to_string();
        assert_eq!(season(stats(&hitting).as_bytes(), 2024).unwrap().games, vec![]);
        hitting["group"]["displayName"] = json!("fielding");
        assert_eq!(season(stats(&hitting).as_bytes(), 2024).unwrap().games.len(), 1);
    }

    #[test]
    fn an_odd_row_is_left_out_and_the_season_is_incomplete() {
        for (pointer, value) in [
            ("", json!("?")),
            ("", Value::Null),
            ("/stat", Value::Null),
            ("/stat/errors", Value::Null),
            ("/stat/errors", json!("1")),
            ("/game", Value::Null),
            ("/game/gamePk", json!("1")),
            ("/date", Value::Null),
            ("/date", json!("June")),
        ] {
            let mut odd = row(1, 1, "RF");
            *odd.pointer_mut(pointer).unwrap() = value.clone();
            assert_eq!(read(vec![odd, row(2, 3, "RF")]), (vec![(2, 3)], false), "{pointer} {value}");
        }
        // An invalid field of a row that does not count does no harm.
        let mut hitter = row(1, 0, "DH");
        hitter["stat"]["errors"] = Value::Null;
        assert_eq!(read(vec![hitter]), (vec![], true));
    }
}
