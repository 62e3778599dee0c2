//! The state of a connection, and from it the time at which it must end: its requests, unfinished heads and unsent
//! responses.

use crate::{
    connection::Arrival,
    http::{
        blocked::{Blocked, BlockedResponses},
        load::Load,
    },
    limits::Limits,
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
    time::Duration,
};
use tokio::time::Instant;

/// Time after which a client that has just used a connection is not sending on it any more: the longest realistic way
/// of a request.
const MOMENT: Duration = Duration::from_secs(1);

/// The protocol of a connection, as agreed by ALPN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// HTTP/1.1, also for a client without ALPN. One request after the other.
    Http1,
    /// HTTP/2.
    Http2,
}

/// The reason to close a connection, or reset an HTTP/2 stream, that its peer would keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CloseReason {
    /// The head of a request did not arrive in time.
    Head,
    /// There was no request for too long.
    Idle,
    /// The connection has reached its maximum age.
    Age,
    /// The connection has reached its maximum number of requests.
    Requests,
    /// A response was not sent in time.
    Request,
    /// Bytes wait, and the peer takes none or too few.
    Stall,
    /// The connection was idle, and others needed the room.
    Room,
    /// Blocked responses hold too much memory, and this one has been blocked longest.
    Memory,
}

impl CloseReason {
    /// The reasons to close a connection; `Memory` only resets streams.
    pub const ALL: [CloseReason; 7] = [
        CloseReason::Head,
        CloseReason::Idle,
        CloseReason::Age,
        CloseReason::Requests,
        CloseReason::Request,
        CloseReason::Stall,
        CloseReason::Room,
    ];

    /// The name in the metrics.
    pub fn name(self) -> &'static str {
        match self {
            CloseReason::Head => "head",
            CloseReason::Idle => "idle",
            CloseReason::Age => "age",
            CloseReason::Requests => "requests",
            CloseReason::Request => "request",
            CloseReason::Stall => "stall",
            CloseReason::Room => "room",
            CloseReason::Memory => "memory",
        }
    }
}

/// The state of one connection.
pub(crate) struct ConnectionState {
    limits: Arc<Limits>,
    load: Arc<Load>,
    active: Mutex<StateInner>,
}

struct StateInner {
    protocol: Protocol,
    /// The time from which requests could come.
    ready: Instant,
    /// The time at which it reaches its maximum age.
    old: Instant,
    /// The time since which no response is unsent.
    quiet: Instant,
    /// The time of the first byte of an incomplete head; at first, the time from which it could come.
    head: Option<Instant>,
    /// The time of the last request.
    asked: Option<Instant>,
    requests: u64,
    /// The deadline of each unsent response, in no order.
    open: Vec<Instant>,
    stalled: bool,
    /// The time since which it closes gracefully.
    leaving: Option<Instant>,
}

