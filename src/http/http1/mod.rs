//! One HTTP/1.1 connection, from its first request to its end. hyper reads requests and writes responses.
//!
//! A connection that waits for a request is parked: hyper and its buffers are there only while they are needed.

mod stream;

use crate::{
    connection::ConnectionInfo,
    http::{
        body::{InFlight, ResponseBody},
        connection::Connection,
        connection_metrics::CloseReason,
        handler::{ConnectionError, HandlerResponse, SharedHandler, UnreadBody},
        handshake::bad_request,
        http1::stream::Http1Stream,
        worker_connections::Unparked,
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
    io, mem,
    pin::{Pin, pin},
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    time::{Instant, sleep_until, timeout},
};

/// Fields for which hyper has room on the stack, and its limit. Any other limit costs an allocation for each request.
const HYPER_FIELDS: usize = 100;
/// Time for a request that was on its way when the connection began to close, and for the lingering close.
const FAREWELL: Duration = Duration::from_secs(3);
/// Time after a response at which the connection is parked. A browser sends the next requests of a page sooner.
const PARKED_AFTER: Duration = Duration::from_secs(1);
/// The response to the preface of HTTP/2, which is negotiated by ALPN and nowhere else.
const HTTP2: &str = "HTTP/2 needs TLS and ALPN here: write https://, or use HTTP/1.1.\n";

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
    let stream = Http1Stream::new(stream, &connection);
    let service = Rc::new(HyperService { handler, info: Arc::new(info), connection });
    let mut http1 = Http1 { state: Http1State::Parked(stream), service, reached: None, shutdown_at: None };
    async move {
        let ended = http1.run().await;
        if ended.as_ref().is_err_and(hyper::Error::is_parse_version_h2) {
            // An error or a late peer changes nothing.
            let _ = timeout(FAREWELL, http1.refuse_http2()).await;
        }
        let HyperService { handler, info, .. } = &*http1.service;
        if let Some(status) = ended.as_ref().err().and_then(refusal) {
            handler.refused(status, info);
        }
        Ok(ended?)
    }
}

