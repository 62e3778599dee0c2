//! The relay: an e6 between MLB and other e6 servers.

use crate::{
    mlb::outages::FAULTS,
    support::{
        day::{EVENING, Game, IN_PROGRESS},
        fake_mlb::{FakeMlb, Fault},
        secrets::TOKEN,
        server::{Response, Server, check, signal},
        tools,
    },
};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

const BEARER: &str = "Authorization: Bearer correct-horse-battery-staple\r\n";
/// Questions that only this test asks.
const CLUB: &str = "/api/v1/teams/999?hydrate=venue(timezone)";
const FEED: &str = "/api/v1.1/game/999/feed/live";

fn give_token(dir: &Path, section: &str, token: &str) {
    fs::write(dir.join("token"), format!("{token}\n")).unwrap();
    fs::write(dir.join("e6.toml"), format!("[{section}]\ntoken_file = \"token\"\n")).unwrap();
}

/// A relay in front of this fake MLB, which has replies to the test's questions.
fn relay(mlb: &FakeMlb) -> Server {
    mlb.put("/api/v1/teams/999", json!({"teams": [{"id": 999}]}));
    mlb.put(FEED, json!({"gamePk": 999, "filler": "x".repeat(5000)}));
    let dir = tempfile::tempdir().unwrap();
    give_token(dir.path(), "relay", TOKEN);
    let relay = Server::start_in(dir, &["--mlb-url", &mlb.url(), "--clock", EVENING]);
    relay.wait_for("heard", |answer| answer["verdict"] != "unknown");
    relay
}

fn replica_in(dir: tempfile::TempDir, relay: &Server) -> Server {
    let url = format!("http://{}/mlb", relay.http());
    Server::start_in(dir, &["--mlb-url", &url, "--clock", EVENING])
}

/// An e6 that uses this relay.
fn replica(relay: &Server) -> Server {
    let dir = tempfile::tempdir().unwrap();
    give_token(dir.path(), "mlb", TOKEN);
    replica_in(dir, relay)
}

fn ask(relay: &Server, question: &str) -> Response {
    relay.get(&format!("/mlb{question}"), BEARER)
}

fn metric(relay: &Server, name: &str, outcome: &str) -> f64 {
    relay.metric(&format!("e6_relay_{name}_total{{outcome=\"{outcome}\"}}"))
}

#[test]
fn fifty_replicas_that_ask_at_once_cost_mlb_one_question() {
    let mlb = FakeMlb::with(&[]);
    let relay = relay(&mlb);
    mlb.fault_at("/api/v1/teams/999", Fault::Late(1500));
    thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                let response = ask(&relay, CLUB);
                assert_eq!((response.status, response.text()), (200, "{\"teams\":[{\"id\":999}]}"));
            });
        }
    });
    assert_eq!(mlb.count("/api/v1/teams/999"), 1, "{:?}", mlb.asked());
    assert_eq!(metric(&relay, "requests", "asked") + metric(&relay, "requests", "fresh"), 50.0);
    // Its own poller asks MLB through the relay, too.
    relay.wait_until("counted", || {
        let outcomes = ["heard", "turned_away", "refused", "unreachable", "too_slow", "garbled"];
        let counted = outcomes.map(|outcome| metric(&relay, "upstream_requests", outcome));
        counted.iter().sum::<f64>() == mlb.asked().len() as f64
    });
}

#[test]
fn replicas_have_the_answer_and_its_age_from_the_relay_alone() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    mlb.age("/api/v1.1/game/", 300);
    let relay = relay(&mlb);
    let replicas: Vec<Server> = (0..3).map(|_| replica(&relay)).collect();
    for replica in &replicas {
        let answer = replica.wait_for_verdict("yes");
        assert_eq!(answer["stale"], true, "made five minutes ago: {answer}");
    }
    let first_round = metric(&relay, "upstream_requests", "heard");
    assert!(first_round >= 4.0, "people, team, schedule and feed");
    let asked = metric(&relay, "requests", "asked") + metric(&relay, "requests", "fresh");
    assert!(asked >= 12.0, "each replica asks each: {asked}");
    let of_people =
        mlb.heads().iter().filter(|head| head.to_ascii_lowercase().contains("authorization")).count();
    assert_eq!(of_people, 0, "the token stays between e6 servers");
}