impl ConnectionState {
    /// The state of a connection that was just accepted.
    pub fn new(limits: Arc<Limits>, load: Arc<Load>) -> Self {
        let now = Instant::now();
        // Random, so that clients that connected together do not all reconnect together.
        let age = limits.age.mul_f64(0.9 + fastrand::f64() / 5.0);
        let active = StateInner {
            protocol: Protocol::Http1,
            ready: now,
            old: now + age,
            quiet: now,
            head: None,
            asked: None,
            requests: 0,
            open: Vec::new(),
            stalled: false,
            leaving: None,
        };
        ConnectionState { limits, load, active: Mutex::new(active) }
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Counts a response as blocked that holds this many bytes of its own.
    pub fn blocked(&self, bytes: usize, waker: &Waker) -> Blocked {
        BlockedResponses::add(&self.load.blocked, bytes, self.limits.blocked_memory(), waker)
    }

    fn lock(&self) -> MutexGuard<'_, StateInner> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that requests can come from now on.
    pub fn ready(&self, protocol: Protocol) {
        let (mut active, now) = (self.lock(), Instant::now());
        (active.ready, active.quiet, active.head, active.protocol) = (now, now, Some(now), protocol);
    }

    /// Notes that bytes have come. In HTTP/1.1 they belong to a head, because nothing else is read.
    pub fn heard(&self) {
        let mut active = self.lock();
        if active.protocol == Protocol::Http1 {
            active.head.get_or_insert_with(Instant::now);
        }
    }

    /// Makes the next response the last one. A client that has just used the connection may be sending already, and
    /// would see it closed instead of a response (RFC 9112 §9.6), so the connection stays open for `MOMENT`.
    pub fn leave(&self) {
        self.lock().leaving.get_or_insert_with(Instant::now);
    }

    pub fn is_leaving(&self) -> bool {
        self.lock().leaving.is_some()
    }

    /// Notes that bytes wait and the peer takes none or too few.
    pub fn stalled(&self) {
        self.lock().stalled = true;
    }

    pub fn has_stalled(&self) -> bool {
        self.lock().stalled
    }

    /// Notes a response that must be sent by `end`.
    pub(crate) fn begin(&self, end: Instant) {
        self.lock().open.push(end);
    }

    /// Notes that a response with this deadline was sent or given up.
    pub(crate) fn end(&self, end: Instant) {
        let mut active = self.lock();
        // Responses with the same deadline are interchangeable.
        if let Some(index) = active.open.iter().position(|other| *other == end) {
            active.open.swap_remove(index);
        }
        if active.open.is_empty() {
            let now = Instant::now();
            active.quiet = now;
            // Bytes that came meanwhile could not be read before.
            active.head = active.head.map(|_| now);
        }
    }

    /// Notes a request and returns its arrival.
    pub fn request(&self) -> Arrival {
        let (mut active, at) = (self.lock(), Instant::now());
        let waited = at - active.asked.unwrap_or(active.ready);
        (active.asked, active.head) = (Some(at), None);
        active.requests += 1;
        Arrival { at: at.into_std(), number: active.requests, waited }
    }

    /// The time since which no response is unsent; none while one is.
    pub fn quiet(&self) -> Option<Instant> {
        let active = self.lock();
        active.open.is_empty().then_some(active.quiet)
    }

    /// The next time to check the connection, or the limit that it has reached.
    pub fn due(&self) -> Result<Instant, CloseReason> {
        self.due_at(Instant::now())
    }

    /// The same as [`Self::due`] at this time.
    pub fn due_at(&self, now: Instant) -> Result<Instant, CloseReason> {
        let (active, limits) = (self.lock(), &self.limits);
        if active.requests >= limits.requests {
            return Err(CloseReason::Requests);
        }
        let (next, limit) = match (active.open.iter().min(), active.head, active.leaving) {
            (Some(&end), ..) => (end, CloseReason::Request),
            (None, Some(head), Some(leaving)) => (head.max(leaving) + MOMENT, CloseReason::Head),
            (None, None, Some(_)) => (active.quiet + MOMENT, CloseReason::Idle),
            (None, Some(head), None) => (head + limits.head, CloseReason::Head),
            (None, None, None) => {
                // After half the timeout, the connection ends if others need the room.
                let halfway = active.quiet + limits.crowded_idle();
                let is_enough = now < halfway || self.load.is_crowded();
                (if is_enough { halfway } else { active.quiet + limits.idle }, CloseReason::Idle)
            }
        };
        let old = active.leaving.is_none().then_some((active.old, CloseReason::Age));
        let ends = [Some((next, limit)), old].into_iter().flatten();
        match ends.clone().find(|(end, _)| *end <= now) {
            Some((_, passed)) => Err(passed),
            None => Ok(ends.map(|(end, _)| end).min().unwrap_or(next)),
        }
    }

    /// The time at which a connection is cut whose graceful close began at `asked`. Unsent responses, event streams
    /// included, have at most the request timeout; then `farewell` remains.
    pub fn last(&self, asked: Instant, farewell: Duration) -> Instant {
        let active = self.lock();
        match active.open.iter().min() {
            Some(&end) => end.min(asked + self.limits.request),
            None => active.quiet.max(asked) + farewell,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::in_flight::UnsentResponse;
    use bytes::Bytes;
    use http_body_util::Full;
    use hyper::body::{Body, Frame};
    use std::{
        convert::Infallible,
        pin::Pin,
        task::{Context, Poll},
    };
    use tokio::time::advance;

    /// A body that never ends.
    struct Endless;

    impl Body for Endless {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Pending
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    fn activity() -> Arc<ConnectionState> {
        let load = Arc::new(Load::new(Limits::default()));
        let activity = ConnectionState::new(Arc::default(), load);
        activity.ready(Protocol::Http1);
        Arc::new(activity)
    }

    /// The limit that ends it and the seconds until then, if nothing more happens.
    async fn end(activity: &ConnectionState) -> (CloseReason, u64) {
        let began = Instant::now();
        loop {
            match activity.due() {
                Ok(next) => tokio::time::sleep_until(next).await,
                Err(limit) => return (limit, began.elapsed().as_secs()),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_its_time_from_its_first_byte_and_a_connection_before_its_first_request() {
        let activity = activity();
        assert_eq!(end(&activity).await, (CloseReason::Head, 15));
        assert_eq!(activity.request().number, 1);
        drop(UnsentResponse::new(Full::new(Bytes::new()), &activity));
        advance(40 * SECOND).await;
        activity.heard();
        advance(10 * SECOND).await;
        activity.heard();
        assert_eq!(end(&activity).await, (CloseReason::Head, 5), "of the first byte, not of the last");
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_from_the_last_byte_of_its_last_response() {
        let activity = activity();
        advance(5 * SECOND).await;
        assert_eq!(activity.request().waited, 5 * SECOND);
        let unsent = UnsentResponse::new(Full::new(Bytes::from_static(b"page")), &activity);
        advance(20 * SECOND).await;
        activity.heard();
        assert_eq!(end(&activity).await, (CloseReason::Request, 10), "it has not left");
        drop(unsent);
        assert_eq!(
            end(&activity).await,
            (CloseReason::Head, 15),
            "what came meanwhile could not be read before"
        );
        activity.request();
        drop(UnsentResponse::new(Full::new(Bytes::new()), &activity));
        assert_eq!(end(&activity).await, (CloseReason::Idle, 60));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_lasts_longer_than_a_response_and_neither_longer_than_the_connection() {
        let activity = activity();
        activity.request();
        let stream = UnsentResponse::new(Endless, &activity);
        let (limit, after) = end(&activity).await;
        assert!(
            limit == CloseReason::Age && (3240..=3960).contains(&after) || limit == CloseReason::Request,
            "{limit:?} {after}"
        );
        drop(stream);
    }
}
