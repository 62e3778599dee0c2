//! Metrics of QUIC.

use crate::{
    metrics::{begin, metrics},
    net::udp::steering::SteeringMetrics,
};
use prometheus::Registry;

metrics! {
    /// The metrics of QUIC, over all endpoints.
    pub(crate) struct QuicMetrics {
        /// By whether the client's address was validated before.
        handshakes: counters("e6_quic_handshakes_total", "QUIC handshakes that succeeded.", "address_validated");
        pub retries: counter(
            "e6_quic_retries_total", "QUIC clients that were asked to prove their address first (Retry).");
        pub migrations: counter(
            "e6_quic_migrations_total", "Changes of a QUIC client's address that were seen at a request.");
        handed_over: counters(
            "e6_quic_datagrams_handed_over_total",
            "UDP datagrams that reached an endpoint other than their connection's, by where they went.", "to");
    }
}

impl QuicMetrics {
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let metrics = Self::registered(registry)?;
        begin(&metrics.handshakes, [false, true].map(validated));
        metrics.steering();
        Ok(metrics)
    }

    pub fn handshake(&self, is_validated: bool) {
        self.handshakes.with_label_values(&[validated(is_validated)]).inc();
    }

    /// The counters of datagrams for other endpoints.
    pub fn steering(&self) -> SteeringMetrics {
        let [to_worker, to_process, dropped] =
            ["worker", "old_process", "dropped"].map(|to| self.handed_over.with_label_values(&[to]));
        SteeringMetrics { to_worker, to_process, dropped }
    }
}

fn validated(is_validated: bool) -> &'static str {
    if is_validated { "yes" } else { "no" }
}
