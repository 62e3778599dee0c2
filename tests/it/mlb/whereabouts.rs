//! The clubs whose games count: trades, farm clubs, no club, and gaps in schedule and rosters.

use crate::support::{
    day::{EVENING, FINAL, Game, IN_PROGRESS, NOON, PADRES, SCHEDULED, TATIS, schedule},
    fake_mlb::{FakeMlb, Fault},
    server::Server,
};
use serde_json::{Value, json};

const YANKEES: u32 = 147;
const CHIHUAHUAS: u32 = 4904;

fn put_person(mlb: &FakeMlb, team: u32, more: Value) {
    let mut person = json!({
        "id": TATIS, "fullName": "Fernando Tatis Jr.", "useLastName": "Tatis Jr.", "active": true,
        "currentTeam": {"id": team, "name": "Team"},
    });
    person.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    mlb.put(&format!("/api/v1/people/{TATIS}?"), json!({"people": [person]}));
}

fn put_team(mlb: &FakeMlb, id: u32, name: &str, more: Value) {
    let mut team = json!({
        "id": id, "name": name, "sport": {"id": 1}, "venue": {"id": 1, "timeZone": {"id": "America/Los_Angeles"}},
    });
    team.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    mlb.put(&format!("/api/v1/teams/{id}?"), json!({"teams": [team]}));
}

/// The Yankees' final game of the day, without him.
fn put_yankees(mlb: &FakeMlb) {
    let game = Game { pk: 2001, ..Game::new(FINAL) };
    let mut listed = schedule(std::slice::from_ref(&game));
    listed["dates"][0]["games"][0]["teams"]["home"]["team"] =
        json!({"id": YANKEES, "name": "New York Yankees"});
    mlb.put(&format!("/api/v1/schedule?sportId=1&teamId={YANKEES}"), listed);
    let mut feed = game.feed();
    feed["liveData"]["boxscore"]["teams"]["home"]["players"] =
        json!({"ID8": {"person": {"id": 8}, "battingOrder": "100"}});
    mlb.put("/api/v1.1/game/2001/", feed);
    put_team(mlb, YANKEES, "New York Yankees", json!({}));
}

#[test]
fn a_trade_after_the_game_erases_no_error() {
    let mlb = FakeMlb::with(&[Game::new(FINAL).charged(1)]);
    put_yankees(&mlb);
    let traded = json!([
        {"team": {"id": YANKEES}, "status": {"code": "A"}, "isActive": true, "startDate": "2024-07-02"},
        {"team": {"id": PADRES}, "status": {"code": "TR"}, "isActive": false, "startDate": "2019-03-28", "endDate": "2024-07-02"},
    ]);
    put_person(&mlb, YANKEES, json!({"rosterEntries": traded}));
    let server = Server::start(&mlb, EVENING);
    let answer = server.wait_for_verdict("yes");
    assert_eq!((&answer["errors"], &answer["player"]["team"]), (&json!(1), &json!("New York Yankees")));
    assert_eq!(answer["games"].as_array().unwrap().len(), 2, "{answer}");
    assert!(answer["games"][0]["home"]["name"] == "San Diego Padres", "{answer}");
}

#[test]
fn a_trade_that_the_stints_do_not_tell_of_is_remembered() {
    let mlb = FakeMlb::with(&[Game::new(FINAL).charged(1)]);
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let arguments = |mlb: &FakeMlb| {
        ["--mlb-url", &mlb.url(), "--clock", EVENING, "--data-dir", data.to_str().unwrap()].map(String::from)
    };
    let start = |mlb: &FakeMlb| Server::start_with(&arguments(mlb).each_ref().map(String::as_str));
    let server = start(&mlb);
    server.wait_for_verdict("yes");
    server.wait_until("the state file", || data.join("last-good.e6").exists());
    drop(server.terminate());

    put_yankees(&mlb);
    put_person(&mlb, YANKEES, json!({}));
    let server = start(&mlb);
    let answer = server.wait_for("the new club", |answer| answer["player"]["team"] == "New York Yankees");
    assert_eq!(answer["verdict"], "yes");
    let answer = server.wait_for("both games", |answer| answer["games"].as_array().unwrap().len() == 2);
    assert_eq!((&answer["verdict"], &answer["errors"]), (&json!("yes"), &json!(1)));
}

