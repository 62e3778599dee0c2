//! The settings of the player, the words and the colours.

use crate::{
    config::{
        Colour,
        mistake::InvalidValue,
        settings::{Setting, put, quoted},
    },
    language::Language,
    page::Words,
};

/// Maximum characters of a word; the page has room for no more.
const WORD_CAP: usize = 80;
/// Maximum characters of the question.
const QUESTION_CAP: usize = 200;

/// The settings of the words in one language, which has its own section in the file.
macro_rules! words {
    ($language:ident, $section:literal, $variable:literal) => {
        [
            Setting::new(concat!($section, ".question"), concat!($variable, "QUESTION"))
                .help("The question; {player} is his name")
                .field(
                    |config, text| put(&mut config.words.$language.question, question(text)),
                    |config| quoted(&config.words.$language.question),
                ),
            words!($language, $section, $variable, yes, "YES", "After an error"),
            words!(
                $language,
                $section,
                $variable,
                no,
                "NO",
                "Without an error, once the day's games are over"
            ),
            words!($language, $section, $variable, not_yet, "NOT_YET", "Before the first pitch"),
            words!(
                $language,
                $section,
                $variable,
                so_far,
                "SO_FAR",
                "From the first pitch on, without an error"
            ),
            words!($language, $section, $variable, no_game, "NO_GAME", "On a day without a game"),
            words!($language, $section, $variable, unknown, "UNKNOWN", "While MLB does not answer"),
            words!(
                $language,
                $section,
                $variable,
                injured,
                "INJURED",
                "In place of not_yet, while he is injured"
            ),
            words!(
                $language,
                $section,
                $variable,
                suspended,
                "SUSPENDED",
                "In place of not_yet, while he is suspended"
            ),
        ]
    };
    ($language:ident, $section:literal, $variable:literal, $name:ident, $suffix:literal, $help:literal) => {
        Setting::new(concat!($section, ".", stringify!($name)), concat!($variable, $suffix))
            .help($help)
            .field(
                |config, text| put(&mut config.words.$language.$name, word(text, WORD_CAP)),
                |config| quoted(&config.words.$language.$name),
            )
    };
}

pub(crate) const PLAYER: &[Setting] = &[
    Setting::new("player.id", "E6_PLAYER")
        .help("The player, by the number in mlb.com/player/665487")
        .flag("--player", "ID")
        .field(|config, text| put(&mut config.player.id, id(text)), |config| config.player.id.to_string()),
    Setting::new("player.club", "E6_CLUB")
        .help("Another club than the one MLB says he belongs to")
        .flag("--club", "ID")
        .example("135")
        .field(
            |config, text| put(&mut config.player.club, id(text).map(Some)),
            |config| config.player.club.map_or("(his own)".into(), |club| club.to_string()),
        ),
];

pub(crate) const ENGLISH: &[Setting] = &words!(english, "words", "E6_");

pub(crate) const SPANISH: &[Setting] = &words!(spanish, "words.es", "E6_ES_");

pub(crate) const COLOURS: &[Setting] = &[
    Setting::new("colours.ground", "E6_GROUND")
        .help("Colour of the text on light paper, and of the browser's frame")
        .field(
            |config, text| put(&mut config.colours.ground, colour(text)),
            |config| quoted(&config.colours.ground.to_string()),
        ),
    Setting::new("colours.accent", "E6_ACCENT")
        .help("Colour of highlights, and of the word on dark paper")
        .field(
            |config, text| put(&mut config.colours.accent, colour(text)),
            |config| quoted(&config.colours.accent.to_string()),
        ),
];

fn id(text: &str) -> Result<u32, InvalidValue> {
    let mend = "write the number from the address of his or its page, as in mlb.com/player/665487";
    match text.parse() {
        Ok(0) | Err(_) => Err(InvalidValue::new(format!("{text:?} is no id"), mend)),
        Ok(id) => Ok(id),
    }
}

fn word(text: &str, cap: usize) -> Result<String, InvalidValue> {
    let text = text.trim();
    if text.is_empty() {
        return Err(InvalidValue::new("it is empty", "write what the page should say"));
    }
    if text.chars().any(char::is_control) {
        return Err(InvalidValue::new("it has a control character", "write it on one line, as plain text"));
    }
    match text.chars().count() {
        length if length > cap => {
            Err(InvalidValue::new(format!("it has {length} characters"), format!("write at most {cap}")))
        }
        _ => Ok(text.to_owned()),
    }
}

fn question(text: &str) -> Result<String, InvalidValue> {
    let question = word(text, QUESTION_CAP)?;
    if question.replace("{player}", "").contains(['{', '}']) {
        let example = Words::of(Language::English).question;
        return Err(InvalidValue::new(
            "{player} is the only placeholder",
            format!("write something like {example:?}"),
        ));
    }
    Ok(question)
}

fn colour(text: &str) -> Result<Colour, InvalidValue> {
    let wrong = || InvalidValue::new(format!("{text:?} is no colour"), "write one like \"#2f241d\"");
    let digits = text.strip_prefix('#').ok_or_else(wrong)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    let value = u32::from_str_radix(digits, 16).map_err(|_| wrong())?;
    match digits.len() {
        6 => Ok(Colour([16, 8, 0].map(|shift| (value >> shift) as u8))),
        3 => Ok(Colour([8, 4, 0].map(|shift| (value >> shift & 0xf) as u8 * 0x11))),
        _ => Err(wrong()),
    }
}
