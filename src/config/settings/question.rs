//! Who the question is about, and how it is put.

use crate::{
    config::{
        Colour,
        mistake::Wrong,
        settings::{Setting, TakesEffect, put, quoted},
    },
    language::Language,
    page::Words,
};

/// The longest word on the page; the page has room for no more.
const WORD_CAP: usize = 80;
/// The longest question.
const QUESTION_CAP: usize = 200;

/// A word of one language.
macro_rules! word {
    ($language:ident, $section:literal, $name:ident, $variable:literal) => {
        Setting {
            key: concat!($section, ".", stringify!($name)),
            variable: $variable,
            flag: "",
            takes_effect: TakesEffect::AtReload,
            set: |config, text| put(&mut config.words.$language.$name, word(text, WORD_CAP)),
            show: |config| quoted(&config.words.$language.$name),
        }
    };
}

/// The question of one language.
macro_rules! question {
    ($language:ident, $key:literal, $variable:literal) => {
        Setting {
            key: $key,
            variable: $variable,
            flag: "",
            takes_effect: TakesEffect::AtReload,
            set: |config, text| put(&mut config.words.$language.question, question(text)),
            show: |config| quoted(&config.words.$language.question),
        }
    };
}

pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        key: "player.id",
        variable: "E6_PLAYER",
        flag: "--player",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| put(&mut config.player.id, id(text)),
        show: |config| config.player.id.to_string(),
    },
    Setting {
        key: "player.club",
        variable: "E6_CLUB",
        flag: "--club",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| put(&mut config.player.club, id(text).map(Some)),
        show: |config| config.player.club.map_or("(his own)".into(), |club| club.to_string()),
    },
    question!(english, "words.question", "E6_QUESTION"),
    word!(english, "words", yes, "E6_YES"),
    word!(english, "words", no, "E6_NO"),
    word!(english, "words", not_yet, "E6_NOT_YET"),
    word!(english, "words", so_far, "E6_SO_FAR"),
    word!(english, "words", no_game, "E6_NO_GAME"),
    word!(english, "words", unknown, "E6_UNKNOWN"),
    word!(english, "words", injured, "E6_INJURED"),
    word!(english, "words", suspended, "E6_SUSPENDED"),
    question!(spanish, "words.es.question", "E6_ES_QUESTION"),
    word!(spanish, "words.es", yes, "E6_ES_YES"),
    word!(spanish, "words.es", no, "E6_ES_NO"),
    word!(spanish, "words.es", not_yet, "E6_ES_NOT_YET"),
    word!(spanish, "words.es", so_far, "E6_ES_SO_FAR"),
    word!(spanish, "words.es", no_game, "E6_ES_NO_GAME"),
    word!(spanish, "words.es", unknown, "E6_ES_UNKNOWN"),
    word!(spanish, "words.es", injured, "E6_ES_INJURED"),
    word!(spanish, "words.es", suspended, "E6_ES_SUSPENDED"),
    Setting {
        key: "colours.ground",
        variable: "E6_GROUND",
        flag: "",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| put(&mut config.colours.ground, colour(text)),
        show: |config| quoted(&config.colours.ground.to_string()),
    },
    Setting {
        key: "colours.accent",
        variable: "E6_ACCENT",
        flag: "",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| put(&mut config.colours.accent, colour(text)),
        show: |config| quoted(&config.colours.accent.to_string()),
    },
];

fn id(text: &str) -> Result<u32, Wrong> {
    let mend = "write the number from the address of his or its page, as in mlb.com/player/665487";
    match text.parse() {
        Ok(0) | Err(_) => Err(Wrong::new(format!("{text:?} is no id"), mend)),
        Ok(id) => Ok(id),
    }
}

fn word(text: &str, cap: usize) -> Result<String, Wrong> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Wrong::new("it is empty", "write what the page should say"));
    }
    if text.chars().any(char::is_control) {
        return Err(Wrong::new("it has a control character", "write it on one line, as plain text"));
    }
    match text.chars().count() {
        length if length > cap => {
            Err(Wrong::new(format!("it has {length} characters"), format!("write at most {cap}")))
        }
        _ => Ok(text.to_owned()),
    }
}

fn question(text: &str) -> Result<String, Wrong> {
    let question = word(text, QUESTION_CAP)?;
    if question.replace("{player}", "").contains(['{', '}']) {
        let example = Words::of(Language::English).question;
        return Err(Wrong::new(
            "{player} is the only placeholder",
            format!("write something like {example:?}"),
        ));
    }
    Ok(question)
}

fn colour(text: &str) -> Result<Colour, Wrong> {
    let wrong = || Wrong::new(format!("{text:?} is no colour"), "write one like \"#2f241d\"");
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
