//! The request pipeline, in order: limits → body → method → route → respond → fields of every response.

use super::{
    assets,
    negotiate::{self, Form},
    representation::{Caching, Fields, Representation},
    respond::{respond, respond_as},
    route::{Target, route},
    site::{Site, error_forms},
};
use crate::clock::Clock;
use arc_swap::ArcSwap;
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    header::{ALLOW, CONNECTION, HeaderValue, SERVER, X_CONTENT_TYPE_OPTIONS},
};
use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::Arc,
};

/// Bodies are whole and shared.
pub type Body = Full<Bytes>;

/// The longest request target (RFC 9110 §4.1): no URL of this site is near it, and logs stay readable.
const TARGET_CAP: usize = 2 * 1024;
/// All field names and values of a request together. Browsers send about 1 KiB.
const HEAD_CAP: usize = 16 * 1024;
/// Fields of a request.
const FIELDS_CAP: usize = 100;
/// What every resource of this site can be asked.
const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// Answers requests. One for all workers.
pub struct Service {
    site: Arc<ArcSwap<Site>>,
    assets: HashMap<&'static str, Representation>,
    design: Option<PathBuf>,
    errors: ErrorPages,
    alive: Representation,
    ready: Representation,
    clock: Clock,
}

/// The pages for what went wrong, made once.
pub struct ErrorPages {
    pages: HashMap<StatusCode, (Representation, Representation)>,
}

impl ErrorPages {
    /// The statuses a visitor can meet, and the sentence that explains each.
    pub const STATUSES: &[(u16, &str)] = &[
        (404, "There is nothing at this address."),
        (405, "This can only be read."),
        (413, "Requests to this site have no body."),
        (414, "The address is longer than any on this site."),
        (431, "The request's header is longer than any this site needs."),
        (500, "Something broke on our side; it has been logged."),
    ];

    /// Takes each page as HTML and as text; `style` is the CSP source of the pages' inline style block.
    pub fn new(pages: impl IntoIterator<Item = (u16, String, String)>, style: &str) -> Self {
        let pages = pages.into_iter().filter_map(|(status, html, text)| {
            Some((StatusCode::from_u16(status).ok()?, error_forms((html, text), style)))
        });
        ErrorPages { pages: pages.collect() }
    }
}

impl Service {
    /// Serves the site behind this pointer. `design` is a directory to read assets from instead of the embedded ones.
    pub fn new(site: Arc<ArcSwap<Site>>, errors: ErrorPages, design: Option<PathBuf>, clock: Clock) -> Self {
        let assets = assets::ASSETS.iter().map(|asset| (asset.path, embedded(asset))).collect();
        let say =
            |text: &str| Representation::of(text.into(), &Fields::momentary("text/plain; charset=utf-8"));
        Service { site, assets, design, errors, alive: say("ok\n"), ready: say("ready\n"), clock }
    }

    /// The response to a request, whatever happens: a fault of ours is a 500 and hurts no one else.
    pub fn handle<B: hyper::body::Body>(&self, request: &Request<B>) -> Response<Body> {
        let answered = catch_unwind(AssertUnwindSafe(|| self.answer(request)));
        let mut response = answered.unwrap_or_else(|_| {
            tracing::error!(method = %request.method(), path = request.uri().path(), "panic while answering");
            self.error(StatusCode::INTERNAL_SERVER_ERROR, request.headers())
        });
        if request.method() == Method::HEAD {
            *response.body_mut() = Body::default();
        }
        response.headers_mut().insert(SERVER, HeaderValue::from_static("e6"));
        response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }

    fn answer<B: hyper::body::Body>(&self, request: &Request<B>) -> Response<Body> {
        let (uri, headers) = (request.uri(), request.headers());
        if uri.path_and_query().is_some_and(|target| target.as_str().len() > TARGET_CAP) {
            return self.error(StatusCode::URI_TOO_LONG, headers);
        }
        if headers.len() > FIELDS_CAP || size(headers) > HEAD_CAP {
            return self.error(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, headers);
        }
        if !request.body().is_end_stream() {
            // The body is not read, so the connection cannot be used for another request.
            let mut response = self.error(StatusCode::PAYLOAD_TOO_LARGE, headers);
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            return response;
        }
        let Some(route) = route(uri.path()) else { return self.error(StatusCode::NOT_FOUND, headers) };
        let response = match route.target {
            Target::Home => self.home(headers),
            Target::Answer => respond(&self.site.load().api, headers),
            Target::Alive => respond(&self.alive, headers),
            Target::Ready => self.readiness(headers),
            Target::Asset => self.asset(uri.path(), headers),
        };
        match *request.method() {
            Method::GET | Method::HEAD => response,
            _ if response.status() == StatusCode::NOT_FOUND => response,
            Method::OPTIONS => allowing(bare(StatusCode::NO_CONTENT)),
            _ => allowing(self.error(StatusCode::METHOD_NOT_ALLOWED, headers)),
        }
    }

