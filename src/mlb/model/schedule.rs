//! The schedule.

use crate::{
    answer::{DoubleHeader, GameKind, GameState, GameStatus, Schedule, ScheduleEntry, Side, UnreadEntry},
    mlb::{
        model::{UnexpectedReply, parse},
        wire::{self, Lenient, RawSide, RawStatus, ScheduleGame, day, instant},
    },
};
use serde::Deserialize;
use serde_json::Value;
use time::{Date, OffsetDateTime};

/// `/api/v1/schedule`. Unreadable entries are listed separately.
pub fn schedule(json: &[u8]) -> Result<Schedule, UnexpectedReply> {
    let reply: wire::ScheduleReply = parse(json)?;
    let mut schedule = Schedule::default();
    for group in reply.dates.into_iter().map(|group| group.get().unwrap_or_default()) {
        let listed = group.date.get().as_deref().and_then(day);
        let Value::Array(games) = group.games else {
            schedule.unread.push(UnreadEntry {
                listed,
                why: "no list of games".into(),
                ..Default::default()
            });
            continue;
        };
        for game in games {
            match listing(&game, listed) {
                Ok(listing) => schedule.listings.push(listing),
                Err(why) => schedule.unread.push(unread(&game, listed, why)),
            }
        }
    }
    Ok(schedule)
}

fn listing(entry: &Value, listed: Option<Date>) -> Result<ScheduleEntry, String> {
    let game = ScheduleGame::deserialize(entry).map_err(|error| error.to_string())?;
    let listed = listed.or_else(|| game.official_date.as_deref().and_then(day));
    listed.map(|listed| game.into_listing(listed)).ok_or_else(|| "no date".into())
}

/// The readable fields of an unreadable entry: its game, days and clubs.
fn unread(entry: &Value, listed: Option<Date>, why: String) -> UnreadEntry {
    let text = |key: &str| entry[key].as_str();
    let club = |side: &str| entry["teams"][side]["team"]["id"].as_u64().and_then(|id| u32::try_from(id).ok());
    UnreadEntry {
        pk: entry["gamePk"].as_u64(),
        listed,
        official: text("officialDate").and_then(day),
        start: text("gameDate").and_then(instant),
        clubs: ["away", "home"].into_iter().filter_map(club).collect(),
        why,
    }
}

/// `fields=` of a schedule: the allow-list of keys that [`schedule`] reads.
pub const SCHEDULE_FIELDS: &str = "dates,date,games,gamePk,gameType,gameDate,officialDate,rescheduleDate,rescheduleGameDate,\
    resumeDate,resumeGameDate,status,abstractGameState,codedGameState,detailedState,reason,startTimeTBD,teams,away,\
    home,team,id,name,score,venue,doubleHeader,gameNumber";

impl ScheduleGame {
    fn into_listing(self, listed: Date) -> ScheduleEntry {
        let official = self.official_date.as_deref().and_then(day).unwrap_or(listed);
        let moved_to = [self.reschedule_game_date, self.reschedule_date]
            .into_iter()
            .flatten()
            .find_map(|text| day(&text))
            .or((official != listed).then_some(official));
        let resumes: Vec<String> =
            [self.resume_game_date, self.resume_date].into_iter().filter_map(Lenient::get).collect();
        ScheduleEntry {
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
            resumes_on: resumes.iter().find_map(|text| day(text)),
            resumes_at: resumes.iter().find_map(|text| instant(text)).filter(|at| !is_placeholder(*at)),
        }
    }
}

/// 03:33 UTC stands for a time that is not set yet.
fn is_placeholder(start: OffsetDateTime) -> bool {
    let (hour, minute, second) = start.to_hms();
    (hour, minute, second) == (3, 33, 0)
}

impl RawStatus {
    pub(crate) fn into_status(self) -> GameStatus {
        let state = match (self.coded_game_state.as_str(), self.abstract_game_state.as_str()) {
            ("S" | "P", _) => GameState::Ahead,
            ("I" | "M" | "N", _) => GameState::On,
            ("T" | "U", _) => GameState::Suspended,
            ("O" | "F" | "Q" | "R", _) => GameState::Over,
            ("D", _) => GameState::Postponed,
            ("C", _) => GameState::Cancelled,
            (_, "Preview") => GameState::Ahead,
            (_, "Live") => GameState::On,
            // Postponed games are "Final" too: without a known code it proves nothing.
            _ => GameState::Unknown,
        };
        let words = match self.reason {
            Some(reason) if !self.detailed_state.contains(&reason) => {
                format!("{}: {reason}", self.detailed_state)
            }
            _ => self.detailed_state,
        };
        GameStatus { state, words }
    }
}

