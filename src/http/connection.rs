//! One connection: its permit, its requests, its unsent responses, and the time at which it must end.
//!
//! Only the connection's own worker touches it, so it consists of plain cells. Other threads see one atomic: the time
//! since which it is idle.

use crate::{
    connection::Arrival,
    descriptor::SocketHandle,
    http::{
        blocked::{Blocked, BlockedResponses},
        body::InFlight,
        clients::ClientPermit,
        connection_metrics::CloseReason,
        flush_tracker::UnflushedResponses,
        worker_connections::{Unparked, WorkerConnections},
    },
    lifecycle::Phase,
    limits::Limits,
};
use socket2::SockRef;
use std::{
    cell::{Cell, OnceCell, RefCell},
    future::poll_fn,
    net::IpAddr,
    pin::Pin,
    rc::Rc,
    task::{Poll, Waker},
    time::Duration,
};
use tokio::time::Instant;

/// Time after which a client that has just used a connection is not sending on it any more: the longest realistic way
/// of a request.
const MOMENT: Duration = Duration::from_secs(1);

/// Time between the requests of a connection that is asked often, as in the middle of a page or a load test.
const OFTEN: Duration = Duration::from_millis(100);

/// The protocol of a connection, as agreed by ALPN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// HTTP/1.1, also for a client without ALPN. One request after the other.
    Http1,
    Http2,
    Http3,
}

pub(crate) struct Connection {
    permit: ClientPermit,
    worker: Rc<WorkerConnections>,
    /// None over QUIC.
    socket: OnceCell<SocketHandle>,
    protocol: Cell<Protocol>,
    /// The time from which requests could come.
    ready: Cell<Instant>,
    /// The last time at which it was checked.
    checked: Cell<Instant>,
    /// The time at which it reaches its maximum age.
    old: Instant,
    /// The time since which no response is unsent.
    quiet: Cell<Instant>,
    /// The time of the first byte of an incomplete head; at first, the time from which it could come.
    head: Cell<Option<Instant>>,
    /// Bytes have come since the last request. They are timed once it is known that they are not a whole head.
    has_heard: Cell<bool>,
    /// The time of the last request.
    asked: Cell<Option<Instant>>,
    requests: Cell<u64>,
    /// The last request came soon after the one before.
    is_asked_often: Cell<bool>,
    /// The deadline of each unsent response, in no order.
    deadlines: RefCell<Vec<Instant>>,
    has_stalled: Cell<bool>,
    is_closing: Cell<bool>,
    peer_is_done: Cell<bool>,
    has_read_all: Cell<bool>,
    /// The time since which it closes gracefully.
    leaving: Cell<Option<Instant>>,
    /// The responses that the protocol layer has completely.
    pub unflushed: UnflushedResponses,
}

impl Connection {
    /// A connection that was just accepted, among those of its worker.
    pub fn new(permit: ClientPermit, worker: &Rc<WorkerConnections>) -> Rc<Self> {
        let now = Instant::now();
        worker.add(permit.id());
        permit.idle_since(Some(now));
        // Random, so that clients that connected together do not all reconnect together.
        let age = permit.limits().age.mul_f64(0.9 + fastrand::f64() / 5.0);
        Rc::new(Connection {
            permit,
            worker: worker.clone(),
            socket: OnceCell::new(),
            protocol: Cell::new(Protocol::Http1),
            ready: Cell::new(now),
            checked: Cell::new(now),
            old: now + age,
            quiet: Cell::new(now),
            head: Cell::new(None),
            has_heard: Cell::new(false),
            asked: Cell::new(None),
            requests: Cell::new(0),
            is_asked_often: Cell::new(false),
            deadlines: RefCell::default(),
            has_stalled: Cell::new(false),
            is_closing: Cell::new(false),
            peer_is_done: Cell::new(false),
            has_read_all: Cell::new(false),
            leaving: Cell::new(None),
            unflushed: UnflushedResponses::default(),
        })
    }

    pub fn limits(&self) -> &Limits {
        self.permit.limits()
    }

    /// Notes the socket of a TCP or Unix connection.
    pub fn uses(&self, socket: SocketHandle) {
        let _ = self.socket.set(socket);
    }

