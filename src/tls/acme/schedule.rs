//! The times of renewals, retries and orders. Pure functions: time and randomness are arguments.
//!
//! Let's Encrypt allows five failed validations per name, account and hour, and gives one back every twelve minutes. We
//! stop at four in any hour, also across restarts, so that an operator who has fixed the cause is not locked out.

use crate::tls::acme::error::AcmeFailureKind;
use time::{Duration, OffsetDateTime};

/// The most refused orders in any hour.
pub(crate) const REFUSALS: usize = 4;
/// The window in which refused orders count.
const WINDOW: Duration = Duration::HOUR;
/// Delay after the first failure to reach the CA; it doubles with each.
const UNREACHABLE: Duration = Duration::seconds(5);
/// The longest of these delays: once a CA is back after hours, it is asked again within this time.
const UNREACHABLE_CAP: Duration = Duration::minutes(30);
/// Delay after the first refusal; it quadruples with each. It is short for DNS or a port that was just changed.
const REFUSED: Duration = Duration::MINUTE;
/// Delay after a disk error.
const DISK: Duration = Duration::MINUTE;

/// The time to renew a certificate: at two thirds of its life, whether that is ninety days or six, and up to a fiftieth
/// of it earlier, so that not all clients come at once. `random` is within 0..1.
pub(crate) fn renewal(not_before: OffsetDateTime, not_after: OffsetDateTime, random: f64) -> OffsetDateTime {
    let life = not_after - not_before;
    not_before + life * 2 / 3 - life / 50 * random
}

/// The time of the retry after this many consecutive failures, at least one. `random` is within 0..1.
pub(crate) fn retry(
    kind: AcmeFailureKind,
    failures: u32,
    now: OffsetDateTime,
    random: f64,
) -> OffsetDateTime {
    let again = failures.saturating_sub(1);
    match kind {
        AcmeFailureKind::Unreachable | AcmeFailureKind::Nonce => {
            let span = UNREACHABLE * 2_i32.pow(again.min(20));
            now + span.min(UNREACHABLE_CAP) * (0.5 + random / 2.0)
        }
        AcmeFailureKind::Refused => {
            now + (REFUSED * 4_i32.pow(again.min(10))).min(WINDOW) * (1.0 + random / 4.0)
        }
        AcmeFailureKind::Limited(until) => {
            let until = until.unwrap_or(now + WINDOW);
            // A date far off is a mistake or due to a wrong clock. One attempt a day costs the CA nothing.
            until.clamp(now + Duration::MINUTE, now + Duration::DAY) + Duration::MINUTE * random
        }
        AcmeFailureKind::Disk => now + DISK,
    }
}

/// The earliest time of the next order, after orders at these times that were refused or never ended.
pub(crate) fn gate(refused: &[OffsetDateTime], now: OffsetDateTime) -> OffsetDateTime {
    let mut recent: Vec<_> = refused.iter().filter(|at| now - **at < WINDOW && **at <= now).collect();
    recent.sort();
    match recent.len().checked_sub(REFUSALS) {
        Some(oldest) => *recent[oldest] + WINDOW,
        None => now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

    #[test]
    fn renewal_is_at_two_thirds_of_any_life() {
        for (days, at) in [(90, 60), (6, 4), (398, 265)] {
            let end = NOW + Duration::days(days);
            let due = renewal(NOW, end, 0.0);
            assert_eq!((due - NOW).whole_days(), at, "{days}");
            let early = renewal(NOW, end, 1.0);
            assert!(early < due && due - early <= Duration::days(days) / 50, "{early}");
        }
    }

    #[test]
    fn a_ca_that_cannot_be_reached_is_asked_less_and_less_often() {
        let wait = |failures, random| {
            (retry(AcmeFailureKind::Unreachable, failures, NOW, random) - NOW).as_seconds_f64()
        };
        for (failures, seconds) in [(1, 5.0), (2, 10.0), (5, 80.0), (10, 1800.0), (u32::MAX, 1800.0)] {
            assert_eq!((wait(failures, 0.0), wait(failures, 1.0)), (seconds / 2.0, seconds), "{failures}");
        }
    }

    #[test]
    fn refusals_stay_below_the_limit_of_the_ca_whatever_the_dice() {
        for random in [0.0, 0.5, 1.0] {
            let (mut now, mut orders) = (NOW, Vec::new());
            for failures in 1..50 {
                orders.push(now);
                now = retry(AcmeFailureKind::Refused, failures, now, random).max(gate(&orders, now));
            }
            for (index, order) in orders.iter().enumerate() {
                let within = orders[index..].iter().filter(|at| **at - *order < WINDOW).count();
                assert!(within <= REFUSALS, "{within} within an hour of {order}");
            }
            assert!(orders[1] - NOW <= Duration::minutes(2), "a quick mend is seen quickly");
        }
    }

    #[test]
    fn restarts_do_not_get_around_the_gate() {
        let at = |minutes: i64| NOW - Duration::minutes(minutes);
        for (refused, open) in [
            (vec![], NOW),
            (vec![at(1), at(2), at(3)], NOW),
            (vec![at(1), at(2), at(3), at(50)], NOW + Duration::minutes(10)),
            (vec![at(50), at(1), at(2), at(3), at(4)], NOW + Duration::minutes(56)),
            (vec![at(61), at(1), at(2), at(3)], NOW),
            // Written by a clock that was ahead.
            (vec![at(-600), at(-600), at(-600), at(-600)], NOW),
        ] {
            assert_eq!(gate(&refused, NOW), open, "{refused:?}");
        }
    }

    #[test]
    fn what_the_ca_says_about_its_limits_is_kept() {
        let until = |until| retry(AcmeFailureKind::Limited(until), 1, NOW, 0.0) - NOW;
        assert_eq!(until(None), Duration::HOUR);
        assert_eq!(until(Some(NOW + Duration::hours(3))), Duration::hours(3));
        assert_eq!(until(Some(NOW - Duration::hours(3))), Duration::MINUTE);
        assert_eq!(until(Some(NOW + Duration::days(90))), Duration::DAY);
    }
}
