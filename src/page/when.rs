//! Times and dates in words.

use crate::answer::Zone;
use time::{
    Date, Duration, OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339,
    macros::format_description,
};

/// "7:05 PM PDT", by the ballpark's clock.
pub(super) fn clock(at: OffsetDateTime, zone: &Zone) -> String {
    let format = format_description!("[hour repr:12 padding:none]:[minute] [period]");
    format!("{} {}", zone.local(at).format(format).unwrap_or_default(), zone.abbreviation(at))
}

/// "Wednesday, August 9, 2023".
pub(super) fn long_date(date: Date) -> String {
    let format = format_description!("[weekday], [month repr:long] [day padding:none], [year]");
    date.format(format).unwrap_or_default()
}

/// "Wednesday, August 9".
pub(super) fn short_date(date: Date) -> String {
    let format = format_description!("[weekday], [month repr:long] [day padding:none]");
    date.format(format).unwrap_or_default()
}

/// "August 9, 2023, 19:05 UTC".
pub(super) fn minute_utc(at: OffsetDateTime) -> String {
    let format = format_description!("[month repr:long] [day padding:none], [year], [hour]:[minute] UTC");
    at.to_offset(UtcOffset::UTC).format(format).unwrap_or_default()
}

/// "Aug 9, 2023".
pub(super) fn day_utc(at: OffsetDateTime) -> String {
    let format = format_description!("[month repr:short] [day padding:none], [year]");
    at.to_offset(UtcOffset::UTC).format(format).unwrap_or_default()
}

/// "Aug 9".
pub(super) fn brief_date(date: Date) -> String {
    date.format(format_description!("[month repr:short] [day padding:none]")).unwrap_or_default()
}

/// "Aug".
pub(super) fn month(date: Date) -> String {
    date.format(format_description!("[month repr:short]")).unwrap_or_default()
}

/// RFC 3339 in UTC with whole seconds.
pub(super) fn machine(at: OffsetDateTime) -> String {
    at.to_offset(UtcOffset::UTC).replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}

/// "3 minutes ago".
pub(super) fn ago(age: Duration) -> String {
    let (count, unit) = match age {
        age if age < Duration::MINUTE => return "less than a minute ago".into(),
        age if age < Duration::HOUR => (age.whole_minutes(), "minute"),
        age if age < Duration::DAY => (age.whole_hours(), "hour"),
        age => (age.whole_days(), "day"),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}
