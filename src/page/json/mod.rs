//! The answer for programs. Documented in assets/api/openapi.json; fields are added at the end, never changed.

mod game;
mod leaders;
mod season;

pub(crate) use self::{leaders::leaders, season::season};

use crate::{
    answer::{Answer, Availability, Player, Verdict},
    page::{
        LocalizedTheme,
        json::{
            game::{GameBody, NextGameBody, PlayBody},
            season::{SeasonBody, SinceErrorBody},
        },
        times,
    },
};
use serde::Serialize;

pub const VERDICTS: [&str; 5] = ["yes", "no", "not_yet", "no_game", "unknown"];

/// The verdict's name for programs.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Yes(_) => "yes",
        Verdict::No => "no",
        Verdict::NotYet => "not_yet",
        Verdict::NoGame => "no_game",
        Verdict::Unknown => "unknown",
    }
}

/// The answer for programs.
pub(crate) struct JsonBodies {
    /// Indented, for responses.
    pub pretty: String,
    /// On one line, for events.
    pub line: String,
    /// The same without the time MLB was asked: it stays the same while nothing happens.
    pub undated: String,
}

/// Renders an answer for programs.
pub(crate) fn json(answer: &Answer, localized: LocalizedTheme) -> JsonBodies {
    let mut body = AnswerBody {
        verdict: verdict(answer.verdict),
        errors: answer.verdict.errors(),
        date: answer.day.to_string(),
        stale: answer.stale,
        asked_at: answer.asked_at.map(times::machine),
        changed_at: answer.changed_at.map(times::machine),
        answer: localized.word(answer),
        reason: localized.sentence(answer),
        player: PlayerBody::new(&answer.player),
        games: answer.games.iter().map(GameBody::new).collect(),
        plays: answer.plays.iter().map(PlayBody::new).collect(),
        plays_complete: answer.plays_complete,
        taken_back: answer.taken_back,
        availability: match answer.availability {
            Availability::Unknown | Availability::Other(_) => "unknown",
            Availability::Active => "active",
            Availability::Injured(_) => "injured",
            Availability::Suspended => "suspended",
            Availability::Away(_) => "away",
        },
        season: answer.season.as_ref().map(SeasonBody::new),
        time_zone: answer.zone.name(),
        replay: localized.replay().is_some(),
        since_error: answer.since_error.as_ref().map(SinceErrorBody::new),
        next_game: answer.next_game.as_ref().map(|next| NextGameBody::new(next, answer.day)),
        error_rank: answer
            .leaders
            .as_ref()
            .and_then(|leaders| leaders.player.as_ref())
            .map(|player| RankBody { rank: player.rank, tied: player.is_tied }),
    };
    let line = |body: &AnswerBody| serde_json::to_string(body).unwrap_or_default();
    let (pretty, dated) = (pretty(&body), line(&body));
    body.asked_at = None;
    JsonBodies { pretty, line: dated, undated: line(&body) }
}

/// Strings, numbers and lists of them: nothing here can fail to serialize.
fn pretty(body: &impl Serialize) -> String {
    let mut json = serde_json::to_string_pretty(body).unwrap_or_default();
    json.push('\n');
    json
}

#[derive(Serialize)]
struct AnswerBody<'a> {
    verdict: &'static str,
    errors: u32,
    date: String,
    stale: bool,
    asked_at: Option<String>,
    changed_at: Option<String>,
    answer: &'a str,
    reason: String,
    player: PlayerBody<'a>,
    games: Vec<GameBody<'a>>,
    plays: Vec<PlayBody<'a>>,
    plays_complete: bool,
    taken_back: u32,
    availability: &'static str,
    season: Option<SeasonBody>,
    time_zone: &'a str,
    replay: bool,
    since_error: Option<SinceErrorBody>,
    next_game: Option<NextGameBody<'a>>,
    error_rank: Option<RankBody>,
}

#[derive(Serialize)]
struct RankBody {
    rank: u32,
    tied: bool,
}

#[derive(Serialize)]
struct PlayerBody<'a> {
    id: u32,
    name: &'a str,
    team: Option<&'a str>,
}

impl<'a> PlayerBody<'a> {
    fn new(player: &'a Player) -> Self {
        let team = player.club.as_ref().map(|club| club.name.as_str());
        PlayerBody { id: player.id, name: &player.name, team }
    }
}
