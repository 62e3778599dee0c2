//! THE accept loop and the task of each connection.

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

/// How long accepting pauses when the process is out of descriptors; spinning would not free one.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// How often that is said.
const COMPLAINT: Duration = Duration::from_secs(60);
/// How long it takes those who were told to go for others.
const LEAVING_PAUSE: Duration = Duration::from_millis(5);

/// A listening socket of one worker, what is spoken there, and who answers.
pub struct WorkerListener<B> {
    /// Which of the configured listeners it is.
    pub kind: ListenerKind,
    /// Which worker it belongs to.
    pub worker: usize,
    /// The socket; it listens and does not block.
    pub socket: Socket,
    /// TLS, or cleartext HTTP/1.1.
    pub tls: Option<config::TlsConfig>,
    /// What answers requests.
    pub handler: SharedHandler<B>,
}

/// What the doors of all workers have in common.
#[derive(Clone)]
pub struct AcceptContext {
    /// Who is connected, and may be.
    pub crowd: Arc<Clients>,
    /// What is counted.
    pub counters: ConnectionMetrics,
    /// When to stop.
    pub phase: watch::Receiver<Phase>,
}

type AcceptError = Box<dyn std::error::Error + Send + Sync>;

/// Accepts until the phase leaves `Serving`, then waits for the connections that are open.
///
/// # Errors
/// When the socket cannot be used.
pub async fn accept<B>(door: WorkerListener<B>, mut house: AcceptContext) -> io::Result<()>
where
    B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
{
    let WorkerListener { kind: listener, worker, socket, tls: terms, handler } = door;
    let acceptor = SocketListener::new(socket)?;
    let mut connections = JoinSet::new();
    let admit =
        |connections: &mut JoinSet<()>, house: &AcceptContext, arrival: Accepted, seat: ConnectionPermit| {
            let Accepted { stream, peer, at } = arrival;
            let tls = terms.as_ref().map(config::TlsConfig::acceptor);
            let (handler, here) = (handler.clone(), house.clone());
            let id = seat.id();
            let task = connections.spawn(async move {
                let _open = here.counters.open(listener);
                let queued = at.elapsed();
                let connection =
                    ConnectionInfo { listener, peer, introduced: None, worker, queued, tls: None };
                if let Err(error) = serve(stream, seat, connection, tls, handler, here).await {
                    tracing::debug!(%error, %peer, "connection ended");
                }
            });
            house.crowd.serves(id, task);
            if terms.is_some() && house.crowd.begin_handshake(id) {
                house.counters.refused(RefusalReason::UnfinishedHandshakes);
            }
        };
    let mut complained = None;
    loop {
        let arrival = tokio::select! {
            _ = house.phase.wait_for(|phase| *phase != Phase::Serving) => break,
            Some(_) = connections.join_next() => continue,
            arrival = next(&acceptor) => arrival,
        };
        match arrival {
            Ok(arrival) => {
                let Some(seat) = seat(&mut house, listener).await else { break };
                admit(&mut connections, &house, arrival, seat);
            }
            Err(error) => survive(&error, &mut complained, &house).await,
        }
    }
    if *house.phase.borrow() == Phase::Draining {
        // Nobody else takes from this queue, and whoever is in it would be reset. The event loop may not have looked yet.
        yield_now().await;
        while let Some(Ok(arrival)) = at_once(next(&acceptor)).await {
            let Some(seat) = Clients::enter(&house.crowd, listener) else { break };
            admit(&mut connections, &house, arrival, seat);
        }
    }
    drop(acceptor);
    while connections.join_next().await.is_some() {}
    Ok(())
}

/// Who has come, and when.
struct Accepted {
    stream: SocketStream,
    peer: Peer,
    at: Instant,
}

async fn next(acceptor: &SocketListener) -> io::Result<Accepted> {
    let (stream, peer) = acceptor.accept().await?;
    Ok(Accepted { stream, peer, at: Instant::now() })
}

/// What is there without waiting.
async fn at_once<T>(wait: impl Future<Output = T>) -> Option<T> {
    let mut wait = pin!(wait);
    poll_fn(|context| match wait.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// A seat for one more, once there is room; none if the phase leaves `Serving` first. Who comes meanwhile is in the backlog.
async fn seat(house: &mut AcceptContext, listener: ListenerKind) -> Option<ConnectionPermit> {
    loop {
        if let Some(seat) = Clients::enter(&house.crowd, listener) {
            return Some(seat);
        }
        if listener != ListenerKind::Admin {
            house.make_room();
        }
        tokio::select! {
            _ = house.phase.wait_for(|phase| *phase != Phase::Serving) => return None,
            () = sleep(LEAVING_PAUSE) => {}
        }
    }
}

/// A peer that gave up is its own affair; a lack of descriptors or memory is met with room, and passes while we wait.
async fn survive(error: &io::Error, complained: &mut Option<Instant>, house: &AcceptContext) {
    let peers_fault = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    );
    if peers_fault {
        tracing::debug!(%error, "a connection was gone before it was accepted");
        return;
    }
    if complained.is_none_or(|at| at.elapsed() > COMPLAINT) {
        *complained = Some(Instant::now());
        tracing::error!(%error, "cannot accept connections, so those that have been idle longest go; raise the limit of descriptors");
    }
    sleep(if house.make_room() > 0 { LEAVING_PAUSE } else { EXHAUSTED_PAUSE }).await;
}

impl AcceptContext {
    /// How many connections it has ended for that.
    fn make_room(&self) -> usize {
        let count = self.crowd.make_room();
        self.counters.ended(CloseReason::Room, count);
        count
    }
}

async fn serve<B>(
    mut stream: SocketStream,
    mut seat: ConnectionPermit,
    mut connection: ConnectionInfo,
    tls: Option<TlsAcceptor>,
    handler: SharedHandler<B>,
    AcceptContext { counters, mut phase, .. }: AcceptContext,
) -> Result<(), AcceptError>
where
    B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
{
    let activity = seat.activity.clone();
    let limits = activity.limits();
    stream.prepare(limits)?;
    let deadline = time::Instant::now() + limits.handshake;
    let proxies = handler.proxies();
    if proxies.protocol && proxies.trust(connection.peer) {
        match time::timeout_at(deadline, proxy_protocol::introduction(&mut stream)).await {
            Ok(Ok(client)) => connection.introduced = client,
            failed => {
                counters.refused(RefusalReason::ProxyHeader);
                failed??;
            }
        }
    }
    if proxies.counted(&connection).is_some_and(|address| !seat.claim(network(address))) {
        counters.refused(RefusalReason::Address);
        return Err("its address has too many connections".into());
    }
    let stream = WriteTimeout::new(stream, activity.clone());
    let ended = match tls {
        None => {
            activity.ready(Protocol::Http1);
            http1::serve(stream, connection, handler, activity, phase).await
        }
        Some(acceptor) => {
            let began = Instant::now();
            let shaken = tokio::select! {
                shaken = handshake(stream, &acceptor, limits, deadline) => shaken,
                // Nothing was asked yet. Where another process serves, whoever is here already is served to the end.
                _ = phase.wait_for(|phase| *phase == Phase::Draining) => return Ok(()),
            };
            let mut stream = match shaken {
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
            seat.end_handshake();
            let session = stream.get_ref().1;
            let protocol = match session.alpn_protocol() {
                Some(b"h2") => Protocol::Http2,
                // The CA has seen the certificate it came for.
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
