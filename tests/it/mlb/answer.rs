//! The answer, for every kind of game and feed.

use crate::{
    replies::{fixture, recording},
    support::{
        day::{EVENING, FINAL, Game, IN_PROGRESS, NOON, POSTPONED, SCHEDULED},
        fake_mlb::FakeMlb,
        server::Server,
    },
};
use serde_json::{Value, json};

/// A server that reads this feed, and a schedule that lists its game.
fn reading(feed: Value, player: u32, club: u32, clock: &str) -> (Server, FakeMlb) {
    let game = &feed["gameData"];
    let side =
        |side: &str| json!({"team": {"id": game["teams"][side]["id"], "name": game["teams"][side]["name"]}});
    let listing = json!({
        "gamePk": feed["gamePk"], "gameType": game["game"]["type"], "gameDate": game["datetime"]["dateTime"],
        "officialDate": game["datetime"]["officialDate"], "status": game["status"],
        "teams": {"away": side("away"), "home": side("home")}, "venue": {"name": game["venue"]["name"]},
        "doubleHeader": "N", "gameNumber": 1,
    });
    let mlb = FakeMlb::of(player, club);
    mlb.put(&format!("/api/v1.1/game/{}/", feed["gamePk"]), feed.clone());
    mlb.put(
        "/api/v1/schedule?",
        json!({"dates": [{"date": game["datetime"]["officialDate"], "games": [listing]}]}),
    );
    let server = Server::start_with(&[
        "--mlb-url",
        &mlb.url(),
        "--clock",
        clock,
        "--player",
        &player.to_string(),
        "--club",
        &club.to_string(),
    ]);
    (server, mlb)
}

#[test]
fn each_players_errors_in_a_whole_feed_are_theirs() {
    let evening = "2024-07-03T04:05:00Z";
    for (file, player, club, verdict, errors) in [
        ("feed_live/800001-final-3-errors.json", 900001, 135, "yes", 1),
        ("feed_live/800001-final-3-errors.json", 900011, 140, "yes", 1),
        ("feed_live/800001-final-3-errors.json", 900004, 135, "no", 0),
        ("feed_live/800002-in-progress-1-error.json", 900003, 135, "yes", 1),
        ("feed_live/800002-in-progress-1-error.json", 900001, 135, "not_yet", 0),
        ("feed_live/800004-game-over-no-error.json", 900001, 135, "no", 0),
    ] {
        let (server, mlb) = reading(fixture(file), player, club, evening);
        let answer = server.wait_for(verdict, |answer| answer["verdict"] != "unknown");
        assert_eq!(
            (&answer["verdict"], &answer["errors"], &answer["player"]["id"]),
            (&json!(verdict), &json!(errors), &json!(player)),
            "{file} {player}"
        );
        assert_eq!(answer["plays"].as_array().unwrap().len(), errors, "{file} {player}");
        let feeds: Vec<_> = mlb.asked().into_iter().filter(|path| path.contains("/feed/live")).collect();
        assert!(feeds.iter().all(|path| path.contains("fields=")), "the trimmed feed is enough: {feeds:?}");
    }
}

/// Tests that need recordings: ignored by default, run by `.ci/run` if there are any.
mod needs_recordings {
    use super::*;

    #[test]
    #[ignore = "needs recordings"]
    fn the_recorded_error_of_august_9_2023_is_a_yes() {
        let file = "feed_live/717055-final-SD-tatis-error.json.gz";
        let (server, mlb) = reading(recording(file), 665487, 135, "2023-08-10T05:00:00Z");
        let answer = server.wait_for_verdict("yes");
        assert_eq!(
            (&answer["errors"], &answer["date"], &answer["stale"]),
            (&json!(1), &json!("2023-08-09"), &json!(false))
        );
        let play = &answer["plays"][0];
        assert_eq!(
            (&play["inning"], &play["half"], &play["kind"], &play["position"]),
            (&json!(3), &json!("bottom"), &json!("throwing"), &json!("RF"))
        );
        assert_eq!(answer["games"][0]["home"]["runs"], 6);
        let page = server.page();
        assert!(page.contains(">Yes</p>") && page.contains("Throwing error, bottom of the 3rd"), "{page}");
        let feeds: Vec<_> = mlb.asked().into_iter().filter(|path| path.contains("/feed/live")).collect();
        assert!(feeds.iter().all(|path| path.contains("fields=")), "the trimmed feed is enough: {feeds:?}");
    }

