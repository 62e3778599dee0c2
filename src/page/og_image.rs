//! The pictures for other sites: the card for previews of links, and the badge.

use crate::{
    answer::Answer,
    page::{
        ColourPair, LocalizedTheme, Theme,
        colours::{PageState, SceneColours},
        html::rendered,
        picture::{self, FontWeight},
        plain,
        scene::Scene,
        scoreboard::Sign,
        word::WordDrawing,
    },
};

/// The size of cards, in pixels, as previews have it.
pub(crate) const WIDTH: u32 = 1200;
pub(crate) const HEIGHT: u32 = 630;
/// Width of the card's question.
const QUESTION_WIDTH: f32 = 1060.0;
/// Width of the card's reason, beside the scene.
const REASON_WIDTH: f32 = 575.0;
/// Left edge of the text.
const LEFT: f32 = 70.0;
/// The largest size of the word's drawing.
const WORD_BOX: (f32, f32) = (1060.0, 235.0);
/// Pixels between the question, the word and the reason.
const GAP: f32 = 34.0;

/// Font sizes to try in turn, each with its maximum number of lines.
type FontSizes = &'static [(f32, usize)];
const QUESTION: FontSizes = &[(44.0, 1), (34.0, 2), (26.0, 3), (22.0, 5)];
const REASON: FontSizes = &[(36.0, 2), (32.0, 3), (28.0, 4), (24.0, 5)];

/// Width of Verdana, the font of badges, relative to our typeface.
const VERDANA: f32 = 1.13;
/// Pixels between a badge's text and its edge.
const MARGIN: f32 = 6.0;

pub(crate) fn card(answer: &Answer, localized: LocalizedTheme) -> String {
    let state = PageState::of(answer);
    let pair = localized.theme.colours.of(state);
    let mut question =
        TextBlock::new(&localized.question(answer), FontWeight::ExtraBold, QUESTION, QUESTION_WIDTH);
    let mut reason = TextBlock::new(&localized.sentence(answer), FontWeight::Medium, REASON, REASON_WIDTH);
    let word = WordDrawing::of(answer, localized.word(answer));
    let scale = (WORD_BOX.0 / word.width).min(WORD_BOX.1 / word.height);
    question.place(46.0);
    let word_top = 46.0 + question.height() + GAP;
    reason.place(word_top + word.height * scale + GAP);
    rendered(&CardTemplate {
        pair,
        style: SceneColours::of(state, pair).style(),
        left: LEFT,
        question,
        word_top,
        word_width: word.width * scale,
        word_height: word.height * scale,
        word: rendered(&word),
        scene: Scene::of(answer),
        reason,
        date: match localized.replay() {
            Some(about) => plain(&localized.phrases.replay(about)),
            None => localized.day(answer),
        },
    })
}

/// The days since the last error as a sign, as SVG in the size of the card.
pub(crate) fn sign(answer: &Answer, localized: LocalizedTheme) -> String {
    const SIZES: FontSizes = &[(58.0, 1), (44.0, 1), (34.0, 1), (26.0, 2)];
    let labels = localized.phrases.labels();
    let sign = Sign::since_error(answer, localized);
    let (number, line) = sign.map_or(("–".into(), None), |sign| (sign.number, sign.line));
    let block = |text: &str, weight, middle: f32| {
        let mut block = TextBlock::new(text, weight, SIZES, 900.0);
        block.place(middle - block.height() / 2.0);
        block
    };
    let number_size = 230.0_f32.min(820.0 / picture::width(&number, FontWeight::ExtraBold).max(0.1));
    rendered(&SignTemplate {
        pair: localized.theme.colours.of(PageState::of(answer)),
        title: block(&labels.days_since_error.to_uppercase(), FontWeight::ExtraBold, 119.0),
        number_y: 305.0 + number_size * 0.35,
        number_size,
        number,
        record: block(line.as_deref().unwrap_or_default(), FontWeight::Medium, 440.0),
        name: block(&answer.player.name, FontWeight::ExtraBold, 570.0),
    })
}

/// The icon of a browser's tab in a state, as SVG.
pub(crate) fn favicon(state: PageState, theme: &Theme) -> String {
    rendered(&IconTemplate { pair: theme.colours.of(state), size: None })
}

/// The same of this size in pixels, for home screens: without round corners, because they cut it to their own shape.
pub(crate) fn tile(state: PageState, theme: &Theme, pixels: u32) -> String {
    rendered(&IconTemplate { pair: theme.colours.of(state), size: Some(pixels) })
}