#[test]
fn on_a_farm_club_the_parents_games_are_watched_and_the_reason_says_where_he_is() {
    let rehab = json!([{"team": {"id": PADRES}, "status": {"code": "RA"}, "startDate": "2019-03-28"}]);
    for (what, stints, code, where_he_is) in [
        ("optioned", json!([]), "RM", "Tatis Jr. is with the El Paso Chihuahuas in the minor leagues."),
        ("rehab", rehab, "RA", "Tatis Jr. is on a rehab assignment with the El Paso Chihuahuas."),
    ] {
        let mlb = FakeMlb::with(&[Game { fielded: false, ..Game::new(SCHEDULED) }]);
        put_team(&mlb, PADRES, "San Diego Padres", json!({}));
        put_team(
            &mlb,
            CHIHUAHUAS,
            "El Paso Chihuahuas",
            json!({"sport": {"id": 11}, "parentOrgId": PADRES, "venue": {"id": 2, "timeZone": {"id": "America/Denver"}}}),
        );
        put_person(&mlb, CHIHUAHUAS, json!({"rosterEntries": stints}));
        let status = json!({"code": code, "description": "x"});
        mlb.put(
            "/api/v1/teams/135/roster?",
            json!({"roster": [{"person": {"id": TATIS}, "status": status}]}),
        );
        let server = Server::start(&mlb, NOON);
        let answer = server.wait_for_verdict("not_yet");
        assert_eq!(answer["player"]["team"], "San Diego Padres", "{what}");
        assert_eq!(answer["time_zone"], "America/Los_Angeles", "{what}");
        let reason = server.wait_for(what, |answer| answer["availability"] != "unknown")["reason"].clone();
        assert!(reason.as_str().unwrap().ends_with(where_he_is), "{what}: {reason}");
        assert!(!mlb.asked().iter().any(|path| path.contains("teamId=4904")), "{what}: {:?}", mlb.asked());
    }
}

#[test]
fn a_player_who_has_left_is_with_no_club_although_mlb_still_names_one() {
    let ended = |code: &str| json!([{"team": {"id": PADRES}, "status": {"code": code}, "isActive": false, "startDate": "2019-03-28", "endDate": "2024-06-01"}]);
    for (what, person) in [
        ("retired", json!({"active": false, "rosterEntries": ended("RET")})),
        ("retired, no stints", json!({"active": false})),
        ("released", json!({"rosterEntries": ended("RL")})),
        ("unsigned", json!({"rosterEntries": ended("FA")})),
    ] {
        let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
        put_person(&mlb, PADRES, person);
        let server = Server::start(&mlb, EVENING);
        let answer = server.wait_for_verdict("no_game");
        assert_eq!(answer["reason"], "Tatis Jr. isn't with a club.", "{what}");
        assert_eq!(answer["player"]["team"], Value::Null, "{what}");
    }
}

#[test]
fn a_ballpark_without_a_time_zone_stops_nothing() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let without_zone = || put_team(&mlb, PADRES, "San Diego Padres", json!({"venue": {"id": 1}}));
    without_zone();
    let server = Server::start(&mlb, EVENING);
    assert_eq!(server.wait_for_verdict("yes")["time_zone"], "America/Los_Angeles");
    assert!(server.stderr().contains("using Pacific"), "{}", server.stderr());

    // The last known time zone takes precedence over Pacific.
    put_team(
        &mlb,
        PADRES,
        "San Diego Padres",
        json!({"venue": {"id": 1, "timeZone": {"id": "America/Denver"}}}),
    );
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let url = mlb.url();
    let arguments = ["--mlb-url", &url, "--clock", EVENING, "--data-dir", data.to_str().unwrap()];
    let server = Server::start_with(&arguments);
    assert_eq!(server.wait_for_verdict("yes")["time_zone"], "America/Denver");
    server.wait_until("the state file", || data.join("last-good.e6").exists());
    drop(server.terminate());
    without_zone();
    let server = Server::start_with(&arguments);
    server.wait_until("the log", || server.stderr().contains("using the ballpark's last known one"));
    assert_eq!(server.wait_for_verdict("yes")["time_zone"], "America/Denver");
}

