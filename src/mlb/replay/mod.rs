//! Replay of a past day on loopback, served as MLB would have at each moment, to the same code that asks MLB.

pub(crate) mod recorded;
pub(crate) mod scenario;
#[cfg(test)]
mod tests;

pub use crate::mlb::replay::recorded::Recorded;
pub use crate::mlb::replay::scenario::Scenario;

use crate::{clock::Clock, threads};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};
use time::{OffsetDateTime, macros::format_description};
use tokio::{
    net::TcpListener,
    sync::oneshot,
    time::{sleep, timeout},
};

/// Timeout of a connection. Connections are served one at a time: the poller sends one request at a time.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(15);

/// Pause after a failed accept, until resources may be free again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A source of replies: the status and JSON for a path and query at a moment of the day.
pub trait ReplaySource: Send + Sync + 'static {
    fn reply(&self, path_and_query: &str, now: OffsetDateTime) -> (u16, Vec<u8>);
}

/// A loopback socket for a replay, on a port that the system chooses.
pub struct ReplaySocket {
    listener: std::net::TcpListener,
    address: SocketAddr,
}

impl ReplaySocket {
    /// Binds the socket. The replay starts later: the process may have privileges to drop first.
    pub fn bind() -> io::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(ReplaySocket { listener, address })
    }

    /// The base URL to use instead of MLB's.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// A server that replays a day; it stops when this is dropped.
pub struct Replay {
    _stop: oneshot::Sender<()>,
}

impl Replay {
    pub fn start(socket: ReplaySocket, day: impl ReplaySource, clock: Clock) -> io::Result<Self> {
        let listener = socket.listener;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        threads::start("replay", move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    Err(error) = serve(listener, Arc::new(day), clock) => tracing::error!(%error, "the replay failed"),
                }
            });
        })?;
        Ok(Replay { _stop: stop })
    }
}

async fn serve(
    listener: std::net::TcpListener,
    day: Arc<impl ReplaySource>,
    clock: Clock,
) -> io::Result<Infallible> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "the replay cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let service = service_fn(|request: Request<Incoming>| {
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
            let (status, json) = day.reply(&path, clock.now());
            let mut response = Response::new(Full::new(Bytes::from(json)));
            *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            async { Ok::<_, Infallible>(response) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), service);
        if let Ok(Err(error)) = timeout(CONNECTION_TIMEOUT, connection).await {
            tracing::debug!(%error, "a connection to the replay failed");
        }
    }
}

/// A moment as MLB writes it in feeds and their questions: `20240703_013000`.
fn timecode(at: OffsetDateTime) -> String {
    at.format(format_description!("[year][month][day]_[hour][minute][second]")).unwrap_or_default()
}

/// The last number in the path: every id in our questions is one.
fn id(path: &str) -> Option<u64> {
    path.split(['/', '?']).rev().find_map(|part| part.parse().ok())
}
