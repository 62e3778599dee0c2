//! The rendered forms of an answer: a page, a text for terminals, JSON for programs, and pictures.
//!
//! Rendering depends on `answer` and never on a request, a header or a socket. Each answer is rendered once.

pub(crate) mod ansi;
pub(crate) mod block_letters;
pub(crate) mod board;
pub(crate) mod calendar;
pub(crate) mod change;
pub(crate) mod colours;
pub(crate) mod design;
pub(crate) mod embed;
pub(crate) mod feed;
pub(crate) mod hero;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod leaders;
pub(crate) mod locale;
#[cfg_attr(not(test), expect(dead_code, reason = "the build script makes the marks"))]
mod marks;
pub(crate) mod notice;
pub(crate) mod og_image;
pub(crate) mod picture;
pub(crate) mod place;
pub(crate) mod scene;
pub(crate) mod scoreboard;
pub(crate) mod season;
pub(crate) mod season_page;
pub(crate) mod sentence;
pub(crate) mod share;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod text;
pub(crate) mod times;
pub(crate) mod word;

pub use crate::page::calendar::calendar;
pub use crate::page::change::change;
pub use crate::page::colours::{ColourPair, Colours, LEAST_CONTRAST, PageState};
pub use crate::page::html::{error, style_hash};
pub use crate::page::json::{VERDICTS, verdict};
pub use crate::page::leaders::leaders;
pub use crate::page::locale::words::Words;
pub(crate) use crate::page::locale::words::each_word;
pub use crate::page::notice::Notice;
pub use crate::page::picture::{ico, png};
pub use crate::page::place::Place;
pub use crate::page::season_page::season_page;

use crate::{
    answer::Answer,
    hash,
    language::{Language, PerLanguage},
    name::named,
    page::locale::Phrases,
    site::{
        page::{PageContent, PageText},
        snapshot::SiteContent,
    },
};
use std::{collections::BTreeMap, time::Duration};
use time::{Date, OffsetDateTime};

named! {
    #[derive(Default)]
    pub enum Voice {
        /// The fact and a remark.
        #[default]
        Witty = "witty",
        /// The fact.
        Plain = "plain",
    }
}

/// The site's words, colours and URLs, which do not change with the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    pub words: PerLanguage<Words>,
    pub voice: Voice,
    pub colours: Colours,
    /// URL of the style sheet.
    pub stylesheet: &'static str,
    /// URL of the script.
    pub script: &'static str,
    /// URL of the script that copies texts.
    pub copy_script: &'static str,
    /// URL of the typeface.
    pub font: &'static str,
    /// URL of the style sheet of drawings.
    pub drawings: &'static str,
    /// The site's public origin, without a slash at the end; none if it is not configured.
    pub url: Option<String>,
    /// The name of the replay ("August 9, 2023"); none when live.
    pub replay: Option<PerLanguage<String>>,
    /// The note on the source of the season's games; none if they are MLB's.
    pub season_note: Option<PerLanguage<String>>,
    /// The templates and scenes that differ from the build, while designing.
    pub design: BTreeMap<&'static str, String>,
}

/// The date in tag URIs (RFC 4151): the year in which e6 began to make them. A change would change every id.
const TAGGED_SINCE: u16 = 2026;

impl Theme {
    /// The prefix that makes a path absolute; empty if the site's origin is not known.
    fn origin(&self) -> &str {
        self.url.as_deref().unwrap_or_default()
    }

    /// The authority in ids: the site's host, else `localhost`.
    fn authority(&self) -> &str {
        let host = self.origin().split("://").nth(1).and_then(|rest| rest.split([':', '/']).next());
        let named = |host: &&str| !host.is_empty() && !host.starts_with('[');
        host.filter(named).unwrap_or("localhost")
    }

    /// A tag URI (RFC 4151): an id that stays the same.
    fn tag(&self, of: &str) -> String {
        format!("tag:{},{TAGGED_SINCE}:e6/{of}", self.authority())
    }
}

#[derive(Clone, Copy)]
pub(crate) struct LocalizedTheme<'a> {
    language: Language,
    phrases: &'static dyn Phrases,
    words: &'a Words,
    theme: &'a Theme,
}

impl Theme {
    fn localized(&self, language: Language) -> LocalizedTheme<'_> {
        let phrases = locale::phrases(language);
        LocalizedTheme { language, phrases, words: &self.words[language], theme: self }
    }

    /// The theme of a day's page, whose question names the day.
    fn of_day(&self, day: Date) -> Theme {
        let mut theme = self.clone();
        for language in Language::ALL {
            let words = theme.words.get_mut(language);
            let date = locale::phrases(language).long_date(day);
            words.question = words.day_question.replace("{date}", &date);
        }
        theme
    }

    /// The theme for programs, feeds and calendars.
    fn english(&self) -> LocalizedTheme<'_> {
        self.localized(Language::English)
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

    /// The remark of the day; none in the plain voice.
    fn wit(&self, answer: &Answer) -> Option<&str> {
        sentence::wit(answer, self.words).filter(|_| self.theme.voice == Voice::Witty)
    }

    fn sentence(&self, answer: &Answer) -> String {
        sentence::sentence(answer, self.phrases)
    }

    /// The answer's day as a line of its own.
    fn day(&self, answer: &Answer) -> String {
        locale::sentence_case(&self.phrases.long_date(answer.day))
    }

    fn replay(&self) -> Option<&str> {
        self.theme.replay.as_ref().map(|replay| replay[self.language].as_str())
    }

    fn season_note(&self) -> Option<&str> {
        self.theme.season_note.as_ref().map(|note| note[self.language].as_str())
    }
}

