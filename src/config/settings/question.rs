//! The settings of the player, the words and the colours.

use crate::{
    config::{
        mistake::{InvalidValue, one_of},
        settings::{Setting, put, quoted},
    },
    language::Language,
    page::{ColourPair, Voice, Words},
};

/// Maximum characters of a word; the page has room for no more.
const WORD_CAP: usize = 80;
/// Maximum characters of the remarks on a state, all together.
const REMARKS_CAP: usize = 1000;
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
            words!(
                $language,
                $section,
                $variable,
                friend,
                "FRIEND",
                "The friend whom the page offers to text"
            ),
            words!($language, $section, $variable, wit_yes, "WIT_YES"),
            words!($language, $section, $variable, wit_no, "WIT_NO"),
            words!($language, $section, $variable, wit_not_yet, "WIT_NOT_YET"),
            words!($language, $section, $variable, wit_so_far, "WIT_SO_FAR"),
            words!($language, $section, $variable, wit_no_game, "WIT_NO_GAME"),
            words!($language, $section, $variable, wit_unknown, "WIT_UNKNOWN"),
            words!($language, $section, $variable, wit_injured, "WIT_INJURED"),
            words!($language, $section, $variable, wit_suspended, "WIT_SUSPENDED"),
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
    ($language:ident, $section:literal, $variable:literal, $name:ident, $suffix:literal) => {
        Setting::new(concat!($section, ".", stringify!($name)), concat!($variable, $suffix))
            .help("Remarks, separated by |; the date chooses one")
            .field(
                |config, text| put(&mut config.words.$language.$name, remarks(text)),
                |config| quoted(&config.words.$language.$name),
            )
    };
}

pub(crate) const VOICE: &[Setting] = &[Setting::new("words.voice", "E6_VOICE")
    .help("\"witty\" adds a remark to the fact, \"plain\" none; in every language")
    .field(|config, text| put(&mut config.voice, voice(text)), |config| quoted(config.voice.name()))];

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

/// A pair of colours, the setting of a state.
macro_rules! pair {
    ($state:ident, $key:literal, $variable:literal, $help:literal) => {
        Setting::new($key, $variable).help($help).field(
            |config, text| put(&mut config.colours.$state, pair(text)),
            |config| quoted(&config.colours.$state.to_string()),
        )
    };
}

pub(crate) const COLOURS: &[Setting] = &[
    pair!(yes, "colours.yes", "E6_COLOURS_YES", "Text and ground after an error"),
    pair!(no, "colours.no", "E6_COLOURS_NO", "Without an error, once the day's games are over"),
    pair!(game, "colours.game", "E6_COLOURS_GAME", "Before and during a game"),
    pair!(off, "colours.off", "E6_COLOURS_OFF", "On a day without a game"),
    pair!(bench, "colours.bench", "E6_COLOURS_BENCH", "While he is injured or suspended"),
    pair!(unknown, "colours.unknown", "E6_COLOURS_UNKNOWN", "While MLB does not answer"),
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

fn remarks(text: &str) -> Result<String, InvalidValue> {
    if text.trim().is_empty() { Ok(String::new()) } else { word(text, REMARKS_CAP) }
}

fn voice(text: &str) -> Result<Voice, InvalidValue> {
    one_of(text, "voice", &Voice::ALL.map(|voice| (voice.name(), voice)))
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

fn pair(text: &str) -> Result<ColourPair, InvalidValue> {
    let wrong = || {
        InvalidValue::new(format!("{text:?} is no pair of colours"), "write one like \"#ffffff on #005a9c\"")
    };
    text.parse().map_err(|()| wrong())
}
