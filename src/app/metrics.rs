//! All metrics of the process.

use crate::{
    app::{answer_metrics::AnswerMetrics, process_metrics::ProcessMetrics},
    http::{connection_metrics::ConnectionMetrics, http3::QuicMetrics, metrics::RequestMetrics},
    mlb::{PollMetrics, RelayMetrics},
    notify::NotifyMetrics,
    output,
    site::routes::ROUTES,
    threads::RestartingThreads,
};
use prometheus::{IntGauge, Opts, Registry};

pub(crate) struct AllMetrics {
    pub registry: Registry,
    pub answer: AnswerMetrics,
    pub connections: ConnectionMetrics,
    pub quic: QuicMetrics,
    pub requests: RequestMetrics,
    pub polls: PollMetrics,
    pub relay: RelayMetrics,
    pub notify: NotifyMetrics,
    pub threads: RestartingThreads,
}

impl AllMetrics {
    pub fn new() -> prometheus::Result<Self> {
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
        registry.register(Box::new(ProcessMetrics))?;
        Ok(AllMetrics {
            answer: AnswerMetrics::registered(&registry)?,
            connections: ConnectionMetrics::register(&registry)?,
            quic: QuicMetrics::register(&registry)?,
            polls: PollMetrics::register(&registry)?,
            relay: RelayMetrics::register(&registry)?,
            notify: NotifyMetrics::registered(&registry)?,
            requests: RequestMetrics::register(registry.clone(), ROUTES.iter().map(|route| route.pattern))?,
            threads: RestartingThreads::new(&registry)?,
            registry,
        })
    }
}
