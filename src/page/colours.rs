//! The page's states and the one table of their colours: page, browser frame, favicon, card and badge follow it.

use crate::{
    answer::{Answer, Availability, Participation, Verdict},
    name::named,
};
use std::{fmt, str::FromStr};

named! {
    /// The state of the page, which decides its ground. The names are those of settings and in style sheets.
    pub enum PageState {
        /// An error.
        Yes = "yes",
        /// No error, and the games are over.
        No = "no",
        /// Before and during a game.
        Game = "game",
        /// No game.
        Off = "off",
        /// A game, but he is injured or suspended.
        Bench = "bench",
        /// MLB does not answer.
        Unknown = "unknown",
    }
}

impl PageState {
    pub(crate) fn of(answer: &Answer) -> Self {
        match answer.verdict {
            Verdict::Yes(_) => PageState::Yes,
            Verdict::No => PageState::No,
            Verdict::NotYet if takes_part(answer) => PageState::Game,
            Verdict::NotYet => PageState::Bench,
            Verdict::NoGame => PageState::Off,
            Verdict::Unknown => PageState::Unknown,
        }
    }

    /// The state of a page for a status that is not a success: the field, or the tarp while the server cannot play.
    pub(crate) fn of_status(status: u16) -> Self {
        if status >= 500 || status == 429 { PageState::Unknown } else { PageState::Game }
    }
}

/// Whether he is in a line-up, or no injury or suspension keeps him out of one.
pub(crate) fn takes_part(answer: &Answer) -> bool {
    let barred = matches!(answer.availability, Availability::Injured(_) | Availability::Suspended);
    !barred || answer.games.iter().any(|game| game.presence() >= Some(Participation::Lineup))
}

/// An sRGB colour, printed as `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub [u8; 3]);

/// A ground and the text on it, printed as `#rrggbb on #rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColourPair {
    pub text: Colour,
    /// The colour behind them.
    pub ground: Colour,
}

/// The table: a pair for each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colours {
    pub yes: ColourPair,
    pub no: ColourPair,
    pub game: ColourPair,
    pub off: ColourPair,
    pub bench: ColourPair,
    pub unknown: ColourPair,
}

/// The least contrast of text (WCAG 2.2, success criterion 1.4.3, level AA).
pub const LEAST_CONTRAST: f64 = 4.5;

const GRASS: Colour = Colour([0x2f, 0x6b, 0x3d]);
const DIRT: Colour = Colour([0xc0, 0x8a, 0x55]);
const BLACK: Colour = Colour([0; 3]);

impl Default for Colours {
    fn default() -> Self {
        let pair = |text: u32, ground: u32| ColourPair { text: Colour::of(text), ground: Colour::of(ground) };
        Colours {
            // The Dodgers' blue.
            yes: pair(0xff_ffff, 0x00_5a9c),
            // The Padres' brown and gold.
            no: pair(0xff_c425, 0x2f_241d),
            // The outfield.
            game: pair(0xff_f6df, 0x1e_4d2b),
            // The night sky.
            off: pair(0xcf_d9f5, 0x16_1d33),
            // The bench.
            bench: pair(0x2b_2119, 0xd9_cfbd),
            // The tarp.
            unknown: pair(0xff_ffff, 0x4b_555f),
        }
    }
}

impl Colours {
    pub fn of(&self, state: PageState) -> ColourPair {
        match state {
            PageState::Yes => self.yes,
            PageState::No => self.no,
            PageState::Game => self.game,
            PageState::Off => self.off,
            PageState::Bench => self.bench,
            PageState::Unknown => self.unknown,
        }
    }
}

impl ColourPair {
    /// The contrast between both, from 1 to 21 (WCAG 2.2).
    pub fn contrast(self) -> f64 {
        let (text, ground) = (self.text.luminance(), self.ground.luminance());
        (text.max(ground) + 0.05) / (text.min(ground) + 0.05)
    }

    /// The pair for readers who prefer dark pages: the same, with the darker colour as the ground.
    pub(crate) fn in_the_dark(self) -> Self {
        match self.ground.luminance() > self.text.luminance() {
            true => ColourPair { text: self.ground, ground: self.text },
            false => self,
        }
    }
}

/// The colours of a scene, derived from its pair.
pub(crate) struct SceneColours {
    pub ground: Colour,
    /// The colour of the stands and the player, before the ground.
    pub shade: Colour,
    pub fan: Colour,
    pub grass: Colour,
    pub dirt: Colour,
}

