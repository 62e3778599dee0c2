//! A past day from MLB's records: each feed as it was at that moment, by the API's timecodes.

use crate::mlb::{
    json::Json,
    question::Question,
    replay::{ReplaySource, timecode},
};
use serde_json::{Value, json};
use time::{Date, OffsetDateTime};

/// Time before the first game's scheduled start at which a replay begins.
const BEFORE: time::Duration = time::Duration::minutes(25);
/// Time after the last game's scheduled start at which a replay ends: longer than all but a few games.
const AFTER: time::Duration = time::Duration::hours(5);

/// Requests a path and query from MLB: status and body, or an error message.
pub type Fetch = Box<dyn Fn(&str) -> Result<(u16, Vec<u8>), String> + Send + Sync>;

pub struct Recorded {
    fetch: Fetch,
}

impl Recorded {
    pub fn new(fetch: Fetch) -> Self {
        Recorded { fetch }
    }

    /// The begin and end of a replay of a club's games on this day; none if it had none.
    pub fn span(&self, club: u32, day: Date) -> Result<Option<(OffsetDateTime, OffsetDateTime)>, String> {
        let (status, body) = (self.fetch)(Question::schedule(club, day, day).as_str())?;
        let schedule: Value = serde_json::from_slice(&body)
            .map_err(|error| format!("MLB replied {status}, not a schedule: {error}"))?;
        let day = day.to_string();
        let starts: Vec<_> = games(&schedule)
            .filter(|game| game["officialDate"] == day.as_str() && !is_off(game))
            .filter_map(|game| game["gameDate"].instant())
            .collect();
        Ok(starts.iter().min().zip(starts.iter().max()).map(|(first, last)| (*first - BEFORE, *last + AFTER)))
    }
}

impl ReplaySource for Recorded {
    fn reply(&self, path: &str, now: OffsetDateTime) -> (u16, Vec<u8>) {
        let asked = if path.contains("/feed/live") { with_timecode(path, now) } else { path.to_owned() };
        match (self.fetch)(&asked) {
            Ok((200, body)) if path.starts_with("/api/v1/schedule") => (200, set_back(body, now)),
            Ok(reply) => reply,
            Err(what) => (502, json!({"message": what}).to_string().into_bytes()),
        }
    }
}

fn with_timecode(path: &str, now: OffsetDateTime) -> String {
    let separator = if path.contains('?') { '&' } else { '?' };
    format!("{path}{separator}timecode={}", timecode(now))
}

/// Sets a schedule back to `now`, since it has no timecodes: later games are scheduled, begun ones are in progress.
fn set_back(body: Vec<u8>, now: OffsetDateTime) -> Vec<u8> {
    let Ok(mut schedule) = serde_json::from_slice::<Value>(&body) else { return body };
    for day in schedule["dates"].as_array_mut().into_iter().flatten() {
        for game in day["games"].as_array_mut().into_iter().flatten() {
            if is_off(game) {
                continue;
            }
            let (whole, coded, detailed) = match game["gameDate"].instant() {
                Some(start) if start <= now => ("Live", "I", "In Progress"),
                _ => ("Preview", "S", "Scheduled"),
            };
            let tbd = game["status"]["startTimeTBD"].take();
            game["status"] = json!({
                "abstractGameState": whole, "codedGameState": coded, "detailedState": detailed, "startTimeTBD": tbd,
            });
            for side in ["away", "home"] {
                if let Some(side) = game["teams"][side].as_object_mut() {
                    side.remove("score");
                }
            }
        }
    }
    schedule.to_string().into_bytes()
}

fn games(schedule: &Value) -> impl Iterator<Item = &Value> {
    schedule["dates"].list().iter().flat_map(|day| day["games"].list())
}

fn is_off(game: &Value) -> bool {
    matches!(game["status"]["codedGameState"].as_str(), Some("D" | "C"))
}
