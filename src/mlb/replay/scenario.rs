//! A scripted day: a file of facts, rendered as the API's JSON at any moment.

use crate::{
    language::PerLanguage,
    mlb::{
        json::day,
        replay::{ReplaySource, id, timecode},
    },
};
use serde::Deserialize;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The day that comes with e6.
const OF_THE_DAY: &str = include_str!("../../../assets/demo/2023-08-09.json");
/// Time before the first pitch at which a replay begins: enough to read the page once.
const BEFORE: time::Duration = time::Duration::minutes(25);
/// Time for which a replay goes on after the last moment in the script.
const AFTER: time::Duration = time::Duration::minutes(10);

/// One game of one club, moment by moment.
#[derive(Debug, Clone, Deserialize)]
pub struct Scenario {
    pub about: PerLanguage<String>,
    season: String,
    pub season_note: PerLanguage<String>,
    date: String,
    game: u64,
    #[serde(with = "time::serde::rfc3339")]
    start: OffsetDateTime,
    venue: String,
    player: ReplayedPlayer,
    club: DemoClub,
    opponent: DemoClub,
    hits: InningHits,
    moments: Vec<ScriptMoment>,
    errors: Vec<ScriptError>,
    series: Vec<Series>,
    /// The reply about the players with the most errors: an example, like the season.
    leaders: Value,
}

/// Games against one club on consecutive days, without the scripted game.
#[derive(Debug, Clone, Deserialize)]
struct Series {
    from: String,
    #[serde(rename = "where")]
    place: SeriesVenue,
    club: u32,
    name: String,
    /// The number of games, if he played in none or his errors are not given.
    #[serde(default)]
    games: usize,
    /// The player's errors in each, if he played in all.
    #[serde(default)]
    errors: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SeriesVenue {
    Home,
    Away,
}

/// A game of the season that is not scripted.
struct BriefGame<'a> {
    /// Not MLB's: from 1, in the order of the file.
    pk: usize,
    date: String,
    number: u8,
    series: &'a Series,
    errors: Option<u32>,
}

#[derive(Debug, Clone, Deserialize)]
struct ReplayedPlayer {
    id: u32,
    name: String,
    short: String,
    order: String,
}

#[derive(Debug, Clone, Deserialize)]
struct DemoClub {
    id: u32,
    name: String,
    /// The time zone of its ballpark; only the player's club has one.
    #[serde(default)]
    zone: String,
}

#[derive(Debug, Clone, Deserialize)]
struct InningHits {
    away: Vec<u32>,
    home: Vec<u32>,
}

/// The state of the game from this time on.
#[derive(Debug, Clone, Deserialize)]
struct ScriptMoment {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    state: GameStage,
    inning: Option<u8>,
    half: Option<String>,
    away: Option<u32>,
    home: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum GameStage {
    Pregame,
    Warmup,
    On,
    GameOver,
    Final,
}

/// An error, charged from this time on.
#[derive(Debug, Clone, Deserialize)]
struct ScriptError {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    fielder: u32,
    credit: String,
    position: String,
    inning: u8,
    half: String,
    batter: String,
    text: String,
}

impl Scenario {
    /// The day that comes with e6: August 9, 2023.
    ///
    /// # Panics
    /// Never: the file is compiled in, and a test reads it.
    #[expect(clippy::expect_used, reason = "the file is part of the binary and a test reads it")]
    pub fn of_the_day() -> Self {
        serde_json::from_str(OF_THE_DAY).expect("assets/demo/2023-08-09.json is valid")
    }

    pub fn player(&self) -> u32 {
        self.player.id
    }

    pub fn begins(&self) -> OffsetDateTime {
        self.start - BEFORE
    }

    pub fn ends(&self) -> OffsetDateTime {
        self.moments.last().map_or(self.start, |moment| moment.at) + AFTER
    }

    fn moment(&self, now: OffsetDateTime) -> Option<&ScriptMoment> {
        self.moments.iter().rev().find(|moment| moment.at <= now)
    }

    fn status(&self, now: OffsetDateTime) -> Value {
        let stage = self.moment(now).map(|moment| moment.state);
        let (whole, coded, detailed) = match stage {
            None => ("Preview", "S", "Scheduled"),
            Some(GameStage::Pregame) => ("Preview", "P", "Pre-Game"),
            Some(GameStage::Warmup) => ("Live", "P", "Warmup"),
            Some(GameStage::On) => ("Live", "I", "In Progress"),
            Some(GameStage::GameOver) => ("Final", "O", "Game Over"),
            Some(GameStage::Final) => ("Final", "F", "Final"),
        };
        json!({"abstractGameState": whole, "codedGameState": coded, "detailedState": detailed, "startTimeTBD": false})
    }

