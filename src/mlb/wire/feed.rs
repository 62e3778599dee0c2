//! The live feed of a game.

use crate::mlb::wire::{Id, Lenient, RawStatus};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Feed {
    pub(crate) game_pk: u64,
    #[serde(default)]
    pub(crate) meta_data: Lenient<MetaData>,
    pub(crate) game_data: GameData,
    pub(crate) live_data: LiveData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MetaData {
    pub(crate) time_stamp: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct GameData {
    #[serde(default)]
    pub(crate) datetime: Lenient<GameDatetime>,
    pub(crate) status: RawStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GameDatetime {
    pub(crate) official_date: String,
}

#[derive(Deserialize)]
pub(crate) struct LiveData {
    #[serde(default)]
    pub(crate) plays: Lenient<Plays>,
    #[serde(default)]
    pub(crate) linescore: Lenient<Linescore>,
    pub(crate) boxscore: Boxscore,
}

#[derive(Deserialize)]
pub(crate) struct Boxscore {
    pub(crate) teams: BoxTeams,
}

#[derive(Deserialize)]
pub(crate) struct BoxTeams {
    pub(crate) away: BoxTeam,
    pub(crate) home: BoxTeam,
}

#[derive(Deserialize)]
pub(crate) struct BoxTeam {
    #[serde(default)]
    pub(crate) players: BTreeMap<String, Lenient<Boxed>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Boxed {
    pub(crate) batting_order: Option<String>,
    #[serde(default)]
    pub(crate) stats: Stats,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Stats {
    #[serde(default)]
    pub(crate) fielding: Fielding,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Fielding {
    pub(crate) errors: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Linescore {
    pub(crate) current_inning: Option<u8>,
    pub(crate) inning_state: Option<String>,
    pub(crate) teams: Lenient<LineTeams>,
}

#[derive(Deserialize)]
pub(crate) struct LineTeams {
    pub(crate) away: LineTeam,
    pub(crate) home: LineTeam,
}

#[derive(Deserialize)]
pub(crate) struct LineTeam {
    pub(crate) runs: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Plays {
    pub(crate) all_plays: Vec<Lenient<Play>>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(crate) struct Play {
    pub(crate) result: PlayResult,
    pub(crate) about: About,
    pub(crate) matchup: Lenient<Matchup>,
    pub(crate) runners: Vec<Lenient<Runner>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct PlayResult {
    pub(crate) description: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct About {
    pub(crate) inning: Option<u8>,
    pub(crate) half_inning: Option<String>,
    pub(crate) end_time: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Matchup {
    pub(crate) batter: Batter,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Batter {
    pub(crate) full_name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Runner {
    pub(crate) credits: Option<Vec<Lenient<Credit>>>,
}

#[derive(Deserialize)]
pub(crate) struct Credit {
    pub(crate) credit: String,
    pub(crate) player: Id,
    pub(crate) position: Option<Lenient<Position>>,
}

#[derive(Deserialize)]
pub(crate) struct Position {
    pub(crate) abbreviation: String,
}
