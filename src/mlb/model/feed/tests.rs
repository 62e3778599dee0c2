use super::*;
use serde_json::{Value, json};
use time::macros::{date, datetime};

fn feed_with(change: impl Fn(&mut Value)) -> Result<GameFeed, UnexpectedReply> {
    let mut feed = json!({
        "gamePk": 1, "metaData": {"timeStamp": "20240703_030000"},
        "gameData": {"status": {"codedGameState": "I"}, "datetime": {"officialDate": "2024-07-02"}},
        "liveData": {
            "plays": {"allPlays": [
                {"result": {"description": null}, "about": {"inning": null}, "runners": [
                    {"credits": null},
                    {"credits": [{"player": {"id": 7}, "credit": "x_new_error", "position": null}, {"credit": 5}]},
                ]},
                {"runners": null},
                "?",
            ]},
            "linescore": {"teams": {"home": {}}},
            "boxscore": {"teams": {
                "away": {"players": {"ID7": {"person": {"id": 7}, "stats": {"fielding": {"errors": 1}}}, "ID8": 3}},
                "home": {},
            }},
        },
    });
    change(&mut feed);
    crate::mlb::model::feed::feed(feed.to_string().as_bytes(), 1, 7)
}

#[test]
fn odd_plays_and_unknown_credits_do_not_hide_an_error() {
    let game = feed_with(|_| {}).unwrap();
    assert_eq!((game.errors, game.presence), (ErrorCount::Read(1), Participation::Fielded));
    assert_eq!((game.inning, game.score, game.official), (None, None, Some(date!(2024 - 07 - 02))));
    let play = &game.plays[0];
    assert_eq!(
        (play.kind, &play.position, play.inning, play.text.as_str()),
        (ErrorKind::Other, &None, None, "")
    );
    let without = feed_with(|feed| feed["liveData"]["plays"] = json!([])).unwrap();
    assert_eq!((without.errors, without.plays.len()), (ErrorCount::Read(1), 0));
}

#[test]
fn a_feed_without_its_game_or_status_is_refused() {
    for (pointer, value) in [("/gamePk", json!(2)), ("/gameData/status", Value::Null)] {
        let changed = feed_with(|feed| *feed.pointer_mut(pointer).unwrap() = value.clone());
        assert!(changed.is_err(), "{pointer} {value}");
    }
}

#[test]
fn a_count_that_is_lost_is_not_zero_and_the_plays_that_charge_him_stand() {
    let entry = "/liveData/boxscore/teams/away/players/ID7";
    let final_with = |change: &dyn Fn(&mut Value)| {
        feed_with(|feed| {
            feed["gameData"]["status"]["codedGameState"] = json!("F");
            feed["liveData"]["boxscore"]["teams"]["away"]["players"]["ID7"]["battingOrder"] = json!("200");
            change(feed);
        })
        .unwrap()
    };
    for (pointer, value) in [
        ("/liveData/boxscore", Value::Null),
        ("/liveData/boxscore/teams", json!([])),
        ("/liveData/boxscore/teams/away", Value::Null),
        ("/liveData/boxscore/teams/away/players", json!({})),
        ("/liveData/boxscore/teams/away/players", Value::Null),
        (entry, json!("?")),
        (&format!("{entry}/stats"), Value::Null),
        (&format!("{entry}/stats"), json!({})),
        (&format!("{entry}/stats/fielding"), Value::Null),
        (&format!("{entry}/stats/fielding"), json!({})),
        (&format!("{entry}/stats/fielding"), json!({"assists": 1})),
        (&format!("{entry}/stats/fielding/errors"), Value::Null),
        (&format!("{entry}/stats/fielding/errors"), json!("1")),
        (&format!("{entry}/stats/fielding/errors"), json!(-1)),
    ] {
        let lose = |feed: &mut Value| *feed.pointer_mut(pointer).unwrap() = value.clone();
        let game = final_with(&lose);
        assert_eq!(game.errors, ErrorCount::AtLeast(1), "{pointer} {value}");
        let game = final_with(&|feed| {
            lose(feed);
            feed["liveData"]["plays"] = Value::Null;
        });
        assert_eq!(game.errors, ErrorCount::AtLeast(0), "{pointer} {value}, without plays");
    }
}