    fn schedule(&self, path: &str, now: OffsetDateTime) -> Value {
        let game = json!({
            "gamePk": self.game, "gameType": "R", "season": self.season, "gameDate": rfc3339(self.start),
            "officialDate": self.date, "status": self.status(now),
            "teams": {"away": {"team": {"id": self.club.id, "name": self.club.name}},
                      "home": {"team": {"id": self.opponent.id, "name": self.opponent.name}}},
            "venue": {"name": self.venue}, "doubleHeader": "N", "gameNumber": 1,
        });
        let others = self.others().map(|other| (other.date.clone(), self.listing(&other)));
        let days = others.chain([(self.date.clone(), game)]).filter(|(date, _)| asked_for(path, date));
        json!({"dates": days.map(|(date, game)| json!({"date": date, "games": [game]})).collect::<Vec<_>>()})
    }

    /// The other games of the season. A second one on a day is the second of a doubleheader.
    fn others(&self) -> impl Iterator<Item = BriefGame<'_>> {
        let days = self.series.iter().flat_map(|series| {
            let games = series.games.max(series.errors.len());
            days_from(&series.from).take(games).enumerate().map(move |(index, date)| (series, index, date))
        });
        let mut last = String::new();
        days.enumerate().map(move |(before, (series, index, date))| {
            let number = if date <= last { 2 } else { 1 };
            last.clone_from(&date);
            BriefGame { pk: before + 1, date, number, series, errors: series.errors.get(index).copied() }
        })
    }

    fn listing(&self, game: &BriefGame) -> Value {
        let (whole, coded, detailed) = match game.date < self.date {
            true => ("Final", "F", "Final"),
            false => ("Preview", "S", "Scheduled"),
        };
        let ours = json!({"team": {"id": self.club.id, "name": self.club.name}});
        let theirs = json!({"team": {"id": game.series.club, "name": game.series.name}});
        let (away, home) =
            if game.series.place == SeriesVenue::Home { (theirs, ours) } else { (ours, theirs) };
        json!({
            "gamePk": game.pk, "gameType": "R", "gameDate": format!("{}T03:33:00Z", game.date),
            "officialDate": game.date, "doubleHeader": "N", "gameNumber": game.number,
            "status": {"abstractGameState": whole, "codedGameState": coded, "detailedState": detailed, "startTimeTBD": true},
            "teams": {"away": away, "home": home},
        })
    }

    /// The player's fielding log until the day before.
    fn log(&self) -> Value {
        let row = |game: BriefGame| {
            let errors = game.errors.filter(|_| game.date < self.date)?;
            Some(json!({
                "date": game.date, "isHome": game.series.place == SeriesVenue::Home, "stat": {"errors": errors},
                "opponent": {"id": game.series.club, "name": game.series.name},
                "game": {"gamePk": game.pk, "gameNumber": game.number},
            }))
        };
        json!({"stats": [{"splits": self.others().filter_map(row).collect::<Vec<_>>()}]})
    }

    fn feed(&self, now: OffsetDateTime) -> Value {
        let moment = self.moment(now);
        let begun =
            moment.is_some_and(|moment| !matches!(moment.state, GameStage::Pregame | GameStage::Warmup));
        let plays: Vec<Value> = self.errors.iter().filter(|error| error.at <= now).map(play).collect();
        json!({
            "gamePk": self.game,
            "metaData": {"wait": 10, "timeStamp": timecode(now)},
            "gameData": {"game": {"pk": self.game}, "datetime": {"officialDate": self.date}, "status": self.status(now)},
            "liveData": {
                "plays": {"allPlays": plays},
                "linescore": moment.filter(|_| begun).map_or(json!({}), |moment| self.linescore(moment)),
                "boxscore": {"teams": {"away": {"players": self.players(now, begun)}, "home": {"players": {}}}},
            },
        })
    }

    /// The feed of a game that is not scripted: whether he fielded, and his errors.
    fn brief_feed(&self, pk: u64, now: OffsetDateTime) -> Option<Value> {
        let game = self.others().find(|game| game.pk as u64 == pk && game.date < self.date)?;
        let fielding = game.errors.map_or(json!({}), |errors| json!({"errors": errors}));
        let key = format!("ID{}", self.player.id);
        let players = json!({key: {"person": {"id": self.player.id}, "stats": {"fielding": fielding}}});
        Some(json!({
            "gamePk": pk,
            "metaData": {"timeStamp": timecode(now)},
            "gameData": {
                "datetime": {"officialDate": game.date},
                "status": {"abstractGameState": "Final", "codedGameState": "F", "detailedState": "Final"},
            },
            "liveData": {"boxscore": {"teams": {"away": {"players": players}, "home": {"players": {"ID0": {}}}}}},
        }))
    }

