//! One HTTP/1.1 connection, from its first request to its end.
//!
//! Only this much of HTTP/1.1 is here: no request has a body that is read, and a handler answers at once or promises one
//! response. So a connection that waits for a request holds no buffer, and a request is read, answered and written in
//! one go.

mod head;
mod response;

use crate::{
    connection::ConnectionInfo,
    http::{
        body::{InFlight, ResponseBody},
        connection::Connection,
        connection_metrics::CloseReason,
        handler::{ConnectionError, HandlerResponse, PromisedResponse, SharedHandler},
    },
    lifecycle::Phase,
};
use head::RequestHead;
use hyper::{Method, Response, StatusCode};
use response::{OutgoingResponse, ResponseFraming};
use std::{
    cell::RefCell,
    future::poll_fn,
    io, mem,
    pin::{Pin, pin},
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, sleep_until},
};

/// Time for a request that was on its way when the connection began to close, and for the lingering close.
const FAREWELL: Duration = Duration::from_secs(3);
/// Bytes that are read at once: more than browsers send with a request.
const READ: usize = 4 * 1024;

thread_local! {
    /// The space that all connections of a worker read into.
    static SPACE: RefCell<[u8; READ]> = const { RefCell::new([0; READ]) };
}

/// Serves requests until the peer leaves, the server drains, or a limit is reached. Returns that limit.
///
/// This is no `async fn`, because its future would keep room for the arguments.
pub(crate) fn serve<S>(
    stream: S,
    info: ConnectionInfo,
    handler: SharedHandler,
    connection: Rc<Connection>,
) -> impl Future<Output = Result<Option<CloseReason>, ConnectionError>>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let mut http1 = Http1 {
        stream,
        info: Arc::new(info),
        handler,
        connection,
        received: Vec::new(),
        searched: 0,
        state: Http1State::Reading,
        closes: false,
        reached: None,
        shutdown_at: None,
    };
    async move { http1.run().await }
}

/// A connection, and the time and reason of its end.
struct Http1<S> {
    stream: S,
    info: Arc<ConnectionInfo>,
    handler: SharedHandler,
    connection: Rc<Connection>,
    /// Bytes of heads that are incomplete, or whose turn has not come. It has no memory while there are none.
    received: Vec<u8>,
    /// The number of them that were searched for the end of a head.
    searched: usize,
    state: Http1State,
    /// Whether it closes after the response that is being made or sent.
    closes: bool,
    /// The limit that ends the connection; none for a drain.
    reached: Option<CloseReason>,
    /// The time since which the connection closes.
    shutdown_at: Option<Instant>,
}

