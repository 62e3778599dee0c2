//! The big word as SVG, with the scorer's stamps on it. The drawing is as wide as the word in our typeface, so that the
//! word always fills its line, never breaks, and stands still when the typeface arrives or is missing.

use crate::{
    answer::{Answer, ErrorPlay},
    page::{
        picture::{self, FontWeight},
        plain,
    },
};
use std::sync::LazyLock;

/// Units of the drawing to one em of the word.
const EM: f32 = 100.0;
/// Space between letters, in units.
const TRACKING: f32 = -2.0;
/// The widest line, in units: at 320 pixels its letters are as large as the text below it.
const LINE: f32 = 18.0 * EM;
/// From one baseline to the next.
const LEADING: f32 = 0.95 * EM;
/// Height of capitals and ascenders.
const ASCENT: f32 = 0.74 * EM;
/// Height of capitals with accents, and of letters of other typefaces.
const TALL: f32 = 0.92 * EM;
/// Depth of "g" and "p"; of the others, which overshoot the baseline.
const DESCENT: f32 = 0.21 * EM;
const OVERSHOOT: f32 = 0.02 * EM;
/// Stamps that are drawn at most; no player was ever charged with more errors in a game.
const STAMPS: u32 = 12;
/// The radius of a stamp, and the distance between two.
const STAMP_RADIUS: f32 = 24.0;
const STAMP_STEP: f32 = 40.0;
/// From the end of the word to the middle of the first stamp: it touches the last letter and leaves it legible.
const STAMP_OFFSET: f32 = 14.0;

template! {
#[derive(Template)]
#[template(path = "word.svg")]
/// The word in lines, ready to draw.
pub(crate) struct WordDrawing {
    pub width: f32,
    pub height: f32,
    lines: Vec<WordLine>,
    stamps: Vec<Stamp>,
    tracking: f32,
}
}

struct WordLine {
    text: String,
    /// The length that the line is set to, whatever the typeface.
    length: f32,
    baseline: f32,
}

/// A stamp as scorers use it: "E9".
struct Stamp {
    text: String,
    x: f32,
    y: f32,
}

impl WordDrawing {
    /// The word of an answer, with a stamp for each error.
    pub(crate) fn of(answer: &Answer, word: &str) -> Self {
        let stamps = (0..answer.verdict.errors().min(STAMPS)).map(|index| {
            let play = answer.plays.get(index as usize).filter(|_| answer.plays_complete);
            play.map_or("E".into(), ErrorPlay::scoring)
        });
        WordDrawing::new(word, stamps.collect())
    }

    pub(crate) fn new(word: &str, stamps: Vec<String>) -> Self {
        let word = plain(word);
        let whole = width(&word);
        // Lines of about the same length.
        let count = (whole * EM / LINE).ceil();
        let broken = match count > 1.0 {
            true => {
                let words: Vec<_> = word.split_whitespace().map(|word| (word, width(word))).collect();
                picture::lines(&words, whole / count * 1.15)
            }
            false => vec![word.trim().to_owned()],
        };
        let top = if word.chars().any(is_tall) { TALL } else { ASCENT };
        let bottom = if word.chars().any(|letter| !is_shallow(letter)) { DESCENT } else { OVERSHOOT };
        let lines: Vec<_> = broken
            .into_iter()
            .enumerate()
            .map(|(index, text)| WordLine {
                length: (width(&text) * EM + TRACKING * (text.chars().count() as f32 - 1.0)).max(1.0).round(),
                baseline: top + LEADING * index as f32,
                text,
            })
            .collect();
        let longest = lines.iter().map(|line| line.length).fold(1.0, f32::max);
        let height = top + LEADING * lines.len().saturating_sub(1) as f32 + bottom;
        // The first stamp is on the word's last letter, each further one beside it, higher and lower in turn.
        let stamps: Vec<_> = (0_u8..)
            .zip(stamps)
            .map(|(index, text)| Stamp {
                text,
                x: longest + STAMP_OFFSET + STAMP_STEP * f32::from(index),
                y: if index % 2 == 0 { height - STAMP_RADIUS } else { STAMP_RADIUS },
            })
            .collect();
        let width = stamps.last().map_or(longest, |stamp| stamp.x + STAMP_RADIUS);
        WordDrawing { width, height, lines, stamps, tracking: TRACKING }
    }
}

