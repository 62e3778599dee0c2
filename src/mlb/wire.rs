//! The shape of MLB's JSON: the fields we read, named as MLB names them. What they mean stands in `model`.

use serde::{Deserialize, de::IgnoredAny};
use std::collections::BTreeMap;
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// The day of a date or of a time.
pub(super) fn day(text: &str) -> Option<Date> {
    Date::parse(text.get(..10)?, format_description!("[year]-[month]-[day]")).ok()
}

/// A time as MLB writes it: RFC 3339.
pub(super) fn instant(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// A part that may have another shape than expected, and is then left out.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Lenient<T> {
    Good(T),
    Odd(IgnoredAny),
}

impl<T> Lenient<T> {
    pub(super) fn get(self) -> Option<T> {
        match self {
            Lenient::Good(value) => Some(value),
            Lenient::Odd(_) => None,
        }
    }

    pub(super) fn good(&self) -> Option<&T> {
        match self {
            Lenient::Good(value) => Some(value),
            Lenient::Odd(_) => None,
        }
    }
}

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Lenient::Odd(IgnoredAny)
    }
}

#[derive(Deserialize)]
pub(super) struct People {
    pub(super) people: Vec<Person>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Person {
    pub(super) id: u32,
    pub(super) full_name: String,
    pub(super) last_name: Option<String>,
    pub(super) use_last_name: Option<String>,
    pub(super) current_team: Option<Lenient<Team>>,
}

#[derive(Deserialize)]
pub(super) struct Team {
    pub(super) id: u32,
    #[serde(default)]
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct Teams {
    pub(super) teams: Vec<HomeTeam>,
}

#[derive(Deserialize)]
pub(super) struct HomeTeam {
    pub(super) id: u32,
    pub(super) name: String,
    pub(super) venue: HomeVenue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HomeVenue {
    pub(super) time_zone: ZoneId,
}

#[derive(Deserialize)]
pub(super) struct ZoneId {
    pub(super) id: String,
}

#[derive(Deserialize)]
pub(super) struct Roster {
    pub(super) roster: Vec<Lenient<RosterEntry>>,
}

#[derive(Deserialize)]
pub(super) struct RosterEntry {
    pub(super) person: Id,
    pub(super) status: RosterStatus,
}

#[derive(Deserialize)]
pub(super) struct RosterStatus {
    pub(super) code: String,
    #[serde(default)]
    pub(super) description: String,
}

#[derive(Deserialize)]
pub(super) struct Id {
    pub(super) id: u32,
}

#[derive(Deserialize)]
pub(super) struct SeasonReply {
    pub(super) stats: Vec<SeasonStat>,
}

#[derive(Deserialize)]
pub(super) struct SeasonStat {
    pub(super) splits: Vec<SeasonRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SeasonRow {
    pub(super) date: String,
    pub(super) game: SeasonGameId,
    pub(super) stat: SeasonErrors,
    #[serde(default)]
    pub(super) opponent: Lenient<Team>,
    #[serde(default)]
    pub(super) is_home: Lenient<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SeasonGameId {
    pub(super) game_pk: u64,
    #[serde(default)]
    pub(super) game_number: Lenient<u8>,
}

#[derive(Deserialize)]
pub(super) struct SeasonErrors {
    pub(super) errors: u32,
}

#[derive(Deserialize)]
pub(super) struct Schedule {
    pub(super) dates: Vec<ScheduleDay>,
}

#[derive(Deserialize)]
pub(super) struct ScheduleDay {
    #[serde(deserialize_with = "plain_date")]
    pub(super) date: Date,
    pub(super) games: Vec<ScheduleGame>,
}

fn plain_date<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    day(&text).ok_or_else(|| serde::de::Error::custom(format!("not a date: {text:?}")))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScheduleGame {
    pub(super) game_pk: u64,
    #[serde(default)]
    pub(super) game_type: String,
    pub(super) game_date: String,
    pub(super) official_date: Option<String>,
    pub(super) reschedule_date: Option<String>,
    pub(super) reschedule_game_date: Option<String>,
    pub(super) status: RawStatus,
    pub(super) teams: Sides,
    #[serde(default)]
    pub(super) venue: Lenient<Named>,
    #[serde(default)]
    pub(super) double_header: String,
    #[serde(default)]
    pub(super) game_number: Lenient<u8>,
}

#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawStatus {
    #[serde(default)]
    pub(super) abstract_game_state: String,
    #[serde(default)]
    pub(super) coded_game_state: String,
    #[serde(default)]
    pub(super) detailed_state: String,
    pub(super) reason: Option<String>,
    #[serde(rename = "startTimeTBD")]
    pub(super) start_time_tbd: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Sides {
    pub(super) away: RawSide,
    pub(super) home: RawSide,
}

#[derive(Deserialize)]
pub(super) struct RawSide {
    pub(super) team: Team,
    #[serde(default)]
    pub(super) score: Lenient<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Feed {
    pub(super) game_pk: u64,
    #[serde(default)]
    pub(super) meta_data: Lenient<MetaData>,
    pub(super) game_data: GameData,
    pub(super) live_data: LiveData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MetaData {
    pub(super) time_stamp: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct GameData {
    #[serde(default)]
    pub(super) datetime: Lenient<GameDatetime>,
    pub(super) status: RawStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GameDatetime {
    pub(super) official_date: String,
}

#[derive(Deserialize)]
pub(super) struct LiveData {
    #[serde(default)]
    pub(super) plays: Lenient<Plays>,
    #[serde(default)]
    pub(super) linescore: Lenient<Linescore>,
    pub(super) boxscore: Boxscore,
}

#[derive(Deserialize)]
pub(super) struct Boxscore {
    pub(super) teams: BoxTeams,
}

#[derive(Deserialize)]
pub(super) struct BoxTeams {
    pub(super) away: BoxTeam,
    pub(super) home: BoxTeam,
}

#[derive(Deserialize)]
pub(super) struct BoxTeam {
    #[serde(default)]
    pub(super) players: BTreeMap<String, Lenient<Boxed>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Boxed {
    pub(super) batting_order: Option<String>,
    #[serde(default)]
    pub(super) stats: Stats,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Stats {
    #[serde(default)]
    pub(super) fielding: Fielding,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Fielding {
    pub(super) errors: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Linescore {
    pub(super) current_inning: Option<u8>,
    pub(super) inning_state: Option<String>,
    pub(super) teams: Lenient<LineTeams>,
}

#[derive(Deserialize)]
pub(super) struct LineTeams {
    pub(super) away: LineTeam,
    pub(super) home: LineTeam,
}

#[derive(Deserialize)]
pub(super) struct LineTeam {
    pub(super) runs: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Plays {
    pub(super) all_plays: Vec<Lenient<Play>>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Play {
    pub(super) result: PlayResult,
    pub(super) about: About,
    pub(super) matchup: Lenient<Matchup>,
    pub(super) runners: Vec<Lenient<Runner>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PlayResult {
    pub(super) description: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct About {
    pub(super) inning: Option<u8>,
    pub(super) half_inning: Option<String>,
    pub(super) end_time: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Matchup {
    pub(super) batter: Batter,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Batter {
    pub(super) full_name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Runner {
    pub(super) credits: Option<Vec<Lenient<Credit>>>,
}

#[derive(Deserialize)]
pub(super) struct Credit {
    pub(super) credit: String,
    pub(super) player: Id,
    pub(super) position: Option<Lenient<Position>>,
}

#[derive(Deserialize)]
pub(super) struct Position {
    pub(super) abbreviation: String,
}
