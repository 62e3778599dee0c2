//! Metrics of the poller's rounds of requests to MLB, and of the relay.

use crate::{
    answer::Outage,
    metrics::{begin, metrics},
    mlb::relay::RelayOutcome,
    name::Named,
};
use prometheus::Registry;

metrics! {
    pub struct PollMetrics {
        polls: counters("e6_mlb_polls_total", "Rounds of requests to MLB, by outcome.", "outcome");
    }
}

metrics! {
    pub struct RelayMetrics {
        requests: counters(
            "e6_relay_requests_total", "Requests to the relay, by how they were answered.", "outcome");
        upstream: counters(
            "e6_relay_upstream_requests_total", "Requests of the relay to MLB, by how they ended.", "outcome");
        entries: gauge("e6_relay_entries", "Replies and failures that the relay keeps.");
        bytes: gauge("e6_relay_bytes", "Bytes of the replies that the relay keeps.");
    }
}

impl PollMetrics {
    /// Registers the counter, with each outcome at zero.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let polls = Self::registered(registry)?;
        // `Starting` is the state before the first round, not the outcome of one.
        let failures = Outage::all().filter(|outage| *outage != Outage::Starting);
        begin(&polls.polls, failures.map(Named::name).chain([HEARD]));
        Ok(polls)
    }

    pub(crate) fn asked(&self, trouble: Option<Outage>) {
        self.polls.with_label_values(&[trouble.map_or(HEARD, Named::name)]).inc();
    }
}

impl RelayMetrics {
    /// Registers the counters, each at zero.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let metrics = Self::registered(registry)?;
        begin(&metrics.requests, RelayOutcome::all().map(Named::name));
        let failures =
            Outage::all().filter(|outage| !matches!(outage, Outage::Starting | Outage::NoSuchPlayer));
        begin(&metrics.upstream, failures.map(Named::name).chain([HEARD]));
        Ok(metrics)
    }

    pub(crate) fn answered(&self, outcome: RelayOutcome) {
        self.requests.with_label_values(&[outcome.name()]).inc();
    }

    pub(crate) fn asked(&self, trouble: Option<Outage>) {
        self.upstream.with_label_values(&[trouble.map_or(HEARD, Named::name)]).inc();
    }

    pub(crate) fn holds(&self, entries: usize, bytes: usize) {
        self.entries.set(i64::try_from(entries).unwrap_or(i64::MAX));
        self.bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}

const HEARD: &str = "heard";
