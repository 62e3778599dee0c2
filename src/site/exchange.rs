//! One request and its response, observed from the request's head to the last byte, then counted and logged.

use crate::{
    connection::{Arrival, ConnectionInfo},
    http::{
        access_log::AccessLog,
        log_record::{FIELD_CAP, LogRecord, PeerText, TARGET_CAP, hex_id, protocol},
        metrics::{Labels, NO_ROUTE, RequestMetrics},
    },
    site::{events::EventStream, routes::Route},
    web::forwarded::ClientAddr,
};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, Method, Request, StatusCode, Version,
    body::{self, Frame, SizeHint},
    header::{HOST, HeaderName, REFERER, USER_AGENT},
};
use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
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

/// The metrics and the access log, which record every request.
pub struct RequestObserver {
    /// The metrics.
    pub metrics: RequestMetrics,
    /// The access log; none if it is turned off.
    pub log: Option<Arc<AccessLog>>,
}

/// A request in progress. It is counted and logged when this is dropped: with the response's body, read or not.
pub(crate) struct RequestLog {
    observer: Arc<RequestObserver>,
    began: Instant,
    labels: Labels,
    status: StatusCode,
    bytes: u64,
    /// Whether its duration is measured. That of a stream depends on the client alone.
    is_timed: bool,
    record: Option<LogRecord>,
}

impl RequestLog {
    /// Begins when the request's head has been read.
    pub fn begin<B>(
        observer: &Arc<RequestObserver>,
        request: &Request<B>,
        route: Option<&Route>,
        context: &RequestContext,
    ) -> Self {
        RequestLog {
            began: context.arrival.at,
            labels: Labels {
                route: route.map_or(NO_ROUTE, |route| route.pattern),
                method: method_class(request.method()),
                protocol: protocol(request.version()),
            },
            status: StatusCode::INTERNAL_SERVER_ERROR,
            bytes: 0,
            is_timed: true,
            record: observer.log.is_some().then(|| record(request, context)),
            observer: observer.clone(),
        }
    }

    /// Counts and logs a request that was unreadable. Its response has been sent already.
    pub fn refused(observer: &Arc<RequestObserver>, status: StatusCode, connection: &ConnectionInfo) {
        drop(RequestLog {
            began: Instant::now(),
            labels: Labels { route: NO_ROUTE, method: "none", protocol: protocol(Version::HTTP_11) },
            status,
            bytes: 0,
            is_timed: false,
            record: observer
                .log
                .is_some()
                .then(|| LogRecord::unread(connection, connection.client(), fastrand::u64(..))),
            observer: observer.clone(),
        });
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        let duration = self.began.elapsed();
        let timed = self.is_timed.then_some(duration);
        self.observer.metrics.responded(&self.labels, self.status.as_str(), self.bytes, timed);
        if let (Some(record), Some(log)) = (self.record.take(), &self.observer.log) {
            log.write(LogRecord { status: self.status, bytes: self.bytes, duration, ..record });
        }
    }
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

/// A response's body, whose bytes and end are recorded.
pub struct ResponseBody {
    content: ResponseContent,
    exchange: Option<RequestLog>,
}

/// The content of a body.
pub(crate) enum ResponseContent {
    /// All bytes, shared.
    Whole(Full<Bytes>),
    /// Events, sent as they happen.
    Events(EventStream),
}

impl ResponseBody {
    pub(crate) fn watched(
        content: ResponseContent,
        mut exchange: Option<RequestLog>,
        status: StatusCode,
    ) -> Self {
        if let Some(exchange) = &mut exchange {
            exchange.status = status;
            exchange.is_timed = matches!(content, ResponseContent::Whole(_));
        }
        ResponseBody { content, exchange }
    }
}

impl body::Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let polled = match &mut self.content {
            ResponseContent::Whole(bytes) => Pin::new(bytes).poll_frame(context),
            ResponseContent::Events(events) => {
                events.poll(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
            }
        };
        if let (Poll::Ready(Some(Ok(frame))), Some(exchange)) = (&polled, &mut self.exchange) {
            exchange.bytes += frame.data_ref().map_or(0, Bytes::len) as u64;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            ResponseContent::Whole(bytes) => bytes.is_end_stream(),
            ResponseContent::Events(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            ResponseContent::Whole(bytes) => bytes.size_hint(),
            ResponseContent::Events(_) => SizeHint::default(),
        }
    }
}
