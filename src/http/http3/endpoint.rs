//! The QUIC endpoint of one worker and address: admits connections, completes their handshakes, and serves them.

use crate::{
    connection::{ConnectionInfo, ListenerKind, Peer, QuicFacts, QuicHandle, TlsSession},
    descriptor::RoundTrip,
    http::{
        accept::AcceptContext,
        clients::Clients,
        connection::{Connection, Protocol},
        connection_metrics::{CloseReason, ConnectionMetrics, ListenerMetrics, RefusalReason},
        handler::{ConnectionError, SharedHandler},
        http3::{
            config::Http3Server,
            session::{self, Http3Session},
            transport::ConnectionStreams,
        },
        worker_connections::WorkerConnections,
    },
    lifecycle::Phase,
    limits::Limits,
    net::udp::{
        connection_id::OwnedConnectionIds,
        datagram_socket::{DatagramSocket, WorkerRuntime},
    },
};
use quinn::{Endpoint, Incoming, ServerConfig, crypto::rustls::HandshakeData};
use socket2::Socket;
use std::{
    cell::{Cell, RefCell},
    io,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::watch,
    task::spawn_local,
    time::{self, timeout},
};

/// Time for the last packets to leave, once every connection has ended.
const FAREWELL: Duration = Duration::from_millis(500);

/// A UDP socket of one worker.
pub struct Http3Listener {
    pub worker: usize,
    /// The number of the endpoint, over all workers and addresses.
    pub endpoint: usize,
    /// The endpoints that share the socket, of which the first one reads it.
    pub users: Vec<usize>,
    /// The non-blocking socket.
    pub socket: Socket,
    pub handler: SharedHandler,
    /// The parts that all endpoints share.
    pub(crate) server: Arc<Http3Server>,
}

/// Accepts connections until the phase leaves `Serving`, then waits for the open ones to end.
///
/// # Errors
/// When the socket cannot be registered with the event loop.
pub async fn accept(listener: Http3Listener, shared: AcceptContext) -> io::Result<()> {
    let Http3Listener { worker, endpoint: number, users, socket, handler, server } = listener;
    let AcceptContext { clients, counters, mut phase } = shared;
    let socket = DatagramSocket::new(socket.into(), server.steering.clone(), number, users)?;
    let config = server.endpoint(number);
    let limits = clients.limits();
    let connections = server.connections(&limits);
    let first = Some(ServerConfig::clone(&connections));
    let endpoint = Endpoint::new_with_abstract_socket(config, first, socket, Arc::new(WorkerRuntime))?;
    let admission = Rc::new(QuicAdmission {
        worker,
        handler,
        metrics: counters.listener(ListenerKind::Http3),
        clients,
        counters,
        ids: server.steering.ids(number),
        server,
        connections: WorkerConnections::new(),
        config: RefCell::new((limits, connections)),
        unfinished: Cell::new(0),
        last_retry: Cell::new(None),
    });
    loop {
        admission.connections.set_phase(*phase.borrow_and_update());
        tokio::select! {
            biased;
            Ok(()) = phase.changed() => {}
            Some(incoming) = endpoint.accept() => admission.admit(incoming, &phase),
            () = admission.ended(), if admission.connections.phase() != Phase::Serving => break,
        }
    }
    // CONNECTION_CLOSE, once more if it gets lost.
    let _ = timeout(FAREWELL, endpoint.wait_idle()).await;
    Ok(())
}

/// Everything that the connections of one endpoint share.
struct QuicAdmission {
    worker: usize,
    handler: SharedHandler,
    clients: Arc<Clients>,
    counters: ConnectionMetrics,
    metrics: ListenerMetrics,
    server: Arc<Http3Server>,
    ids: OwnedConnectionIds,
    connections: Rc<WorkerConnections>,
    /// The configuration of connections, and the limits that it is for.
    config: RefCell<(Arc<Limits>, Arc<ServerConfig>)>,
    /// The number of unfinished handshakes.
    unfinished: Cell<usize>,
    /// The time at which a client was last told to prove its address.
    last_retry: Cell<Option<Instant>>,
}

