//! The catalogue of all texts for people, in every language. A language that lacks a text does not compile.
//!
//! `sentence` decides which text is used; this module has only the wording.

pub(crate) mod cities;
pub(crate) mod english;
pub(crate) mod failures;
pub(crate) mod games;
pub(crate) mod labels;
pub(crate) mod parks;
pub(crate) mod roster;
pub(crate) mod sentences;
pub(crate) mod share;
pub(crate) mod spanish;
pub(crate) mod words;

use crate::{
    answer::{GameKind, Inning, Leader, SeasonGame},
    language::Language,
    page::times::{Age, LocalTime},
};
use time::Date;

/// The texts of a language.
pub(crate) fn phrases(language: Language) -> &'static dyn Phrases {
    match language {
        Language::English => &english::English,
        Language::Spanish => &spanish::Spanish,
    }
}

/// The texts of a language. A text for the middle of a sentence begins with a small letter, and only sentences end with
/// a full stop.
pub(crate) trait Phrases: Sync {
    fn language(&self) -> Language;
    /// "7:05 PM PDT".
    fn clock(&self, at: &LocalTime) -> String;
    /// "at 7:05 PM PDT".
    fn at(&self, at: &LocalTime) -> String;
    /// "Wednesday, August 9, 2023".
    fn long_date(&self, date: Date) -> String;
    /// "Aug 9".
    fn brief_date(&self, date: Date) -> String;
    /// "Aug".
    fn month(&self, date: Date) -> String;
    /// "Wednesday, August 9".
    fn short_date(&self, date: Date) -> String;
    /// "August 9".
    fn month_day(&self, date: Date) -> String;
    /// "3 minutes ago".
    fn ago(&self, age: Age) -> String;
    /// "no errors", "1 error", "2 errors".
    fn errors(&self, count: u32) -> String;
    /// "95 games".
    fn games(&self, count: u32) -> String;
    /// "10 days".
    fn days(&self, count: u32) -> String;
    /// A club as this language calls it, from MLB's name.
    fn club(&self, name: &str) -> String;
    /// "the Padres at the Mariners", without articles.
    fn pairing(&self, away: &str, home: &str) -> String;
    /// "at Seattle"; empty where the log does not say.
    fn matchup(&self, game: &SeasonGame) -> String;
    /// "against Texas", "in Seattle".
    fn against(&self, meeting: &GameSides) -> String;
    /// "bottom of the 3rd".
    fn inning(&self, inning: Inning) -> String;
    /// The status of a game, from MLB's words.
    fn status(&self, words: &str) -> String;
    /// The reason why a game is delayed or off, from MLB's words.
    fn cause(&self, words: &str) -> String;
    /// A position, from MLB's abbreviation.
    fn position<'a>(&self, abbreviation: &'a str) -> &'a str;
    /// What becomes of a throw into the stands, by the eyes that see it.
    fn joke(&self, club: Option<&str>) -> String;
    /// "tied for 14th in errors in the major leagues".
    fn rank(&self, leader: &Leader) -> String;
    /// The same as a word: "14th".
    fn place(&self, rank: u32) -> String;
}

/// A game, from his club's side.
pub(crate) struct GameSides<'a> {
    pub kind: GameKind,
    pub at_home: bool,
    pub opponent: &'a str,
    /// The place of the game; none at home, and if it is not known.
    pub place: Option<&'static str>,
    /// Which game of the day, from 1.
    pub number: u8,
    /// The day on which a resumed game began.
    pub begun: Option<Date>,
}

pub(crate) fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