    fn home(&self, headers: &HeaderMap) -> Response<Body> {
        let site = self.site.load();
        let representation = match negotiate::form(headers) {
            Form::Html => &site.html,
            Form::Json => &site.json,
            Form::Text => &site.text,
        };
        respond(representation, headers)
    }

    fn readiness(&self, headers: &HeaderMap) -> Response<Body> {
        let site = self.site.load();
        if site.ready_until.is_some_and(|until| self.clock.now() <= until) {
            return respond(&self.ready, headers);
        }
        negotiated(StatusCode::SERVICE_UNAVAILABLE, &site.not_ready, headers)
    }

    fn asset(&self, path: &str, headers: &HeaderMap) -> Response<Body> {
        if let Some(dir) = &self.design {
            return match assets::from_disk(dir, path) {
                Some((media_type, bytes)) => {
                    respond(&Representation::of(bytes, &Fields::momentary(&media_type)), headers)
                }
                None => self.error(StatusCode::NOT_FOUND, headers),
            };
        }
        match self.assets.get(path) {
            Some(asset) => respond(asset, headers),
            None => self.error(StatusCode::NOT_FOUND, headers),
        }
    }

    fn error(&self, status: StatusCode, headers: &HeaderMap) -> Response<Body> {
        match self.errors.pages.get(&status) {
            Some(forms) => negotiated(status, forms, headers),
            None => bare(status),
        }
    }
}

/// An error page in the form that is asked for.
fn negotiated(
    status: StatusCode,
    (html, text): &(Representation, Representation),
    headers: &HeaderMap,
) -> Response<Body> {
    respond_as(status, if negotiate::form(headers) == Form::Html { html } else { text }, headers)
}

fn bare(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::default());
    *response.status_mut() = status;
    response
}

/// How long a browser may keep a file whose name does not change with its content.
const WELL_KNOWN_LASTS: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

fn embedded(asset: &'static assets::Asset) -> Representation {
    let caching = if asset.immutable { Caching::Forever } else { Caching::For(WELL_KNOWN_LASTS) };
    let fields = Fields { caching, modified: Some(assets::built()), ..Fields::momentary(asset.media_type) };
    let variants = asset
        .variants
        .iter()
        .map(|&(coding, tag, bytes)| (coding, tag.to_owned(), Bytes::from_static(bytes)));
    Representation::from_variants(variants, &fields)
}

fn allowing(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(ALLOW, ALLOWED);
    response
}

fn size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::Pages;
    use hyper::body::{Frame, SizeHint};
    use std::{
        convert::Infallible,
        pin::Pin,
        task::{Context, Poll},
        time::Duration,
    };

    /// A request body that breaks whoever looks at it.
    struct Broken;

    impl hyper::body::Body for Broken {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(None)
        }

        fn is_end_stream(&self) -> bool {
            panic!("on purpose")
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::default()
        }
    }

    fn service() -> Service {
        let site = Site::new(Pages {
            html: "page".into(),
            text: "text".into(),
            json: "{}".into(),
            style: String::new(),
            modified: None,
            lasts: Duration::from_secs(5),
            ready_until: None,
            not_ready: ("rain".into(), "rain".into()),
        });
        let errors = ErrorPages::STATUSES
            .iter()
            .map(|&(status, _)| (status, "html".into(), format!("error {status}")));
        Service::new(Arc::new(ArcSwap::from_pointee(site)), ErrorPages::new(errors, ""), None, Clock::System)
    }

    #[test]
    fn a_fault_while_answering_is_a_500_and_the_next_request_is_answered() {
        let service = service();
        let broken = service.handle(&Request::new(Broken));
        assert_eq!(broken.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(broken.headers()["cache-control"], "no-store");
        assert_eq!(service.handle(&Request::new(Body::default())).status(), StatusCode::OK);
    }

    #[test]
    fn an_answer_that_nobody_stands_behind_is_not_ready() {
        let mut request = Request::new(Body::default());
        *request.uri_mut() = "/readyz".parse().unwrap();
        assert_eq!(service().handle(&request).status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
