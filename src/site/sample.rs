//! A service with one page, for benchmarks, fuzzing and tests.

use crate::{
    clock::Clock,
    connection::{Arrival, ConnectionInfo},
    http::{body::ResponseBody, clients::Clients, metrics::RequestMetrics, request_log::RequestObserver},
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
    web::{
        coding::Effort,
        host::Hosts,
        representation::{Lifetime, Publication},
    },
};
use arc_swap::ArcSwap;
use hyper::{Request, Response, body::Body};
use prometheus::Registry;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use time::OffsetDateTime;

/// The same text in every form and language.
fn page_text(text: &str) -> PerLanguage<PageText> {
    PerLanguage::of(|_| PageText { html: text.into(), text: text.into() })
}

/// A site whose page has this text.
pub fn site(text: &str) -> Site {
    let content = SiteContent {
        home: PageContent { pages: page_text(text), terminal: None, json: "{}".into() },
        style: "'sha256-x'".into(),
        ..SiteContent::default()
    };
    let facts = SiteFacts {
        named: Arc::new(NoNamedPages),
        pictures: None,
        ready_until: None,
        asked_at: None,
        asking_took: None,
    };
    let lifetime = Lifetime::Changing(Duration::from_secs(5));
    let publication = Publication { modified: OffsetDateTime::UNIX_EPOCH, lifetime, effort: Effort::Fast };
    Site::new(content, [], publication, facts)
}

/// The parts of a service of this site.
pub fn service_parts(site: Site) -> prometheus::Result<ServiceParts> {
    let metrics = RequestMetrics::register(Registry::new(), ROUTES.iter().map(|route| route.pattern))?;
    let errors = ErrorPages::STATUSES.iter().map(|&status| (status, page_text("An error.")));
    let start =
        ProcessStart { at: OffsetDateTime::UNIX_EPOCH, upgrades: 0, deployed_at: None, http_port: None };
    Ok(ServiceParts {
        site: Arc::new(ArcSwap::from_pointee(site)),
        event_hub: Arc::new(EventHub::new(Lifecycle::default().watch())),
        errors: ErrorPages::new(errors, ""),
        how: HowPage::new("", start, |_, _, _| "how".into()),
        design: None,
        clock: Clock::System,
        limits: Limits::default(),
        clients: Arc::new(Clients::new(Limits::default())),
        observer: RequestObserver { metrics, log: None },
        certificates: None,
        alternative: None,
        hosts: Hosts::default(),
        proxies: Arc::default(),
        relay: None,
    })
}

/// The response to the first request of a connection.
pub fn respond<B: Body>(
    service: &Service,
    request: &Request<B>,
    connection: &ConnectionInfo,
) -> Response<ResponseBody> {
    service.handle(request, &service.route(request.uri().path()), connection, Arrival::first())
}

impl Arrival {
    /// The first request of a connection, which has just arrived.
    pub fn first() -> Self {
        Arrival { at: Instant::now(), number: 1, waited: Duration::ZERO }
    }
}
