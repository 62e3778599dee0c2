//! One HTTP/1.1 connection, from its first request to its end. hyper reads requests and writes responses.

use crate::{
    connection::ConnectionInfo,
    http::{
        bare_lf::RejectBareLf,
        body::{InFlight, ResponseBody},
        connection::Connection,
        connection_metrics::CloseReason,
        flush_tracker::FlushTracker,
        handler::{ConnectionError, HandlerResponse, SharedHandler, UnreadBody},
    },
    lifecycle::Phase,
};
use hyper::{
    Request, Response, StatusCode,
    body::{Body, Incoming},
    header::{CONNECTION, HeaderValue},
    server::conn::http1,
    service::Service,
};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    future::poll_fn,
    pin::{Pin, pin},
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, sleep_until},
};

/// Time for a request that was on its way when the connection began to close, and for the lingering close.
const FAREWELL: Duration = Duration::from_secs(3);

/// Serves requests until the peer leaves, the server drains, or a limit is reached. Returns that limit.
pub(crate) async fn serve<S>(
    stream: S,
    info: ConnectionInfo,
    handler: SharedHandler,
    connection: Rc<Connection>,
) -> Result<Option<CloseReason>, ConnectionError>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let limits = connection.limits();
    let info = Arc::new(info);
    let stream = FlushTracker::new(RejectBareLf::new(stream), connection.clone());
    let requests =
        HyperService { handler: handler.clone(), info: info.clone(), connection: connection.clone() };
    let http1 = http1::Builder::new()
        // hyper's timeout starts at the last response and so includes idle time; `Connection` separates the two.
        .header_read_timeout(None)
        .max_buf_size(limits.head_buffer())
        .max_headers(limits.fields_read())
        // `FlushTracker` lets a client that has closed its half read its response; a client that leaves an event stream
        // is still noticed.
        .half_close(false)
        .serve_connection(TokioIo::new(stream), requests);
    let ended = Http1 { http1, connection: connection.clone(), reached: None, shutdown_at: None }.run().await;
    if let Some(status) = ended.as_ref().err().and_then(refusal) {
        handler.refused(status, &info);
    }
    Ok(ended?)
}

/// The status with which hyper itself refused bytes that it could not parse as HTTP/1.1.
fn refusal(error: &hyper::Error) -> Option<StatusCode> {
    if error.is_parse_too_large() {
        return Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    // hyper sends no response to an HTTP/2 preface.
    (error.is_parse() && !error.is_parse_version_h2()).then_some(StatusCode::BAD_REQUEST)
}

/// A connection that hyper serves, and the time and reason of its end.
struct Http1<S> {
    http1: http1::Connection<TokioIo<FlushTracker<RejectBareLf<S>>>, HyperService>,
    connection: Rc<Connection>,
    /// The limit that ends the connection; none for a drain.
    reached: Option<CloseReason>,
    /// The time since which hyper closes the connection after the next response.
    shutdown_at: Option<Instant>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> Http1<S> {
    /// Runs the connection. At a limit or a drain it closes gracefully, until the time that [`Connection::last`] allows.
    async fn run(mut self) -> hyper::Result<Option<CloseReason>> {
        let mut timer = pin!(sleep_until(self.next_check()));
        poll_fn(|context| {
            loop {
                if let Poll::Ready(done) = Pin::new(&mut self.http1).poll(context) {
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
                }
                ready!(timer.as_mut().poll(context));
                match self.check(Instant::now()) {
                    Some(next) => timer.as_mut().reset(next),
                    None => return Poll::Ready(Ok(self.reached)),
                }
            }
        })
        .await
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
        match self.connection.due(now) {
            Ok(next) => return Some(next),
            Err(CloseReason::Request) => {
                self.reached = Some(CloseReason::Request);
                return None;
            }
            Err(_) if self.connection.is_leaving() => {}
            Err(limit) => self.reached = Some(limit),
        }
        if self.reached == Some(CloseReason::Age) && !self.connection.is_leaving() {
            self.connection.leave();
        } else {
            Pin::new(&mut self.http1).graceful_shutdown();
            self.shutdown_at = Some(now);
        }
        // At once.
        Some(now)
    }

    fn ended(&self, done: hyper::Result<()>) -> hyper::Result<Option<CloseReason>> {
        if self.connection.has_stalled() {
            return Ok(Some(CloseReason::Stall));
        }
        done?;
        Ok(self.reached)
    }
}

/// The handler as a hyper service; it records the arrival of each request.
struct HyperService {
    handler: SharedHandler,
    info: Arc<ConnectionInfo>,
    connection: Rc<Connection>,
}

impl Service<Request<Incoming>> for HyperService {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = HyperResponse;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (arrival, mut in_flight) = self.connection.request();
        in_flight.hide_end();
        let request = request.map(|body| UnreadBody::new(&body));
        HyperResponse {
            answer: Some(self.handler.answer(&request, &self.info, arrival)),
            in_flight: Some(in_flight),
            connection: self.connection.clone(),
            // A request body is not read, so the next request behind it cannot be found.
            is_last: arrival.number >= self.connection.limits().requests || !request.body().is_end_stream(),
        }
    }
}

/// A response on its way to hyper.
struct HyperResponse {
    /// None once hyper has it.
    answer: Option<HandlerResponse>,
    in_flight: Option<InFlight>,
    connection: Rc<Connection>,
    /// Whether the connection closes after this response.
    is_last: bool,
}

impl Future for HyperResponse {
    type Output = Result<Response<ResponseBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut response = match self.answer.take() {
            Some(HandlerResponse::Now(response)) => response,
            Some(HandlerResponse::Later(mut promise)) => match promise.as_mut().poll(context) {
                Poll::Ready(response) => response,
                Poll::Pending => {
                    self.answer = Some(HandlerResponse::Later(promise));
                    return Poll::Pending;
                }
            },
            // hyper does not poll a future again that was ready.
            None => return Poll::Pending,
        };
        if self.is_last || self.connection.is_leaving() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(in_flight) = self.in_flight.take() {
            response.body_mut().begin(in_flight);
        }
        Poll::Ready(Ok(response))
    }
}
