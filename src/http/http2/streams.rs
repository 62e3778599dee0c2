//! The open streams of one HTTP/2 connection: sends their responses and resets those that are too slow.

use crate::http::{
    blocked::Blocked,
    body::{InFlight, ResponseBody},
    connection::Connection,
    connection_metrics::{CloseReason, ConnectionMetrics},
    handler::PromisedResponse,
    http2::{
        piece::{Piece, PieceState},
        upload::Upload,
    },
    progress::CHECK_INTERVAL,
};
use h2::{Reason, RecvStream, SendStream, server::SendResponse};
use hyper::Response;
use std::{
    cell::Cell,
    rc::Rc,
    task::{Context, Poll},
};
use tokio::time::Instant;

/// The open streams of one connection.
pub(super) struct Streams {
    open: Vec<OpenStream>,
    /// Requests without a response yet.
    promised: Vec<(PromisedResponse, RequestStream)>,
    connection: Rc<Connection>,
    /// Bytes of bodies that flow control has let through, over all streams.
    taken: Rc<Cell<u64>>,
    /// The last known value of `taken`, and the time at which it changed.
    last: (u64, Instant),
    /// The time of the last check for slow peers.
    checked: Instant,
}

impl Streams {
    pub fn new(connection: Rc<Connection>) -> Self {
        let now = Instant::now();
        Streams {
            open: Vec::new(),
            promised: Vec::new(),
            connection,
            taken: Rc::default(),
            last: (0, now),
            checked: now,
        }
    }

    /// Sends a response. Bytes that cannot be sent at once follow when the connection is polled.
    pub fn respond(
        &mut self,
        stream: RequestStream,
        response: Response<ResponseBody>,
        context: &mut Context,
    ) {
        let RequestStream { mut respond, in_flight, upload, began } = stream;
        let (head, mut body) = ResponseBody::split(response);
        let is_empty = body.is_complete();
        let length = body.length().and_then(|length| usize::try_from(length).ok());
        let deadline = body.begin(in_flight);
        let mut send = match respond.send_response(head, is_empty) {
            Ok(send) => send,
            Err(error) => {
                tracing::debug!(%error, "cannot send an HTTP/2 response");
                respond.send_reset(Reason::INTERNAL_ERROR);
                return;
            }
        };
        // If the windows have room for the whole response, `h2` sends it by itself.
        let is_done = upload.is_none()
            && length.is_some_and(|length| {
                send.reserve_capacity(length);
                is_empty || send.capacity() >= length
            });
        let mut stream = OpenStream {
            send,
            end: deadline,
            rest: None,
            piece: None,
            blocked: None,
            upload: upload.map(Upload::new),
        };
        // An empty body ends when it is dropped here.
        if !is_empty {
            stream.rest = Some(body);
            stream.send_pieces(&self.taken, began, context);
        }
        if !is_done {
            self.open.push(stream);
        }
    }

    /// Sends a response once it is ready.
    pub fn wait(&mut self, promise: PromisedResponse, stream: RequestStream) {
        self.promised.push((promise, stream));
    }

    /// Sends the responses that are ready. Returns whether there were any.
    fn keep_promises(&mut self, context: &mut Context) -> bool {
        let mut has_any = false;
        for (mut promise, mut stream) in std::mem::take(&mut self.promised) {
            match promise.as_mut().poll(context) {
                Poll::Ready(response) => {
                    has_any = true;
                    stream.began = Instant::now();
                    self.respond(stream, response, context);
                }
                Poll::Pending if stream.respond.poll_reset(context).is_pending() => {
                    self.promised.push((promise, stream));
                }
                // The peer has reset the stream.
                Poll::Pending => {}
            }
        }
        has_any
    }

    /// Advances every stream. Returns whether the connection has more to send.
    pub fn advance(&mut self, context: &mut Context) -> bool {
        let mut has_more = self.keep_promises(context);
        let (taken, connection) = (&self.taken, &self.connection);
        self.open.retain_mut(|stream| {
            has_more |= stream.advance(taken, context);
            stream.note_blocked(connection, context);
            !stream.is_over()
        });
        let taken = self.taken.get();
        if taken != self.last.0 {
            self.last = (taken, Instant::now());
        }
        has_more
    }

    /// Resets streams whose peer takes too long, and gives up on request bodies that do not end.
    pub fn enforce(&mut self, now: Instant, counters: &ConnectionMetrics) {
        let (limits, last) = (self.connection.limits(), self.last);
        self.checked = now;
        for stream in &mut self.open {
            stream.upload.take_if(|upload| upload.until().is_some_and(|until| until <= now));
            let is_evicted = stream.blocked.as_ref().is_some_and(Blocked::is_evicted);
            let limit = match stream.piece.as_ref().filter(|piece| !piece.has_left()) {
                Some(_) if is_evicted => CloseReason::Memory,
                Some(piece) if piece.deadline(stream.end, limits.request) <= now => CloseReason::Request,
                Some(piece) if piece.has_stalled(limits, now, last) => CloseReason::Stall,
                None if stream.rest.is_some() && stream.end <= now => CloseReason::Request,
                _ => continue,
            };
            counters.stream_reset(limit);
            stream.reset();
        }
        self.open.retain(|stream| !stream.is_over());
    }

