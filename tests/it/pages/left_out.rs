//! Days of which MLB does not have a part: it is never made up, and MLB is asked again.

use crate::{
    pages::days,
    support::{
        day::{self, EVENING, FINAL, Game, IN_PROGRESS, PADRES, TATIS},
        fake_mlb::{FakeMlb, Fault},
        seasons::{self, game, log, put_season, row},
        server::Server,
    },
};
use serde_json::{Value, json};

const YANKEES: u32 = 147;

/// Tatis, who came from the Yankees in May, with an error of his in April; also the path of the Yankees' games.
fn traded() -> (FakeMlb, String) {
    let mlb = seasons::mlb();
    let before = game(1100, "2024-04-10").charged(1);
    let days = ["2024-04-09", "2024-04-11", "2024-06-20"];
    let padres: Vec<Game> = (1101..).zip(days).map(|(pk, day)| game(pk, day)).collect();
    let mut rows = vec![row(&before, 1, "RF"), row(&padres[2], 0, "RF")];
    rows[0]["team"] = json!({"id": YANKEES});
    put_season(&mlb, 2024, &[padres, vec![Game::new(IN_PROGRESS)]].concat(), log(rows));
    let yankees = format!("/api/v1/schedule?sportId=1&teamId={YANKEES}&startDate=2024-01-01");
    mlb.put(&yankees, with_club(day::schedule(std::slice::from_ref(&before)), YANKEES));
    mlb.put("/api/v1.1/game/1100/", before.feed());
    (mlb, yankees)
}

/// A schedule of this club, in place of the Padres.
fn with_club(schedule: Value, club: u32) -> Value {
    let text = schedule.to_string().replace(&format!("\"id\":{PADRES},"), &format!("\"id\":{club},"));
    serde_json::from_str(&text).unwrap()
}

/// Restarts e6 at an MLB without faults.
fn restarted(server: Server, mlb: &FakeMlb) -> Server {
    mlb.fault(None);
    Server::start_in(server.terminate().1, &["--mlb-url", &mlb.url(), "--clock", EVENING])
}

#[test]
fn a_day_with_a_former_club_whose_games_mlb_does_not_have_is_unknown_and_asked_for_again() {
    let (mlb, yankees) = traded();
    mlb.fault_at(&yankees, Fault::Status(404));
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("not_yet");
    let unknown = days::day(&server, "/2024-04-10");
    assert_eq!((&unknown["verdict"], &unknown["next_game"]), (&json!("unknown"), &json!(null)), "{unknown}");
    assert_eq!(days::day(&server, "/2024-06-20")["verdict"], "no", "his club of that day is known");
    // The season changes, and is saved.
    mlb.play(&[Game { stamp: 1, ..Game::new(FINAL) }]);
    server.wait_for_verdict("no");
    assert_eq!(days::day(&server, "/2024-04-10")["verdict"], "unknown");
    let server = restarted(server, &mlb);
    assert_eq!(days::day(&server, "/2024-04-10")["verdict"], "yes", "{}", server.stderr());
}

#[test]
fn no_day_of_the_present_season_is_told_before_its_log_is_read() {
    let (mlb, _) = traded();
    let log_of_2024 = format!("/api/v1/people/{TATIS}/stats?stats=gameLog&group=fielding&season=2024");
    mlb.fault_at(&log_of_2024, Fault::Refuse);
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("not_yet");
    assert_eq!(days::day(&server, "/2023-08-10")["verdict"], "no_game");
    assert_eq!(server.get("/2024-04-10", "").status, 503, "his clubs are not known");
    mlb.fault(None);
    assert_eq!(days::day(&server, "/2024-04-10")["verdict"], "yes");
}

#[test]
fn a_feed_that_mlb_did_not_have_is_asked_for_again_after_a_restart() {
    let mlb = seasons::mlb();
    mlb.fault_at("/api/v1.1/game/2001/", Fault::Status(404));
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("not_yet");
    assert_eq!(days::day(&server, "/2023-08-09")["plays_complete"], false, "told by the log");
    // Another game of the season is read, so that it is saved.
    assert_eq!(days::day(&server, "/2023-08-11")["verdict"], "no");
    let server = restarted(server, &mlb);
    assert_eq!(days::day(&server, "/2023-08-09")["plays"][0]["scoring"], "E9", "told by the feed");
    assert_eq!(mlb.count("/api/v1.1/game/2002/"), 1, "what was read is kept");
}

#[test]
fn a_season_whose_log_mlb_does_not_have_says_no_more_than_is_known() {
    let mlb = seasons::mlb();
    let log_of_2023 = format!("/api/v1/people/{TATIS}/stats?stats=gameLog&group=fielding&season=2023");
    mlb.fault_at(&log_of_2023, Fault::Status(404));
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("not_yet");
    assert_eq!(days::day(&server, "/2023-08-09")["verdict"], "yes", "the feed shows his error");
    assert_eq!(days::day(&server, "/2023-08-10")["verdict"], "unknown", "he may have been with another club");
    assert_eq!(server.get("/2023", "").status, 404);
    let server = restarted(server, &mlb);
    assert_eq!(days::day(&server, "/2023-08-10")["verdict"], "no_game");
    assert_eq!(days::day(&server, "/2023")["season"]["errors"], 3);
}

#[test]
fn only_replies_that_would_be_the_same_again_count_towards_leaving_a_part_out() {
    let mlb = seasons::mlb();
    mlb.fault_at("/api/v1.1/game/2001/", Fault::Refuse);
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("not_yet");
    server.wait_until("tried twice", || {
        server.get("/2023-08-09", "");
        mlb.count("/api/v1.1/game/2001/") == 2
    });
    mlb.fault(Fault::Status(404));
    let is_left_out = || server.stderr().contains("left out of the archive");
    server
        .wait_until("refused once", || is_left_out() || server.stderr().contains("failures=3 part=Archive"));
    assert!(!is_left_out(), "{}", server.stderr());
    mlb.fault(None);
    assert_eq!(days::day(&server, "/2023-08-09")["plays"][0]["scoring"], "E9", "told by the feed");
}