impl QuicAdmission {
    /// Starts the task of a connection, refuses it, or has its client prove its address first.
    fn admit(self: &Rc<Self>, incoming: Incoming, phase: &watch::Receiver<Phase>) {
        let (is_validated, is_reading) =
            (incoming.remote_address_validated(), self.server.steering.is_reading());
        match *phase.borrow() {
            Phase::Serving => {}
            // The client sends its packet again, which the new process receives.
            Phase::HandedOver if !is_reading && !is_validated => return incoming.ignore(),
            // This process has told the client to prove its address, and with that gave it an ID that leads here.
            Phase::HandedOver if !is_reading => {}
            Phase::HandedOver | Phase::Draining => return incoming.refuse(),
        }
        let permit = Clients::enter(&self.clients, ListenerKind::Http3);
        // Packets with a made-up address cost no more than this response, which is smaller than they are.
        let is_busy = permit.is_none() || self.unfinished.get() >= self.clients.limits().h3_unvalidated;
        // The amplification limit takes a packet with an ID of ours for part of a handshake that it counts already.
        let is_reused = self.ids.has_issued(&incoming.orig_dst_cid());
        if (is_busy || is_reused) && !is_validated {
            self.server.metrics.retries.inc();
            self.last_retry.set(Some(Instant::now()));
            // Fails only for an address that is validated already.
            let _ = incoming.retry();
            return;
        }
        let Some(permit) = permit else { return self.turn_away(incoming) };
        let id = permit.id();
        let connection = Connection::new(permit, &self.connections);
        // Counted from now on, because several packets may come before the task runs.
        let unfinished = UnfinishedHandshake::new(self);
        let task = spawn_local(self.clone().serve(incoming, connection, unfinished));
        self.clients.serves(id, task.abort_handle());
        if self.clients.begin_handshake(id) {
            self.counters.refused(RefusalReason::UnfinishedHandshakes);
        }
    }

    /// Waits until the open connections have ended, and, if another process has taken over, until no client may come
    /// back with the proof of its address that this endpoint asked for.
    async fn ended(&self) {
        self.connections.ended().await;
        if self.connections.phase() == Phase::HandedOver
            && let Some(last_retry) = self.last_retry.get()
        {
            time::sleep_until((last_retry + self.clients.limits().handshake).into()).await;
        }
    }

    /// Makes room for a client that there is no room for. Evicted connections end soon; the client sends its packet
    /// again by itself, and finds room then.
    fn turn_away(&self, incoming: Incoming) {
        let evicted = self.clients.make_room(ListenerKind::Http3);
        self.counters.ended(CloseReason::Room, evicted);
        if evicted > 0 {
            incoming.ignore();
        } else {
            self.counters.refused(RefusalReason::Room);
            incoming.refuse();
        }
    }

    /// The configuration for these limits.
    fn config(&self) -> Arc<ServerConfig> {
        let limits = self.clients.limits();
        let (of, config) = &mut *self.config.borrow_mut();
        if !Arc::ptr_eq(of, &limits) {
            (*of, *config) = (limits.clone(), self.server.connections(&limits));
        }
        config.clone()
    }

