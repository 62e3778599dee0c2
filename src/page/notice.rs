//! A short message about the answer, for other programs and chats.

use crate::{
    answer::Answer,
    page::{LocalizedTheme, Place, json, plain, sentence, share},
};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime, serde::rfc3339};

/// Maximum characters of a text in a message: chats cut a message at 2,000.
const TEXT_CAP: usize = 400;

time::serde::format_description!(calendar_day, Date, "[year]-[month]-[day]");

/// An answer in a few words, in one language. Templates name its fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// The verdict, as in the JSON.
    pub verdict: String,
    /// Errors charged today.
    pub errors: u32,
    /// Errors of today that the official scorer took back.
    pub taken_back: u32,
    /// The day that the answer is about.
    #[serde(with = "calendar_day")]
    pub date: Date,
    pub question: String,
    /// The word.
    pub answer: String,
    /// The reason, and the note on errors that were taken back.
    pub reason: String,
    /// The latest play with an error; empty if there is none.
    pub play: String,
    /// The player's full name.
    pub player: String,
    /// MLB's person id.
    pub player_id: u32,
    /// The URL of the day's page, or of the home page on a day without games; empty if the site's URL is not
    /// configured.
    pub url: String,
    /// The time of the last change of the verdict.
    #[serde(with = "rfc3339::option")]
    pub changed_at: Option<OffsetDateTime>,
    /// The time at which MLB made the data.
    #[serde(with = "rfc3339::option")]
    pub asked_at: Option<OffsetDateTime>,
}

impl Notice {
    /// A message to try a hook with.
    pub fn sample(question: &str) -> Self {
        Notice {
            verdict: "unknown".into(),
            errors: 0,
            taken_back: 0,
            date: OffsetDateTime::UNIX_EPOCH.date(),
            question: question.into(),
            answer: "Test".into(),
            reason: "This is a test from e6; the answer has not changed.".into(),
            play: String::new(),
            player: String::new(),
            player_id: 0,
            url: String::new(),
            changed_at: None,
            asked_at: None,
        }
    }
}

pub(crate) fn notice(answer: &Answer, localized: LocalizedTheme) -> Notice {
    let phrases = localized.phrases;
    let taken_back = sentence::taken_back(answer, phrases);
    let reason = [Some(localized.sentence(answer)), taken_back].into_iter().flatten().collect::<Vec<_>>();
    let play =
        answer.plays.last().map(|play| format!("{}: {}. {}", play.scoring(), phrases.play(play), play.text));
    let page = |url: &String| format!("{url}{}", share::shared(answer, localized, &Place::default()));
    Notice {
        verdict: json::verdict(answer.verdict).into(),
        errors: answer.verdict.errors(),
        taken_back: answer.taken_back,
        date: answer.day,
        question: brief(&localized.question(answer)),
        answer: brief(localized.word(answer)),
        reason: brief(&reason.join(" ")),
        play: brief(&play.unwrap_or_default()),
        player: brief(&answer.player.name),
        player_id: answer.player.id,
        url: localized.theme.url.as_ref().map(page).unwrap_or_default(),
        changed_at: answer.changed_at,
        asked_at: answer.asked_at,
    }
}

/// The text on one line, cut where it is too long.
fn brief(text: &str) -> String {
    let text = plain(text);
    match text.char_indices().nth(TEXT_CAP) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text,
    }
}
