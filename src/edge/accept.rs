//! THE accept loop and the task of each connection.

use super::{
    Handler, conn,
    counters::{Counters, Refused},
    handshake::handshake,
    proxy,
    stream::{Acceptor, Stream},
    tls,
};
use crate::{
    connection::{Connection, Listener, Peer},
    lifecycle::Phase,
    limits::Limits,
};
use arc_swap::ArcSwap;
use bytes::Bytes;
use hyper::{StatusCode, body::Body};
use socket2::Socket;
use std::{
    convert::Infallible,
    io,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::AsyncWriteExt,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{self, sleep},
};
use tokio_rustls::TlsAcceptor;

/// How long accepting pauses when the process is out of descriptors; spinning would not free one.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// A listening socket of one worker, what is spoken there, and who answers.
pub struct Door<B> {
    /// Which of the configured listeners it is.
    pub kind: Listener,
    /// Which worker it belongs to.
    pub worker: usize,
    /// The socket; it listens and does not block.
    pub socket: Socket,
    /// TLS, or cleartext HTTP/1.1.
    pub tls: Option<tls::Terms>,
    /// What answers requests.
    pub handler: Handler<B>,
}

/// What the doors of all workers have in common.
#[derive(Clone)]
pub struct House {
    /// What holds for connections that begin now.
    pub limits: Arc<ArcSwap<Limits>>,
    /// How many connections there may be.
    pub permits: Arc<Semaphore>,
    /// How many TLS handshakes there may be at once.
    pub handshakes: Arc<Semaphore>,
    /// What is counted.
    pub counters: Counters,
    /// When to stop.
    pub phase: watch::Receiver<Phase>,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Accepts until the phase leaves `Serving`, then waits for the connections that are open.
///
/// # Errors
/// When the socket cannot be used.
pub async fn accept<B>(door: Door<B>, mut house: House) -> io::Result<()>
where
    B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
{
    let Door { kind: listener, worker, socket, tls: terms, handler } = door;
    let acceptor = Acceptor::new(socket)?;
    let mut connections = JoinSet::new();
    loop {
        let arrival = tokio::select! {
            _ = house.phase.wait_for(|phase| *phase != Phase::Serving) => break,
            Some(_) = connections.join_next() => continue,
            arrival = next(&acceptor, &house.permits) => arrival,
        };
        match arrival {
            Ok((stream, peer, permit)) => {
                let accepted = Instant::now();
                let tls = terms.as_ref().map(tls::Terms::acceptor);
                let (handler, house) = (handler.clone(), house.clone());
                connections.spawn(async move {
                    let _open = house.counters.open(listener);
                    let queued = accepted.elapsed();
                    let connection =
                        Connection { listener, peer, introduced: None, worker, queued, tls: None };
                    if let Err(error) = serve(stream, connection, tls, handler, house).await {
                        tracing::debug!(%error, %peer, "connection ended");
                    }
                    drop(permit);
                });
            }
            Err(error) => survive(&error).await,
        }
    }
    drop(acceptor);
    while connections.join_next().await.is_some() {}
    Ok(())
}

/// The next connection, once there is room for it: when there is none the backlog keeps it.
async fn next(
    acceptor: &Acceptor,
    permits: &Arc<Semaphore>,
) -> io::Result<(Stream, Peer, OwnedSemaphorePermit)> {
    let permit = permits.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = acceptor.accept().await?;
    Ok((stream, peer, permit))
}

/// A peer that gave up is its own affair; a lack of descriptors or memory passes while we wait.
async fn survive(error: &io::Error) {
    let peers_fault = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    );
    if peers_fault {
        tracing::debug!(%error, "a connection was gone before it was accepted");
    } else {
        tracing::error!(%error, "cannot accept connections; pausing");
        sleep(EXHAUSTED_PAUSE).await;
    }
}

async fn serve<B>(
    mut stream: Stream,
    mut connection: Connection,
    tls: Option<TlsAcceptor>,
    handler: Handler<B>,
    House { limits, counters, phase, handshakes, .. }: House,
) -> Result<(), Failure>
where
    B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
{
    // Responses are whole when they are written: waiting for more bytes only delays the last segment.
    stream.set_nodelay()?;
    let limits = limits.load_full();
    let deadline = time::Instant::now() + limits.handshake;
    let proxies = handler.proxies();
    if proxies.protocol && proxies.trust(connection.peer) {
        match time::timeout_at(deadline, proxy::introduction(&mut stream)).await {
            Ok(Ok(client)) => connection.introduced = client,
            failed => {
                counters.refused(Refused::ProxyHeader);
                failed??;
            }
        }
    }
    let Some(acceptor) = tls else {
        return conn::serve(stream, conn::Protocol::Http1, connection, handler, limits, phase).await;
    };
    let began = Instant::now();
    let mut stream = match handshake(stream, &acceptor, &handshakes, &limits, deadline).await {
        Ok(stream) => stream,
        Err((why, error)) => {
            counters.refused(why);
            if why == Refused::Cleartext {
                handler.refused(StatusCode::BAD_REQUEST, &connection);
            }
            return Err(error);
        }
    };
    let took = began.elapsed();
    let session = stream.get_ref().1;
    let protocol = match session.alpn_protocol() {
        Some(b"h2") => conn::Protocol::Http2,
        // The CA has seen the certificate it came for.
        Some(tls::CHALLENGE) => return Ok(stream.shutdown().await?),
        _ => conn::Protocol::Http1,
    };
    let agreed = tls::agreed(session, took);
    counters.handshake(&agreed);
    connection.tls = Some(agreed);
    conn::serve(stream, protocol, connection, handler, limits, phase).await
}
