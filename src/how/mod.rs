//! `/how`: the way of a request to its response and of the binary to production, as a page, text, JSON and drawings.

pub(crate) mod bar;
pub(crate) mod commands;
pub(crate) mod drawing;
pub(crate) mod facts;
pub(crate) mod figures;
pub(crate) mod headline;
pub(crate) mod production;
pub(crate) mod replaced;
pub(crate) mod response;
pub(crate) mod stations;
#[cfg(test)]
mod tests;
pub(crate) mod text;
pub(crate) mod texts;

pub use crate::how::text::text;

use crate::{
    how::{bar::Bar, drawing::Drawing, headline::Headline, production::Stage, stations::Station},
    language::Language,
    name::Named,
    page::{
        Theme, html,
        locale::{self, labels::PageLabels},
    },
    site::trace::{RouteOutcome, Trace},
};

/// The page for browsers.
pub fn html(mut trace: Trace, theme: &Theme, language: Language) -> String {
    let stations = stations::of(&trace, language);
    let bases = stations.iter().skip(2).take(3).map(|station| station.state.name()).collect();
    let way = html::rendered(&WayTemplate {
        language,
        stations,
        production: production::stages(&trace.server, language),
    });
    // Everything that takes time is done.
    trace.finish();
    html::rendered(&HowTemplate {
        theme,
        language,
        labels: locale::phrases(language).labels(),
        query: query(&trace),
        headline: Headline::of(&trace, language),
        replaced: replaced::rows(language),
        bar: Bar::of(&trace, language),
        bases,
        way,
    })
}

pub fn json(mut trace: Trace) -> String {
    trace.finish();
    // Strings, numbers and lists of them: nothing here can fail to serialize.
    let mut json = serde_json::to_string_pretty(&trace).unwrap_or_default();
    json.push('\n');
    json
}

/// The drawings as files, without the facts of a request: name and content.
pub fn files(patterns: impl ExactSizeIterator<Item = &'static str>) -> [(&'static str, String); 2] {
    [
        ("request-path.svg", Drawing::of_request(patterns).svg()),
        ("production.svg", Drawing::of_production().svg()),
    ]
}

/// The query of the page about the same request.
fn query(trace: &Trace) -> String {
    let Some(path) = trace.path.as_ref().filter(|_| !trace.own) else { return String::new() };
    let change = trace.what_if.map(|change| format!("&if={}", change.name())).unwrap_or_default();
    format!("?path={}{change}", commands::escaped(path))
}

template! {
#[derive(Template)]
#[template(path = "how.html")]
struct HowTemplate<'a> {
    theme: &'a Theme,
    language: Language,
    labels: &'static PageLabels,
    query: String,
    headline: Headline,
    replaced: [[&'static str; 3]; 7],
    bar: Bar,
    /// The classes of first, second and third base: TCP, TLS and HTTP.
    bases: Vec<&'static str>,
    way: String,
}
}

template! {
#[derive(Template)]
#[template(path = "way.html")]
/// The stations and the way to production.
struct WayTemplate {
    language: Language,
    stations: Vec<Station>,
    production: Vec<Stage>,
}
}
