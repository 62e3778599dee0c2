//! Responses that are not sent yet: open until hyper lets go of their last byte, which is when the socket has it.

use crate::http::activity::Activity;
use bytes::{Buf, Bytes};
use hyper::body::{Body, Frame, SizeHint};
use std::{
    io::IoSlice,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::Instant;

/// A response's body, which is open until its last byte has been handed to the socket.
pub(crate) struct Watched<B> {
    body: B,
    open: Option<Open>,
}

impl<B: Body> Watched<B> {
    /// The body of a response that begins now.
    pub fn new(body: B, activity: &Arc<Activity>) -> Self {
        // A body of known length is there as a whole; any other is a stream.
        let is_stream = body.size_hint().exact().is_none();
        Watched { body, open: Some(Open::new(activity, is_stream)) }
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
}

impl Open {
    fn new(activity: &Arc<Activity>, is_stream: bool) -> Self {
        let limits = activity.limits();
        // A stream ends by itself, and then has the time that every response has.
        let lasts = if is_stream { limits.event_stream } else { Duration::ZERO } + limits.request;
        let end = Instant::now() + lasts;
        activity.begin(end);
        Open { activity: activity.clone(), end }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.activity.end(self.end);
    }
}
