//! One HTTP/3 connection, from the end of its handshake to its own.

use crate::{
    connection::ConnectionInfo,
    http::{
        connection::Connection,
        connection_metrics::{CloseReason, ConnectionMetrics},
        handler::{ConnectionError, SharedHandler},
        http3::{
            request,
            transport::{ConnectionStreams, QuicTransport},
        },
    },
    lifecycle::Phase,
};
use bytes::Bytes;
use h3::{error::Code, server};
use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    pin::pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::Poll,
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until, timeout, timeout_at},
};

/// Longest time for the peer to learn of GOAWAY: the longest realistic round trip.
const FAREWELL: Duration = Duration::from_secs(5);
/// Shortest time for that, because a round trip that was measured is not always the next one.
const SHORT_FAREWELL: Duration = Duration::from_millis(50);
/// Time for the task of a request to reset its stream, whose deadline has passed.
const LEEWAY: Duration = Duration::from_millis(100);
/// Bytes that each request adds to what the peer may send on control streams.
const CONTROL_PER_REQUEST: usize = 256;

/// Everything that the requests of one connection share.
pub(super) struct Http3Session {
    pub handler: SharedHandler,
    pub connection: Rc<Connection>,
    pub counters: ConnectionMetrics,
    pub streams: Rc<ConnectionStreams>,
    pub quic: quinn::Connection,
    pub info: RefCell<Arc<ConnectionInfo>>,
    pub migrations: Arc<AtomicU32>,
    pub migrations_of_all: prometheus::IntCounter,
    /// Streams that ended before there was a request.
    pub fruitless: Cell<u32>,
}

/// The steps of a graceful close.
struct Farewell {
    began: Instant,
    /// Time for the peer to learn of a step.
    pause: Duration,
    /// The time of the second GOAWAY; none before it.
    last_goaway: Option<Instant>,
}

/// Serves requests until the peer leaves, the server drains, or a limit is reached. Returns that limit.
pub(super) async fn serve(session: Rc<Http3Session>) -> Result<Option<CloseReason>, ConnectionError> {
    let (connection, limits) = (&session.connection, session.connection.limits());
    let transport = QuicTransport::new(session.quic.clone(), session.streams.clone());
    let mut builder = server::builder();
    builder.send_grease(false).max_field_section_size(limits.header_list().into());
    // A peer may allow no stream to send the settings on.
    let until = connection.due(Instant::now()).unwrap_or_else(|_| Instant::now());
    let mut http3 = match timeout_at(until, builder.build::<_, Bytes>(transport)).await {
        Ok(built) => built?,
        Err(_) => return Ok(Some(CloseReason::Head)),
    };
    let mut requests = JoinSet::new();
    let mut timer = pin!(sleep_until(until));
    // The limit that ends the connection; none for a drain.
    let mut reached = None;
    let mut farewell: Option<Farewell> = None;
    loop {
        let now = Instant::now();
        if farewell.is_none() {
            reached = connection.due(now).err().filter(|limit| *limit != CloseReason::Request);
            if reached.is_some() || connection.phase() != Phase::Serving {
                // A peer may let nothing through on the control stream.
                let _ = timeout(FAREWELL, http3.shutdown(limits.h3_streams as usize)).await;
                farewell = Some(Farewell::begin(now, session.quic.rtt()));
            }
        }
        let next = match &mut farewell {
            // The request's own task resets its stream.
            None => connection.due(now).unwrap_or(now + LEEWAY),
            Some(farewell) => {
                if farewell.is_last_goaway_due(now) {
                    let _ = timeout(FAREWELL, http3.shutdown(1)).await;
                }
                match farewell.next(connection, requests.is_empty()) {
                    end if end <= now => return Ok(reached),
                    end => end,
                }
            }
        };
        timer.as_mut().reset(next);
        let drains = poll_fn(|_| match connection.phase() {
            Phase::HandedOver | Phase::Draining if farewell.is_none() => Poll::Ready(()),
            _ => Poll::Pending,
        });
        tokio::select! {
            accepted = http3.accept() => match accepted {
                Ok(Some(resolver)) => {
                    let Some(stream) = session.streams.accepted.take() else { continue };
                    session.streams.control.earn(CONTROL_PER_REQUEST);
                    requests.spawn_local(request::answer(session.clone(), resolver, stream));
                }
                Ok(None) => return Ok(reached),
                Err(error) if error.is_h3_no_error() => return Ok(reached),
                Err(_) if session.streams.control.is_spent() => return Ok(Some(CloseReason::ControlFrames)),
                Err(error) => return Err(error.into()),
            },
            Some(_) = requests.join_next(), if !requests.is_empty() => {
                if session.fruitless.get() > limits.h3_resets {
                    session.quic.close(
                        quinn::VarInt::from_u32(Code::H3_EXCESSIVE_LOAD.value() as u32),
                        b"too many streams without a request",
                    );
                    return Ok(Some(CloseReason::ControlFrames));
                }
            }
            () = drains => {}
            () = &mut timer => {}
        }
    }
}

impl Http3Session {
    /// The facts about the connection, with the client's present address.
    pub fn info(&self) -> Arc<ConnectionInfo> {
        let peer = self.quic.remote_address().ip().into();
        let mut info = self.info.borrow_mut();
        if info.peer != peer {
            self.migrations.fetch_add(1, Ordering::Relaxed);
            self.migrations_of_all.inc();
            *info = Arc::new(ConnectionInfo { peer, ..ConnectionInfo::clone(&info) });
        }
        info.clone()
    }

    /// Counts a stream that ended before there was a request.
    pub fn was_fruitless(&self) {
        self.fruitless.set(self.fruitless.get().saturating_add(1));
    }
}

impl Farewell {
    fn begin(began: Instant, round_trip: Duration) -> Self {
        let pause = (2 * round_trip).clamp(SHORT_FAREWELL, FAREWELL);
        Farewell { began, pause, last_goaway: None }
    }

    /// Whether the last GOAWAY is due, which names the last request that is answered. It then counts as sent.
    fn is_last_goaway_due(&mut self, now: Instant) -> bool {
        let is_due = self.last_goaway.is_none() && now >= self.began + self.pause;
        if is_due {
            self.last_goaway = Some(now);
        }
        is_due
    }

    /// The time of the next step, or of the end.
    fn next(&self, connection: &Connection, is_quiet: bool) -> Instant {
        let cut = connection.last(self.began, FAREWELL + self.pause);
        match self.last_goaway {
            None => cut.min(self.began + self.pause),
            Some(sent) if is_quiet => cut.min(sent + self.pause),
            Some(_) => cut,
        }
    }
}