    /// The next time at which [`Self::enforce`] has something to do, if nothing happens before.
    pub fn next_deadline(&self) -> Option<Instant> {
        let limits = self.connection.limits();
        let deadline = |stream: &OpenStream| {
            let waiting = stream.piece.as_ref().filter(|piece| !piece.has_left());
            let sending = match waiting {
                Some(_) if stream.blocked.as_ref().is_some_and(Blocked::is_evicted) => Some(self.checked),
                Some(piece) => {
                    let first = piece.began + limits.stall;
                    let check = if first > self.checked { first } else { self.checked + CHECK_INTERVAL };
                    Some(check.min(piece.deadline(stream.end, limits.request)))
                }
                None => stream.rest.as_ref().map(|_| stream.end),
            };
            let upload = stream.upload.as_ref().and_then(Upload::until);
            [sending, upload].into_iter().flatten().min()
        };
        self.open.iter().filter_map(deadline).min()
    }
}

/// A stream with a request that has no response yet.
pub(super) struct RequestStream {
    pub respond: SendResponse<Piece>,
    pub in_flight: InFlight,
    /// The body of the request, if it has one.
    pub upload: Option<RecvStream>,
    /// The time at which the response can begin.
    pub began: Instant,
}

/// A stream whose response or request is unfinished.
struct OpenStream {
    send: SendStream<Piece>,
    /// The deadline of the response.
    end: Instant,
    /// The part of the response that `h2` does not have yet. Only event streams keep one.
    rest: Option<ResponseBody>,
    /// The last piece that `h2` was given.
    piece: Option<Rc<PieceState>>,
    /// Set while flow control holds the piece back.
    blocked: Option<Blocked>,
    upload: Option<Upload>,
}

impl OpenStream {
    /// Advances the stream. Returns whether the connection has more to send.
    fn advance(&mut self, taken: &Rc<Cell<u64>>, context: &mut Context) -> bool {
        let has_left = self.rest.is_none() && !self.is_waiting();
        self.upload.take_if(|upload| {
            if has_left {
                upload.limit();
            }
            upload.read_and_drop(context)
        });
        if self.rest.is_some() && self.send.poll_reset(context).is_ready() {
            // The peer has reset the stream.
            self.rest = None;
        }
        // Only events have more than one piece.
        self.rest.is_some() && self.send_pieces(taken, Instant::now(), context)
    }

    /// Gives `h2` the next piece once the last one has left. Returns whether there was one.
    fn send_pieces(&mut self, taken: &Rc<Cell<u64>>, now: Instant, context: &mut Context) -> bool {
        if self.is_waiting() {
            return false;
        }
        let Some(body) = &mut self.rest else { return false };
        let Poll::Ready(bytes) = body.poll_piece(context) else { return false };
        let is_last = bytes.is_none() || body.is_complete();
        let end = if is_last { body.end() } else { None };
        if is_last {
            self.rest = None;
        }
        let (piece, state) = Piece::new(bytes.unwrap_or_default(), end, taken, now);
        (self.piece, self.blocked) = (Some(state), None);
        if self.send.send_data(piece, is_last).is_err() {
            // The stream is closed already.
            self.rest = None;
        }
        true
    }

    /// Whether `h2` still holds the last piece that it was given.
    fn is_waiting(&self) -> bool {
        self.piece.as_ref().is_some_and(|piece| !piece.has_left())
    }

    /// Counts the response among the blocked ones of all connections while its piece waits.
    fn note_blocked(&mut self, connection: &Connection, context: &Context) {
        match self.piece.as_ref().filter(|piece| !piece.has_left()) {
            Some(piece) if self.blocked.is_none() => {
                self.blocked = Some(connection.blocked(piece.own_bytes, context.waker()));
            }
            Some(_) => {}
            None => self.blocked = None,
        }
    }

    /// Whether the stream is finished. `h2` then ends an unfinished request with NO_ERROR, once the response is out
    /// (RFC 9113 §8.1).
    fn is_over(&self) -> bool {
        self.rest.is_none() && self.upload.is_none() && !self.is_waiting()
    }

    /// Resets this stream only; the connection goes on.
    fn reset(&mut self) {
        (self.rest, self.upload, self.blocked) = (None, None, None);
        if let Some(piece) = self.piece.take() {
            piece.give_up();
        }
        self.send.send_reset(Reason::CANCEL);
    }
}
