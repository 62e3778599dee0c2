//! Both paths as text for terminals: 80 columns, no escape codes.

use crate::{
    how::story::{self, RequestPath, Step, StepState},
    page::text::{WIDTH, wrapped},
    site::trace::{RouteOutcome, Trace},
};

/// The column where the sentences of a step begin.
const INDENT: usize = 22;
/// Width of a lane with the space after it.
const LANE: usize = 27;

/// The text for terminals.
pub fn text(trace: &Trace) -> String {
    let path = RequestPath::of(trace);
    let (question, word, sentence) = story::headline(trace);
    let mut lines = wrapped(&question, WIDTH);
    lines.extend([String::new(), word.to_owned()]);
    lines.extend(wrapped(&sentence, WIDTH));
    lines.push(String::new());
    for step in &path.steps {
        lines.extend(station(step, "┃"));
    }
    lines.extend(rows(&path));
    lines.extend(lanes(&path));
    if let Some(lit) = path.lit() {
        lines.push(String::new());
        let lane = &path.lanes[lit];
        for step in [&lane.step].into_iter().chain(&lane.sources) {
            lines.extend(station(step, " "));
        }
    }
    lines.extend(["", "The way to production", ""].map(str::to_owned));
    for step in story::production(Some(&trace.server)) {
        lines.extend(station(&step, "┃"));
    }
    lines.push(String::new());
    lines.push("/how?path=/static/… explains another URL; Accept: application/json gives data.".into());
    lines.into_iter().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// The lines of a step: its base, name and time, with its facts beside them.
fn station(step: &Step, way: &str) -> Vec<String> {
    let base = if step.taken == StepState::Yes { "◆" } else { "◇" };
    let time = step.time.as_deref().unwrap_or_default();
    let mut words = if step.facts.is_empty() {
        vec![step.short.clone()]
    } else {
        wrapped(&step.facts.join(" "), WIDTH - INDENT)
    };
    words.extend(step.elsewhere().map(|elsewhere| format!("({elsewhere})")));
    let head = format!("{base} {:<12}{time:>7} ", step.name);
    let rest = format!("{way:<INDENT$}");
    words
        .into_iter()
        .enumerate()
        .map(|(index, words)| if index == 0 { head.clone() } else { rest.clone() } + &words)
        .collect()
}

fn rows(path: &RequestPath) -> Vec<String> {
    let row = |(pattern, outcome)| match outcome {
        RouteOutcome::Matched => format!("┣━◆ {pattern:<32} yes"),
        RouteOutcome::Passed => format!("┠─  {pattern:<32} no"),
        RouteOutcome::NotTried => format!("┠─  {pattern}"),
    };
    path.routes.iter().map(|tried| row((tried.pattern, tried.outcome))).collect()
}

/// The fork, and below it the lanes side by side.
fn lanes(path: &RequestPath) -> Vec<String> {
    let lit = path.lit().unwrap_or_default();
    let mut fork = String::from(if lit == 0 { "┠" } else { "┡" });
    for lane in 1..path.lanes.len() {
        let (line, knee) = match lane {
            lane if lane < lit => ("━", "┯"),
            lane if lane == lit => ("━", if lane + 1 == path.lanes.len() { "┓" } else { "┱" }),
            lane => ("─", if lane + 1 == path.lanes.len() { "┐" } else { "┬" }),
        };
        fork += &(line.repeat(LANE - 1) + knee);
    }
    let columns = |cell: &dyn Fn(&Step, bool) -> String| {
        let cells = path
            .lanes
            .iter()
            .enumerate()
            .map(|(index, lane)| format!("{:<LANE$}", cell(&lane.step, index == lit)));
        cells.collect::<String>()
    };
    vec![
        fork,
        columns(&|step, lit| format!("{} {}", if lit { "◆" } else { "◇" }, step.name)),
        columns(&|step, _| format!("  {}", step.short)),
        columns(&|step, _| format!("  ({})", step.original)),
    ]
}
