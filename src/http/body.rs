//! A response from its request to its last byte. Permit, deadline, log record and metrics end together, once the socket
//! has taken that byte.

use crate::http::{connection::Connection, date, request_log::RequestLog};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Response, StatusCode,
    body::{Body, Frame, SizeHint},
    header::{CONTENT_LENGTH, DATE},
};
use std::{
    convert::Infallible,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};
use tokio::time::Instant;

pub enum ResponseContent {
    /// All bytes, shared with other responses.
    Whole(Full<Bytes>),
    /// Events, sent as they happen.
    Events(Pin<Box<dyn Body<Data = Bytes, Error = Infallible> + Send>>),
}

pub struct ResponseBody {
    content: ResponseContent,
    log: Option<RequestLog>,
    /// None until the response begins, and after its last byte.
    in_flight: Option<InFlight>,
}

impl ResponseBody {
    /// A response with this status, which is recorded in the log at its end.
    pub(crate) fn new(content: ResponseContent, mut log: Option<RequestLog>, status: StatusCode) -> Self {
        if let Some(log) = &mut log {
            log.status = status;
            log.is_timed = matches!(content, ResponseContent::Whole(_));
        }
        ResponseBody { content, log, in_flight: None }
    }

    /// The head of a response, with the fields that hyper adds for HTTP/1.1, and its body.
    pub(crate) fn split(response: Response<ResponseBody>) -> (Response<()>, ResponseBody) {
        let (mut head, body) = response.into_parts();
        head.headers.entry(DATE).or_insert_with(date::now);
        if let (Some(length), false) = (body.length(), body.is_complete()) {
            head.headers.entry(CONTENT_LENGTH).or_insert_with(|| length.into());
        }
        (Response::from_parts(head, ()), body)
    }

    /// Begins the response to this request. Returns the deadline of its last byte.
    pub(crate) fn begin(&mut self, mut in_flight: InFlight) -> Instant {
        if matches!(self.content, ResponseContent::Events(_)) {
            in_flight.extend_for_events();
        }
        self.in_flight.insert(in_flight).deadline
    }

    /// The next piece; none at the end.
    pub(crate) fn poll_piece(&mut self, context: &mut Context) -> Poll<Option<Bytes>> {
        let polled = match &mut self.content {
            ResponseContent::Whole(whole) => Pin::new(whole).poll_frame(context),
            ResponseContent::Events(events) => events.as_mut().poll_frame(context),
        };
        polled.map(|frame| {
            let bytes = frame.and_then(|Ok(frame)| frame.into_data().ok())?;
            if let Some(log) = &mut self.log {
                log.bytes += bytes.len() as u64;
            }
            Some(bytes)
        })
    }

    /// Whether there are no more pieces.
    pub(crate) fn is_complete(&self) -> bool {
        match &self.content {
            ResponseContent::Whole(whole) => whole.is_end_stream(),
            ResponseContent::Events(_) => false,
        }
    }

    /// The bytes that remain; none for events.
    pub(crate) fn length(&self) -> Option<u64> {
        match &self.content {
            ResponseContent::Whole(whole) => whole.size_hint().exact(),
            ResponseContent::Events(_) => None,
        }
    }

    /// Ends the response, if it has begun, once everything is flushed.
    fn end_at_flush(&mut self) {
        if let Some(end) = self.end() {
            end.wait_for_flush();
        }
    }

    /// The end of the response, once the protocol layer is given its last byte.
    pub(crate) fn end(&mut self) -> Option<ResponseEnd> {
        let in_flight = self.in_flight.take()?;
        Some(ResponseEnd { in_flight, log: self.log.take() })
    }
}

/// The body as hyper reads it for HTTP/1.1.
impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = ready!(self.poll_piece(context));
        if piece.is_none() || self.is_complete() {
            self.end_at_flush();
        } else if let Some(in_flight) = &mut self.in_flight {
            // The last byte of an event stream may be far away.
            in_flight.show_end();
        }
        Poll::Ready(piece.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.is_complete()
    }

    fn size_hint(&self) -> SizeHint {
        self.length().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// hyper drops an empty body without reading it.
impl Drop for ResponseBody {
    fn drop(&mut self) {
        self.end_at_flush();
    }
}

/// A request whose response has not left completely. It keeps the connection open, until its deadline.
pub(crate) struct InFlight {
    connection: Rc<Connection>,
    deadline: Instant,
    /// Whether the end of the peer's bytes is hidden from the protocol layer.
    hides_end: bool,
    /// The connection ends it at the next flush.
    is_handed_over: bool,
}

impl InFlight {
    pub(super) fn new(connection: Rc<Connection>, deadline: Instant) -> Self {
        InFlight { connection, deadline, hides_end: false, is_handed_over: false }
    }

    /// Gives an event stream its time: it ends by itself, and then has the timeout of every response.
    pub fn extend_for_events(&mut self) {
        let later = self.deadline + self.connection.limits().event_stream;
        self.connection.postpone(self.deadline, later);
        self.deadline = later;
    }

    /// Hides the end of the peer's bytes until the response has left: the client may close its half of the connection
    /// and still read.
    pub fn hide_end(&mut self) {
        self.hides_end = true;
        self.connection.unflushed.begin();
    }

    /// Shows the end of the peer's bytes after the next flush.
    fn show_end(&mut self) {
        if std::mem::take(&mut self.hides_end) {
            self.connection.unflushed.hand_over();
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.show_end();
        if !self.is_handed_over {
            self.connection.end(self.deadline, Instant::now());
        }
    }
}

/// A response whose last byte the protocol layer has. Dropping it ends it at once.
pub(crate) struct ResponseEnd {
    in_flight: InFlight,
    log: Option<RequestLog>,
}

impl ResponseEnd {
    /// Sets the time at which the transport took the last byte, if that is earlier than the end.
    pub fn taken_at(&mut self, at: Instant) {
        if let Some(log) = &mut self.log {
            log.ended = Some(at.into_std());
        }
    }

    /// Ends the response once everything is flushed.
    pub fn wait_for_flush(mut self) {
        self.in_flight.is_handed_over = true;
        self.in_flight.connection.unflushed.add(self.in_flight.deadline, self.log);
    }
}
