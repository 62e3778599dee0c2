use crate::{
    answer::{GameState, Outage, Participation},
    mlb::{Client, Endpoint, model, replay::*},
};
use serde_json::{Value, json};
use std::sync::Mutex;
use time::macros::{date, datetime};

fn feed(now: OffsetDateTime) -> crate::answer::GameFeed {
    let (status, json) = Scenario::of_the_day().reply("/api/v1.1/game/717055/feed/live?fields=x", now);
    assert_eq!(status, 200);
    model::feed(&json, 717055, 665487).unwrap()
}

#[test]
fn the_day_goes_from_no_to_yes() {
    for (now, state, presence, errors) in [
        (datetime!(2023-08-10 01:15 UTC), GameState::Ahead, Participation::Lineup, 0),
        (datetime!(2023-08-10 01:30 UTC), GameState::Ahead, Participation::Lineup, 0),
        (datetime!(2023-08-10 02:23:53 UTC), GameState::On, Participation::Fielded, 0),
        (datetime!(2023-08-10 02:23:54 UTC), GameState::On, Participation::Fielded, 1),
        (datetime!(2023-08-10 04:20 UTC), GameState::On, Participation::Fielded, 1),
        (datetime!(2023-08-10 04:34 UTC), GameState::Over, Participation::Fielded, 1),
        (datetime!(2023-08-10 04:40 UTC), GameState::Over, Participation::Fielded, 1),
    ] {
        let feed = feed(now);
        assert_eq!(
            (feed.status.state, feed.presence, feed.errors.known()),
            (state, presence, errors),
            "{now}"
        );
        assert_eq!(feed.plays.len() as u32, errors, "{now}");
    }
}

#[test]
fn the_replay_has_the_line_score_of_the_game() {
    let line = feed(Scenario::of_the_day().ends()).line.unwrap();
    let runs = |innings: [u32; 9]| innings.map(Some).to_vec();
    assert_eq!(line.away.innings, runs([1, 0, 0, 0, 0, 0, 0, 0, 0]));
    let mut home = runs([0, 0, 1, 0, 0, 0, 0, 5, 0]);
    home[8] = None;
    assert_eq!(line.home.innings, home, "no bottom of the ninth");
    assert_eq!((line.away.runs, line.away.hits, line.away.errors), (Some(1), Some(4), Some(2)));
    assert_eq!((line.home.runs, line.home.hits, line.home.errors), (Some(6), Some(10), Some(0)));
}

#[test]
fn the_feed_of_a_replay_grows_with_the_clock_and_each_game_is_listed_once() {
    let stamp = |now| feed(now).as_of.unwrap();
    assert!(stamp(datetime!(2023-08-10 02:00 UTC)) < stamp(datetime!(2023-08-10 02:00:01 UTC)));
    let day = Scenario::of_the_day();
    let listed = |query: &str| {
        let (_, json) = day.reply(&format!("/api/v1/schedule?sportId=1&{query}"), day.begins());
        model::schedule(&json).unwrap().listings.len()
    };
    assert_eq!(listed("teamId=135&startDate=2023-08-09&endDate=2023-08-10"), 1);
    assert_eq!(listed("teamId=135&startDate=2023-08-10&endDate=2023-08-10"), 0);
    assert_eq!(listed("teamId=135&startDate=2023-01-01&endDate=2023-12-31"), 162);
    assert_eq!(listed("gameType=A&startDate=2023-08-09&endDate=2023-08-09"), 0);
}

#[test]
fn a_replay_is_asked_like_mlb_over_a_socket() {
    let day = Scenario::of_the_day();
    let socket = ReplaySocket::bind().unwrap();
    let url = socket.url();
    let _replay = Replay::start(socket, day.clone(), Clock::starting_at(day.ends())).unwrap();
    let endpoint = Endpoint { url, token: None, contact: "https://e6.example".into(), proxy: None };
    let mut client = Client::new(endpoint, &crate::limits::Limits::default());
    let player = client.person(665487).unwrap();
    assert_eq!((player.short_name.as_str(), player.current_team.unwrap().id), ("Tatis Jr.", 135));
    assert_eq!(client.team(135).unwrap().zone.unwrap().name(), "America/Los_Angeles");
    assert_eq!(client.feed(717055, 665487).unwrap().errors.known(), 1);
    let log = client.season(665487, 2023).unwrap();
    assert_eq!((log.games.len(), log.games.iter().map(|game| game.errors).sum::<u32>()), (94, 3));
    assert!(client.season(665487, 2022).is_err());
    assert_eq!(client.person(1).unwrap_err().trouble, Outage::NoSuchPlayer);
    assert_eq!(client.feed(9999, 665487).unwrap_err().trouble, Outage::TurnedAway);
    let opening = client.feed(1, 665487).unwrap();
    assert_eq!(
        (opening.status.state, opening.presence),
        (GameState::Over, Participation::Listed),
        "not scripted"
    );
}

#[test]
fn a_recorded_day_is_asked_for_by_timecode_and_its_schedule_turned_back() {
    static ASKED: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let recorded = Recorded::new(Box::new(|path| {
        ASKED.lock().unwrap().push(path.to_owned());
        let game = |pk: u64, start: &str, coded: &str| {
            json!({
                "gamePk": pk, "gameDate": start, "officialDate": "2023-08-09", "gameType": "R",
                "status": {"codedGameState": coded, "abstractGameState": "Final", "detailedState": "?"},
                "teams": {"away": {"team": {"id": 135, "name": "A"}, "score": 1},
                          "home": {"team": {"id": 136, "name": "B"}, "score": 6}},
            })
        };
        let games = [
            game(1, "2023-08-09T18:00:00Z", "F"),
            game(2, "2023-08-10T01:40:00Z", "F"),
            game(3, "2023-08-10T01:40:00Z", "D"),
        ];
        Ok((200, json!({"dates": [{"date": "2023-08-09", "games": games}]}).to_string().into_bytes()))
    }));
    let now = datetime!(2023-08-09 20:00 UTC);
    let (_, json) = recorded.reply("/api/v1/schedule?sportId=1", now);
    let listings = model::schedule(&json).unwrap().listings;
    let states: Vec<_> = listings.iter().map(|listing| listing.status.state).collect();
    assert_eq!(states, [GameState::On, GameState::Ahead, GameState::Postponed]);
    assert_eq!(listings[1].home.runs, None);
    let (begin, end) = recorded.span(135, date!(2023 - 08 - 09)).unwrap().unwrap();
    assert_eq!((begin, end), (datetime!(2023-08-09 17:35 UTC), datetime!(2023-08-10 06:40 UTC)));

    recorded.reply("/api/v1.1/game/2/feed/live?fields=a", now);
    recorded.reply("/api/v1.1/game/2/feed/live", now);
    let asked = ASKED.lock().unwrap();
    assert_eq!(asked[2], "/api/v1.1/game/2/feed/live?fields=a&timecode=20230809_200000");
    assert_eq!(asked[3], "/api/v1.1/game/2/feed/live?timecode=20230809_200000");
}

#[test]
fn an_upstream_that_fails_is_a_bad_gateway() {
    let recorded = Recorded::new(Box::new(|_| Err("no network".into())));
    let (status, json) = recorded.reply("/api/v1/schedule", datetime!(2023-08-09 20:00 UTC));
    let json: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!((status, json["message"].as_str()), (502, Some("no network")));
    assert_eq!(recorded.span(135, date!(2023 - 08 - 09)), Err("no network".into()));
}
