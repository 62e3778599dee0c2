//! The schedule.

use crate::{
    answer::{DoubleHeader, GameKind, GameState, GameStatus, Schedule, ScheduleEntry, Side, UnreadEntry},
    mlb::{
        json::Json,
        model::{UnexpectedReply, club, needed, parse},
    },
};
use serde_json::Value;
use time::{Date, OffsetDateTime};

/// `/api/v1/schedule`. Unreadable entries are listed separately.
pub fn schedule(json: &[u8]) -> Result<Schedule, UnexpectedReply> {
    let reply = parse(json)?;
    let mut schedule = Schedule::default();
    for group in needed(reply["dates"].as_array(), "dates")? {
        let listed = group["date"].day();
        let Some(games) = group["games"].as_array() else {
            let why = "no list of games".into();
            schedule.unread.push(UnreadEntry { listed, why, ..Default::default() });
            continue;
        };
        for game in games {
            match listing(game, listed) {
                Ok(listing) => schedule.listings.push(listing),
                Err(UnexpectedReply(why)) => schedule.unread.push(unread(game, listed, why)),
            }
        }
    }
    Ok(schedule)
}

/// The readable fields of an unreadable entry: its game, days and clubs.
fn unread(entry: &Value, listed: Option<Date>, why: String) -> UnreadEntry {
    UnreadEntry {
        pk: entry["gamePk"].number(),
        listed,
        official: entry["officialDate"].day(),
        start: entry["gameDate"].instant(),
        clubs: ["away", "home"]
            .iter()
            .filter_map(|side| entry["teams"][side]["team"]["id"].number())
            .collect(),
        why,
    }
}

/// `fields=` of a schedule: the allow-list of keys that [`schedule`] reads.
pub const SCHEDULE_FIELDS: &str = "dates,date,games,gamePk,gameType,gameDate,officialDate,rescheduleDate,rescheduleGameDate,\
    resumeDate,resumeGameDate,status,abstractGameState,codedGameState,detailedState,reason,startTimeTBD,teams,away,\
    home,team,id,name,score,venue,doubleHeader,gameNumber";

fn listing(game: &Value, listed: Option<Date>) -> Result<ScheduleEntry, UnexpectedReply> {
    let listed = needed(listed.or(game["officialDate"].day()), "the date")?;
    let official = game["officialDate"].day().unwrap_or(listed);
    let moved_to = game["rescheduleGameDate"].day().or_else(|| game["rescheduleDate"].day());
    let resumes = [&game["resumeGameDate"], &game["resumeDate"]];
    needed(game["gameDate"].as_str(), "gameDate")?;
    Ok(ScheduleEntry {
        pk: needed(game["gamePk"].number(), "gamePk")?,
        listed,
        official,
        start: match game["status"]["startTimeTBD"].as_bool() {
            Some(true) => None,
            _ => game["gameDate"].instant().filter(|start| !is_placeholder(*start)),
        },
        kind: match needed(game.text_or_missing("gameType"), "gameType")? {
            "R" => GameKind::Regular,
            "S" | "E" | "I" => GameKind::Spring,
            "F" | "D" | "L" | "W" | "C" | "P" => GameKind::Postseason,
            "A" => GameKind::AllStar,
            _ => GameKind::Other,
        },
        number: game["gameNumber"].number().unwrap_or(1),
        double_header: match needed(game.text_or_missing("doubleHeader"), "doubleHeader")? {
            "Y" => DoubleHeader::Traditional,
            "S" => DoubleHeader::Split,
            _ => DoubleHeader::No,
        },
        status: needed(status(&game["status"]), "the status")?,
        away: needed(side(&game["teams"]["away"]), "the away team")?,
        home: needed(side(&game["teams"]["home"]), "the home team")?,
        venue: game["venue"]["name"].as_str().unwrap_or_default().to_owned(),
        moved_to: moved_to.or((official != listed).then_some(official)),
        resumes_on: resumes.iter().find_map(|value| value.day()),
        resumes_at: resumes.iter().find_map(|value| value.instant()).filter(|at| !is_placeholder(*at)),
    })
}

fn side(side: &Value) -> Option<Side> {
    Some(Side { club: club(&side["team"])?, runs: side["score"].number() })
}

/// 03:33 UTC stands for a time that is not set yet.
fn is_placeholder(start: OffsetDateTime) -> bool {
    let (hour, minute, second) = start.to_hms();
    (hour, minute, second) == (3, 33, 0)
}

/// The state of a game; none if a field has another shape than expected.
pub(crate) fn status(status: &Value) -> Option<GameStatus> {
    let text = |key: &str| status.text_or_missing(key).filter(|_| status.is_object());
    let state = match (text("codedGameState")?, text("abstractGameState")?) {
        ("S" | "P", _) => GameState::Ahead,
        ("I" | "M" | "N", _) => GameState::On,
        ("T" | "U", _) => GameState::Suspended,
        ("O" | "F" | "Q" | "R", _) => GameState::Over,
        ("D", _) => GameState::Postponed,
        ("C", _) => GameState::Cancelled,
        (_, "Preview") => GameState::Ahead,
        (_, "Live") => GameState::On,
        // "Final" without a known code proves nothing: postponed games are "Final" too.
        _ => GameState::Unknown,
    };
    let detailed = text("detailedState")?;
    let words = match status["reason"].as_str() {
        Some(reason) if !detailed.contains(reason) => format!("{detailed}: {reason}"),
        _ => detailed.to_owned(),
    };
    Some(GameStatus { state, words })
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
