//! Odd days, and a system clock that jumps.

use crate::support::{
    day::{FINAL, Game, IN_PROGRESS},
    fake_mlb::FakeMlb,
    server::{Server, command},
};
use serde_json::json;
use std::{fs, path::Path, thread};

#[test]
fn the_day_turns_at_four_o_clock_on_the_wall_on_odd_days_too() {
    // Twenty seconds before 04:00 in San Diego, which is at 11:00 UTC in summer and at 12:00 UTC in winter.
    let days = [
        ("clocks go forward", "2024-03-10T10:59:40Z", "2024-03-09", "2024-03-10T03:10:00Z", "2024-03-10"),
        ("clocks go back", "2024-11-03T11:59:40Z", "2024-11-02", "2024-11-03T00:10:00Z", "2024-11-03"),
        ("to a leap day", "2024-02-29T11:59:40Z", "2024-02-28", "2024-02-29T02:10:00Z", "2024-02-29"),
        ("from a leap day", "2024-03-01T11:59:40Z", "2024-02-29", "2024-03-01T02:10:00Z", "2024-03-01"),
        ("to a new year", "2025-01-01T11:59:40Z", "2024-12-31", "2025-01-01T02:10:00Z", "2025-01-01"),
    ];
    thread::scope(|scope| {
        for (odd, clock, before, first_pitch, after) in days {
            scope.spawn(move || {
                let played = Game {
                    listed: before,
                    official: before,
                    start: first_pitch,
                    errors: 1,
                    ..Game::new(FINAL)
                };
                let mlb = FakeMlb::with(&[played]);
                let server = Server::start(&mlb, clock);
                let answer = server.wait_for_verdict("yes");
                assert_eq!(answer["date"], before, "{odd}");
                let answer = server.wait_for(odd, |answer| answer["date"] == after);
                assert_eq!((&answer["verdict"], &answer["errors"]), (&json!("no_game"), &json!(0)), "{odd}");
            });
        }
    });
}

#[test]
fn extra_innings_through_the_turn_of_the_day_stay_the_answer_until_they_end() {
    // Ten seconds before 04:00; the game that began in the evening is still on.
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = Server::start(&mlb, "2024-07-03T10:59:50Z");
    assert_eq!(server.wait_for_verdict("yes")["date"], "2024-07-02");
    let later = Game { stamp: 40_010, text: "The 30th inning.", ..Game::new(IN_PROGRESS).charged(2) };
    server.wait_until("four o'clock", || mlb.count("/api/v1.1/game/") >= 2);
    mlb.play(&[later]);
    let answer = server.wait_for("two errors", |answer| answer["errors"] == 2);
    assert_eq!((&answer["verdict"], &answer["date"]), (&json!("yes"), &json!("2024-07-02")));
}

/// Sets the clock that libfaketime shows to the server in this directory.
fn set_clock(dir: &Path, utc: &str) {
    let next = dir.join("clock.next");
    fs::write(&next, format!("@{utc}\n")).unwrap();
    fs::rename(&next, dir.join("clock")).unwrap();
}

#[test]
#[ignore = "needs libfaketime"]
fn a_system_clock_that_jumps_makes_no_wrong_answer_and_ends_no_polling() {
    let library = format!("/usr/lib/{}-linux-gnu/faketime/libfaketime.so.1", std::env::consts::ARCH);
    assert!(Path::new(&library).is_file(), "libfaketime is not installed: install the package faketime");
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let dir = tempfile::tempdir().unwrap();
    set_clock(dir.path(), "2024-07-03 04:05:00");
    let mut e6 = command(dir.path());
    e6.env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", dir.path().join("clock"))
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("TZ", "UTC");
    let server = Server::start_by(e6, dir, &["--mlb-url", &mlb.url(), "--data-dir", "data"]);
    server.wait_for_verdict("yes");
    for (jump, utc, verdict, date) in [
        ("an hour on", "2024-07-03 05:05:00", "yes", "2024-07-02"),
        ("an hour back", "2024-07-03 04:05:00", "yes", "2024-07-02"),
        ("a day on", "2024-07-04 20:05:00", "no_game", "2024-07-04"),
        // MLB says that the game is on, and MLB knows better than a clock.
        ("two days back", "2024-07-02 04:05:00", "yes", "2024-07-01"),
        ("a day on again", "2024-07-03 04:05:30", "yes", "2024-07-02"),
        ("a day back", "2024-07-02 04:05:30", "yes", "2024-07-01"),
        ("a day on once more", "2024-07-03 04:06:00", "yes", "2024-07-02"),
    ] {
        let asked = mlb.asked().len();
        set_clock(&server.path(""), utc);
        let answer = server.wait_for(jump, |answer| answer["date"] == date && answer["verdict"] == verdict);
        assert_eq!(answer["errors"], if verdict == "yes" { 1 } else { 0 }, "{jump}: {answer}");
        server.wait_until("polled again", || mlb.asked().len() > asked);
        assert_eq!(server.get("/healthz", "").status, 200, "{jump}");
    }
    assert!(!server.stderr().contains("panicked"), "{}", server.stderr());
}
