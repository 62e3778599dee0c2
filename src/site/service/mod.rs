//! The request pipeline, in order: route → rate limit → size limits → host → method → response → common fields.

pub(crate) mod admission;
mod awaited;
mod connection;
pub(crate) mod how;
mod redirect;
pub(crate) mod resource;
mod simulate;

pub use crate::site::service::{
    awaited::Awaited,
    how::{HowPage, ProcessStart},
};

use crate::{
    clock::Clock,
    connection::{Arrival, ConnectionInfo, ListenerKind},
    http::{
        body::{ResponseBody, ResponseContent},
        clients::Clients,
        request_log::{RequestLog, RequestObserver},
    },
    language::{Language, PerLanguage},
    limits::Limits,
    per_worker::PerWorker,
    site::{
        assets::{self, Asset},
        common_fields::{self, REQUEST_ID, SERVER_TIMING},
        cors,
        errors::ErrorPages,
        events::EventHub,
        exchange::{self, RequestContext},
        page::PageForms,
        relay::{Relaying, only_get},
        routes::{ADMIN_ROUTES, CorsScope, ROUTES, Route, RouteTarget, RoutedPath},
        service::resource::{ReadRequest, embedded},
        snapshot::Site,
    },
    tls::resolver::CertificateResolver,
    web::{
        forwarded::ClientAddr,
        host::{Hosts, authority, names_a_host},
        negotiate::{self, Form},
        path::PathForm,
        representation::{Representation, field, unique},
        respond::{FullResponse, respond_as},
        trusted_proxies::TrustedProxies,
    },
};
use arc_swap::ArcSwap;
use http_body_util::Full;
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode, Version,
    header::{ALLOW, ALT_SVC, CONNECTION, HeaderValue, STRICT_TRANSPORT_SECURITY},
};
use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::Arc,
};

/// The handler of requests, shared by all workers.
#[derive(Clone)]
pub struct Service {
    routes: &'static [Route],
    pub(crate) parts: ServiceParts,
    own: Arc<PerWorker<OwnParts>>,
    assets: HashMap<&'static str, Representation>,
    ready: Representation,
}

/// The parts of a service that each worker has for itself, because every response counts references to them.
struct OwnParts {
    observer: Arc<RequestObserver>,
    /// The value of Strict-Transport-Security; none if it is turned off.
    hsts: Option<HeaderValue>,
    /// The value of Alt-Svc; none without HTTP/3.
    alternative: Option<HeaderValue>,
}

#[derive(Clone)]
pub struct ServiceParts {
    /// The current pages.
    pub site: Arc<ArcSwap<Site>>,
    /// Publishes new answers to event streams.
    pub event_hub: Arc<EventHub>,
    pub errors: ErrorPages,
    pub how: HowPage,
    /// A directory to read assets from instead of the embedded ones.
    pub design: Option<PathBuf>,
    pub clock: Clock,
    pub limits: Limits,
    pub clients: Arc<Clients>,
    pub observer: RequestObserver,
    /// The certificates' status; none without TLS.
    pub certificates: Option<Arc<CertificateResolver>>,
    /// HTTP/3 as it is announced to clients; none without it.
    pub alternative: Option<AlternativeService>,
    pub hosts: Hosts,
    pub proxies: Arc<TrustedProxies>,
    /// The relay for other e6 servers; none if it is not configured.
    pub relay: Option<Relaying>,
}

/// HTTP/3, as responses over TLS announce it in Alt-Svc (RFC 7838).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlternativeService {
    pub value: String,
    /// Whether it is announced also while the certificate is self-signed. A browser does not use HTTP/3 then.
    pub is_unconditional: bool,
}

impl Service {
    pub fn new(parts: ServiceParts) -> Self {
        let is_open = |path| {
            RoutedPath::of(ROUTES, path).route.is_some_and(|route| route.reach() == CorsScope::Everyone)
        };
        let asset = |asset: &'static Asset| (asset.path, embedded(asset, is_open(asset.path)));
        let assets = assets::ASSETS.iter().map(asset).collect();
        let hsts = parts.hosts.hsts_value();
        let own = PerWorker::new(|| OwnParts {
            observer: Arc::new(parts.observer.clone()),
            hsts: hsts.as_deref().map(field),
            alternative: parts.alternative.as_ref().map(|alternative| field(&alternative.value)),
        });
        let ready = Representation::once("ready\n".into(), "text/plain; charset=utf-8");
        Service { routes: ROUTES, parts, own: Arc::new(own), assets, ready }
    }

