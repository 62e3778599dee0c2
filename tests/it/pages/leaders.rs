//! The players with the most errors, and his rank.

use crate::support::{
    day::{EVENING, Game, IN_PROGRESS, TATIS},
    fake_mlb::FakeMlb,
    server::Server,
};
use serde_json::{Value, json};

/// MLB's list: two players before Tatis, who is tied for third.
pub fn list(year: i32) -> Value {
    let row = |id: u32, name: &str, errors: &str| {
        json!({
            "rank": 1, "value": errors, "person": {"id": id, "fullName": name, "link": "/"},
            "team": {"id": 1, "name": "Harbour <Club>"}, "season": year.to_string(),
        })
    };
    let rows = [
        row(1, "Ann Short", "20"),
        row(2, "Bo Third", "19"),
        row(3, "Cy Left", "4"),
        row(TATIS, "Fernando Tatis Jr.", "4"),
    ];
    json!({"copyright": "none", "leagueLeaders": [
        {"leaderCategory": "errors", "statGroup": "fielding", "season": year.to_string(), "leaders": rows},
    ]})
}

fn ranked() -> (FakeMlb, Server) {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    mlb.put("/api/v1/stats/leaders?", list(2024));
    let server =
        Server::start_with(&["--mlb-url", &mlb.url(), "--clock", EVENING, "--url", "https://example.org"]);
    server.wait_for("ranked", |answer| answer["error_rank"] == json!({"rank": 3, "tied": true}));
    (mlb, server)
}

#[test]
fn the_leaders_and_his_rank_have_a_page_a_text_and_json() {
    let (_mlb, server) = ranked();
    assert!(server.page().contains("<a href=\"/leaders\">Tied for 3rd in errors in the major leagues</a>"));
    let text = server.get("/", "Accept: text/plain\r\n");
    assert!(text.text().contains("Tied for 3rd in errors"), "{}", text.text());
    let page = server.get("/leaders", "Accept: text/html\r\n");
    assert_eq!(page.status, 200);
    let first = "<td>1<th scope=\"row\" class=\"name\">Ann Short <small>Harbour &#60;Club&#62;</small><td class=\"e\">20";
    assert!(page.text().contains(first), "{}", page.text());
    assert!(page.text().contains("<p class=\"verdict\">3rd</p>"), "{}", page.text());
    assert!(page.text().contains("<link rel=\"canonical\" href=\"https://example.org/leaders\">"));
    let spanish = server.get("/es/leaders", "Accept: text/html\r\n");
    assert!(spanish.text().contains("empatado en el lugar 3 en errores"), "{}", spanish.text());
    let text = server.get("/leaders", "Accept: text/plain\r\n");
    assert!(text.text().contains("  1.  20  Ann Short"), "{}", text.text());
    let json: Value =
        serde_json::from_slice(&server.get("/leaders", "Accept: application/json\r\n").body).unwrap();
    assert_eq!((&json["player"]["rank"], &json["leaders"][0]["name"]), (&json!(3), &json!("Ann Short")));
    let known =
        server.get("/leaders", &format!("Accept: text/html\r\nIf-None-Match: {}\r\n", page.field("etag")));
    assert_eq!(known.status, 304);
}

#[test]
fn the_list_fits_a_terminal_also_with_long_names_and_without_a_club() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    let mut long = list(2024);
    let rows = &mut long["leagueLeaders"][0]["leaders"];
    rows[0]["team"]["name"] = "Harbour ".repeat(12).into();
    rows[1].as_object_mut().unwrap().remove("team");
    mlb.put("/api/v1/stats/leaders?", long);
    let server = Server::start(&mlb, EVENING);
    server.wait_for("ranked", |answer| answer["error_rank"]["rank"] == 3);
    let text = server.get("/leaders", "Accept: text/plain\r\n");
    assert!(text.text().lines().all(|line| line.chars().count() <= 80), "{}", text.text());
    assert!(text.text().contains("  2.  19  Bo Third\n"), "{}", text.text());
}

#[test]
fn leaders_are_asked_for_once_a_day_also_over_a_restart_and_with_the_relay() {
    let (mlb, server) = ranked();
    assert_eq!(mlb.count("/api/v1/stats/leaders?"), 1);
    let first = server.api();
    server.wait_for("asked again", |answer| answer["asked_at"] != first["asked_at"]);
    server.wait_until("saved", || {
        let state = std::fs::read_to_string(server.path(".local/state/e6/last-good.e6"));
        state.is_ok_and(|state| state.contains("Ann Short"))
    });
    let (_, dir) = server.terminate();
    let server = Server::start_in(dir, &["--mlb-url", &mlb.url(), "--clock", EVENING]);
    assert_eq!(server.api()["error_rank"]["rank"], 3, "at once");
    let before = mlb.asked().len();
    server.wait_until("asked", || mlb.asked()[before..].iter().any(|path| path.contains("/feed/live")));
    assert_eq!(mlb.count("/api/v1/stats/leaders?"), 1, "kept over a restart");
}

#[test]
fn a_list_that_surprises_is_left_out_and_harms_nothing() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let mut odd = list(2024);
    odd["leagueLeaders"][0]["leaders"][1]["value"] = json!(".975");
    mlb.put("/api/v1/stats/leaders?", odd);
    let server = Server::start(&mlb, EVENING);
    let answer = server.wait_for_verdict("yes");
    server.wait_until("asked", || mlb.count("/api/v1/stats/leaders?") == 1);
    assert_eq!((&answer["error_rank"], &answer["stale"]), (&Value::Null, &json!(false)));
    let page = server.get("/leaders", "Accept: text/plain\r\n");
    assert!(page.text().contains("isn't available"), "{}", page.text());
    assert!(!server.page().contains("in errors in the major leagues"));
    assert_eq!(server.get("/readyz", "").status, 200);
}
