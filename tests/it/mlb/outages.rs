//! MLB misbehaves; the answer is never wrong.

use crate::support::{
    day::{EVENING, Game, IN_PROGRESS},
    fake_mlb::{FakeMlb, Fault},
    server::Server,
};
use serde_json::json;
use std::{thread, time::Duration};

const FAULTS: [(Fault, &str); 9] = [
    (Fault::Refuse, "MLB cannot be reached at the moment."),
    (Fault::Hang, "MLB did not reply in time."),
    (Fault::Drip, "MLB did not reply in time."),
    (Fault::Truncate, "MLB"),
    (Fault::Status(500), "MLB turned the question away; we will ask again."),
    (Fault::Status(302), "MLB turned the question away; we will ask again."),
    (Fault::Wait(3), "MLB turned the question away; we will ask again."),
    (Fault::Html, "MLB's reply made no sense; we will ask again."),
    (Fault::Huge, "MLB's reply made no sense; we will ask again."),
];

#[test]
fn whatever_mlb_does_at_first_the_page_says_so_and_recovers_by_itself() {
    thread::scope(|scope| {
        for (fault, reason) in FAULTS {
            scope.spawn(move || {
                let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
                mlb.fault(fault);
                let server = Server::start(&mlb, EVENING);
                let answer = server.wait_for(&format!("{fault:?}"), |answer| {
                    answer["reason"] != "MLB has just been asked; the reply is on its way."
                });
                assert_eq!(
                    (&answer["verdict"], &answer["asked_at"]),
                    (&json!("unknown"), &json!(null)),
                    "{fault:?}"
                );
                assert!(answer["reason"].as_str().unwrap().starts_with(reason), "{fault:?} {answer}");
                assert!(server.page().contains("Can&#39;t tell yet"));
                let ready = server.get("/readyz", "");
                assert_eq!(ready.status, 503);
                assert!(ready.text().starts_with("not ready: MLB"), "{}", ready.text());
                assert_eq!(server.get("/healthz", "").status, 200);

                mlb.fault(None);
                server.wait_for_within(Duration::from_secs(60), "recovered", |answer| {
                    answer["verdict"] == "yes"
                });
                assert_eq!(server.get("/readyz", "").status, 200);
            });
        }
    });
}

#[test]
fn whatever_mlb_does_later_the_last_good_answer_stays() {
    thread::scope(|scope| {
        for (fault, _) in FAULTS {
            scope.spawn(move || {
                let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
                let server = Server::start(&mlb, EVENING);
                let good = server.wait_for_verdict("yes");
                mlb.fault(fault);
                let asked = mlb.asked().len();
                let deadline = std::time::Instant::now() + Duration::from_secs(40);
                while !server.stderr().contains("no news from MLB") {
                    assert!(
                        std::time::Instant::now() < deadline,
                        "{fault:?}: {} asked",
                        mlb.asked().len() - asked
                    );
                    thread::sleep(Duration::from_millis(100));
                }
                assert_eq!(server.api()["verdict"], "yes", "{fault:?}");
                assert_eq!(server.api()["asked_at"], good["asked_at"], "{fault:?}");
            });
        }
    });
}

#[test]
fn data_that_is_older_or_of_another_day_or_game_is_refused() {
    let mlb = FakeMlb::with(&[Game { stamp: 5, ..Game::new(IN_PROGRESS).charged(1) }]);
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("yes");
    mlb.put("/api/v1.1/game/1001/", Game { stamp: 4, ..Game::new(IN_PROGRESS) }.feed());
    let said = |what: &str| {
        let deadline = std::time::Instant::now() + Duration::from_secs(40);
        while !server.stderr().contains(what) {
            assert!(std::time::Instant::now() < deadline, "{}", server.stderr());
            thread::sleep(Duration::from_millis(100));
        }
    };
    said("older than the one of 20240703_000005");
    assert_eq!(server.api()["verdict"], "yes");
    mlb.put(
        "/api/v1.1/game/1001/",
        Game { official: "2024-07-01", stamp: 6, ..Game::new(IN_PROGRESS) }.feed(),
    );
    said("of another day than its listing, 2024-07-02");
    mlb.put("/api/v1.1/game/1001/", Game { pk: 9, stamp: 6, ..Game::new(IN_PROGRESS) }.feed());
    said("asked for game 1001, got game 9");
    assert_eq!(server.api()["verdict"], "yes");
}

#[test]
fn retry_after_is_honoured() {
    let mlb = FakeMlb::with(&[]);
    mlb.fault(Fault::Wait(5));
    let server = Server::start(&mlb, EVENING);
    server.wait_for("turned away", |answer| answer["reason"].as_str().unwrap().contains("turned"));
    let asked = mlb.asked().len();
    thread::sleep(Duration::from_secs(3));
    assert_eq!(mlb.asked().len(), asked, "nothing is asked while MLB wants to be left alone");
    mlb.fault(None);
    server.wait_for_verdict("no_game");
}

#[test]
fn what_has_not_changed_is_not_sent_twice() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = Server::start(&mlb, EVENING);
    let first = server.wait_for_verdict("yes");
    let later = server.wait_for("asked again", |answer| answer["asked_at"] != first["asked_at"]);
    assert_eq!((&later["verdict"], &later["plays"]), (&first["verdict"], &first["plays"]));
    assert!(mlb.unchanged() >= 1, "{:?}", mlb.asked());
}
