//! The page with snippets to copy, the link to text a friend, and the description for sites that embed links (oEmbed).

use crate::{
    answer::Answer,
    language::Language,
    page::{
        LocalizedTheme, Place, Theme, embed,
        html::rendered,
        locale::{labels::PageLabels, share::ShareTexts},
        og_image,
    },
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

/// The origin in snippets of a site that does not know its own.
const NO_ORIGIN: &str = "https://example.org";

template! {
#[derive(Template)]
#[template(path = "share.html")]
struct ShareTemplate<'a> {
    theme: &'a Theme,
    language: Language,
    labels: &'static PageLabels,
    texts: &'static ShareTexts,
    question: String,
    friend: &'a str,
    sms: String,
    snippets: Vec<Snippet>,
}
}

/// A text to copy.
struct Snippet {
    id: &'static str,
    title: &'static str,
    code: String,
    /// A picture of the result.
    preview: Option<&'static str>,
    /// The result itself.
    link: Option<String>,
}

pub(crate) fn page(answer: &Answer, localized: LocalizedTheme) -> String {
    let LocalizedTheme { language, phrases, theme, words } = localized;
    rendered(&ShareTemplate {
        theme,
        language,
        labels: phrases.labels(),
        texts: ShareTexts::of(language),
        question: localized.question(answer),
        friend: &words.friend,
        sms: sms(answer, localized, &Place::default()),
        snippets: snippets(answer, localized),
    })
}

fn snippets(answer: &Answer, localized: LocalizedTheme) -> Vec<Snippet> {
    let (texts, prefix) = (ShareTexts::of(localized.language), localized.language.prefix());
    let origin = localized.theme.url.as_deref().unwrap_or(NO_ORIGIN);
    let home = format!("{origin}{}", localized.language.home());
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    let question = attribute(&localized.question(answer));
    let snippet = |id, title, code| Snippet { id, title, code, preview: None, link: None };
    let linked =
        |id, title, code, path: &str| Snippet { link: Some(path.into()), ..snippet(id, title, code) };
    let query = if prefix.is_empty() { "/" } else { prefix };
    vec![
        snippet("link", texts.link, home.clone()),
        Snippet {
            preview: Some("/badge.svg"),
            ..snippet(
                "badge",
                texts.badge,
                format!(
                    "<a href=\"{home}\"><img src=\"{origin}/badge.svg\" alt=\"{question}\" height=\"20\"></a>"
                ),
            )
        },
        snippet("markdown", texts.badge_markdown, format!("[![{question}]({origin}/badge.svg)]({home})")),
        linked("embed", texts.embed, iframe(origin, localized, &question), &format!("{prefix}/embed")),
        snippet("terminal", texts.terminal, format!("curl '{origin}{query}?color'")),
        snippet("prompt", texts.prompt, format!("curl -s '{origin}{query}?format=1'")),
        snippet("json", texts.json, format!("curl {origin}/api/v1/answer")),
        snippet(
            "script",
            texts.script,
            format!(
                "fetch(\"{origin}/api/v1/answer\")\n  .then((response) => response.json())\n  .then((answer) => console.log(answer.verdict, answer.errors));"
            ),
        ),
        linked(
            "calendar",
            texts.calendar,
            format!("{origin}/calendar.ics"),
            &format!("webcal://{host}/calendar.ics"),
        ),
        linked("feed", texts.feed, format!("{origin}/feed.xml"), "/feed.xml"),
    ]
}

fn iframe(origin: &str, localized: LocalizedTheme, title: &str) -> String {
    let (prefix, width, height) = (localized.language.prefix(), embed::WIDTH, embed::HEIGHT);
    format!(
        "<iframe src=\"{origin}{prefix}/embed\" width=\"{width}\" height=\"{height}\" title=\"{title}\" style=\"border: 0\" loading=\"lazy\"></iframe>"
    )
}

/// The text in an attribute of HTML, and in brackets of Markdown.
fn attribute(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
        .replace('[', "&#91;")
        .replace(']', "&#93;")
}

/// The link that begins a text message with the answer, for a phone (RFC 5724; iOS reads the body after `&`). It leads
/// to the day's page, where the answer stays.
pub(crate) fn sms(answer: &Answer, localized: LocalizedTheme, place: &Place) -> String {
    let url = localized.theme.url.as_ref().map(|url| format!("{url}{}", shared(answer, localized, place)));
    let word = localized.word(answer).trim_end_matches('.');
    let day = if place.is_home() { String::new() } else { format!("{}: ", localized.day(answer)) };
    let text = format!("{day}{word}. {} {}", localized.sentence(answer), url.unwrap_or_default());
    format!("sms:?&body={}", utf8_percent_encode(text.trim_end(), NON_ALPHANUMERIC))
}

/// The path to share: that of the page, and in place of the home page that of the answer's day if it has games. A day
/// without games may be outside the season, and would have no page the day after.
pub(crate) fn shared(answer: &Answer, localized: LocalizedTheme, place: &Place) -> String {
    match place.is_home() && !answer.games.is_empty() {
        true => Place::day(answer.day, (None, None)).in_language(&localized.language),
        false => place.in_language(&localized.language),
    }
}

/// The description for sites that embed a link (oEmbed 1.0): the box if this site knows its URL.
pub(crate) fn oembed(answer: &Answer, localized: LocalizedTheme) -> String {
    let mut description = described(answer, localized);
    if let Some(url) = &localized.theme.url {
        let question = attribute(&localized.question(answer));
        description["type"] = "rich".into();
        description["html"] = iframe(url, localized, &question).into();
        description["width"] = embed::WIDTH.into();
        description["height"] = embed::HEIGHT.into();
    }
    format!("{description}\n")
}

/// The same of a day: its card, because the box shows the present answer.
pub(crate) fn day_oembed(answer: &Answer, localized: LocalizedTheme, place: &Place) -> String {
    let mut description = described(answer, localized);
    if let Some(url) = &localized.theme.url {
        description["type"] = "photo".into();
        description["url"] = format!("{url}{}", place.file(&localized.language, "card.png")).into();
        (description["width"], description["height"]) = (og_image::WIDTH.into(), og_image::HEIGHT.into());
    }
    format!("{description}\n")
}

fn described(answer: &Answer, localized: LocalizedTheme) -> serde_json::Value {
    let title = format!("{} · {}", localized.word(answer), localized.question(answer));
    let mut description = json!({"version": "1.0", "type": "link", "title": title, "cache_age": 60});
    if let Some(url) = &localized.theme.url {
        description["provider_url"] = format!("{url}/").into();
    }
    description
}
