//! The answer for programs. Documented in assets/api/openapi.json; fields are added at the end, never changed.

/// Declares a body that is serialized: its members with their types and, from these facts, their values.
macro_rules! body {
    (
        $vis:vis struct $body:ident $(<$life:lifetime>)? ($($from:ident: $of:ty),+) $(with { $($name:ident = $fact:expr;)+ })? {
            $($member:ident: $type:ty = $value:expr;)+
        }
    ) => {
        #[derive(serde::Serialize)]
        $vis struct $body $(<$life>)? { $($member: $type,)+ }

        impl $(<$life>)? $body $(<$life>)? {
            pub(super) fn new($($from: $of),+) -> Self {
                $($(let $name = $fact;)+)?
                $body { $($member: $value,)+ }
            }
        }
    };
}

mod game;
mod leaders;
mod season;

pub(crate) use self::{leaders::leaders, season::season};

use crate::{
    answer::{Answer, Availability, Leader, Player, Verdict},
    page::{
        LocalizedTheme,
        json::{
            game::{GameBody, NextGameBody, PlayBody},
            season::{SeasonBody, SinceErrorBody},
        },
        sentence, times,
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
    let mut body = AnswerBody::new(answer, localized);
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

body! {
    struct AnswerBody<'a>(answer: &'a Answer, localized: LocalizedTheme<'a>) with {
        rank = answer.leaders.as_ref().and_then(|leaders| leaders.player.as_ref());
    } {
        verdict: &'static str = verdict(answer.verdict);
        errors: u32 = answer.verdict.errors();
        date: String = answer.day.to_string();
        stale: bool = answer.stale;
        asked_at: Option<String> = answer.asked_at.map(times::machine);
        changed_at: Option<String> = answer.changed_at.map(times::machine);
        answer: &'a str = sentence::word(answer, localized.words);
        reason: String = localized.sentence(answer);
        player: PlayerBody<'a> = PlayerBody::new(&answer.player);
        games: Vec<GameBody<'a>> = answer.games.iter().map(GameBody::new).collect();
        plays: Vec<PlayBody<'a>> = answer.plays.iter().map(PlayBody::new).collect();
        plays_complete: bool = answer.plays_complete;
        taken_back: u32 = answer.taken_back;
        availability: &'static str = availability(&answer.availability);
        season: Option<SeasonBody> = answer.season.as_ref().map(SeasonBody::new);
        time_zone: &'a str = answer.zone.name();
        replay: bool = localized.replay().is_some();
        since_error: Option<SinceErrorBody> = answer.since_error.as_ref().map(SinceErrorBody::new);
        next_game: Option<NextGameBody<'a>> = answer.next_game.as_ref().map(|next| NextGameBody::new(next, answer.day));
        error_rank: Option<RankBody> = rank.map(RankBody::new);
    }
}

fn availability(availability: &Availability) -> &'static str {
    match availability {
        Availability::Unknown | Availability::Other(_) => "unknown",
        Availability::Active => "active",
        Availability::Injured(_) => "injured",
        Availability::Suspended => "suspended",
        Availability::Away(_) => "away",
    }
}

body! {
    struct RankBody(leader: &Leader) {
        rank: u32 = leader.rank;
        tied: bool = leader.is_tied;
    }
}

body! {
    struct PlayerBody<'a>(player: &'a Player) {
        id: u32 = player.id;
        name: &'a str = &player.name;
        team: Option<&'a str> = player.club.as_ref().map(|club| club.name.as_str());
    }
}