    #[test]
    #[ignore = "needs recordings"]
    fn recorded_errors_of_other_players_are_theirs() {
        for (file, player, club, clock, verdict, errors) in [
            (
                "feed_live/715730-live-inprogress-SD-soto-error.json.gz",
                665742,
                135,
                "2022-10-19T23:00:00Z",
                "yes",
                1,
            ),
            (
                "feed_live/715730-live-inprogress-SD-soto-error.json.gz",
                665487,
                135,
                "2022-10-19T23:00:00Z",
                "not_yet",
                0,
            ),
            ("feed_live/777687-final-2errors.json.gz", 669289, 113, "2025-06-01T23:00:00Z", "yes", 1),
            (
                "feed_live/716896-final-3errors-both-teams.json.gz",
                665804,
                112,
                "2023-08-23T03:00:00Z",
                "yes",
                1,
            ),
            ("feed_live/744914-final-noerror.json.gz", 665742, 141, "2024-07-02T03:00:00Z", "no", 0),
            ("feed_live/746551-final-gameover.json.gz", 665742, 114, "2024-05-30T03:00:00Z", "no", 0),
        ] {
            let (server, _mlb) = reading(recording(file), player, club, clock);
            let answer = server.wait_for(verdict, |answer| answer["verdict"] != "unknown");
            assert_eq!(
                (&answer["verdict"], &answer["errors"]),
                (&json!(verdict), &json!(errors)),
                "{file} {player}"
            );
            assert_eq!(answer["player"]["id"], player);
        }
    }
}

#[test]
fn a_day_goes_from_not_yet_to_yes_and_the_scorer_takes_it_back() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    let server = Server::start(&mlb, EVENING);
    let answer = server.wait_for_verdict("not_yet");
    assert_eq!(answer["answer"], "Not so far");
    assert!(answer["changed_at"].as_str() >= answer["asked_at"].as_str(), "{answer}");

    mlb.play(&[Game { stamp: 1, ..Game::new(IN_PROGRESS).charged(1) }]);
    let charged = server.wait_for_verdict("yes");
    assert_eq!((&charged["errors"], &charged["answer"]), (&json!(1), &json!("Yes")));
    assert!(charged["changed_at"].as_str() > answer["changed_at"].as_str());

    mlb.play(&[Game { stamp: 2, ..Game::new(IN_PROGRESS) }]);
    let cleared = server.wait_for_verdict("not_yet");
    assert_eq!(cleared["taken_back"], 1);
    assert!(server.page().contains("took an error back"));

    let said = server.stderr();
    let changes: Vec<_> = said.lines().filter_map(|line| Some(line.split_once("answer: ")?.1)).collect();
    let [first, charged, cleared] = changes[..] else { panic!("one line for each change: {said}") };
    assert!(first.starts_with("unknown → not_yet (Top of the 4th"), "{said}");
    assert_eq!(charged, "not_yet → yes (1 error, bottom of the 3rd)");
    assert_eq!(cleared, "yes → not_yet (1 error taken back)");
}

#[test]
fn days_of_every_kind_get_their_verdict() {
    let second =
        Game { pk: 1002, number: 2, double_header: "S", start: "2024-07-03T05:05:00Z", ..Game::new(FINAL) };
    let first = Game { double_header: "S", ..Game::new(FINAL) };
    let moved = Game { official: "2024-08-26", ..Game::new(POSTPONED) };
    let tomorrow = Game {
        listed: "2024-07-03",
        official: "2024-07-03",
        start: "2024-07-04T02:05:00Z",
        ..Game::new(SCHEDULED)
    };
    for (what, clock, games, verdict, errors, reason) in [
        (
            "scheduled",
            NOON,
            vec![Game::new(SCHEDULED)],
            "not_yet",
            0,
            "First pitch against Texas: 7:05 PM PDT.",
        ),
        ("final", EVENING, vec![Game::new(FINAL)], "no", 0, "No errors for Tatis Jr. against Texas."),
        (
            "doubleheader",
            EVENING,
            vec![first.charged(1), second.charged(2)],
            "yes",
            3,
            "Tatis Jr. has 3 errors in today's doubleheader.",
        ),
        (
            "postponed",
            NOON,
            vec![moved],
            "no_game",
            0,
            "The game against Texas is postponed to Monday, August 26.",
        ),
        (
            "off day",
            NOON,
            vec![tomorrow],
            "no_game",
            0,
            "No game today. Next: against Texas, Wednesday, July 3, 7:05 PM PDT.",
        ),
        ("no games at all", NOON, vec![], "no_game", 0, "No game today, and none in the next seven days."),
    ] {
        let mlb = FakeMlb::with(&games);
        let server = Server::start(&mlb, clock);
        let answer = server.wait_for(what, |answer| answer["verdict"] != "unknown");
        assert_eq!((&answer["verdict"], &answer["errors"]), (&json!(verdict), &json!(errors)), "{what}");
        assert_eq!(answer["reason"], reason, "{what}");
    }
}

