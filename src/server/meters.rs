//! Everything that is counted, by the room that counts it.

use super::keep::Keep;
use crate::{edge::Counters, mlb::Polls, web::Metrics};
use prometheus::{IntGauge, Opts, Registry};

pub(super) struct Meters {
    pub registry: Registry,
    pub connections: Counters,
    pub requests: Metrics,
    pub polls: Polls,
    pub keep: Keep,
}

impl Meters {
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let build = Opts::new("e6_build_info", "What this binary was built from; always 1.")
            .const_label("version", env!("CARGO_PKG_VERSION"))
            .const_label("commit", env!("BUILD_COMMIT"))
            .const_label("rustc", env!("BUILD_RUSTC"));
        let build = IntGauge::with_opts(build)?;
        build.set(1);
        registry.register(Box::new(build))?;
        Ok(Meters {
            connections: Counters::register(&registry)?,
            polls: Polls::register(&registry)?,
            requests: Metrics::register(registry.clone())?,
            keep: Keep::new(&registry)?,
            registry,
        })
    }
}
