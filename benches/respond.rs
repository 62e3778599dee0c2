//! Cost of one request between hyper and the socket: all of `Service::handle`, with and without the access log.

#![allow(clippy::unwrap_used)]

use arc_swap::ArcSwap;
use bytes::Bytes;
use criterion::{Criterion, criterion_group};
use e6::internals::{
    AccessLog, Arrival, Clients, Clock, ConnectionInfo, Effort, ErrorPages, EventHub, Hosts, HowPage,
    Lifecycle, Limits, ListenerKind, LogDestination, LogFile, LogFormat, NoNamedPages, PageContent, PageText,
    PerLanguage, ProcessStart, ROUTES, RequestMetrics, RequestObserver, ResponseBody, Service, ServiceParts,
    Site, SiteContent, SiteFacts, SocketHandle, TrustedProxies, asset_url,
};
use http_body_util::Full;
use hyper::{Request, Response};
use prometheus::Registry;
use std::{
    hint::black_box,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use time::OffsetDateTime;

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

/// The same text in every form and language.
fn page_text(text: &str) -> PerLanguage<PageText> {
    PerLanguage::of(|_| PageText { html: text.into(), text: text.into() })
}

fn metrics() -> RequestMetrics {
    RequestMetrics::register(Registry::new(), ROUTES.iter().map(|route| route.pattern)).unwrap()
}

fn service(log: Option<AccessLog>) -> Service {
    let page = "<p>A page of a usual size.</p>\n".repeat(200);
    let content = SiteContent {
        home: PageContent { pages: page_text(&page), terminal: None, json: "{}".into() },
        style: "'sha256-x'".into(),
        ..SiteContent::default()
    };
    let facts = SiteFacts {
        named: Arc::new(NoNamedPages),
        pictures: None,
        modified: Some(OffsetDateTime::UNIX_EPOCH),
        lasts: Duration::from_secs(5),
        effort: Effort::Fast,
        ready_until: None,
        asked_at: None,
        asking_took: None,
    };
    let site = Site::new(content, [], facts);
    let observer = RequestObserver { metrics: metrics(), log: log.map(Arc::new) };
    let errors = ErrorPages::new([(404, page_text("Not here."))], "");
    let process_start =
        ProcessStart { at: OffsetDateTime::UNIX_EPOCH, upgrades: 0, deployed_at: None, http_port: None };
    Service::new(ServiceParts {
        site: Arc::new(ArcSwap::from_pointee(site)),
        event_hub: Arc::new(EventHub::new(Lifecycle::new().watch())),
        errors,
        how: HowPage::new("", process_start, |_, _, _| "how".into()),
        design: None,
        clock: Clock::System,
        // The rate limit would refuse nearly all of them.
        limits: Limits { address_rate: 1_000_000, address_burst: 1_000_000, ..Limits::default() },
        clients: Arc::new(Clients::new(Limits::default())),
        observer,
        certificates: None,
        alternative: None,
        hosts: Hosts::default(),
        proxies: TrustedProxies::default(),
        relay: None,
    })
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
    let dropped = metrics().dropped();
    let logging = service(Some(AccessLog::start(devnull, LogFormat::Combined, dropped).unwrap()));
    let stylesheet = asset_url("static/e6.css");
    let etag = answer(&quiet, &request("/", &[]), &connection()).headers()["etag"].clone();
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
        assert_eq!(answer(service, request, &connection()).status(), status, "{name}");
    }
    rows
}

fn connection() -> ConnectionInfo {
    ConnectionInfo {
        listener: ListenerKind::Http,
        peer: IpAddr::from([192, 0, 2, 1]).into(),
        proxied: None,
        worker: 0,
        queued: Duration::ZERO,
        socket: SocketHandle::default(),
        quic: None,
        tls: None,
    }
}

fn answer(
    service: &Service,
    request: &Request<Full<Bytes>>,
    connection: &ConnectionInfo,
) -> Response<ResponseBody> {
    let arrival = Arrival { at: Instant::now(), number: 1, waited: Duration::ZERO };
    service.handle(request, &service.route(request.uri().path()), connection, arrival)
}

fn respond(criterion: &mut Criterion) {
    let connection = connection();
    for (name, service, request) in rows() {
        criterion.bench_function(name, |bench| {
            bench.iter(|| black_box(answer(&service, black_box(&request), &connection)));
        });
    }
}

/// Answers the request of one row so many times, to count instructions: the difference between two runs under
/// `valgrind --tool=callgrind`, divided by the difference in requests, is the cost of a request.
fn repeat(row: &str, times: u32) {
    let connection = connection();
    let (_, service, request) = rows().into_iter().find(|(name, ..)| *name == row).unwrap();
    for _ in 0..times {
        black_box(answer(&service, black_box(&request), &connection));
    }
}

criterion_group!(benches, respond);

fn main() {
    match (std::env::var("E6_ROW"), std::env::var("E6_TIMES")) {
        (Ok(row), Ok(times)) => repeat(&row, times.parse().unwrap()),
        _ => {
            benches();
            Criterion::default().configure_from_args().final_summary();
        }
    }
}
