//! One established stream, served from its first request to its end.

use crate::{
    connection::Connection,
    http::{
        activity::{Activity, Limit, Protocol},
        bare_lf::Lines,
        handler::{Answer, Handler},
        in_flight::Watched,
    },
    lifecycle::Phase,
};
use bytes::Bytes;
use hyper::{
    Request, Response, StatusCode, Version,
    body::{Body, Incoming},
    header::{CONNECTION, HeaderValue},
    server::conn::{http1, http2},
    service::Service,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
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

/// For what an HTTP/1.1 peer is sending when it is told to go.
const HTTP1_FAREWELL: Duration = Duration::from_secs(1);
/// For an HTTP/2 peer to say that it has heard of the end (RFC 9113 §6.8): the longest round trip there is.
const HTTP2_FAREWELL: Duration = Duration::from_secs(5);

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Serves requests until the peer leaves, the server drains, or a limit is reached, which is returned.
pub(crate) async fn serve<S, B>(
    stream: S,
    protocol: Protocol,
    connection: Connection,
    handler: Handler<B>,
    activity: Arc<Activity>,
    phase: watch::Receiver<Phase>,
) -> Result<Option<Limit>, Failure>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
{
    activity.ready(protocol);
    let limits = activity.limits();
    let connection = Arc::new(connection);
    let requests =
        Requests { handler: handler.clone(), connection: connection.clone(), activity: activity.clone() };
    let ended = match protocol {
        Protocol::Http1 => {
            let http1 = http1::Builder::new()
                // hyper's counts from the last response on, and so idleness as well: `Activity` parts them.
                .header_read_timeout(None)
                .max_buf_size(limits.head_buffer())
                .max_headers(limits.fields_read())
                .half_close(true)
                .serve_connection(TokioIo::new(Lines::new(stream)), requests);
            let end = http1::Connection::graceful_shutdown;
            let farewell = Farewell { protocol, lasts: HTTP1_FAREWELL };
            attend(Box::pin(http1), end, farewell, &activity, phase).await
        }
        Protocol::Http2 => {
            let http2 = http2::Builder::new(TokioExecutor::new())
                .max_concurrent_streams(limits.h2_streams)
                .initial_stream_window_size(limits.h2_window)
                .initial_connection_window_size(limits.h2_window)
                .max_send_buf_size(limits.h2_send_buffer)
                .max_header_list_size(limits.header_list())
                .max_pending_accept_reset_streams(limits.h2_pending_resets)
                .max_local_error_reset_streams(limits.h2_local_resets)
                .serve_connection(TokioIo::new(stream), requests);
            let end = http2::Connection::graceful_shutdown;
            let farewell = Farewell { protocol, lasts: HTTP2_FAREWELL };
            attend(Box::pin(http2), end, farewell, &activity, phase).await
        }
    };
    if let Some(status) = ended.as_ref().err().and_then(refusal) {
        handler.refused(status, &connection);
    }
    ended
}

/// The status with which hyper itself has answered what it could not read as HTTP/1.1.
fn refusal(failure: &Failure) -> Option<StatusCode> {
    let error = failure.downcast_ref::<hyper::Error>()?;
    if error.is_parse_too_large() {
        return Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    // A preface of HTTP/2 is answered with nothing.
    (error.is_parse() && !error.is_parse_version_h2()).then_some(StatusCode::BAD_REQUEST)
}

/// How a connection ends that has been asked to.
struct Farewell {
    /// HTTP/2 says it at any time (GOAWAY), HTTP/1.1 with a response.
    protocol: Protocol,
    lasts: Duration,
}

/// Runs a connection, and ends it when its time has come: gracefully, but not for longer than a farewell takes.
async fn attend<C>(
    mut connection: Pin<Box<C>>,
    shut_down: impl Fn(Pin<&mut C>),
    Farewell { protocol, lasts }: Farewell,
    activity: &Activity,
    mut phase: watch::Receiver<Phase>,
) -> Result<Option<Limit>, Failure>
where
    C: Future<Output = hyper::Result<()>>,
{
    let mut look = pin!(sleep_until(Instant::now()));
    // Why it ends; the drain is no limit.
    let mut over = None;
    loop {
        let next = match activity.due() {
            Ok(next) => next,
            Err(Limit::Request) => return Ok(Some(Limit::Request)),
            Err(_) if activity.is_leaving() => break,
            Err(limit) => {
                over = Some(limit);
                if limit == Limit::Age && protocol == Protocol::Http1 {
                    activity.leave();
                    continue;
                }
                break;
            }
        };
        look.as_mut().reset(next);
        // What happens meanwhile may bring the next look forward.
        let served = poll_fn(|context| match connection.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if activity.due().is_ok_and(|due| due >= next) => Poll::Pending,
            Poll::Pending => Poll::Ready(None),
        });
        tokio::select! {
            done = served => if let Some(done) = done {
                return ended(done, over, activity);
            },
            _ = phase.wait_for(|phase| *phase != Phase::Serving), if !activity.is_leaving() => {
                activity.leave();
                if protocol == Protocol::Http2 {
                    break;
                }
            }
            () = &mut look => {}
        }
    }
    shut_down(connection.as_mut());
    let asked = Instant::now();
    loop {
        let last = activity.last(asked, lasts);
        match timeout_at(last, connection.as_mut()).await {
            Ok(done) => return ended(done, over, activity),
            Err(_) if activity.last(asked, lasts) <= last => return Ok(over),
            Err(_) => {}
        }
    }
}

fn ended(
    done: hyper::Result<()>,
    over: Option<Limit>,
    activity: &Activity,
) -> Result<Option<Limit>, Failure> {
    if activity.has_stalled() {
        return Ok(Some(Limit::Stall));
    }
    done?;
    Ok(over)
}

/// hyper's side of the handler; notes when a request came.
struct Requests<B> {
    handler: Handler<B>,
    connection: Arc<Connection>,
    activity: Arc<Activity>,
}

impl<B: Body<Data = Bytes> + Unpin> Service<Request<Incoming>> for Requests<B> {
    type Response = Response<Watched<B>>;
    type Error = Infallible;
    type Future = Answering<B>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let arrival = self.activity.request();
        let answer = self.handler.answer(&request, &self.connection, arrival);
        let (activity, number, version) = (self.activity.clone(), arrival.number, request.version());
        Answering { answer: Some(answer), activity, number, version }
    }
}

/// An answer on its way to hyper.
struct Answering<B> {
    /// None once it has been handed over.
    answer: Option<Answer<B>>,
    activity: Arc<Activity>,
    /// Which request of the connection it answers, from 1.
    number: u64,
    version: Version,
}

impl<B: Body<Data = Bytes> + Unpin> Future for Answering<B> {
    type Output = Result<Response<Watched<B>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut response = match self.answer.take() {
            Some(Answer::Now(response)) => response,
            Some(Answer::Later(mut promise)) => match promise.as_mut().poll(context) {
                Poll::Ready(response) => response,
                Poll::Pending => {
                    self.answer = Some(Answer::Later(promise));
                    return Poll::Pending;
                }
            },
            // hyper does not poll again what has been ready.
            None => return Poll::Pending,
        };
        let is_last = self.number >= self.activity.limits().requests || self.activity.is_leaving();
        if is_last && self.version != Version::HTTP_2 {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Poll::Ready(Ok(response.map(|body| Watched::new(body, &self.activity))))
    }
}
