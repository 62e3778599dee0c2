//! The response to a path: its canonical form, its route, and the representation behind the route.

use crate::{
    language::{Language, PerLanguage},
    site::{
        assets,
        common_fields::of_asset,
        exchange::RequestContext,
        named::{self, NamedContent, NamedResource},
        page::PageForms,
        routes::{CHALLENGE, RouteTarget, RoutedPath},
        service::{Awaited, Service, bare, negotiated},
        snapshot::Site,
    },
    web::{
        path::{self, PathForm},
        representation::{Caching, Lifetime, Representation, RepresentationFields},
        respond::{FullResponse, RefusedRepresentation, respond},
        retry_after,
    },
};
use bytes::Bytes;
use hyper::{
    HeaderMap, Method, StatusCode, Uri,
    header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER},
};
use std::time::Duration;

/// Prometheus's text format, version 0.0.4.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Tells nginx whether to buffer a response (ngx_http_proxy_module, `proxy_buffering`).
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The time for which caches may keep a file whose name does not change with its content.
const WELL_KNOWN_LASTS: Duration = Duration::from_secs(24 * 60 * 60);

/// The time after which to ask again for a page that could not be rendered.
const RENDERING: Duration = Duration::from_secs(1);

/// The parts of a request that the response to a GET or HEAD depends on.
#[derive(Clone, Copy)]
pub(crate) struct ReadRequest<'a> {
    pub path: &'a str,
    /// The route of `path`, or of the canonical path that it means.
    pub routed: &'a RoutedPath,
    pub query: Option<&'a str>,
    /// The request target; none if the request is only simulated.
    pub target: Option<&'a Uri>,
    pub method: &'a Method,
    pub headers: &'a HeaderMap,
    /// The context of the request; none if the request is only simulated.
    pub context: Option<&'a RequestContext<'a>>,
    /// The facts that the response had to wait for.
    pub awaited: Option<&'a Awaited>,
}

impl<'a> ReadRequest<'a> {
    /// A request that no client has sent.
    pub fn simulated(
        path: &'a str,
        routed: &'a RoutedPath,
        method: &'a Method,
        headers: &'a HeaderMap,
    ) -> Self {
        ReadRequest { path, routed, query: None, target: None, method, headers, context: None, awaited: None }
    }
}

impl Service {
    /// GET and HEAD: serves a canonical path, and redirects every other form of it there.
    pub(crate) fn read(&self, asking: &ReadRequest) -> FullResponse {
        match &asking.routed.form {
            PathForm::Canonical => self.resource(asking),
            PathForm::Garbled => self.error(StatusCode::BAD_REQUEST, asking.headers),
            PathForm::Means(path) => {
                if self.status(asking) == StatusCode::NOT_FOUND {
                    return self.error(StatusCode::NOT_FOUND, asking.headers);
                }
                self.moved(&path::reference(path, asking.query), asking.headers)
            }
        }
    }

    /// The status of the response to a plain request for the resource that the path means.
    pub(crate) fn status(&self, asking: &ReadRequest) -> StatusCode {
        let path = match &asking.routed.form {
            PathForm::Canonical => asking.path,
            PathForm::Means(path) => path,
            PathForm::Garbled => return StatusCode::BAD_REQUEST,
        };
        let headers = HeaderMap::new();
        self.resource(&ReadRequest::simulated(path, asking.routed, &Method::HEAD, &headers)).status()
    }

