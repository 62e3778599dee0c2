//! The accept loop and the task of each connection.

use crate::{
    connection::{ConnectionInfo, ListenerKind, Peer},
    http::{
        clients::{ClientPermit, Clients},
        connection::{Connection, Protocol},
        connection_metrics::{CloseReason, ConnectionMetrics, ListenerMetrics, RefusalReason},
        handler::{ConnectionError, SharedHandler},
        handshake::handshake,
        http1, http2,
        worker_connections::WorkerConnections,
        write_timeout::WriteTimeout,
    },
    lifecycle::Phase,
    net::{
        proxy_protocol,
        socket::{SocketListener, SocketStream},
    },
    tls::config,
};
use hyper::StatusCode;
use socket2::Socket;
use std::{
    future::poll_fn,
    io,
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};
use tokio::{
    io::AsyncWriteExt,
    sync::watch,
    task::{spawn_local, yield_now},
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
pub struct WorkerListener {
    pub kind: ListenerKind,
    pub worker: usize,
    /// The non-blocking listening socket.
    pub socket: Socket,
    /// The TLS configuration; none for HTTP/1.1 without TLS.
    pub tls: Option<TlsAcceptor>,
    pub handler: SharedHandler,
}

/// State shared by the accept loops of all workers.
#[derive(Clone)]
pub struct AcceptContext {
    pub clients: Arc<Clients>,
    pub counters: ConnectionMetrics,
    /// The phase of the process; accepting stops when it leaves `Serving`.
    pub phase: watch::Receiver<Phase>,
}

/// Accepts connections until the phase leaves `Serving`, then waits for the open ones to end.
pub async fn accept(listener: WorkerListener, shared: AcceptContext) -> io::Result<()> {
    let WorkerListener { kind, worker, socket, tls, handler } = listener;
    let AcceptContext { clients, counters, mut phase } = shared;
    let acceptor = SocketListener::new(socket)?;
    let metrics = counters.listener(kind);
    let connections = WorkerConnections::new();
    let acceptance =
        Rc::new(Acceptance { kind, worker, tls, handler, clients, counters, metrics, connections });
    acceptance.accept_until_stopped(&acceptor, &mut phase).await;
    if *phase.borrow() == Phase::Draining {
        // No other process accepts from this queue, so the connections in it would be reset. The event loop may not
        // have polled the socket yet.
        yield_now().await;
        while let Some(Ok(arrival)) = at_once(next(&acceptor)).await {
            let Some(permit) = Clients::enter(&acceptance.clients, kind) else { break };
            acceptance.admit(&acceptor, arrival, permit);
        }
    }
    drop(acceptor);
    let connections = &acceptance.connections;
    loop {
        connections.set_phase(*phase.borrow_and_update());
        tokio::select! {
            () = connections.ended() => return Ok(()),
            Ok(()) = phase.changed() => {}
        }
    }
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
pub(crate) async fn at_once<T>(wait: impl Future<Output = T>) -> Option<T> {
    let mut wait = pin!(wait);
    poll_fn(|context| match wait.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Everything that the connections of one accept loop share.
struct Acceptance {
    kind: ListenerKind,
    worker: usize,
    tls: Option<TlsAcceptor>,
    handler: SharedHandler,
    clients: Arc<Clients>,
    counters: ConnectionMetrics,
    metrics: ListenerMetrics,
    connections: Rc<WorkerConnections>,
}

impl Acceptance {
    async fn accept_until_stopped(
        self: &Rc<Self>,
        acceptor: &SocketListener,
        phase: &mut watch::Receiver<Phase>,
    ) {
        let mut logged = None;
        let mut stopped = pin!(phase.wait_for(|phase| *phase != Phase::Serving));
        loop {
            let arrival = tokio::select! {
                // Connections come first; the event loop makes `next` pause after a batch.
                biased;
                arrival = next(acceptor) => arrival,
                _ = &mut stopped => return,
            };
            let admitted = async {
                match arrival {
                    Ok(arrival) => self.admit(acceptor, arrival, self.permit().await),
                    Err(error) => self.survive(&error, &mut logged).await,
                }
            };
            tokio::select! {
                biased;
                () = admitted => {}
                _ = &mut stopped => return,
            }
        }
    }

    /// Starts the task of an accepted connection.
    fn admit(self: &Rc<Self>, acceptor: &SocketListener, accepted: Accepted, permit: ClientPermit) {
        let Accepted { stream, peer, at } = accepted;
        if let Err(error) = acceptor.prepare(&stream, permit.limits()) {
            tracing::debug!(%error, %peer, "cannot set the options of a connection");
            return;
        }
        let id = permit.id();
        let connection = Connection::new(permit, &self.connections);
        connection.uses(stream.handle());
        let info = ConnectionInfo {
            worker: self.worker,
            socket: stream.handle(),
            ..ConnectionInfo::new(self.kind, peer)
        };
        let task = spawn_local(self.clone().serve(stream, connection, info, at));
        self.clients.serves(id, task.abort_handle());
        if self.tls.is_some() && self.clients.begin_handshake(id) {
            self.counters.refused(RefusalReason::UnfinishedHandshakes);
        }
    }

    /// Waits for room and returns a permit. Meanwhile, new connections wait in the backlog.
    async fn permit(&self) -> ClientPermit {
        loop {
            if let Some(permit) = Clients::enter(&self.clients, self.kind) {
                return permit;
            }
            self.make_room(self.kind);
            sleep(LEAVING_PAUSE).await;
        }
    }

    /// Handles a failed accept. A peer that gave up is only logged. If descriptors or memory are exhausted, idle
    /// connections are evicted and accepting pauses.
    async fn survive(&self, error: &io::Error, logged: &mut Option<Instant>) {
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
        sleep(if self.make_room(ListenerKind::Http) > 0 { LEAVING_PAUSE } else { EXHAUSTED_PAUSE }).await;
    }

    /// Evicts idle connections as [`Clients::make_room`] does, counts them, and returns their number.
    fn make_room(&self, listener: ListenerKind) -> usize {
        let count = self.clients.make_room(listener);
        self.counters.ended(CloseReason::Room, count);
        count
    }

    /// Serves a connection to its end.
    #[expect(clippy::manual_async_fn, reason = "the future of an `async fn` keeps room for the arguments")]
    fn serve(
        self: Rc<Self>,
        mut stream: SocketStream,
        connection: Rc<Connection>,
        mut info: ConnectionInfo,
        at: Instant,
    ) -> impl Future<Output = ()> {
        async move {
            let _open = self.metrics.open();
            let peer = info.peer;
            info.queued = at.elapsed();
            let deadline = time::Instant::now() + connection.limits().handshake;
            let ended = match self.identify(&mut stream, &connection, &mut info, deadline).await {
                Err(error) => Err(error),
                Ok(()) => {
                    let stream = WriteTimeout::new(stream, connection.clone());
                    match &self.tls {
                        None => {
                            connection.ready(Protocol::Http1);
                            http1::serve(stream, info, self.handler.clone(), connection).await
                        }
                        // Boxed, so that connections without TLS do not pay for its room.
                        Some(tls) => {
                            Box::pin(self.serve_tls(stream, tls.clone(), connection, info, deadline)).await
                        }
                    }
                }
            };
            match ended {
                Ok(Some(limit)) => self.counters.ended(limit, 1),
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, %peer, "connection ended"),
            }
        }
    }

    /// Reads the header of a trusted proxy, and counts the connection for its client.
    async fn identify(
        &self,
        stream: &mut SocketStream,
        connection: &Connection,
        info: &mut ConnectionInfo,
        deadline: time::Instant,
    ) -> Result<(), ConnectionError> {
        connection.runs_in_this_task().await;
        let proxies = self.handler.proxies();
        if proxies.protocol && proxies.trust(info.peer) {
            match time::timeout_at(deadline, proxy_protocol::read_header(stream)).await {
                Ok(Ok(proxied)) => info.proxied = proxied,
                failed => {
                    self.counters.refused(RefusalReason::ProxyHeader);
                    failed??;
                }
            }
        }
        if !connection.claim(proxies.counted(info)) {
            self.counters.refused(RefusalReason::Address);
            return Err("the address has too many connections".into());
        }
        Ok(())
    }

    async fn serve_tls(
        &self,
        stream: WriteTimeout<SocketStream>,
        acceptor: TlsAcceptor,
        connection: Rc<Connection>,
        mut info: ConnectionInfo,
        deadline: time::Instant,
    ) -> Result<Option<CloseReason>, ConnectionError> {
        let began = Instant::now();
        let handshake = Box::pin(handshake(stream, &acceptor, connection.limits(), deadline));
        let mut stream = match connection.unless_draining(handshake).await {
            Some(Ok(stream)) => Box::new(stream),
            Some(Err((why, error))) => {
                self.counters.refused(why);
                if why == RefusalReason::Cleartext {
                    self.handler.refused(StatusCode::BAD_REQUEST, &info);
                }
                return Err(error);
            }
            None => return Ok(None),
        };
        let took = began.elapsed();
        connection.end_handshake();
        let session = stream.get_ref().1;
        let protocol = match session.alpn_protocol() {
            Some(b"h2") => Protocol::Http2,
            // The CA has seen the certificate of its challenge.
            Some(config::CHALLENGE) => {
                stream.shutdown().await?;
                return Ok(None);
            }
            _ => Protocol::Http1,
        };
        let agreed = config::agreed(session, took);
        self.counters.handshake(&agreed);
        info.tls = Some(Box::new(agreed));
        connection.ready(protocol);
        let handler = self.handler.clone();
        match protocol {
            Protocol::Http1 | Protocol::Http3 => http1::serve(stream, info, handler, connection).await,
            Protocol::Http2 => {
                Box::pin(http2::serve(stream, info, handler, connection, &self.counters)).await
            }
        }
    }
}
