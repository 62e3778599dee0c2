//! `e6 demo`.

use crate::support::{
    day::{FINAL, Game, IN_PROGRESS, PADRES, SCHEDULED, TATIS},
    fake_mlb::FakeMlb,
    server::Server,
};
use serde_json::json;
use std::{cell::RefCell, thread, time::Duration};

#[test]
fn the_day_that_comes_with_e6_goes_from_not_yet_to_yes_without_a_network() {
    let server = Server::start_with(&["demo", "--speed", "700"]);
    let words = RefCell::new(Vec::new());
    let answer = server.wait_for("over", |answer| {
        let word = answer["answer"].as_str().unwrap().to_owned();
        let mut words = words.borrow_mut();
        if words.last() != Some(&word) {
            words.push(word);
        }
        answer["games"][0]["state"] == "over"
    });
    let words = words.into_inner();
    let story = ["Not yet", "No, so far", "Yes"];
    assert!(words.ends_with(&story.map(String::from)), "{words:?}");
    assert_eq!(
        (&answer["verdict"], &answer["errors"], &answer["replay"]),
        (&json!("yes"), &json!(1), &json!(true))
    );
    assert_eq!(answer["date"], "2023-08-09");
    assert!(server.page().contains("This is a replay of August 9, 2023"));
    // The clock stops: the day does not turn under the reader.
    thread::sleep(Duration::from_secs(2));
    assert_eq!(server.api()["verdict"], "yes");
    assert_eq!(server.get("/readyz", "").status, 200);
}

#[test]
fn any_past_day_is_replayed_from_mlbs_records() {
    let mlb = FakeMlb::of(TATIS, PADRES);
    mlb.play(&[Game::new(FINAL).charged(1)]);
    mlb.at("00000000_000000", &Game::new(SCHEDULED));
    mlb.at("20240703_020500", &Game::new(IN_PROGRESS));
    mlb.at("20240703_030000", &Game::new(IN_PROGRESS).charged(1));
    mlb.at("20240703_050000", &Game::new(FINAL).charged(1));
    let server =
        Server::start_with(&["demo", "--date", "2024-07-02", "--speed", "600", "--mlb-url", &mlb.url()]);
    assert_ne!(server.wait_for("heard", |answer| !answer["asked_at"].is_null())["verdict"], "yes");
    server.wait_for("on", |answer| answer["answer"] == "No, so far");
    server.wait_for_verdict("yes");
    let answer = server.wait_for("over", |answer| answer["games"][0]["state"] == "over");
    assert_eq!((&answer["date"], &answer["replay"]), (&json!("2024-07-02"), &json!(true)));
    let asked = mlb.asked();
    let codes: Vec<_> =
        asked.iter().filter_map(|path| path.split_once("timecode=")).map(|(_, code)| code).collect();
    assert!(!codes.is_empty() && codes.is_sorted(), "{asked:?}");
    assert!(codes[0].starts_with("20240703_0"), "{codes:?}");
}

#[test]
fn a_day_without_a_game_cannot_be_replayed_and_says_so() {
    let mlb = FakeMlb::of(TATIS, PADRES);
    let dir = tempfile::tempdir().unwrap();
    let (code, _, stderr) =
        crate::support::server::run(dir.path(), &["demo", "--date", "2024-07-04", "--mlb-url", &mlb.url()]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("played no game on 2024-07-04: choose another day"), "{stderr}");
}
