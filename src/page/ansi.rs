//! Colours for terminals, as escape sequences (ECMA-48) of the palette with 256 colours, which nearly every terminal
//! has.

use crate::page::colours::{Colour, ColourPair};

/// The end of every colour.
const RESET: &str = "\x1b[0m";

/// The colours of an answer; none paints nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint(Option<(u8, u8)>);

impl Paint {
    /// Plain text.
    pub const NONE: Paint = Paint(None);

    /// The colours nearest to these.
    pub fn new(ColourPair { ground, text }: ColourPair) -> Self {
        Paint(Some((nearest(ground), nearest(text))))
    }

    /// Whether it paints nothing.
    pub fn is_none(self) -> bool {
        self.0.is_none()
    }

    /// The text on the ground of the answer.
    pub fn banner(self, text: &str) -> String {
        match self.0 {
            Some((ground, ink)) => format!("\x1b[48;5;{ground};38;5;{ink}m{text}{RESET}"),
            None => text.to_owned(),
        }
    }

    pub fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// The text in red and bold type.
    pub fn alarm(self, text: &str) -> String {
        self.with("1;31", text)
    }

    fn with(self, attributes: &str, text: &str) -> String {
        if self.is_none() { text.to_owned() } else { format!("\x1b[{attributes}m{text}{RESET}") }
    }
}

/// The nearest colour of the palette's cube of 6 × 6 × 6.
fn nearest(Colour(parts): Colour) -> u8 {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let level = |part: u8| (0..6).min_by_key(|level| LEVELS[usize::from(*level)].abs_diff(part)).unwrap_or(0);
    parts.into_iter().fold(0, |index, part| 6 * index + level(part)) + 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_the_nearest_of_the_palette() {
        for (colour, expected) in [
            ([0, 0, 0], 16),
            ([255, 255, 255], 231),
            ([255, 0, 0], 196),
            ([0, 0x5a, 0x9c], 25),
            ([0x2f, 0x24, 0x1d], 16),
            ([0xff, 0xc4, 0x25], 220),
        ] {
            assert_eq!(nearest(Colour(colour)), expected, "{colour:?}");
        }
    }

    #[test]
    fn plain_text_has_no_escape_sequence() {
        assert_eq!(Paint::NONE.banner("a") + &Paint::NONE.bold("b") + &Paint::NONE.alarm("c"), "abc");
        let pair = Paint::new(ColourPair { ground: Colour([0; 3]), text: Colour([255; 3]) });
        assert_eq!(pair.banner("a"), "\x1b[48;5;16;38;5;231ma\x1b[0m");
    }
}
