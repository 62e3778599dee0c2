//! Formatting of numbers, times and lists, and cutting of text to a length.

use crate::language::Language;
use time::{OffsetDateTime, UtcOffset, macros::format_description};

/// Microseconds in a readable unit, with a space that does not break the line.
pub(crate) fn span(micros: f64, language: Language) -> String {
    match micros {
        micros if micros < 9.95 => format!("{micros:.1}\u{a0}µs"),
        micros if micros < 999.5 => format!("{micros:.0}\u{a0}µs"),
        micros if micros < 9_950.0 => format!("{:.1}\u{a0}ms", micros / 1e3),
        micros if micros < 999_500.0 => format!("{:.0}\u{a0}ms", micros / 1e3),
        micros if micros < 9_950_000.0 => format!("{:.1}\u{a0}s", micros / 1e6),
        micros if micros < 120e6 => format!("{:.0}\u{a0}s", micros / 1e6),
        micros if micros < 7_200e6 => format!("{:.0}\u{a0}min", micros / 60e6),
        micros if micros < 48.0 * 3_600e6 => format!("{:.0}\u{a0}h", micros / 3_600e6),
        micros => format!("{:.0}\u{a0}{}", micros / 86_400e6, language.pick("days", "días")),
    }
}

/// "2024-07-03 03:00 UTC".
pub(crate) fn minute(at: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    at.to_offset(UtcOffset::UTC).format(format).unwrap_or_default()
}

/// The text, cut to at most `most` characters.
pub(crate) fn fit(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

/// "1,211 bytes", in both languages.
pub(crate) fn bytes(count: u64) -> String {
    format!("{} byte{}", thousands(count), if count == 1 { "" } else { "s" })
}

pub(crate) fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// "br, gzip and zstd".
pub(crate) fn listed(items: &[&str], language: Language) -> String {
    match items {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} {} {last}", first.join(", "), language.pick("and", "y")),
    }
}
