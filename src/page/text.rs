//! The answer for terminals: plain lines, no escape codes.

use crate::{
    answer::Answer,
    page::{
        LocalizedTheme, plain, sentence,
        times::{self, LocalTime},
    },
};
use time::OffsetDateTime;

/// The default width of a terminal.
pub(crate) const WIDTH: usize = 80;

pub(crate) fn text(answer: &Answer, localized: LocalizedTheme, now: OffsetDateTime) -> String {
    let phrases = localized.phrases;
    let labels = phrases.labels();
    let mut lines = vec![localized.question(answer), String::new(), localized.word(answer).to_owned()];
    lines.push(localized.sentence(answer));
    for play in &answer.plays {
        lines.push(format!("- {}. {}", phrases.play(play), play.text));
    }
    lines.extend(sentence::taken_back(answer, phrases));
    lines.extend(crate::page::season::line(answer, phrases));
    lines.extend(localized.season_note().filter(|_| answer.season.is_some()).map(str::to_owned));
    lines.push(String::new());
    lines.extend(localized.replay().map(|about| format!("{}.", phrases.replay(about))));
    let updated = match answer.asked_at {
        Some(at) => {
            let (clock, ago) =
                (phrases.clock(&LocalTime::at(at, &answer.zone)), phrases.ago(times::age(now - at)));
            format!("{} {clock}, {ago}.", labels.last_heard)
        }
        None => labels.not_heard.into(),
    };
    let stale = if answer.stale {
        format!(" {}{}", labels.maybe_out_of_date, sentence::refusal(answer, phrases))
    } else {
        String::new()
    };
    lines.push(format!("{}. {updated}{stale}", localized.day(answer)));
    lines.iter().flat_map(|line| wrapped(line, WIDTH)).map(|line| line + "\n").collect()
}

/// The lines of a text, broken at spaces, of at most `width` characters; a longer word stands alone.
pub(crate) fn wrapped(line: &str, width: usize) -> Vec<String> {
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
