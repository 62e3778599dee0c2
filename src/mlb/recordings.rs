//! The model against recorded replies of the real API, which lie beside the project and are not part of it.

use crate::{
    answer::{Availability, DoubleHeader, ErrorKind, GameKind, Half, Injury, Inning, Presence, State},
    mlb::model,
};
use serde_json::{Value, json};
use std::{fs, io::Read, path::PathBuf};
use time::macros::{date, datetime};

/// The folder of recordings. Where there is none the test is skipped by name; in CI that is a failure.
fn recordings(test: &str) -> Option<PathBuf> {
    let dir = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/mlb"));
    if dir.is_dir() {
        return Some(dir);
    }
    assert!(std::env::var_os("CI").is_none(), "{test}: no recordings at {}", dir.display());
    eprintln!("skipped: {test} needs the recordings at {}", dir.display());
    None
}

fn read(path: &PathBuf) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
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

/// What `fields=` leaves of a reply: the listed keys at every depth, and the keys of id maps.
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

#[test]
fn the_count_of_each_player_in_each_recorded_feed_equals_the_box_score() {
    let Some(dir) = recordings("the count of each player") else { return };
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
                let game = model::feed(trimmed.as_bytes(), pk, id).unwrap();
                assert_eq!(u64::from(game.errors), charged.unwrap_or(0), "{name} {key}");
                assert_eq!(game.presence == Presence::Fielded, charged.is_some(), "{name} {key}");
                assert_eq!(game.plays.len() as u32, game.errors, "{name} {key}: plays agree");
                if players % 50 == 0 || game.errors > 0 {
                    assert_eq!(model::feed(&json, pk, id).unwrap(), game, "{name} {key}: whole");
                }
                players += 1;
                errors += game.errors;
            }
        }
    }
    assert!(players > 500 && errors >= 8, "{players} players, {errors} errors");
}

#[test]
fn the_error_of_august_9_2023_is_read_with_its_play() {
    let Some(dir) = recordings("the error of August 9") else { return };
    let json = read(&dir.join("feed_live/717055-final-SD-tatis-error.json.gz"));
    let game = model::feed(&json, 717055, 665487).unwrap();
    assert_eq!((game.errors, game.status.state, game.presence), (1, State::Over, Presence::Fielded));
    let score = game.score.unwrap();
    assert_eq!((score.away, score.home), (1, 6));
    let play = &game.plays[0];
    assert_eq!(play.inning, Some(Inning { number: 3, half: Half::Bottom }));
    assert_eq!((play.kind, play.position.as_deref()), (ErrorKind::Throwing, Some("RF")));
    assert_eq!(play.batter.as_deref(), Some("Cade Marlowe"));
    assert!(model::feed(&json, 717056, 665487).unwrap_err().0.contains("717055"), "another game's feed");
}

#[test]
fn before_a_game_nobody_has_fielded_and_a_stranger_is_absent() {
    let Some(dir) = recordings("before a game") else { return };
    let json = read(&dir.join("feed_live/662573-preview-scheduled.json.gz"));
    let game = model::feed(&json, 662573, 660271).unwrap();
    assert_eq!((game.status.state, game.presence, game.errors), (State::Ahead, Presence::Absent, 0));
    assert_eq!((game.score, game.last_play), (None, None));
}

#[test]
fn every_recorded_schedule_is_read_and_its_states_are_known() {
    let Some(dir) = recordings("every recorded schedule") else { return };
    for (name, json) in all(dir.join("schedule")) {
        let listings = model::schedule(&json).unwrap_or_else(|surprise| panic!("{name}: {}", surprise.0));
        assert_eq!(listings.is_empty(), name.contains("no-games"), "{name}");
        let fields: Vec<&str> = model::SCHEDULE_FIELDS.split(',').collect();
        let trimmed = trimmed(&serde_json::from_slice(&json).unwrap(), &fields).to_string();
        assert_eq!(model::schedule(trimmed.as_bytes()).ok().as_ref(), Some(&listings), "{name}: trimmed");
        for listing in listings {
            assert_ne!(listing.status.state, State::Unknown, "{name} {}", listing.pk);
        }
    }
}

#[test]
fn the_rows_of_a_recorded_log_are_games_with_an_opponent() {
    let Some(dir) = recordings("the rows of a recorded log") else { return };
    // No fielding log was recorded; a hitting log's rows have the same keys but for the statistics.
    let person = read(&dir.join("people/660271-hydrate-currentTeam-stats.json.gz"));
    let person: Value = serde_json::from_slice(&person).unwrap();
    let stats = person["people"][0]["stats"].as_array().unwrap();
    let mut log = stats.iter().find(|stat| stat["type"]["displayName"] == "gameLog").unwrap().clone();
    for row in log["splits"].as_array_mut().unwrap() {
        row["stat"]["errors"] = 0.into();
    }
    let season = model::season(json!({"stats": [log]}).to_string().as_bytes(), 2025).unwrap();
    assert_eq!(season.games.len(), 158);
    let first = season.games.iter().min_by_key(|game| game.date).unwrap();
    assert_eq!((first.date, first.at_home, first.number), (date!(2025 - 03 - 18), false, 1));
    assert!(season.games.iter().all(|game| game.opponent.is_some()));
}

