//! All metrics and heartbeats of the process.

use crate::{
    app::{answer_metrics::AnswerMetrics, process_metrics::ProcessMetrics, threads::RestartingThreads},
    heartbeat::{Heartbeat, Heartbeats},
    http::{connection_metrics::ConnectionMetrics, metrics::RequestMetrics},
    limits::Limits,
    mlb::{PollMetrics, Poller, relay::RelayMetrics},
    notify::NotifyMetrics,
    output,
    site::routes::ROUTES,
};
use prometheus::{IntGauge, Opts, Registry};
use std::sync::Arc;

pub(crate) struct AllMetrics {
    pub registry: Registry,
    pub answer: AnswerMetrics,
    pub connections: ConnectionMetrics,
    pub requests: RequestMetrics,
    pub polls: PollMetrics,
    pub relay: RelayMetrics,
    pub notify: NotifyMetrics,
    pub keep: RestartingThreads,
    pub heartbeats: Arc<Heartbeats>,
    pub poller: Heartbeat,
}

impl AllMetrics {
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
        let heartbeats = Arc::new(Heartbeats::default());
        Ok(AllMetrics {
            answer: AnswerMetrics::register(&registry)?,
            connections: ConnectionMetrics::register(&registry)?,
            polls: PollMetrics::register(&registry)?,
            relay: RelayMetrics::register(&registry)?,
            notify: NotifyMetrics::register(&registry)?,
            requests: RequestMetrics::register(registry.clone(), ROUTES.iter().map(|route| route.pattern))?,
            keep: RestartingThreads::new(&registry)?,
            poller: heartbeats.of("poller".into(), Poller::longest_pause(limits)),
            heartbeats,
            registry,
        })
    }
}
