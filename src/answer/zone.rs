//! The clock of a ballpark, from the tz database.

use serde::{Deserialize, Serialize};
use std::fmt;
use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

/// A time zone of the tz database, such as `America/Los_Angeles`.
///
/// The system's database is used where there is one, so that the operating system's updates apply; else the copy
/// compiled into the binary.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(jiff::tz::TimeZone);

/// The tz database has no zone of this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownZone(String);

impl Zone {
    /// Looks a zone up by its IANA name.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        jiff::tz::TimeZone::get(name).map(Zone).map_err(|_| UnknownZone(name.to_owned()))
    }

    /// The zone for when no ballpark is known yet: the westernmost one with a club, where the day turns last.
    pub fn fallback() -> Self {
        Zone::named("America/Los_Angeles").unwrap_or(Zone(jiff::tz::TimeZone::UTC))
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The same instant with this zone's offset at that instant.
    pub fn local(&self, instant: OffsetDateTime) -> OffsetDateTime {
        instant.to_offset(self.offset(instant))
    }

    /// What the zone's clocks call this instant: "PDT".
    pub fn abbreviation(&self, instant: OffsetDateTime) -> String {
        match jiff::Timestamp::from_second(instant.unix_timestamp()) {
            Ok(instant) => self.0.to_offset_info(instant).abbreviation().to_owned(),
            Err(_) => String::from("UTC"),
        }
    }

    /// The first instant of a calendar day here.
    pub fn midnight(&self, day: Date) -> OffsetDateTime {
        let wall = PrimitiveDateTime::new(day, Time::MIDNIGHT);
        // The offset in force is found from a guess at most a zone change away; the second look settles it.
        let guess = wall.assume_offset(self.offset(wall.assume_utc()));
        wall.assume_offset(self.offset(guess + Duration::SECOND))
    }

    fn offset(&self, instant: OffsetDateTime) -> UtcOffset {
        jiff::Timestamp::from_second(instant.unix_timestamp())
            .ok()
            .and_then(|instant| UtcOffset::from_whole_seconds(self.0.to_offset(instant).seconds()).ok())
            .unwrap_or(UtcOffset::UTC)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for UnknownZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the tz database has no zone named {:?}", self.0)
    }
}

impl std::error::Error for UnknownZone {}

impl TryFrom<String> for Zone {
    type Error = UnknownZone;
    fn try_from(name: String) -> Result<Self, UnknownZone> {
        Zone::named(&name)
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> String {
        zone.name().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    #[test]
    fn midnight_follows_daylight_saving_time() {
        let zone = Zone::named("America/Los_Angeles").unwrap();
        assert_eq!(zone.midnight(date!(2026 - 07 - 01)), datetime!(2026-07-01 07:00 UTC));
        assert_eq!(zone.midnight(date!(2026 - 12 - 01)), datetime!(2026-12-01 08:00 UTC));
        // The days on which the clocks change begin before the change.
        assert_eq!(zone.midnight(date!(2026 - 03 - 08)), datetime!(2026-03-08 08:00 UTC));
        assert_eq!(zone.midnight(date!(2026 - 11 - 01)), datetime!(2026-11-01 07:00 UTC));
        assert_eq!(zone.abbreviation(datetime!(2026-07-01 07:00 UTC)), "PDT");
    }

    #[test]
    fn an_unknown_zone_is_an_error_that_names_it() {
        assert!(Zone::named("Mars/Olympus").unwrap_err().to_string().contains("Mars/Olympus"));
    }

    #[test]
    fn a_zone_survives_the_state_file() {
        let zone = Zone::named("America/New_York").unwrap();
        let kept = serde_json::to_string(&zone).unwrap();
        assert_eq!(kept, "\"America/New_York\"");
        assert_eq!(serde_json::from_str::<Zone>(&kept).unwrap(), zone);
    }
}
