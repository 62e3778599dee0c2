//! What keeps a connection from being idle: requests, and responses that go on.

use crate::{connection::Arrival, limits::Limits};
use hyper::body::{Body, Frame, SizeHint};
use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};
use tokio::time::Instant;

/// Of one connection.
pub(super) struct Activity {
    limits: Arc<Limits>,
    active: Mutex<Active>,
}

#[derive(Default)]
struct Active {
    /// When the last request came, or the last stream ended.
    last: Option<Instant>,
    /// When the last request came.
    asked: Option<Instant>,
    requests: u64,
    /// Open responses of no known length: they go on until something happens.
    streams: usize,
}

impl Activity {
    pub fn new(limits: Arc<Limits>) -> Self {
        Activity { limits, active: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Active> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request has come, on a connection that was ready for it then.
    pub fn request(&self, ready: Instant) -> Arrival {
        let mut active = self.lock();
        let at = Instant::now();
        let waited = at - active.asked.unwrap_or(ready);
        (active.last, active.asked) = (Some(at), Some(at));
        active.requests += 1;
        Arrival { at: at.into_std(), number: active.requests, waited }
    }

    /// When a connection that began then will have been idle for too long, as things stand.
    pub fn idle_at(&self, began: Instant) -> Instant {
        let limits = &self.limits;
        match *self.lock() {
            Active { last: None, .. } => began + limits.head,
            Active { streams: 0, last: Some(last), .. } => last + limits.idle,
            Active { .. } => Instant::now() + limits.idle,
        }
    }
}

/// A response's body, which keeps the connection active for as long as it goes on.
pub(super) struct Watched<B> {
    body: B,
    _stream: Option<Stream>,
}

impl<B: Body> Watched<B> {
    /// A body of known length ends by itself; one without is a stream.
    pub fn new(body: B, activity: &Arc<Activity>) -> Self {
        let is_stream = body.size_hint().exact().is_none();
        let stream = is_stream.then(|| {
            activity.lock().streams += 1;
            Stream(activity.clone())
        });
        Watched { body, _stream: stream }
    }
}

/// A stream that is open until this is dropped.
struct Stream(Arc<Activity>);

impl Drop for Stream {
    fn drop(&mut self) {
        let mut active = self.0.lock();
        active.streams -= 1;
        active.last = Some(Instant::now());
    }
}

impl<B: Body + Unpin> Body for Watched<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http_body_util::Full;
    use std::{convert::Infallible, time::Duration};
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

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_a_while_after_its_last_request_or_the_end_of_its_last_stream() {
        let limits = Arc::new(Limits::default());
        let activity = Arc::new(Activity::new(limits.clone()));
        let began = Instant::now();
        assert_eq!(activity.idle_at(began), began + limits.head, "there was no request yet");
        advance(Duration::from_secs(5)).await;
        let arrival = activity.request(began);
        assert_eq!((arrival.number, arrival.waited), (1, Duration::from_secs(5)));
        let asked = Instant::now();
        let _whole = Watched::new(Full::new(Bytes::new()), &activity);
        advance(Duration::from_secs(50)).await;
        assert_eq!(activity.idle_at(began), asked + limits.idle, "a whole body ends by itself");

        let streams = [Watched::new(Endless, &activity), Watched::new(Endless, &activity)];
        advance(Duration::from_secs(3000)).await;
        assert_eq!(activity.idle_at(began), Instant::now() + limits.idle);
        drop(streams);
        let ended = Instant::now();
        advance(Duration::from_secs(10)).await;
        assert_eq!(activity.idle_at(began), ended + limits.idle);
    }
}
