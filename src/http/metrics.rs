//! Metrics of requests, and the page with all metrics.

use prometheus::{
    Histogram, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder, histogram_opts,
    register_histogram_with_registry as histogram, register_int_counter_vec_with_registry as counters,
    register_int_counter_with_registry as counter, register_int_gauge_with_registry as int_gauge,
};
use std::time::Duration;

/// Upper bounds in seconds. Bodies are made in advance, so a response takes microseconds; the rest is the client's
/// network.
const DURATIONS: [f64; 12] =
    [10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 5e-3, 25e-3, 100e-3, 1.0, 10.0];

/// The metrics of requests, and the registry of all metrics.
#[derive(Clone)]
pub struct RequestMetrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: Histogram,
    bytes: IntCounter,
    dropped: IntCounter,
    streams: IntGauge,
    refused: IntCounterVec,
}

/// The limit that a refused request exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestLimit {
    /// The request rate of its address.
    OfAddress,
    /// The number of event streams, of all clients or of its address.
    Streams,
}

impl RequestLimit {
    const ALL: [RequestLimit; 2] = [RequestLimit::OfAddress, RequestLimit::Streams];

    fn reason(self) -> &'static str {
        match self {
            RequestLimit::OfAddress => "address_rate",
            RequestLimit::Streams => "event_streams",
        }
    }
}

/// The label of a request that no route matches.
pub(crate) const NO_ROUTE: &str = "none";

/// The labels of a request. Each has few values, whatever peers send.
pub(crate) struct Labels {
    pub route: &'static str,
    pub method: &'static str,
    pub protocol: &'static str,
}

impl RequestMetrics {
    /// Registers the metrics of requests with this registry, which the metrics page shows.
    ///
    /// # Errors
    /// When the registry has some of them already.
    pub fn register(registry: Registry) -> prometheus::Result<Self> {
        let requests = Opts::new("e6_http_requests_total", "Responses to visitors.");
        let durations = histogram_opts!(
            "e6_http_request_duration_seconds",
            "Time from the head of a request to the last byte of its response, in seconds.",
            DURATIONS.to_vec()
        );
        let metrics = RequestMetrics {
            requests: counters!(requests, &["route", "method", "status", "protocol"], registry)?,
            durations: histogram!(durations, registry)?,
            bytes: counter!(
                "e6_http_response_bytes_total",
                "Bytes of response bodies sent to visitors.",
                registry
            )?,
            dropped: counter!(
                "e6_access_log_dropped_total",
                "Lines of the access log that were lost: its queue was full, or they could not be written.",
                registry
            )?,
            refused: counters!(
                "e6_http_requests_refused_total",
                "Requests refused because of a limit: 429 for the rate of an address, 503 for too many streams of /events.",
                &["reason"],
                registry
            )?,
            streams: int_gauge!("e6_event_streams", "Streams of /events that are open.", registry)?,
            registry,
        };
        for why in RequestLimit::ALL {
            metrics.refused.with_label_values(&[why.reason()]);
        }
        Ok(metrics)
    }

    /// The counter of lost access log lines.
    pub fn dropped(&self) -> IntCounter {
        self.dropped.clone()
    }

    /// Creates the usual series of these routes at the start: a counter that begins at 1 hides its first increase.
    pub(crate) fn expect_routes(&self, routes: impl IntoIterator<Item = &'static str>) {
        for route in routes.into_iter().chain([NO_ROUTE]) {
            for protocol in ["HTTP/1.1", "HTTP/2.0"] {
                for status in ["200", "404", "500"] {
                    self.requests.with_label_values(&[route, "GET", status, protocol]);
                }
            }
        }
    }

    pub(crate) fn refused(&self, why: RequestLimit) {
        self.refused.with_label_values(&[why.reason()]).inc();
    }

    pub(crate) fn responded(&self, labels: &Labels, status: &str, bytes: u64, duration: Option<Duration>) {
        let Labels { route, method, protocol } = labels;
        self.requests.with_label_values(&[*route, method, status, protocol]).inc();
        if let Some(duration) = duration {
            self.durations.observe(duration.as_secs_f64());
        }
        self.bytes.inc_by(bytes);
    }

    /// Complete responses to visitors so far.
    pub(crate) fn answered(&self) -> u64 {
        self.durations.get_sample_count()
    }

    /// All metrics in Prometheus's text format.
    pub(crate) fn page(&self, streams: usize) -> Vec<u8> {
        self.streams.set(streams as i64);
        let mut page = String::new();
        if let Err(error) = TextEncoder::new().encode_utf8(&self.registry.gather(), &mut page) {
            tracing::error!(%error, "cannot write the metrics");
        }
        page.into_bytes()
    }
}