    async fn serve(
        self: Rc<Self>,
        incoming: Incoming,
        connection: Rc<Connection>,
        unfinished: UnfinishedHandshake,
    ) {
        let _open = self.metrics.open();
        let peer = Peer::from(incoming.remote_address().ip());
        match Box::pin(self.serve_quic(incoming, peer, connection, unfinished)).await {
            Ok(Some(limit)) => self.counters.ended(limit, 1),
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, %peer, "HTTP/3 connection ended"),
        }
    }

    async fn serve_quic(
        &self,
        incoming: Incoming,
        peer: Peer,
        connection: Rc<Connection>,
        unfinished: UnfinishedHandshake,
    ) -> Result<Option<CloseReason>, ConnectionError> {
        connection.runs_in_this_task().await;
        let (began, is_validated) = (Instant::now(), incoming.remote_address_validated());
        let mut info =
            ConnectionInfo { worker: self.worker, ..ConnectionInfo::new(ListenerKind::Http3, peer) };
        // An address that is not validated may be that of somebody else, whose places it must not take.
        if is_validated && !self.claim(&info, &connection) {
            incoming.refuse();
            return Ok(None);
        }
        let quic = self.handshake(incoming, &connection).await?;
        connection.end_handshake();
        drop(unfinished);
        if !is_validated && !self.claim(&info, &connection) {
            return Ok(None);
        }
        self.server.metrics.handshake(is_validated);
        self.counters.quic_handshake();
        info.tls = Some(Box::new(agreed(&quic, began.elapsed())));
        let migrations = Arc::new(AtomicU32::new(0));
        info.quic = Some(facts(quic.clone(), is_validated, migrations.clone()));
        connection.ready(Protocol::Http3);
        let session = Http3Session {
            handler: self.handler.clone(),
            counters: self.counters.clone(),
            streams: Rc::new(ConnectionStreams::new(connection.limits())),
            connection,
            quic,
            info: RefCell::new(Arc::new(info)),
            migrations,
            migrations_of_all: self.server.metrics.migrations.clone(),
            fruitless: Cell::new(0),
        };
        session::serve(Rc::new(session)).await
    }

    /// Counts the connection for its client. Returns false if that has too many.
    fn claim(&self, info: &ConnectionInfo, connection: &Connection) -> bool {
        let has_room = connection.claim(self.handler.proxies().counted(info));
        if !has_room {
            self.counters.refused(RefusalReason::Address);
        }
        has_room
    }

    async fn handshake(
        &self,
        incoming: Incoming,
        connection: &Connection,
    ) -> Result<quinn::Connection, ConnectionError> {
        let connecting = incoming.accept_with(self.config())?;
        let handshake = Box::pin(time::timeout(connection.limits().handshake, connecting));
        match connection.unless_draining(handshake).await {
            Some(Ok(Ok(quic))) => Ok(quic),
            Some(Ok(Err(error))) => {
                self.counters.refused(RefusalReason::HandshakeFailed);
                Err(error.into())
            }
            Some(Err(late)) => {
                self.counters.refused(RefusalReason::HandshakeDeadline);
                Err(late.into())
            }
            None => Err("the process ends".into()),
        }
    }
}

/// Counts an unfinished handshake until it is dropped.
struct UnfinishedHandshake(Rc<QuicAdmission>);

impl UnfinishedHandshake {
    fn new(admission: &Rc<QuicAdmission>) -> Self {
        admission.unfinished.set(admission.unfinished.get() + 1);
        UnfinishedHandshake(admission.clone())
    }
}

impl Drop for UnfinishedHandshake {
    fn drop(&mut self) {
        self.0.unfinished.set(self.0.unfinished.get() - 1);
    }
}

/// The TLS session of a connection. quinn does not tell its cipher suite and its key exchange.
fn agreed(quic: &quinn::Connection, took: Duration) -> TlsSession {
    let data = quic.handshake_data().and_then(|data| data.downcast::<HandshakeData>().ok());
    TlsSession {
        version: "TLSv1.3",
        cipher: None,
        group: None,
        resumed: false,
        server_name: data.and_then(|data| data.server_name),
        alpn: Some("h3"),
        took,
    }
}

/// Answers questions about a connection for as long as anybody asks.
fn facts(quic: quinn::Connection, is_validated: bool, migrations: Arc<AtomicU32>) -> QuicHandle {
    QuicHandle::new(move || QuicFacts {
        peer: quic.remote_address(),
        local: quic.local_ip(),
        round_trip: RoundTrip { smoothed: quic.rtt(), shortest: quic.min_rtt() },
        is_validated,
        migrations: migrations.load(Ordering::Relaxed),
    })
}
