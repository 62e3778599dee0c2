//! MLB fails in many ways; the answer is never wrong.

use crate::support::{
    day::{EVENING, Game, IN_PROGRESS},
    fake_mlb::{FakeMlb, Fault},
    server::Server,
};
use serde_json::json;
use std::{thread, time::Duration};

/// Each fault, and the beginning of what the page says of it.
pub const FAULTS: [(Fault, &str); 19] = [
    (Fault::Refuse, "MLB's data service can't be reached. Trying again."),
    (Fault::Hang, "MLB's data service is too slow. Trying again."),
    (Fault::HangInHead, "MLB's data service is too slow. Trying again."),
    (Fault::HangInBody, "MLB's data service is too slow. Trying again."),
    (Fault::Reset, "MLB"),
    (Fault::NotHttp, "MLB"),
    (Fault::Redirect, "MLB's data service isn't answering. Trying again."),
    (Fault::Drip, "MLB's data service is too slow. Trying again."),
    (Fault::Truncate, "MLB"),
    (Fault::Status(500), "MLB's data service isn't answering. Trying again."),
    (Fault::Status(302), "MLB's data service isn't answering. Trying again."),
    (Fault::Wait(3), "MLB's data service isn't answering. Trying again."),
    (Fault::Status(406), "MLB's data service refuses this server's network."),
    (Fault::StatusHtml(403), "MLB's data service refuses this server's network."),
    (Fault::Html, "MLB's data service sent an unreadable reply. Trying again."),
    (Fault::Huge, "MLB's data service sent an unreadable reply. Trying again."),
    (Fault::Deep, "MLB's data service sent an unreadable reply. Trying again."),
    (Fault::NotANumber, "The game against Texas has begun, but its box score can't be read right now."),
    (Fault::Twice, "The game against Texas has begun, but its box score can't be read right now."),
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
                    answer["reason"] != "Asking MLB. The answer is on its way."
                });
                assert_eq!(answer["verdict"], "unknown", "{fault:?}");
                // These two spoil no schedule.
                let is_only_in_feeds = matches!(fault, Fault::NotANumber | Fault::Twice);
                assert_eq!(answer["asked_at"].is_null(), !is_only_in_feeds, "{fault:?}");
                assert!(answer["reason"].as_str().unwrap().starts_with(reason), "{fault:?} {answer}");
                assert!(server.page().contains("Can&#39;t tell yet"));
                let ready = server.get("/readyz", "Accept: text/plain\r\n");
                assert_eq!(ready.status, 503);
                assert!(ready.text().starts_with(&format!("not ready: {reason}")), "{}", ready.text());
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
                while !server.stderr().contains("no news from MLB")
                    && !server.stderr().contains("MLB refuses this server's network")
                {
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
    server.wait_for("turned away", |answer| answer["reason"].as_str().unwrap().contains("answering"));
    let asked = mlb.asked().len();
    thread::sleep(Duration::from_secs(3));
    assert_eq!(mlb.asked().len(), asked, "nothing is asked while MLB wants to be left alone");
    mlb.fault(None);
    server.wait_for_verdict("no_game");
}

#[test]
fn a_feed_that_flaps_between_two_states_is_followed_and_never_mixed() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("not_yet");
    let mut seen = 0;
    for stamp in 1..=6 {
        let errors = stamp % 2;
        mlb.play(&[Game { stamp, text: "Flapping.", ..Game::new(IN_PROGRESS).charged(errors) }]);
        let answer = server.wait_for("the next state", |answer| answer["errors"] == errors);
        let expected = if errors == 1 { "yes" } else { "not_yet" };
        assert_eq!(answer["verdict"], expected, "{answer}");
        assert_eq!(answer["plays"].as_array().unwrap().len(), errors as usize, "{answer}");
        seen += 1;
    }
    assert_eq!(seen, 6);
}

#[test]
fn an_mlb_that_cannot_prove_its_name_or_is_not_there_is_not_believed() {
    let mlb = FakeMlb::with(&[]);
    let other = Server::start(&mlb, EVENING);
    // The port 9 is closed.
    let closed = "http://127.0.0.1:9".to_owned();
    for url in [format!("https://{}", other.https()), mlb.url().replace("http:", "https:"), closed] {
        let server = Server::start_with(&["--mlb-url", &url, "--clock", EVENING]);
        let answer = server.wait_for("asked", |answer| {
            answer["reason"] == "MLB's data service can't be reached. Trying again."
        });
        assert_eq!((&answer["verdict"], &answer["asked_at"]), (&json!("unknown"), &json!(null)), "{url}");
    }
}

#[test]
fn an_mlb_that_is_silent_in_the_tls_handshake_is_too_slow() {
    // The kernel accepts connections, and nobody else does.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", silent.local_addr().unwrap());
    let server = Server::start_with(&["--mlb-url", &url, "--clock", EVENING]);
    let answer = server
        .wait_for("given up", |answer| answer["reason"] == "MLB's data service is too slow. Trying again.");
    assert_eq!(answer["verdict"], "unknown", "{answer}");
    assert_eq!((server.get("/", "").status, server.get("/healthz", "").status), (200, 200));
}

/// The number of times that this text is in the log.
fn logged(server: &Server, text: &str) -> usize {
    server.stderr().matches(text).count()
}

