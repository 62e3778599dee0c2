//! The service that requests of the targets come to: the routes of visitors, with a small page.

use crate::{
    app::swap_handler::SwapHandler,
    clock::Clock,
    connection::{Arrival, ConnectionInfo, ListenerKind, TlsSession},
    descriptor::SocketHandle,
    http::{
        body::ResponseBody, clients::Clients, handler::SharedHandler, metrics::RequestMetrics,
        request_log::RequestObserver,
    },
    language::PerLanguage,
    lifecycle::Lifecycle,
    limits::Limits,
    site::{
        errors::ErrorPages,
        events::EventHub,
        named::NoNamedPages,
        page::{PageContent, PageText},
        routes::ROUTES,
        service::{HowPage, ProcessStart, Service, ServiceParts},
        snapshot::{Site, SiteContent, SiteFacts},
    },
    web::{coding::Effort, host::Hosts, trusted_proxies::TrustedProxies},
};
use arc_swap::ArcSwap;
use hyper::{Request, Response, body::Body};
use prometheus::Registry;
use std::{
    net::IpAddr,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};
use time::OffsetDateTime;

static SERVICE: LazyLock<Service> = LazyLock::new(|| {
    let text = |text: &str| PerLanguage::of(|_| PageText { html: text.into(), text: text.into() });
    let content = SiteContent {
        home: PageContent { pages: text(&"page ".repeat(500)), terminal: None, json: "{}".into() },
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
    let metrics = RequestMetrics::register(Registry::new(), ROUTES.iter().map(|route| route.pattern));
    let start =
        ProcessStart { at: OffsetDateTime::UNIX_EPOCH, upgrades: 0, deployed_at: None, http_port: None };
    let (most, limits) = (u32::MAX, Limits::default());
    Service::new(ServiceParts {
        site: Arc::new(ArcSwap::from_pointee(Site::new(content, [], facts))),
        event_hub: Arc::new(EventHub::new(Lifecycle::new().watch())),
        errors: ErrorPages::new([(404, text("not here"))], ""),
        how: HowPage::new("", start, |_, _, _| "how".into()),
        design: None,
        clock: Clock::System,
        // Every input is a request of the same client.
        limits: Limits { address_rate: most, address_burst: most, ..limits.clone() },
        clients: Arc::new(Clients::new(limits)),
        observer: RequestObserver { metrics: metrics.unwrap(), log: None },
        certificates: None,
        alternative: None,
        hosts: Hosts::default(),
        proxies: TrustedProxies::default(),
        relay: None,
    })
});

/// The service as connections call it.
pub(super) fn handler() -> SharedHandler {
    SwapHandler::new(SERVICE.clone()).visitors()
}

/// The service's response.
pub(super) fn response<B: Body>(request: &Request<B>) -> Response<ResponseBody> {
    let arrival = Arrival { at: Instant::now(), number: 1, waited: Duration::ZERO };
    let routed = SERVICE.route(request.uri().path());
    SERVICE.handle(request, &routed, &connection(None), arrival)
}

/// A connection from 192.0.2.1.
pub(super) fn connection(tls: Option<TlsSession>) -> ConnectionInfo {
    ConnectionInfo {
        listener: ListenerKind::Https,
        peer: IpAddr::from([192, 0, 2, 1]).into(),
        proxied: None,
        worker: 0,
        queued: Duration::ZERO,
        socket: SocketHandle::default(),
        quic: None,
        tls: tls.map(Box::new),
    }
}