/// A change that makes a schedule entry odd.
type Oddity = fn(&mut Value);

const ODDITIES: [(&str, Oddity); 6] = [
    ("no opponent", |entry| entry["teams"]["away"] = Value::Null),
    ("null name", |entry| entry["teams"]["away"]["team"]["name"] = Value::Null),
    ("unknown type", |entry| entry["gameType"] = Value::Null),
    ("no status", |entry| drop(entry.as_object_mut().unwrap().remove("status"))),
    ("no time", |entry| drop(entry.as_object_mut().unwrap().remove("gameDate"))),
    ("another kind", |entry| *entry = json!("postponed?")),
];

#[test]
fn an_odd_entry_of_another_day_is_left_out_with_a_warning() {
    let friday = Game { pk: 1005, listed: "2024-07-05", official: "2024-07-05", ..Game::new(SCHEDULED) };
    let today = Game::new(IN_PROGRESS).charged(1);
    for (what, oddity) in ODDITIES {
        let mlb = FakeMlb::with(std::slice::from_ref(&today));
        let mut listed = schedule(&[today.clone(), friday.clone()]);
        oddity(&mut listed["dates"][1]["games"][0]);
        mlb.put("/api/v1/schedule?", listed);
        let server = Server::start(&mlb, EVENING);
        assert_eq!(server.wait_for_verdict("yes")["errors"], 1, "{what}");
        let log = server.stderr();
        assert!(log.contains("a schedule entry cannot be read and is left out"), "{what}: {log}");
    }
}

#[test]
fn an_odd_entry_of_today_is_never_no_game() {
    let today = Game::new(SCHEDULED);
    for (what, oddity) in ODDITIES {
        let mlb = FakeMlb::with(std::slice::from_ref(&today));
        let mut listed = schedule(std::slice::from_ref(&today));
        oddity(&mut listed["dates"][0]["games"][0]);
        mlb.put("/api/v1/schedule?", listed);
        let server = Server::start(&mlb, NOON);
        let answer = server.wait_for(what, |answer| !answer["asked_at"].is_null());
        assert_eq!(answer["verdict"], "unknown", "{what}");
        let reason = "One of today's games can't be read in MLB's schedule right now.";
        assert_eq!(answer["reason"], reason, "{what}");
    }
}

#[test]
fn an_entry_that_becomes_odd_takes_no_answer_away() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let url = mlb.url();
    let arguments = ["--mlb-url", &url, "--clock", EVENING, "--data-dir", data.to_str().unwrap()];
    let server = Server::start_with(&arguments);
    server.wait_for_verdict("yes");
    server.wait_until("the state file", || data.join("last-good.e6").exists());
    drop(server.terminate());
    let mut listed = schedule(&[Game::new(IN_PROGRESS).charged(1)]);
    listed["dates"][0]["games"][0]["teams"]["away"] = Value::Null;
    mlb.put("/api/v1/schedule?", listed);
    let asked = mlb.asked().len();
    let server = Server::start_with(&arguments);
    server.wait_until("the calendar", || mlb.asked()[asked..].iter().any(|path| path.contains("2024-12-31")));
    assert_eq!(server.api()["verdict"], "yes");
}

#[test]
fn a_roster_that_failed_is_asked_for_again_in_the_next_round() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    mlb.fault_at("/api/v1/teams/135/roster?", Fault::Status(500));
    let status = json!({"code": "RST", "description": "Restricted List"});
    mlb.put("/api/v1/teams/135/roster?", json!({"roster": [{"person": {"id": TATIS}, "status": status}]}));
    let server = Server::start(&mlb, EVENING);
    assert_eq!(server.wait_for_verdict("not_yet")["availability"], "unknown");
    mlb.fault(None);
    server.wait_for("the roster", |answer| answer["availability"] == "away");
}
