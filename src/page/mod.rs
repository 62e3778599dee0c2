//! What people read, rendered from an answer: a page, a text for terminals, JSON for programs.
//!
//! Rests on `answer` alone, and `how` on a `trace`. It never sees a request, a header or a socket: it makes text and a
//! picture, once per answer.

pub(crate) mod calendar;
pub(crate) mod change;
pub(crate) mod feed;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod locale;
pub(crate) mod og_image;
pub(crate) mod picture;
pub(crate) mod season;
pub(crate) mod sentence;
#[cfg(test)]
mod tests;
pub(crate) mod text;
pub(crate) mod times;

pub use crate::page::calendar::Calendar;
pub use crate::page::change::change;
pub use crate::page::html::{RenderedPage, error, not_ready, style_hash};
pub use crate::page::json::{VERDICTS, verdict};
pub use crate::page::picture::png;

use crate::{
    answer::Answer,
    language::{Language, PerLanguage},
    page::locale::Phrases,
};
use sha2::{Digest, Sha256};
use std::time::Duration;
use time::{Date, OffsetDateTime};

/// The words on the page; each can be configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// With `{player}` for his name.
    pub question: String,
    /// He has.
    pub yes: String,
    /// He has not, and the day's games are over.
    pub no: String,
    /// The first pitch is still to come.
    pub not_yet: String,
    /// A game is on and he has none.
    pub so_far: String,
    /// No game counts for today.
    pub no_game: String,
    /// MLB could not be heard.
    pub unknown: String,
    /// Instead of "not yet" while he is on the injured list.
    pub injured: String,
    /// Instead of "not yet" while he is suspended.
    pub suspended: String,
}

impl Words {
    /// Those of a language, where the operator gives no others.
    pub fn of(language: Language) -> Self {
        locale::phrases(language).words()
    }
}

/// How the site looks: what does not change with the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    /// The words.
    pub words: PerLanguage<Words>,
    /// Text on light paper, as `#rrggbb`.
    pub ground: String,
    /// Highlights, as `#rrggbb`.
    pub accent: String,
    /// URL of the style sheet.
    pub stylesheet: &'static str,
    /// URL of the script.
    pub script: &'static str,
    /// URL of the drawing.
    pub artwork: &'static str,
    /// URL of the style sheet of drawings.
    pub drawings: &'static str,
    /// Where the site is on the internet, as an origin without a slash at the end; none if nobody said.
    pub url: Option<String>,
    /// What is being replayed ("August 9, 2023"); none when live.
    pub replay: Option<PerLanguage<String>>,
    /// What is to be said of where the season's games come from; none where they are MLB's.
    pub season_note: Option<PerLanguage<String>>,
}

/// Enough of a hash that two answers do not share one.
const VERSION_BYTES: usize = 10;

/// The year in which tags were first made here: whoever has the name now had it then, or does not use tags of before.
const TAGGED_SINCE: u16 = 2026;

impl Theme {
    /// What goes before a path to make it absolute; empty if that is not known.
    fn origin(&self) -> &str {
        self.url.as_deref().unwrap_or_default()
    }

    /// The name under which ids are made: the site's host, or the one that everybody has.
    fn authority(&self) -> &str {
        let host = self.origin().split("://").nth(1).and_then(|rest| rest.split([':', '/']).next());
        let named = |host: &&str| !host.is_empty() && !host.starts_with('[');
        host.filter(named).unwrap_or("localhost")
    }

    /// An id that stays the same (RFC 4151).
    fn tag(&self, of: &str) -> String {
        format!("tag:{},{TAGGED_SINCE}:e6/{of}", self.authority())
    }
}

/// A look in one language.
#[derive(Clone, Copy)]
pub(crate) struct LocalizedTheme<'a> {
    language: Language,
    phrases: &'static dyn Phrases,
    words: &'a Words,
    look: &'a Theme,
}

