//! Everything that is counted and watched, by the room that counts it.

use crate::{
    app::{answer_metrics::AnswerMetrics, process_metrics::ProcessMetrics, threads::Keep},
    heartbeat::{Pulse, Pulses},
    http::{connection_metrics::Counters, metrics::Metrics},
    limits::Limits,
    mlb::{Polls, Watch, relay::RelayMetrics},
    output,
};
use prometheus::{IntGauge, Opts, Registry};
use std::sync::Arc;

pub(crate) struct Meters {
    pub registry: Registry,
    pub answer: AnswerMetrics,
    pub connections: Counters,
    pub requests: Metrics,
    pub polls: Polls,
    pub relay: RelayMetrics,
    pub keep: Keep,
    pub pulses: Arc<Pulses>,
    pub poller: Pulse,
}

impl Meters {
    pub fn new(limits: &Limits) -> prometheus::Result<Self> {
        let registry = Registry::new();
        let build = Opts::new(
            "e6_build_info",
            "The version, commit and compiler of this binary, as labels of the value 1.",
        )
        .const_label("version", env!("CARGO_PKG_VERSION"))
        .const_label("commit", env!("BUILD_COMMIT"))
        .const_label("rustc", env!("BUILD_RUSTC"));
        let build = IntGauge::with_opts(build)?;
        build.set(1);
        registry.register(Box::new(build))?;
        output::register(&registry)?;
        registry.register(Box::new(ProcessMetrics::new()?))?;
        let pulses = Arc::new(Pulses::default());
        Ok(Meters {
            answer: AnswerMetrics::register(&registry)?,
            connections: Counters::register(&registry)?,
            polls: Polls::register(&registry)?,
            relay: RelayMetrics::register(&registry)?,
            requests: Metrics::register(registry.clone())?,
            keep: Keep::new(&registry)?,
            poller: pulses.of("poller".into(), Watch::longest_pause(limits)),
            pulses,
            registry,
        })
    }
}
