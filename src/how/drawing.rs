//! Both drawings as SVG: a base path that runs down past every step, and the response thrown back home.
//!
//! All lengths are in units of the view box, which is as wide as a phone's screen, where a unit is a pixel.

use crate::{
    how::{
        figures::fit,
        story::{Branch, RequestPath, Step, StepState},
    },
    page::html::rendered,
    site::trace::RouteOutcome,
};
use askama::Template;

/// x of the base path.
const SPINE: i32 = 20;
/// x of the start of names.
const LABEL: i32 = 46;
/// x of the end of times.
const RIGHT: i32 = 312;
/// x of the response's flight.
const FLIGHT: i32 = 344;
/// y of the first step, and the distance to the next: a name and two lines of text.
const FIRST: i32 = 30;
const STEP: i32 = 62;
/// Distance between patterns.
const ROW: i32 = 21;
/// Size of a card: three fit side by side, with four lines of text each.
const CARD_WIDTH: i32 = 102;
const CARD_HEIGHT: i32 = 82;
const CARD_GAP: i32 = 6;
/// Distance between the sources of a card: an arrow and three lines of text.
const SOURCE: i32 = 66;

/// Shapes and words, in order from back to front.
#[derive(Template, Default)]
#[template(path = "drawing.svg", config = "src/page/askama.toml")]
pub(crate) struct Drawing {
    label: &'static str,
    height: i32,
    shapes: Vec<DrawingShape>,
    words: Vec<DrawingText>,
    /// The style sheet of a drawing outside of a page.
    style: Option<&'static str>,
}

struct DrawingShape {
    class: &'static str,
    path: String,
}

struct DrawingText {
    class: &'static str,
    x: i32,
    y: i32,
    text: String,
}

/// The style sheet of the drawings, with the colours that a page would define.
const ALONE: &str = concat!(include_str!("../../assets/static/how.css"), include_str!("alone.css"));

impl Drawing {
    /// The drawing as a self-contained file.
    pub fn alone(self) -> String {
        rendered(&Drawing { style: Some(ALONE), ..self }) + "\n"
    }

    pub fn inline(&self) -> String {
        rendered(self)
    }

    pub fn of_request(path: &RequestPath) -> Self {
        let mut drawing =
            Drawing { label: "The way of a request, from you to an answer", ..Drawing::default() };
        let rows = FIRST + STEP * path.steps.len() as i32 - 8;
        let fork = rows + ROW * path.routes.len() as i32 + 6;
        let cards = fork + 28;
        drawing.ways(path, fork, cards);
        drawing.steps(&path.steps);
        drawing.rows(path, rows);
        for (index, lane) in path.lanes.iter().enumerate() {
            drawing.lane(lane, left(index), cards);
        }
        if let Some(lit) = path.lit() {
            drawing.throw(centre(lit), cards);
            let below = cards + CARD_HEIGHT + SOURCE * path.lanes[2].sources.len() as i32;
            drawing.legend(left(2) + 6, below + 40);
        }
        let sources = path.lanes.iter().map(|lane| lane.sources.len() as i32).max().unwrap_or_default();
        drawing.height = cards + CARD_HEIGHT + SOURCE * sources + 12;
        drawing
    }

    pub fn of_production(steps: &[Step]) -> Self {
        let mut drawing =
            Drawing { label: "The way to production, from a laptop to the server", ..Drawing::default() };
        let end = FIRST + STEP * (steps.len() as i32 - 1);
        let lit = steps.iter().any(|step| step.taken == StepState::Yes);
        drawing.shape(if lit { "way lit" } else { "way" }, format!("M{SPINE} {FIRST}V{end}"));
        drawing.steps(steps);
        drawing.height = end + 46;
        drawing
    }

    /// Draws the lines: first every possible one, then the one that the request took.
    fn ways(&mut self, path: &RequestPath, fork: i32, cards: i32) {
        let drop = |centre: i32| format!("H{}Q{centre} {fork} {centre} {}V{cards}", centre - 10, fork + 10);
        let start = format!("M{SPINE} {}Q{SPINE} {fork} {} {fork}", fork - 10, SPINE + 10);
        self.shape("way", format!("M{SPINE} {FIRST}V{}", fork - 10));
        for index in 0..path.lanes.len() {
            self.shape("way", format!("{start}{}", drop(centre(index))));
        }
        let Some(lit) = path.lit() else { return };
        let mut way = format!("M{SPINE} {FIRST}");
        for (step, y) in path.steps.iter().zip(heights()) {
            if step.taken == StepState::No {
                // The line passes on the outside of a base that it does not touch.
                let out = SPINE - 17;
                way += &format!(
                    "V{}C{SPINE} {} {out} {} {out} {y}S{SPINE} {} {SPINE} {}",
                    y - 29,
                    y - 15,
                    y - 15,
                    y + 15,
                    y + 29
                );
            }
        }
        self.shape(
            "way lit",
            format!("{way}V{}Q{SPINE} {fork} {} {fork}{}", fork - 10, SPINE + 10, drop(centre(lit))),
        );
    }

