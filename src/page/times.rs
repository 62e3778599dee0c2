//! Times and dates, without the words of a language.

use crate::answer::Zone;
use time::{Date, Duration, OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// A time by a ballpark's clock.
pub(crate) struct LocalTime {
    pub local: OffsetDateTime,
    /// "PDT".
    pub zone: String,
    /// Its day, if readers would assume another one.
    pub day: Option<Date>,
}

impl LocalTime {
    pub(crate) fn at(instant: OffsetDateTime, zone: &Zone) -> Self {
        LocalTime { local: zone.local(instant), zone: zone.abbreviation(instant), day: None }
    }

    /// Sets its day, unless that is `day`.
    pub(crate) fn unless_on(mut self, day: Date) -> Self {
        self.day = Some(self.local.date()).filter(|own| *own != day);
        self
    }

    /// RFC 3339 with the ballpark's offset, so that the script can tell whether the reader's offset differs.
    pub(crate) fn machine(&self) -> String {
        rfc3339(self.local)
    }
}

/// An age, in its largest whole unit.
#[derive(Clone, Copy)]
pub(crate) enum Age {
    Moments,
    Minutes(i64),
    Hours(i64),
    Days(i64),
}

/// RFC 3339 in UTC with whole seconds.
pub(crate) fn machine(at: OffsetDateTime) -> String {
    rfc3339(at.to_offset(UtcOffset::UTC))
}

fn rfc3339(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}

/// The age in its largest whole unit.
pub(crate) fn age(age: Duration) -> Age {
    match age {
        age if age < Duration::MINUTE => Age::Moments,
        age if age < Duration::HOUR => Age::Minutes(age.whole_minutes()),
        age if age < Duration::DAY => Age::Hours(age.whole_hours()),
        age => Age::Days(age.whole_days()),
    }
}
