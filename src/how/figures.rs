//! Formatting of numbers and lists, and cutting of text to a length.

/// Microseconds in a readable unit.
pub(crate) fn span(micros: f64) -> String {
    match micros {
        micros if micros < 9.95 => format!("{micros:.1} µs"),
        micros if micros < 999.5 => format!("{micros:.0} µs"),
        micros if micros < 9_950.0 => format!("{:.1} ms", micros / 1e3),
        micros if micros < 999_500.0 => format!("{:.0} ms", micros / 1e3),
        micros if micros < 120e6 => format!("{:.0} s", micros / 1e6),
        micros if micros < 7_200e6 => format!("{:.0} min", micros / 60e6),
        micros if micros < 48.0 * 3_600e6 => format!("{:.0} h", micros / 3_600e6),
        micros => format!("{:.0} days", micros / 86_400e6),
    }
}

/// The text, cut to at most `most` characters.
pub(crate) fn fit(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

pub(crate) fn plural(count: u64, what: &str) -> String {
    format!("{} {what}{}", thousands(count), if count == 1 { "" } else { "s" })
}

pub(crate) fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

pub(crate) fn listed(items: &[&str]) -> String {
    match items {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
