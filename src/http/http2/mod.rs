//! One HTTP/2 connection, from its preface to its end. The `h2` crate implements the protocol. The connection's own
//! loop answers requests, without a task for each stream, because all responses are complete at once, except those of
//! the relay and of event streams.

mod control_frames;
mod piece;
mod stream;
mod streams;
mod upload;

use crate::{
    connection::ConnectionInfo,
    http::{
        connection::Connection,
        connection_metrics::{CloseReason, ConnectionMetrics},
        flush_tracker::FlushTracker,
        handler::{ConnectionError, HandlerResponse, SharedHandler, UnreadBody},
        malformed,
    },
    lifecycle::Phase,
};
use control_frames::FrameAllowance;
use h2::{
    Reason, RecvStream,
    server::{self, Handshake, SendResponse},
};
use hyper::{Request, body::Body};
use piece::Piece;
use std::{
    future::poll_fn,
    pin::{Pin, pin},
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use stream::Http2Stream;
use streams::{RequestStream, Streams};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, sleep_until},
};

/// Time for the peer to acknowledge GOAWAY (RFC 9113 §6.8): the longest realistic round trip.
const FAREWELL: Duration = Duration::from_secs(5);

/// Serves requests until the peer leaves, the server drains, or a limit is reached. Returns that limit.
pub(crate) async fn serve<S>(
    stream: S,
    info: ConnectionInfo,
    handler: SharedHandler,
    connection: Rc<Connection>,
    counters: &ConnectionMetrics,
) -> Result<Option<CloseReason>, ConnectionError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut http2 = Http2::new(stream, info, handler, &connection);
    let mut timer = pin!(sleep_until(Instant::now()));
    // The limit that ends the connection; none for a drain.
    let mut reached = None;
    // The time at which the connection began to shut down.
    let mut shutdown_at = None;
    loop {
        let now = Instant::now();
        http2.streams.enforce(now, counters);
        let end = match shutdown_at {
            None => match connection.due(now) {
                Ok(next) => next,
                // `enforce` has reset the streams that are overdue, so the connection itself is: its socket takes
                // nothing.
                Err(CloseReason::Request) => {
                    connection.reset_at_close();
                    return Ok(Some(CloseReason::Request));
                }
                Err(limit) => {
                    reached = Some(limit);
                    shutdown_at = Some(http2.shut_down());
                    continue;
                }
            },
            Some(shutdown_at) => match connection.last(shutdown_at, FAREWELL) {
                last if last <= now => return Ok(reached),
                last => last,
            },
        };
        let next = http2.streams.next_deadline().map_or(end, |deadline| deadline.min(end));
        timer.as_mut().reset(next);
        // Progress while polling may bring the next deadline forward.
        let served = poll_fn(|context| match http2.poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if shutdown_at.is_none() && connection.phase() != Phase::Serving => {
                Poll::Ready(None)
            }
            Poll::Pending if http2.nothing_is_due_before(next, shutdown_at) => Poll::Pending,
            Poll::Pending => Poll::Ready(None),
        });
        tokio::select! {
            done = served => match done {
                _ if connection.has_stalled() => return Ok(Some(CloseReason::Stall)),
                Some(_) if http2.frames.is_exceeded() => return Ok(Some(CloseReason::ControlFrames)),
                Some(Ok(())) => return Ok(reached),
                // A peer that was told to leave may do so without a farewell.
                Some(Err(_)) if reached.is_some() => return Ok(reached),
                Some(Err(error)) => return Err(error),
                None => {}
            },
            () = &mut timer => {}
        }
        if shutdown_at.is_none() && connection.phase() != Phase::Serving {
            shutdown_at = Some(http2.shut_down());
        }
    }
}

struct Http2<S> {
    state: Http2State<S>,
    /// The stream below `h2`.
    stream: Http2Stream<FlushTracker<S>>,
    frames: Rc<FrameAllowance>,
    /// GOAWAY was sent, or will be sent after the handshake.
    is_leaving: bool,
    streams: Streams,
    info: Arc<ConnectionInfo>,
    handler: SharedHandler,
    connection: Rc<Connection>,
}