#[test]
fn the_relays_own_poller_and_its_clients_share_one_request_to_mlb() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let relay = relay(&mlb);
    relay.wait_for_verdict("yes");
    let feed = mlb.asked().into_iter().find(|path| path.contains("/feed/live")).unwrap();
    let before = mlb.count(&feed);
    assert_eq!(ask(&relay, &feed).status, 200);
    assert_eq!((mlb.count(&feed), metric(&relay, "requests", "fresh")), (before, 1.0), "{:?}", mlb.asked());
    assert_eq!(before, 1, "{:?}", mlb.asked());
    assert_eq!(
        metric(&relay, "requests", "asked"),
        0.0,
        "the poller's own requests are no requests to the relay"
    );
}

#[test]
fn only_e6s_own_questions_are_answered_only_to_get_and_only_with_the_token() {
    let mlb = FakeMlb::with(&[]);
    let relay = relay(&mlb);
    let before = mlb.asked().len();
    for authorization in
        ["", "Authorization: Bearer correct-horse-battery\r\n", "Authorization: Basic eDp5\r\n"]
    {
        let response = relay.get(&format!("/mlb{CLUB}"), authorization);
        assert_eq!(response.status, 401, "{authorization:?}");
        assert!(response.field("www-authenticate").starts_with("Bearer"), "{response:?}");
    }
    for other in [
        "/mlb/",
        "/mlb/api/v1/teams/999",
        "/mlb/api/v1/teams/999?hydrate=venue(timezone)&fields=teams",
        "/mlb/api/v1/standings?leagueId=103",
        "/mlb/api/v1.1/game/999/feed/live?fields=gamePk&x=1",
        "/mlb/api/v1/schedule?sportId=1&teamId=135&startDate=1900-01-01&endDate=2026-01-01",
    ] {
        assert_eq!(relay.get(other, BEARER).status, 404, "{other}");
    }
    for method in ["POST", "HEAD", "PUT", "OPTIONS", "DELETE"] {
        let request = format!("{method} /mlb{CLUB} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{BEARER}\r\n");
        let response = relay.send(&request, method != "HEAD");
        assert_eq!((response.status, response.field("allow")), (405, "GET"), "{method}");
    }
    thread::sleep(Duration::from_millis(200));
    let about_test = mlb.asked()[before..].iter().filter(|path| path.contains("999")).count();
    assert_eq!(about_test, 0, "{:?}", mlb.asked());
    assert_eq!(metric(&relay, "requests", "unauthorized"), 3.0);
    assert_eq!(
        metric(&relay, "requests", "not_a_question"),
        5.0,
        "all but /mlb/, which is no path of the relay's"
    );
    let without = Server::start(&mlb, EVENING);
    assert_eq!(without.get(&format!("/mlb{CLUB}"), BEARER).status, 404, "nobody configured a relay here");
}

#[test]
fn a_reply_carries_its_age_on_and_is_used_as_long_as_that_allows() {
    let mlb = FakeMlb::with(&[]);
    let relay = relay(&mlb);
    mlb.age(FEED, 7);
    let first = ask(&relay, FEED);
    assert_eq!(
        (first.status, first.field("age"), first.field("content-type")),
        (200, "7", "application/json;charset=UTF-8")
    );
    assert_eq!(first.field("cache-control"), "private, max-age=10, stale-if-error=86400");
    let second = relay.get(&format!("/mlb{FEED}"), &format!("{BEARER}Accept-Encoding: gzip\r\n"));
    assert_eq!(second.field("content-encoding"), "gzip");
    assert!(second.body.len() < 1000, "{}", second.body.len());
    assert_eq!(mlb.count(FEED), 1);
    relay.wait_until("asked again", || {
        let age: u64 = ask(&relay, FEED).field("age").parse().unwrap();
        assert!((7..10).contains(&age), "{age}");
        mlb.count(FEED) == 2
    });
    assert!(metric(&relay, "requests", "fresh") >= 1.0);
}

