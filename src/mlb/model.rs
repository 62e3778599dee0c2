//! What MLB's replies mean for the answer.
//!
//! What the answer rests on must have the expected shape, or the whole reply is refused. What only adorns it (plays,
//! rosters) is read leniently: an odd part is left out.

use super::wire::*;
use crate::answer::{
    Availability, Club, DoubleHeader, ErrorKind, ErrorPlay, GameBox, GameKind, Half, Inning, Listing, Player,
    Presence, Score, Season, SeasonGame, Side, State, Status, Zone,
};
use serde::de::{DeserializeOwned, IgnoredAny};
use std::collections::BTreeMap;
use time::{Date, OffsetDateTime};

/// The reply is not what was asked for: a sentence for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surprise(pub String);

/// `/api/v1/people/{id}?hydrate=currentTeam`.
pub fn player(json: &[u8], id: u32) -> Result<Player, Surprise> {
    let people: People = parse(json)?;
    let person = people
        .people
        .into_iter()
        .find(|person| person.id == id)
        .ok_or_else(|| Surprise(format!("the reply does not hold person {id}")))?;
    Ok(Player {
        id,
        short_name: person.use_last_name.or(person.last_name).unwrap_or_else(|| person.full_name.clone()),
        name: person.full_name,
        club: person.current_team.and_then(Lenient::get).map(Team::into_club),
    })
}

/// `/api/v1/teams/{id}?hydrate=venue(timezone)`: the club and the clock of its home ballpark.
pub fn club(json: &[u8], id: u32) -> Result<(Club, Zone), Surprise> {
    let teams: Teams = parse(json)?;
    let team = teams
        .teams
        .into_iter()
        .find(|team| team.id == id)
        .ok_or_else(|| Surprise(format!("the reply does not hold team {id}")))?;
    let zone = Zone::named(&team.venue.time_zone.id).map_err(|unknown| Surprise(unknown.to_string()))?;
    Ok((Club { id, name: team.name }, zone))
}

/// `/api/v1/schedule`.
pub fn schedule(json: &[u8]) -> Result<Vec<Listing>, Surprise> {
    let schedule: Schedule = parse(json)?;
    let mut listings = Vec::new();
    for day in schedule.dates {
        for game in day.games {
            listings.push(game.into_listing(day.date));
        }
    }
    Ok(listings)
}

/// `/api/v1/teams/{id}/roster?rosterType=40Man`, decided on the families of status codes only.
pub fn availability(json: &[u8], person: u32) -> Availability {
    let Ok(roster) = parse::<Roster>(json) else { return Availability::Unknown };
    let entry = roster.roster.into_iter().filter_map(Lenient::get).find(|entry| entry.person.id == person);
    let Some(RosterStatus { code, description }) = entry.map(|entry| entry.status) else {
        return Availability::Unknown;
    };
    let injured_list = code.strip_prefix(['D', 'I']).is_some_and(|days| {
        !days.is_empty() && (days == "L" || days.bytes().all(|byte| byte.is_ascii_digit()))
    });
    match code.as_str() {
        "A" => Availability::Active,
        _ if injured_list => Availability::Injured(description),
        "SU" | "RST" => Availability::Suspended(description),
        "BRV" | "PL" | "FME" | "RM" | "MIN" => Availability::Away(description),
        _ => Availability::Unknown,
    }
}

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

/// `/api/v1/people/{id}/stats?stats=gameLog&group=fielding`: one row per game and position, summed by game.
pub fn season(json: &[u8], year: i32) -> Option<Season> {
    let reply: SeasonReply = parse(json).ok()?;
    let mut games: BTreeMap<u64, SeasonGame> = BTreeMap::new();
    for row in reply.stats.into_iter().flat_map(|stat| stat.splits) {
        let pk = row.game.game_pk;
        let game = SeasonGame {
            pk,
            date: day(&row.date)?,
            number: row.game.game_number.get().unwrap_or(1),
            opponent: row.opponent.get().map(Team::into_club),
            at_home: row.is_home.get().unwrap_or(false),
            errors: 0,
        };
        games.entry(pk).or_insert(game).errors += row.stat.errors;
    }
    Some(Season { year, games: games.into_values().collect() })
}

