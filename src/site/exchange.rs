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
    header::{HOST, HeaderName, HeaderValue, REFERER, USER_AGENT},
};
use std::{
    io::{Cursor, Write},
    sync::Arc,
    time::Duration,
};

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

    pub fn id(&self) -> HeaderValue {
        header(&hex_id(self.id))
    }

    /// The value of Server-Timing, in milliseconds.
    pub fn timing(&self) -> HeaderValue {
        let mut text = Cursor::new([0; 96]);
        let answering = self.arrival.at.elapsed() - self.routing;
        let steps = [("route;dur=", self.routing), (", answer;dur=", answering)];
        let quic = self.connection.quic.as_ref();
        let round_trip = quic.map(|quic| (", quic-rtt;dur=", quic.facts().round_trip.smoothed));
        for (name, span) in steps.into_iter().chain(round_trip) {
            let microseconds = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
            let (mut whole, mut fraction) = (itoa::Buffer::new(), itoa::Buffer::new());
            let whole = whole.format(microseconds / 1000);
            // Three digits, of a number with four.
            let fraction = &fraction.format(1000 + microseconds % 1000)[1..];
            for part in [name, whole, ".", fraction] {
                // There is room for all.
                let _ = text.write_all(part.as_bytes());
            }
        }
        let length = text.position() as usize;
        header(&text.get_ref()[..length])
    }
}

/// A value of printable ASCII.
fn header(text: &[u8]) -> HeaderValue {
    HeaderValue::from_bytes(text).unwrap_or(HeaderValue::from_static(""))
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