impl RawSide {
    fn into_side(self) -> Side {
        Side { club: self.team.into_club(), runs: self.score.get() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use time::macros::date;

    fn listing(change: impl Fn(&mut Value)) -> ScheduleEntry {
        let mut game = json!({
            "gamePk": 1, "gameDate": "2024-07-03T02:05:00Z", "officialDate": "2024-07-02", "gameType": "R",
            "status": {"codedGameState": "S"},
            "teams": {"away": {"team": {"id": 1, "name": "A"}}, "home": {"team": {"id": 2, "name": "B"}}},
        });
        change(&mut game);
        let reply = json!({"dates": [{"date": "2024-07-02", "games": [game]}]});
        schedule(reply.to_string().as_bytes()).unwrap().listings.remove(0)
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
            ("Z", "Preview", GameState::Ahead),
            ("Z", "Live", GameState::On),
            ("Z", "Final", GameState::Unknown),
            ("", "", GameState::Unknown),
            ("D", "Final", GameState::Postponed),
            ("P", "Live", GameState::Ahead),
        ] {
            let status = json!({"codedGameState": code, "abstractGameState": abstract_state});
            assert_eq!(
                listing(|game| game["status"] = status.clone()).status.state,
                state,
                "{code} {abstract_state}"
            );
        }
    }

    #[test]
    fn an_odd_entry_is_left_out_and_told_by_what_can_be_read_of_it() {
        let good = json!({
            "gamePk": 1, "gameDate": "2024-07-03T02:05:00Z", "officialDate": "2024-07-02", "gameType": "R",
            "status": {"codedGameState": "S"},
            "teams": {"away": {"team": {"id": 1, "name": "A"}}, "home": {"team": {"id": 2, "name": "B"}}},
        });
        let odd = |change: &dyn Fn(&mut Value)| {
            let mut game = good.clone();
            change(&mut game);
            let reply = json!({"dates": [{"date": "2024-07-02", "games": [game, good]}]});
            let schedule = schedule(reply.to_string().as_bytes()).unwrap();
            assert_eq!((schedule.listings.len(), schedule.unread.len()), (1, 1), "{game}");
            schedule.unread[0].clone()
        };
        let remove =
            |key: &'static str| move |game: &mut Value| drop(game.as_object_mut().unwrap().remove(key));
        for (what, change, clubs) in [
            (
                "no opponent",
                Box::new(|game: &mut Value| game["teams"]["home"] = Value::Null) as Box<dyn Fn(&mut Value)>,
                vec![1],
            ),
            ("null name", Box::new(|game| game["teams"]["home"]["team"]["name"] = Value::Null), vec![1, 2]),
            ("type of another kind", Box::new(|game| game["gameType"] = json!(7)), vec![1, 2]),
            ("no status", Box::new(remove("status")), vec![1, 2]),
            ("no time", Box::new(remove("gameDate")), vec![1, 2]),
            ("no teams", Box::new(remove("teams")), vec![]),
            ("status of another kind", Box::new(|game| game["status"] = json!("S")), vec![1, 2]),
        ] {
            let entry = odd(&*change);
            assert_eq!((entry.pk, entry.clubs), (Some(1), clubs), "{what}");
            assert_eq!(entry.official, Some(date!(2024 - 07 - 02)), "{what}");
            assert!(!entry.why.is_empty(), "{what}");
        }
        assert_eq!(odd(&remove("gamePk")).pk, None);
        assert_eq!(odd(&|game| *game = json!("?")).listed, Some(date!(2024 - 07 - 02)));
    }

    #[test]
    fn a_day_without_a_date_takes_it_from_its_games_and_one_without_games_is_odd() {
        let game = |official: &str| {
            json!({
                "gamePk": 1, "gameDate": "2024-07-03T02:05:00Z", "officialDate": official, "status": {},
                "teams": {"away": {"team": {"id": 1}}, "home": {"team": {"id": 2}}},
            })
        };
        let read = |dates: Value| schedule(json!({"dates": dates}).to_string().as_bytes()).unwrap();
        let undated = read(json!([{"games": [game("2024-07-02"), game("soon")]}]));
        assert_eq!(undated.listings[0].listed, date!(2024 - 07 - 02));
        assert_eq!((undated.unread[0].listed, undated.unread[0].start.is_some()), (None, true));
        let bare = read(json!([{"date": "2024-07-02"}]));
        assert_eq!(bare.unread[0].listed, Some(date!(2024 - 07 - 02)));
    }
}
