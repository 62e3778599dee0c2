//! Metrics of the poller's rounds of requests to MLB.

use crate::answer::Outage;
use prometheus::{IntCounterVec, Registry, register_int_counter_vec_with_registry as counters};

#[derive(Clone)]
pub struct PollMetrics(IntCounterVec);

impl PollMetrics {
    /// Registers the counter, with each outcome at zero.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let (name, help) = ("e6_mlb_polls_total", "Rounds of requests to MLB, by outcome.");
        let polls = counters!(name, help, &["outcome"], registry).map(PollMetrics)?;
        // A counter that begins at 1 hides its first increase.
        // `Starting` is the state before the first round, not the outcome of one.
        let failures = Outage::ALL.into_iter().filter(|outage| *outage != Outage::Starting);
        for outcome in failures.map(name_of).chain([HEARD]) {
            polls.0.with_label_values(&[outcome]);
        }
        Ok(polls)
    }

    pub(crate) fn heard(&self) {
        self.count(HEARD);
    }

    pub(crate) fn failed(&self, trouble: Outage) {
        self.count(name_of(trouble));
    }

    fn count(&self, outcome: &str) {
        self.0.with_label_values(&[outcome]).inc();
    }
}

const HEARD: &str = "heard";

pub(super) fn name_of(trouble: Outage) -> &'static str {
    match trouble {
        Outage::Starting => "starting",
        Outage::Unreachable => "unreachable",
        Outage::TooSlow => "too_slow",
        Outage::TurnedAway => "turned_away",
        Outage::Refused => "refused",
        Outage::Garbled => "garbled",
        Outage::NoSuchPlayer => "no_such_player",
    }
}
