//! One HTTP/1.1 connection, from its first request to its end. hyper reads requests and writes responses.

use crate::{
    connection::ConnectionInfo,
    http::{
        activity::{CloseReason, ConnectionState},
        bare_lf::RejectBareLf,
        handler::{ConnectionError, HandlerResponse, SharedHandler, UnreadBody},
        in_flight::{FlushTracker, InFlight, PendingResponse, TrackedBody},
    },
    lifecycle::Phase,
};
use bytes::Bytes;
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
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    time::{Instant, sleep_until, timeout_at},
};

/// Time for a request that was on its way when the connection began to close, and for the lingering close.
const FAREWELL: Duration = Duration::from_secs(3);

/// Serves requests until the peer leaves, the server drains, or a limit is reached. Returns that limit.
pub(crate) async fn serve<S, B>(
    stream: S,
    connection: ConnectionInfo,
    handler: SharedHandler<B>,
    activity: Arc<ConnectionState>,
    phase: watch::Receiver<Phase>,
) -> Result<Option<CloseReason>, ConnectionError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
{
    let limits = activity.limits();
    let connection = Arc::new(connection);
    let in_flight = InFlight::new();
    let stream = FlushTracker::new(RejectBareLf::new(stream), in_flight.clone());
    let requests = HyperService {
        handler: handler.clone(),
        connection: connection.clone(),
        activity: activity.clone(),
        in_flight,
    };
    let http1 = http1::Builder::new()
        // hyper's timeout starts at the last response and so includes idle time; `ConnectionState` separates the two.
        .header_read_timeout(None)
        .max_buf_size(limits.head_buffer())
        .max_headers(limits.fields_read())
        // `FlushTracker` lets a client that has closed its half read its response; a client that leaves an event stream
        // is still noticed.
        .half_close(false)
        .serve_connection(TokioIo::new(stream), requests);
    let ended = run(Box::pin(http1), &activity, phase).await;
    if let Some(status) = ended.as_ref().err().and_then(refusal) {
        handler.refused(status, &connection);
    }
    ended
}

/// The status with which hyper itself refused bytes that it could not parse as HTTP/1.1.
fn refusal(failure: &ConnectionError) -> Option<StatusCode> {
    let error = failure.downcast_ref::<hyper::Error>()?;
    if error.is_parse_too_large() {
        return Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    // hyper sends no response to an HTTP/2 preface.
    (error.is_parse() && !error.is_parse_version_h2()).then_some(StatusCode::BAD_REQUEST)
}

type Http1<S, R> = http1::Connection<S, R>;

/// Runs a connection. At a limit or a drain it closes gracefully, until the time that [`ConnectionState::last`] allows.
async fn run<S, B>(
    mut connection: Pin<Box<Http1<TokioIo<S>, HyperService<B>>>>,
    activity: &ConnectionState,
    mut phase: watch::Receiver<Phase>,
) -> Result<Option<CloseReason>, ConnectionError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
{
    let mut timer = pin!(sleep_until(Instant::now()));
    // The limit that ends the connection; none for a drain.
    let mut reached = None;
    loop {
        let next = match activity.due() {
            Ok(next) => next,
            Err(CloseReason::Request) => return Ok(Some(CloseReason::Request)),
            Err(_) if activity.is_leaving() => break,
            Err(limit) => {
                reached = Some(limit);
                if limit == CloseReason::Age {
                    activity.leave();
                    continue;
                }
                break;
            }
        };
        timer.as_mut().reset(next);
        // Progress while polling may bring the next deadline forward.
        let served = poll_fn(|context| match connection.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if activity.due().is_ok_and(|due| due >= next) => Poll::Pending,
            Poll::Pending => Poll::Ready(None),
        });
        tokio::select! {
            done = served => if let Some(done) = done {
                return ended(done, reached, activity);
            },
            _ = phase.wait_for(|phase| *phase != Phase::Serving), if !activity.is_leaving() => {
                activity.leave();
            }
            () = &mut timer => {}
        }
    }
    connection.as_mut().graceful_shutdown();
    let shutdown_at = Instant::now();
    loop {
        let last = activity.last(shutdown_at, FAREWELL);
        match timeout_at(last, connection.as_mut()).await {
            Ok(done) => return ended(done, reached, activity),
            Err(_) if activity.last(shutdown_at, FAREWELL) <= last => return Ok(reached),
            Err(_) => {}
        }
    }
}

fn ended(
    done: hyper::Result<()>,
    reached: Option<CloseReason>,
    activity: &ConnectionState,
) -> Result<Option<CloseReason>, ConnectionError> {
    if activity.has_stalled() {
        return Ok(Some(CloseReason::Stall));
    }
    done?;
    Ok(reached)
}

/// The handler as a hyper service; it records the arrival of each request.
struct HyperService<B: Body> {
    handler: SharedHandler<B>,
    connection: Arc<ConnectionInfo>,
    activity: Arc<ConnectionState>,
    in_flight: InFlight<B>,
}

impl<B: Body<Data = Bytes> + Unpin> Service<Request<Incoming>> for HyperService<B> {
    type Response = Response<TrackedBody<B>>;
    type Error = Infallible;
    type Future = HyperResponse<B>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let arrival = self.activity.request();
        let request = request.map(|body| UnreadBody::new(&body));
        HyperResponse {
            answer: Some(self.handler.answer(&request, &self.connection, arrival)),
            in_flight: self.in_flight.begin(),
            activity: self.activity.clone(),
            // A request body is not read, so the next request behind it cannot be found.
            is_last: arrival.number >= self.activity.limits().requests || !request.body().is_end_stream(),
        }
    }
}

/// A response on its way to hyper.
struct HyperResponse<B> {
    /// None once hyper has it.
    answer: Option<HandlerResponse<B>>,
    in_flight: PendingResponse<B>,
    activity: Arc<ConnectionState>,
    /// Whether the connection closes after this response.
    is_last: bool,
}

impl<B: Body<Data = Bytes> + Unpin> Future for HyperResponse<B> {
    type Output = Result<Response<TrackedBody<B>>, Infallible>;

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
        if self.is_last || self.activity.is_leaving() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let in_flight = self.in_flight.take();
        Poll::Ready(Ok(response.map(|body| TrackedBody::new(body, &self.activity, in_flight))))
    }
}
