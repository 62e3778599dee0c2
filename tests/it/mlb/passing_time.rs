//! Changes of the answer that only the passing of time causes.

use crate::support::{
    day::{EVENING, FINAL, Game, IN_PROGRESS, schedule},
    fake_mlb::{FakeMlb, Fault},
    server::Server,
};
use serde_json::json;
use std::time::Duration;

#[test]
fn the_day_turns_at_four_in_the_morning_at_the_ballpark() {
    let mlb = FakeMlb::with(&[Game::new(FINAL).charged(1)]);
    // 03:59:50 in San Diego; the game ended in the evening.
    let server = Server::start(&mlb, "2024-07-03T10:59:50Z");
    let answer = server.wait_for_verdict("yes");
    assert_eq!(answer["date"], "2024-07-02");
    assert!(answer["reason"].as_str().unwrap().ends_with("This is about Tuesday, July 2."), "{answer}");
    let answer = server.wait_for("the next day", |answer| answer["date"] == "2024-07-03");
    assert_eq!((&answer["verdict"], &answer["errors"]), (&json!("no_game"), &json!(0)));
}

#[test]
fn a_game_that_ends_after_midnight_keeps_its_answer() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = Server::start(&mlb, "2024-07-03T08:30:00Z");
    let answer = server.wait_for_verdict("yes");
    assert_eq!(answer["date"], "2024-07-02");
    assert!(answer["reason"].as_str().unwrap().ends_with("This is about Tuesday, July 2."), "{answer}");
    let over = Game { stamp: 1, text: "The last play.", ..Game::new(FINAL).charged(1) };
    mlb.play(std::slice::from_ref(&over));
    let answer = server.wait_for("the end", |answer| answer["plays"][0]["text"] == "The last play.");
    assert_eq!((&answer["verdict"], &answer["date"]), (&json!("yes"), &json!("2024-07-02")));
}

#[test]
fn the_answer_of_a_night_is_there_after_a_start_in_the_morning() {
    // 05:00 in San Diego; the last play was at 01:30.
    let mut mlb_game = Game::new(FINAL).charged(1).feed();
    mlb_game["liveData"]["plays"]["allPlays"][0]["about"]["endTime"] = json!("2024-07-03T08:30:00.000Z");
    let mlb = FakeMlb::with(&[Game::new(FINAL).charged(1)]);
    mlb.put("/api/v1.1/game/1001/", mlb_game);
    let server = Server::start(&mlb, "2024-07-03T12:00:00Z");
    let answer = server.wait_for_verdict("yes");
    assert_eq!(answer["date"], "2024-07-02");
    let later = Server::start(&mlb, "2024-07-03T12:30:00Z");
    assert_eq!(later.wait_for_verdict("no_game")["date"], "2024-07-03");

    // A new game ends that day at any hour.
    let (day, start) = ("2024-07-03", "2024-07-03T11:50:00Z");
    let new = Game { pk: 1002, listed: day, official: day, start, ..Game::new(IN_PROGRESS) };
    let listed = schedule(&[Game::new(FINAL).charged(1), new.clone()]);
    mlb.put("/api/v1/schedule?", listed);
    mlb.put("/api/v1.1/game/1002/", new.feed());
    let server = Server::start(&mlb, "2024-07-03T12:00:00Z");
    assert_eq!(server.wait_for_verdict("not_yet")["date"], "2024-07-03");
}

#[test]
fn a_live_answer_that_is_not_renewed_grows_stale() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = Server::start(&mlb, EVENING);
    let good = server.wait_for_verdict("yes");
    mlb.fault(Fault::Status(500));
    let page = server.get("/", "Accept: text/html\r\n");
    // Data of a live game is stale after a minute; changes by time alone are published within 15 s.
    let stale = server.wait_for_within(Duration::from_secs(90), "stale", |answer| answer["stale"] == true);
    assert_eq!((&stale["verdict"], &stale["errors"]), (&json!("yes"), &json!(1)));
    assert_eq!(stale["changed_at"], good["changed_at"]);
    let ready = server.get("/readyz", "");
    assert_eq!(ready.status, 503, "{}", ready.text());
    let etag = format!("Accept: text/html\r\nIf-None-Match: {}\r\n", page.field("etag"));
    let now = server.get("/", &etag);
    assert_eq!(now.status, 200, "the page of before is not the page of now");
    assert!(now.text().contains(">Yes</p>") && now.text().contains("Updated "), "{}", now.text());
}
