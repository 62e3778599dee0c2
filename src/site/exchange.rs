//! The context of one request, and its log.

use crate::{
    connection::{Arrival, ConnectionInfo},
    http::{
        log_record::{LogRecord, PeerTexts, hex_id},
        metrics::method_label,
        request_log::{RequestLog, RequestObserver},
    },
    site::routes::RoutedPath,
    web::forwarded::ClientAddr,
};
use hyper::{
    HeaderMap, Request, Version,
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
    pub fn id_text(&self) -> String {
        String::from_utf8_lossy(&hex_id(self.id)).into_owned()
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
    routed: &RoutedPath,
    context: &RequestContext,
) -> RequestLog {
    let labels = (method_label(request.method()), request.version());
    RequestLog::begin(observer, routed.number, labels, context.arrival.at, || record(request, context))
}

fn record<B>(request: &Request<B>, context: &RequestContext) -> LogRecord {
    let (headers, uri) = (request.headers(), request.uri());
    let host =
        uri.authority().map_or_else(|| field(headers, HOST), |authority| authority.as_str().as_bytes());
    let target = uri.path_and_query().map_or(uri.path(), |target| target.as_str());
    LogRecord {
        request: Some((request.method().clone(), request.version())),
        texts: PeerTexts::new(host, target.as_bytes(), field(headers, REFERER), field(headers, USER_AGENT)),
        ..LogRecord::unread(context.connection, context.client.peer, context.id)
    }
}

fn field(headers: &HeaderMap, name: HeaderName) -> &[u8] {
    headers.get(name).map_or(b"", |value| value.as_bytes())
}
