//! The model against recorded replies of the real API, which lie beside the project and are not part of it.

use crate::{
    answer::{
        Availability, DoubleHeader, ErrorCount, ErrorKind, GameKind, GameState, Half, Injury, Inning,
        Participation,
    },
    mlb::{
        model,
        tests::{counts_equal_the_box_score, every_schedule_is_read, every_status_has_a_state, read},
    },
};
use serde_json::{Value, json};
use std::path::PathBuf;
use time::macros::{date, datetime};

fn recordings() -> PathBuf {
    let dir = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/mlb"));
    assert!(dir.is_dir(), "no recordings at {}", dir.display());
    dir
}

#[test]
#[ignore = "needs recordings"]
fn the_count_of_each_player_in_each_recorded_feed_equals_the_box_score() {
    let (players, errors) = counts_equal_the_box_score(&recordings());
    assert!(players > 500 && errors >= 8, "{players} players, {errors} errors");
}

#[test]
#[ignore = "needs recordings"]
fn the_error_of_august_9_2023_is_read_with_its_play() {
    let json = read(&recordings().join("feed_live/717055-final-SD-tatis-error.json.gz"));
    let game = model::feed(&json, 717055, 665487).unwrap();
    assert_eq!(
        (game.errors, game.status.state, game.presence),
        (ErrorCount::Read(1), GameState::Over, Participation::Fielded)
    );
    let score = game.score.unwrap();
    assert_eq!((score.away, score.home), (1, 6));
    let play = &game.plays[0];
    assert_eq!(play.inning, Some(Inning { number: 3, half: Half::Bottom }));
    assert_eq!((play.kind, play.position.as_deref()), (ErrorKind::Throwing, Some("RF")));
    assert_eq!(play.batter.as_deref(), Some("Cade Marlowe"));
    assert_eq!(play.scoring(), "E9");
    let line = game.line.unwrap();
    let away = (line.away.runs, line.away.hits, line.away.errors, line.away.innings.len());
    assert_eq!(away, (Some(1), Some(4), Some(2), 9));
    assert_eq!((line.home.innings[7], line.home.innings[8]), (Some(5), None), "no bottom of the ninth");
    assert!(model::feed(&json, 717056, 665487).unwrap_err().0.contains("717055"), "another game's feed");
}

#[test]
#[ignore = "needs recordings"]
fn before_a_game_nobody_has_fielded_and_a_stranger_is_absent() {
    let json = read(&recordings().join("feed_live/662573-preview-scheduled.json.gz"));
    let game = model::feed(&json, 662573, 660271).unwrap();
    assert_eq!(
        (game.status.state, game.presence, game.errors),
        (GameState::Ahead, Participation::Absent, ErrorCount::Read(0))
    );
    assert_eq!((game.score, game.last_play), (None, None));
}

#[test]
#[ignore = "needs recordings"]
fn every_recorded_schedule_is_read_and_its_states_are_known() {
    every_schedule_is_read(&recordings());
}

#[test]
#[ignore = "needs recordings"]
fn the_rows_of_a_recorded_log_are_games_with_an_opponent() {
    let dir = recordings();
    // No fielding log was recorded; a hitting log's rows have the same keys but for the statistics.
    let person = read(&dir.join("people/660271-hydrate-currentTeam-stats.json.gz"));
    let person: Value = serde_json::from_slice(&person).unwrap();
    let stats = person["people"][0]["stats"].as_array().unwrap();
    let mut log = stats.iter().find(|stat| stat["type"]["displayName"] == "gameLog").unwrap().clone();
    log["group"]["displayName"] = "fielding".into();
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
#[ignore = "needs recordings"]
fn odd_schedule_entries_mean_what_they_say() {
    let dir = recordings();
    let schedule = |name: &str| model::schedule(&read(&dir.join("schedule").join(name))).unwrap().listings;
    let of = |name: &str, pk: u64| -> Vec<_> {
        schedule(name).into_iter().filter(|listing| listing.pk == pk).collect()
    };

    let rain = &schedule("2024-06-05-postponed-rain-CLE.json")[0];
    assert_eq!((rain.listed, rain.official), (date!(2024 - 06 - 05), date!(2024 - 08 - 26)));
    assert_eq!((rain.status.state, rain.moved_to), (GameState::Postponed, Some(date!(2024 - 08 - 26))));
    assert_eq!(rain.status.words, "Postponed: Inclement Weather");

    let league = "2022-04-07_2022-06-09-league.json.gz";
    let resumed = of(league, 661702);
    assert_eq!(resumed.len(), 2, "a resumed game is listed under both days");
    assert!(resumed.iter().all(|listing| listing.official == date!(2022 - 05 - 11)));
    let padres = of(league, 663068);
    assert_eq!(
        padres.iter().map(|listing| listing.status.state).collect::<Vec<_>>(),
        [GameState::Postponed, GameState::Over]
    );
    assert_eq!(
        (padres[1].double_header, padres[1].number, padres[1].start),
        (DoubleHeader::Traditional, 2, None)
    );

    let old = schedule("2018-09-27-postponed-placeholder-time.json");
    assert!(old.iter().all(|listing| listing.official == listing.listed), "no officialDate in 2018");
    let postponed = old.iter().find(|listing| listing.status.state == GameState::Postponed).unwrap();
    assert_eq!(postponed.moved_to, Some(date!(2018 - 09 - 29)));

    let delayed = schedule("2024-07-02-4-inprogress-delayed.json");
    let delayed = delayed.iter().find(|listing| listing.status.words.starts_with("Delayed")).unwrap();
    assert_eq!((delayed.status.state, delayed.status.words.as_str()), (GameState::On, "Delayed: Rain"));

    let over = schedule("2024-07-02-5-gameover.json");
    assert!(over.iter().any(|game| game.status.words == "Game Over" && game.status.state == GameState::Over));

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
#[ignore = "needs recordings"]
fn people_clubs_and_rosters_are_read() {
    let dir = recordings();
    let tatis = model::person(&read(&dir.join("people/665487.wrapped.json")), 665487).unwrap();
    assert_eq!((tatis.name.as_str(), tatis.short_name.as_str()), ("Fernando Tatis Jr.", "Tatis Jr."));
    assert_eq!(tatis.current_team, None, "not hydrated");
    let ohtani =
        model::person(&read(&dir.join("people/660271-hydrate-currentTeam-stats.json.gz")), 660271).unwrap();
    assert_eq!(ohtani.current_team.unwrap().id, 119);
    let padres = model::team(&read(&dir.join("teams/135-hydrate-venue-timezone.json")), 135).unwrap();
    let zone = padres.zone.unwrap();
    assert_eq!(
        (padres.club.name.as_str(), zone.name(), padres.is_major),
        ("San Diego Padres", "America/Los_Angeles", true)
    );

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
#[ignore = "needs recordings"]
fn the_whole_status_table_maps_to_known_states() {
    every_status_has_a_state(&recordings());
}
