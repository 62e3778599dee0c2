//! One request and its response, watched from the request's head to the last byte, then counted and logged.

use crate::{
    connection::{Arrival, Connection},
    http::{
        access_log::AccessLog,
        log_record::{FIELD_CAP, Record, TARGET_CAP, Text, hex_id, protocol},
        metrics::{Labels, Metrics, NO_ROUTE},
    },
    site::{events::Events, routes::Route},
    web::forwarded::Client,
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

/// How a request came to be answered.
pub(crate) struct Way<'a> {
    pub connection: &'a Connection,
    pub client: Client,
    pub arrival: Arrival,
    pub version: Version,
    /// How long it took to find the route.
    pub routing: Duration,
    id: u64,
}

impl<'a> Way<'a> {
    /// The route has just been found.
    pub fn new(connection: &'a Connection, client: Client, arrival: Arrival, version: Version) -> Self {
        Way { connection, client, arrival, version, routing: arrival.at.elapsed(), id: fastrand::u64(..) }
    }

    /// 16 hex digits.
    pub fn id(&self) -> String {
        hex_id(self.id)
    }

    /// The value of Server-Timing, in milliseconds as that has it.
    pub fn timing(&self) -> String {
        let [route, answer] =
            [self.routing, self.arrival.at.elapsed() - self.routing].map(|span| span.as_secs_f64() * 1e3);
        format!("route;dur={route:.3}, answer;dur={answer:.3}")
    }
}

/// Who is told of every exchange.
pub struct Observer {
    /// Counts it.
    pub metrics: Metrics,
    /// Writes it down, if anyone does.
    pub log: Option<Arc<AccessLog>>,
}

/// An exchange that is going on. It ends when it is dropped: with the body, read or not.
pub(crate) struct Exchange {
    observer: Arc<Observer>,
    began: Instant,
    labels: Labels,
    status: StatusCode,
    bytes: u64,
    /// Whether its duration says anything of us: a stream lasts as long as its reader likes.
    is_timed: bool,
    record: Option<Record>,
}

impl Exchange {
    /// The request's head has been read.
    pub fn begin<B>(
        observer: &Arc<Observer>,
        request: &Request<B>,
        route: Option<&Route>,
        way: &Way,
    ) -> Self {
        Exchange {
            began: way.arrival.at,
            labels: Labels {
                route: route.map_or(NO_ROUTE, |route| route.pattern),
                method: method_class(request.method()),
                protocol: protocol(request.version()),
            },
            status: StatusCode::INTERNAL_SERVER_ERROR,
            bytes: 0,
            is_timed: true,
            record: observer.log.is_some().then(|| record(request, way)),
            observer: observer.clone(),
        }
    }

    /// No request could be read, and its response has been sent already.
    pub fn refused(observer: &Arc<Observer>, status: StatusCode, connection: &Connection) {
        drop(Exchange {
            began: Instant::now(),
            labels: Labels { route: NO_ROUTE, method: "none", protocol: protocol(Version::HTTP_11) },
            status,
            bytes: 0,
            is_timed: false,
            record: observer
                .log
                .is_some()
                .then(|| Record::unread(connection, connection.client(), fastrand::u64(..))),
            observer: observer.clone(),
        });
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let duration = self.began.elapsed();
        let timed = self.is_timed.then_some(duration);
        self.observer.metrics.responded(&self.labels, self.status.as_str(), self.bytes, timed);
        if let (Some(record), Some(log)) = (self.record.take(), &self.observer.log) {
            log.write(Record { status: self.status, bytes: self.bytes, duration, ..record });
        }
    }
}

/// A method by its name only if it is one we know: a peer can make up any number of others.
fn method_class(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn record<B>(request: &Request<B>, way: &Way) -> Record {
    let (headers, uri) = (request.headers(), request.uri());
    let host = match uri.authority() {
        Some(authority) => Text::cut(authority.as_str().as_bytes(), FIELD_CAP),
        None => field(headers, HOST),
    };
    let target = uri.path_and_query().map_or(uri.path(), |target| target.as_str());
    Record {
        host,
        request: Some((
            request.method().clone(),
            Text::cut(target.as_bytes(), TARGET_CAP),
            request.version(),
        )),
        referer: field(headers, REFERER),
        agent: field(headers, USER_AGENT),
        ..Record::unread(way.connection, way.client.peer, way.id)
    }
}

fn field(headers: &HeaderMap, name: HeaderName) -> Text {
    headers.get(name).map(|value| Text::cut(value.as_bytes(), FIELD_CAP)).unwrap_or_default()
}

/// A response's body, watched.
pub struct Body {
    content: Content,
    exchange: Option<Exchange>,
}

/// What is sent.
pub(crate) enum Content {
    /// All of it is there, and shared.
    Whole(Full<Bytes>),
    /// More comes when it happens.
    Events(Events),
}

impl Body {
    pub(crate) fn watched(content: Content, mut exchange: Option<Exchange>, status: StatusCode) -> Self {
        if let Some(exchange) = &mut exchange {
            exchange.status = status;
            exchange.is_timed = matches!(content, Content::Whole(_));
        }
        Body { content, exchange }
    }
}

impl body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let polled = match &mut self.content {
            Content::Whole(bytes) => Pin::new(bytes).poll_frame(context),
            Content::Events(events) => {
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
            Content::Whole(bytes) => bytes.is_end_stream(),
            Content::Events(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(bytes) => bytes.size_hint(),
            Content::Events(_) => SizeHint::default(),
        }
    }
}
