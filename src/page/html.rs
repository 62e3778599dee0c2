//! The page for browsers, from templates that are checked when the binary is built.

use super::{Look, json, question, season::SeasonView, sentence, when, word};
use crate::answer::{Answer, State, Zone};
use askama::Template;
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};
use std::time::Duration;
use time::OffsetDateTime;

/// A page for what went wrong, in both forms.
pub struct ErrorPage {
    /// For browsers.
    pub html: String,
    /// For everyone else.
    pub text: String,
}

/// The page of a status that is not a success.
pub fn error(status: u16, detail: &str, look: &Look) -> ErrorPage {
    let title = title(status);
    let page = ErrorTemplate { look, style: style(look), refresh: 0, status, title, detail };
    ErrorPage { html: rendered(&page), text: format!("{status} {title}\n{detail}\n") }
}

/// What went wrong, as a ballpark would say it.
pub(super) fn title(status: u16) -> &'static str {
    match status {
        308 => "Round the bases",
        400 => "Illegal pitch",
        404 => "Out of the park",
        405 => "Interference",
        406 => "Not in the line-up",
        412 => "Tagged out",
        413 => "Over the wall",
        414 => "Way too long",
        416 => "Off the plate",
        431 => "Too much windup",
        500 => "Error on the server",
        503 => "Rain delay",
        _ => "Foul",
    }
}

/// The Content-Security-Policy source of the one inline style block, the same on every page.
pub fn style_hash(look: &Look) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(style(look))))
}

pub(super) fn answer(
    answer: &Answer,
    look: &Look,
    version: &str,
    card: &str,
    refresh: Duration,
    now: OffsetDateTime,
) -> String {
    let age = answer.asked_at.map(|at| when::ago(now - at)).unwrap_or_default();
    let page = AnswerTemplate {
        look,
        style: style(look),
        version,
        verdict: json::verdict(answer.verdict),
        refresh: refresh.as_secs().max(1),
        answer,
        question: question(answer, &look.words),
        word: word(answer, &look.words),
        sentence: sentence(answer),
        card,
        plays: answer
            .plays
            .iter()
            .map(|play| Play { title: sentence::play_title(play), text: &play.text })
            .collect(),
        taken_back: sentence::taken_back(answer),
        games: answer
            .games
            .iter()
            .map(|game| Game {
                teams: sentence::game_teams(game),
                state: sentence::game_state(game),
                start: game
                    .listing
                    .start
                    .filter(|_| game.state() == State::Ahead)
                    .map(|start| Clock::new(start, &answer.zone)),
            })
            .collect(),
        season: SeasonView::of(answer, look.season_note.as_deref()),
        day: when::long_date(answer.day),
        asked: answer.asked_at.map(|at| Clock::new(at, &answer.zone)),
        age_seconds: answer.asked_at.map_or(0, |at| (now - at).whole_seconds()),
        age,
    };
    rendered(&page)
}

/// Rendering into memory fails only if a template's own code does, and these have none that can.
pub(super) fn rendered(template: &impl Template) -> String {
    template.render().unwrap_or_default()
}

pub(super) fn style(look: &Look) -> String {
    format!(":root{{--ground:{};--accent:{}}}", look.ground, look.accent)
}

#[derive(Template)]
#[template(path = "answer.html", config = "src/page/askama.toml")]
struct AnswerTemplate<'a> {
    look: &'a Look,
    style: String,
    version: &'a str,
    verdict: &'static str,
    /// Seconds.
    refresh: u64,
    answer: &'a Answer,
    question: String,
    word: &'a str,
    sentence: String,
    /// Changes with the card: chats keep a picture by its URL.
    card: &'a str,
    plays: Vec<Play<'a>>,
    taken_back: Option<String>,
    games: Vec<Game>,
    season: Option<SeasonView>,
    day: String,
    asked: Option<Clock>,
    age: String,
    /// The same in seconds, for the script that counts on.
    age_seconds: i64,
}

struct Play<'a> {
    title: String,
    text: &'a str,
}

struct Game {
    teams: String,
    state: String,
    /// While it is ahead and known.
    start: Option<Clock>,
}

/// A time for machines and, by the ballpark's clock, for people.
struct Clock {
    machine: String,
    people: String,
}

impl Clock {
    fn new(at: OffsetDateTime, zone: &Zone) -> Self {
        Clock { machine: when::machine(at), people: when::clock(at, zone) }
    }
}

#[derive(Template)]
#[template(path = "error.html", config = "src/page/askama.toml")]
struct ErrorTemplate<'a> {
    look: &'a Look,
    style: String,
    refresh: u64,
    status: u16,
    title: &'static str,
    detail: &'a str,
}
