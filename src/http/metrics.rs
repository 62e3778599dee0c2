//! Metrics of requests, and the page with all metrics.

use crate::{
    http::log_record::protocol,
    metrics::{begin, metrics},
    name::{Named, named},
    per_worker::PerWorker,
    sync::Mutex,
};
use hyper::{Method, StatusCode, Version};
use prometheus::{
    Histogram, IntCounter, Registry, TextEncoder, histogram_opts,
    local::{LocalHistogram, LocalIntCounter},
    register_histogram_with_registry as histogram,
};
use std::{sync::Arc, time::Duration};

/// Upper bounds in seconds. Bodies are made in advance, so a response takes microseconds; the rest is the client's
/// network.
const DURATIONS: [f64; 12] =
    [10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 5e-3, 25e-3, 100e-3, 1.0, 10.0];

/// The metrics of requests, and the registry of all metrics.
#[derive(Clone)]
pub struct RequestMetrics {
    registry: Registry,
    routes: Arc<[&'static str]>,
    totals: RequestTotals,
    durations: Histogram,
    counts: Arc<PerWorker<Mutex<RequestCounts>>>,
}

metrics! {
    struct RequestTotals {
        requests: counters(
            "e6_http_requests_total", "Responses to visitors.", "route", "method", "status", "protocol");
        bytes: counter("e6_http_response_bytes_total", "Bytes of response bodies sent to visitors.");
        dropped: counter(
            "e6_access_log_dropped_total",
            "Lines of the access log that were lost: its queue was full, or they could not be written.");
        refused: counters(
            "e6_http_requests_refused_total",
            "Requests refused because of a limit: 429 for the rate of an address, 503 for too many streams of /events.",
            "reason");
        streams: gauge("e6_event_streams", "Streams of /events that are open.");
    }
}

named! {
    /// The limit that a refused request exceeded.
    pub(crate) enum RequestLimit {
        /// The request rate of its address.
        OfAddress = "address_rate",
        /// The number of event streams, of all clients or of its address.
        Streams = "event_streams",
    }
}

/// The label of a request that no route matches.
const NO_ROUTE: &str = "none";

/// The label of a method: its name if it is known, because a peer can make up any number of others.
pub(crate) fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Status, method and protocol: the labels of a response, except for its route.
pub(crate) type Labels = (StatusCode, &'static str, Version);

/// One worker's counts since the metrics were last read.
struct RequestCounts {
    /// For each route the labels that it has had, of which there are few.
    requests: Vec<Vec<(Labels, LocalIntCounter)>>,
    durations: LocalHistogram,
    bytes: LocalIntCounter,
}

impl RequestCounts {
    /// Adds the counts to the metrics.
    fn flush(&self) {
        self.requests.iter().flatten().for_each(|(_, count)| count.flush());
        self.durations.flush();
        self.bytes.flush();
    }
}

impl RequestMetrics {
    /// Registers the metrics of requests with this registry, which the metrics page shows. `routes` are the labels of
    /// the routes, in their order.
    pub fn register(
        registry: Registry,
        routes: impl IntoIterator<Item = &'static str>,
    ) -> prometheus::Result<Self> {
        let totals = RequestTotals::registered(&registry)?;
        let durations = histogram_opts!(
            "e6_http_request_duration_seconds",
            "Time from the head of a request to the last byte of its response, in seconds.",
            DURATIONS.to_vec()
        );
        let durations = histogram!(durations, registry)?;
        let counts = || {
            let (durations, bytes) = (durations.local(), totals.bytes.local());
            Mutex::new(RequestCounts { requests: Vec::new(), durations, bytes })
        };
        let metrics = RequestMetrics {
            routes: routes.into_iter().collect(),
            counts: Arc::new(PerWorker::new(counts)),
            totals,
            durations,
            registry,
        };
        begin(&metrics.totals.refused, RequestLimit::all().map(Named::name));
        // The usual series, which have several labels.
        for route in 0..=metrics.routes.len() {
            for version in [Version::HTTP_11, Version::HTTP_2, Version::HTTP_3] {
                for status in [StatusCode::OK, StatusCode::NOT_FOUND, StatusCode::INTERNAL_SERVER_ERROR] {
                    metrics.counter(route, (status, "GET", version));
                }
            }
        }
        Ok(metrics)
    }

    /// The counter of lost access log lines.
    pub fn dropped(&self) -> IntCounter {
        self.totals.dropped.clone()
    }

    /// The counter of responses with these labels.
    fn counter(&self, route: usize, (status, method, version): Labels) -> IntCounter {
        let route = self.routes.get(route).copied().unwrap_or(NO_ROUTE);
        self.totals.requests.with_label_values(&[route, method, status.as_str(), protocol(version)])
    }

    pub(crate) fn refused(&self, why: RequestLimit) {
        self.totals.refused.with_label_values(&[why.name()]).inc();
    }

    /// Counts a response. `route` is the number of its route; any other number stands for none.
    pub(crate) fn responded(&self, route: usize, labels: Labels, bytes: u64, duration: Option<Duration>) {
        let route = route.min(self.routes.len());
        let mut counts = self.counts.lock();
        if counts.requests.len() <= route {
            counts.requests.resize_with(self.routes.len() + 1, Vec::new);
        }
        let known = &mut counts.requests[route];
        match known.iter().find(|(other, _)| *other == labels) {
            Some((_, count)) => count.inc(),
            None => {
                let count = self.counter(route, labels).local();
                count.inc();
                known.push((labels, count));
            }
        }
        if let Some(duration) = duration {
            counts.durations.observe(duration.as_secs_f64());
        }
        counts.bytes.inc_by(bytes);
    }

    /// Adds what the workers have counted.
    fn flush(&self) {
        self.counts.lock_all().iter().for_each(|counts| counts.flush());
    }

    /// Complete responses to visitors so far.
    pub(crate) fn answered(&self) -> u64 {
        self.flush();
        self.durations.get_sample_count()
    }

    /// All metrics in Prometheus's text format.
    pub(crate) fn page(&self, streams: usize) -> Vec<u8> {
        self.flush();
        self.totals.streams.set(streams as i64);
        let mut page = String::new();
        if let Err(error) = TextEncoder::new().encode_utf8(&self.registry.gather(), &mut page) {
            tracing::error!(%error, "cannot write the metrics");
        }
        page.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::per_worker::become_worker;
    use std::thread;

    #[test]
    fn the_counts_of_all_workers_are_added_when_they_are_read() {
        let metrics = RequestMetrics::register(Registry::new(), ["/", "/a"]).unwrap();
        let get = (StatusCode::OK, "GET", Version::HTTP_11);
        thread::scope(|scope| {
            for worker in 0..3 {
                let metrics = &metrics;
                scope.spawn(move || {
                    become_worker(worker);
                    metrics.responded(1, get, 10, Some(Duration::from_micros(20)));
                });
            }
        });
        let refused = (StatusCode::BAD_REQUEST, "none", Version::HTTP_11);
        metrics.responded(usize::MAX, refused, 0, None);
        assert_eq!(metrics.answered(), 3);
        for round in [3, 4] {
            let page = String::from_utf8(metrics.page(0)).unwrap();
            let has = |series: &str| assert!(page.contains(&format!("\n{series}\n")), "{series}: {page}");
            has(&format!(
                "e6_http_requests_total{{method=\"GET\",protocol=\"HTTP/1.1\",route=\"/a\",status=\"200\"}} {round}"
            ));
            has(
                "e6_http_requests_total{method=\"none\",protocol=\"HTTP/1.1\",route=\"none\",status=\"400\"} 1",
            );
            has("e6_http_requests_total{method=\"GET\",protocol=\"HTTP/2.0\",route=\"/\",status=\"500\"} 0");
            has(&format!("e6_http_request_duration_seconds_bucket{{le=\"0.000025\"}} {round}"));
            has("e6_http_request_duration_seconds_bucket{le=\"0.00001\"} 0");
            has(&format!("e6_http_response_bytes_total {}", 10 * round));
            metrics.responded(1, get, 10, Some(Duration::from_micros(20)));
        }
    }
}