enum Http1State {
    /// Waiting for a request.
    Reading,
    /// Waiting for a promised response.
    Answering(Box<(PromisedResponse, InFlight, ResponseFraming)>),
    /// The socket has no room, or the next event has not happened.
    Sending(Box<OutgoingResponse>),
    Closing,
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> Http1<S> {
    /// Runs the connection. At a limit or a drain it closes gracefully, until the time that [`Connection::last`] allows.
    async fn run(&mut self) -> Result<Option<CloseReason>, ConnectionError> {
        let mut timer = pin!(sleep_until(self.next_check()));
        let mut is_armed = false;
        poll_fn(|context| {
            loop {
                if let Poll::Ready(done) = self.poll(context) {
                    return Poll::Ready(self.ended(done));
                }
                if self.connection.phase() != Phase::Serving {
                    self.connection.leave();
                }
                // Progress while polling may bring the next check forward. A timer that fires too early is set again,
                // so it is not moved with each request.
                let next = self.next_check();
                if next < timer.deadline() {
                    timer.as_mut().reset(next);
                    is_armed = false;
                }
                if is_armed && !timer.is_elapsed() {
                    return Poll::Pending;
                }
                is_armed = true;
                ready!(timer.as_mut().poll(context));
                is_armed = false;
                match self.check(Instant::now()) {
                    Some(next) => timer.as_mut().reset(next),
                    None => return Poll::Ready(Ok(self.reached)),
                }
            }
        })
        .await
    }

    fn poll(&mut self, context: &mut Context) -> Poll<io::Result<()>> {
        loop {
            match &mut self.state {
                Http1State::Reading => match ready!(self.poll_head(context)) {
                    Ok(Some(head)) => ready!(self.answer(head, context))?,
                    Ok(None) => self.state = Http1State::Closing,
                    Err(status) => {
                        self.handler.refused(status, &self.info);
                        ready!(self.send(OutgoingResponse::refusal(status), context))?;
                    }
                },
                Http1State::Answering(promised) => {
                    let response = ready!(promised.0.as_mut().poll(context));
                    if let Http1State::Answering(promised) =
                        mem::replace(&mut self.state, Http1State::Reading)
                    {
                        let (_, in_flight, framing) = *promised;
                        ready!(self.respond(response, in_flight, framing, context))?;
                    }
                }
                Http1State::Sending(response) => match response.poll_send(&mut self.stream, context) {
                    Poll::Ready(sent) => {
                        self.closes |= response.is_last;
                        self.sent(sent)?;
                    }
                    Poll::Pending if response.awaits_event() => {
                        // A client that leaves an event stream is noticed.
                        ready!(self.poll_end(context));
                        self.state = Http1State::Closing;
                    }
                    Poll::Pending => return Poll::Pending,
                },
                // An error means that the peer is gone.
                Http1State::Closing => {
                    return Pin::new(&mut self.stream).poll_shutdown(context).map(|_| Ok(()));
                }
            }
        }
    }

    /// Waits for the next request; none if the peer sends nothing more. Only bytes that are no whole head are kept, so
    /// that a silent peer costs no buffer.
    fn poll_head(&mut self, context: &mut Context) -> Poll<Result<Option<RequestHead>, StatusCode>> {
        if !self.received.is_empty() {
            if let found @ (Ok(Some(_)) | Err(_)) = self.take_head() {
                return Poll::Ready(found);
            }
            self.connection.heard();
        }
        loop {
            let read = self.poll_read(context, |http1, bytes| {
                if !http1.received.is_empty() {
                    http1.received.extend_from_slice(bytes);
                    return http1.take_head();
                }
                let found = RequestHead::read(bytes, http1.connection.limits());
                let used = if let Ok(Some(head)) = &found { head.length } else { 0 };
                http1.received.extend_from_slice(&bytes[used..]);
                http1.searched = if used == 0 { bytes.len() } else { 0 };
                found
            });
            match ready!(read) {
                None => return Poll::Ready(Ok(None)),
                Some(Ok(None)) => {}
                Some(found) => return Poll::Ready(found),
            }
        }
    }

    /// The head at the beginning of the bytes that have come, if it is complete.
    fn take_head(&mut self) -> Result<Option<RequestHead>, StatusCode> {
        let limits = self.connection.limits();
        let is_full = self.received.len() >= limits.head_buffer();
        if !is_full && !has_empty_line(&self.received[self.searched.saturating_sub(3)..]) {
            self.searched = self.received.len();
            return Ok(None);
        }
        let found = RequestHead::read(&self.received, limits)?;
        match &found {
            Some(head) => {
                self.received.drain(..head.length);
                self.searched = 0;
                if self.received.is_empty() {
                    self.received = Vec::new();
                }
            }
            None => self.searched = self.received.len(),
        }
        Ok(found)
    }

    /// Reads bytes and hands them over; none at the end of the stream and after an error.
    fn poll_read<T>(
        &mut self,
        context: &mut Context,
        take: impl FnOnce(&mut Self, &[u8]) -> T,
    ) -> Poll<Option<T>> {
        SPACE.with_borrow_mut(|space| {
            let mut buffer = ReadBuf::new(space);
            let _ = ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer));
            let bytes = buffer.filled();
            Poll::Ready((!bytes.is_empty()).then(|| take(self, bytes)))
        })
    }

    /// Keeps requests that come while events are sent. Ready when the peer sends nothing more.
    fn poll_end(&mut self, context: &mut Context) -> Poll<()> {
        while self.received.len() < self.connection.limits().head_buffer() {
            let read = self.poll_read(context, |http1, bytes| http1.received.extend_from_slice(bytes));
            if ready!(read).is_none() {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }

    /// Answers a request. Ready once the response has left.
    fn answer(&mut self, head: RequestHead, context: &mut Context) -> Poll<io::Result<()>> {
        let RequestHead { request, is_kept_alive, is_clients_last, .. } = head;
        let (arrival, in_flight) = self.connection.request();
        self.connection.peer_is_done(is_clients_last);
        let framing = ResponseFraming {
            version: request.version(),
            is_head: request.method() == Method::HEAD,
            is_last: !is_kept_alive || arrival.number >= self.connection.limits().requests,
        };
        match self.handler.answer(&request, &self.info, arrival) {
            HandlerResponse::Now(response) => self.respond(response, in_flight, framing, context),
            HandlerResponse::Later(promise) => {
                self.state = Http1State::Answering(Box::new((promise, in_flight, framing)));
                Poll::Ready(Ok(()))
            }
        }
    }

    fn respond(
        &mut self,
        response: Response<ResponseBody>,
        in_flight: InFlight,
        mut framing: ResponseFraming,
        context: &mut Context,
    ) -> Poll<io::Result<()>> {
        framing.is_last |= self.closes || self.connection.is_leaving();
        self.send(OutgoingResponse::new(response, in_flight, framing), context)
    }

    /// Sends a response. Only one that waits for something is kept.
    fn send(&mut self, mut response: OutgoingResponse, context: &mut Context) -> Poll<io::Result<()>> {
        match response.poll_send(&mut self.stream, context) {
            Poll::Ready(sent) => {
                self.closes |= response.is_last;
                Poll::Ready(self.sent(sent))
            }
            Poll::Pending => {
                self.state = Http1State::Sending(Box::new(response));
                // Polled again there, because it may be waiting for an event.
                Poll::Ready(Ok(()))
            }
        }
    }

    fn sent(&mut self, sent: io::Result<()>) -> io::Result<()> {
        self.state = if self.closes { Http1State::Closing } else { Http1State::Reading };
        sent
    }

    /// Closes the connection: at once if it waits for a request, else after the response.
    fn close(&mut self) {
        self.closes = true;
        if let Http1State::Reading = self.state {
            self.state = Http1State::Closing;
        }
    }

    fn next_check(&self) -> Instant {
        match self.shutdown_at {
            None => self.connection.next_check(),
            Some(at) => self.connection.last(at, FAREWELL),
        }
    }

    /// The next time to check the connection; none if it has to be cut.
    fn check(&mut self, now: Instant) -> Option<Instant> {
        if self.shutdown_at.is_some() {
            return Some(self.next_check()).filter(|last| *last > now);
        }
        let limit = match self.connection.due(now) {
            Ok(next) => return Some(next),
            Err(CloseReason::Request) => {
                self.reached = Some(CloseReason::Request);
                return None;
            }
            Err(limit) => limit,
        };
        if !self.connection.is_leaving() {
            self.reached = Some(limit);
        }
        if limit == CloseReason::Age {
            self.connection.leave();
        } else {
            self.close();
            self.shutdown_at = Some(now);
        }
        // At once.
        Some(now)
    }

    fn ended(&self, done: io::Result<()>) -> Result<Option<CloseReason>, ConnectionError> {
        if self.connection.has_stalled() {
            return Ok(Some(CloseReason::Stall));
        }
        done?;
        Ok(self.reached)
    }
}

/// Whether an empty line may end a head here.
fn has_empty_line(bytes: &[u8]) -> bool {
    let is_end = |at: usize| bytes[at..].starts_with(b"\n") || bytes[at..].starts_with(b"\r\n");
    bytes.iter().enumerate().any(|(at, byte)| *byte == b'\n' && is_end(at + 1))
}
