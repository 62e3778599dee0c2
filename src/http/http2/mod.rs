//! One HTTP/2 connection, from its preface to its end. The `h2` crate speaks the protocol; requests are answered in the
//! connection's own loop, without a task for each stream: responses are there as a whole, but for those of the relay and of
//! event streams.

mod malformed;
mod piece;
mod streams;
mod upload;

use crate::{
    connection::ConnectionInfo,
    http::{
        activity::{CloseReason, ConnectionState},
        connection_metrics::ConnectionMetrics,
        handler::{ConnectionError, HandlerResponse, SharedHandler, UnreadBody},
        in_flight::{FlushTracker, InFlight},
    },
    lifecycle::Phase,
};
use bytes::Bytes;
use h2::{
    Reason, RecvStream,
    server::{self, Handshake, SendResponse},
};
use hyper::{Request, body::Body};
use piece::Piece;
use std::{
    convert::Infallible,
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use streams::Streams;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    time::{Instant, sleep_until},
};

/// For the peer to acknowledge that the connection ends (RFC 9113 §6.8): the longest round trip there is.
const FAREWELL: Duration = Duration::from_secs(5);

/// Serves requests until the peer leaves, the server drains, or a limit is reached, which is returned.
pub(crate) async fn serve<S, B>(
    stream: S,
    connection: ConnectionInfo,
    handler: SharedHandler<B>,
    activity: Arc<ConnectionState>,
    counters: &ConnectionMetrics,
    mut phase: watch::Receiver<Phase>,
) -> Result<Option<CloseReason>, ConnectionError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
    B: Body<Data = Bytes, Error = Infallible> + Send + Unpin,
{
    let mut http2 = Http2::new(stream, connection, handler, &activity);
    let mut look = pin!(sleep_until(Instant::now()));
    // Why it ends; the drain is no limit.
    let mut over = None;
    // When the peer was told that it ends.
    let mut told = None;
    loop {
        let now = Instant::now();
        http2.streams.enforce(now, counters);
        let end = match told {
            None => match activity.due_at(now) {
                Ok(next) => next,
                // What waits is no stream's own but the whole connection's: its socket takes nothing.
                Err(CloseReason::Request) => return Ok(Some(CloseReason::Request)),
                Err(limit) => {
                    over = Some(limit);
                    told = Some(http2.shut_down());
                    continue;
                }
            },
            Some(told) => match activity.last(told, FAREWELL) {
                last if last <= now => return Ok(over),
                last => last,
            },
        };
        let next = http2.streams.next_deadline().map_or(end, |deadline| deadline.min(end));
        look.as_mut().reset(next);
        // What happens meanwhile may bring the next look forward.
        let served = poll_fn(|context| match http2.poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if http2.looks_by(next, told) => Poll::Pending,
            Poll::Pending => Poll::Ready(None),
        });
        tokio::select! {
            done = served => match done {
                _ if activity.has_stalled() => return Ok(Some(CloseReason::Stall)),
                Some(Ok(())) => return Ok(over),
                Some(Err(error)) => return Err(error.into()),
                None => {}
            },
            _ = phase.wait_for(|phase| *phase != Phase::Serving), if told.is_none() => {
                told = Some(http2.shut_down());
            }
            () = &mut look => {}
        }
    }
}

struct Http2<S, B: Body> {
    state: Http2State<S, B>,
    /// The peer is to be told that the connection ends.
    is_leaving: bool,
    streams: Streams<B>,
    connection: Arc<ConnectionInfo>,
    handler: SharedHandler<B>,
    activity: Arc<ConnectionState>,
}

enum Http2State<S, B> {
    Handshaking(Handshake<FlushTracker<S, B>, Piece<B>>),
    Serving(server::Connection<FlushTracker<S, B>, Piece<B>>),
}

impl<S, B> Http2<S, B>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
    B: Body<Data = Bytes, Error = Infallible> + Send + Unpin,
{
    fn new(
        stream: S,
        connection: ConnectionInfo,
        handler: SharedHandler<B>,
        activity: &Arc<ConnectionState>,
    ) -> Self {
        let limits = activity.limits();
        let in_flight = InFlight::new();
        let handshake = server::Builder::new()
            .max_concurrent_streams(limits.h2_streams)
            .initial_window_size(limits.h2_window)
            .initial_connection_window_size(limits.h2_window)
            .max_header_list_size(limits.header_list())
            .max_pending_accept_reset_streams(limits.h2_pending_resets)
            .max_local_error_reset_streams(Some(limits.h2_local_resets))
            .handshake(FlushTracker::new(stream, in_flight.clone()));
        Http2 {
            state: Http2State::Handshaking(handshake),
            is_leaving: false,
            streams: Streams::new(in_flight, activity.clone()),
            connection: Arc::new(connection),
            handler,
            activity: activity.clone(),
        }
    }

    /// Drives the connection: reads frames, answers requests, sends what windows allow.
    fn poll(&mut self, context: &mut Context) -> Poll<Result<(), h2::Error>> {
        loop {
            let mut requests = Vec::new();
            while let Some(accepted) = ready_now(self.poll_accept(context)) {
                match accepted {
                    Some(Ok(request)) => requests.push(request),
                    Some(Err(error)) => return Poll::Ready(Err(error)),
                    None => return Poll::Ready(Ok(())),
                }
            }
            if !requests.is_empty() {
                // `h2` writes whenever it is asked for a request: all are answered first, so that their responses leave together.
                for (request, respond) in requests {
                    self.answer(request, respond, context);
                }
            } else if !self.streams.advance(context) {
                self.streams.settle();
                return Poll::Pending;
            }
        }
    }

    fn poll_accept(&mut self, context: &mut Context) -> Poll<Option<AcceptedStream<B>>> {
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
                Http2State::Serving(connection) => return pin!(connection.accept()).poll(context),
            }
        }
    }

    fn answer(
        &mut self,
        request: Request<RecvStream>,
        mut respond: SendResponse<Piece<B>>,
        context: &mut Context,
    ) {
        let arrival = self.activity.request();
        let (head, body) = request.into_parts();
        let request = Request::from_parts(head, UnreadBody::of(body.is_end_stream()));
        if let Some(why) = malformed::why(&request) {
            tracing::debug!(why, peer = %self.connection.peer, "malformed HTTP/2 request");
            respond.send_reset(Reason::PROTOCOL_ERROR);
            return;
        }
        let upload = (!request.body().is_end_stream()).then_some(body);
        match self.handler.answer(&request, &self.connection, arrival) {
            HandlerResponse::Now(response) => self.streams.respond(&mut respond, response, upload, context),
            HandlerResponse::Later(promise) => self.streams.wait(promise, respond, upload),
        }
    }

    /// Tells the peer that the connection ends (GOAWAY); requests on their way are still answered. When that was.
    fn shut_down(&mut self) -> Instant {
        self.is_leaving = true;
        if let Http2State::Serving(connection) = &mut self.state {
            connection.graceful_shutdown();
        }
        Instant::now()
    }

    /// Whether nothing has to be looked at before this time.
    fn looks_by(&self, next: Instant, told: Option<Instant>) -> bool {
        let end = match told {
            None => self.activity.due().unwrap_or_else(|_| Instant::now()),
            Some(told) => self.activity.last(told, FAREWELL),
        };
        end >= next && self.streams.next_deadline().is_none_or(|deadline| deadline >= next)
    }
}

type AcceptedStream<B> = Result<(Request<RecvStream>, SendResponse<Piece<B>>), h2::Error>;

fn ready_now<T>(poll: Poll<T>) -> Option<T> {
    match poll {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}
