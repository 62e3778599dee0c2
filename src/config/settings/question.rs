//! Who the question is about, and how it is put.

use super::{
    super::{Colour, mistake::Wrong},
    Setting, Taken, put, quoted,
};
use crate::page::Words;

/// The longest word on the page; the page has room for no more.
const WORD_CAP: usize = 80;
/// The longest question.
const QUESTION_CAP: usize = 200;

macro_rules! word {
    ($name:ident, $variable:literal) => {
        Setting {
            key: concat!("words.", stringify!($name)),
            variable: $variable,
            flag: "",
            taken: Taken::AtReload,
            set: |config, text| put(&mut config.words.$name, word(text, WORD_CAP)),
            show: |config| quoted(&config.words.$name),
        }
    };
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        key: "player.id",
        variable: "E6_PLAYER",
        flag: "--player",
        taken: Taken::AtReload,
        set: |config, text| put(&mut config.player.id, id(text)),
        show: |config| config.player.id.to_string(),
    },
    Setting {
        key: "player.club",
        variable: "E6_CLUB",
        flag: "--club",
        taken: Taken::AtReload,
        set: |config, text| put(&mut config.player.club, id(text).map(Some)),
        show: |config| config.player.club.map_or("(his own)".into(), |club| club.to_string()),
    },
    Setting {
        key: "words.question",
        variable: "E6_QUESTION",
        flag: "",
        taken: Taken::AtReload,
        set: |config, text| put(&mut config.words.question, question(text)),
        show: |config| quoted(&config.words.question),
    },
    word!(yes, "E6_YES"),
    word!(no, "E6_NO"),
    word!(not_yet, "E6_NOT_YET"),
    word!(so_far, "E6_SO_FAR"),
    word!(no_game, "E6_NO_GAME"),
    word!(unknown, "E6_UNKNOWN"),
    word!(injured, "E6_INJURED"),
    word!(suspended, "E6_SUSPENDED"),
    Setting {
        key: "colours.ground",
        variable: "E6_GROUND",
        flag: "",
        taken: Taken::AtReload,
        set: |config, text| put(&mut config.colours.ground, colour(text)),
        show: |config| quoted(&config.colours.ground.to_string()),
    },
    Setting {
        key: "colours.accent",
        variable: "E6_ACCENT",
        flag: "",
        taken: Taken::AtReload,
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
        let example = Words::default().question;
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