/// `fields=` of the live feed: the allow-list of keys, at every depth, of what [`feed`] reads.
pub const FEED_FIELDS: &str = "gamePk,metaData,timeStamp,gameData,datetime,officialDate,status,abstractGameState,codedGameState,\
    detailedState,reason,liveData,plays,allPlays,result,description,about,inning,halfInning,endTime,matchup,batter,\
    fullName,runners,credits,credit,player,id,position,abbreviation,linescore,currentInning,inningState,teams,away,\
    home,runs,boxscore,players,person,battingOrder,stats,fielding,errors";

/// Whether these bytes are JSON, of whatever shape.
pub fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

/// `fields=` of a schedule: the allow-list of what [`schedule`] reads.
pub const SCHEDULE_FIELDS: &str = "dates,date,games,gamePk,gameType,gameDate,officialDate,rescheduleDate,rescheduleGameDate,\
    status,abstractGameState,codedGameState,detailedState,reason,startTimeTBD,teams,away,home,team,id,name,score,venue,\
    doubleHeader,gameNumber";

fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, Surprise> {
    serde_json::from_slice(json).map_err(|error| Surprise(format!("not the expected JSON: {error}")))
}

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

impl Team {
    fn into_club(self) -> Club {
        Club { id: self.id, name: self.name }
    }
}

impl ScheduleGame {
    fn into_listing(self, listed: Date) -> Listing {
        let official = self.official_date.as_deref().and_then(day).unwrap_or(listed);
        let moved_to = [self.reschedule_game_date, self.reschedule_date]
            .into_iter()
            .flatten()
            .find_map(|text| day(&text))
            .or((official != listed).then_some(official));
        Listing {
            pk: self.game_pk,
            listed,
            official,
            start: match self.status.start_time_tbd {
                Some(true) => None,
                _ => instant(&self.game_date).filter(|start| !is_placeholder(*start)),
            },
            kind: match self.game_type.as_str() {
                "R" => GameKind::Regular,
                "S" | "E" | "I" => GameKind::Spring,
                "F" | "D" | "L" | "W" | "C" | "P" => GameKind::Postseason,
                "A" => GameKind::AllStar,
                _ => GameKind::Other,
            },
            number: self.game_number.get().unwrap_or(1),
            double_header: match self.double_header.as_str() {
                "Y" => DoubleHeader::Traditional,
                "S" => DoubleHeader::Split,
                _ => DoubleHeader::No,
            },
            status: self.status.into_status(),
            away: self.teams.away.into_side(),
            home: self.teams.home.into_side(),
            venue: self.venue.get().map(|venue| venue.name).unwrap_or_default(),
            moved_to,
        }
    }
}

/// 03:33 UTC stands for a time that is not set yet.
fn is_placeholder(start: OffsetDateTime) -> bool {
    let (hour, minute, second) = start.to_hms();
    (hour, minute, second) == (3, 33, 0)
}

impl RawStatus {
    fn into_status(self) -> Status {
        let state = match (self.coded_game_state.as_str(), self.abstract_game_state.as_str()) {
            ("S" | "P", _) => State::Ahead,
            ("I" | "M" | "N", _) => State::On,
            ("T" | "U", _) => State::Suspended,
            ("O" | "F" | "Q" | "R", _) => State::Over,
            ("D", _) => State::Postponed,
            ("C", _) => State::Cancelled,
            (_, "Preview") => State::Ahead,
            (_, "Live") => State::On,
            // "Final" is also said of postponed games: without a code that is known it proves nothing.
            _ => State::Unknown,
        };
        let words = match self.reason {
            Some(reason) if !self.detailed_state.contains(&reason) => {
                format!("{}: {reason}", self.detailed_state)
            }
            _ => self.detailed_state,
        };
        Status { state, words }
    }
}

