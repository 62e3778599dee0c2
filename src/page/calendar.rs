//! His club's games as a calendar to subscribe to (RFC 5545).

use crate::{
    answer::{Answer, Fixture, GameOutcome},
    page::{LocalizedTheme, Theme, plain},
};
use icalendar::{Component, Event, EventLike, EventStatus, Property};
use time::{
    Date, OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description,
};

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]");
const INSTANT: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");

const GAME_LENGTH: &str = "PT3H";

/// The component of a calendar without games, which no client shows. A calendar must have one (RFC 5545 §3.6).
const INVISIBLE: &str = "BEGIN:VTIMEZONE\r\nTZID:Etc/UTC\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0000\r\n\
    TZOFFSETTO:+0000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n";

/// The year's games as a file, with what he did in those that are over. `made` is the time of its last change
/// (DTSTAMP).
pub fn calendar(answer: &Answer, theme: &Theme, made: OffsetDateTime) -> String {
    let mut calendar = icalendar::Calendar::new();
    calendar.append_property(("PRODID", "-//e6//An error today//EN"));
    let name = plain(&format!("Games of {}", answer.player.short_name));
    for key in ["NAME", "X-WR-CALNAME"] {
        // The library escapes only values that are declared as text.
        calendar.append_property(Property::new(key, &name).add_parameter("VALUE", "TEXT").done());
    }
    let hourly = Property::new("REFRESH-INTERVAL", "PT1H").add_parameter("VALUE", "DURATION").done();
    calendar.append_property(hourly);
    let event = |fixture: &Fixture| {
        let mut event = event(fixture, answer.player.id, theme.english());
        event.add_property("DTSTAMP", utc(made)).done()
    };
    calendar.extend(answer.fixtures.iter().map(event));
    let text = calendar.to_string();
    match answer.fixtures.is_empty() {
        true => text.replace("END:VCALENDAR", &format!("{INVISIBLE}END:VCALENDAR")),
        false => text,
    }
}

fn event(Fixture { listing, outcome }: &Fixture, player: u32, localized: LocalizedTheme) -> Event {
    let words = localized.words;
    let verdict = match outcome {
        Some(GameOutcome::Charged(1)) => format!("{}: ", words.yes),
        Some(GameOutcome::Charged(errors)) => {
            format!("{} ({}): ", words.yes, localized.phrases.errors(*errors))
        }
        Some(GameOutcome::Clean) => format!("{}: ", words.no),
        Some(GameOutcome::Absent) | None => String::new(),
    };
    let second = if listing.number > 1 { format!(", game {}", listing.number) } else { String::new() };
    let summary = format!("{verdict}{} at {}{second}", listing.away.club.name, listing.home.club.name);
    let mut event = Event::new();
    event
        .uid(&format!("game-{}-player-{player}@{}", listing.pk, localized.theme.authority()))
        .summary(&plain(&summary))
        .status(match listing.start {
            _ if listing.is_off() => EventStatus::Cancelled,
            None if outcome.is_none() => EventStatus::Tentative,
            _ => EventStatus::Confirmed,
        })
        // A game does not make the reader busy.
        .add_property("TRANSP", "TRANSPARENT");
    match listing.start {
        Some(start) => event.add_property("DTSTART", utc(start)).add_property("DURATION", GAME_LENGTH),
        None => event.append_property(
            Property::new("DTSTART", date(listing.official)).add_parameter("VALUE", "DATE").done(),
        ),
    };
    if *outcome == Some(GameOutcome::Absent) {
        event.description("He did not take the field.");
    }
    if !listing.venue.is_empty() {
        event.location(&plain(&listing.venue));
    }
    if let Some(url) = &localized.theme.url {
        event.url(&format!("{url}/{}", listing.official));
    }
    event.done()
}

fn utc(at: OffsetDateTime) -> String {
    at.to_offset(UtcOffset::UTC).format(INSTANT).unwrap_or_default()
}

fn date(day: Date) -> String {
    day.format(DAY).unwrap_or_default()
}