impl Theme {
    fn voice(&self, language: Language) -> LocalizedTheme<'_> {
        let phrases = locale::phrases(language);
        LocalizedTheme { language, phrases, words: &self.words[language], look: self }
    }

    /// What programs, feeds and calendars are told in.
    fn english(&self) -> LocalizedTheme<'_> {
        self.voice(Language::English)
    }
}

impl LocalizedTheme<'_> {
    /// The question about this player.
    fn question(&self, answer: &Answer) -> String {
        self.words.question.replace("{player}", &answer.player.short_name)
    }

    fn word(&self, answer: &Answer) -> &str {
        sentence::word(answer, self.words)
    }

    fn sentence(&self, answer: &Answer) -> String {
        sentence::sentence(answer, self.phrases)
    }

    /// As a line of its own.
    fn day(&self, answer: &Answer) -> String {
        locale::sentence_case(&self.phrases.long_date(answer.day))
    }

    fn replay(&self) -> Option<&str> {
        self.look.replay.as_ref().map(|replay| replay[self.language].as_str())
    }

    fn season_note(&self) -> Option<&str> {
        self.look.season_note.as_ref().map(|note| note[self.language].as_str())
    }
}

/// The word and its reason on one line, for operators.
pub fn in_a_line(answer: &Answer, look: &Theme) -> String {
    let voice = look.english();
    format!("{}: {}", voice.word(answer), voice.sentence(answer))
}

/// The day's games on one line, with inning, score and the word: for the replay on a terminal.
pub fn scoreboard(answer: &Answer, look: &Theme) -> String {
    let voice = look.english();
    let games: Vec<_> =
        answer.games.iter().map(|game| sentence::game_on_a_line(game, voice.phrases)).collect();
    format!("{}: {}", games.join("; "), voice.word(answer)).trim_start_matches(": ").to_owned()
}

/// One answer in every form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedAnswer {
    /// For people.
    pub told: PerLanguage<RenderedPage>,
    /// For programs.
    pub json: String,
    /// The same on one line.
    pub line: String,
    /// Changes when the page does, but for its age; an open page compares it with what it hears.
    pub version: String,
    /// For programs: the season, game by game.
    pub season: String,
    /// For feed readers: the days with an error.
    pub feed: String,
    /// For other people's pages: the badge, as SVG.
    pub badge: String,
    /// For previews in chats: the card, as SVG to make a PNG of.
    pub card: PerLanguage<String>,
}

/// Renders an answer as of now; an open page asks again after `refresh`.
pub fn render(answer: &Answer, look: &Theme, refresh: Duration, now: OffsetDateTime) -> RenderedAnswer {
    let json = json::json(answer, look.english());
    let card = PerLanguage::of(|language| og_image::card(answer, look.voice(language)));
    // What a page says in any language follows from the same facts, and from its words and colours.
    let version = version(&format!("{}{look:?}", json.undated));
    let told = |language: Language| {
        let voice = look.voice(language);
        let card = self::version(&card[language]);
        RenderedPage {
            html: html::answer(answer, voice, &version, &card, refresh, now),
            text: text::text(answer, voice, now),
        }
    };
    RenderedAnswer {
        told: PerLanguage::of(told),
        json: json.pretty,
        line: json.line,
        season: json::season(answer, look),
        feed: feed::feed(answer, look.english()),
        badge: og_image::badge(answer, look.english()),
        version,
        card,
    }
}

/// "Wednesday, August 9, 2023", in every language.
pub fn date(date: Date) -> PerLanguage<String> {
    PerLanguage::of(|language| locale::phrases(language).long_date(date))
}

/// Changes with the text.
fn version(text: &str) -> String {
    Sha256::digest(text).iter().take(VERSION_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

/// Without what XML forbids and terminals act on: control characters and two that are none.
fn plain(text: &str) -> String {
    text.chars().filter(|char| !char.is_control() && !matches!(char, '\u{fffe}' | '\u{ffff}')).collect()
}
