//! The format of lines: text for people, or JSON objects of one shape for programs: `timestamp`, `level`, `message`,
//! then the line's own fields.

use super::{stderr, stdout};
use crate::name::named;
use serde_json::Value;
use std::{
    fmt::Write,
    io,
    sync::atomic::{AtomicBool, Ordering},
};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};
use tracing::Level;

named! {
    pub enum LogFormat {
        /// Text, for people and for programs that read the "combined" format of Apache and nginx.
        Combined = "combined",
        /// One JSON object a line.
        Json = "json",
    }
}

/// The format of timestamps, as in the log's own lines.
const TIMESTAMP: &[BorrowedFormatItem] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

/// Whether everything on both streams is JSON.
static IS_JSON: AtomicBool = AtomicBool::new(false);

pub fn set(format: LogFormat) {
    IS_JSON.store(format == LogFormat::Json, Ordering::Relaxed);
}

pub fn present() -> LogFormat {
    if IS_JSON.load(Ordering::Relaxed) { LogFormat::Json } else { LogFormat::Combined }
}

/// A time in the format of every line, in UTC.
pub fn timestamp(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC).format(TIMESTAMP).unwrap_or_default()
}

/// Writes an error or warning of a command to standard error: as text with its level before each line, or as an object
/// for each line.
pub fn report(level: Level, text: &str) {
    let lines: String = match present() {
        LogFormat::Combined => text.lines().map(|line| levelled(level, line, stderr().has_colour)).collect(),
        LogFormat::Json => {
            text.lines().filter(|line| !line.is_empty()).map(|line| object(level, line, &[])).collect()
        }
    };
    stderr().queue(lines.as_bytes());
}

/// A line with its level before it, in colour on a terminal.
fn levelled(level: Level, line: &str, is_coloured: bool) -> String {
    let name = match level {
        Level::ERROR => "error",
        Level::WARN => "warning",
        _ => return format!("{line}\n"),
    };
    format!("{} {line}\n", coloured(&format!("{name}:"), level, is_coloured))
}

/// A word in the colour of a level: bold red for errors, bold yellow for warnings.
pub fn coloured(word: &str, level: Level, is_coloured: bool) -> String {
    match level {
        Level::ERROR if is_coloured => format!("\u{1b}[1;31m{word}\u{1b}[0m"),
        Level::WARN if is_coloured => format!("\u{1b}[1;33m{word}\u{1b}[0m"),
        _ => word.to_owned(),
    }
}

/// Writes a line to standard output while the process serves: this text, or an object with this message and fields.
pub fn announce(text: &str, message: &str, fields: &[(&str, Value)]) {
    stdout().queue(line(text, message, fields).as_bytes());
}

/// Writes a command's result to standard output: this text, or an object with this message and these fields.
pub fn answer(text: &str, message: &str, fields: &[(&str, Value)]) -> io::Result<()> {
    stdout().print(&line(text, message, fields))
}

fn line(text: &str, message: &str, fields: &[(&str, Value)]) -> String {
    match present() {
        LogFormat::Combined => format!("{text}\n"),
        LogFormat::Json => object(Level::INFO, message, fields),
    }
}

/// One object, with a line break.
pub fn object(level: Level, message: &str, fields: &[(&str, Value)]) -> String {
    let mut object = format!(
        "{{\"timestamp\":\"{}\",\"level\":\"{level}\",\"message\":{}",
        timestamp(OffsetDateTime::now_utc()),
        Value::from(message)
    );
    for (name, value) in fields {
        // Writing to a string cannot fail.
        let _ = write!(object, ",{}:{value}", Value::from(*name));
    }
    object.push_str("}\n");
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_stands_before_an_error_and_a_warning_and_has_a_colour_on_terminals() {
        assert_eq!(levelled(Level::ERROR, "no", false), "error: no\n");
        assert_eq!(levelled(Level::ERROR, "no", true), "\u{1b}[1;31merror:\u{1b}[0m no\n");
        assert_eq!(levelled(Level::WARN, "hm", true), "\u{1b}[1;33mwarning:\u{1b}[0m hm\n");
        assert_eq!(levelled(Level::INFO, "yes", true), "yes\n");
    }

    #[test]
    fn an_object_is_json_on_one_line_whatever_is_in_it() {
        let object =
            object(Level::ERROR, "a \"b\"\nc", &[("path", "/\u{1b}[2J".into()), ("count", 3.into())]);
        assert_eq!(object.matches('\n').count(), 1);
        let value: Value = serde_json::from_str(&object).unwrap();
        assert_eq!((&value["level"], &value["message"]), (&"ERROR".into(), &"a \"b\"\nc".into()));
        assert_eq!((&value["path"], &value["count"]), (&"/\u{1b}[2J".into(), &3.into()));
        assert!(value["timestamp"].as_str().unwrap().len() == "2026-11-26T15:28:09.123456Z".len());
    }
}
