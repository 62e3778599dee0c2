//! MLB answers some questions and not others, or about another player.

use crate::support::{
    day::{EVENING, FINAL, Game, IN_PROGRESS, NOON, PADRES, SCHEDULED, TATIS, schedule},
    fake_mlb::{FakeMlb, Fault},
    server::Server,
};
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

fn wait_for_log(server: &Server, words: &str) {
    let deadline = Instant::now() + Duration::from_secs(40);
    while !server.stderr().contains(words) {
        assert!(Instant::now() < deadline, "nothing about {words:?} in: {}", server.stderr());
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn without_roster_and_season_the_answer_is_as_right() {
    thread::scope(|scope| {
        for fault in [Fault::Status(404), Fault::Status(500), Fault::Html, Fault::Refuse, Fault::Hang] {
            scope.spawn(move || {
                let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
                mlb.fault_at("/api/v1/teams/135/roster?", fault);
                mlb.fault_at("/api/v1/people/665487/stats?", fault);
                let server = Server::start(&mlb, EVENING);
                let answer = server.wait_for_verdict("yes");
                assert_eq!(
                    (&answer["availability"], &answer["season"], &answer["stale"]),
                    (&json!("unknown"), &Value::Null, &json!(false)),
                    "{fault:?}"
                );
                assert_eq!(server.get("/readyz", "").status, 200, "{fault:?}");
            });
        }
    });
}

#[test]
fn without_the_feed_of_a_game_that_is_on_nothing_is_claimed() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    mlb.fault_at("/api/v1.1/game/", Fault::Status(500));
    let server = Server::start(&mlb, EVENING);
    wait_for_log(&server, "no news from MLB");
    let answer = server.api();
    assert_eq!((&answer["verdict"], &answer["errors"]), (&json!("unknown"), &json!(0)));
    assert_eq!(server.get("/readyz", "").status, 503);
    mlb.fault(None);
    server.wait_for_verdict("not_yet");
}

#[test]
fn a_feed_that_is_no_json_is_not_asked_for_as_a_whole() {
    for fault in [Fault::Html, Fault::Huge] {
        let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
        mlb.fault_at("/api/v1.1/game/", fault);
        let server = Server::start(&mlb, EVENING);
        wait_for_log(&server, "no news from MLB");
        let feeds: Vec<_> = mlb.asked().into_iter().filter(|path| path.contains("/feed/live")).collect();
        assert!(
            !feeds.is_empty() && feeds.iter().all(|path| path.contains("fields=")),
            "{fault:?} {feeds:?}"
        );
    }
}

#[test]
fn half_of_a_doubleheader_is_not_taken_for_the_whole() {
    let first = Game { double_header: "S", ..Game::new(FINAL) };
    let second =
        Game { pk: 1002, number: 2, double_header: "S", start: "2024-07-03T03:05:00Z", ..Game::new(FINAL) };
    let mlb = FakeMlb::with(&[first, second.charged(1)]);
    mlb.fault_at("/api/v1.1/game/1002/", Fault::Truncate);
    let server = Server::start(&mlb, EVENING);
    wait_for_log(&server, "no news from MLB");
    assert_eq!(server.api()["verdict"], "unknown", "the second game may have an error");
    mlb.fault(None);
    assert_eq!(server.wait_for_verdict("yes")["errors"], 1);
}

#[test]
fn an_error_that_was_read_stands_beside_a_game_that_cannot_be_read() {
    let first = || Game { double_header: "S", ..Game::new(FINAL).charged(1) };
    let second = || Game {
        pk: 1002,
        number: 2,
        double_header: "S",
        start: "2024-07-03T03:05:00Z",
        ..Game::new(FINAL)
    };
    let mut without_players = second().feed();
    for side in ["away", "home"] {
        without_players["liveData"]["boxscore"]["teams"][side]["players"] = json!({});
    }
    let mut of_another_day = second().feed();
    of_another_day["gameData"]["datetime"]["officialDate"] = json!("2024-07-01");
    for (what, feed) in
        [("404", None), ("an empty box score", Some(without_players)), ("another day", Some(of_another_day))]
    {
        let mlb = FakeMlb::with(&[first(), second()]);
        match feed {
            Some(feed) => mlb.put("/api/v1.1/game/1002/", feed),
            None => mlb.fault_at("/api/v1.1/game/1002/", Fault::Status(404)),
        }
        let server = Server::start(&mlb, EVENING);
        let answer = server.wait_for_verdict("yes");
        assert_eq!(answer["errors"], 1, "{what}");
        let reason = answer["reason"].as_str().unwrap();
        assert!(reason.ends_with("One of today's two games can't be read right now."), "{what}: {reason}");
        let spanish = server.get("/es", "Accept: text/plain\r\n").text().replace('\n', " ");
        assert!(
            spanish.contains("Uno de los dos juegos de hoy no se puede leer por el momento."),
            "{what}: {spanish}"
        );
    }
}

#[test]
fn an_error_stands_when_the_player_the_schedule_or_its_own_feed_fail_later() {
    thread::scope(|scope| {
        for prefix in ["/api/v1/people/", "/api/v1/schedule?", "/api/v1.1/game/1001/"] {
            scope.spawn(move || {
                let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
                let dir = tempfile::tempdir().unwrap();
                let arguments = ["--mlb-url", &mlb.url(), "--clock", EVENING, "--data-dir", "data"];
                let server = Server::start_in(dir, &arguments);
                server.wait_for_verdict("yes");
                server.wait_until("kept", || server.path("data/last-good.e6").exists());
                let (_, dir) = server.terminate();
                mlb.fault_at(prefix, Fault::Status(500));
                let server = Server::start_in(dir, &arguments);
                wait_for_log(&server, "no news from MLB");
                let answer = server.api();
                assert_eq!((&answer["verdict"], &answer["errors"]), (&json!("yes"), &json!(1)), "{prefix}");
            });
        }
    });
}

#[test]
fn the_all_star_game_counts_for_a_player_in_it() {
    let mlb = FakeMlb::with(&[]);
    let game = Game::new(IN_PROGRESS).charged(1);
    let mut listed = schedule(std::slice::from_ref(&game));
    let entry = &mut listed["dates"][0]["games"][0];
    entry["gameType"] = json!("A");
    entry["teams"]["away"]["team"] = json!({"id": 159, "name": "American League All-Stars"});
    entry["teams"]["home"]["team"] = json!({"id": 160, "name": "National League All-Stars"});
    mlb.put("/api/v1/schedule?sportId=1&gameType=A", listed);
    mlb.put("/api/v1.1/game/1001/", game.feed());
    let server = Server::start(&mlb, EVENING);
    let answer = server.wait_for_verdict("yes");
    assert_eq!((&answer["errors"], &answer["player"]["team"]), (&json!(1), &json!("San Diego Padres")));
}

#[test]
fn a_club_that_mlb_does_not_know_is_not_blamed_on_the_player() {
    let mlb = FakeMlb::with(&[]);
    let server = Server::start_with(&["--mlb-url", &mlb.url(), "--clock", NOON, "--club", "9999"]);
    wait_for_log(&server, "9999");
    let said = server.stderr();
    assert!(!said.contains("MLB knows no such player"), "{said}");
    assert!(!server.page().contains("has no player"), "{}", server.page());
}

#[test]
fn another_mans_data_is_refused() {
    let mlb = FakeMlb::with(&[]);
    mlb.put(
        &format!("/api/v1/people/{TATIS}?"),
        json!({"people": [{"id": 1, "fullName": "Somebody Else", "currentTeam": {"id": PADRES, "name": "Padres"}}]}),
    );
    let server = Server::start(&mlb, NOON);
    wait_for_log(&server, "no news from MLB");
    let answer = server.api();
    assert_eq!((&answer["verdict"], &answer["player"]["id"]), (&json!("unknown"), &json!(TATIS)));
    assert!(!server.page().contains("Somebody Else"));
}

#[test]
fn a_player_of_no_club_has_no_game() {
    let mlb = FakeMlb::with(&[]);
    mlb.put(
        &format!("/api/v1/people/{TATIS}?"),
        json!({"people": [{"id": TATIS, "fullName": "Fernando Tatis Jr.", "useLastName": "Tatis Jr."}]}),
    );
    let server = Server::start(&mlb, NOON);
    let answer = server.wait_for_verdict("no_game");
    assert_eq!(answer["reason"], "Tatis Jr. isn't with a club.");
}

#[test]
fn mlb_is_asked_for_little_and_told_who_asks() {
    let mlb = FakeMlb::with(&[Game::new(SCHEDULED)]);
    let server = Server::start(&mlb, NOON);
    server.wait_for_verdict("not_yet");
    thread::sleep(Duration::from_secs(2));
    let asked = mlb.asked();
    let schedule = "/api/v1/schedule?sportId=1&teamId=135&startDate=2024-07-01&endDate=2024-07-09";
    let expected = [
        "/api/v1/people/665487?hydrate=currentTeam,rosterEntries",
        "/api/v1/teams/135?hydrate=venue(timezone)",
        schedule,
        "/api/v1/teams/135/roster?rosterType=40Man",
        "/api/v1/people/665487/stats?stats=gameLog&group=fielding&season=2024",
        "/api/v1/schedule?sportId=1&teamId=135&startDate=2024-01-01&endDate=2024-12-31",
        "/api/v1/stats/leaders?leaderCategories=errors&statGroup=fielding&leaderGameTypes=R&playerPool=ALL&sportId=1\
         &season=2024&limit=500",
    ];
    let asked: Vec<_> = asked.iter().map(|path| path.split("&fields=").next().unwrap()).collect();
    assert_eq!(asked, expected, "hours before a game, each once");
    let agents = mlb.agents();
    assert!(agents.iter().all(|agent| agent.starts_with("e6/")), "{agents:?}");
}
