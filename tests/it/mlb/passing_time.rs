//! What time alone changes, while the server runs.

use crate::support::{
    day::{EVENING, FINAL, Game, IN_PROGRESS},
    fake_mlb::{FakeMlb, Fault},
    server::Server,
};
use serde_json::json;
use std::time::Duration;

#[test]
fn the_day_turns_at_midnight_at_the_ballpark() {
    let mlb = FakeMlb::with(&[Game::new(FINAL).charged(1)]);
    // 23:59:50 in San Diego, while it is already morning in UTC.
    let server = Server::start(&mlb, "2024-07-03T06:59:50Z");
    let answer = server.wait_for_verdict("yes");
    assert_eq!(answer["date"], "2024-07-02");
    let answer = server.wait_for("the next day", |answer| answer["date"] == "2024-07-03");
    assert_eq!((&answer["verdict"], &answer["errors"]), (&json!("no_game"), &json!(0)));
}

#[test]
fn a_game_past_midnight_keeps_its_day_until_it_is_over() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = Server::start(&mlb, "2024-07-03T08:30:00Z");
    let answer = server.wait_for_verdict("yes");
    assert_eq!(answer["date"], "2024-07-02");
    mlb.play(&[Game { stamp: 1, ..Game::new(FINAL).charged(1) }]);
    let answer = server.wait_for("the next day", |answer| answer["date"] == "2024-07-03");
    assert_eq!((&answer["verdict"], &answer["errors"]), (&json!("no_game"), &json!(0)));
}

#[test]
fn a_live_answer_that_is_not_renewed_grows_stale() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = Server::start(&mlb, EVENING);
    let good = server.wait_for_verdict("yes");
    mlb.fault(Fault::Status(500));
    let page = server.get("/", "Accept: text/html\r\n");
    // The promise of a live game is a minute; what follows from time alone is published within 15 s.
    let stale = server.wait_for_within(Duration::from_secs(90), "stale", |answer| answer["stale"] == true);
    assert_eq!((&stale["verdict"], &stale["errors"]), (&json!("yes"), &json!(1)));
    assert_eq!(stale["changed_at"], good["changed_at"]);
    let ready = server.get("/readyz", "");
    assert_eq!(ready.status, 503, "{}", ready.text());
    let etag = format!("Accept: text/html\r\nIf-None-Match: {}\r\n", page.field("etag"));
    let now = server.get("/", &etag);
    assert_eq!(now.status, 200, "the page of before is not the page of now");
    assert!(now.text().contains(">Yes</p>") && now.text().contains("MLB was last heard"), "{}", now.text());
}