#[test]
fn odd_schedule_entries_mean_what_they_say() {
    let Some(dir) = recordings("odd schedule entries") else { return };
    let schedule = |name: &str| model::schedule(&read(&dir.join("schedule").join(name))).unwrap();
    let of = |name: &str, pk: u64| -> Vec<_> {
        schedule(name).into_iter().filter(|listing| listing.pk == pk).collect()
    };

    let rain = &schedule("2024-06-05-postponed-rain-CLE.json")[0];
    assert_eq!((rain.listed, rain.official), (date!(2024 - 06 - 05), date!(2024 - 08 - 26)));
    assert_eq!((rain.status.state, rain.moved_to), (State::Postponed, Some(date!(2024 - 08 - 26))));
    assert_eq!(rain.status.words, "Postponed: Inclement Weather");

    let league = "2022-04-07_2022-06-09-league.json.gz";
    let resumed = of(league, 661702);
    assert_eq!(resumed.len(), 2, "a resumed game is listed under both days");
    assert!(resumed.iter().all(|listing| listing.official == date!(2022 - 05 - 11)));
    let padres = of(league, 663068);
    assert_eq!(
        padres.iter().map(|listing| listing.status.state).collect::<Vec<_>>(),
        [State::Postponed, State::Over]
    );
    assert_eq!(
        (padres[1].double_header, padres[1].number, padres[1].start),
        (DoubleHeader::Traditional, 2, None)
    );

    let old = schedule("2018-09-27-postponed-placeholder-time.json");
    assert!(old.iter().all(|listing| listing.official == listing.listed), "no officialDate in 2018");
    let postponed = old.iter().find(|listing| listing.status.state == State::Postponed).unwrap();
    assert_eq!(postponed.moved_to, Some(date!(2018 - 09 - 29)));

    let delayed = schedule("2024-07-02-4-inprogress-delayed.json");
    let delayed = delayed.iter().find(|listing| listing.status.words.starts_with("Delayed")).unwrap();
    assert_eq!((delayed.status.state, delayed.status.words.as_str()), (State::On, "Delayed: Rain"));

    let over = schedule("2024-07-02-5-gameover.json");
    assert!(over.iter().any(|game| game.status.words == "Game Over" && game.status.state == State::Over));

    let split_squad = schedule("2026-03-14-spring-splitsquad-scheduled.json");
    let padres: Vec<_> =
        split_squad.iter().filter(|game| [game.home.club.id, game.away.club.id].contains(&135)).collect();
    assert_eq!(padres.len(), 2);
    assert!(padres.iter().all(|game| game.number == 1 && game.kind == GameKind::Spring));

    assert!(schedule("2021-07-13-allstar-pregame.json").iter().any(|game| game.kind == GameKind::AllStar));
    let series = &schedule("2024-10-26-worldseries.wrapped.json")[0];
    assert_eq!((series.kind, series.official), (GameKind::Postseason, date!(2024 - 10 - 26)));
    assert_eq!(series.start, Some(datetime!(2024-10-27 00:08 UTC)));
}

#[test]
fn people_clubs_and_rosters_are_read() {
    let Some(dir) = recordings("people, clubs and rosters") else { return };
    let tatis = model::player(&read(&dir.join("people/665487.wrapped.json")), 665487).unwrap();
    assert_eq!((tatis.name.as_str(), tatis.short_name.as_str()), ("Fernando Tatis Jr.", "Tatis Jr."));
    assert_eq!(tatis.club, None, "not hydrated");
    let ohtani =
        model::player(&read(&dir.join("people/660271-hydrate-currentTeam-stats.json.gz")), 660271).unwrap();
    assert_eq!(ohtani.club.unwrap().id, 119);
    let (padres, zone) = model::club(&read(&dir.join("teams/135-hydrate-venue-timezone.json")), 135).unwrap();
    assert_eq!((padres.name.as_str(), zone.name()), ("San Diego Padres", "America/Los_Angeles"));

    let roster = read(&dir.join("roster/team134-fullSeason.json"));
    assert_eq!(model::availability(&roster, 677952), Ok(Some(Availability::Active)));
    let entries: Value = serde_json::from_slice(&roster).unwrap();
    for entry in entries["roster"].as_array().unwrap() {
        let id = entry["person"]["id"].as_u64().unwrap() as u32;
        let injured = entry["status"]["code"] == "D60";
        assert_eq!(
            matches!(model::availability(&roster, id), Ok(Some(Availability::Injured(Injury::Days(60))))),
            injured
        );
    }
    assert_eq!(model::availability(&roster, 665487), Ok(None));
}

#[test]
fn the_whole_status_table_maps_to_known_states() {
    let Some(dir) = recordings("the whole status table") else { return };
    let table: Value = serde_json::from_slice(&read(&dir.join("meta/gameStatus.json"))).unwrap();
    for row in table.as_array().unwrap() {
        let schedule = serde_json::json!({"dates": [{"date": "2024-07-02", "games": [{
            "gamePk": 1, "gameDate": "2024-07-02T22:40:00Z", "status": row,
            "teams": {"away": {"team": {"id": 1}}, "home": {"team": {"id": 2}}},
        }]}]});
        let state = model::schedule(schedule.to_string().as_bytes()).unwrap()[0].status.state;
        let other = row["abstractGameState"] == "Other";
        assert_eq!(state == State::Unknown, other, "{row}");
        let called_off = row["detailedState"].as_str().unwrap().starts_with(['P', 'C'])
            && matches!(row["codedGameState"].as_str(), Some("D" | "C"));
        assert_eq!(matches!(state, State::Postponed | State::Cancelled), called_off, "{row}");
    }
}
