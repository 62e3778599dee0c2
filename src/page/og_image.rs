//! The pictures for other sites: the card for previews of links, and the badge.

use crate::{
    answer::{Answer, Verdict},
    page::{
        LocalizedTheme,
        picture::{self, FontWeight},
        plain,
        season::SeasonView,
    },
};
use askama::Template;

/// Width of the card's text, in pixels; the card itself is 1200 by 630, the size for previews.
const WIDTH: f32 = 1040.0;
/// y of the text's start and end; the season and the day are below it.
const TOP: f32 = 70.0;
const BOTTOM: f32 = 490.0;

/// Font sizes to try in turn, each with its maximum number of lines.
type FontSizes = &'static [(f32, usize)];
const QUESTION: FontSizes = &[(44.0, 1), (34.0, 2), (26.0, 3), (22.0, 5)];
const WORD: FontSizes = &[(260.0, 1), (200.0, 1), (150.0, 1), (110.0, 2), (80.0, 3), (60.0, 4)];
const REASON: FontSizes = &[(38.0, 1), (34.0, 1), (36.0, 2), (30.0, 3), (24.0, 4)];

/// Width of Verdana, the font of badges, relative to our typeface.
const VERDANA: f32 = 1.13;
/// Pixels between a badge's text and its edge.
const MARGIN: f32 = 6.0;

/// The card as SVG.
pub(crate) fn card(answer: &Answer, localized: LocalizedTheme) -> String {
    let mut question = TextBlock::new(&localized.question(answer), FontWeight::Medium, QUESTION);
    let mut word = TextBlock::new(localized.word(answer), FontWeight::ExtraBold, WORD);
    let mut reason = TextBlock::new(&localized.sentence(answer), FontWeight::Medium, REASON);
    question.place(TOP);
    reason.place(BOTTOM - reason.height());
    let (above, below) = (TOP + question.height(), BOTTOM - reason.height());
    word.place((above + below - word.height()) / 2.0);
    let page = CardTemplate {
        ground: &localized.theme.ground,
        accent: &localized.theme.accent,
        tracking: -word.size * 0.02,
        question,
        word,
        reason,
        season: SeasonView::of(answer, localized),
        date: match localized.replay() {
            Some(about) => plain(&localized.phrases.replay(about)),
            None => localized.day(answer),
        },
    };
    crate::page::html::rendered(&page)
}

/// The badge as SVG, in the usual shape.
pub(crate) fn badge(answer: &Answer, localized: LocalizedTheme) -> String {
    let label = BadgePart::new(&format!("{} error today", answer.player.short_name), 0.0);
    let value = BadgePart::new(localized.word(answer), label.width);
    let colour = match answer.verdict {
        _ if answer.stale => "#6b5d52",
        Verdict::Yes(_) => "#c8102e",
        Verdict::No => "#2e7d32",
        Verdict::NotYet | Verdict::NoGame | Verdict::Unknown => "#6b5d52",
    };
    crate::page::html::rendered(&BadgeTemplate { width: label.width + value.width, label, value, colour })
}

#[derive(Template)]
#[template(path = "card.svg", config = "src/page/askama.toml")]
struct CardTemplate<'a> {
    ground: &'a str,
    accent: &'a str,
    tracking: f32,
    question: TextBlock,
    word: TextBlock,
    reason: TextBlock,
    season: Option<SeasonView>,
    date: String,
}

#[derive(Template)]
#[template(path = "badge.svg", config = "src/page/askama.toml")]
struct BadgeTemplate {
    width: f32,
    label: BadgePart,
    value: BadgePart,
    colour: &'static str,
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
    fn new(text: &str, weight: FontWeight, sizes: FontSizes) -> Self {
        let text = plain(text);
        let words: Vec<_> =
            text.split_whitespace().map(|word| (word, picture::width(word, weight))).collect();
        let mut broken = Vec::new();
        let mut size = 0.0;
        for &(next, room) in sizes {
            size = next;
            broken = lines(&words, WIDTH / size);
            if broken.len() <= room {
                break;
            }
            // A text that fits in no size is cut at the smallest.
            broken.truncate(room);
        }
        TextBlock { size, lines: broken.into_iter().map(|text| TextLine { y: 0.0, text }).collect() }
    }

    fn leading(&self) -> f32 {
        if self.size > 100.0 { self.size } else { self.size * 1.25 }
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

/// Breaks between words, as many to a line as have room; widths are in units of the size. A word wider than a line
/// stands alone, and is cut by the card's edge.
fn lines(words: &[(&str, f32)], room: f32) -> Vec<String> {
    /// Width of a space.
    const SPACE: f32 = 0.25;
    let mut lines: Vec<(String, f32)> = Vec::new();
    for (word, width) in words {
        match lines.last_mut().filter(|(_, used)| used + SPACE + width <= room) {
            Some((line, used)) => {
                *line += &format!(" {word}");
                *used += SPACE + width;
            }
            None => lines.push(((*word).to_owned(), *width)),
        }
    }
    lines.into_iter().map(|(line, _)| line).collect()
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
            let block = TextBlock::new(text, FontWeight::ExtraBold, WORD);
            (block.size, block.lines.iter().map(|line| line.text.clone()).collect::<Vec<_>>())
        };
        assert_eq!(sizes("Yes"), (260.0, vec!["Yes".into()]));
        assert_eq!(sizes("No, so far"), (200.0, vec!["No, so far".into()]));
        let broken = |words: usize| (sizes(&"word ".repeat(words)).0, sizes(&"word ".repeat(words)).1.len());
        assert_eq!((broken(4), broken(12), broken(99)), ((110.0, 2), (80.0, 3), (60.0, 4)));
        assert_eq!(sizes(""), (260.0, vec![]));
    }

    #[test]
    fn no_line_is_wider_than_the_card() {
        for text in [
            "Tatis Jr. has been charged with 2 errors against the Texas Rangers, and the day is not over.",
            "x",
        ] {
            let block = TextBlock::new(&text.repeat(2), FontWeight::Medium, REASON);
            for line in &block.lines {
                assert!(
                    picture::width(&line.text, FontWeight::Medium) * block.size <= WIDTH + 1.0,
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
