//! The context of one request, and its log.

use crate::{
    connection::{Arrival, ConnectionInfo},
    http::{
        log_record::{FIELD_CAP, LogRecord, PeerText, TARGET_CAP, hex_id, protocol},
        metrics::{Labels, NO_ROUTE},
        request_log::{RequestLog, RequestObserver},
    },
    site::routes::Route,
    web::forwarded::ClientAddr,
};
use hyper::{
    HeaderMap, Method, Request, Version,
    header::{HOST, HeaderName, REFERER, USER_AGENT},
};
use std::{sync::Arc, time::Duration};

/// The context of a request: connection, client, timing and ID.
pub(crate) struct RequestContext<'a> {
    pub connection: &'a ConnectionInfo,
    pub client: ClientAddr,
    pub arrival: Arrival,
    pub version: Version,
    /// The time that it took to find the route.
    pub routing: Duration,
    id: u64,
}

impl<'a> RequestContext<'a> {
    /// The context of a request whose route has just been found: this measures `routing`.
    pub fn new(
        connection: &'a ConnectionInfo,
        client: ClientAddr,
        arrival: Arrival,
        version: Version,
    ) -> Self {
        RequestContext {
            connection,
            client,
            arrival,
            version,
            routing: arrival.at.elapsed(),
            id: fastrand::u64(..),
        }
    }

    /// The ID as 16 hex digits.
    pub fn id(&self) -> String {
        hex_id(self.id)
    }

    /// The value of Server-Timing, in milliseconds.
    pub fn timing(&self) -> String {
        let [route, answer] =
            [self.routing, self.arrival.at.elapsed() - self.routing].map(|span| span.as_secs_f64() * 1e3);
        format!("route;dur={route:.3}, answer;dur={answer:.3}")
    }
}

/// The log of a request, which begins when its head has been read.
pub(crate) fn log<B>(
    observer: &Arc<RequestObserver>,
    request: &Request<B>,
    route: Option<&Route>,
    context: &RequestContext,
) -> RequestLog {
    let labels = Labels {
        route: route.map_or(NO_ROUTE, |route| route.pattern),
        method: method_class(request.method()),
        protocol: protocol(request.version()),
    };
    RequestLog::begin(observer, labels, context.arrival.at, || record(request, context))
}

/// The label of a method: its name if it is known, because a peer can make up any number of others.
fn method_class(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn record<B>(request: &Request<B>, context: &RequestContext) -> LogRecord {
    let (headers, uri) = (request.headers(), request.uri());
    let host = match uri.authority() {
        Some(authority) => PeerText::cut(authority.as_str().as_bytes(), FIELD_CAP),
        None => field(headers, HOST),
    };
    let target = uri.path_and_query().map_or(uri.path(), |target| target.as_str());
    LogRecord {
        host,
        request: Some((
            request.method().clone(),
            PeerText::cut(target.as_bytes(), TARGET_CAP),
            request.version(),
        )),
        referer: field(headers, REFERER),
        agent: field(headers, USER_AGENT),
        ..LogRecord::unread(context.connection, context.client.peer, context.id)
    }
}

fn field(headers: &HeaderMap, name: HeaderName) -> PeerText {
    headers.get(name).map(|value| PeerText::cut(value.as_bytes(), FIELD_CAP)).unwrap_or_default()
}
