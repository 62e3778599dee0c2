//! The site's clock: the system's, or one that starts at another time and may run faster (`--clock`, `e6 demo`).

use std::{
    ops::Range,
    time::{Duration, Instant},
};
use time::OffsetDateTime;

/// The years of all times that e6 takes from others: near the ends of the calendar, a few hours more are none.
pub(crate) const YEARS: Range<i32> = 1900..3000;

/// The clock of the site. Cheap to copy; all copies show the same time.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The system's clock.
    System,
    /// A clock that was set to another time.
    Set {
        /// The time it showed at `began`.
        start: OffsetDateTime,
        /// The moment it was started.
        began: Instant,
        /// Its seconds per real second; at least 1.
        rate: u32,
        /// The time at which it stops; none runs on.
        end: Option<OffsetDateTime>,
    },
}

/// A moment to measure elapsed time from.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    shown: OffsetDateTime,
    at: Instant,
}

impl Clock {
    /// A clock that shows `start` now and runs on at the usual rate.
    pub fn starting_at(start: OffsetDateTime) -> Self {
        Clock::Set { start, began: Instant::now(), rate: 1, end: None }
    }

    /// A clock that shows `start` now, runs `rate` times as fast and stops at `end`.
    pub fn racing(start: OffsetDateTime, rate: u32, end: OffsetDateTime) -> Self {
        Clock::Set { start, began: Instant::now(), rate: rate.max(1), end: Some(end) }
    }

    /// The time by this clock, in UTC.
    pub fn now(&self) -> OffsetDateTime {
        match *self {
            Clock::System => OffsetDateTime::now_utc(),
            Clock::Set { start, began, rate, end } => {
                let passed = began.elapsed().saturating_mul(rate);
                let now = start + time::Duration::try_from(passed).unwrap_or(time::Duration::MAX / 2);
                end.map_or(now, |end| now.min(end))
            }
        }
    }

    /// Whether the clock has reached its end.
    pub fn has_stopped(&self) -> bool {
        matches!(*self, Clock::Set { end: Some(end), .. } if self.now() >= end)
    }

    /// The present moment, for [`Clock::since`].
    pub fn mark(&self) -> Mark {
        Mark { shown: self.now(), at: Instant::now() }
    }

    /// Time since a moment by this clock, unaffected by changes of the system's time.
    pub fn since(&self, mark: &Mark) -> Duration {
        match self {
            Clock::System => mark.at.elapsed(),
            Clock::Set { .. } => Duration::try_from(self.now() - mark.shown).unwrap_or_default(),
        }
    }

    /// Like [`Clock::since`], but at least the difference of the times shown, which counts time in suspend.
    pub fn at_least_since(&self, mark: &Mark) -> Duration {
        self.since(mark).max(Duration::try_from(self.now() - mark.shown).unwrap_or_default())
    }

    /// The real duration of a `span` on this clock.
    pub fn real(&self, span: Duration) -> Duration {
        match *self {
            Clock::System => span,
            Clock::Set { rate, .. } => span / rate,
        }
    }
}

/// A duration in its largest whole unit, for the log: `250 ms`, `8 s`, `15 min`, `2 h`.
pub fn rounded(duration: Duration) -> String {
    let (whole, unit) = match duration.as_secs_f64() {
        seconds if seconds < 0.9995 => (seconds * 1000.0, "ms"),
        seconds if seconds < 59.5 => (seconds, "s"),
        seconds if seconds < 3570.0 => (seconds / 60.0, "min"),
        seconds => (seconds / 3600.0, "h"),
    };
    format!("{whole:.0} {unit}")
}

/// The wait after this many failures in a row: from `first` on it doubles with each, up to `cap`. Its upper half
/// depends on `dice` (0..1), so that many sites do not retry at once.
pub fn backoff(first: Duration, cap: Duration, failures: u32, dice: f64) -> Duration {
    let whole = first.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(cap);
    whole.mul_f64(0.5 + dice / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn waits_double_up_to_their_cap() {
        for (cap, failures, longest) in [
            (45, 1, 2),
            (45, 2, 4),
            (45, 3, 8),
            (45, 4, 16),
            (45, 5, 32),
            (45, 6, 45),
            (900, 6, 64),
            (900, 9, 512),
            (900, 10, 900),
            (900, 4_000_000_000, 900),
        ] {
            let wait = |dice| backoff(Duration::from_secs(2), Duration::from_secs(cap), failures, dice);
            let longest = Duration::from_secs(longest);
            assert_eq!((wait(0.0), wait(1.0)), (longest / 2, longest), "{failures} failures");
        }
    }

    #[test]
    fn a_racing_clock_stops_at_its_end() {
        let start = datetime!(2023-08-10 01:00 UTC);
        let clock = Clock::Set {
            start,
            began: Instant::now() - Duration::from_secs(10),
            rate: 60,
            end: Some(datetime!(2023-08-10 01:05 UTC)),
        };
        assert_eq!(clock.now(), datetime!(2023-08-10 01:05 UTC));
        assert_eq!(clock.real(Duration::from_secs(60)), Duration::from_secs(1));
    }

    #[test]
    fn a_system_clock_that_was_set_back_shortens_no_span_and_one_set_forward_lengthens_it() {
        let clock = Clock::System;
        let ago = |shown, real| Mark {
            shown: OffsetDateTime::now_utc() - shown,
            at: Instant::now() - Duration::from_secs(real),
        };
        let set_back = ago(time::Duration::minutes(-59), 60);
        assert!((60..70).contains(&clock.since(&set_back).as_secs()));
        assert!((60..70).contains(&clock.at_least_since(&set_back).as_secs()));
        let slept = ago(time::Duration::HOUR, 60);
        assert!((60..70).contains(&clock.since(&slept).as_secs()));
        assert!((3600..3610).contains(&clock.at_least_since(&slept).as_secs()));
    }

    #[test]
    fn a_set_clock_runs_on() {
        let clock = Clock::starting_at(datetime!(2024-07-02 12:00 UTC));
        assert!(clock.now() >= datetime!(2024-07-02 12:00 UTC));
        assert!(clock.now() < datetime!(2024-07-02 12:01 UTC));
    }

    #[test]
    fn a_duration_is_rounded_to_its_largest_unit() {
        for (milliseconds, expected) in [
            (0, "0 ms"),
            (249, "249 ms"),
            (1000, "1 s"),
            (7_731, "8 s"),
            (59_600, "1 min"),
            (900_000, "15 min"),
            (7_200_000, "2 h"),
        ] {
            assert_eq!(rounded(Duration::from_millis(milliseconds)), expected);
        }
    }
}