#[test]
fn who_needs_no_count_has_none_and_is_not_unknown() {
    let game = |state: &str, inning: u8, entry: Value| {
        let read = feed_with(|feed| {
            feed["gameData"]["status"]["codedGameState"] = json!(state);
            feed["liveData"]["plays"] = json!({"allPlays": []});
            feed["liveData"]["linescore"] = json!({"currentInning": inning, "inningState": "Top"});
            feed["liveData"]["boxscore"]["teams"]["home"]["players"] =
                json!({"ID9": {"battingOrder": "100"}});
            feed["liveData"]["boxscore"]["teams"]["away"]["players"] = json!({"ID7": entry});
        });
        let read = read.unwrap();
        (read.presence, read.errors)
    };
    let positions = |names: &[&str]| {
        let all: Vec<Value> = names.iter().map(|name| json!({"abbreviation": name})).collect();
        json!({"battingOrder": "200", "allPositions": all, "stats": {"fielding": {}}})
    };
    let charged = |names: &[&str], errors: u32| {
        let mut entry = positions(names);
        entry["stats"]["fielding"]["errors"] = json!(errors);
        entry
    };
    let (read, lost) = (ErrorCount::Read, ErrorCount::AtLeast(0));
    for (what, state, inning, entry, expected) in [
        ("bench", "F", 9, json!({"stats": {"fielding": {}}}), (Participation::Listed, read(0))),
        ("designated hitter", "F", 9, positions(&["DH"]), (Participation::Lineup, read(0))),
        ("designated hitter with a row", "F", 9, charged(&["DH"], 0), (Participation::Lineup, read(0))),
        ("pinch hitter and runner", "F", 9, charged(&["PH", "PR"], 0), (Participation::Lineup, read(0))),
        ("pinch hitter who stayed", "F", 9, charged(&["PH", "RF"], 1), (Participation::Fielded, read(1))),
        ("the box score decides", "F", 9, charged(&["DH"], 1), (Participation::Fielded, read(1))),
        ("right fielder", "F", 9, positions(&["RF"]), (Participation::Lineup, lost)),
        ("before his team was in the field", "I", 1, positions(&["RF"]), (Participation::Lineup, read(0))),
        ("in the second inning", "I", 2, positions(&["RF"]), (Participation::Lineup, lost)),
        ("before the game", "P", 1, positions(&["RF"]), (Participation::Lineup, read(0))),
        ("more than anybody has", "F", 9, charged(&["RF"], 70_000), (Participation::Lineup, lost)),
        ("pitcher", "F", 9, json!({"allPositions": [{"abbreviation": "P"}]}), (Participation::Lineup, lost)),
    ] {
        assert_eq!(game(state, inning, entry), expected, "{what}");
    }
}

#[test]
fn a_player_in_both_teams_lists_has_the_errors_of_both() {
    let both = |errors: Value| {
        feed_with(|feed| {
            let home = json!({"ID7": {"stats": {"fielding": {"errors": errors}}}});
            feed["liveData"]["boxscore"]["teams"]["home"]["players"] = home;
        })
        .unwrap()
        .errors
    };
    assert_eq!(both(json!(0)), ErrorCount::Read(1));
    assert_eq!(both(json!(2)), ErrorCount::Read(3));
    assert_eq!(both(Value::Null), ErrorCount::AtLeast(1), "one of the two cannot be read");
}

#[test]
fn credits_that_are_errors_have_their_kind_and_others_are_none() {
    for (credit, kind) in [
        ("f_fielding_error", Some(ErrorKind::Fielding)),
        ("f_throwing_error", Some(ErrorKind::Throwing)),
        ("f_missed_catch_error", Some(ErrorKind::MissedCatch)),
        ("f_error_dropped_ball", Some(ErrorKind::DroppedBall)),
        ("f_foul_error", Some(ErrorKind::Foul)),
        ("c_catcher_interf", Some(ErrorKind::CatcherInterference)),
        ("f_interference", Some(ErrorKind::Interference)),
        ("f_defensive_shift_violation_error", Some(ErrorKind::ShiftViolation)),
        ("f_error", Some(ErrorKind::Other)),
        ("f_new_error", Some(ErrorKind::Other)),
        ("f_assist", None),
        ("f_putout", None),
        ("f_deflection", None),
        ("f_touch", None),
        ("f_fielded_ball", None),
        ("c_passed_ball", None),
        ("p_wild_pitch", None),
        ("t_double_play", None),
        ("", None),
    ] {
        assert_eq!(error_kind(credit), kind, "{credit}");
    }
}

#[test]
fn a_play_has_the_time_of_its_end_or_else_of_its_start() {
    let at = |about: Value| {
        let game = feed_with(|feed| feed["liveData"]["plays"]["allPlays"][0]["about"] = about.clone());
        game.unwrap().plays[0].at
    };
    let times = json!({"startTime": "2024-07-03T02:30:00.000Z", "endTime": "2024-07-03T02:31:00.000Z"});
    assert_eq!(at(times), Some(datetime!(2024-07-03 02:31 UTC)));
    assert_eq!(at(json!({"startTime": "2024-07-03T02:30:00Z"})), Some(datetime!(2024-07-03 02:30 UTC)));
    assert_eq!(at(json!({"endTime": "?"})), None);
}

#[test]
fn a_line_score_has_the_runs_of_each_inning_and_the_totals() {
    let line =
        |linescore: Value| feed_with(|feed| feed["liveData"]["linescore"] = linescore.clone()).unwrap().line;
    let read = line(json!({
        "innings": [
            {"num": 1, "away": {"runs": 1, "hits": 2, "errors": 0}, "home": {"runs": 0}},
            {"num": 2, "away": {"runs": 0}, "home": {"hits": 0}},
            "?",
            {"num": 4, "away": {"runs": 3}},
            {"num": 1000, "away": {"runs": 9}},
        ],
        "teams": {"away": {"runs": 4, "hits": 7, "errors": 2}, "home": {"runs": 0, "hits": null, "errors": "1"}},
    }));
    let away = TeamLine {
        innings: vec![Some(1), Some(0), None, Some(3)],
        runs: Some(4),
        hits: Some(7),
        errors: Some(2),
    };
    let home = TeamLine { innings: vec![Some(0), None, None, None], runs: Some(0), hits: None, errors: None };
    assert_eq!(read, Some(LineScore { away, home }), "what cannot be read is none, not zero");
    for (what, linescore) in [
        ("before the game", json!({"innings": [], "teams": {"home": {}, "away": {}}})),
        ("missing", json!({})),
        ("odd", json!({"innings": 5, "teams": "?"})),
    ] {
        assert_eq!(line(linescore), None, "{what}");
    }
    let totals = line(json!({"teams": {"away": {"runs": 1, "hits": 2, "errors": 0}}})).unwrap();
    assert_eq!((totals.away.runs, totals.away.innings, totals.home.runs), (Some(1), vec![], None));
}