#[test]
fn a_trimmed_feed_that_lacks_something_is_asked_for_whole_once() {
    let mlb = FakeMlb::with(&[Game::new(FINAL).charged(1)]);
    let mut trimmed = Game::new(FINAL).feed();
    trimmed["liveData"]["boxscore"] = Value::Null;
    let whole = Game::new(FINAL).charged(1).feed();
    mlb.put("/api/v1.1/game/1001/feed/live?fields=", trimmed);
    mlb.put("/api/v1.1/game/1001/", whole);
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("yes");
    assert!(server.stderr().contains("asking for the whole"));
}

#[test]
fn a_whole_feed_that_is_no_better_is_asked_for_once_and_the_plays_stand() {
    let mut feed = Game::new(FINAL).charged(1).feed();
    feed["liveData"]["boxscore"]["teams"]["home"]["players"]["ID665487"]["stats"] = json!({"fielding": {}});
    let mlb = FakeMlb::with(&[Game::new(FINAL)]);
    mlb.put("/api/v1.1/game/1001/", feed);
    let server = Server::start(&mlb, EVENING);
    let answer = server.wait_for_verdict("yes");
    assert_eq!((&answer["errors"], &answer["plays_complete"]), (&json!(1), &json!(false)));
    assert_eq!(
        answer["reason"],
        "Tatis Jr. has an error against Texas. The box score can't be read \
         right now; there may be more."
    );
    let feeds = || mlb.asked().into_iter().filter(|path| path.contains("/feed/live")).collect::<Vec<_>>();
    server.wait_until("asked again", || feeds().len() >= 3);
    let whole = feeds().into_iter().filter(|path| !path.contains("fields=")).count();
    assert_eq!(whole, 1, "{:?}", feeds());
}

#[test]
fn a_game_resumed_today_counts_what_happens_today_and_says_of_which_day_it_is() {
    for (played_at, verdict, reason) in [
        (
            "2024-07-03T03:00:00.000Z",
            "yes",
            "Tatis Jr. has an error against Texas in the game of Monday, July 1, resumed today.",
        ),
        (
            "2024-07-02T05:00:00.000Z",
            "no",
            "No errors for Tatis Jr. against Texas in the game of Monday, July 1, resumed today.",
        ),
    ] {
        let begun = Game {
            listed: "2024-07-01",
            official: "2024-07-01",
            start: "2024-07-02T02:05:00Z",
            ..Game::new(FINAL)
        };
        let resumed =
            Game { official: "2024-07-01", start: "2024-07-03T00:05:00Z", ..begun.clone().charged(1) };
        let resumed = Game { listed: "2024-07-02", ..resumed };
        let mlb = FakeMlb::with(&[begun, resumed.clone()]);
        let mut feed = resumed.feed();
        feed["liveData"]["plays"]["allPlays"][0]["about"]["endTime"] = json!(played_at);
        mlb.put("/api/v1.1/game/1001/", feed);
        let server = Server::start(&mlb, EVENING);
        let answer = server.wait_for_verdict(verdict);
        assert_eq!(answer["reason"], reason, "{played_at}");
        assert_eq!(answer["date"], "2024-07-02");
    }
}

#[test]
fn a_feed_that_says_postponed_before_the_schedule_does_is_no_game() {
    let mlb = FakeMlb::with(&[Game::new(SCHEDULED)]);
    let feed = Game { fielded: false, ..Game::new(POSTPONED) }.feed();
    mlb.put("/api/v1.1/game/1001/", feed);
    let server = Server::start(&mlb, "2024-07-03T01:35:00Z");
    let answer = server.wait_for_verdict("no_game");
    assert_eq!(answer["reason"], "The game against Texas is postponed. The new date isn't set yet.");
}

#[test]
fn a_first_pitch_in_the_past_was_to_be() {
    let mlb = FakeMlb::with(&[Game { fielded: false, ..Game::new(SCHEDULED) }]);
    let server = Server::start(&mlb, EVENING);
    let answer = server.wait_for_verdict("not_yet");
    assert_eq!(answer["reason"], "First pitch against Texas was due at 7:05 PM PDT.");
}