/// The status with which bytes that are not HTTP/1.1 were refused.
fn refusal(error: &hyper::Error) -> Option<StatusCode> {
    if error.is_parse_too_large() {
        return Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    error.is_parse().then_some(StatusCode::BAD_REQUEST)
}

/// A connection, and the time and reason of its end.
struct Http1<S> {
    state: Http1State<S>,
    service: Rc<HyperService>,
    /// The limit that ends the connection; none for a drain.
    reached: Option<CloseReason>,
    /// The time since which hyper closes the connection after the next response.
    shutdown_at: Option<Instant>,
}

enum Http1State<S> {
    /// Waiting for the first bytes of a request.
    Parked(Http1Stream<S>),
    Serving(Box<HyperConnection<S>>, Unparked),
    /// Closing without a request that is being served.
    Closing(Http1Stream<S>),
    /// Between two states.
    Moving,
}

type HyperConnection<S> = http1::Connection<TokioIo<Http1Stream<S>>, Rc<HyperService>>;

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> Http1<S> {
    /// Runs the connection. At a limit or a drain it closes gracefully, until the time that [`Connection::last`]
    /// allows.
    async fn run(&mut self) -> hyper::Result<Option<CloseReason>> {
        let mut timer = pin!(sleep_until(self.next_check()));
        poll_fn(|context| {
            loop {
                if let Poll::Ready(done) = self.poll(context) {
                    return Poll::Ready(self.ended(done));
                }
                let connection = self.connection();
                if connection.phase() != Phase::Serving {
                    connection.leave();
                }
                if self.can_park() && self.connection().parks_at_once() {
                    self.park();
                    continue;
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

    fn connection(&self) -> &Connection {
        &self.service.connection
    }

    fn poll(&mut self, context: &mut Context) -> Poll<hyper::Result<()>> {
        loop {
            match &mut self.state {
                Http1State::Parked(stream) => match ready!(stream.poll_readable(context)) {
                    true => self.unpark(),
                    false => self.close(),
                },
                Http1State::Serving(http1, _) => return Pin::new(&mut **http1).poll(context),
                // An error means that the peer is gone.
                Http1State::Closing(stream) => {
                    return Pin::new(stream).poll_shutdown(context).map(|_| Ok(()));
                }
                Http1State::Moving => return Poll::Ready(Ok(())),
            }
        }
    }

    /// Lets hyper serve the connection.
    fn unpark(&mut self) {
        let Http1State::Parked(stream) = mem::replace(&mut self.state, Http1State::Moving) else { return };
        let limits = self.service.connection.limits();
        let mut builder = http1::Builder::new();
        builder
            // hyper's timeout starts at the last response and so includes idle time; `Connection` separates the two.
            .header_read_timeout(None)
            .max_buf_size(limits.head_buffer())
            // `FlushTracker` lets a client that has closed its half read its response; a client that leaves an event
            // stream is still noticed.
            .half_close(false);
        if limits.fields_read() != HYPER_FIELDS {
            builder.max_headers(limits.fields_read());
        }
        let http1 = builder.serve_connection(TokioIo::new(stream), self.service.clone());
        self.state = Http1State::Serving(Box::new(http1), self.service.connection.unparked());
    }

    /// Closes the connection: at once if it is parked, else after the response.
    fn close(&mut self) {
        match mem::replace(&mut self.state, Http1State::Moving) {
            Http1State::Serving(mut http1, unparked) => {
                Pin::new(&mut *http1).graceful_shutdown();
                self.state = Http1State::Serving(http1, unparked);
            }
            Http1State::Parked(stream) | Http1State::Closing(stream) => {
                self.state = Http1State::Closing(stream);
            }
            Http1State::Moving => {}
        }
    }

    fn can_park(&self) -> bool {
        matches!(self.state, Http1State::Serving(..))
            && self.shutdown_at.is_none()
            && self.connection().is_idle()
    }

    /// Takes the connection from hyper. Bytes of the next request that hyper has read are kept.
    fn park(&mut self) {
        match mem::replace(&mut self.state, Http1State::Moving) {
            Http1State::Serving(http1, _) => {
                let parts = http1.into_parts();
                let mut stream = parts.io.into_inner();
                stream.unread(parts.read_buf);
                self.connection().parked();
                self.state = Http1State::Parked(stream);
            }
            other => self.state = other,
        }
    }

    fn next_check(&self) -> Instant {
        let connection = self.connection();
        match self.shutdown_at {
            None if self.can_park() => connection.next_check().min(connection.quiet() + PARKED_AFTER),
            None => connection.next_check(),
            Some(at) => connection.last(at, FAREWELL),
        }
    }

    /// The next time to check the connection; none if it has to be cut.
    fn check(&mut self, now: Instant) -> Option<Instant> {
        if self.shutdown_at.is_some() {
            return Some(self.next_check()).filter(|last| *last > now);
        }
        let limit = match self.connection().due(now) {
            Ok(next) => {
                if !self.can_park() {
                    return Some(next);
                }
                let parked_at = self.connection().quiet() + PARKED_AFTER;
                if parked_at > now {
                    return Some(next.min(parked_at));
                }
                self.park();
                return Some(next);
            }
            Err(CloseReason::Request) => {
                self.connection().reset_at_close();
                self.reached = Some(CloseReason::Request);
                return None;
            }
            Err(limit) => limit,
        };
        let is_leaving = self.connection().is_leaving();
        if !is_leaving {
            self.reached = Some(limit);
        }
        if limit == CloseReason::Age {
            self.connection().leave();
        } else {
            self.close();
            self.shutdown_at = Some(now);
        }
        // At once.
        Some(now)
    }

    /// Responds to the preface of HTTP/2, to which hyper sends no response.
    async fn refuse_http2(&mut self) -> io::Result<()> {
        let Http1State::Serving(http1, _) = mem::replace(&mut self.state, Http1State::Moving) else {
            return Ok(());
        };
        let mut stream = http1.into_parts().io.into_inner();
        stream.write_all(bad_request(HTTP2).as_bytes()).await?;
        stream.shutdown().await
    }

    fn ended(&self, done: hyper::Result<()>) -> hyper::Result<Option<CloseReason>> {
        if self.connection().has_stalled() {
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
        let (is_done, answer) = (is_done(&request), self.handler.answer(&request, &self.info, arrival));
        self.connection.peer_is_done(is_done);
        if is_done
            && let HandlerResponse::Now(response) = &answer
            && response.body().size_hint().exact().is_some()
        {
            self.connection.has_read_all();
        }
        HyperResponse {
            answer: Some(answer),
            in_flight: Some(in_flight),
            connection: self.connection.clone(),
            // A request body is not read, so the next request behind it cannot be found.
            is_last: arrival.number >= self.connection.limits().requests || !request.body().is_end_stream(),
        }
    }
}

/// Whether the client sends nothing after this request (RFC 9112 §9.6).
fn is_done(request: &Request<UnreadBody>) -> bool {
    let mut options = request
        .headers()
        .get_all(CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close")) && request.body().is_end_stream()
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