    /// The line score at a moment. The hits of an inning count from its end on.
    fn linescore(&self, now: &ScriptMoment) -> Value {
        let is_over = matches!(now.state, GameStage::GameOver | GameStage::Final);
        let moments = || self.moments.iter().take_while(|moment| moment.at <= now.at);
        let runs = |inning: u8| {
            let last = moments().filter(|moment| moment.inning.is_some_and(|number| number <= inning)).last();
            last.map_or((0, 0), |last| (last.away.unwrap_or(0), last.home.unwrap_or(0)))
        };
        let innings: Vec<Value> = (1..=now.inning.unwrap_or(0))
            .map(|inning| {
                let (before, after) = (runs(inning - 1), runs(inning));
                let has_home_batted = moments()
                    .any(|moment| moment.inning == Some(inning) && moment.half.as_deref() != Some("Top"));
                let home = has_home_batted.then_some(after.1 - before.1);
                json!({"num": inning, "away": {"runs": after.0 - before.0}, "home": {"runs": home}})
            })
            .collect();
        let complete = if is_over { usize::MAX } else { innings.len().saturating_sub(1) };
        let team = |runs: Option<u32>, hits: &[u32], fields_in: &str| {
            let charged = |error: &&ScriptError| error.at <= now.at && error.half == fields_in;
            json!({
                "runs": runs, "hits": hits.iter().take(complete).sum::<u32>(),
                "errors": self.errors.iter().filter(charged).count(),
            })
        };
        json!({
            "currentInning": now.inning, "inningState": now.half, "innings": innings,
            "teams": {
                "away": team(now.away, &self.hits.away, "bottom"), "home": team(now.home, &self.hits.home, "top"),
            },
        })
    }

    /// The players of his club in the box score: himself, and the fielders of the scripted errors.
    fn players(&self, now: OffsetDateTime, begun: bool) -> Value {
        let mut ids: Vec<u32> = self.errors.iter().map(|error| error.fielder).collect();
        ids.push(self.player.id);
        let player = |id: u32| {
            let charged = self.errors.iter().filter(|error| error.fielder == id && error.at <= now).count();
            let fielding = if begun { json!({"errors": charged}) } else { json!({}) };
            let order = (id == self.player.id && self.moment(now).is_some()).then_some(&self.player.order);
            (
                format!("ID{id}"),
                json!({"person": {"id": id}, "battingOrder": order, "stats": {"fielding": fielding}}),
            )
        };
        ids.into_iter().map(player).collect::<serde_json::Map<_, _>>().into()
    }

    fn person(&self) -> Value {
        json!({"people": [{
            "id": self.player.id, "fullName": self.player.name, "useLastName": self.player.short,
            "currentTeam": {"id": self.club.id, "name": self.club.name},
        }]})
    }

    fn team(&self) -> Value {
        json!({"teams": [{"id": self.club.id, "name": self.club.name, "venue": {"timeZone": {"id": self.club.zone}}}]})
    }

    fn roster(&self) -> Value {
        json!({"roster": [{"person": {"id": self.player.id}, "status": {"code": "A", "description": "Active"}}]})
    }
}

impl ReplaySource for Scenario {
    fn reply(&self, path: &str, now: OffsetDateTime) -> (u16, Vec<u8>) {
        let (hero, club) = (u64::from(self.player.id), u64::from(self.club.id));
        let body = match (path, id(path.split('?').next().unwrap_or(path))) {
            (path, _) if path.starts_with("/api/v1/stats/leaders?") => {
                path.contains(&format!("season={}&", self.season)).then(|| self.leaders.clone())
            }
            (path, _) if path.contains("/stats?") => {
                let asked = format!("/people/{hero}/stats?");
                (path.contains(&asked) && path.contains(&format!("season={}", self.season)))
                    .then(|| self.log())
            }
            (path, Some(id)) if path.starts_with("/api/v1/people/") => (id == hero).then(|| self.person()),
            (path, Some(id)) if path.contains("/roster") => (id == club).then(|| self.roster()),
            (path, Some(id)) if path.starts_with("/api/v1/teams/") => (id == club).then(|| self.team()),
            (path, _) if path.starts_with("/api/v1/schedule?") => Some(self.schedule(path, now)),
            (path, Some(id)) if path.starts_with("/api/v1.1/game/") => {
                if id == self.game {
                    Some(self.feed(now))
                } else {
                    self.brief_feed(id, now)
                }
            }
            _ => None,
        };
        match body {
            Some(body) => (200, body.to_string().into_bytes()),
            None => (404, br#"{"message":"Object not found"}"#.to_vec()),
        }
    }
}

/// Whether a schedule question's days include this one and it is not for the All-Star Game.
fn asked_for(path: &str, date: &str) -> bool {
    let parameter = |name: &str| path.split_once(name).and_then(|(_, value)| day(value));
    let date = day(date);
    !path.contains("gameType=A") && parameter("startDate=") <= date && date <= parameter("endDate=")
}

/// A day and those after it.
fn days_from(first: &str) -> impl Iterator<Item = String> {
    std::iter::successors(day(first), |day| day.next_day()).map(|day| day.to_string())
}

fn play(error: &ScriptError) -> Value {
    json!({
        "result": {"description": error.text},
        "about": {"inning": error.inning, "halfInning": error.half, "endTime": rfc3339(error.at)},
        "matchup": {"batter": {"fullName": error.batter}},
        "runners": [{"credits": [{
            "player": {"id": error.fielder}, "credit": error.credit, "position": {"abbreviation": error.position},
        }]}],
    })
}

fn rfc3339(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}
