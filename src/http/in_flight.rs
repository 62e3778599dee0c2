//! Responses that are not sent yet: open until hyper lets go of their last byte, which is when the socket has it.

use crate::http::activity::{Activity, Counted};
use bytes::{Buf, Bytes};
use hyper::{
    StatusCode,
    body::{Body, Frame, SizeHint},
};
use std::{
    io::IoSlice,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::time::Instant;

/// A response's body, which is open until its last byte has been handed to the socket.
pub(crate) struct Watched<B> {
    body: B,
    open: Option<Open>,
}

impl<B: Body> Watched<B> {
    /// The body of a response with this status.
    pub fn new(body: B, status: StatusCode, activity: &Arc<Activity>) -> Self {
        let open = Open::new(activity, Kind::of(status, &body));
        Watched { body, open: Some(open) }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Watched<B> {
    type Data = Held;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context,
    ) -> Poll<Option<Result<Frame<Held>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let is_last = self.body.is_end_stream();
        polled.map_ok(|frame| {
            frame.map_data(|bytes| Held { bytes, _open: if is_last { self.open.take() } else { None } })
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Bytes on their way; the last ones keep the response open until hyper lets go of them.
pub(crate) struct Held {
    bytes: Bytes,
    _open: Option<Open>,
}

impl Buf for Held {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.bytes.chunks_vectored(slices)
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }

    fn copy_to_bytes(&mut self, length: usize) -> Bytes {
        self.bytes.copy_to_bytes(length)
    }
}

/// A response that is not sent yet, until this is dropped.
struct Open {
    activity: Arc<Activity>,
    end: Instant,
    counted: Counted,
}

impl Open {
    fn new(activity: &Arc<Activity>, kind: Kind) -> Self {
        let limits = activity.limits();
        let end = Instant::now()
            + match kind {
                // A stream ends by itself, and then has the time that every response has.
                Kind::Stream => limits.event_stream + limits.request,
                Kind::Answer | Kind::Refusal => limits.request,
            };
        let counted = if kind == Kind::Answer { Counted::Yes } else { Counted::No };
        activity.begin(end, counted);
        Open { activity: activity.clone(), end, counted }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.activity.end(self.end, self.counted);
    }
}

/// What a response is to all others.
#[derive(PartialEq)]
enum Kind {
    /// One of those that are in flight.
    Answer,
    /// "Too many": to count it would make it true, where a peer lets it wait.
    Refusal,
    /// One that goes on; there is a limit for these as well.
    Stream,
}

impl Kind {
    fn of(status: StatusCode, body: &impl Body) -> Self {
        match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Kind::Refusal,
            // A body of known length is there as a whole.
            _ if body.size_hint().exact().is_some() => Kind::Answer,
            _ => Kind::Stream,
        }
    }
}
