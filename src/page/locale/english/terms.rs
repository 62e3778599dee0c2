//! Opponents, days and numbers in English.

use crate::page::locale::cities;
use time::{Date, macros::format_description};

/// "Texas", or "the Mets" where the city alone does not name the club.
pub(crate) fn opponent(club: &str) -> String {
    match cities::city(club) {
        Some(city) if !cities::has_two_clubs(city) => city.to_owned(),
        _ => format!("the {}", cities::nickname(club)),
    }
}

/// "Wednesday, August 9".
pub(crate) fn short_date(date: Date) -> String {
    let format = format_description!("[weekday], [month repr:long] [day padding:none]");
    date.format(format).unwrap_or_default()
}

/// "August 9".
pub(crate) fn month_day(date: Date) -> String {
    date.format(format_description!("[month repr:long] [day padding:none]")).unwrap_or_default()
}

/// "14th".
pub(crate) fn ordinal(number: u32) -> String {
    let suffix = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}

pub(crate) fn counted(count: u32, noun: &str) -> String {
    match count {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        n => format!("{n} {noun}s"),
    }
}
