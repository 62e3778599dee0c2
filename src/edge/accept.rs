//! THE accept loop and the task of each connection.

use super::{Handler, conn, limits};
use crate::lifecycle::Phase;
use std::{io, sync::Arc};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

/// A listening socket of one worker, and what is spoken there.
pub struct Door {
    /// The socket.
    pub listener: TcpListener,
    /// TLS, or cleartext HTTP/1.1.
    pub tls: Option<TlsAcceptor>,
}

/// Accepts until the phase leaves `Serving`, then waits for the connections that are open.
pub async fn accept(
    door: Door,
    handler: Handler,
    permits: Arc<Semaphore>,
    mut phase: watch::Receiver<Phase>,
) {
    let mut connections = JoinSet::new();
    loop {
        let arrival = tokio::select! {
            _ = phase.wait_for(|phase| *phase != Phase::Serving) => break,
            Some(_) = connections.join_next() => continue,
            arrival = next(&door.listener, &permits) => arrival,
        };
        match arrival {
            Ok((stream, permit)) => {
                let (tls, handler, phase) = (door.tls.clone(), handler.clone(), phase.clone());
                connections.spawn(async move {
                    if let Err(error) = serve(stream, tls, handler, phase).await {
                        tracing::debug!(%error, "connection ended");
                    }
                    drop(permit);
                });
            }
            Err(error) => survive(&error).await,
        }
    }
    drop(door);
    while connections.join_next().await.is_some() {}
}

/// The next connection, once there is room for it: when there is none the backlog keeps it.
async fn next(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = permits.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, permit))
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
        sleep(limits::EXHAUSTED_PAUSE).await;
    }
}

async fn serve(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    handler: Handler,
    phase: watch::Receiver<Phase>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // Responses are whole when they are written: waiting for more bytes only delays the last segment.
    stream.set_nodelay(true)?;
    let Some(tls) = tls else {
        return conn::serve(stream, conn::Protocol::Http1, handler, phase).await;
    };
    let stream = timeout(limits::HANDSHAKE, tls.accept(stream)).await??;
    let protocol = match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => conn::Protocol::Http2,
        _ => conn::Protocol::Http1,
    };
    conn::serve(stream, protocol, handler, phase).await
}
