//! JSON responses, checked against the OpenAPI document.

use crate::pages::{days, leaders};
use crate::support::{
    day::{EVENING, FINAL, Game, IN_PROGRESS, NOON, POSTPONED, SCHEDULED, season_log},
    fake_mlb::{FakeMlb, Fault},
    seasons,
    server::Server,
    tools,
};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::process::Command;

/// The schema of a path; objects with undescribed fields are invalid.
fn strict(document: &Value, path: &str) -> Validator {
    let content = &document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"];
    let mut components = document["components"].clone();
    for schema in components["schemas"].as_object_mut().unwrap().values_mut() {
        assert_eq!(schema["type"], "object");
        let properties: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
        let mut required: Vec<_> = schema["required"].as_array().unwrap().iter().collect();
        required.sort_by_key(|name| name.as_str());
        assert_eq!(required, properties, "a field is always there");
        schema["additionalProperties"] = json!(false);
    }
    let schema = json!({"$ref": content["schema"]["$ref"], "components": components});
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

/// The paths that serve JSON.
const PATHS: [&str; 4] = ["/", "/api/v1/answer", "/api/v1/season", "/healthz"];

fn json_of(server: &Server, path: &str) -> Value {
    let response = server.get(path, "Accept: application/json\r\n");
    assert_eq!((response.status, response.field("content-type")), (200, "application/json"), "{path}");
    serde_json::from_slice(&response.body).unwrap()
}

fn document(server: &Server) -> Value {
    let document = json_of(server, "/api/openapi.json");
    assert_eq!(document["openapi"], "3.1.0");
    document
}

#[test]
fn every_answer_is_as_the_document_says() {
    let second = Game { pk: 1002, number: 2, double_header: "S", ..Game::new(SCHEDULED) };
    let suspended = Game::new(("Live", "U", "Suspended"));
    for (what, clock, games, verdict) in [
        ("before", NOON, vec![Game::new(SCHEDULED)], "not_yet"),
        ("during", EVENING, vec![Game::new(IN_PROGRESS)], "not_yet"),
        ("charged", EVENING, vec![Game::new(IN_PROGRESS).charged(2), second], "yes"),
        ("over", EVENING, vec![Game::new(FINAL)], "no"),
        ("suspended", EVENING, vec![suspended], "not_yet"),
        ("postponed", NOON, vec![Game::new(POSTPONED)], "no_game"),
    ] {
        let mlb = FakeMlb::with(&games);
        let log = season_log(&[("2024-06-20", "Chicago Cubs", 1), ("2024-06-21", "Chicago Cubs", 0)]);
        mlb.put("/api/v1/people/665487/stats?", log);
        holds(&mlb, clock, verdict, what);
    }
    // Without a season log, and without any data.
    holds(&FakeMlb::with(&[Game::new(FINAL)]), EVENING, "no", "no log");
    let silent = FakeMlb::with(&[]);
    silent.fault(Fault::Status(500));
    holds(&silent, NOON, "unknown", "silent");
}

fn holds(mlb: &FakeMlb, clock: &str, verdict: &str, what: &str) {
    let server = Server::start(mlb, clock);
    server.wait_for_verdict(verdict);
    let document = document(&server);
    for path in PATHS {
        let schema = strict(&document, path);
        let body = json_of(&server, path);
        let wrong: Vec<_> =
            schema.iter_errors(&body).map(|error| format!("{} {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{what}, {path}: {wrong:#?}\n{body:#}");
    }
}

#[test]
fn days_seasons_and_leaders_are_as_the_document_says() {
    let mlb = seasons::mlb();
    mlb.put("/api/v1/stats/leaders?", leaders::list(2024));
    let server = Server::start(&mlb, EVENING);
    server.wait_for("ranked", |answer| answer["error_rank"]["rank"] == 3);
    let document = document(&server);
    for (path, schema) in [
        ("/2023-08-12", "/{day}"),
        ("/2023-08-10", "/{day}"),
        ("/2024-07-03", "/{day}"),
        ("/2024-07-02", "/{day}"),
        ("/2023", "/{year}"),
        ("/2024", "/{year}"),
        ("/leaders", "/leaders"),
    ] {
        let body = days::day(&server, path);
        let schema = strict(&document, schema);
        let wrong: Vec<_> =
            schema.iter_errors(&body).map(|error| format!("{} {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{path}: {wrong:#?}\n{body:#}");
    }
}

#[test]
fn the_document_is_of_this_site_and_tells_right_from_wrong() {
    let mlb = FakeMlb::with(&[Game::new(FINAL).charged(1)]);
    mlb.put("/api/v1/people/665487/stats?", season_log(&[("2024-06-20", "Chicago Cubs", 1)]));
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("yes");
    let document = document(&server);
    // The tests of `/events` compare its data with the answer; `/how` is not described in detail; the others have a test
    // of their own.
    let others = ["/events", "/how", "/es/how", "/{day}", "/{year}", "/leaders"];
    let promised = |path: &&String| !others.contains(&path.as_str());
    let described = document["paths"].as_object().unwrap().keys().filter(promised);
    assert_eq!(described.collect::<Vec<_>>(), PATHS);

    for (path, pointer, odd) in [
        ("/", "/verdict", json!("perhaps")),
        ("/", "/errors", json!(-1)),
        ("/", "/date", json!("July 2")),
        ("/", "/asked_at", json!(5)),
        ("/", "/games/0/home", json!(null)),
        ("/", "/plays/0/kind", json!("bad")),
        ("/", "/season/year", json!(null)),
        ("/", "/season", json!({})),
        ("/api/v1/season", "/log/0/opponent", json!("Cubs")),
        ("/api/v1/season", "/log/0", json!({"more": 1})),
        ("/healthz", "/certificate/source", json!("a friend")),
        ("/api/v1/season", "/season/longest_clean_streak", json!({"games": 0})),
    ] {
        let mut body = json_of(&server, path);
        let schema = strict(&document, path);
        assert!(schema.is_valid(&body), "{path}");
        *body.pointer_mut(pointer).unwrap() = odd;
        assert!(!schema.is_valid(&body), "{path} {pointer}");
    }
}

#[test]
fn the_season_is_told_game_by_game_and_stays_the_same_while_nothing_happens() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    mlb.put("/api/v1/people/665487/stats?", season_log(&[("2024-06-20", "Chicago Cubs", 0)]));
    let server = Server::start(&mlb, EVENING);
    let first = server.wait_for_verdict("yes");
    let response = server.get("/api/v1/season", "");
    let season = json_of(&server, "/api/v1/season");
    assert_eq!(season["season"], first["season"]);
    let opponent = json!({"id": 140, "name": "Texas Rangers"});
    let today = json!({"id": 1001, "date": "2024-07-02", "number": 1, "opponent": opponent, "home": true, "errors": 1});
    assert_eq!((season["log"].as_array().unwrap().len(), &season["log"][1]), (2, &today));

    server.wait_for("heard again", |answer| answer["asked_at"] != first["asked_at"]);
    let again = server.get("/api/v1/season", &format!("If-None-Match: {}\r\n", response.field("etag")));
    assert_eq!((again.status, again.field("last-modified")), (304, response.field("last-modified")));
}

/// Requests that schemathesis generates from the document, valid and invalid ones.
#[test]
#[ignore = "needs schemathesis"]
fn schemathesis_finds_nothing() {
    let python = tools::python_with("schemathesis");
    let mlb = FakeMlb::with(&[Game::new(FINAL).charged(1)]);
    mlb.put("/api/v1/people/665487/stats?", season_log(&[("2024-06-20", "Chicago Cubs", 1)]));
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("yes");
    let dir = tempfile::tempdir().unwrap();
    let report = tools::output(
        Command::new(python)
            .args(["-m", "schemathesis.cli", "run"])
            .arg(format!("http://{}/api/openapi.json", server.http()))
            // An event stream has no end.
            .args(["--exclude-path", "/events"])
            .args(["--header", "Accept: application/json"])
            .args(["--checks", "all", "--max-examples", "25", "--seed", "1", "--no-color"])
            .args(["--request-timeout", "20"])
            .current_dir(dir.path()),
    );
    assert!(report.contains("Tested: 9"), "{report}");
}