enum Http2State<S> {
    Handshaking(Handshake<Http2Stream<FlushTracker<S>>, Piece>),
    Serving(server::Connection<Http2Stream<FlushTracker<S>>, Piece>),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Http2<S> {
    fn new(stream: S, info: ConnectionInfo, handler: SharedHandler, connection: &Rc<Connection>) -> Self {
        let limits = connection.limits();
        // On top, the heads of all requests that may be open at once, which may be read before the first is answered.
        let frames = Rc::new(FrameAllowance::new(limits.h2_control_frames + limits.h2_streams));
        let stream = Http2Stream::new(FlushTracker::new(stream, connection.clone()), frames.clone());
        let handshake = server::Builder::new()
            .max_concurrent_streams(limits.h2_streams)
            .initial_window_size(limits.h2_window)
            .initial_connection_window_size(limits.h2_window)
            .max_header_list_size(limits.header_list())
            .max_pending_accept_reset_streams(limits.h2_pending_resets)
            .max_local_error_reset_streams(Some(limits.h2_local_resets))
            .handshake(stream.clone());
        Http2 {
            state: Http2State::Handshaking(handshake),
            stream,
            frames,
            is_leaving: false,
            streams: Streams::new(connection.clone()),
            info: Arc::new(info),
            handler,
            connection: connection.clone(),
        }
    }

    /// Drives the connection: reads frames, answers requests, sends what flow control allows.
    fn poll(&mut self, context: &mut Context) -> Poll<Result<(), ConnectionError>> {
        let polled = self.poll_protocol(context);
        // Everything that `h2` has written leaves together.
        if let Poll::Ready(Err(error)) = self.stream.poll_send(context) {
            return Poll::Ready(Err(error.into()));
        }
        self.connection.settle();
        polled.map_err(Into::into)
    }

    fn poll_protocol(&mut self, context: &mut Context) -> Poll<Result<(), h2::Error>> {
        loop {
            match self.poll_accept(context) {
                Poll::Ready(Some(Ok((request, respond)))) => self.answer(request, respond, context),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending if self.streams.advance(context) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn poll_accept(&mut self, context: &mut Context) -> Poll<Option<AcceptedStream>> {
        loop {
            match &mut self.state {
                Http2State::Handshaking(handshake) => {
                    let mut connection = match ready!(Pin::new(handshake).poll(context)) {
                        Ok(connection) => connection,
                        Err(error) => return Poll::Ready(Some(Err(error))),
                    };
                    if self.is_leaving {
                        connection.graceful_shutdown();
                    }
                    self.state = Http2State::Serving(connection);
                }
                Http2State::Serving(connection) => {
                    let accepted = pin!(connection.accept()).poll(context);
                    if accepted.is_ready() || !self.frames.is_exceeded() {
                        return accepted;
                    }
                    // Sends GOAWAY and then ends the connection.
                    connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
                    return pin!(connection.accept()).poll(context);
                }
            }
        }
    }

    fn answer(
        &mut self,
        request: Request<RecvStream>,
        mut respond: SendResponse<Piece>,
        context: &mut Context,
    ) {
        let (arrival, in_flight) = self.connection.request();
        let (head, body) = request.into_parts();
        let request = Request::from_parts(head, UnreadBody::of(body.is_end_stream()));
        if let Some(why) = malformed::why(&request) {
            tracing::debug!(why, peer = %self.info.peer, "malformed HTTP/2 request");
            respond.send_reset(Reason::PROTOCOL_ERROR);
            return;
        }
        let upload = (!request.body().is_end_stream()).then_some(body);
        let stream = RequestStream { respond, in_flight, upload, began: arrival.at.into() };
        let surplus = request.headers().len().saturating_sub(self.connection.limits().head_fields);
        self.frames.add_request(surplus);
        match self.handler.answer(&request, &self.info, arrival) {
            HandlerResponse::Now(response) => self.streams.respond(stream, response, context),
            HandlerResponse::Later(promise) => self.streams.wait(promise, stream),
        }
    }

    /// Sends GOAWAY and returns the time. Requests on their way are still answered.
    fn shut_down(&mut self) -> Instant {
        self.is_leaving = true;
        if let Http2State::Serving(connection) = &mut self.state {
            connection.graceful_shutdown();
        }
        Instant::now()
    }

    /// Whether no deadline is earlier than `next`.
    fn nothing_is_due_before(&self, next: Instant, shutdown_at: Option<Instant>) -> bool {
        let end = match shutdown_at {
            None => self.connection.next_check(),
            Some(shutdown_at) => self.connection.last(shutdown_at, FAREWELL),
        };
        end >= next && self.streams.next_deadline().is_none_or(|deadline| deadline >= next)
    }
}

type AcceptedStream = Result<(Request<RecvStream>, SendResponse<Piece>), h2::Error>;
