//! His club's games as a calendar to subscribe to (RFC 5545).

use crate::{
    answer::{Answer, Fixture, Outcome},
    page::{Look, Voice, plain},
};
use time::{
    Date, OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description,
};

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]");
const INSTANT: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");

/// What a game takes, more or less.
const GAME_LASTS: &str = "PT3H";

/// Content lines are folded so that none has more octets than this (RFC 5545 §3.1).
const LINE_CAP: usize = 75;

/// A calendar must have a component (RFC 5545 §3.6). Before any game is known it has one that nobody sees.
const NOTHING: &[&str] = &[
    "BEGIN:VTIMEZONE",
    "TZID:Etc/UTC",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0000",
    "END:STANDARD",
    "END:VTIMEZONE",
];

/// All that a calendar says, but for when it was made.
pub struct Calendar {
    name: String,
    url: Option<String>,
    events: Vec<Event>,
}

struct Event {
    uid: String,
    day: Date,
    /// None while it is to be determined: the event is then the whole day.
    start: Option<OffsetDateTime>,
    summary: String,
    description: Option<&'static str>,
    location: String,
    status: &'static str,
}

impl Calendar {
    /// The year's games, with what he did in those that are over.
    pub fn new(answer: &Answer, look: &Look) -> Self {
        let event = |fixture: &Fixture| Event::new(fixture, answer.player.id, look.english());
        Calendar {
            name: format!("Games of {}", answer.player.short_name),
            url: look.url.as_ref().map(|url| format!("{url}/")),
            events: answer.fixtures.iter().map(event).collect(),
        }
    }

    /// As it is served. `made` is when it became what it is (DTSTAMP).
    pub fn text(&self, made: OffsetDateTime) -> String {
        let mut lines: Vec<String> =
            ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//e6//An error today//EN", "CALSCALE:GREGORIAN"]
                .map(String::from)
                .into();
        lines.push(format!("NAME:{}", escaped(&self.name)));
        lines.push(format!("X-WR-CALNAME:{}", escaped(&self.name)));
        lines.push("REFRESH-INTERVAL;VALUE=DURATION:PT1H".into());
        for event in &self.events {
            lines.extend(event.lines(made, self.url.as_deref()));
        }
        if self.events.is_empty() {
            lines.extend(NOTHING.iter().copied().map(String::from));
        }
        lines.push("END:VCALENDAR".into());
        lines.iter().map(|line| folded(line)).collect()
    }
}

impl Event {
    fn new(Fixture { listing, outcome }: &Fixture, player: u32, voice: Voice) -> Self {
        let words = voice.words;
        let verdict = match outcome {
            Some(Outcome::Charged(1)) => format!("{}: ", words.yes),
            Some(Outcome::Charged(errors)) => {
                format!("{} ({}): ", words.yes, voice.phrases.errors(*errors))
            }
            Some(Outcome::Clean) => format!("{}: ", words.no),
            Some(Outcome::Absent) | None => String::new(),
        };
        let second = if listing.number > 1 { format!(", game {}", listing.number) } else { String::new() };
        Event {
            uid: format!("game-{}-player-{player}@{}", listing.pk, voice.look.authority()),
            day: listing.official,
            start: listing.start,
            summary: format!("{verdict}{} at {}{second}", listing.away.club.name, listing.home.club.name),
            description: (*outcome == Some(Outcome::Absent)).then_some("He did not take the field."),
            location: listing.venue.clone(),
            status: match listing.start {
                _ if listing.is_off() => "CANCELLED",
                Some(_) => "CONFIRMED",
                None if outcome.is_some() => "CONFIRMED",
                None => "TENTATIVE",
            },
        }
    }

    fn lines(&self, made: OffsetDateTime, url: Option<&str>) -> Vec<String> {
        let mut lines = vec!["BEGIN:VEVENT".into(), format!("UID:{}", self.uid)];
        lines.push(format!("DTSTAMP:{}", utc(made)));
        match self.start {
            Some(start) => {
                lines.push(format!("DTSTART:{}", utc(start)));
                lines.push(format!("DURATION:{GAME_LASTS}"));
            }
            None => {
                let day = self.day.format(DAY).unwrap_or_default();
                lines.push(format!("DTSTART;VALUE=DATE:{day}"));
            }
        }
        lines.push(format!("SUMMARY:{}", escaped(&self.summary)));
        lines.extend(self.description.map(|text| format!("DESCRIPTION:{}", escaped(text))));
        if !self.location.is_empty() {
            lines.push(format!("LOCATION:{}", escaped(&self.location)));
        }
        lines.extend(url.map(|url| format!("URL:{url}")));
        // A game takes none of the reader's time.
        lines.extend([format!("STATUS:{}", self.status), "TRANSP:TRANSPARENT".into(), "END:VEVENT".into()]);
        lines
    }
}

fn utc(at: OffsetDateTime) -> String {
    at.to_offset(UtcOffset::UTC).format(INSTANT).unwrap_or_default()
}

/// TEXT (RFC 5545 §3.3.11), on one line.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for char in plain(text).chars() {
        if matches!(char, '\\' | ';' | ',') {
            escaped.push('\\');
        }
        escaped.push(char);
    }
    escaped
}

/// A content line with its end, broken between characters.
fn folded(line: &str) -> String {
    let mut folded = String::new();
    let mut room = LINE_CAP;
    for char in line.chars() {
        if char.len_utf8() > room {
            folded += "\r\n ";
            room = LINE_CAP - 1;
        }
        folded.push(char);
        room -= char.len_utf8();
    }
    folded + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_folded_between_characters_and_unfolds_to_itself() {
        for length in [1, 74, 75, 76, 149, 150, 300] {
            for text in ["x".repeat(length), "é".repeat(length), "⚾".repeat(length)] {
                let folded = folded(&text);
                assert!(folded.ends_with("\r\n"));
                assert!(folded.split("\r\n").all(|line| line.len() <= 75), "{folded}");
                assert_eq!(folded.replace("\r\n ", "").trim_end(), text);
            }
        }
    }

    #[test]
    fn text_is_escaped_and_stays_on_its_line() {
        assert_eq!(escaped("a\\b;c,d\r\nBEGIN:VEVENT\u{1b}"), "a\\\\b\\;c\\,dBEGIN:VEVENT");
    }
}