    /// The service of the admin listener: the routes for operators, under any host name, without proxies.
    pub fn admin(&self) -> Self {
        let parts = ServiceParts { hosts: Hosts::default(), proxies: Arc::default(), ..self.parts.clone() };
        Service { routes: ADMIN_ROUTES, parts, ..self.clone() }
    }

    pub fn proxies(&self) -> &Arc<TrustedProxies> {
        &self.parts.proxies
    }

    pub fn route(&self, path: &str) -> RoutedPath {
        RoutedPath::of(self.routes, path)
    }

    /// The response to a request, whose path is routed. A panic becomes a 500 and affects no other request.
    pub fn handle<B: hyper::body::Body>(
        &self,
        request: &Request<B>,
        routed: &RoutedPath,
        connection: &ConnectionInfo,
        arrival: Arrival,
    ) -> Response<ResponseBody> {
        let client = ClientAddr::of(connection, request.headers(), &self.parts.proxies);
        let own = self.own.own();
        let context = RequestContext::new(connection, client, arrival, request.version());
        // Operators' requests are not recorded: they would outnumber the visitors'.
        let exchange = (connection.listener != ListenerKind::Admin)
            .then(|| exchange::log(&own.observer, request, routed, &context));
        let answered = catch_unwind(AssertUnwindSafe(|| {
            let refused = self.refusal(&context, request.headers());
            refused.unwrap_or_else(|| self.answer(request, routed, &context))
        }));
        let mut response = answered.unwrap_or_else(|_| {
            let (request_id, method, path) = (context.id_text(), request.method(), request.uri().path());
            tracing::error!(request_id, %method, path, "panic in the handler; responding with 500");
            self.error(StatusCode::INTERNAL_SERVER_ERROR, request.headers())
        });
        if request.method() == Method::HEAD {
            *response.body_mut() = Full::default();
        }
        let is_stream = routed.is_for(RouteTarget::Events)
            && (request.method(), response.status()) == (&Method::GET, StatusCode::OK);
        let mut response = match is_stream {
            true => self.stream(response, &context, request.headers()),
            false => response.map(ResponseContent::Whole),
        };
        self.add_fields(&mut response, request, routed, &context);
        let status = response.status();
        response.map(|content| ResponseBody::new(content, exchange, status))
    }