#[test]
fn an_old_reply_is_better_than_none_while_mlb_fails_and_a_refusal_is_passed_on() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let relay = relay(&mlb);
    mlb.age(FEED, 9);
    assert_eq!(ask(&relay, FEED).status, 200);
    mlb.fault_at(FEED, Fault::Status(500));
    relay.wait_until("failed", || {
        ask(&relay, FEED).status == 200 && metric(&relay, "requests", "stale") >= 1.0
    });
    let stale = ask(&relay, FEED);
    assert_eq!(stale.status, 200);
    assert!(stale.field("age").parse::<u64>().unwrap() >= 10, "{stale:?}");
    assert_eq!(relay.stderr().matches("no reply for the relay").count(), 1, "{}", relay.stderr());

    mlb.fault(None);
    mlb.fault_at("/api/v1/schedule", Fault::StatusHtml(406));
    let schedule = mlb.asked().into_iter().find(|path| path.starts_with("/api/v1/schedule?")).unwrap();
    relay.wait_until("refused", || ask(&relay, &schedule).status == 406);
    let replica = replica(&relay);
    let answer = replica.wait_for("refused", |answer| {
        answer["reason"] == "MLB's data service refuses this server's network."
    });
    assert_eq!(answer["verdict"], "unknown");
    assert_eq!(relay.stderr().matches("the relay cannot help").count(), 1, "{}", relay.stderr());
}

#[test]
fn whatever_mlb_does_to_a_relay_its_replicas_claim_nothing_and_recover_by_themselves() {
    thread::scope(|scope| {
        for (fault, _) in FAULTS {
            scope.spawn(move || {
                let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
                mlb.fault(fault);
                let dir = tempfile::tempdir().unwrap();
                give_token(dir.path(), "relay", TOKEN);
                let relay = Server::start_in(dir, &["--mlb-url", &mlb.url(), "--clock", EVENING]);
                let replica = replica(&relay);
                let answer = replica.wait_for(&format!("{fault:?}"), |answer| {
                    answer["reason"] != "Asking MLB. The answer is on its way."
                });
                assert_eq!(answer["verdict"], "unknown", "{fault:?}: {answer}");
                assert_eq!(replica.get("/readyz", "").status, 503, "{fault:?}");
                mlb.fault(None);
                replica.wait_for_within(Duration::from_secs(120), "recovered", |answer| {
                    answer["verdict"] == "yes" && answer["errors"] == 1
                });
                // The same later: the last good answer stays, and says how old it is.
                mlb.fault(fault);
                let told = format!("told that it is stale, {fault:?}");
                let answer = replica
                    .wait_for_within(Duration::from_secs(150), &told, |answer| answer["stale"] == true);
                assert_eq!((&answer["verdict"], &answer["errors"]), (&json!("yes"), &json!(1)), "{fault:?}");
            });
        }
    });
}

#[test]
fn an_mlb_that_hangs_holds_up_neither_visitors_nor_those_who_ask_the_relay() {
    let mlb = FakeMlb::with(&[]);
    let relay = relay(&mlb);
    mlb.fault_at("/api/v1.1/game/", Fault::Hang);
    thread::scope(|scope| {
        for id in 1..=100 {
            let relay = &relay;
            scope.spawn(move || {
                let began = Instant::now();
                let response = ask(relay, &format!("/api/v1.1/game/{id}/feed/live"));
                assert!([503, 504].contains(&response.status), "{id}: {response:?}");
                assert!(!response.field("retry-after").is_empty() || response.status == 504, "{response:?}");
                assert!(began.elapsed() < Duration::from_secs(10), "{id}: {:?}", began.elapsed());
            });
        }
        thread::sleep(Duration::from_millis(500));
        let began = Instant::now();
        assert_eq!(relay.get("/", "").status, 200);
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    });
}

#[test]
fn a_token_that_the_relay_does_not_know_is_named_with_its_setting() {
    let mlb = FakeMlb::with(&[]);
    let relay = relay(&mlb);
    let dir = tempfile::tempdir().unwrap();
    give_token(dir.path(), "mlb", "another-token-altogether");
    let url = format!("http://{}/mlb", relay.http());
    let (code, stdout, stderr) = crate::support::server::run(
        dir.path(),
        &[
            "check",
            "--http",
            "127.0.0.1:0",
            "--https",
            "127.0.0.1:0",
            "--admin",
            "127.0.0.1:0",
            "--mlb-url",
            &url,
        ],
    );
    assert_eq!(code, Some(2), "{stdout}{stderr}");
    assert!(stderr.contains("error    mlb.token_file") && stderr.contains("relay.token_file"), "{stderr}");
    let replica = replica_in(dir, &relay);
    replica.wait_until("named", || replica.stderr().contains("mlb.token_file"));
}

