//! Drawings of the way of a request and of the way to production, as SVG files: a base path that runs down past every
//! station. A style sheet inside has colours for light and dark pages.
//!
//! All lengths are in units of the view box, which is as wide as a phone's screen, where a unit is a pixel.

use crate::page::html::rendered;

/// x of the base path.
const SPINE: i32 = 20;
/// x of the start of names.
const LABEL: i32 = 46;
/// y of the first station, and the distance to the next: a name and two lines of text.
const FIRST: i32 = 30;
const STEP: i32 = 62;
/// Distance between patterns.
const ROW: i32 = 21;
/// Size of a card: three fit side by side, with three lines of text each.
const CARD_WIDTH: i32 = 102;
const CARD_HEIGHT: i32 = 66;
const CARD_GAP: i32 = 6;
/// Distance between the sources of a card: an arrow and three lines of text.
const SOURCE: i32 = 66;

/// A name, a few words about it, and its name on a site of Nginx, Gunicorn and Django.
type Label = [&'static str; 3];

const REQUEST: [Label; 6] = [
    ["You", "ask for a page", ""],
    ["DNS", "a name becomes an address", ""],
    ["TCP", "one worker thread for each core", "Nginx listen, Gunicorn workers"],
    ["TLS", "keys are agreed on, and a protocol", "Nginx ssl_certificate, certbot"],
    ["HTTP", "your request is read", "Nginx http2, Gunicorn"],
    ["Router", "the first pattern that matches", "Nginx location, Django urls.py"],
];

/// The sources of responses; each begins with the nearest.
const LANES: [&[Label]; 3] = [
    &[["File", "made at build", "Nginx root"], ["Build", "cargo build", "collectstatic"]],
    &[
        ["Answer", "when it changes", "Django view"],
        ["Check", "an error today?", "Django view"],
        ["Poller", "asks and waits", "asked per visit"],
        ["MLB", "Stats API", ""],
    ],
    &[["The rest", "at start, or now", "Nginx return"], ["Relay", "MLB for other e6", "Nginx proxy_cache"]],
];

const PRODUCTION: [Label; 5] = [
    ["Laptop", "cargo run, cargo test", ""],
    ["git", "git push", ""],
    ["CI", "format, lints, tests", "GitHub Actions"],
    ["Release", "one file: cargo build --release", "pip install, migrate, collectstatic"],
    ["Server", "one process", "Nginx, Gunicorn, Django, certbot, cron"],
];

template! {
#[derive(Template)]
#[template(path = "drawing.svg")]
/// Shapes and words, in order from back to front.
pub(crate) struct Drawing {
    label: &'static str,
    height: i32,
    style: &'static str,
    shapes: Vec<DrawingShape>,
    words: Vec<DrawingText>,
}
}

struct DrawingShape {
    class: &'static str,
    path: String,
}

struct DrawingText {
    class: &'static str,
    x: i32,
    y: i32,
    text: &'static str,
}

impl Drawing {
    fn new(label: &'static str) -> Self {
        Drawing {
            label,
            height: 0,
            style: include_str!("drawing.css"),
            shapes: Vec::new(),
            words: Vec::new(),
        }
    }

    pub fn svg(&self) -> String {
        rendered(self) + "\n"
    }

    pub fn of_request(patterns: impl ExactSizeIterator<Item = &'static str>) -> Self {
        let mut drawing = Drawing::new("The way of a request, from you to an answer");
        let rows = FIRST + STEP * REQUEST.len() as i32 - 8;
        let fork = rows + ROW * patterns.len() as i32 + 6;
        let cards = fork + 28;
        drawing.shape("way", format!("M{SPINE} {FIRST}V{}", fork - 10));
        for index in 0..LANES.len() {
            let centre = left(index) + CARD_WIDTH / 2;
            drawing.shape(
                "way",
                format!(
                    "M{SPINE} {}Q{SPINE} {fork} {} {fork}H{}Q{centre} {fork} {centre} {}V{cards}",
                    fork - 10,
                    SPINE + 10,
                    centre - 10,
                    fork + 10
                ),
            );
        }
        drawing.stations(&REQUEST);
        for (pattern, y) in patterns.zip((rows..).step_by(ROW as usize)) {
            drawing.shape("twig", format!("M{SPINE} {y}H{}", LABEL - 6));
            drawing.word("pattern", LABEL, y + 4, pattern);
        }
        for (index, lane) in LANES.iter().enumerate() {
            drawing.lane(lane, left(index), cards);
        }
        let sources = LANES.iter().map(|lane| lane.len() as i32 - 1).max().unwrap_or_default();
        drawing.height = cards + CARD_HEIGHT + SOURCE * sources + 12;
        drawing
    }

    pub fn of_production() -> Self {
        let mut drawing = Drawing::new("The way to production, from a laptop to the server");
        let end = FIRST + STEP * (PRODUCTION.len() as i32 - 1);
        drawing.shape("way", format!("M{SPINE} {FIRST}V{end}"));
        drawing.stations(&PRODUCTION);
        drawing.height = end + 46;
        drawing
    }

    fn stations(&mut self, labels: &[Label]) {
        for (&[name, words, original], y) in labels.iter().zip((FIRST..).step_by(STEP as usize)) {
            self.shape(if name == "DNS" { "base unseen" } else { "base" }, base(y));
            self.word("name", LABEL, y + 5, name);
            self.word("words", LABEL, y + 22, words);
            self.word("original", LABEL, y + 37, original);
        }
    }

    fn lane(&mut self, lane: &[Label], x: i32, y: i32) {
        let centre = x + CARD_WIDTH / 2;
        self.shape("box", card(x, y));
        for (&[name, words, original], index) in lane.iter().zip(0..) {
            let top = if index == 0 { y + 21 } else { y + CARD_HEIGHT + SOURCE * (index - 1) + 31 };
            if index > 0 {
                self.shape("source", format!("M{centre} {}V{}m-4 5l4-5l4 5", top - 15, top - 27));
            }
            self.word("name small middle", centre, top, name);
            self.word("small middle", centre, top + 16, words);
            self.word("original middle", centre, top + 30, original);
        }
    }

    fn shape(&mut self, class: &'static str, path: String) {
        self.shapes.push(DrawingShape { class, path });
    }

    fn word(&mut self, class: &'static str, x: i32, y: i32, text: &'static str) {
        if !text.is_empty() {
            self.words.push(DrawingText { class, x, y, text });
        }
    }
}

fn left(lane: usize) -> i32 {
    4 + (CARD_WIDTH + CARD_GAP) * lane as i32
}

/// A base, or home plate at the start.
fn base(y: i32) -> String {
    match y {
        FIRST => format!("M{} {}h18v8l-9 9-9-9z", SPINE - 9, y - 9),
        y => format!("M{SPINE} {}l9 9-9 9-9-9z", y - 9),
    }
}

fn card(x: i32, y: i32) -> String {
    let (across, down) = (CARD_WIDTH - 12, CARD_HEIGHT - 12);
    format!("M{} {y}h{across}q6 0 6 6v{down}q0 6-6 6h-{across}q-6 0-6-6v-{down}q0-6 6-6z", x + 6)
}