    /// Adds the fields that depend on the request or the connection, whatever the response.
    fn add_fields<B, T>(
        &self,
        response: &mut Response<T>,
        request: &Request<B>,
        routed: &RoutedPath,
        context: &RequestContext,
    ) {
        let (own, tls, status) = (self.own.own(), &context.connection.tls, response.status());
        let fields = response.headers_mut();
        if [Version::HTTP_2, Version::HTTP_3].contains(&request.version()) {
            // Forbidden there (RFC 9113 §8.2.2, RFC 9114 §4.2).
            fields.remove(CONNECTION);
        }
        let reach = routed.route.map_or(CorsScope::Site, Route::reach);
        common_fields::complete(reach, request.method(), request.headers(), fields);
        // A proxy that terminates TLS has a certificate of its own.
        let may_insist = tls.is_none() || self.https().is_some();
        if let Some(hsts) = &own.hsts
            && may_insist
            && self.parts.hosts.insist_on_https(authority(request), context.client.scheme)
        {
            fields.insert(STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
        if let Some(alternative) = &own.alternative
            && tls.is_some()
            && self.announces_http3()
        {
            fields.insert(ALT_SVC, alternative.clone());
        }
        let embedded =
            routed.is_for(RouteTarget::Asset) && (status.is_success() || status == StatusCode::NOT_MODIFIED);
        if !embedded {
            fields.insert(REQUEST_ID, unique(context.id()));
            fields.insert(SERVER_TIMING, unique(context.timing()));
        }
    }

    fn announces_http3(&self) -> bool {
        self.parts.alternative.as_ref().is_some_and(|alternative| alternative.is_unconditional)
            || self
                .parts
                .certificates
                .as_ref()
                .is_some_and(|certificates| certificates.is_signed_by_another())
    }

    /// Counts and logs a request that was unreadable and has been refused with this status.
    pub fn note_refusal(&self, status: StatusCode, connection: &ConnectionInfo) {
        if connection.listener != ListenerKind::Admin {
            RequestLog::refused(&self.own.own().observer, status, connection);
        }
    }

    fn answer<B: hyper::body::Body>(
        &self,
        request: &Request<B>,
        routed: &RoutedPath,
        context: &RequestContext,
    ) -> FullResponse {
        let (uri, headers, method) = (request.uri(), request.headers(), request.method());
        if uri.path_and_query().is_some_and(|target| target.as_str().len() > self.parts.limits.target_size) {
            return self.error(StatusCode::URI_TOO_LONG, headers);
        }
        if headers.len() > self.parts.limits.head_fields || size(headers) > self.parts.limits.head_size {
            return self.error(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, headers);
        }
        if !names_a_host(request) {
            return closing(self.error(StatusCode::BAD_REQUEST, headers));
        }
        // Before any redirect: a target that is invalid here is invalid there.
        let is_about_server = *method == Method::CONNECT || (*method == Method::OPTIONS && uri.path() == "*");
        if !is_about_server && routed.form == PathForm::Garbled {
            return self.error(StatusCode::BAD_REQUEST, headers);
        }
        if let Some(elsewhere) = self.elsewhere(request, routed, context.client.scheme) {
            return elsewhere;
        }
        let awaited = request.extensions().get();
        let asking = ReadRequest {
            path: uri.path(),
            routed,
            query: uri.query(),
            target: Some(uri),
            method,
            headers,
            context: Some(context),
            awaited,
        };
        let response = self.by_method(&asking);
        // A request body is never read. If the request fails anyway, its own status says more.
        if response.status().is_success() && !request.body().is_end_stream() {
            return self.error(StatusCode::PAYLOAD_TOO_LARGE, headers);
        }
        response
    }

    fn by_method(&self, asking: &ReadRequest) -> FullResponse {
        let (path, method, headers) = (asking.path, asking.method, asking.headers);
        if *method != Method::GET && self.parts.relay.is_some() && asking.routed.is_for(RouteTarget::Relay) {
            return only_get();
        }
        match *method {
            Method::GET | Method::HEAD => self.read(asking),
            Method::OPTIONS if path == "*" => allowing(bare(StatusCode::NO_CONTENT)),
            _ => match self.status(asking) {
                StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST if *method != Method::CONNECT => {
                    self.read(&ReadRequest { method: &Method::GET, ..*asking })
                }
                _ if *method == Method::OPTIONS => allowing(bare(StatusCode::NO_CONTENT)),
                _ => allowing(self.error(StatusCode::METHOD_NOT_ALLOWED, headers)),
            },
        }
    }

    pub(crate) fn error(&self, status: StatusCode, headers: &HeaderMap) -> FullResponse {
        match self.parts.errors.get(status) {
            Some(forms) => negotiated(status, forms, None, headers),
            None => bare(status),
        }
    }
}

/// A page in the form that the client prefers, in this language or, without one, in the language that it prefers.
fn negotiated(
    status: StatusCode,
    pages: &PerLanguage<PageForms>,
    language: Option<Language>,
    headers: &HeaderMap,
) -> FullResponse {
    let PageForms { html, text } = &pages[language.unwrap_or_else(|| negotiate::language(headers))];
    respond_as(status, if negotiate::form(headers) == Form::Html { html } else { text }, headers)
}

pub(crate) fn bare(status: StatusCode) -> FullResponse {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

/// Makes the connection close after this response.
fn closing(mut response: FullResponse) -> FullResponse {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn allowing(mut response: FullResponse) -> FullResponse {
    response.headers_mut().insert(ALLOW, cors::ALLOWED);
    response
}

fn size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

#[cfg(test)]
mod tests;