    /// Has the kernel reset the connection when it is closed. It would keep unsent bytes for minutes otherwise, because
    /// their reader takes none.
    pub fn reset_at_close(&self) {
        if let Some(socket) = self.socket.get() {
            socket.ask(|socket| SockRef::from(&socket).set_linger(Some(Duration::ZERO)).ok());
        }
    }

    /// The phase of the process. The connection's task is woken when it changes.
    pub fn phase(&self) -> Phase {
        self.worker.phase()
    }

    /// Registers the current task, which serves this connection, to be woken when the phase changes.
    pub async fn runs_in_this_task(&self) {
        poll_fn(|context| {
            self.worker.runs_in(self.permit.id(), context.waker());
            Poll::Ready(())
        })
        .await;
    }

    /// The output of a future before the first request; none once the process drains. If another process takes over,
    /// connections that are open here are served to the end.
    pub async fn unless_draining<T>(&self, mut future: Pin<Box<impl Future<Output = T>>>) -> Option<T> {
        poll_fn(|context| match self.phase() {
            Phase::Draining => Poll::Ready(None),
            _ => future.as_mut().poll(context).map(Some),
        })
        .await
    }

    /// Counts the connection for the network of this address, if it counts for one. Returns false if that has too many.
    pub fn claim(&self, address: Option<IpAddr>) -> bool {
        address.is_none_or(|address| self.permit.claim(address))
    }

    /// Notes that the TLS handshake has finished.
    pub fn end_handshake(&self) {
        self.permit.end_handshake();
    }

    /// Counts a response as blocked that holds this many bytes of its own.
    pub fn blocked(&self, bytes: usize, waker: &Waker) -> Blocked {
        BlockedResponses::add(&self.permit.load().blocked, bytes, self.limits().blocked_memory(), waker)
    }

    /// Notes that requests can come from now on.
    pub fn ready(&self, protocol: Protocol) {
        let now = Instant::now();
        self.protocol.set(protocol);
        self.ready.set(now);
        self.head.set(Some(now));
        self.became_quiet(now);
    }

    /// Notes that bytes have come. In HTTP/1.1 they belong to a head, because nothing else is read.
    pub fn heard(&self) {
        self.has_heard.set(self.protocol.get() == Protocol::Http1);
    }

    /// Makes the next response the last one. A client that has just used the connection may be sending already, and
    /// would see it closed instead of a response (RFC 9112 §9.6), so the connection stays open for `MOMENT`.
    pub fn leave(&self) {
        if self.leaving.get().is_none() {
            self.leaving.set(Some(Instant::now()));
        }
    }

    pub fn is_leaving(&self) -> bool {
        self.leaving.get().is_some()
    }

    /// Notes that bytes wait and the peer takes none or too few.
    pub fn stalled(&self) {
        self.has_stalled.set(true);
        self.reset_at_close();
    }

    pub fn has_stalled(&self) -> bool {
        self.has_stalled.get()
    }

    /// Notes a request. Returns its arrival, and its response, which must be sent in time.
    pub fn request(self: &Rc<Self>) -> (Arrival, InFlight) {
        let at = Instant::now();
        let before = self.asked.replace(Some(at));
        let waited = at - before.unwrap_or(self.ready.get());
        self.is_asked_often.set(before.is_some() && waited < OFTEN);
        self.head.set(None);
        self.has_heard.set(false);
        self.requests.set(self.requests.get() + 1);
        let deadline = at + self.limits().request;
        self.permit.idle_since(None);
        self.deadlines.borrow_mut().push(deadline);
        let arrival = Arrival { at: at.into_std(), number: self.requests.get(), waited };
        (arrival, InFlight::new(self.clone(), deadline))
    }

    /// Moves the deadline of an unsent response.
    pub fn postpone(&self, deadline: Instant, later: Instant) {
        if let Some(unsent) = self.deadlines.borrow_mut().iter_mut().find(|unsent| **unsent == deadline) {
            *unsent = later;
        }
    }

    /// Notes that a response with this deadline was sent or given up.
    pub fn end(&self, deadline: Instant, now: Instant) {
        let mut deadlines = self.deadlines.borrow_mut();
        // Responses with the same deadline are interchangeable.
        if let Some(index) = deadlines.iter().position(|other| *other == deadline) {
            deadlines.swap_remove(index);
        }
        if deadlines.is_empty() {
            self.became_quiet(now);
            // Bytes that came meanwhile could not be read before.
            self.head.set(self.head.get().map(|_| now));
        }
    }