    /// The response to a canonical path.
    fn resource(&self, asking: &ReadRequest) -> FullResponse {
        let ReadRequest { path, method, headers, .. } = *asking;
        let Some(route) = asking.routed.route else { return self.error(StatusCode::NOT_FOUND, headers) };
        let site = self.parts.site.load();
        let respond = |representation: &Representation| respond(representation, method, headers);
        let once = |bytes, media_type| respond(&Representation::once(bytes, media_type));
        let missing = || Err(RefusedRepresentation::of(StatusCode::NOT_FOUND));
        let responded = match route.target {
            RouteTarget::Home => respond(site.home.get(asking.query, None, headers)),
            RouteTarget::HomeIn(language) => respond(site.home.get(asking.query, Some(language), headers)),
            RouteTarget::Named | RouteTarget::DayFile => named_page(asking, &site),
            RouteTarget::Embed(language) => respond(site.embed.get(language, headers)),
            RouteTarget::Share(language) => respond(site.share.get(language, headers)),
            RouteTarget::Answer => respond(&site.api),
            RouteTarget::Alive => {
                let certificate = self.parts.certificates.as_ref().map(|certificates| certificates.status());
                let body = serde_json::json!({"status": "ok", "certificate": certificate.as_deref()});
                once(format!("{body}\n").into(), "application/json")
            }
            RouteTarget::Challenge => {
                let token = path.strip_prefix(CHALLENGE).unwrap_or_default();
                let certificates = self.parts.certificates.as_ref();
                let answer = certificates.and_then(|certificates| certificates.http_challenge(token));
                answer.map_or_else(missing, |answer| once(answer.into(), "application/octet-stream"))
            }
            RouteTarget::Published => site.published.get(path).map_or_else(missing, respond),
            RouteTarget::Ready
                if site.facts.ready_until.is_some_and(|until| self.parts.clock.now() <= until) =>
            {
                respond(&self.ready)
            }
            RouteTarget::Ready => {
                Ok(negotiated(StatusCode::SERVICE_UNAVAILABLE, &site.not_ready, None, headers))
            }
            RouteTarget::Events => Ok(event_stream()),
            RouteTarget::Relay => Ok(self.relay_response(asking)),
            RouteTarget::Metrics => {
                once(self.parts.observer.metrics.page(self.parts.clients.streams()), METRICS_TYPE)
            }
            RouteTarget::How(language) => match asking.context {
                Some(context) => self.how(asking, context, language),
                // The request is only simulated: only the status matters.
                None => Ok(bare(StatusCode::OK)),
            },
            RouteTarget::Asset => match &self.parts.design {
                None => self.assets.get(path).map_or_else(missing, respond),
                Some(dir) => assets::from_disk(dir, path).map_or_else(missing, |(media_type, bytes)| {
                    respond(&Representation::once(bytes, media_type))
                }),
            },
        };
        responded.unwrap_or_else(|RefusedRepresentation { status, fields }| {
            let mut response = self.error(status, headers);
            response.headers_mut().extend(fields);
            response
        })
    }
}

/// The response to a path of a day, a season or the leaders.
fn named_page(asking: &ReadRequest, site: &Site) -> Result<FullResponse, RefusedRepresentation> {
    let ReadRequest { path, method, headers, .. } = *asking;
    let missing = RefusedRepresentation::of(StatusCode::NOT_FOUND);
    let Some((language, named, part)) = named::parse(path) else { return Err(missing) };
    let looking_up = |wait| Ok(looking_up(&site.looking_up, wait, language, headers));
    let content = match asking.awaited {
        Some(Awaited::Named(resource)) => NamedContent::Made(resource.clone()),
        Some(Awaited::Unrendered) => NamedContent::LookingUp(RENDERING),
        _ => site.facts.named.get(named, part, None),
    };
    let made = match content {
        NamedContent::Made(resource) => Some(resource),
        // The site has changed since this request was found to wait for nothing: it came before that. Else the request
        // is simulated, or came without its place in the queue.
        NamedContent::Rendering(_) => site.facts.named.latest(named, part),
        NamedContent::LookingUp(wait) => return looking_up(wait),
        NamedContent::Missing => return Err(missing),
    };
    match made {
        Some(NamedResource::Page(page)) => {
            respond(page.get(asking.query, language, headers), method, headers)
        }
        Some(NamedResource::File(file)) => respond(&file, method, headers),
        None => looking_up(RENDERING),
    }
}

/// The response to a request for a page that is being looked up.
fn looking_up(
    pages: &PerLanguage<PageForms>,
    wait: Duration,
    language: Option<Language>,
    headers: &HeaderMap,
) -> FullResponse {
    let mut response = negotiated(StatusCode::SERVICE_UNAVAILABLE, pages, language, headers);
    response.headers_mut().insert(RETRY_AFTER, retry_after::value(wait));
    response
}

/// The head of an event stream; the events after it are per client.
fn event_stream() -> FullResponse {
    let mut head = bare(StatusCode::OK);
    head.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    head.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would hold events back until its buffer is full.
    head.headers_mut().insert(UNBUFFERED, HeaderValue::from_static("no"));
    head
}

/// The representation of an asset, which pages of every site may read or only this site's.
pub(crate) fn embedded(asset: &'static assets::Asset, is_open: bool) -> Representation {
    let caching = match asset.immutable {
        true => Caching::Forever,
        false => Caching::For(Lifetime::Changing(WELL_KNOWN_LASTS)),
    };
    let fields = RepresentationFields {
        caching,
        modified: Some(assets::built()),
        more: of_asset(is_open).collect(),
        ..RepresentationFields::momentary(asset.media_type)
    };
    let variants = asset
        .variants
        .iter()
        .map(|&(coding, tag, bytes)| (coding, tag.to_owned(), Bytes::from_static(bytes)));
    Representation::from_variants(variants, fields)
}
