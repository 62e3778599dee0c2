//! `/how`: the path of a request to its response and of the binary to production, as a page, text, JSON and drawings.

pub(crate) mod dot;
pub(crate) mod drawing;
pub(crate) mod facts;
pub(crate) mod figures;
pub(crate) mod story;
#[cfg(test)]
mod tests;
pub(crate) mod text;

pub use crate::how::text::text;

use crate::{
    how::{
        drawing::Drawing,
        story::{RequestPath, Step},
    },
    language::Language,
    page::{
        Theme, html,
        locale::{self, PageLabels},
    },
    site::trace::{RouteTrace, Trace},
};
use askama::Template;

/// The page for browsers.
pub fn html(trace: &Trace, theme: &Theme) -> String {
    let path = RequestPath::of(trace);
    let production = story::production(Some(&trace.server));
    let (question, word, sentence) = story::headline(trace);
    html::rendered(&HowTemplate {
        theme,
        language: Language::English,
        labels: locale::phrases(Language::English).labels(),
        style: html::style(theme),
        refresh: 0,
        question,
        word,
        sentence,
        request_drawing: Drawing::of_request(&path).inline(),
        steps: path.told().collect(),
        production_drawing: Drawing::of_production(&production).inline(),
        production: &production,
    })
}

/// The trace as JSON, for programs.
pub fn json(trace: &Trace) -> String {
    // Strings, numbers and lists of them: nothing here can fail to serialize.
    let mut json = serde_json::to_string_pretty(trace).unwrap_or_default();
    json.push('\n');
    json
}

/// Both drawings as files, without the facts of a request: name and content.
pub fn files(routes: Vec<RouteTrace>) -> [(&'static str, String); 4] {
    let path = RequestPath::of_any(routes);
    let production = story::production(None);
    [
        ("request-path.svg", Drawing::of_request(&path).alone()),
        ("request-path.dot", dot::of_request(&path)),
        ("production.svg", Drawing::of_production(&production).alone()),
        ("production.dot", dot::of_production(&production)),
    ]
}

#[derive(Template)]
#[template(path = "how.html", config = "src/page/askama.toml")]
struct HowTemplate<'a> {
    theme: &'a Theme,
    language: Language,
    labels: &'static PageLabels,
    style: String,
    refresh: u64,
    question: String,
    word: &'static str,
    sentence: String,
    request_drawing: String,
    steps: Vec<&'a Step>,
    production_drawing: String,
    production: &'a [Step],
}