    fn became_quiet(&self, now: Instant) {
        self.quiet.set(now);
        self.permit.idle_since(Some(now));
    }

    /// The time since which no response is unsent.
    pub fn quiet(&self) -> Instant {
        self.quiet.get()
    }

    /// Notes whether the client has said that it sends nothing after its last request.
    pub fn peer_is_done(&self, is_done: bool) {
        self.peer_is_done.set(is_done);
    }

    /// Notes that nothing more has to be read: the client sends nothing, and is about to get its whole last response.
    pub fn has_read_all(&self) {
        self.has_read_all.set(true);
    }

    /// Whether nothing more has to be read.
    pub fn is_read(&self) -> bool {
        self.has_read_all.get()
    }

    /// Whether the client sends nothing more, so that the connection can be closed without waiting for it to.
    pub fn needs_no_linger(&self) -> bool {
        self.peer_is_done.get()
    }

    /// Notes that it is being closed.
    pub fn closes(&self) {
        self.is_closing.set(true);
    }

    /// Whether it waits for a request of which nothing has come, except the first.
    pub fn is_idle(&self) -> bool {
        let is_waiting = self.head.get().is_none() && !self.has_heard.get() && !self.is_closing.get();
        is_waiting && self.deadlines.borrow().is_empty() && self.unflushed.is_empty()
    }

    /// Frees what only a busy connection needs.
    pub fn parked(&self) {
        self.deadlines.take();
        self.unflushed.shrink();
    }

    /// Counts it among the connections with buffers of a protocol layer.
    pub fn unparked(&self) -> Unparked {
        Unparked::new(&self.worker)
    }

    /// Whether it should not keep such buffers while it is idle: its last request was a single one, and many other
    /// connections of its worker have buffers.
    pub fn parks_at_once(&self) -> bool {
        !self.is_asked_often.get() && self.worker.has_many_unparked()
    }

    /// The next time to check the connection, by what was known when it was checked last. It reads no clock unless a
    /// head has begun.
    pub fn next_check(&self) -> Instant {
        if self.has_heard.take() && self.head.get().is_none() {
            self.head.set(Some(Instant::now()));
        }
        let checked = self.checked.get();
        self.next_end(checked).unwrap_or(checked)
    }

    /// Checks the connection: the next time to do so, or the limit that it has reached now.
    pub fn due(&self, now: Instant) -> Result<Instant, CloseReason> {
        self.checked.set(now);
        self.next_end(now)
    }

    fn next_end(&self, now: Instant) -> Result<Instant, CloseReason> {
        let limits = self.limits();
        if self.requests.get() >= limits.requests {
            return Err(CloseReason::Requests);
        }
        let (quiet, earliest) = (self.quiet.get(), self.deadlines.borrow().iter().min().copied());
        let (next, limit) = match (earliest, self.head.get(), self.leaving.get()) {
            (Some(deadline), ..) => (deadline, CloseReason::Request),
            (None, Some(head), Some(leaving)) => (head.max(leaving) + MOMENT, CloseReason::Head),
            (None, None, Some(_)) => (quiet + MOMENT, CloseReason::Idle),
            (None, Some(head), None) => (head + limits.head, CloseReason::Head),
            (None, None, None) => {
                // After half the timeout, the connection ends if others need the room.
                let halfway = quiet + limits.crowded_idle();
                let is_enough = now < halfway || self.permit.load().is_crowded();
                (if is_enough { halfway } else { quiet + limits.idle }, CloseReason::Idle)
            }
        };
        let old = self.leaving.get().is_none().then_some((self.old, CloseReason::Age));
        let ends = [Some((next, limit)), old].into_iter().flatten();
        match ends.clone().find(|(end, _)| *end <= now) {
            Some((_, passed)) => Err(passed),
            None => Ok(ends.map(|(end, _)| end).min().unwrap_or(next)),
        }
    }

    /// The time at which a connection is cut whose graceful close began at `asked`. Unsent responses, event streams
    /// included, have at most the request timeout; then `farewell` remains.
    pub fn last(&self, asked: Instant, farewell: Duration) -> Instant {
        match self.deadlines.borrow().iter().min() {
            Some(&end) => end.min(asked + self.limits().request),
            None => self.quiet.get().max(asked) + farewell,
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.worker.remove(self.permit.id());
    }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
