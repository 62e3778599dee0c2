//! The live feed of a game.

use crate::{
    answer::{
        ErrorCount, ErrorKind, ErrorPlay, GameFeed, GameState, Half, Inning, LineScore, Participation, Score,
        TeamLine,
    },
    mlb::{
        json::Json,
        model::{self, UnexpectedReply, is_in_the_field, needed, parse, schedule::status},
    },
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Limit on the innings of a line score: far more than the 26 of the longest game.
const INNINGS_CAP: usize = 50;

/// `/api/v1.1/game/{pk}/feed/live`, whole or trimmed to [`FEED_FIELDS`]. Only the game and its status must be readable.
pub fn feed(json: &[u8], pk: u64, person: u32) -> Result<GameFeed, UnexpectedReply> {
    let feed = parse(json)?;
    let game: u64 = needed(feed["gamePk"].number(), "gamePk")?;
    if game != pk {
        return Err(UnexpectedReply(format!("asked for game {pk}, got game {game}")));
    }
    let (data, live) = (&feed["gameData"], &feed["liveData"]);
    let status = needed(status(&data["status"]), "the game's status")?;
    let line = &live["linescore"];
    let plays = live["plays"]["allPlays"].list();
    let charged: Vec<ErrorPlay> = plays.iter().flat_map(|play| errors_of(play, person, pk)).collect();
    let teams = &live["boxscore"]["teams"];
    let lists = ["away", "home"].map(|side| teams[side]["players"].as_object());
    let inning = inning(line);
    let (presence, errors) = fielding(lists, person, stage(status.state, inning));
    Ok(GameFeed {
        pk,
        as_of: feed["metaData"]["timeStamp"].as_str().map(String::from),
        official: data["datetime"]["officialDate"].day(),
        inning,
        score: score(&line["teams"]),
        line: line_score(line),
        presence,
        errors: match errors {
            Some(errors) => ErrorCount::Read(errors),
            None => ErrorCount::AtLeast(charged.len() as u32),
        },
        last_play: plays.iter().rev().find_map(|play| play["about"]["endTime"].instant()),
        plays: charged,
        status,
    })
}

/// `fields=` of the live feed: the allow-list of keys, at every depth, that [`feed`] reads.
pub const FEED_FIELDS: &str = "gamePk,metaData,timeStamp,gameData,datetime,officialDate,status,abstractGameState,codedGameState,\
    detailedState,reason,liveData,plays,allPlays,result,description,about,inning,halfInning,startTime,endTime,matchup,\
    batter,fullName,runners,credits,credit,player,id,position,abbreviation,linescore,currentInning,inningState,\
    innings,num,teams,away,home,runs,hits,boxscore,players,person,battingOrder,allPositions,stats,fielding,errors";

/// The data that a game's box score must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FeedStage {
    /// Nothing yet.
    Ahead,
    /// A team that has not been in the field yet has no fielding statistics.
    FirstInning,
    /// The errors of everyone who takes part.
    Begun,
}

fn stage(state: GameState, inning: Option<Inning>) -> FeedStage {
    match state {
        GameState::Ahead | GameState::Postponed | GameState::Cancelled => FeedStage::Ahead,
        GameState::On if inning.is_none_or(|inning| inning.number == 1) => FeedStage::FirstInning,
        _ => FeedStage::Begun,
    }
}

type PlayerList = Map<String, Value>;

/// A player's part in the game, and his errors in both teams' lists: a player who was traded before the game was
/// resumed is in both. No count if a list that has or may have him cannot be read.
fn fielding(lists: [Option<&PlayerList>; 2], person: u32, stage: FeedStage) -> (Participation, Option<u32>) {
    let key = format!("ID{person}");
    let entries: Vec<(&PlayerList, &Value)> =
        lists.into_iter().flatten().filter_map(|list| Some((list, list.get(&key)?))).collect();
    if entries.is_empty() {
        let is_unreadable = |list: Option<&PlayerList>| list.is_none_or(Map::is_empty);
        let is_lost = stage != FeedStage::Ahead && lists.into_iter().any(is_unreadable);
        return (Participation::Absent, (!is_lost).then_some(0));
    }
    let read = |(list, entry): (&PlayerList, &Value)| match entry.is_object() {
        true => (presence(entry, list), errors(entry, stage)),
        false => (Participation::Listed, (stage == FeedStage::Ahead).then_some(0)),
    };
    entries.into_iter().map(read).fold(
        (Participation::Absent, Some(0)),
        |(presence, sum), (other, errors)| {
            (presence.max(other), sum.zip(errors).map(|(sum, errors)| sum.saturating_add(errors)))
        },
    )
}

fn presence(entry: &Value, list: &PlayerList) -> Participation {
    match (in_the_field(entry), count(entry)) {
        (Some(true) | None, Some(_)) | (Some(false), Some(1..)) => Participation::Fielded,
        _ if bats(entry) || in_the_field(entry).is_some() => Participation::Lineup,
        _ if list.values().any(bats) => Participation::Bench,
        _ => Participation::Listed,
    }
}

