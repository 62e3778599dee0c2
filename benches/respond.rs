//! Cost of one request between hyper and the socket: all of `Service::handle`, with and without the access log.

#![allow(missing_docs, clippy::unwrap_used)]

use arc_swap::ArcSwap;
use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use e6::{
    clock::Clock,
    connection::{Arrival, ConnectionInfo, ListenerKind},
    internals::{
        AccessLog, ErrorPages, EventHub, Hosts, HowPage, LogDestination, LogFile, LogFormat, PageText,
        ProcessStart, RequestMetrics, RequestObserver, Service, ServiceParts, Site, SiteContent,
        TrustedProxies, asset_url,
    },
    language::PerLanguage,
    lifecycle::Lifecycle,
    limits::Limits,
};
use http_body_util::Full;
use hyper::Request;
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

fn service(log: Option<AccessLog>) -> Service {
    let page = "<p>A page of a usual size.</p>\n".repeat(200);
    let site = Site::new(SiteContent {
        home: page_text(&page),
        json: "{}".into(),
        line: "{}".into(),
        version: "1".into(),
        published: Vec::new(),
        style: "'sha256-x'".into(),
        modified: Some(OffsetDateTime::UNIX_EPOCH),
        lasts: Duration::from_secs(5),
        ready_until: None,
        asked_at: None,
        asking_took: None,
        not_ready: page_text("not ready\n"),
    });
    let observer = RequestObserver {
        metrics: RequestMetrics::register(Registry::new()).unwrap(),
        log: log.map(Arc::new),
    };
    let errors = ErrorPages::new([(404, page_text("Not here."))], "");
    let process_start = ProcessStart { at: OffsetDateTime::UNIX_EPOCH, upgrades: 0 };
    Service::new(ServiceParts {
        site: Arc::new(ArcSwap::from_pointee(site)),
        event_hub: Arc::new(EventHub::new(Lifecycle::new().watch())),
        errors,
        how: HowPage::new("", process_start, |_, _| "how".into()),
        design: None,
        clock: Clock::System,
        limits: Limits::default(),
        observer,
        certificates: None,
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

fn respond(criterion: &mut Criterion) {
    let quiet = service(None);
    let devnull = LogFile::open(LogDestination::File("/dev/null".into())).unwrap();
    let dropped = RequestMetrics::register(Registry::new()).unwrap().dropped();
    let logging = service(Some(AccessLog::start(devnull, LogFormat::Combined, dropped).unwrap()));
    let peer = IpAddr::from([192, 0, 2, 1]).into();
    let connection = ConnectionInfo {
        listener: ListenerKind::Http,
        peer,
        proxied_client: None,
        worker: 0,
        queued: Duration::ZERO,
        tls: None,
    };
    let arrival = || Arrival { at: Instant::now(), number: 1, waited: Duration::ZERO };
    let stylesheet = asset_url("static/e6.css");
    let etag = quiet.handle(&request("/", &[]), &connection, arrival()).headers()["etag"].clone();
    let etag = etag.to_str().unwrap();

    let mut bench = |name: &str, service: &Service, request: Request<Full<Bytes>>| {
        criterion.bench_function(name, |bench| {
            bench.iter(|| black_box(service.handle(black_box(&request), &connection, arrival())));
        });
    };
    bench("page", &quiet, request("/", &[]));
    bench("page, logged", &logging, request("/", &[]));
    bench("page, not modified", &quiet, request("/", &[("if-none-match", etag)]));
    bench("page, a part", &quiet, request("/", &[("range", "bytes=0-99")]));
    bench("asset", &quiet, request(stylesheet, &[]));
    bench("nothing there", &quiet, request("/nothing", &[]));
}

criterion_group!(benches, respond);
criterion_main!(benches);
