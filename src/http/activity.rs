//! What a connection is doing, and so when it has to end: requests, heads that are on their way, responses that are not
//! sent yet.

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

/// After this, whoever has used a connection is not about to use it again: the longest way that a request has.
const MOMENT: Duration = Duration::from_secs(1);

/// What is spoken, as agreed by ALPN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// HTTP/1.1, also what a client without ALPN speaks. One request after the other.
    Http1,
    /// HTTP/2.
    Http2,
}

/// Why we end a connection, or reset an HTTP/2 stream, that its peer would keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CloseReason {
    /// The head of a request did not come in time.
    Head,
    /// There was no request for too long.
    Idle,
    /// It is old.
    Age,
    /// It has had all the requests it may have.
    Requests,
    /// A response was not taken in time.
    Request,
    /// Bytes wait, and the peer takes none or hardly any.
    Stall,
    /// There is no room for others.
    Room,
    /// Blocked responses hold too much memory, and this one has been blocked longest.
    Memory,
}

impl CloseReason {
    /// All of them.
    pub const ALL: [CloseReason; 7] = [
        CloseReason::Head,
        CloseReason::Idle,
        CloseReason::Age,
        CloseReason::Requests,
        CloseReason::Request,
        CloseReason::Stall,
        CloseReason::Room,
    ];

    /// As the metrics have it.
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

/// Of one connection.
pub(crate) struct ConnectionState {
    limits: Arc<Limits>,
    load: Arc<Load>,
    active: Mutex<StateInner>,
}

struct StateInner {
    protocol: Protocol,
    /// When it could begin with requests.
    ready: Instant,
    /// When it must end whatever it does.
    old: Instant,
    /// Since when there has been nothing to answer.
    quiet: Instant,
    /// When the first byte of a head came that is not there as a whole; at first, when it could have come.
    head: Option<Instant>,
    /// When the last request came.
    asked: Option<Instant>,
    requests: u64,
    /// By when each response must have been sent that has not been yet, in no order.
    open: Vec<Instant>,
    stalled: bool,
    /// Since when it is to end as soon as its peer can tell.
    leaving: Option<Instant>,
}

impl ConnectionState {
    /// Of a connection that has just been accepted.
    pub fn new(limits: Arc<Limits>, load: Arc<Load>) -> Self {
        let now = Instant::now();
        // So that those who came together do not all come back together.
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

    /// Counts a response as blocked that has this many bytes for itself.
    pub fn blocked(&self, bytes: usize, waker: &Waker) -> Blocked {
        BlockedResponses::add(&self.load.blocked, bytes, self.limits.blocked_memory(), waker)
    }

    fn lock(&self) -> MutexGuard<'_, StateInner> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on there can be requests.
    pub fn ready(&self, protocol: Protocol) {
        let (mut active, now) = (self.lock(), Instant::now());
        (active.ready, active.quiet, active.head, active.protocol) = (now, now, Some(now), protocol);
    }

    /// Bytes have come: in HTTP/1.1, of a head, for nothing else is read.
    pub fn heard(&self) {
        let mut active = self.lock();
        if active.protocol == Protocol::Http1 {
            active.head.get_or_insert_with(Instant::now);
        }
    }

    /// The next response says that it is the last. Whoever has just used the connection may be sending already, and would
    /// see it closed instead of an answer (RFC 9112 §9.6): it is idle only once it has been for a moment.
    pub fn leave(&self) {
        self.lock().leaving.get_or_insert_with(Instant::now);
    }

    pub fn is_leaving(&self) -> bool {
        self.lock().leaving.is_some()
    }

    /// Bytes wait for the peer, who takes none or hardly any.
    pub fn stalled(&self) {
        self.lock().stalled = true;
    }

    pub fn has_stalled(&self) -> bool {
        self.lock().stalled
    }

    /// A response has begun that has to be sent by then.
    pub(crate) fn begin(&self, end: Instant) {
        self.lock().open.push(end);
    }

    /// It has been sent, or given up.
    pub(crate) fn end(&self, end: Instant) {
        let mut active = self.lock();
        // Those with the same end are alike.
        if let Some(index) = active.open.iter().position(|other| *other == end) {
            active.open.swap_remove(index);
        }
        if active.open.is_empty() {
            let now = Instant::now();
            active.quiet = now;
            // What came meanwhile could not be read before.
            active.head = active.head.map(|_| now);
        }
    }

    /// A request has come.
    pub fn request(&self) -> Arrival {
        let (mut active, at) = (self.lock(), Instant::now());
        let waited = at - active.asked.unwrap_or(active.ready);
        (active.asked, active.head) = (Some(at), None);
        active.requests += 1;
        Arrival { at: at.into_std(), number: active.requests, waited }
    }

    /// Since when there has been nothing to answer; none while there is.
    pub fn quiet(&self) -> Option<Instant> {
        let active = self.lock();
        active.open.is_empty().then_some(active.quiet)
    }

    /// When this has to be looked at again, or what has passed.
    pub fn due(&self) -> Result<Instant, CloseReason> {
        self.due_at(Instant::now())
    }

    /// The same at this time.
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
                // Halfway it is looked at whether others need the room.
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

    /// When a connection is cut that was asked to end then: what is still open has the time that one response has, be it a
    /// stream, and then there is a farewell.
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

    /// A body that goes on.
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

    /// What ends it, and after how long, if nothing more happens.
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
