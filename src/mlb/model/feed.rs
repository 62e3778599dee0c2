//! The live feed of a game.

use crate::{
    answer::{ErrorKind, ErrorPlay, GameBox, Half, Inning, Presence, Score, State},
    mlb::{
        model::{Surprise, parse},
        wire::{Boxed, Credit, Feed, Fielding, Lenient, Linescore, Play, Stats, day, instant},
    },
};
use std::collections::BTreeMap;

/// `/api/v1.1/game/{pk}/feed/live`, whole or trimmed to [`FEED_FIELDS`].
pub fn feed(json: &[u8], pk: u64, person: u32) -> Result<GameBox, Surprise> {
    let feed: Feed = parse(json)?;
    if feed.game_pk != pk {
        return Err(Surprise(format!("asked for game {pk}, got game {}", feed.game_pk)));
    }
    let official = feed.game_data.datetime.get().and_then(|datetime| day(&datetime.official_date));
    let status = feed.game_data.status.into_status();
    let line = feed.live_data.linescore.get().unwrap_or_default();
    let teams = feed.live_data.boxscore.teams;
    let players = [teams.away.players, teams.home.players];
    let begun = !matches!(status.state, State::Ahead | State::Postponed | State::Cancelled);
    if begun && players.iter().all(BTreeMap::is_empty) {
        return Err(Surprise(format!("the box score of game {pk} lists nobody, though the game has begun")));
    }
    let (presence, errors) = fielding(&players, person)?;
    let plays = feed.live_data.plays.get().unwrap_or_default().all_plays;
    let plays: Vec<Play> = plays.into_iter().filter_map(Lenient::get).collect();
    Ok(GameBox {
        pk,
        as_of: feed.meta_data.get().and_then(|meta| meta.time_stamp),
        official,
        inning: line.inning(),
        score: line.score(),
        presence,
        errors,
        last_play: plays.iter().rev().find_map(|play| play.about.end_time.as_deref().and_then(instant)),
        plays: plays.iter().flat_map(|play| play.errors_of(person, pk)).collect(),
        status,
    })
}

/// `fields=` of the live feed: the allow-list of keys, at every depth, of what [`feed`] reads.
pub const FEED_FIELDS: &str = "gamePk,metaData,timeStamp,gameData,datetime,officialDate,status,abstractGameState,codedGameState,\
    detailedState,reason,liveData,plays,allPlays,result,description,about,inning,halfInning,endTime,matchup,batter,\
    fullName,runners,credits,credit,player,id,position,abbreviation,linescore,currentInning,inningState,teams,away,\
    home,runs,boxscore,players,person,battingOrder,stats,fielding,errors";

/// Presence and errors of a person, in whichever team's list he is.
fn fielding(teams: &[BTreeMap<String, Lenient<Boxed>>; 2], person: u32) -> Result<(Presence, u32), Surprise> {
    let posted = |boxed: &Lenient<Boxed>| boxed.good().is_some_and(|boxed| boxed.batting_order.is_some());
    let key = format!("ID{person}");
    for team in teams {
        match team.get(&key) {
            None => continue,
            Some(Lenient::Odd(_)) => {
                return Err(Surprise(format!("the box score's entry of {key} has another shape")));
            }
            Some(Lenient::Good(boxed)) => {
                let presence = match boxed {
                    Boxed { stats: Stats { fielding: Fielding { errors: Some(_) } }, .. } => {
                        Presence::Fielded
                    }
                    Boxed { batting_order: Some(_), .. } => Presence::Lineup,
                    _ if team.values().any(posted) => Presence::Bench,
                    _ => Presence::Listed,
                };
                return Ok((presence, boxed.stats.fielding.errors.unwrap_or(0)));
            }
        }
    }
    Ok((Presence::Absent, 0))
}

impl Linescore {
    fn inning(&self) -> Option<Inning> {
        let half = match self.inning_state.as_deref()? {
            "Top" => Half::Top,
            "Middle" => Half::Middle,
            "Bottom" => Half::Bottom,
            "End" => Half::End,
            _ => return None,
        };
        Some(Inning { number: self.current_inning?, half })
    }

    fn score(&self) -> Option<Score> {
        let teams = self.teams.good()?;
        Some(Score { away: teams.away.runs?, home: teams.home.runs? })
    }
}

impl Play {
    fn errors_of(&self, person: u32, game: u64) -> Vec<ErrorPlay> {
        self.runners
            .iter()
            .filter_map(Lenient::good)
            .flat_map(|runner| runner.credits.iter().flatten())
            .filter_map(Lenient::good)
            .filter(|credit| credit.player.id == person && credit.credit.ends_with("_error"))
            .map(|credit| self.error(credit, game))
            .collect()
    }

    fn error(&self, credit: &Credit, game: u64) -> ErrorPlay {
        let half = match self.about.half_inning.as_deref() {
            Some("top") => Some(Half::Top),
            Some("bottom") => Some(Half::Bottom),
            _ => None,
        };
        ErrorPlay {
            game,
            inning: half.zip(self.about.inning).map(|(half, number)| Inning { number, half }),
            kind: match credit.credit.as_str() {
                "f_fielding_error" => ErrorKind::Fielding,
                "f_throwing_error" => ErrorKind::Throwing,
                _ => ErrorKind::Other,
            },
            position: credit
                .position
                .as_ref()
                .and_then(Lenient::good)
                .map(|position| position.abbreviation.clone()),
            batter: self.matchup.good().and_then(|matchup| matchup.batter.full_name.clone()),
            text: self.result.description.clone().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use time::macros::date;

    fn feed_with(change: impl Fn(&mut Value)) -> Result<GameBox, Surprise> {
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
        assert_eq!((game.errors, game.presence), (1, Presence::Fielded));
        assert_eq!((game.inning, game.score, game.official), (None, None, Some(date!(2024 - 07 - 02))));
        let play = &game.plays[0];
        assert_eq!(
            (play.kind, &play.position, play.inning, play.text.as_str()),
            (ErrorKind::Other, &None, None, "")
        );
        let without = feed_with(|feed| feed["liveData"]["plays"] = json!([])).unwrap();
        assert_eq!((without.errors, without.plays.len()), (1, 0));
    }

    #[test]
    fn what_the_answer_rests_on_must_have_its_shape() {
        let players = "/liveData/boxscore/teams/away/players";
        for (pointer, value) in [
            ("/gamePk", json!(2)),
            ("/liveData/boxscore", Value::Null),
            (players, json!({})),
            ("/liveData/boxscore/teams/away/players/ID7", json!("?")),
            ("/liveData/boxscore/teams/away/players/ID7/stats/fielding/errors", json!("1")),
            ("/liveData/boxscore/teams/away/players/ID7/stats/fielding/errors", json!(-1)),
            ("/gameData/status", Value::Null),
        ] {
            let changed = feed_with(|feed| *feed.pointer_mut(pointer).unwrap() = value.clone());
            assert!(changed.is_err(), "{pointer} {value}");
        }
    }
}