/// The width of a text in ems, with an estimate for the letters that our typeface lacks.
fn width(text: &str) -> f32 {
    /// The width of what surrounds a text to be measured, because its own space at both ends counts too.
    static ENDS: LazyLock<f32> = LazyLock::new(|| picture::width("||", FontWeight::ExtraBold));
    let ours: String = text.chars().filter(|letter| has_glyph(*letter)).collect();
    let others: f32 = text.chars().filter(|letter| !has_glyph(*letter)).map(estimate).sum();
    picture::width(&format!("|{ours}|"), FontWeight::ExtraBold) - *ENDS + others
}

/// Whether the typeface has a letter: those that assets/fonts/README.md lists.
fn has_glyph(letter: char) -> bool {
    matches!(letter, '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{17f}' | '\u{2010}'..='\u{2027}')
}

/// The width of a letter of another typeface: of emoji and East Asian letters a square; of marks nothing.
fn estimate(letter: char) -> f32 {
    match letter {
        '\u{300}'..='\u{36f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{1f3fb}'..='\u{1f3ff}' => 0.0,
        '\u{1100}'.. => 1.2,
        _ => 0.75,
    }
}

fn is_tall(letter: char) -> bool {
    !letter.is_ascii() && (letter.is_uppercase() || !has_glyph(letter))
}

fn is_shallow(letter: char) -> bool {
    match letter {
        'g' | 'j' | 'p' | 'q' | 'y' | 'Q' | ',' | ';' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '/'
        | '_' | '@' | '$' => false,
        'á' | 'é' | 'í' | 'ñ' | 'ó' | 'ú' | 'ü' | 'Á' | 'É' | 'Í' | 'Ñ' | 'Ó' | 'Ú' | 'Ü' | '¡' | '’'
        | '…' => true,
        letter => letter.is_ascii(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{language::Language, page::Words};

    fn drawn(word: &str) -> WordDrawing {
        WordDrawing::new(word, vec![])
    }

    #[test]
    fn every_default_word_is_one_line_as_long_as_the_drawing() {
        for words in Language::ALL.map(Words::of) {
            let Words { yes, no, not_yet, so_far, no_game, unknown, injured, suspended, .. } = words;
            for word in [yes, no, not_yet, so_far, no_game, unknown, injured, suspended] {
                let drawing = drawn(&word);
                assert_eq!(drawing.lines.len(), 1, "{word}");
                assert_eq!(drawing.lines[0].length, drawing.width, "{word}");
                assert!(drawing.height >= 70.0 && drawing.height <= 120.0, "{word}: {}", drawing.height);
            }
        }
    }

    #[test]
    fn a_word_has_the_width_of_its_letters_and_the_depth_of_the_deepest() {
        let width = |word: &str| drawn(word).width;
        assert!((width("Yes") - 185.0).abs() < 10.0, "{}", width("Yes"));
        assert!(width("Not so far") > 2.0 * width("Yes"));
        assert!(drawn("No game").height > drawn("No").height);
        assert!(drawn("Ándale").height > drawn("andale").height);
    }

    #[test]
    fn any_configured_word_has_a_drawing() {
        for word in
            ["N", "👍", "👩‍👩‍👧‍👦", "はい", "ⵣ", "Ω", "i", "....", "\u{301}", "", " ", "x".repeat(80).as_str()]
        {
            let drawing = drawn(word);
            assert!(drawing.width >= 1.0 && drawing.height > 50.0, "{word}: {}", drawing.width);
            assert!(drawing.lines.len() <= 1, "{word}");
        }
        assert!(drawn("はい").width > 200.0, "letters that the typeface lacks take room");
        assert!(drawn("👍").width > 100.0);
        let long = drawn(&"Afraid he has another one ".repeat(3));
        assert!(long.lines.len() > 1 && long.width <= LINE * 1.2, "{} {}", long.lines.len(), long.width);
    }

    #[test]
    fn every_error_has_a_stamp_within_the_drawing() {
        for count in 0..5 {
            let drawing = WordDrawing::new("Yes", vec!["E9".into(); count]);
            assert_eq!(drawing.stamps.len(), count);
            for Stamp { x, y, .. } in &drawing.stamps {
                assert!(x + STAMP_RADIUS <= drawing.width && y - STAMP_RADIUS >= 0.0, "{x} {y}");
                assert!(y + STAMP_RADIUS <= drawing.height, "{y}");
            }
        }
    }
}
