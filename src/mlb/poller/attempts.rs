//! The time of the next request for each part: a failed part is retried alone, while the others keep their intervals.

use crate::{
    answer::{Outage, Pace},
    clock::{Clock, Mark, backoff, rounded},
    mlb::{
        poller::{Poller, ROSTER_INTERVAL, interval},
        upstream::{PollError, REFUSED, WAYS_OUT},
    },
};
use std::{collections::BTreeMap, time::Duration};

/// Wait after a first failure; it doubles with each further one.
const BACKOFF: Duration = Duration::from_secs(2);
/// The longest wait: the site recovers from an outage of any length within a minute of its end.
const BACKOFF_CAP: Duration = Duration::from_secs(45);
/// The longest wait while MLB's CDN refuses this server's network, which lasts for days: more requests would annoy it.
const REFUSED_BACKOFF_CAP: Duration = Duration::from_secs(15 * 60);

/// A part of the facts; each is read by its own question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PartKey {
    Player,
    Club,
    Schedule,
    /// The feed of the game with this id.
    Feed(u64),
    Roster,
    Season,
    Calendar,
    Leaders,
    /// A season, or a game of an earlier day, that is looked up.
    Archive,
}

impl PartKey {
    /// Whether the answer does not rest on this part.
    pub fn is_secondary(self) -> bool {
        matches!(
            self,
            PartKey::Roster | PartKey::Season | PartKey::Calendar | PartKey::Leaders | PartKey::Archive
        )
    }
}

#[derive(Default)]
pub(crate) struct Attempts(BTreeMap<PartKey, Attempt>);

struct Attempt {
    at: Mark,
    failure: Option<FailedAttempts>,
}

/// Failed attempts in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FailedAttempts {
    pub count: u32,
    pub trouble: Outage,
    pub wait: Duration,
}

impl Attempts {
    /// The time until this part is due, if it is valid for `lasts`.
    pub fn left(&self, key: PartKey, lasts: Duration, clock: &Clock) -> Duration {
        match self.0.get(&key) {
            None => Duration::ZERO,
            Some(Attempt { at, failure: Some(failure) }) => failure.wait.saturating_sub(clock.since(at)),
            Some(Attempt { at, failure: None }) => lasts.saturating_sub(clock.at_least_since(at)),
        }
    }

    /// Records that this part was read. Returns the failures before it, if any.
    pub fn succeeded(&mut self, key: PartKey, at: Mark) -> Option<FailedAttempts> {
        self.0.insert(key, Attempt { at, failure: None })?.failure
    }

    /// Records that this part could not be read. The next attempt waits for at least `at_least`.
    pub fn failed(&mut self, key: PartKey, at: Mark, trouble: Outage, at_least: Duration) -> FailedAttempts {
        let before = self.0.get(&key).and_then(|attempt| attempt.failure);
        let count = before.map_or(0, |before| before.count).saturating_add(1);
        let cap = if trouble == Outage::Refused { REFUSED_BACKOFF_CAP } else { BACKOFF_CAP };
        let wait = backoff(BACKOFF, cap, count, fastrand::f64()).max(at_least);
        let failure = FailedAttempts { count, trouble, wait };
        self.0.insert(key, Attempt { at, failure: Some(failure) });
        failure
    }

    pub fn has_asked(&self, key: PartKey) -> bool {
        self.0.contains_key(&key)
    }

    /// Makes a part due at once.
    pub fn forget(&mut self, key: PartKey) {
        self.0.remove(&key);
    }

    /// Makes every part due at once whose latest attempt was refused.
    pub fn forget_refused(&mut self) {
        let is_refused =
            |attempt: &Attempt| attempt.failure.is_some_and(|failure| failure.trouble == Outage::Refused);
        self.0.retain(|_, attempt| !is_refused(attempt));
    }

    pub fn keep_feeds(&mut self, is_wanted: impl Fn(u64) -> bool) {
        self.0.retain(|key, _| match key {
            PartKey::Feed(pk) => is_wanted(*pk),
            _ => true,
        });
    }
}

impl Poller {
    /// Records that a part was read, and logs the end of its failures.
    pub(crate) fn note_success(&mut self, key: PartKey) {
        let Some(failure) = self.attempts.succeeded(key, self.clock.mark()) else { return };
        if failure.trouble != Outage::Refused {
            tracing::info!(failures = failure.count, part = ?key, "MLB answers again");
        } else if std::mem::take(&mut self.is_refusal_logged) {
            tracing::info!("MLB no longer refuses this server's network");
            self.attempts.forget_refused();
        }
    }

