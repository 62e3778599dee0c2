//! The facts about the response, in sentences.

use crate::{
    how::{
        facts,
        figures::{bytes, fit, listed, span},
        texts,
    },
    language::Language,
    page::locale::failures::failure,
    site::trace::{Made, ResponseTrace, Trace},
};

/// The station's plain words: when the bytes were made.
pub(crate) fn made(made: Made, language: Language) -> &'static str {
    match made {
        Made::Build => texts::made_by_build(language),
        Made::Answer => texts::made_by_answer(language),
        Made::Start => texts::made_by_start(language),
        Made::Request => texts::made_by_request(language),
    }
}

pub(crate) fn answer(trace: &Trace, language: Language) -> Vec<String> {
    let answer = &trace.answer;
    let mut facts = vec![status(answer, language)];
    facts.extend(match answer.made {
        Made::Build | Made::Answer | Made::Start => facts::made_at(trace, language),
        Made::Request => None,
    });
    facts.extend(coding(answer, language));
    facts.extend(answer.content_range.as_ref().map(|range| texts::range(language, range)));
    facts.extend(answer.language.as_ref().map(|content| texts::content_language(language, content)));
    facts.extend(answer.cache_control.as_ref().map(|caching| texts::caching(language, caching)));
    facts.push(match trace.microseconds.answer {
        Some(took) => texts::chosen_in(language, &span(took, language)),
        None => texts::server_timing(language).to_owned(),
    });
    facts
}

/// "404, Out of the park."
fn status(answer: &ResponseTrace, language: Language) -> String {
    let status = answer.status;
    match (&answer.location, status) {
        (Some(to), _) => texts::moved(language, &status, &fit(to, 48)),
        (None, 200) => texts::here_it_is(language, &status),
        (None, 206) => texts::here_is_part(language, &status),
        (None, 304) => texts::still_right(language, &status),
        _ => texts::failure(language, &status, &failure(status, language).1),
    }
}

fn coding(answer: &ResponseTrace, language: Language) -> Option<String> {
    let after = answer.bytes_after.filter(|_| answer.status != 206)?;
    let size = bytes(after);
    let offered: Vec<_> = answer.acceptable.iter().copied().filter(|coding| *coding != "identity").collect();
    let offered = listed(&offered, language);
    Some(match (answer.coding, offered.is_empty(), answer.bytes_before) {
        ("identity", ..) if answer.made == Made::Request => texts::not_worth_coding(language, &size),
        ("identity", true, _) => texts::no_common_coding(language, &size),
        ("identity", false, _) => texts::saves_too_little(language, &size, &offered),
        (chosen, _, before) => {
            let before = before.unwrap_or(after);
            let saved = 100 * before.saturating_sub(after) / before.max(1);
            let before = bytes(before);
            texts::coded(language, &size, &chosen, &before, &saved, &offered)
        }
    })
}
