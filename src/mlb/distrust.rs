//! Rejection of a feed that is older than one already read, for a limited time: MLB's caches sometimes send old feeds,
//! but the feed already read may be wrong too, such as one dated in the future.

use crate::clock::{Clock, Mark};
use std::time::Duration;

/// Time after which an older feed is accepted.
const LASTS: Duration = Duration::from_secs(10 * 60);
/// Number of older feeds in a row, none older than the one before it, that are accepted at once.
const AGREEMENT: u32 = 3;

#[derive(Debug)]
pub struct Distrust {
    since: Mark,
    agreeing: u32,
    latest: String,
}

impl Distrust {
    pub fn begin(now: Mark) -> Self {
        Distrust { since: now, agreeing: 0, latest: String::new() }
    }

    /// Records one more older feed, with this timestamp, and returns whether it is accepted.
    pub fn ends_with(&mut self, as_of: &str, clock: &Clock) -> bool {
        self.agreeing = if *as_of >= *self.latest { self.agreeing + 1 } else { 1 };
        as_of.clone_into(&mut self.latest);
        self.agreeing >= AGREEMENT || clock.since(&self.since) >= LASTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn three_older_feeds_in_agreement_count() {
        let clock = Clock::System;
        for (feeds, counts) in [
            (&["1", "1", "1"][..], &[false, false, true][..]),
            (&["1", "2", "3"], &[false, false, true]),
            (&["3", "2", "1", "1", "1"], &[false, false, false, false, true]),
            (&["1", "2", "1", "2", "3"], &[false, false, false, false, true]),
        ] {
            let mut distrust = Distrust::begin(clock.mark());
            let believed: Vec<bool> = feeds.iter().map(|as_of| distrust.ends_with(as_of, &clock)).collect();
            assert_eq!(believed, counts, "{feeds:?}");
        }
    }

    #[test]
    fn an_older_feed_counts_after_ten_minutes() {
        let start = datetime!(2024-07-03 01:00 UTC);
        let at = |minutes| {
            Clock::racing(
                start + time::Duration::minutes(minutes),
                1,
                start + time::Duration::minutes(minutes),
            )
        };
        let mut distrust = Distrust::begin(at(0).mark());
        assert!(!distrust.ends_with("2", &at(9)));
        assert!(distrust.ends_with("1", &at(10)));
    }
}