/// The badge as SVG, in the usual shape.
pub(crate) fn badge(answer: &Answer, localized: LocalizedTheme) -> String {
    let label = BadgePart::new(&format!("{} error today", answer.player.short_name), 0.0);
    let value = BadgePart::new(localized.word(answer), label.width);
    let pair = localized.theme.colours.of(PageState::of(answer));
    rendered(&BadgeTemplate { width: label.width + value.width, label, value, pair })
}

template! {
#[derive(Template)]
#[template(path = "card.svg")]
struct CardTemplate {
    pair: ColourPair,
    style: String,
    left: f32,
    question: TextBlock,
    word: String,
    word_top: f32,
    word_width: f32,
    word_height: f32,
    scene: Scene,
    reason: TextBlock,
    date: String,
}
}

template! {
#[derive(Template)]
#[template(path = "favicon.svg")]
struct IconTemplate {
    pair: ColourPair,
    /// None for any size, with round corners.
    size: Option<u32>,
}
}

template! {
#[derive(Template)]
#[template(path = "sign.svg")]
struct SignTemplate {
    pair: ColourPair,
    title: TextBlock,
    number: String,
    number_size: f32,
    number_y: f32,
    record: TextBlock,
    name: TextBlock,
}
}

template! {
#[derive(Template)]
#[template(path = "badge.svg")]
struct BadgeTemplate {
    width: f32,
    label: BadgePart,
    value: BadgePart,
    pair: ColourPair,
}
}

/// A text broken into lines, in the largest size that has room for them.
struct TextBlock {
    size: f32,
    lines: Vec<TextLine>,
}

struct TextLine {
    /// The height of its baseline.
    y: f32,
    text: String,
}

impl TextBlock {
    fn new(text: &str, weight: FontWeight, sizes: FontSizes, width: f32) -> Self {
        let text = plain(text);
        let words: Vec<_> =
            text.split_whitespace().map(|word| (word, picture::width(word, weight))).collect();
        let mut broken = Vec::new();
        let mut size = 0.0;
        for &(next, room) in sizes {
            size = next;
            broken = picture::lines(&words, width / size);
            if broken.len() <= room {
                break;
            }
            // A text that fits in no size is cut at the smallest.
            broken.truncate(room);
        }
        TextBlock { size, lines: broken.into_iter().map(|text| TextLine { y: 0.0, text }).collect() }
    }

    fn leading(&self) -> f32 {
        self.size * 1.25
    }

    fn height(&self) -> f32 {
        self.leading() * self.lines.len() as f32
    }

    /// Moves the text's top here.
    fn place(&mut self, top: f32) {
        let leading = self.leading();
        // The middle of a capital is this far above the baseline, in most typefaces.
        let base = leading / 2.0 + self.size * 0.35;
        for (index, line) in self.lines.iter_mut().enumerate() {
            line.y = top + leading * index as f32 + base;
        }
    }
}

/// One half of a badge, in pixels.
struct BadgePart {
    text: String,
    /// Width of the text without the margins.
    length: f32,
    width: f32,
    middle: f32,
}

impl BadgePart {
    fn new(text: &str, x: f32) -> Self {
        let text = plain(text);
        let length = (picture::width(&text, FontWeight::Medium) * 11.0 * VERDANA).round();
        let width = length + 2.0 * MARGIN;
        BadgePart { text, length, width, middle: x + width / 2.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_takes_the_largest_size_that_has_room_for_it() {
        let sizes = |text: &str| {
            let block = TextBlock::new(text, FontWeight::ExtraBold, QUESTION, QUESTION_WIDTH);
            (block.size, block.lines.iter().map(|line| line.text.clone()).collect::<Vec<_>>())
        };
        assert_eq!(sizes("Error today?"), (44.0, vec!["Error today?".into()]));
        let broken =
            |words: usize| (sizes(&"words ".repeat(words)).0, sizes(&"words ".repeat(words)).1.len());
        assert_eq!((broken(9), broken(18), broken(99)), ((34.0, 1), (34.0, 2), (22.0, 5)));
        assert_eq!(sizes(""), (44.0, vec![]));
    }

    #[test]
    fn no_line_is_wider_than_its_room() {
        for text in ["Tatis Jr. has 2 errors against Texas, and the day isn't over.", "x"] {
            let block = TextBlock::new(&text.repeat(2), FontWeight::Medium, REASON, REASON_WIDTH);
            for line in &block.lines {
                assert!(
                    picture::width(&line.text, FontWeight::Medium) * block.size <= REASON_WIDTH + 1.0,
                    "{}",
                    line.text
                );
            }
        }
    }

    #[test]
    fn a_picture_is_made_of_what_is_a_picture_only() {
        assert!(picture::png("<svg").is_none());
        assert!(
            picture::png("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>").is_some()
        );
        assert!(picture::width("<&>", FontWeight::Medium) > 1.0);
    }
}
