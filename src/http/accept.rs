//! The accept loop and the task of each connection.

use crate::{
    connection::{ConnectionInfo, ListenerKind, Peer, network},
    http::{
        activity::{CloseReason, Protocol},
        clients::{Clients, ConnectionPermit},
        connection_metrics::{ConnectionMetrics, RefusalReason},
        handler::SharedHandler,
        handshake::handshake,
        http1, http2,
        write_timeout::WriteTimeout,
    },
    lifecycle::Phase,
    net::{
        proxy_protocol,
        socket::{SocketListener, SocketStream},
    },
    tls::config,
};
use bytes::Bytes;
use hyper::{StatusCode, body::Body};
use socket2::Socket;
use std::{
    convert::Infallible,
    future::poll_fn,
    io,
    pin::pin,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};
use tokio::{
    io::AsyncWriteExt,
    sync::watch,
    task::{JoinSet, yield_now},
    time::{self, sleep},
};
use tokio_rustls::TlsAcceptor;

/// Pause before accepting again when the process is out of descriptors; spinning would not free one.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// Minimum time between two log lines about this.
const LOG_INTERVAL: Duration = Duration::from_secs(60);
/// Pause after evicting idle connections, before accepting again.
const LEAVING_PAUSE: Duration = Duration::from_millis(5);

/// A listening socket of one worker, with its TLS configuration and its handler.
pub struct WorkerListener<B> {
    /// The kind of listener.
    pub kind: ListenerKind,
    /// The number of the worker.
    pub worker: usize,
    /// The non-blocking listening socket.
    pub socket: Socket,
    /// The TLS configuration; none for HTTP/1.1 without TLS.
    pub tls: Option<config::TlsConfig>,
    /// The handler of its requests.
    pub handler: SharedHandler<B>,
}

/// State shared by the accept loops of all workers.
#[derive(Clone)]
pub struct AcceptContext {
    /// The table of clients.
    pub clients: Arc<Clients>,
    /// The metrics of connections.
    pub counters: ConnectionMetrics,
    /// The phase of the process; accepting stops when it leaves `Serving`.
    pub phase: watch::Receiver<Phase>,
}

type AcceptError = Box<dyn std::error::Error + Send + Sync>;

/// Accepts connections until the phase leaves `Serving`, then waits for the open ones to end.
///
/// # Errors
/// When the socket cannot be registered with the event loop.
pub async fn accept<B>(listener: WorkerListener<B>, mut shared: AcceptContext) -> io::Result<()>
where
    B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
{
    let WorkerListener { kind: listener, worker, socket, tls: tls_config, handler } = listener;
    let acceptor = SocketListener::new(socket)?;
    let mut connections = JoinSet::new();
    let admit =
        |tasks: &mut JoinSet<()>, shared: &AcceptContext, arrival: Accepted, permit: ConnectionPermit| {
            let Accepted { stream, peer, at } = arrival;
            let tls = tls_config.as_ref().map(config::TlsConfig::acceptor);
            let (handler, here) = (handler.clone(), shared.clone());
            let id = permit.id();
            let task = tasks.spawn(async move {
                let _open = here.counters.open(listener);
                let queued = at.elapsed();
                let connection =
                    ConnectionInfo { listener, peer, proxied_client: None, worker, queued, tls: None };
                if let Err(error) = serve(stream, permit, connection, tls, handler, here).await {
                    tracing::debug!(%error, %peer, "connection ended");
                }
            });
            shared.clients.serves(id, task);
            if tls_config.is_some() && shared.clients.begin_handshake(id) {
                shared.counters.refused(RefusalReason::UnfinishedHandshakes);
            }
        };
    let mut logged = None;
    loop {
        let arrival = tokio::select! {
            _ = shared.phase.wait_for(|phase| *phase != Phase::Serving) => break,
            Some(_) = connections.join_next() => continue,
            arrival = next(&acceptor) => arrival,
        };
        match arrival {
            Ok(arrival) => {
                let Some(permit) = wait_for_permit(&mut shared, listener).await else { break };
                admit(&mut connections, &shared, arrival, permit);
            }
            Err(error) => survive(&error, &mut logged, &shared).await,
        }
    }
    if *shared.phase.borrow() == Phase::Draining {
        // No other process accepts from this queue, so the connections in it would be reset. The event loop may not
        // have polled the socket yet.
        yield_now().await;
        while let Some(Ok(arrival)) = at_once(next(&acceptor)).await {
            let Some(permit) = Clients::enter(&shared.clients, listener) else { break };
            admit(&mut connections, &shared, arrival, permit);
        }
    }
    drop(acceptor);
    while connections.join_next().await.is_some() {}
    Ok(())
}

/// An accepted connection and the time of its arrival.
struct Accepted {
    stream: SocketStream,
    peer: Peer,
    at: Instant,
}

