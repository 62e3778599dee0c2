//! The answer for terminals: plain lines, no escape codes.

use super::{Look, plain, question, sentence, sentence::play_title, when, word};
use crate::answer::Answer;
use time::OffsetDateTime;

/// The width of a terminal that was never resized.
pub(super) const WIDTH: usize = 80;

pub(super) fn text(answer: &Answer, look: &Look, now: OffsetDateTime) -> String {
    let mut lines = vec![question(answer, &look.words), String::new(), word(answer, &look.words).to_owned()];
    lines.push(sentence(answer));
    for play in &answer.plays {
        lines.push(format!("- {}. {}", play_title(play), play.text));
    }
    lines.extend(super::sentence::taken_back(answer));
    lines.extend(super::season::line(answer));
    lines.extend(look.season_note.clone().filter(|_| answer.season.is_some()));
    lines.push(String::new());
    if let Some(replay) = &look.replay {
        lines.push(format!("A replay of {replay}."));
    }
    let heard = match answer.asked_at {
        Some(at) => {
            format!("MLB was last heard at {}, {}.", when::clock(at, &answer.zone), when::ago(now - at))
        }
        None => String::from("MLB has not been heard yet."),
    };
    let stale = if answer.stale { " This may be out of date." } else { "" };
    lines.push(format!("{}. {heard}{stale}", when::long_date(answer.day)));
    lines.iter().flat_map(|line| wrapped(line, WIDTH)).map(|line| line + "\n").collect()
}

/// Breaks at spaces to lines of so many characters; a word longer than the line stands alone.
pub(super) fn wrapped(line: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in plain(line).split_whitespace() {
        let last = lines.last_mut().filter(|last| last.chars().count() + 1 + word.chars().count() <= width);
        match last {
            Some(last) if last.is_empty() => last.push_str(word),
            Some(last) => *last = format!("{last} {word}"),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}
