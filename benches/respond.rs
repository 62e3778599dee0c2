//! Cost of one request between hyper and the socket: all of `Service::handle`, with and without the access log.

#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use criterion::{Criterion, criterion_group};
use e6::internals::{
    AccessLog, ConnectionInfo, Limits, ListenerKind, LogDestination, LogFile, LogFormat, Service, asset_url,
    sample::{respond, service_parts, site},
};
use http_body_util::Full;
use hyper::Request;
use std::{hint::black_box, net::IpAddr, sync::Arc};

/// The fields that Chromium sends when a page is opened.
const BROWSER: &[(&str, &str)] = &[
    ("host", "example.org"),
    ("connection", "keep-alive"),
    ("sec-ch-ua", "\"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\""),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", "\"Linux\""),
    ("upgrade-insecure-requests", "1"),
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    ),
    (
        "accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
    ),
    ("sec-fetch-site", "none"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-user", "?1"),
    ("sec-fetch-dest", "document"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "en-US,en;q=0.9"),
];

fn service(log: Option<AccessLog>) -> Service {
    let mut parts = service_parts(site(&"<p>A page of a usual size.</p>\n".repeat(200))).unwrap();
    // The rate limit would refuse nearly all requests.
    parts.limits = Limits { address_rate: 1_000_000, address_burst: 1_000_000, ..Limits::default() };
    parts.observer.log = log.map(Arc::new);
    Service::new(parts)
}

fn request(path: &str, more: &[(&str, &str)]) -> Request<Full<Bytes>> {
    let fields = BROWSER.iter().chain(more);
    let request =
        fields.fold(Request::builder().uri(path), |request, (name, value)| request.header(*name, *value));
    request.body(Full::default()).unwrap()
}

/// A row: its name, the service and the request.
type Row = (&'static str, Service, Request<Full<Bytes>>);

fn rows() -> Vec<Row> {
    let quiet = service(None);
    let devnull = LogFile::open(LogDestination::File("/dev/null".into())).unwrap();
    let dropped = service_parts(site("")).unwrap().observer.metrics.dropped();
    let logging = service(Some(AccessLog::start(devnull, LogFormat::Combined, dropped).unwrap()));
    let stylesheet = asset_url("static/e6.css");
    let etag = respond(&quiet, &request("/", &[]), &connection()).headers()["etag"].clone();
    let etag = etag.to_str().unwrap();
    let rows = vec![
        ("page", quiet.clone(), request("/", &[])),
        ("page, logged", logging, request("/", &[])),
        ("page, not modified", quiet.clone(), request("/", &[("if-none-match", etag)])),
        ("page, a part", quiet.clone(), request("/", &[("range", "bytes=0-99")])),
        ("asset", quiet.clone(), request(stylesheet, &[])),
        ("nothing there", quiet, request("/nothing", &[])),
    ];
    for ((name, service, request), status) in rows.iter().zip([200, 200, 304, 206, 200, 404]) {
        assert_eq!(respond(service, request, &connection()).status(), status, "{name}");
    }
    rows
}

fn connection() -> ConnectionInfo {
    ConnectionInfo::new(ListenerKind::Http, IpAddr::from([192, 0, 2, 1]).into())
}

fn responses(criterion: &mut Criterion) {
    let connection = connection();
    for (name, service, request) in rows() {
        criterion.bench_function(name, |bench| {
            bench.iter(|| black_box(respond(&service, black_box(&request), &connection)));
        });
    }
}

/// Answers the request of one row so many times, to count instructions: the difference between two runs under
/// `valgrind --tool=callgrind`, divided by the difference in requests, is the cost of a request.
fn repeat(row: &str, times: u32) {
    let connection = connection();
    let (_, service, request) = rows().into_iter().find(|(name, ..)| *name == row).unwrap();
    for _ in 0..times {
        black_box(respond(&service, black_box(&request), &connection));
    }
}

criterion_group!(benches, responses);

fn main() {
    match (std::env::var("E6_ROW"), std::env::var("E6_TIMES")) {
        (Ok(row), Ok(times)) => repeat(&row, times.parse().unwrap()),
        _ => {
            benches();
            Criterion::default().configure_from_args().final_summary();
        }
    }
}