#[test]
fn a_question_that_the_relay_does_not_answer_is_no_word_on_the_player() {
    let mlb = FakeMlb::with(&[]);
    let relay = relay(&mlb);
    let dir = tempfile::tempdir().unwrap();
    give_token(dir.path(), "mlb", TOKEN);
    let url = format!("http://{}/mlb/elsewhere", relay.http());
    let replica = Server::start_in(dir, &["--mlb-url", &url, "--clock", EVENING]);
    replica.wait_until("named", || replica.stderr().contains("the relay does not answer this question"));
    replica.wait_for("turned away", |answer| answer["verdict"] == "unknown");
    assert!(!replica.stderr().contains("knows no such player"), "{}", replica.stderr());
}

#[test]
fn a_reload_takes_another_token_and_keeps_what_is_cached() {
    let mlb = FakeMlb::with(&[]);
    let relay = relay(&mlb);
    assert_eq!(ask(&relay, CLUB).status, 200);
    fs::write(relay.path("token"), "another-token-altogether").unwrap();
    signal(relay.pid(), "HUP");
    relay.wait_until("refused", || ask(&relay, CLUB).status == 401);
    let response = relay.get(&format!("/mlb{CLUB}"), "Authorization: Bearer another-token-altogether\r\n");
    assert_eq!(response.status, 200);
    assert_eq!(mlb.count("/api/v1/teams/999"), 1);
}

#[test]
fn a_token_that_is_missing_short_or_sent_without_tls_is_a_mistake() {
    let dir = tempfile::tempdir().unwrap();
    let wrong = |expected: &str, more: &[&str]| {
        let (code, _, stderr) = check(dir.path(), more);
        assert!(code == Some(2) && stderr.contains(expected), "{expected}: {code:?} {stderr}");
    };
    give_token(dir.path(), "relay", "short");
    wrong("relay.token_file: the token is shorter than 16 characters", &[]);
    fs::remove_file(dir.path().join("token")).unwrap();
    wrong("relay.token_file: cannot read the token in \"token\"", &[]);
    give_token(dir.path(), "mlb", TOKEN);
    wrong("mlb.token_file: the token would be sent without TLS", &["--mlb-url", "http://192.0.2.1/mlb"]);
    let (_, stdout, stderr) =
        check(dir.path(), &["--mlb-url", "http://127.0.0.1:9000/mlb", "--https", "127.0.0.1:0"]);
    assert!(!stderr.contains("token") && stdout.contains("mlb.token_file"), "{stdout}{stderr}");
    assert!(!stdout.contains(TOKEN), "the token is not shown: {stdout}");
}

#[test]
fn the_relay_stands_in_the_route_table_and_in_how() {
    let mlb = FakeMlb::with(&[]);
    let relay = relay(&mlb);
    let how = relay.get("/how?path=/mlb/api/v1/teams/999", "Accept: application/json\r\n");
    let how: Value = serde_json::from_slice(&how.body).unwrap();
    let row = how["routes"].as_array().unwrap().iter().find(|row| row["pattern"] == "/mlb/*").unwrap();
    assert_eq!(row["outcome"], "matched", "{how}");
    let page = relay.get("/how?path=/mlb/api/v1/teams/999", "Accept: text/html\r\n");
    assert!(page.text().contains("/mlb/*"), "{}", page.text());
}

#[test]
#[ignore = "needs curl"]
fn the_relay_answers_over_http_2_while_mlb_is_slow() {
    let mlb = FakeMlb::with(&[]);
    let relay = relay(&mlb);
    mlb.fault_at("/api/v1/teams/999", Fault::Late(500));
    let url = format!("https://{}/mlb{CLUB}", relay.https());
    let bearer = format!("Authorization: Bearer {TOKEN}");
    let arguments = ["--silent", "--insecure", "--http2", "--max-time", "20", "-H", &bearer, &url];
    let printed = tools::output(
        Command::new(tools::find("curl")).args(arguments).args(["-w", " %{http_version} %{http_code}"]),
    );
    assert_eq!(printed, "{\"teams\":[{\"id\":999}]} 2 200");
}