    pub(crate) fn note_failure(&mut self, key: PartKey, pace: Pace, refusal: &PollError) {
        let trouble = refusal.trouble;
        match key {
            PartKey::Player => self.facts.player.fail(trouble),
            PartKey::Club => self.facts.zone.fail(trouble),
            PartKey::Schedule => self.facts.schedule.fail(trouble),
            PartKey::Feed(pk) => self.facts.feeds.entry(pk).or_default().fail(trouble),
            PartKey::Roster => self.facts.availability.fail(trouble),
            PartKey::Season => self.facts.season.fail(trouble),
            PartKey::Calendar => self.facts.calendar.fail(trouble),
            PartKey::Leaders => self.facts.leaders.fail(trouble),
            PartKey::Archive => {}
        }
        let mark = self.clock.mark();
        self.hold = refusal.retry_after.map(|wait| (mark, wait));
        let at_least = match key {
            // The answer does not rest on them: the pace's interval is soon enough.
            PartKey::Roster | PartKey::Season | PartKey::Calendar => interval(pace),
            PartKey::Leaders => ROSTER_INTERVAL,
            _ => refusal.retry_after.unwrap_or_default(),
        };
        let failure = self.attempts.failed(key, mark, trouble, at_least);
        if key.is_secondary() && trouble != Outage::Refused {
            tracing::info!(failures = failure.count, part = ?key, "left out for now: {refusal}");
        } else {
            self.log_failure(refusal, failure);
        }
    }

    /// Warns of the 1st, 2nd, 4th, 8th… failure in a row. A refusal is an error, logged once with the ways out.
    fn log_failure(
        &mut self,
        refusal: &PollError,
        FailedAttempts { count: failures, trouble, wait }: FailedAttempts,
    ) {
        if trouble == Outage::NoSuchPlayer {
            tracing::error!(
                player = self.facts.player.value.id,
                "MLB knows no such player: give the id from his page at mlb.com/player with --player"
            );
        }
        let is_refused = trouble == Outage::Refused;
        if is_refused && !std::mem::replace(&mut self.is_refusal_logged, true) {
            tracing::error!("{REFUSED}: {refusal}; {WAYS_OUT}");
        }
        if failures.is_power_of_two() && !is_refused {
            tracing::warn!(failures, retry_in = rounded(wait), "no news from MLB: {refusal}");
        } else {
            tracing::debug!(failures, retry_in = rounded(wait), "no news from MLB: {refusal}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_part_that_fails_holds_up_no_other() {
        let lasts = Duration::from_secs(10);
        let at = |seconds| {
            let now = datetime!(2024-07-03 04:00 UTC) + time::Duration::seconds(seconds);
            Clock::racing(now, 1, now)
        };
        let (one, two) = (PartKey::Feed(1), PartKey::Feed(2));
        let mut attempts = Attempts::default();
        assert_eq!(attempts.left(one, lasts, &at(0)), Duration::ZERO, "never asked for");
        assert_eq!(attempts.succeeded(one, at(0).mark()), None);
        let failure = attempts.failed(two, at(0).mark(), Outage::TooSlow, Duration::from_secs(120));
        assert_eq!(failure.wait, Duration::from_secs(120), "as long as MLB asked for");
        assert_eq!(attempts.left(one, lasts, &at(4)), Duration::from_secs(6));
        assert_eq!(attempts.left(two, lasts, &at(20)), Duration::from_secs(100));
        assert_eq!(attempts.succeeded(two, at(120).mark()), Some(failure));
        assert_eq!(attempts.left(two, lasts, &at(130)), Duration::ZERO);
    }

    #[test]
    fn a_refusal_is_waited_out_for_longer_than_an_outage() {
        let wait = |trouble| {
            let mut attempts = Attempts::default();
            let mut failed =
                || attempts.failed(PartKey::Player, Clock::System.mark(), trouble, Duration::ZERO);
            (0..20).map(|_| failed().wait).max()
        };
        assert!(wait(Outage::TooSlow) <= Some(BACKOFF_CAP) && wait(Outage::Refused) > Some(BACKOFF_CAP));
    }
}
