//! The time zone of a ballpark, from the tz database.

use serde::{Deserialize, Serialize};
use std::{fmt, fs, path::Path};
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

const SYSTEM: &str = "/usr/share/zoneinfo";

/// A time zone of the tz database, such as `America/Los_Angeles`.
///
/// The system's database is used where there is one, so that the operating system's updates apply; else the copy
/// compiled into the binary. The one file is read here, because `jiff` would list all zones of the system first.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(jiff::tz::TimeZone);

/// The error for a name that is no zone of the tz database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownZone(String);

impl Zone {
    /// Looks a zone up by its IANA name, in upper or lower case.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        let bundled = || {
            let zone = jiff::tz::TimeZone::get(name).ok()?;
            // Its name as the database writes it may be that of a file.
            zone.iana_name().and_then(system_zone).or(Some(zone))
        };
        system_zone(name).or_else(bundled).map(Zone).ok_or_else(|| UnknownZone(name.to_owned()))
    }

    /// The zone until a ballpark is known: the westernmost one with a club, where the day ends last.
    pub fn fallback() -> Self {
        Zone::named("America/Los_Angeles").unwrap_or(Zone(jiff::tz::TimeZone::UTC))
    }

    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The same instant with this zone's offset at that instant.
    pub fn local(&self, instant: OffsetDateTime) -> OffsetDateTime {
        instant.checked_to_offset(self.offset(instant)).unwrap_or(instant)
    }

    /// The zone's abbreviation at this instant, such as "PDT".
    pub fn abbreviation(&self, instant: OffsetDateTime) -> String {
        timestamp(instant).map_or("UTC".into(), |at| self.0.to_offset_info(at).abbreviation().to_owned())
    }

    /// The first instant of a calendar day here.
    pub fn midnight(&self, day: Date) -> OffsetDateTime {
        self.at(day, Time::MIDNIGHT)
    }

    /// The instant at which clocks here show this time on this day: the first of two such instants; an hour later if
    /// the clocks skip it.
    pub fn at(&self, day: Date, time: Time) -> OffsetDateTime {
        let in_utc = PrimitiveDateTime::new(day, time).assume_utc();
        timestamp(in_utc)
            .map(|at| jiff::tz::TimeZone::UTC.to_datetime(at))
            .and_then(|wall| self.0.to_ambiguous_timestamp(wall).compatible().ok())
            .and_then(|at| OffsetDateTime::from_unix_timestamp(at.as_second()).ok())
            .map_or(in_utc, |instant| self.local(instant))
    }

    fn offset(&self, instant: OffsetDateTime) -> UtcOffset {
        timestamp(instant)
            .and_then(|at| UtcOffset::from_whole_seconds(self.0.to_offset(at).seconds()).ok())
            .unwrap_or(UtcOffset::UTC)
    }
}

/// The instant in whole seconds.
fn timestamp(instant: OffsetDateTime) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_second(instant.unix_timestamp()).ok()
}

/// A zone of the system's database. A name that is no path within the database is not looked up.
fn system_zone(name: &str) -> Option<jiff::tz::TimeZone> {
    let is_within = name.split('/').all(|part| part.starts_with(|first: char| first.is_ascii_alphabetic()));
    let file = is_within.then(|| Path::new(SYSTEM).join(name))?;
    jiff::tz::TimeZone::tzif(name, &fs::read(file).ok()?).ok()
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
    fn a_time_of_day_exists_once_on_the_nights_on_which_the_clocks_change() {
        let zone = Zone::named("America/New_York").unwrap();
        let at = |day, hour| zone.at(day, Time::from_hms(hour, 0, 0).unwrap()).to_offset(UtcOffset::UTC);
        let (spring, autumn) = (date!(2026 - 03 - 08), date!(2026 - 11 - 01));
        assert_eq!(at(spring, 1), datetime!(2026-03-08 06:00 UTC));
        assert_eq!(at(spring, 2), datetime!(2026-03-08 07:00 UTC), "the clocks skip 02:00");
        assert_eq!(at(spring, 4), datetime!(2026-03-08 08:00 UTC));
        assert_eq!(at(autumn, 1), datetime!(2026-11-01 05:00 UTC), "01:00 comes twice");
        assert_eq!(at(autumn, 4), datetime!(2026-11-01 09:00 UTC));
        // In Asuncion the clocks skipped midnight itself.
        let asuncion = Zone::named("America/Asuncion").unwrap();
        assert_eq!(asuncion.midnight(date!(2023 - 10 - 01)), datetime!(2023-10-01 04:00 UTC));
        assert_eq!(zone.midnight(date!(2028 - 02 - 29)), datetime!(2028-02-29 05:00 UTC));
    }

    #[test]
    fn an_unknown_zone_is_an_error_that_names_it() {
        for name in ["Mars/Olympus", "", "/etc/passwd", "../zoneinfo/UTC", "America", "tzdata.zi", "."] {
            assert!(Zone::named(name).unwrap_err().to_string().contains(&format!("{name:?}")));
        }
    }

    #[test]
    fn a_zone_survives_the_state_file() {
        let zone = Zone::named("America/New_York").unwrap();
        let kept = serde_json::to_string(&zone).unwrap();
        assert_eq!(kept, "\"America/New_York\"");
        assert_eq!(serde_json::from_str::<Zone>(&kept).unwrap(), zone);
        assert_eq!(serde_json::from_str::<Zone>("\"AmerIca/New_york\"").unwrap(), zone);
    }
}