#[test]
fn a_refused_network_is_named_logged_once_with_the_ways_out_counted_and_over_when_mlb_answers() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    for prefix in ["/api/v1/schedule", "/api/v1.1/game"] {
        mlb.fault_at(prefix, Fault::StatusHtml(406));
    }
    let server = Server::start(&mlb, EVENING);
    let refused =
        |answer: &serde_json::Value| answer["reason"] == "MLB's data service refuses this server's network.";
    server.wait_for("refused", refused);
    let spanish = server.get("/es", "Accept: text/plain\r\n");
    assert!(
        spanish.text().contains("El servicio de datos de MLB rechaza la red de este servidor."),
        "{}",
        spanish.text()
    );
    server.wait_until("refused three times", || {
        server.metric("e6_mlb_polls_total{outcome=\"refused\"}") >= 3.0
    });
    assert_eq!(logged(&server, "three ways out"), 1, "{}", server.stderr());
    for way in ["mlb.proxy", "relay.token_file", "another network"] {
        assert_eq!(logged(&server, way), 1, "{way}: {}", server.stderr());
    }
    assert_eq!(logged(&server, "the reply is 406"), 1, "{}", server.stderr());
    mlb.fault(None);
    server.wait_for_verdict("yes");
    assert_eq!(logged(&server, "MLB no longer refuses this server's network"), 1, "{}", server.stderr());
}

#[test]
fn a_stale_answer_says_that_mlb_refuses_this_servers_network() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    mlb.age("/api", 10_800);
    let server = Server::start(&mlb, EVENING);
    let answer = server.wait_for_verdict("yes");
    assert_eq!(answer["stale"], true, "{answer}");
    assert_eq!(server.metric("e6_answer_stale"), 1.0);
    let page = |path: &str, accept: &str| {
        server
            .get(path, &format!("Accept: {accept}\r\n"))
            .text()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let refused = "MLB's data service refuses this server's network.";
    assert!(!page("/en", "text/plain").contains(refused), "nobody has refused yet");
    for prefix in ["/api/v1/schedule", "/api/v1.1/game"] {
        mlb.fault_at(prefix, Fault::StatusHtml(403));
    }
    server.wait_until("refused", || page("/en", "text/plain").contains(refused));
    assert!(
        page("/en", "text/html").contains("MLB&#39;s data service refuses this server&#39;s network."),
        "{}",
        page("/en", "text/html")
    );
    assert!(
        page("/es", "text/plain").contains("El servicio de datos de MLB rechaza la red de este servidor.")
    );
    assert_eq!(server.api()["verdict"], "yes", "what was read stands");
}

#[test]
fn each_request_says_who_asks_and_for_what() {
    let mlb = FakeMlb::with(&[]);
    let server =
        Server::start_with(&["--mlb-url", &mlb.url(), "--url", "https://e6.example", "--clock", EVENING]);
    server.wait_for_verdict("no_game");
    for head in mlb.heads() {
        let head = head.to_ascii_lowercase();
        let agent = format!("user-agent: e6/{} (+https://e6.example)\r\n", env!("CARGO_PKG_VERSION"));
        assert!(head.contains(&agent) && head.contains("accept: application/json\r\n"), "{head}");
    }
}

/// The age of the data at the start of the site's clock, in seconds.
fn made_before(answer: &serde_json::Value, clock: &str) -> i64 {
    let time = |text: &str| {
        time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339)
            .unwrap()
            .unix_timestamp()
    };
    time(clock) - time(answer["asked_at"].as_str().unwrap())
}

#[test]
fn data_is_as_old_as_its_origin_says_and_stale_when_that_is_too_old_for_its_state() {
    thread::scope(|scope| {
        for (prefix, age, stale) in [
            ("/api", 0, false),
            ("/api", 20, false),
            ("/api", 10_800, true),
            ("/api/v1.1/game/", 300, true),
            ("/api/v1/schedule", 300, true),
            ("/api/v1/people", 10_800, false),
        ] {
            scope.spawn(move || {
                let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
                mlb.age(prefix, age);
                let server = Server::start(&mlb, EVENING);
                let answer = server.wait_for_verdict("yes");
                assert_eq!(answer["stale"], stale, "{prefix} {age}: {answer}");
                let counted = if prefix.contains("people") { 0 } else { i64::from(age) };
                let made = made_before(&answer, EVENING);
                assert!((counted - 20..=counted).contains(&made), "{prefix} {age}: {made}");
                assert_eq!(server.get("/readyz", "").status, if stale { 503 } else { 200 }, "{prefix} {age}");
            });
        }
    });
}

#[test]
fn an_empty_schedule_from_an_old_cache_is_no_word_about_today() {
    let mlb = FakeMlb::with(&[]);
    mlb.age("/api/v1/schedule", 24 * 60 * 60);
    let server = Server::start(&mlb, EVENING);
    let answer = server.wait_for("asked", |answer| !answer["asked_at"].is_null());
    assert_eq!((&answer["verdict"], &answer["stale"]), (&json!("unknown"), &json!(true)), "{answer}");
}

#[test]
fn three_older_feeds_in_agreement_end_the_distrust_of_a_feed_from_the_future() {
    let mlb = FakeMlb::with(&[Game { stamp: 900_000, ..Game::new(IN_PROGRESS).charged(1) }]);
    let dir = tempfile::tempdir().unwrap();
    let arguments = ["--mlb-url", &mlb.url(), "--clock", EVENING, "--data-dir", "data"];
    let server = Server::start_in(dir, &arguments);
    server.wait_for_verdict("yes");
    server.wait_until("kept", || server.path("data/last-good.e6").exists());
    let (_, dir) = server.terminate();
    mlb.play(&[Game { stamp: 5, ..Game::new(IN_PROGRESS) }]);
    let server = Server::start_in(dir, &arguments);
    server.wait_for_within(Duration::from_secs(60), "believed", |answer| answer["verdict"] == "not_yet");
    assert!(server.stderr().contains("MLB stays with it, so it counts"), "{}", server.stderr());
}
