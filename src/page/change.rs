//! A change of the answer on one line, for operators.

use crate::{
    answer::{Answer, Inning, Verdict},
    page::{Theme, json, sentence},
};

/// "not_yet → yes (1 error, bottom of the 3rd)"; none where the verdict and the number of errors are the same.
pub fn change(before: &Answer, after: &Answer, theme: &Theme) -> Option<String> {
    if before.verdict == after.verdict && before.player.id == after.player.id {
        return None;
    }
    let (old, new) = (json::verdict(before.verdict), json::verdict(after.verdict));
    Some(format!("{old} → {new} ({})", detail(before, after, theme)))
}

fn detail(before: &Answer, after: &Answer, theme: &Theme) -> String {
    let phrases = theme.english().phrases;
    let mut parts = Vec::new();
    if let Verdict::Yes(errors) = after.verdict {
        parts.push(phrases.errors(errors));
    }
    let is_same_day = before.day == after.day && before.player.id == after.player.id;
    if is_same_day && after.taken_back > before.taken_back {
        parts.push(format!("{} taken back", phrases.errors(after.taken_back - before.taken_back)));
    } else if let (Verdict::Yes(_), Some(inning)) = (after.verdict, latest(after)) {
        parts.push(phrases.inning(inning));
    }
    if parts.is_empty() {
        return sentence::sentence(after, phrases).trim_end_matches('.').to_owned();
    }
    parts.join(", ")
}

/// The inning of the latest error; none while the plays disagree with the count.
fn latest(answer: &Answer) -> Option<Inning> {
    answer.plays.last().filter(|_| answer.plays_complete)?.inning
}
