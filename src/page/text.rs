//! The answer for terminals: 80 columns, and escape sequences only if colour is asked for.

use crate::{
    answer::{Answer, Verdict},
    page::{
        LocalizedTheme,
        ansi::Paint,
        block_letters::block_letters,
        board::board,
        colours::PageState,
        plain, sentence,
        times::{self, LocalTime},
    },
    site::page::TerminalForms,
};
use time::OffsetDateTime;

/// The default width of a terminal.
pub(crate) const WIDTH: usize = 80;
/// Columns to the left of big letters in colour.
const MARGIN: usize = 2;

/// The text without colour. Its third line is the word, for scripts.
pub(crate) fn text(answer: &Answer, localized: LocalizedTheme, now: OffsetDateTime) -> String {
    painted(answer, localized, now, Paint::NONE)
}

/// The other forms for terminals.
pub(crate) fn terminal(
    answer: &Answer,
    localized: LocalizedTheme,
    now: OffsetDateTime,
) -> TerminalForms<String> {
    let paint = Paint::new(localized.theme.colours.of(PageState::of(answer)));
    TerminalForms {
        colour: painted(answer, localized, now, paint),
        line: one_line(answer, localized, now, Paint::NONE),
        colour_line: one_line(answer, localized, now, paint),
    }
}

fn painted(answer: &Answer, localized: LocalizedTheme, now: OffsetDateTime, paint: Paint) -> String {
    let phrases = localized.phrases;
    let mut lines = Vec::new();
    let wrap = |lines: &mut Vec<String>, text: &str| lines.extend(wrapped(text, WIDTH));
    wrap(&mut lines, &localized.question(answer));
    lines.push(String::new());
    let word = wrapped(localized.word(answer), WIDTH);
    lines.extend(word.iter().map(|line| paint.bold(line)));
    lines.push(String::new());
    if let Some(letters) = block_letters(&word.join(" "), WIDTH - 2 * MARGIN) {
        lines.extend(big(&letters, paint));
        lines.push(String::new());
    }
    let sentence = localized.sentence(answer);
    wrap(&mut lines, &[&sentence, localized.wit(answer).unwrap_or_default()].join(" "));
    for play in &answer.plays {
        wrap(&mut lines, &format!("- {}: {}. {}", play.scoring(), phrases.play(play), play.text));
    }
    for game in &answer.games {
        let board = board(answer, game, phrases, paint, WIDTH);
        if !board.is_empty() {
            lines.push(String::new());
            lines.extend(board);
            wrap(&mut lines, &sentence::game_state(game, phrases));
            lines.push(String::new());
        }
    }
    for text in [
        sentence::taken_back(answer, phrases),
        crate::page::season::line(answer, phrases),
        crate::page::leaders::line(answer, localized).map(|line| line + "."),
    ] {
        text.iter().for_each(|text| wrap(&mut lines, text));
    }
    if let Some(note) = localized.season_note().filter(|_| answer.season.is_some()) {
        wrap(&mut lines, note);
    }
    lines.push(String::new());
    if let Some(about) = localized.replay() {
        wrap(&mut lines, &format!("{}.", phrases.replay(about)));
    }
    wrap(&mut lines, &format!("{}.{}", localized.day(answer), age(answer, localized, now)));
    lines.dedup_by(|line, before| line.is_empty() && before.is_empty());
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Big letters; in colour, on a ground over the whole width.
fn big(letters: &[String], paint: Paint) -> Vec<String> {
    if paint.is_none() {
        return letters.to_vec();
    }
    let empty = String::new();
    let rows = std::iter::once(&empty).chain(letters).chain([&empty]);
    rows.map(|line| paint.banner(&format!("{:MARGIN$}{line:<width$}", "", width = WIDTH - MARGIN))).collect()
}

fn age(answer: &Answer, localized: LocalizedTheme, now: OffsetDateTime) -> String {
    let (phrases, labels) = (localized.phrases, localized.phrases.labels());
    let updated = match answer.asked_at {
        _ if answer.is_another_day => String::new(),
        Some(at) => {
            let (clock, ago) =
                (phrases.clock(&LocalTime::at(at, &answer.zone)), phrases.ago(times::age(now - at)));
            format!(" {} {clock}, {ago}.", labels.last_heard)
        }
        None => format!(" {}", labels.not_heard),
    };
    match answer.stale {
        true => format!("{updated} {}{}", labels.maybe_out_of_date, sentence::refusal(answer, phrases)),
        false => updated,
    }
}

/// "Yes (1 error)": for prompts and status bars. A stale answer has its age.
fn one_line(answer: &Answer, localized: LocalizedTheme, now: OffsetDateTime, paint: Paint) -> String {
    let phrases = localized.phrases;
    let errors = match answer.verdict {
        Verdict::Yes(errors) => Some(phrases.errors(errors)),
        _ => None,
    };
    let age = answer.asked_at.filter(|_| answer.stale).map(|at| phrases.ago(times::age(now - at)));
    let notes: Vec<_> = [errors, age].into_iter().flatten().collect();
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
    let room = WIDTH.saturating_sub(notes.chars().count());
    let word: String = plain(localized.word(answer)).chars().take(room).collect();
    format!("{}{notes}\n", paint.banner(&word))
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