    fn steps(&mut self, steps: &[Step]) {
        for (index, (step, y)) in steps.iter().zip(heights()).enumerate() {
            let class = match step.taken {
                StepState::Yes => "base lit",
                StepState::No => "base",
                StepState::Unseen => "base hazy",
            };
            let home = index == 0;
            self.shape(class, if home { plate(SPINE, y) } else { base(SPINE, y) });
            self.word("name", LABEL, y + 5, step.name);
            self.word("short", LABEL, y + 22, fit(&step.short, 38));
            self.word("original", LABEL, y + 37, if home { "" } else { step.original });
            self.word("time end", RIGHT, y + 5, step.time.as_deref().unwrap_or_default());
        }
    }

    fn rows(&mut self, path: &RequestPath, top: i32) {
        for (tried, y) in path.routes.iter().zip((top..).step_by(ROW as usize)) {
            let (dot, class, outcome) = match tried.outcome {
                RouteOutcome::Matched => ("twig lit", "pattern hit", "yes"),
                RouteOutcome::Passed => ("twig", "pattern", "no"),
                RouteOutcome::NotTried if path.lit().is_some() => ("twig", "pattern faint", ""),
                RouteOutcome::NotTried => ("twig", "pattern", ""),
            };
            self.shape(dot, format!("M{SPINE} {y}H{}", LABEL - 6));
            self.word(class, LABEL, y + 4, tried.pattern);
            self.word(
                if tried.outcome == RouteOutcome::Matched { "time end" } else { "original end" },
                RIGHT,
                y + 4,
                outcome,
            );
        }
    }

    fn lane(&mut self, Branch { step, sources }: &Branch, x: i32, y: i32) {
        let centre = x + CARD_WIDTH / 2;
        let lit = step.taken == StepState::Yes;
        for (index, source) in sources.iter().enumerate() {
            let y = y + CARD_HEIGHT + SOURCE * index as i32;
            self.shape("source", format!("M{centre} {}V{}m-4 5l4-5l4 5", y + 16, y + 4));
            self.word("name small middle", centre, y + 31, source.name);
            self.word("short small middle", centre, y + 45, source.short.clone());
            self.word("original middle", centre, y + 58, source.original);
        }
        self.shape(if lit { "box lit" } else { "box" }, card(x, y));
        self.word("name small middle", centre, y + 21, step.name);
        self.word("short small middle", centre, y + 39, step.short.clone());
        self.word("time small middle", centre, y + 55, step.time.as_deref().unwrap_or_default());
        self.word("original middle", centre, y + 71, step.original);
    }

    /// Draws the response's flight back to the first step.
    fn throw(&mut self, from: i32, top: i32) {
        let (from, end) = (from + 30, RIGHT + 8);
        self.shape(
            "flight",
            format!(
                "M{from} {top}C{from} {} {FLIGHT} {top} {FLIGHT} {}V{}Q{FLIGHT} {FIRST} {end} {FIRST}",
                top - 26,
                top - 60,
                FIRST + 40
            ),
        );
        self.shape("ball", format!("M{end} {}a7 7 0 1 1-.1 0z", FIRST - 7));
        self.shape("stitch", format!("M{} {}q3 5 0 10m8-10q-3 5 0 10", end - 4, FIRST - 5));
    }

    fn legend(&mut self, x: i32, y: i32) {
        let lines = [("way lit", "your request"), ("flight", "the answer"), ("source", "made from")];
        for ((class, meaning), y) in lines.into_iter().zip((y..).step_by(20)) {
            let head = if class == "source" { "m-5-4l5 4-5 4" } else { "" };
            self.shape(class, format!("M{x} {y}h24{head}"));
            self.word("original", x + 34, y + 4, meaning);
        }
    }

    fn shape(&mut self, class: &'static str, path: String) {
        self.shapes.push(DrawingShape { class, path });
    }

    fn word(&mut self, class: &'static str, x: i32, y: i32, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.words.push(DrawingText { class, x, y, text });
        }
    }
}

fn heights() -> impl Iterator<Item = i32> {
    (FIRST..).step_by(STEP as usize)
}

fn left(lane: usize) -> i32 {
    4 + (CARD_WIDTH + CARD_GAP) * lane as i32
}

fn centre(lane: usize) -> i32 {
    left(lane) + CARD_WIDTH / 2
}

fn base(x: i32, y: i32) -> String {
    format!("M{x} {}l9 9-9 9-9-9z", y - 9)
}

fn plate(x: i32, y: i32) -> String {
    format!("M{} {}h18v8l-9 9-9-9z", x - 9, y - 9)
}

fn card(x: i32, y: i32) -> String {
    let (across, down) = (CARD_WIDTH - 12, CARD_HEIGHT - 12);
    format!("M{} {y}h{across}q6 0 6 6v{down}q0 6-6 6h-{across}q-6 0-6-6v-{down}q0-6 6-6z", x + 6)
}
