//! The live feed of a game.

use super::{Id, Lenient, RawStatus};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::mlb) struct Feed {
    pub(in crate::mlb) game_pk: u64,
    #[serde(default)]
    pub(in crate::mlb) meta_data: Lenient<MetaData>,
    pub(in crate::mlb) game_data: GameData,
    pub(in crate::mlb) live_data: LiveData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::mlb) struct MetaData {
    pub(in crate::mlb) time_stamp: Option<String>,
}

#[derive(Deserialize)]
pub(in crate::mlb) struct GameData {
    #[serde(default)]
    pub(in crate::mlb) datetime: Lenient<GameDatetime>,
    pub(in crate::mlb) status: RawStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::mlb) struct GameDatetime {
    pub(in crate::mlb) official_date: String,
}

#[derive(Deserialize)]
pub(in crate::mlb) struct LiveData {
    #[serde(default)]
    pub(in crate::mlb) plays: Lenient<Plays>,
    #[serde(default)]
    pub(in crate::mlb) linescore: Lenient<Linescore>,
    pub(in crate::mlb) boxscore: Boxscore,
}

#[derive(Deserialize)]
pub(in crate::mlb) struct Boxscore {
    pub(in crate::mlb) teams: BoxTeams,
}

#[derive(Deserialize)]
pub(in crate::mlb) struct BoxTeams {
    pub(in crate::mlb) away: BoxTeam,
    pub(in crate::mlb) home: BoxTeam,
}

#[derive(Deserialize)]
pub(in crate::mlb) struct BoxTeam {
    #[serde(default)]
    pub(in crate::mlb) players: BTreeMap<String, Lenient<Boxed>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::mlb) struct Boxed {
    pub(in crate::mlb) batting_order: Option<String>,
    #[serde(default)]
    pub(in crate::mlb) stats: Stats,
}

#[derive(Debug, Default, Deserialize)]
pub(in crate::mlb) struct Stats {
    #[serde(default)]
    pub(in crate::mlb) fielding: Fielding,
}

#[derive(Debug, Default, Deserialize)]
pub(in crate::mlb) struct Fielding {
    pub(in crate::mlb) errors: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::mlb) struct Linescore {
    pub(in crate::mlb) current_inning: Option<u8>,
    pub(in crate::mlb) inning_state: Option<String>,
    pub(in crate::mlb) teams: Lenient<LineTeams>,
}

#[derive(Deserialize)]
pub(in crate::mlb) struct LineTeams {
    pub(in crate::mlb) away: LineTeam,
    pub(in crate::mlb) home: LineTeam,
}

#[derive(Deserialize)]
pub(in crate::mlb) struct LineTeam {
    pub(in crate::mlb) runs: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::mlb) struct Plays {
    pub(in crate::mlb) all_plays: Vec<Lenient<Play>>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(in crate::mlb) struct Play {
    pub(in crate::mlb) result: PlayResult,
    pub(in crate::mlb) about: About,
    pub(in crate::mlb) matchup: Lenient<Matchup>,
    pub(in crate::mlb) runners: Vec<Lenient<Runner>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::mlb) struct PlayResult {
    pub(in crate::mlb) description: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::mlb) struct About {
    pub(in crate::mlb) inning: Option<u8>,
    pub(in crate::mlb) half_inning: Option<String>,
    pub(in crate::mlb) end_time: Option<String>,
}

#[derive(Deserialize)]
pub(in crate::mlb) struct Matchup {
    pub(in crate::mlb) batter: Batter,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::mlb) struct Batter {
    pub(in crate::mlb) full_name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::mlb) struct Runner {
    pub(in crate::mlb) credits: Option<Vec<Lenient<Credit>>>,
}

#[derive(Deserialize)]
pub(in crate::mlb) struct Credit {
    pub(in crate::mlb) credit: String,
    pub(in crate::mlb) player: Id,
    pub(in crate::mlb) position: Option<Lenient<Position>>,
}

#[derive(Deserialize)]
pub(in crate::mlb) struct Position {
    pub(in crate::mlb) abbreviation: String,
}