/// The player's errors; none if he took part and they cannot be read.
fn errors(entry: &Value, stage: FeedStage) -> Option<u32> {
    let is_due = match (stage, in_the_field(entry)) {
        (FeedStage::Ahead | FeedStage::FirstInning, _) => has_odd_count(entry) && stage != FeedStage::Ahead,
        // A designated hitter need not have fielding statistics.
        (FeedStage::Begun, Some(in_the_field)) => in_the_field || has_odd_count(entry),
        (FeedStage::Begun, None) => bats(entry) || has_odd_count(entry),
    };
    count(entry).or((!is_due).then_some(0))
}

fn bats(entry: &Value) -> bool {
    entry["battingOrder"].is_string()
}

fn count(entry: &Value) -> Option<u32> {
    model::errors(&entry["stats"]["fielding"]["errors"])
}

/// Whether there is a count that is not a number, `null` included.
fn has_odd_count(entry: &Value) -> bool {
    entry["stats"]["fielding"].get("errors").is_some() && count(entry).is_none()
}

/// Whether any of his positions is in the field; none if there is no list of them.
fn in_the_field(entry: &Value) -> Option<bool> {
    let positions = entry["allPositions"].as_array().filter(|positions| !positions.is_empty())?;
    let is_it = |position: &Value| position["abbreviation"].as_str().is_none_or(is_in_the_field);
    Some(positions.iter().any(is_it))
}

fn inning(line: &Value) -> Option<Inning> {
    let half = match line["inningState"].as_str()? {
        "Top" => Half::Top,
        "Middle" => Half::Middle,
        "Bottom" => Half::Bottom,
        "End" => Half::End,
        _ => return None,
    };
    Some(Inning { number: line["currentInning"].number()?, half })
}

fn score(teams: &Value) -> Option<Score> {
    Some(Score { away: teams["away"]["runs"].number()?, home: teams["home"]["runs"].number()? })
}

/// The line score; none if there is neither an inning nor a total.
fn line_score(line: &Value) -> Option<LineScore> {
    let innings: BTreeMap<usize, &Value> = line["innings"]
        .list()
        .iter()
        .filter_map(|inning| Some((inning["num"].number()?, inning)))
        .filter(|(num, _)| (1..=INNINGS_CAP).contains(num))
        .collect();
    let last = innings.keys().next_back().copied().unwrap_or(0);
    // A team that has not batted in an inning has no runs in it.
    let team = |side: &str| TeamLine {
        innings: (1..=last).map(|num| innings.get(&num)?[side]["runs"].number()).collect(),
        runs: line["teams"][side]["runs"].number(),
        hits: line["teams"][side]["hits"].number(),
        errors: line["teams"][side]["errors"].number(),
    };
    let line = LineScore { away: team("away"), home: team("home") };
    (line != LineScore::default()).then_some(line)
}

fn errors_of(play: &Value, person: u32, game: u64) -> Vec<ErrorPlay> {
    let credits = play["runners"].list().iter().flat_map(|runner| runner["credits"].list());
    credits
        .filter(|credit| credit["player"]["id"].number() == Some(person))
        .filter_map(|credit| Some(error(play, credit, error_kind(credit["credit"].as_str()?)?, game)))
        .collect()
}

fn error(play: &Value, credit: &Value, kind: ErrorKind, game: u64) -> ErrorPlay {
    let about = &play["about"];
    let text = |value: &Value| value.as_str().map(String::from);
    let half = match about["halfInning"].as_str() {
        Some("top") => Some(Half::Top),
        Some("bottom") => Some(Half::Bottom),
        _ => None,
    };
    ErrorPlay {
        game,
        inning: half.zip(about["inning"].number()).map(|(half, number)| Inning { number, half }),
        at: about["endTime"].instant().or_else(|| about["startTime"].instant()),
        kind,
        position: text(&credit["position"]["abbreviation"]),
        batter: text(&play["matchup"]["batter"]["fullName"]),
        text: text(&play["result"]["description"]).unwrap_or_default(),
    }
}

/// The kind of error of a fielder's credit; none for a credit that is not an error.
fn error_kind(credit: &str) -> Option<ErrorKind> {
    match credit {
        "f_fielding_error" => Some(ErrorKind::Fielding),
        "f_throwing_error" => Some(ErrorKind::Throwing),
        "f_foul_error" => Some(ErrorKind::Foul),
        "f_defensive_shift_violation_error" => Some(ErrorKind::ShiftViolation),
        _ if credit.contains("missed_catch") => Some(ErrorKind::MissedCatch),
        _ if credit.contains("dropped_ball") => Some(ErrorKind::DroppedBall),
        _ if credit.contains("catcher_interf") => Some(ErrorKind::CatcherInterference),
        _ if credit.starts_with("f_interf") => Some(ErrorKind::Interference),
        _ => credit.ends_with("_error").then_some(ErrorKind::Other),
    }
}

#[cfg(test)]
mod tests;
