//! Metrics of the relay.

use super::reply::RelayOutcome;
use crate::{answer::Outage, mlb::polls};
use prometheus::{
    IntCounterVec, IntGauge, Registry, register_int_counter_vec_with_registry as counters,
    register_int_gauge_with_registry as gauge,
};

#[derive(Clone)]
pub struct RelayMetrics {
    requests: IntCounterVec,
    upstream: IntCounterVec,
    entries: IntGauge,
    bytes: IntGauge,
}

impl RelayMetrics {
    /// Registers the counters, each at zero.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let requests = "Requests to the relay, by how they were answered.";
        let upstream = "Requests of the relay to MLB, by how they ended.";
        let metrics = RelayMetrics {
            requests: counters!("e6_relay_requests_total", requests, &["outcome"], registry)?,
            upstream: counters!("e6_relay_upstream_requests_total", upstream, &["outcome"], registry)?,
            entries: gauge!("e6_relay_entries", "Replies and failures that the relay keeps.", registry)?,
            bytes: gauge!("e6_relay_bytes", "Bytes of the replies that the relay keeps.", registry)?,
        };
        for outcome in RelayOutcome::ALL {
            metrics.requests.with_label_values(&[outcome.name()]);
        }
        for outcome in ["heard", "unreachable", "too_slow", "turned_away", "refused", "garbled"] {
            metrics.upstream.with_label_values(&[outcome]);
        }
        Ok(metrics)
    }

    pub(super) fn answered(&self, outcome: RelayOutcome) {
        self.requests.with_label_values(&[outcome.name()]).inc();
    }

    pub(super) fn asked(&self, trouble: Option<Outage>) {
        self.upstream.with_label_values(&[trouble.map_or("heard", polls::name_of)]).inc();
    }

    pub(super) fn holds(&self, entries: usize, bytes: usize) {
        self.entries.set(i64::try_from(entries).unwrap_or(i64::MAX));
        self.bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}
