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
    #[serde(default)]
    pub(crate) live_data: Lenient<LiveData>,
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
#[serde(default)]
#[derive(Default)]
pub(crate) struct LiveData {
    pub(crate) plays: Lenient<Plays>,
    pub(crate) linescore: Lenient<Linescore>,
    pub(crate) boxscore: Lenient<Boxscore>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Boxscore {
    pub(crate) teams: Lenient<BoxTeams>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct BoxTeams {
    pub(crate) away: Lenient<BoxTeam>,
    pub(crate) home: Lenient<BoxTeam>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct BoxTeam {
    pub(crate) players: Lenient<BTreeMap<String, Lenient<Boxed>>>,
}

/// A player's entry in the box score of one team.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Boxed {
    pub(crate) batting_order: Lenient<String>,
    /// Every position he has had in this game, in order.
    pub(crate) all_positions: Lenient<Vec<Lenient<Position>>>,
    pub(crate) stats: Lenient<Stats>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Stats {
    pub(crate) fielding: Lenient<Fielding>,
}

/// `{}` for a player who has not taken part.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Fielding {
    /// Missing, of another shape (`null` too), or a number.
    #[serde(deserialize_with = "present")]
    pub(crate) errors: Option<Lenient<u32>>,
}

/// A key that is there, whatever its value: `null` is not missing.
fn present<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Linescore {
    pub(crate) current_inning: Option<u8>,
    pub(crate) inning_state: Option<String>,
    pub(crate) innings: Lenient<Vec<Lenient<LineInning>>>,
    pub(crate) teams: Lenient<LineTeams>,
}

/// One inning. A team that has not batted in it has no runs.
#[derive(Debug, Deserialize)]
pub(crate) struct LineInning {
    pub(crate) num: usize,
    #[serde(flatten)]
    pub(crate) teams: LineTeams,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LineTeams {
    pub(crate) away: LineTeam,
    pub(crate) home: LineTeam,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LineTeam {
    pub(crate) runs: Lenient<u32>,
    pub(crate) hits: Lenient<u32>,
    pub(crate) errors: Lenient<u32>,
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
    pub(crate) start_time: Option<String>,
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

#[derive(Debug, Deserialize)]
pub(crate) struct Position {
    pub(crate) abbreviation: String,
}