impl RawSide {
    fn into_side(self) -> Side {
        Side { club: self.team.into_club(), runs: self.score.get() }
    }
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

    fn listing(change: impl Fn(&mut Value)) -> Listing {
        let mut game = json!({
            "gamePk": 1, "gameDate": "2024-07-03T02:05:00Z", "officialDate": "2024-07-02", "gameType": "R",
            "status": {"codedGameState": "S"},
            "teams": {"away": {"team": {"id": 1, "name": "A"}}, "home": {"team": {"id": 2, "name": "B"}}},
        });
        change(&mut game);
        let reply = json!({"dates": [{"date": "2024-07-02", "games": [game]}]});
        schedule(reply.to_string().as_bytes()).unwrap().remove(0)
    }

    #[test]
    fn a_start_that_is_not_set_is_none_however_it_is_said() {
        assert!(listing(|_| {}).start.is_some());
        assert_eq!(listing(|game| game["gameDate"] = json!("2024-07-03T03:33:00Z")).start, None);
        assert_eq!(listing(|game| game["status"]["startTimeTBD"] = json!(true)).start, None);
        assert_eq!(listing(|game| game["gameDate"] = json!("soon")).start, None);
    }

    #[test]
    fn what_a_listing_lacks_is_made_up_for_or_left_open() {
        let bare = listing(|game| {
            for key in ["officialDate", "gameType"] {
                game.as_object_mut().unwrap().remove(key);
            }
            game["gameNumber"] = Value::Null;
            game["venue"] = json!("?");
        });
        assert_eq!((bare.official, bare.kind, bare.number), (date!(2024 - 07 - 02), GameKind::Other, 1));
        assert_eq!((bare.venue.as_str(), bare.double_header), ("", DoubleHeader::No));
    }

    #[test]
    fn a_code_that_nobody_knows_is_trusted_only_as_far_as_its_abstract_state() {
        for (code, abstract_state, state) in [
            ("Z", "Preview", State::Ahead),
            ("Z", "Live", State::On),
            ("Z", "Final", State::Unknown),
            ("", "", State::Unknown),
            ("D", "Final", State::Postponed),
            ("P", "Live", State::Ahead),
        ] {
            let status = json!({"codedGameState": code, "abstractGameState": abstract_state});
            assert_eq!(
                listing(|game| game["status"] = status.clone()).status.state,
                state,
                "{code} {abstract_state}"
            );
        }
    }

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
        super::feed(feed.to_string().as_bytes(), 1, 7)
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
        for json in ["", "<html>", "[]", "{}", "null"] {
            assert!(
                super::feed(json.as_bytes(), 1, 7).is_err() && schedule(json.as_bytes()).is_err(),
                "{json}"
            );
            assert!(player(json.as_bytes(), 7).is_err() && club(json.as_bytes(), 7).is_err(), "{json}");
            assert_eq!(
                (availability(json.as_bytes(), 7), season(json.as_bytes(), 2024)),
                (Availability::Unknown, None)
            );
        }
    }

    #[test]
    fn roster_codes_are_read_by_their_families() {
        for (code, expected) in [
            ("A", "Active"),
            ("D7", "Injured"),
            ("D10", "Injured"),
            ("D60", "Injured"),
            ("IL", "Injured"),
            ("DES", "Unknown"),
            ("SU", "Suspended"),
            ("RST", "Suspended"),
            ("PL", "Away"),
            ("XYZ", "Unknown"),
        ] {
            let roster =
                json!({"roster": ["?", {"person": {"id": 7}, "status": {"code": code, "description": "x"}}]});
            let read = format!("{:?}", availability(roster.to_string().as_bytes(), 7));
            assert!(read.starts_with(expected), "{code}: {read}");
        }
    }
}
