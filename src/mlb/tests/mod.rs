//! The model against whole replies: invented ones, which come with the project, and recorded ones, where there are any.

pub(crate) mod fixtures;
pub(crate) mod needs_recordings;

use crate::{
    answer::{ErrorCount, GameState, Participation},
    mlb::model,
};
use serde_json::Value;
use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

fn read(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut json = Vec::new();
    match path.extension().is_some_and(|extension| extension == "gz") {
        true => flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut json).map(drop).unwrap(),
        false => json = bytes,
    }
    match path.to_string_lossy().contains(".wrapped.") {
        true => serde_json::from_slice::<Value>(&json).unwrap()["response"].to_string().into_bytes(),
        false => json,
    }
}

fn all(dir: PathBuf) -> Vec<(String, Vec<u8>)> {
    let mut paths: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), read(path))).collect()
}

/// The part of a reply that `fields=` keeps: the listed keys at every depth, and the keys of id maps.
fn trimmed(value: &Value, fields: &[&str]) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(key, _)| fields.contains(&key.as_str()) || key.starts_with("ID"))
            .map(|(key, value)| (key.clone(), trimmed(value, fields)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(|item| trimmed(item, fields)).collect(),
        other => other.clone(),
    }
}

/// Reads each feed for each of its players, whole and trimmed. Returns the number of players and of their errors.
fn counts_equal_the_box_score(dir: &Path) -> (u32, u32) {
    let (mut players, mut errors) = (0, 0);
    for (name, json) in all(dir.join("feed_live")) {
        let feed: Value = serde_json::from_slice(&json).unwrap();
        let pk = feed["gamePk"].as_u64().unwrap();
        let fields: Vec<&str> = model::FEED_FIELDS.split(',').collect();
        let trimmed = trimmed(&feed, &fields).to_string();
        assert!(trimmed.len() * 3 < json.len(), "{name}: trimming is worth it");
        for side in ["away", "home"] {
            for (key, player) in feed["liveData"]["boxscore"]["teams"][side]["players"].as_object().unwrap() {
                let id = player["person"]["id"].as_u64().unwrap() as u32;
                let charged = player["stats"]["fielding"]["errors"].as_u64();
                let positions = player["allPositions"].as_array().map_or(&[][..], Vec::as_slice);
                let fields = |position: &Value| {
                    !["DH", "PH", "PR"].contains(&position["abbreviation"].as_str().unwrap())
                };
                let fielded = charged.is_some_and(|errors| errors > 0 || positions.iter().any(fields));
                let game = model::feed(trimmed.as_bytes(), pk, id).unwrap();
                assert_eq!(game.errors, ErrorCount::Read(charged.unwrap_or(0) as u32), "{name} {key}");
                assert_eq!(game.presence == Participation::Fielded, fielded, "{name} {key}");
                assert_eq!(game.plays.len() as u32, game.errors.known(), "{name} {key}: plays agree");
                if players % 50 == 0 || game.errors.known() > 0 {
                    assert_eq!(model::feed(&json, pk, id).unwrap(), game, "{name} {key}: whole");
                }
                players += 1;
                errors += game.errors.known();
            }
        }
    }
    (players, errors)
}

/// Reads each schedule, whole and trimmed.
fn every_schedule_is_read(dir: &Path) {
    for (name, json) in all(dir.join("schedule")) {
        let schedule = model::schedule(&json).unwrap_or_else(|surprise| panic!("{name}: {}", surprise.0));
        assert_eq!(schedule.unread, [], "{name}");
        let listings = schedule.listings.clone();
        assert_eq!(listings.is_empty(), name.contains("no-games"), "{name}");
        let fields: Vec<&str> = model::SCHEDULE_FIELDS.split(',').collect();
        let trimmed = trimmed(&serde_json::from_slice(&json).unwrap(), &fields).to_string();
        assert_eq!(model::schedule(trimmed.as_bytes()).ok(), Some(schedule), "{name}: trimmed");
        for listing in listings {
            assert_ne!(listing.status.state, GameState::Unknown, "{name} {}", listing.pk);
        }
    }
}

/// Reads a game in each status of MLB's table.
fn every_status_has_a_state(dir: &Path) {
    let table: Value = serde_json::from_slice(&read(&dir.join("meta/gameStatus.json"))).unwrap();
    for row in table.as_array().unwrap() {
        let schedule = serde_json::json!({"dates": [{"date": "2024-07-02", "games": [{
            "gamePk": 1, "gameDate": "2024-07-02T22:40:00Z", "status": row,
            "teams": {"away": {"team": {"id": 1}}, "home": {"team": {"id": 2}}},
        }]}]});
        let state = model::schedule(schedule.to_string().as_bytes()).unwrap().listings[0].status.state;
        let other = row["abstractGameState"] == "Other";
        assert_eq!(state == GameState::Unknown, other, "{row}");
        let called_off = row["detailedState"].as_str().unwrap().starts_with(['P', 'C'])
            && matches!(row["codedGameState"].as_str(), Some("D" | "C"));
        assert_eq!(matches!(state, GameState::Postponed | GameState::Cancelled), called_off, "{row}");
    }
}
