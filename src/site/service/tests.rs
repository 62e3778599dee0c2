use super::*;
use crate::{
    connection::Peer,
    site::{
        named::{NamedContent, NamedPages, NamedResource, PageName, PagePart},
        sample,
    },
    web::representation::{Lifetime, Publication, Representation},
};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use hyper::header::HOST;
use std::{
    convert::Infallible,
    net::IpAddr,
    pin::Pin,
    sync::atomic::{AtomicUsize, Ordering},
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::sync::watch;

/// A request body that panics when it is examined.
struct Broken;

impl hyper::body::Body for Broken {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        panic!("on purpose")
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

fn get(path: &str) -> Request<Full<Bytes>> {
    Request::builder().uri(path).header(HOST, "localhost").body(Full::default()).unwrap()
}

/// A site with these pictures, or one whose pictures are still being drawn.
fn site(pictures: Result<Vec<(&'static str, Representation)>, watch::Receiver<()>>) -> Site {
    let mut site = sample::site("page");
    match pictures {
        Ok(drawn) => site.published.extend(drawn),
        Err(pending) => site.facts.pictures = Some(pending),
    }
    site
}

fn service(site: Site) -> Service {
    Service::new(sample::service_parts(site).unwrap())
}

fn connection(peer: Peer) -> ConnectionInfo {
    ConnectionInfo::new(ListenerKind::Http, peer)
}

fn answer<B: hyper::body::Body>(service: &Service, request: &Request<B>) -> Response<ResponseBody> {
    sample::respond(service, request, &connection(Peer::Unix))
}

/// The lines of the log.
#[derive(Clone, Default)]
struct Lines(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// One test, because another one that panics without a subscriber could turn the log off for this one.
#[test]
fn a_fault_while_answering_is_a_500_that_is_logged_with_the_id_that_the_visitor_has() {
    let lines = Lines::default();
    let log = lines.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || log.clone()).finish();
    let service = service(sample::site("page"));
    let broken =
        tracing::subscriber::with_default(subscriber, || answer(&service, &get("/").map(|_| Broken)));
    assert_eq!(broken.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(broken.headers()["cache-control"], "no-store");
    assert_eq!(answer(&service, &get("/")).status(), StatusCode::OK, "the next request");
    let id = broken.headers()["x-request-id"].to_str().unwrap().to_owned();
    let said = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(said.contains("ERROR") && said.contains(&format!("request_id=\"{id}\"")), "{said}");
}

#[test]
fn an_answer_that_nobody_stands_behind_is_not_ready() {
    assert_eq!(
        answer(&service(sample::site("page")), &get("/readyz")).status(),
        StatusCode::SERVICE_UNAVAILABLE
    );
}

#[test]
fn a_page_does_not_wait_for_pictures_and_a_picture_does() {
    let (drawing, drawn) = watch::channel(());
    let service = service(site(Err(drawn)));
    let awaited = |path: &str| {
        service.awaited(&get(path), &service.route(path), &connection(Peer::Unix), Arrival::first())
    };
    for path in ["/", "/es", "/api/v1/answer", "/healthz", "/nothing"] {
        assert!(awaited(path).is_none(), "{path}");
    }
    let mut picture = awaited("/card.png").unwrap();
    let context = &mut Context::from_waker(Waker::noop());
    assert!(picture.as_mut().poll(context).is_pending());
    let lifetime = Lifetime::Changing(Duration::ZERO);
    let png = Representation::published(vec![1], "image/png", Publication::now(lifetime));
    service.parts.site.store(Arc::new(site(Ok(vec![("/card.png", png)]))));
    drop(drawing);
    assert!(picture.as_mut().poll(context).is_ready());
    assert!(awaited("/card.png").is_none());
    assert_eq!(answer(&service, &get("/card.png")).status(), StatusCode::OK);
}

/// Pages that are all still to be rendered, and perhaps what was rendered of them before.
#[derive(Debug, Default)]
struct Unrendered(AtomicUsize, Option<NamedResource>);

impl NamedPages for Unrendered {
    fn get(&self, _: PageName, _: PagePart, _: Option<IpAddr>) -> NamedContent {
        self.0.fetch_add(1, Ordering::Relaxed);
        NamedContent::Rendering(Box::pin(std::future::pending()))
    }

    fn latest(&self, _: PageName, _: PagePart) -> Option<NamedResource> {
        self.1.clone()
    }
}

#[test]
fn a_request_that_the_site_changes_under_gets_the_page_from_before() {
    let card = "/2023-08-09/card.png";
    let lifetime = Publication::now(Lifetime::Changing(Duration::ZERO));
    let file = NamedResource::File(Representation::published(vec![1], "image/png", lifetime));
    for (latest, status) in [(None, StatusCode::SERVICE_UNAVAILABLE), (Some(file), StatusCode::OK)] {
        let mut site = site(Ok(Vec::new()));
        site.facts.named = Arc::new(Unrendered(AtomicUsize::default(), latest));
        assert_eq!(answer(&service(site), &get(card)).status(), status);
    }
}

#[test]
fn a_request_beyond_the_rate_of_its_address_is_refused_and_queues_no_rendering() {
    let pages = Arc::new(Unrendered::default());
    let mut site = site(Ok(Vec::new()));
    site.facts.named = pages.clone();
    let service = service(site);
    let (day, arrival) = ("/2023-08-09", Arrival::first());
    let routed = service.route(day);
    let from = |host: u8| connection(IpAddr::from([192, 0, 2, host]).into());
    let awaited = |host| service.awaited(&get(day), &routed, &from(host), arrival);
    assert!(awaited(7).is_some());
    for _ in 0..Limits::default().address_burst {
        service.handle(&get("/"), &service.route("/"), &from(7), arrival);
    }
    let queued = pages.0.load(Ordering::Relaxed);
    assert!(awaited(7).is_none() && pages.0.load(Ordering::Relaxed) == queued);
    let refused = service.handle(&get(day), &routed, &from(7), arrival);
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(awaited(8).is_some(), "another address");
}
