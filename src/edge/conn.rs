//! One established stream, served from its first request to its end.

use super::{
    Handler,
    activity::{Activity, Watched},
};
use crate::{connection::Connection, lifecycle::Phase, limits::Limits};
use bytes::Bytes;
use hyper::{
    Request, Response, StatusCode,
    body::{Body, Incoming},
    server::conn::{http1, http2},
    service::Service,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    time::{Instant, sleep_until, timeout},
};

/// From the wish to end a connection to its end, for a reader who does not read.
const LINGER: Duration = Duration::from_secs(30);

/// What is spoken, as agreed by ALPN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// HTTP/1.1, also what a client without ALPN speaks.
    Http1,
    /// HTTP/2.
    Http2,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Serves requests until the peer leaves, falls silent, grows old or the server drains.
pub(super) async fn serve<S, B>(
    stream: S,
    protocol: Protocol,
    connection: Connection,
    handler: Handler<B>,
    limits: Arc<Limits>,
    phase: watch::Receiver<Phase>,
) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
{
    let activity = Arc::new(Activity::new(limits.clone()));
    let connection = Arc::new(connection);
    let requests = Requests {
        handler: handler.clone(),
        connection: connection.clone(),
        activity: activity.clone(),
        ready: Instant::now(),
    };
    let stream = TokioIo::new(stream);
    let ended = match protocol {
        Protocol::Http1 => {
            let http1 = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(limits.head)
                .max_buf_size(limits.head_buffer())
                .max_headers(limits.fields_read())
                .half_close(true)
                .serve_connection(stream, requests);
            attend(Box::pin(http1), http1::Connection::graceful_shutdown, activity, limits.age, phase).await
        }
        Protocol::Http2 => {
            let http2 = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .max_concurrent_streams(limits.h2_streams)
                .initial_stream_window_size(limits.h2_window)
                .initial_connection_window_size(limits.h2_window)
                .max_send_buf_size(limits.h2_send_buffer)
                .max_header_list_size(limits.header_list())
                .max_pending_accept_reset_streams(limits.h2_pending_resets)
                .max_local_error_reset_streams(limits.h2_local_resets)
                .serve_connection(stream, requests);
            attend(Box::pin(http2), http2::Connection::graceful_shutdown, activity, limits.age, phase).await
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

/// Runs a connection, and ends it gracefully when its time has come.
async fn attend<C>(
    mut connection: Pin<Box<C>>,
    shut_down: impl Fn(Pin<&mut C>),
    activity: Arc<Activity>,
    age: Duration,
    mut phase: watch::Receiver<Phase>,
) -> Result<(), Failure>
where
    C: Future<Output = hyper::Result<()>>,
{
    let began = Instant::now();
    loop {
        let end = activity.idle_at(began).min(began + age);
        if end <= Instant::now() {
            break;
        }
        tokio::select! {
            done = connection.as_mut() => return Ok(done?),
            _ = phase.wait_for(|phase| *phase != Phase::Serving) => break,
            () = sleep_until(end) => {}
        }
    }
    shut_down(connection.as_mut());
    Ok(timeout(LINGER, connection).await??)
}

/// hyper's side of the handler; notes when a request came.
struct Requests<B> {
    handler: Handler<B>,
    connection: Arc<Connection>,
    activity: Arc<Activity>,
    /// When the first request could have come.
    ready: Instant,
}

impl<B: Body + Unpin> Service<Request<Incoming>> for Requests<B> {
    type Response = Response<Watched<B>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let arrival = self.activity.request(self.ready);
        let response = self.handler.answer(&request, &self.connection, arrival);
        ready(Ok(response.map(|body| Watched::new(body, &self.activity))))
    }
}
