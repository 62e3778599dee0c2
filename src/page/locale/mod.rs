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
pub(crate) mod seasons;
pub(crate) mod sentences;
pub(crate) mod share;
pub(crate) mod spanish;
pub(crate) mod words;

use crate::{
    answer::{Availability, ErrorPlay, GameKind, Inning, Leader, Outage, SeasonGame, SeasonSoFar},
    language::Language,
    page::{
        scene::Scene,
        times::{Age, LocalTime},
    },
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
    /// "Wednesday, August 9, 2023".
    fn long_date(&self, date: Date) -> String;
    /// "Aug 9".
    fn brief_date(&self, date: Date) -> String;
    /// "Aug".
    fn month(&self, date: Date) -> String;
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
    /// "in today's 2 games".
    fn todays_games(&self, count: usize, day: Doubleheader) -> String;
    /// "in both games" of another day.
    fn games_of_day(&self, count: usize, day: Doubleheader) -> String;
    /// "No game on Thursday, August 10."
    fn no_game_on(&self, date: Date) -> String;
    /// "bottom of the 3rd".
    fn inning(&self, inning: Inning) -> String;
    /// "up 4–2".
    fn standing(&self, standing: ScoreLine) -> String;
    /// The status of a game, from MLB's words.
    fn status(&self, words: &str) -> String;
    /// The reason why a game is delayed or off, from MLB's words.
    fn cause(&self, words: &str) -> String;
    /// "Throwing error, bottom of the 3rd, playing RF".
    fn play(&self, play: &ErrorPlay) -> String;

    fn never_heard(&self, trouble: Outage, player: u32) -> String;
    /// `over` if the day's games are over.
    fn charged(&self, name: &str, errors: u32, games: &str, over: bool) -> String;
    /// "the game against Texas is on", without a full stop.
    fn is_on(&self, meeting: &GameSides) -> String;
    fn first_pitch(&self, meeting: &GameSides, at: &LocalTime, due: Due) -> String;
    /// The resumption of a game today.
    fn goes_on(&self, meeting: &GameSides, at: Option<&LocalTime>, due: Due) -> String;
    fn start_unknown(&self, meeting: &GameSides) -> String;
    fn start_delayed(&self, meeting: &GameSides, cause: Option<&str>) -> String;
    /// `to` is the day on which it will be finished, if one is set.
    fn suspended_game(&self, meeting: &GameSides, to: Option<Date>) -> String;
    fn box_unread(&self, meeting: &GameSides) -> String;
    /// "One of today's two games can't be read right now."
    fn games_unread(&self, unread: usize, games: usize) -> String;
    fn postponed(&self, meeting: &GameSides, to: Option<Date>, cause: Option<&str>) -> String;
    fn cancelled(&self, meeting: &GameSides, cause: Option<&str>) -> String;
    fn next_game(&self, meeting: &GameSides, date: Date, at: Option<&LocalTime>) -> String;
    /// The reason why a player does not play and his farm club, from the rosters; none if they have neither.
    fn absence(&self, name: &str, availability: &Availability, farm_club: Option<&str>) -> Option<String>;
    /// The off season, with his errors and games if they are known, and the next game.
    fn season_over(&self, figures: Option<(u32, u32)>, next: Option<(Date, NextGame)>) -> String;
    /// The note on an answer that is not about the present day.
    fn about_day(&self, date: Date) -> String;

    fn taken_back(&self, errors: u32) -> String;

    /// The text alternative of a scene.
    fn scene(&self, scene: Scene) -> &'static str;
    /// What becomes of a throw into the stands, by the eyes that see it.
    fn joke(&self, club: Option<&str>) -> String;

    /// "tied for 14th in errors in the major leagues".
    fn rank(&self, leader: &Leader) -> String;
    /// The same as a word: "14th".
    fn place(&self, rank: u32) -> String;

    /// The season in a few sentences.
    fn season(&self, season: &SeasonSoFar) -> String;
    fn span(&self, from: Date, to: Date) -> String;
    /// The line below the days since the last error: the longest run of games without one, and its days.
    fn record(&self, games: &str, span: &str, at_least: bool) -> String;
    /// The next game, below the days to it.
    fn next_on_sign(&self, meeting: &GameSides, date: Date, at: Option<&LocalTime>) -> String;
    /// "in 95 games".
    fn in_games(&self, count: u32) -> String;
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

/// Whether a time has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    ToCome,
    Past,
}

/// The next game after the season.
pub(crate) enum NextGame<'a> {
    Spring,
    Game(GameSides<'a>),
}

/// Whether a day's games are the two of a doubleheader.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doubleheader {
    Yes,
    No,
}

/// The score from his club's side: its runs, then the opponent's.
#[derive(Clone, Copy)]
pub(crate) enum ScoreLine {
    Ahead(u32, u32),
    Behind(u32, u32),
    Tied(u32),
}

/// The cause in parentheses after a space; empty without one.
fn bracketed(cause: Option<&str>) -> String {
    cause.map(|cause| format!(" ({cause})")).unwrap_or_default()
}

pub(crate) fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
