//! `e6 demo`.

use crate::support::{
    day::{FINAL, Game, IN_PROGRESS, PADRES, SCHEDULED, TATIS},
    fake_mlb::FakeMlb,
    server::{PATIENCE, Server, command, run},
    terminal,
};
use serde_json::json;
use std::{
    cell::RefCell,
    fs::{self, File},
    io::Read,
    thread,
    time::{Duration, Instant},
};

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
    let story = ["Not yet", "Not so far", "Yes"];
    assert!(words.ends_with(&story.map(String::from)), "{words:?}");
    assert_eq!(
        (&answer["verdict"], &answer["errors"], &answer["replay"]),
        (&json!("yes"), &json!(1), &json!(true))
    );
    assert_eq!(answer["date"], "2023-08-09");
    assert!(server.page().contains("This is a replay of August 9, 2023"));
    // The clock stops at the end, so the next day does not begin.
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
    server.wait_for("on", |answer| answer["answer"] == "Not so far");
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
        run(dir.path(), &[&FREE[..], &["--date", "2024-07-04", "--mlb-url", &mlb.url()]].concat());
    assert_eq!(code, Some(1));
    assert!(stderr.contains("played no game on 2024-07-04: choose another day"), "{stderr}");
}

const FREE: [&str; 9] = ["demo", "--http", "127.0.0.1:0", "--https", "off", "--tls", "off", "--admin", "off"];

#[test]
fn a_clock_and_a_day_that_has_not_been_are_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    for (arguments, expected) in [
        (["--clock", "2023-08-10T01:00:00Z"], "leave --clock (or E6_CLOCK) away"),
        (["--date", "2999-01-01"], "2999-01-01 is in the future"),
    ] {
        // MLB is not asked: this name does not resolve.
        let nowhere = ["--mlb-url", "http://mlb.invalid"];
        let (code, stdout, stderr) = run(dir.path(), &[&FREE[..], &arguments, &nowhere].concat());
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.contains(expected) && !stderr.contains("mlb.invalid"), "{stderr}");
    }
}

#[test]
fn the_day_is_told_line_by_line_where_there_is_no_terminal_and_its_end_too() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("stdout");
    let (stdout, stderr) = (File::create(&file).unwrap(), File::create(dir.path().join("stderr")).unwrap());
    let arguments = ["demo", "--speed", "700", "--access-log", "stdout"];
    let server = Server::start_writing(command(dir.path()), dir, &arguments, stdout.into(), stderr.into());
    server.get("/healthz", "");
    let printed = || fs::read_to_string(&file).unwrap();
    server.wait_until("over", || printed().contains("The replay is over."));
    let printed = printed();
    let told: Vec<_> = printed.lines().filter(|line| line.contains("Mariners")).collect();
    assert!(told.iter().any(|line| line.ends_with(": Not so far")), "{printed}");
    let last = told.last().unwrap();
    assert!(
        ["Final, ", "Game Over, "].iter().any(|state| last.starts_with(state)) && last.ends_with(": Yes"),
        "{printed}"
    );
    assert!(
        printed.ends_with("The replay is over. The site stays as it is until e6 is stopped.\n"),
        "{printed}"
    );
    assert!(!printed.contains("/healthz") && !printed.contains('\u{1b}'), "{printed}");
}

#[test]
fn on_a_terminal_the_day_is_one_line_that_is_written_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (mut screen, side) = terminal::open();
    let (stdout, stderr) = (side.try_clone().unwrap(), side);
    let arguments = ["demo", "--speed", "1500", "--access-log", "stdout"];
    let server = Server::start_writing(command(dir.path()), dir, &arguments, stdout.into(), stderr.into());
    let mut shown = String::new();
    let deadline = Instant::now() + PATIENCE;
    while !shown.contains("The replay is over.") {
        assert!(Instant::now() < deadline, "{shown}");
        server.get("/healthz", "");
        let mut bytes = [0; 4096];
        let count = screen.read(&mut bytes).unwrap();
        shown.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    let url = format!("http://{}/\r\n", server.http());
    let (_, day) = shown.split_once(&url).unwrap_or_else(|| panic!("no {url}: {shown}"));
    let lines: Vec<_> = day.lines().filter(|line| line.contains("Mariners")).collect();
    assert_eq!(lines.len(), 1, "one line: {day:?}");
    let states: Vec<_> = lines[0].split("\r\u{1b}[2K").filter(|state| !state.is_empty()).collect();
    assert!(states.len() > 3 && states.iter().all(|state| state.chars().count() < 80), "{states:?}");
    assert!(states.iter().any(|state| state.contains("of the") && state.contains("Padres")), "{states:?}");
    assert!(states.last().unwrap().ends_with(": Yes"), "{states:?}");
    assert!(!shown.contains("/healthz"), "{shown}");
}
