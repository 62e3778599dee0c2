//! The pages of days and seasons: looked up at MLB on demand, once, within a budget, and kept.

use crate::support::{
    day::{EVENING, FINAL, Game, TATIS},
    fake_mlb::{FakeMlb, Fault},
    seasons::{self, game, games_of_2023, log, put_season, row},
    server::{Response, Server},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn site() -> (FakeMlb, Server) {
    let mlb = seasons::mlb();
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("not_yet");
    (mlb, server)
}

/// The response once the page is not being looked up any more.
pub fn looked_up(server: &Server, path: &str, fields: &str) -> Response {
    let deadline = Instant::now() + Duration::from_secs(40);
    loop {
        let response = server.get(path, fields);
        if response.status != 503 {
            return response;
        }
        assert!(response.field("retry-after").parse::<u64>().unwrap() > 0);
        assert_eq!(response.field("cache-control"), "no-store");
        assert!(Instant::now() < deadline, "{path} is still being looked up: {}", server.stderr());
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn json_of(response: &Response) -> Value {
    assert_eq!(response.status, 200, "{}", response.text());
    serde_json::from_slice(&response.body).unwrap()
}

pub(super) fn day(server: &Server, path: &str) -> Value {
    json_of(&looked_up(server, path, "Accept: application/json\r\n"))
}

#[test]
fn a_day_before_the_installation_is_looked_up_once_and_kept_over_a_restart() {
    let (mlb, server) = site();
    let first = server.get("/2023-08-09", "Accept: text/plain\r\n");
    assert_eq!((first.status, first.field("retry-after").is_empty()), (503, false), "{}", first.text());
    let answer = day(&server, "/2023-08-09");
    assert_eq!(
        (&answer["verdict"], &answer["errors"], &answer["date"]),
        (&json!("yes"), &json!(1), &json!("2023-08-09"))
    );
    assert_eq!((&answer["plays"][0]["scoring"], &answer["stale"]), (&json!("E9"), &json!(false)));
    assert_eq!((&answer["season"]["errors"], &answer["since_error"]["days"]), (&json!(1), &json!(0)));
    for _ in 0..3 {
        assert_eq!(day(&server, "/2023-08-09"), answer);
    }
    assert_eq!(mlb.count("/api/v1.1/game/2001/"), 1, "MLB is asked once");
    server.wait_until("saved", || server.path(".local/state/e6/season-665487-2023.e6").exists());
    let (_, dir) = server.terminate();
    let server = Server::start_in(dir, &["--mlb-url", "http://127.0.0.1:9", "--clock", EVENING]);
    assert_eq!(json_of(&server.get("/2023-08-09", "Accept: application/json\r\n")), answer, "at once");
}

#[test]
fn before_mlbs_first_reply_a_day_is_looked_up_and_never_missing() {
    let mlb = seasons::mlb();
    mlb.fault(Fault::Refuse);
    let server = Server::start(&mlb, EVENING);
    let early = server.get("/2023-08-09", "");
    assert_eq!((early.status, early.field("cache-control")), (503, "no-store"), "{}", early.text());
    mlb.fault(None);
    server.wait_for_verdict("not_yet");
    assert_eq!(day(&server, "/2023-08-09")["verdict"], "yes");
}

#[test]
fn a_day_has_a_page_a_text_and_json_in_both_languages() {
    let mlb = seasons::mlb();
    let server =
        Server::start_with(&["--mlb-url", &mlb.url(), "--clock", EVENING, "--url", "https://example.org"]);
    server.wait_for_verdict("not_yet");
    let page = looked_up(&server, "/2023-08-12", "Accept: text/html\r\n");
    assert_eq!((page.status, page.field("content-type")), (200, "text/html; charset=utf-8"));
    let html = page.text();
    for part in [
        "<link rel=\"canonical\" href=\"https://example.org/2023-08-12\">",
        "hreflang=\"es\" href=\"https://example.org/es/2023-08-12\"",
        "content=\"https://example.org/2023-08-12/card.png?",
        "<link rel=\"prev\" href=\"/2023-08-11\">",
        "<link rel=\"next\" href=\"/2023-08-13\">",
        "<title>Yes · An error for Tatis Jr. on Saturday, August 12, 2023?</title>",
        "href=\"https://example.org/2023-08-12/oembed.json\"",
        "doubleheader",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    assert!(!html.contains("today&#39;s") && !html.contains("data-refresh=\"5"), "{html}");
    assert!(!html.contains("/static/e6.") || !html.contains(".js\" defer blocking"), "it follows no events");
    assert_eq!(page.field("cache-control"), "public, max-age=86400, immutable");
    let spanish = server.get("/es/2023-08-12", "Accept: text/html\r\n");
    assert_eq!((spanish.status, spanish.field("content-language")), (200, "es"));
    assert!(spanish.text().contains("<link rel=\"prev\" href=\"/es/2023-08-11\">"), "{}", spanish.text());
    assert!(spanish.text().contains("<link rel=\"canonical\" href=\"https://example.org/es/2023-08-12\">"));
    let negotiated = server.get("/2023-08-12", "Accept: text/html\r\nAccept-Language: es\r\n");
    assert_eq!(negotiated.field("content-language"), "es");
    assert_eq!(negotiated.field("vary"), "accept, accept-encoding, accept-language, user-agent");
    let text = server.get("/en/2023-08-12", "User-Agent: curl/8\r\nAccept: */*\r\n");
    assert_eq!(text.field("content-type"), "text/plain; charset=utf-8");
    assert!(text.text().contains("\nYes\n") && text.text().contains("August 12, 2023"), "{}", text.text());
    for (path, expected) in
        [("/2023-08-12?format=1", "Yes (2 errors)\n"), ("/es/2023-08-12?format=1", "Sí (2 errores)\n")]
    {
        assert_eq!(server.get(path, "").text(), expected, "{path}");
    }
    let colour = server.get("/2023-08-12?color", "User-Agent: curl/8\r\n");
    assert_eq!(colour.field("content-type"), "text/x-ansi; charset=utf-8");
    assert!(
        colour.text().contains("An error for Tatis Jr. on Saturday, August 12, 2023?"),
        "{}",
        colour.text()
    );
    let (moved, refused) = (
        server.get("//2023-08-12/", ""),
        server.send(
            "DELETE /2023-08-12/card.png HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            true,
        ),
    );
    assert_eq!((moved.status, moved.field("location"), refused.status), (308, "/2023-08-12", 405));
    let explained = server.get("/how?path=/es/2023-08-10", "Accept: application/json\r\n");
    assert!(
        explained.text().contains("\"status\": 200") || explained.text().contains("\"status\":200"),
        "{}",
        explained.text()
    );
    let etag = page.field("etag");
    let known = server.get("/2023-08-12", &format!("Accept: text/html\r\nIf-None-Match: {etag}\r\n"));
    assert_eq!(known.status, 304);
    let card = server.get("/2023-08-12/card.png", "");
    assert_eq!((card.status, card.field("content-type")), (200, "image/png"));
    assert_eq!(server.get("/es/2023-08-12/card.png", "").status, 200);
    assert_ne!(card.body, looked_up(&server, "/2023-08-11/card.png", "").body, "a card of its own");
}

#[test]
fn doubleheaders_postponed_games_and_days_without_a_game_count_rightly() {
    let (_mlb, server) = site();
    let counts = |path: &str| {
        let answer = day(&server, path);
        (answer["verdict"].clone(), answer["errors"].clone(), answer["games"].as_array().unwrap().len())
    };
    assert_eq!(counts("/2023-08-12"), (json!("yes"), json!(2), 2));
    assert_eq!(counts("/2023-08-11"), (json!("no"), json!(0), 1));
    assert_eq!(counts("/2023-08-10"), (json!("no_game"), json!(0), 0));
    assert_eq!(day(&server, "/2023-08-10")["reason"], "No game on Thursday, August 10.");
    let postponed = day(&server, "/2023-08-13");
    assert_eq!(postponed["verdict"], "no_game");
    assert!(postponed["reason"].as_str().unwrap().contains("postponed to Monday, August 14"), "{postponed}");
    assert_eq!(counts("/2023-08-14"), (json!("no"), json!(0), 1));
}

#[test]
fn only_days_of_kept_seasons_have_a_page_and_future_days_say_what_is_scheduled() {
    let (_mlb, server) = site();
    for path in [
        "/2022-08-09",
        "/2022",
        "/2025",
        "/2025-07-02",
        "/2024-07-04",
        "/2024-02-30",
        "/2023-8-9",
        "/0000-01-01",
    ] {
        assert_eq!(looked_up(&server, path, "").status, 404, "{path}");
    }
    for path in ["/2023-08-08", "/2023-08-15", "/2023-12-25"] {
        assert_eq!(looked_up(&server, path, "").status, 404, "outside the season: {path}");
    }
    let tomorrow = day(&server, "/2024-07-03");
    assert_eq!((&tomorrow["verdict"], &tomorrow["games"][0]["state"]), (&json!("not_yet"), &json!("ahead")));
    assert!(tomorrow["reason"].as_str().unwrap().contains("7:05 PM"), "{tomorrow}");
    let today = server.get("/2024-07-02", "Accept: application/json\r\n");
    assert_eq!(json_of(&today)["date"], server.api()["date"]);
    assert_eq!(
        today.field("cache-control"),
        "private, max-age=5, stale-while-revalidate=5, stale-if-error=600"
    );
    let post = server.send(
        "POST /2023-08-09 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        true,
    );
    assert_eq!(post.status, 405);
}

#[test]
fn a_flood_of_requests_for_days_asks_mlb_no_more_than_the_budget() {
    let mlb = seasons::mlb();
    let days: Vec<&'static str> =
        (1..=31).map(|day| &*Box::leak(format!("2023-05-{day:02}").into_boxed_str())).collect();
    let games: Vec<Game> = (3001..).zip(&days).map(|(pk, day)| game(pk, day)).collect();
    let rows = games.iter().map(|game| row(game, 0, "RF")).collect();
    put_season(&mlb, 2023, &games, log(rows));
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("not_yet");
    looked_up(&server, "/2023-05-01", "");
    let (began, before) = (Instant::now(), mlb.count("/api/v1.1/game/3"));
    while began.elapsed() < Duration::from_secs(7) {
        for day in &days {
            let response = server.get(&format!("/{day}"), "");
            assert!([200, 503].contains(&response.status), "{}", response.text());
        }
    }
    let asked = mlb.count("/api/v1.1/game/3") - before;
    let most = began.elapsed().as_secs() as usize / 2 + 1;
    assert!((1..=most).contains(&asked), "{asked} questions, {most} at most");
    assert_eq!(server.api()["stale"], false, "the answer of today is asked for meanwhile");
}

#[test]
fn a_correction_changes_the_page_and_its_entity_tag() {
    let mlb = seasons::mlb();
    let before = Game { pk: 1000, listed: "2024-06-20", official: "2024-06-20", ..Game::new(FINAL) };
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("not_yet");
    let page = looked_up(&server, "/2024-06-20", "Accept: text/html\r\n");
    assert!(page.text().contains(">No<"), "{}", page.text());
    let (_, dir) = server.terminate();
    // The scorer charges him two days later.
    let charged = before.charged(1);
    mlb.put("/api/v1.1/game/1000/", charged.feed());
    mlb.put(
        &format!("/api/v1/people/{TATIS}/stats?stats=gameLog&group=fielding&season=2024"),
        log(vec![row(&charged, 1, "RF")]),
    );
    let server = Server::start_in(dir, &["--mlb-url", &mlb.url(), "--clock", "2024-07-03T12:05:00Z"]);
    server.wait_until("corrected", || {
        let changed = server.get("/2024-06-20", "Accept: text/html\r\n");
        changed.text().contains(">Yes<") && changed.field("etag") != page.field("etag")
    });
}

#[test]
fn a_season_that_is_over_is_checked_for_corrections_once_a_month() {
    let mlb = seasons::mlb();
    let log_of_2023 = format!("/api/v1/people/{TATIS}/stats?stats=gameLog&group=fielding&season=2023");
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("not_yet");
    assert_eq!(day(&server, "/2023-08-09")["verdict"], "yes");
    assert_eq!(mlb.count(&log_of_2023), 1);
    // The league takes the error back in winter, and its list has a game less for a moment.
    let mut games = games_of_2023();
    games[0] = game(2001, "2023-08-09");
    let rows = [(0, 0, "RF"), (1, 0, "RF"), (2, 1, "SS"), (3, 1, "RF"), (5, 0, "RF")];
    let rows = rows.map(|(index, errors, position)| row(&games[index], errors, position));
    put_season(&mlb, 2023, &games, log(rows[1..].to_vec()));
    let restarted = |server: Server, clock: &str| {
        server.wait_until("saved", || server.path(".local/state/e6/season-665487-2023.e6").exists());
        Server::start_in(server.terminate().1, &["--mlb-url", &mlb.url(), "--clock", clock])
    };
    // Two look-ups could be made in this time.
    let nothing_more_is_asked = |server: &Server| {
        let (began, asked) = (Instant::now(), mlb.count(&log_of_2023));
        server.wait_until("some seconds later", || began.elapsed() > Duration::from_secs(5));
        assert_eq!(mlb.count(&log_of_2023), asked);
    };
    let server = restarted(server, "2024-07-20T04:05:00Z");
    server.wait_for_verdict("no_game");
    nothing_more_is_asked(&server);
    assert_eq!((mlb.count(&log_of_2023), day(&server, "/2023-08-09")["errors"].clone()), (1, json!(1)));
    let server = restarted(server, "2024-08-05T04:05:00Z");
    server.wait_until("checked", || mlb.count(&log_of_2023) == 2);
    nothing_more_is_asked(&server);
    assert_eq!(day(&server, "/2023-08-09")["errors"], 1, "a log with fewer games is no correction");
    put_season(&mlb, 2023, &games, log(rows.to_vec()));
    let server = restarted(server, "2024-09-10T04:05:00Z");
    server.wait_until("corrected", || day(&server, "/2023-08-09")["verdict"] == "no");
    assert_eq!(day(&server, "/2023")["season"]["errors"], 2);
    nothing_more_is_asked(&server);
    assert_eq!((mlb.count(&log_of_2023), mlb.count("/api/v1.1/game/2001/")), (3, 2), "once each");
}

#[test]
fn a_game_that_mlb_does_not_have_is_told_by_the_log_and_an_outage_is_waited_for() {
    let mlb = seasons::mlb();
    mlb.fault_at("/api/v1.1/game/2001/", Fault::Status(404));
    mlb.fault_at("/api/v1.1/game/2002/", Fault::Refuse);
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("not_yet");
    let told = day(&server, "/2023-08-09");
    assert_eq!((&told["verdict"], &told["plays_complete"]), (&json!("yes"), &json!(false)), "{told}");
    server.wait_until("asked for", || {
        server.get("/2023-08-11", "");
        mlb.count("/api/v1.1/game/2002/") > 0
    });
    assert_eq!(server.get("/2023-08-11", "").status, 503, "nothing is made up");
    mlb.fault(None);
    assert_eq!(day(&server, "/2023-08-11")["verdict"], "no");
}

#[test]
fn a_season_has_a_page_with_its_sums_by_position_and_opponent() {
    let (_mlb, server) = site();
    let season = day(&server, "/2023");
    assert_eq!((&season["season"]["games"], &season["season"]["errors"]), (&json!(5), &json!(3)), "{season}");
    assert_eq!(
        season["by_position"],
        json!([{"position": "RF", "games": 4, "errors": 2}, {"position": "SS", "games": 1, "errors": 1}])
    );
    assert_eq!(
        season["by_opponent"],
        json!([{"opponent": {"id": 140, "name": "Texas Rangers"}, "games": 5, "errors": 3}])
    );
    let page = server.get("/es/2023", "Accept: text/html\r\n");
    let html = page.text();
    for part in [
        "class=\"strip\"",
        "href=\"/es/2023-08-12\"",
        "Por posición",
        "<link rel=\"next\" href=\"/es/2024\">",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    let text = server.get("/2023", "Accept: text/plain\r\n");
    assert!(text.text().contains("In 2023: 3 errors in 5 games"), "{}", text.text());
    assert_eq!(json_of(&server.get("/2024", "Accept: application/json\r\n"))["season"]["year"], 2024);
    let since = &server.wait_for("over both seasons", |answer| answer["since_error"]["at_least"] == false)["since_error"];
    assert_eq!((&since["last_error"], &since["longest_at_least"]), (&json!("2023-08-12"), &json!(false)));
}