#[test]
fn each_kind_of_error_is_listed_with_its_play() {
    for (credit, kind, words) in [
        ("f_error_dropped_ball", "dropped_ball", "Dropped ball, bottom of the 3rd"),
        ("c_catcher_interf", "catcher_interference", "Catcher&#39;s interference, bottom of the 3rd"),
        ("f_interference", "interference", "Interference, bottom of the 3rd"),
        ("f_missed_catch_error", "missed_catch", "Missed catch, bottom of the 3rd"),
    ] {
        let mut feed = Game::new(FINAL).charged(1).feed();
        feed["liveData"]["plays"]["allPlays"][0]["runners"][1]["credits"][0]["credit"] = json!(credit);
        let mlb = FakeMlb::with(&[Game::new(FINAL)]);
        mlb.put("/api/v1.1/game/1001/", feed);
        let server = Server::start(&mlb, EVENING);
        let answer = server.wait_for_verdict("yes");
        assert_eq!((&answer["plays"][0]["kind"], &answer["plays_complete"]), (&json!(kind), &json!(true)));
        assert!(server.page().contains(words), "{credit}");
    }
}

#[test]
fn a_player_in_both_teams_lists_is_charged_with_the_errors_of_both() {
    let mut feed = Game::new(FINAL).charged(1).feed();
    feed["liveData"]["boxscore"]["teams"]["away"]["players"]["ID665487"] =
        json!({"person": {"id": 665487}, "stats": {"fielding": {"errors": 1}}});
    let mlb = FakeMlb::with(&[Game::new(FINAL)]);
    mlb.put("/api/v1.1/game/1001/", feed);
    let server = Server::start(&mlb, EVENING);
    assert_eq!(server.wait_for_verdict("yes")["errors"], 2);
}

#[test]
fn a_lost_count_without_plays_is_unknown_and_never_no() {
    for (pointer, value) in [
        ("/liveData/boxscore/teams/home/players", json!({})),
        ("/liveData/boxscore/teams/home/players/ID665487/stats/fielding", json!({})),
        ("/liveData/boxscore/teams/home/players/ID665487/stats/fielding/errors", Value::Null),
    ] {
        let mut feed = Game::new(FINAL).feed();
        *feed.pointer_mut(pointer).unwrap() = value;
        let mlb = FakeMlb::with(&[Game::new(FINAL)]);
        mlb.put("/api/v1.1/game/1001/", feed);
        let server = Server::start(&mlb, EVENING);
        let answer = server.wait_for("asked", |answer| answer["asked_at"].is_string());
        assert_eq!(
            (&answer["verdict"], &answer["reason"]),
            (
                &json!("unknown"),
                &json!("The game against Texas has begun, but its box score can't be read right now.")
            ),
            "{pointer}"
        );
    }
}

#[test]
fn the_roster_and_the_season_adorn_the_answer_and_odd_ones_leave_it() {
    let mlb = FakeMlb::with(&[Game { fielded: false, ..Game::new(SCHEDULED) }]);
    let roster = |code: &str, words: &str| json!({"roster": [{"person": {"id": 665487}, "status": {"code": code, "description": words}}]});
    let log = |errors: Value| {
        let row = |date: &str, pk: u64, errors: &Value| json!({"date": date, "game": {"gamePk": pk}, "stat": {"errors": errors}});
        json!({"stats": [{"splits": [row("2024-06-01", 1, &errors), row("2024-06-01", 1, &json!(1)), row("2024-06-02", 2, &json!(0))]}]})
    };
    mlb.put("/api/v1/teams/135/roster?", roster("D10", "Injured 10-Day"));
    mlb.put("/api/v1/people/665487/stats?", log(json!(2)));
    let server = Server::start(&mlb, NOON);
    let answer = server.wait_for_verdict("not_yet");
    assert_eq!((&answer["answer"], &answer["availability"]), (&json!("No. Injured."), &json!("injured")));
    let season = &answer["season"];
    assert_eq!(
        [&season["year"], &season["games"], &season["errors"], &season["last_error"]],
        [&json!(2024), &json!(2), &json!(3), &json!("2024-06-01")],
        "{season}"
    );

    mlb.put("/api/v1/teams/135/roster?", json!({"roster": "closed"}));
    mlb.put("/api/v1/people/665487/stats?", log(json!("two")));
    let server = Server::start(&mlb, NOON);
    let answer = server.wait_for_verdict("not_yet");
    assert_eq!((&answer["answer"], &answer["availability"]), (&json!("Not yet"), &json!("unknown")));
    let season = &answer["season"];
    assert_eq!(
        (&season["games"], &season["errors"], &season["complete"]),
        (&json!(2), &json!(1), &json!(false)),
        "the odd row is left out: {season}"
    );
    let page = server.page();
    assert!(page.contains("Incomplete: a row of MLB&#39;s log can&#39;t be read."), "{page}");
}
