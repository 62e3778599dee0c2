//! Invented days, as replies of MLB's API.

use serde_json::{Value, json};

pub const TATIS: u32 = 665487;
pub const PADRES: u32 = 135;

/// Noon at the ballpark on the default day of a [`Game`].
pub const NOON: &str = "2024-07-02T19:00:00Z";
/// Two hours after the default first pitch.
pub const EVENING: &str = "2024-07-03T04:05:00Z";

#[derive(Clone)]
pub struct Game {
    pub pk: u64,
    pub listed: &'static str,
    pub official: &'static str,
    pub start: &'static str,
    pub status: (&'static str, &'static str, &'static str),
    pub number: u8,
    pub double_header: &'static str,
    pub errors: u32,
    pub plays: u32,
    pub fielded: bool,
    pub stamp: u32,
    pub text: &'static str,
}

pub const SCHEDULED: (&str, &str, &str) = ("Preview", "S", "Scheduled");
pub const IN_PROGRESS: (&str, &str, &str) = ("Live", "I", "In Progress");
pub const FINAL: (&str, &str, &str) = ("Final", "F", "Final");
pub const POSTPONED: (&str, &str, &str) = ("Final", "D", "Postponed");

impl Game {
    pub fn new(status: (&'static str, &'static str, &'static str)) -> Self {
        Game {
            pk: 1001,
            listed: "2024-07-02",
            official: "2024-07-02",
            start: "2024-07-03T02:05:00Z",
            status,
            number: 1,
            double_header: "N",
            errors: 0,
            plays: 0,
            fielded: status.0 != "Preview",
            stamp: 0,
            text: "A grounder goes through.",
        }
    }

    pub fn charged(self, errors: u32) -> Self {
        Game { errors, plays: errors, ..self }
    }

    pub fn listing(&self) -> Value {
        json!({
            "gamePk": self.pk, "gameType": "R", "gameDate": self.start, "officialDate": self.official,
            "status": self.status(), "doubleHeader": self.double_header, "gameNumber": self.number,
            "venue": {"id": 1, "name": "Harbour Park"},
            "teams": {
                "away": {"team": {"id": 140, "name": "Texas Rangers"}},
                "home": {"team": {"id": PADRES, "name": "San Diego Padres"}},
            },
        })
    }

    pub fn feed(&self) -> Value {
        let play = json!({
            "result": {"type": "atBat", "description": self.text},
            "about": {"inning": 3, "halfInning": "bottom", "endTime": "2024-07-03T03:00:00.000Z"},
            "matchup": {"batter": {"id": 7, "fullName": "Sam Batter"}},
            "runners": [
                {"details": {"eventType": "error"}, "movement": null},
                {"credits": [{"player": {"id": TATIS}, "credit": "f_throwing_error", "position": {"code": "9", "abbreviation": "RF"}}]},
            ],
        });
        let fielding = if self.fielded { json!({"errors": self.errors, "assists": 0}) } else { json!({}) };
        json!({
            "copyright": "none", "gamePk": self.pk,
            "metaData": {"wait": 10, "timeStamp": format!("20240703_{:06}", self.stamp)},
            "gameData": {"game": {"pk": self.pk}, "datetime": {"officialDate": self.official}, "status": self.status()},
            "liveData": {
                "plays": {"allPlays": vec![play; self.plays as usize]},
                "linescore": {
                    "currentInning": 4, "inningState": "Top",
                    "innings": [
                        {"num": 1, "away": {"runs": 0}, "home": {"runs": 2}},
                        {"num": 2, "away": {"runs": 1}, "home": {"runs": 0}},
                        {"num": 3, "away": {"runs": 0}, "home": {"runs": 0}},
                        {"num": 4, "away": {"runs": 0}, "home": {}},
                    ],
                    "teams": {
                        "away": {"runs": 1, "hits": 3, "errors": 0},
                        "home": {"runs": 2, "hits": 5, "errors": self.errors},
                    },
                },
                "boxscore": {"teams": {
                    "away": {"players": {"ID7": {"person": {"id": 7}, "battingOrder": "100", "stats": {"fielding": {}}}}},
                    "home": {"players": {format!("ID{TATIS}"): {
                        "person": {"id": TATIS}, "battingOrder": "200", "stats": {"batting": {}, "fielding": fielding},
                    }}},
                }},
            },
        })
    }

    fn status(&self) -> Value {
        let (abstract_state, coded, detailed) = self.status;
        json!({"abstractGameState": abstract_state, "codedGameState": coded, "detailedState": detailed, "startTimeTBD": false})
    }
}

/// His season's log: day, opponent and errors of each game, whose ids are 1, 2, 3 …
pub fn season_log(games: &[(&str, &str, u32)]) -> Value {
    let row = |(index, (date, opponent, errors)): (usize, &(&str, &str, u32))| {
        json!({
            "season": "2024", "date": date, "gameType": "R", "isHome": true, "stat": {"errors": errors},
            "opponent": {"id": 1, "name": opponent}, "game": {"gamePk": index + 1, "gameNumber": 1},
        })
    };
    json!({"stats": [{"splits": games.iter().enumerate().map(row).collect::<Vec<_>>()}]})
}

pub fn schedule(games: &[Game]) -> Value {
    let dates: Vec<Value> =
        games.iter().map(|game| json!({"date": game.listed, "games": [game.listing()]})).collect();
    json!({"totalGames": games.len(), "dates": dates})
}
