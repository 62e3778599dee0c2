//! The page as text for terminals: 80 columns, no escape codes.

use crate::{
    how::{
        bar::Bar,
        headline::Headline,
        production, replaced,
        stations::{self, PatternTable, Station, StationState},
        texts,
    },
    language::Language,
    page::text::{WIDTH, wrapped},
    site::trace::{RouteTrace, Trace},
};

/// The column where the sentences of a station begin.
const INDENT: usize = 16;

pub fn text(mut trace: Trace, language: Language) -> String {
    let way: Vec<_> =
        stations::of(&trace, language).iter().flat_map(|station| self::station(station, language)).collect();
    let stages = production::stages(&trace.server, language);
    let stages = stages.iter().flat_map(|stage| {
        let at = stage.at.as_ref().map(|at| format!("{at}. ")).unwrap_or_default();
        entry("◆", stage.name, &format!("{at}{}", stage.fact))
    });
    let mut rest = vec![texts::way_to_production(language).to_owned(), String::new()];
    rest.extend(stages);
    let about = format!("{}/how", language.prefix());
    rest.push(String::new());
    rest.extend(wrapped(&texts::other_paths(language, &about), WIDTH));
    trace.finish();
    let headline = Headline::of(&trace, language);
    let mut lines = wrapped(&headline.question, WIDTH);
    lines.push(String::new());
    lines.extend(wrapped(headline.answer, WIDTH));
    lines.extend(wrapped(&headline.sum, WIDTH));
    lines.push(String::new());
    lines.extend(table(language));
    lines.push(String::new());
    lines.extend(bar(&Bar::of(&trace, language)));
    lines.push(String::new());
    lines.extend(way);
    lines.push(String::new());
    lines.extend(rest);
    lines.into_iter().map(|line| line.trim_end().replace('\u{a0}', " ") + "\n").collect()
}

/// The comparison with the site that this one replaces.
fn table(language: Language) -> Vec<String> {
    let head = ["", texts::this_site(language), texts::replaced_site(language)];
    let rows = [head].into_iter().chain(replaced::rows(language));
    rows.map(|[job, here, there]| format!("{job:<40} {here:<12} {there}")).collect()
}

fn bar(bar: &Bar) -> Vec<String> {
    let mut lines: Vec<_> =
        bar.segments.iter().map(|segment| format!("{:>8}  {}", segment.took, segment.name)).collect();
    lines.extend(bar.missing.iter().flat_map(|missing| wrapped(missing, WIDTH)));
    lines
}

/// The lines of a station: its base and name, with its words, facts and commands beside them.
fn station(station: &Station, language: Language) -> Vec<String> {
    let base = match station.state {
        StationState::Passed => "◆",
        StationState::Skipped | StationState::Unseen => "◇",
    };
    let mut lines = entry(base, station.name, &format!("{} {}", station.plain, station.facts.join(" ")));
    lines.extend(station.patterns.iter().flat_map(|patterns| rows(patterns, language)));
    if let Some(replaces) = station.replaces {
        lines.push(format!("{:<INDENT$}({replaces})", "┃"));
    }
    for command in &station.commands {
        let command = command.lines(WIDTH - INDENT - 2).unwrap_or_default();
        let prompts = ["$ "].into_iter().chain(std::iter::repeat("  "));
        lines.extend(
            command.iter().zip(prompts).map(|(line, prompt)| format!("{:<INDENT$}{prompt}{line}", "┃")),
        );
    }
    lines
}

fn entry(base: &str, name: &str, words: &str) -> Vec<String> {
    let head = format!("{base} {name:<14}");
    let rest = format!("{:<INDENT$}", "┃");
    let words = wrapped(words, WIDTH - INDENT).into_iter().enumerate();
    words.map(|(index, words)| if index == 0 { head.clone() } else { rest.clone() } + &words).collect()
}

/// The pattern that matched and its neighbours.
fn rows(patterns: &PatternTable, language: Language) -> Vec<String> {
    let row = |route: &RouteTrace| format!("{:<INDENT$}{:<32} {}", "┃", route.pattern, route.word(language));
    patterns.near().iter().map(row).collect()
}
