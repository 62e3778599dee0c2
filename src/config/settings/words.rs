//! The kinds of words and colours on the page.

use crate::{
    config::{
        mistake::{InvalidValue, one_of},
        settings::{
            kinds::{Kind, name_of},
            quoted,
        },
    },
    language::Language,
    name::Named,
    page::{ColourPair, Voice, Words},
};

/// Maximum characters of a word; the page has room for no more.
const WORD_CAP: usize = 80;
/// Maximum characters of the remarks on a state, all together.
const REMARKS_CAP: usize = 1000;
/// Maximum characters of the question.
const QUESTION_CAP: usize = 200;

pub(crate) const QUESTION: Kind<String> = Kind { parse: |text| question(text, &["{player}"]), show: quoted };
pub(crate) const DAY_QUESTION: Kind<String> =
    Kind { parse: |text| question(text, &["{player}", "{date}"]), show: quoted };
pub(crate) const WORD: Kind<String> = Kind { parse: |text| word(text, WORD_CAP), show: quoted };
pub(crate) const REMARKS: Kind<String> = Kind { parse: remarks, show: quoted };
pub(crate) const VOICE: Kind<Voice> =
    Kind { parse: |text| one_of(text, "voice", Voice::NAMES), show: name_of };
pub(crate) const COLOURS: Kind<ColourPair> = Kind { parse: pair, show: quoted };

fn word(text: &str, cap: usize) -> Result<String, InvalidValue> {
    let text = text.trim();
    if text.is_empty() {
        return Err(InvalidValue::new("it is empty", "write what the page should say"));
    }
    if text.chars().any(char::is_control) {
        return Err(InvalidValue::new("it has a control character", "write it on one line, as plain text"));
    }
    let length = text.chars().count();
    if length > cap {
        return Err(InvalidValue::new(format!("it has {length} characters"), format!("write at most {cap}")));
    }
    Ok(text.to_owned())
}

fn remarks(text: &str) -> Result<String, InvalidValue> {
    if text.trim().is_empty() { Ok(String::new()) } else { word(text, REMARKS_CAP) }
}

fn question(text: &str, placeholders: &[&str]) -> Result<String, InvalidValue> {
    let question = word(text, QUESTION_CAP)?;
    let rest = placeholders.iter().fold(question.clone(), |rest, placeholder| rest.replace(placeholder, ""));
    if rest.contains(['{', '}']) {
        let Words { question: present, day_question, .. } = Words::of(Language::English);
        let (only, example) = match placeholders {
            [_] => ("is the only placeholder", present),
            _ => ("are the only placeholders", day_question),
        };
        return Err(InvalidValue::new(
            format!("{} {only}", placeholders.join(" and ")),
            format!("write something like {example:?}"),
        ));
    }
    Ok(question)
}

fn pair(text: &str) -> Result<ColourPair, InvalidValue> {
    text.parse().map_err(|()| {
        InvalidValue::new(format!("{text:?} is no pair of colours"), "write one like \"#ffffff on #005a9c\"")
    })
}