async fn next(acceptor: &SocketListener) -> io::Result<Accepted> {
    let (stream, peer) = acceptor.accept().await?;
    Ok(Accepted { stream, peer, at: Instant::now() })
}

/// The output of a future, if it is ready now.
async fn at_once<T>(wait: impl Future<Output = T>) -> Option<T> {
    let mut wait = pin!(wait);
    poll_fn(|context| match wait.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Waits for room and returns a permit; none if the phase leaves `Serving` first. Meanwhile, new connections wait in
/// the backlog.
async fn wait_for_permit(shared: &mut AcceptContext, listener: ListenerKind) -> Option<ConnectionPermit> {
    loop {
        if let Some(permit) = Clients::enter(&shared.clients, listener) {
            return Some(permit);
        }
        if listener != ListenerKind::Admin {
            shared.make_room();
        }
        tokio::select! {
            _ = shared.phase.wait_for(|phase| *phase != Phase::Serving) => return None,
            () = sleep(LEAVING_PAUSE) => {}
        }
    }
}

/// Handles a failed accept. A peer that gave up is only logged. If descriptors or memory are exhausted, idle
/// connections are evicted and accepting pauses.
async fn survive(error: &io::Error, logged: &mut Option<Instant>, shared: &AcceptContext) {
    let peers_fault = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    );
    if peers_fault {
        tracing::debug!(%error, "a connection was closed before it was accepted");
        return;
    }
    if logged.is_none_or(|at| at.elapsed() > LOG_INTERVAL) {
        *logged = Some(Instant::now());
        tracing::error!(%error, "cannot accept connections, closing those that have been idle longest; raise the limit of descriptors");
    }
    sleep(if shared.make_room() > 0 { LEAVING_PAUSE } else { EXHAUSTED_PAUSE }).await;
}

impl AcceptContext {
    /// Evicts idle connections and returns their number.
    fn make_room(&self) -> usize {
        let count = self.clients.make_room();
        self.counters.ended(CloseReason::Room, count);
        count
    }
}

async fn serve<B>(
    mut stream: SocketStream,
    mut permit: ConnectionPermit,
    mut connection: ConnectionInfo,
    tls: Option<TlsAcceptor>,
    handler: SharedHandler<B>,
    AcceptContext { counters, mut phase, .. }: AcceptContext,
) -> Result<(), AcceptError>
where
    B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
{
    let activity = permit.activity.clone();
    let limits = activity.limits();
    stream.prepare(limits)?;
    let deadline = time::Instant::now() + limits.handshake;
    let proxies = handler.proxies();
    if proxies.protocol && proxies.trust(connection.peer) {
        match time::timeout_at(deadline, proxy_protocol::read_header(&mut stream)).await {
            Ok(Ok(client)) => connection.proxied_client = client,
            failed => {
                counters.refused(RefusalReason::ProxyHeader);
                failed??;
            }
        }
    }
    if proxies.counted(&connection).is_some_and(|address| !permit.claim(network(address))) {
        counters.refused(RefusalReason::Address);
        return Err("the address has too many connections".into());
    }
    let stream = WriteTimeout::new(stream, activity.clone());
    let ended = match tls {
        None => {
            activity.ready(Protocol::Http1);
            http1::serve(stream, connection, handler, activity, phase).await
        }
        Some(acceptor) => {
            let began = Instant::now();
            let result = tokio::select! {
                result = handshake(stream, &acceptor, limits, deadline) => result,
                // No request has been read yet. If another process takes over, connections that are open here are
                // served to the end.
                _ = phase.wait_for(|phase| *phase == Phase::Draining) => return Ok(()),
            };
            let mut stream = match result {
                Ok(stream) => stream,
                Err((why, error)) => {
                    counters.refused(why);
                    if why == RefusalReason::Cleartext {
                        handler.refused(StatusCode::BAD_REQUEST, &connection);
                    }
                    return Err(error);
                }
            };
            let took = began.elapsed();
            permit.end_handshake();
            let session = stream.get_ref().1;
            let protocol = match session.alpn_protocol() {
                Some(b"h2") => Protocol::Http2,
                // The CA has seen the certificate of its challenge.
                Some(config::CHALLENGE) => return Ok(stream.shutdown().await?),
                _ => Protocol::Http1,
            };
            let agreed = config::agreed(session, took);
            counters.handshake(&agreed);
            connection.tls = Some(agreed);
            activity.ready(protocol);
            match protocol {
                Protocol::Http1 => http1::serve(stream, connection, handler, activity, phase).await,
                Protocol::Http2 => {
                    http2::serve(stream, connection, handler, activity, &counters, phase).await
                }
            }
        }
    };
    if let Some(limit) = ended? {
        counters.ended(limit, 1);
    }
    Ok(())
}