/// The word and its reason on one line, for operators.
pub fn in_a_line(answer: &Answer, theme: &Theme) -> String {
    let localized = theme.english();
    format!("{}: {}", localized.word(answer), localized.sentence(answer))
}

/// The answer as a short message, in every language.
pub fn notice(answer: &Answer, theme: &Theme) -> PerLanguage<Notice> {
    PerLanguage::of(|language| notice::notice(answer, theme.localized(language)))
}

/// The day's games on one line, with inning, score and the word: for the replay on a terminal.
pub fn scoreboard(answer: &Answer, theme: &Theme) -> String {
    let localized = theme.english();
    let games: Vec<_> =
        answer.games.iter().map(|game| sentence::game_on_a_line(game, localized.phrases)).collect();
    format!("{}: {}", games.join("; "), localized.word(answer)).trim_start_matches(": ").to_owned()
}

/// Renders an answer in every form as of now; an open page asks again after `refresh`.
pub fn render(answer: &Answer, theme: &Theme, refresh: Duration, now: OffsetDateTime) -> SiteContent {
    let in_each =
        |make: &dyn Fn(LocalizedTheme) -> String| PerLanguage::of(|language| make(theme.localized(language)));
    let card = in_each(&|localized| og_image::card(answer, localized));
    let sign = in_each(&|localized| og_image::sign(answer, localized));
    let oembed = in_each(&|localized| share::oembed(answer, localized));
    let state = PageState::of(answer);
    let json = json::json(answer, theme.english());
    // The pages in all languages follow from the same facts and the theme.
    let version = version(&format!("{}{theme:?}", json.undated));
    let html = |localized: LocalizedTheme| {
        let card = self::version(&card[localized.language]);
        html::answer(answer, localized, &Place::default(), &version, &card, refresh, now)
    };
    SiteContent {
        home: content(answer, theme, now, json.pretty, html),
        embed: in_each(&|localized| embed::embed(answer, localized, now)),
        share: in_each(&|localized| share::page(answer, localized)),
        not_ready: html::not_ready(answer, theme),
        looking_up: html::looking_up(theme),
        style: style_hash(theme),
        embed_style: html::embed_style_hash(theme),
        files: vec![
            ("/api/v1/season", json::season(answer, theme)),
            ("/feed.xml", feed::feed(answer, theme.english())),
            ("/calendar.ics", calendar(answer, theme, OffsetDateTime::UNIX_EPOCH)),
            ("/oembed.json", oembed.english),
            ("/es/oembed.json", oembed.spanish),
            ("/badge.svg", og_image::badge(answer, theme.english())),
            ("/favicon.svg", og_image::favicon(state, theme)),
            ("/favicon-yes.svg", og_image::favicon(PageState::Yes, theme)),
            ("/favicon-no.svg", og_image::favicon(PageState::No, theme)),
            ("/favicon-game.svg", og_image::favicon(PageState::Game, theme)),
            ("/favicon-off.svg", og_image::favicon(PageState::Off, theme)),
            ("/favicon-bench.svg", og_image::favicon(PageState::Bench, theme)),
            ("/favicon-unknown.svg", og_image::favicon(PageState::Unknown, theme)),
            ("/favicon.ico", og_image::tile(state, theme, picture::ICO_PIXELS.into())),
            ("/apple-touch-icon.png", og_image::tile(state, theme, 180)),
            ("/icon-192.png", og_image::tile(state, theme, 192)),
            ("/icon-512.png", og_image::tile(state, theme, 512)),
            ("/card.png", card.english.clone()),
            ("/es/card.png", card.spanish.clone()),
            ("/days-since-error.png", sign.english),
            ("/es/days-since-error.png", sign.spanish),
        ],
        line: json.line,
        version,
    }
}

/// Renders the answer of a day as the page of that day.
pub fn day(answer: &Answer, theme: &Theme, place: &Place, now: OffsetDateTime) -> PageContent {
    let theme = &theme.of_day(answer.day);
    let json = json::json(answer, theme.english());
    let version = version(&format!("{}{theme:?}", json.undated));
    content(answer, theme, now, json.pretty, |localized| {
        html::answer(answer, localized, place, &version, &version, Duration::ZERO, now)
    })
}

fn content(
    answer: &Answer,
    theme: &Theme,
    now: OffsetDateTime,
    json: String,
    html: impl Fn(LocalizedTheme) -> String,
) -> PageContent {
    let page = |language: Language| {
        let localized = theme.localized(language);
        PageText { html: html(localized), text: text::text(answer, localized, now) }
    };
    let terminal = PerLanguage::of(|language| text::terminal(answer, theme.localized(language), now));
    PageContent { pages: PerLanguage::of(page), terminal: Some(terminal), json }
}

/// The card of a day, as PNG; none if it cannot be made, which is logged.
pub fn day_card(answer: &Answer, theme: &Theme, language: Language) -> Option<Vec<u8>> {
    png(&og_image::card(answer, theme.of_day(answer.day).localized(language)))
}

/// The description of a day for sites that embed links (oEmbed).
pub fn day_oembed(answer: &Answer, theme: &Theme, place: &Place, language: Language) -> String {
    share::day_oembed(answer, theme.of_day(answer.day).localized(language), place)
}

/// "Wednesday, August 9, 2023", in every language.
pub fn date(date: Date) -> PerLanguage<String> {
    PerLanguage::of(|language| locale::phrases(language).long_date(date))
}

fn version(text: &str) -> String {
    hash::hex(text.as_bytes(), hash::SHORT)
}

/// The text without control characters and two noncharacters: XML forbids them, or terminals act on them.
fn plain(text: &str) -> String {
    text.chars().filter(|char| !char.is_control() && !matches!(char, '\u{fffe}' | '\u{ffff}')).collect()
}
