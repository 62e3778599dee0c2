//! Invented seasons of the player, for the pages of days and seasons.

use crate::support::{
    day::{self, FINAL, Game, IN_PROGRESS, PADRES, POSTPONED, SCHEDULED, TATIS},
    fake_mlb::FakeMlb,
};
use serde_json::{Value, json};

/// A game of August 2023.
pub fn game(pk: u64, day: &'static str) -> Game {
    Game { pk, listed: day, official: day, start: "2023-08-10T02:05:00Z", ..Game::new(FINAL) }
}

/// A row of the log.
pub fn row(game: &Game, errors: u32, position: &str) -> Value {
    json!({
        "season": &game.official[..4], "date": game.official, "gameType": "R", "isHome": true,
        "stat": {"errors": errors, "position": {"abbreviation": position}},
        "team": {"id": PADRES}, "opponent": {"id": 140, "name": "Texas Rangers"},
        "game": {"gamePk": game.pk, "gameNumber": game.number},
    })
}

pub fn log(rows: Vec<Value>) -> Value {
    json!({"stats": [{"splits": rows}]})
}

/// The games of 2023: an error on the 9th, none on the 11th, a doubleheader with an error in each game on the 12th, and
/// a game of the 13th that was postponed to the 14th.
pub fn games_of_2023() -> Vec<Game> {
    let twin = |pk, number| Game { number, double_header: "S", ..game(pk, "2023-08-12") }.charged(1);
    vec![
        game(2001, "2023-08-09").charged(1),
        game(2002, "2023-08-11"),
        twin(2003, 1),
        twin(2004, 2),
        Game { status: POSTPONED, official: "2023-08-14", ..game(2005, "2023-08-13") },
        game(2005, "2023-08-14"),
    ]
}

pub fn put_season(mlb: &FakeMlb, year: i32, games: &[Game], log: Value) {
    mlb.put(&format!("/api/v1/people/{TATIS}/stats?stats=gameLog&group=fielding&season={year}"), log);
    let year = format!("startDate={year}-01-01&endDate={year}-12-31&fields=");
    mlb.put(&format!("/api/v1/schedule?sportId=1&teamId={PADRES}&{year}"), day::schedule(games));
    for game in games.iter().filter(|game| game.status != POSTPONED) {
        mlb.put(&format!("/api/v1.1/game/{}/", game.pk), game.feed());
    }
}

/// Tatis, whose first season is 2023, with a game today.
pub fn mlb() -> FakeMlb {
    let today = Game::new(IN_PROGRESS);
    let tomorrow = Game {
        pk: 1002,
        listed: "2024-07-03",
        official: "2024-07-03",
        start: "2024-07-04T02:05:00Z",
        ..Game::new(SCHEDULED)
    };
    let mlb = FakeMlb::with(&[today.clone(), tomorrow.clone()]);
    mlb.put(
        &format!("/api/v1/people/{TATIS}?"),
        json!({"people": [{
            "id": TATIS, "fullName": "Fernando Tatis Jr.", "useLastName": "Tatis Jr.", "mlbDebutDate": "2023-03-30",
            "currentTeam": {"id": PADRES, "name": "San Diego Padres"},
        }]}),
    );
    let games = games_of_2023();
    let rows = [(0, 1, "RF"), (1, 0, "RF"), (2, 1, "SS"), (3, 1, "RF"), (5, 0, "RF")];
    let rows = rows.map(|(index, errors, position)| row(&games[index], errors, position));
    put_season(&mlb, 2023, &games, log(rows.to_vec()));
    let opening = Game {
        pk: 1000,
        listed: "2024-06-20",
        official: "2024-06-20",
        start: "2024-06-21T02:05:00Z",
        ..Game::new(FINAL)
    };
    put_season(&mlb, 2024, &[opening.clone(), today, tomorrow], log(vec![row(&opening, 0, "RF")]));
    mlb
}

/// The same after a season of 150 games with an error in every ninth, and with the list of the leaders.
pub fn after_a_long_season() -> FakeMlb {
    let mlb = mlb();
    let clubs = ["Los Angeles Dodgers", "Arizona Diamondbacks", "Philadelphia Phillies", "Chicago White Sox"];
    let day = |index: u32, later: u32| format!("2023-{:02}-{:02}", 4 + index / 27, 1 + index % 27 + later);
    let games: Vec<Game> = (0..150)
        .map(|index| {
            let leaked = |text: String| &*Box::leak(text.into_boxed_str());
            let errors = if index % 9 == 0 { 2 - index % 2 } else { 0 };
            let start = leaked(day(index, 1) + "T02:05:00Z");
            Game { start, ..game(4000 + u64::from(index), leaked(day(index, 0))) }.charged(errors)
        })
        .collect();
    let rows = games.iter().enumerate().map(|(index, game)| {
        let mut row = row(game, game.errors, ["RF", "RF", "SS", "CF"][index / 40]);
        row["opponent"] = json!({"id": 200 + index / 3 % 4, "name": clubs[index / 3 % 4]});
        row["isHome"] = json!(index % 2 == 0);
        row
    });
    put_season(&mlb, 2023, &games, log(rows.collect()));
    mlb.put("/api/v1/stats/leaders?", crate::pages::leaders::list(2024));
    mlb
}
