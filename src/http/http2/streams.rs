//! The open streams of one HTTP/2 connection: sends their responses and resets those that are too slow.

use crate::http::{
    activity::{CloseReason, ConnectionState},
    blocked::Blocked,
    connection_metrics::ConnectionMetrics,
    date,
    http2::{
        piece::{Piece, PieceState},
        upload::Upload,
    },
    in_flight::{InFlight, UnsentResponse},
};
use bytes::Bytes;
use h2::{Reason, RecvStream, SendStream, server::SendResponse};
use hyper::{
    Response,
    body::Body,
    header::{CONTENT_LENGTH, DATE},
};
use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::Instant;

/// Interval between checks of a slow peer.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The open streams of one connection.
pub(super) struct Streams<B> {
    open: Vec<OpenStream<B>>,
    /// Requests without a response yet.
    promised: Vec<Promised<B>>,
    in_flight: InFlight<B>,
    activity: Arc<ConnectionState>,
    /// Bytes of bodies that flow control has let through, over all streams.
    taken: Arc<AtomicU64>,
    /// The last known value of `taken`, and the time at which it changed.
    last: (u64, Instant),
    /// The time of the last check for slow peers.
    checked: Instant,
}

impl<B> Streams<B>
where
    B: Body<Data = Bytes, Error = Infallible> + Unpin,
{
    pub fn new(in_flight: InFlight<B>, activity: Arc<ConnectionState>) -> Self {
        let now = Instant::now();
        Streams {
            open: Vec::new(),
            promised: Vec::new(),
            in_flight,
            activity,
            taken: Arc::default(),
            last: (0, now),
            checked: now,
        }
    }

    /// Sends a response. Bytes that cannot be sent at once follow when the connection is polled.
    pub fn respond(
        &mut self,
        respond: &mut SendResponse<Piece<B>>,
        response: Response<B>,
        upload: Option<RecvStream>,
        context: &mut Context,
    ) {
        let (mut head, body) = response.into_parts();
        head.headers.entry(DATE).or_insert_with(date::now);
        let is_empty = body.is_end_stream();
        if let (Some(length), false) = (body.size_hint().exact(), is_empty) {
            head.headers.entry(CONTENT_LENGTH).or_insert_with(|| length.into());
        }
        let length = body.size_hint().exact().and_then(|length| usize::try_from(length).ok());
        let unsent = UnsentResponse::new(body, &self.activity);
        let mut send = match respond.send_response(Response::from_parts(head, ()), is_empty) {
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
            end: unsent.end(),
            rest: None,
            piece: None,
            blocked: None,
            upload: upload.map(Upload::new),
        };
        if is_empty {
            self.in_flight.complete(unsent);
        } else {
            stream.rest = Some(unsent);
            stream.send_pieces(&self.in_flight, &self.taken, context);
        }
        if !is_done {
            self.open.push(stream);
        }
    }

    /// Sends a response once it is ready.
    pub fn wait(&mut self, promise: Promise<B>, respond: SendResponse<Piece<B>>, upload: Option<RecvStream>) {
        self.promised.push(Promised { promise, respond, upload });
    }

    /// Sends the responses that are ready. Returns whether there were any.
    fn keep_promises(&mut self, context: &mut Context) -> bool {
        let mut has_any = false;
        for mut promised in std::mem::take(&mut self.promised) {
            match promised.promise.as_mut().poll(context) {
                Poll::Ready(response) => {
                    has_any = true;
                    self.respond(&mut promised.respond, response, promised.upload, context);
                }
                Poll::Pending if promised.respond.poll_reset(context).is_pending() => {
                    self.promised.push(promised);
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
        let (in_flight, taken, activity) = (&self.in_flight, &self.taken, &self.activity);
        self.open.retain_mut(|stream| {
            has_more |= stream.advance(in_flight, taken, context);
            stream.note_blocked(activity, context);
            !stream.is_over()
        });
        let taken = self.taken.load(Ordering::Relaxed);
        if taken != self.last.0 {
            self.last = (taken, Instant::now());
        }
        has_more
    }

    /// Notes that the connection has written all it can for now.
    pub fn settle(&self) {
        self.in_flight.settle();
    }

    /// Resets streams whose peer takes too long, and gives up on request bodies that do not end.
    pub fn enforce(&mut self, now: Instant, counters: &ConnectionMetrics) {
        let (limits, last) = (self.activity.limits(), self.last);
        self.checked = now;
        for stream in &mut self.open {
            stream.upload.take_if(|upload| upload.until().is_some_and(|until| until <= now));
            let is_evicted = stream.blocked.as_ref().is_some_and(Blocked::is_evicted);
            let limit = match stream.piece.as_ref().filter(|piece| !piece.has_left()) {
                Some(_) if is_evicted => CloseReason::Memory,
                Some(piece) if piece.end(stream.end, limits.request) <= now => CloseReason::Request,
                Some(piece) if piece.has_stalled(now, last, limits.stall, limits.stall_rate) => {
                    CloseReason::Stall
                }
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
        let limits = self.activity.limits();
        let deadline = |stream: &OpenStream<B>| {
            let waiting = stream.piece.as_ref().filter(|piece| !piece.has_left());
            let sending = match waiting {
                Some(_) if stream.blocked.as_ref().is_some_and(Blocked::is_evicted) => Some(self.checked),
                Some(piece) => {
                    let first = piece.began + limits.stall;
                    let check = if first > self.checked { first } else { self.checked + CHECK_INTERVAL };
                    Some(check.min(piece.end(stream.end, limits.request)))
                }
                None => stream.rest.as_ref().map(|_| stream.end),
            };
            let upload = stream.upload.as_ref().and_then(Upload::until);
            [sending, upload].into_iter().flatten().min()
        };
        self.open.iter().filter_map(deadline).min()
    }
}

/// A response that is not ready yet.
type Promise<B> = Pin<Box<dyn Future<Output = Response<B>> + Send>>;

/// A request whose response is not ready yet.
struct Promised<B> {
    promise: Promise<B>,
    respond: SendResponse<Piece<B>>,
    upload: Option<RecvStream>,
}

/// A stream whose response or request is unfinished.
struct OpenStream<B> {
    send: SendStream<Piece<B>>,
    /// The deadline of the response.
    end: Instant,
    /// The part of the response that `h2` does not have yet. Only event streams keep one.
    rest: Option<UnsentResponse<B>>,
    /// The last piece that `h2` was given.
    piece: Option<Arc<PieceState<B>>>,
    /// Set while flow control holds the piece back.
    blocked: Option<Blocked>,
    upload: Option<Upload>,
}

impl<B> OpenStream<B>
where
    B: Body<Data = Bytes, Error = Infallible> + Unpin,
{
    /// Advances the stream. Returns whether the connection has more to send.
    fn advance(&mut self, in_flight: &InFlight<B>, taken: &Arc<AtomicU64>, context: &mut Context) -> bool {
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
        self.send_pieces(in_flight, taken, context)
    }

    /// Gives `h2` the next piece once the last one has left. Returns whether there was one.
    fn send_pieces(
        &mut self,
        in_flight: &InFlight<B>,
        taken: &Arc<AtomicU64>,
        context: &mut Context,
    ) -> bool {
        if self.is_waiting() {
            return false;
        }
        let Some(mut unsent) = self.rest.take() else { return false };
        let bytes = match Pin::new(&mut unsent.body).poll_frame(context) {
            Poll::Pending => {
                self.rest = Some(unsent);
                return false;
            }
            Poll::Ready(Some(Ok(frame))) => frame.into_data().ok(),
            Poll::Ready(None) => None,
        };
        let is_last = bytes.is_none() || unsent.body.is_end_stream();
        let last = if is_last { Some(unsent) } else { self.rest.replace(unsent) };
        let (piece, state) = Piece::new(bytes.unwrap_or_default(), last, taken, in_flight);
        (self.piece, self.blocked) = (Some(state), None);
        if self.send.send_data(piece, is_last).is_err() {
            // The stream is closed already.
            self.rest = None;
        }
        true
    }
}

impl<B> OpenStream<B> {
    /// Whether `h2` still holds the last piece that it was given.
    fn is_waiting(&self) -> bool {
        self.piece.as_ref().is_some_and(|piece| !piece.has_left())
    }

    /// Counts the response among the blocked ones of all connections while its piece waits.
    fn note_blocked(&mut self, activity: &ConnectionState, context: &Context) {
        match self.piece.as_ref().filter(|piece| !piece.has_left()) {
            Some(piece) if self.blocked.is_none() => {
                self.blocked = Some(activity.blocked(piece.own_bytes, context.waker()));
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