impl SceneColours {
    pub(crate) fn of(state: PageState, pair: ColourPair) -> Self {
        // At night, nobody sees green.
        let light = if state == PageState::Off { 0.45 } else { 1.0 };
        SceneColours {
            ground: pair.ground,
            shade: BLACK.mixed(pair.ground, 0.55),
            fan: Colour([0xff, 0xd9, 0xa0])
                .mixed(pair.ground, if state == PageState::Off { 0.15 } else { 0.9 }),
            grass: GRASS.mixed(pair.ground, light),
            dirt: DIRT.mixed(pair.ground, light),
        }
    }
}

impl SceneColours {
    /// The rules of the style sheet for scenes and stamps, with these colours: for pictures, which have no variables.
    pub(crate) fn style(&self) -> String {
        let sheet = include_str!("../../assets/static/e6.css");
        let (_, rules) = sheet.split_once("/* Scenes and stamps").unwrap_or_default();
        let (_, rules) = rules.split_once("*/").unwrap_or_default();
        let (rules, _) = rules.split_once("/*").unwrap_or_default();
        let colours = [
            ("ground", self.ground),
            ("shade", self.shade),
            ("fan", self.fan),
            ("grass", self.grass),
            ("dirt", self.dirt),
        ];
        colours.iter().fold(rules.to_owned(), |rules, (name, colour)| {
            rules.replace(&format!("var(--{name})"), &colour.to_string())
        })
    }
}

impl Colour {
    const fn of(value: u32) -> Self {
        Colour([(value >> 16) as u8, (value >> 8) as u8, value as u8])
    }

    /// This share of the colour, over another.
    fn mixed(self, over: Colour, share: f64) -> Self {
        let part = |index: usize| f64::from(self.0[index]) * share + f64::from(over.0[index]) * (1.0 - share);
        Colour([0, 1, 2].map(|index| part(index).round() as u8))
    }

    /// The relative luminance (WCAG 2.2).
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|channel| {
            let part = f64::from(channel) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl FromStr for Colour {
    type Err = ();

    /// From `#rgb` or `#rrggbb`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let digits =
            text.strip_prefix('#').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let digits = digits.ok_or(())?;
        let value = u32::from_str_radix(digits, 16).map_err(|_| ())?;
        match digits.len() {
            6 => Ok(Colour::of(value)),
            3 => Ok(Colour([8, 4, 0].map(|shift| (value >> shift & 0xf) as u8 * 0x11))),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl FromStr for ColourPair {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (text, ground) = text.split_once(" on ").ok_or(())?;
        Ok(ColourPair { text: text.trim().parse()?, ground: ground.trim().parse()? })
    }
}

impl fmt::Display for ColourPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.text, self.ground)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Named;

    #[test]
    fn text_and_links_have_enough_contrast_in_every_state_by_day_and_by_night() {
        for state in PageState::all() {
            let pair = Colours::default().of(state);
            for pair in [pair, pair.in_the_dark()] {
                assert!(
                    pair.contrast() >= LEAST_CONTRAST,
                    "{}: {pair}: {:.2}",
                    state.name(),
                    pair.contrast()
                );
            }
            let dark = pair.in_the_dark();
            assert!(dark.ground.luminance() < 0.12, "{}: {dark} is bright in the dark", state.name());
        }
    }

    #[test]
    fn pictures_have_the_style_of_scenes_without_variables() {
        let style = SceneColours::of(PageState::Yes, Colours::default().yes).style();
        assert!(style.contains(".ground { fill: #005a9c; }") && style.contains(".number {"), "{style}");
        assert!(!style.contains("var(") && !style.contains('@'), "{style}");
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        let contrast = |text: &str| text.parse::<ColourPair>().unwrap().contrast();
        assert_eq!(contrast("#fff on #000000"), 21.0);
        assert_eq!(contrast("#777 on #777"), 1.0);
        assert!((contrast("#767676 on #ffffff") - 4.54).abs() < 0.01);
    }

    #[test]
    fn a_pair_is_printed_as_it_is_read() {
        for pair in PageState::all().map(|state| Colours::default().of(state)) {
            assert_eq!(pair.to_string().parse(), Ok(pair));
        }
        assert_eq!("#0aF on #123456".parse::<ColourPair>().unwrap().to_string(), "#00aaff on #123456");
        for wrong in
            ["#12345 on #fff", "fff on #000", "#ggg on #000", "# on #", "#+12 on #000", "#fff", "#fff #000"]
        {
            assert!(wrong.parse::<ColourPair>().is_err(), "{wrong}");
        }
    }
}
