//! The unsent responses of one connection. Each ends once the socket has taken its last byte: only then is it logged
//! and counted, and no longer keeps the connection open.

use crate::http::activity::ConnectionState;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

/// A response that has not left yet. Dropping it drops its body, which logs the response.
pub(crate) struct UnsentResponse<B> {
    pub body: B,
    deadline: Deadline,
}

impl<B: Body> UnsentResponse<B> {
    /// A response that begins now.
    pub fn new(body: B, activity: &Arc<ConnectionState>) -> Self {
        let deadline = Deadline::new(activity, is_stream(&body));
        UnsentResponse { body, deadline }
    }
}

impl<B> UnsentResponse<B> {
    /// The deadline for its last byte.
    pub fn end(&self) -> Instant {
        self.deadline.end
    }
}

/// Whether the body is an event stream. Any other body has a known length and is complete.
fn is_stream(body: &impl Body) -> bool {
    body.size_hint().exact().is_none()
}

/// Counts a response among the connection's unsent ones until it is dropped.
struct Deadline {
    activity: Arc<ConnectionState>,
    end: Instant,
}

impl Deadline {
    fn new(activity: &Arc<ConnectionState>, is_stream: bool) -> Self {
        let limits = activity.limits();
        // An event stream ends by itself, and then has the timeout of every response.
        let lasts = if is_stream { limits.event_stream } else { Duration::ZERO } + limits.request;
        let end = Instant::now() + lasts;
        activity.begin(end);
        Deadline { activity: activity.clone(), end }
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        self.activity.end(self.end);
    }
}

/// The responses of one connection on their way through the protocol's buffers.
pub(crate) struct InFlight<B>(Arc<Mutex<InFlightState<B>>>);

struct InFlightState<B> {
    /// Responses that the protocol layer does not have completely; of event streams, not even the first piece.
    incomplete: usize,
    /// Responses that it was given completely since the last flush.
    complete: Vec<UnsentResponse<B>>,
    /// Whether anything was handed over since the last flush.
    is_dirty: bool,
    /// Whether a write to the socket was tried since then.
    is_unflushed: bool,
    /// The reader to wake when no response is on its way, which then reports the end of the peer's bytes.
    reader: Option<Waker>,
}

impl<B> Clone for InFlight<B> {
    fn clone(&self) -> Self {
        InFlight(self.0.clone())
    }
}

impl<B> InFlight<B> {
    pub fn new() -> Self {
        let state = InFlightState {
            incomplete: 0,
            complete: Vec::new(),
            is_dirty: false,
            is_unflushed: false,
            reader: None,
        };
        InFlight(Arc::new(Mutex::new(state)))
    }

    fn lock(&self) -> MutexGuard<'_, InFlightState<B>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a request whose response will follow.
    pub fn begin(&self) -> PendingResponse<B> {
        self.lock().incomplete += 1;
        PendingResponse(Some(self.clone()))
    }

    /// Takes a response whose last byte the protocol layer has. It has left after the next flush.
    pub fn complete(&self, unsent: UnsentResponse<B>) {
        let mut state = self.lock();
        state.complete.push(unsent);
        state.is_dirty = true;
    }

    /// Notes that the protocol layer has nothing to write now. If the socket is flushed too, every complete response
    /// has left: `h2` drops the last bytes of a response only after that.
    pub fn settle(&self) {
        let state = self.lock();
        if !state.is_unflushed {
            Self::release(state);
        }
    }

    /// Notes that everything that was handed over has left.
    fn flushed(&self) {
        let mut state = self.lock();
        state.is_unflushed = false;
        Self::release(state);
    }

    fn release(mut state: MutexGuard<'_, InFlightState<B>>) {
        if !state.is_dirty {
            return;
        }
        state.is_dirty = false;
        let left = std::mem::take(&mut state.complete);
        let reader = if state.incomplete == 0 { state.reader.take() } else { None };
        drop(state);
        drop(left);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Whether a response is on its way. If so, the reader is woken once none is.
    fn holds(&self, reader: &Waker) -> bool {
        let mut state = self.lock();
        let holds = state.incomplete > 0 || state.is_dirty;
        if holds {
            state.reader = Some(reader.clone());
        }
        holds
    }
}

/// A response of which the protocol layer has nothing or not enough yet, until this is dropped.
pub(crate) struct PendingResponse<B>(Option<InFlight<B>>);

impl<B> PendingResponse<B> {
    /// Moves the response out and leaves an empty one behind.
    pub fn take(&mut self) -> Self {
        PendingResponse(self.0.take())
    }
}

impl<B> Drop for PendingResponse<B> {
    fn drop(&mut self) {
        if let Some(in_flight) = &self.0 {
            let mut state = in_flight.lock();
            state.incomplete -= 1;
            state.is_dirty = true;
        }
    }
}

/// The body of an HTTP/1.1 response, which hands the response to [`InFlight`] with its last byte.
pub(crate) struct TrackedBody<B> {
    unsent: Option<UnsentResponse<B>>,
    in_flight: Option<InFlight<B>>,
    /// Dropped at the first piece of an event stream, because its last byte may be far away.
    begun: Option<PendingResponse<B>>,
}

impl<B: Body> TrackedBody<B> {
    /// The body of a response that begins now.
    pub fn new(body: B, activity: &Arc<ConnectionState>, begun: PendingResponse<B>) -> Self {
        TrackedBody {
            unsent: Some(UnsentResponse::new(body, activity)),
            in_flight: begun.0.clone(),
            begun: Some(begun),
        }
    }
}

impl<B> TrackedBody<B> {
    fn finish(&mut self) {
        if let (Some(unsent), Some(in_flight)) = (self.unsent.take(), &self.in_flight) {
            in_flight.complete(unsent);
        }
        self.begun = None;
    }
}

impl<B> Drop for TrackedBody<B> {
    fn drop(&mut self) {
        self.finish();
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for TrackedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let Some(unsent) = &mut self.unsent else { return Poll::Ready(None) };
        let polled = Pin::new(&mut unsent.body).poll_frame(context);
        let is_last = unsent.body.is_end_stream();
        match &polled {
            Poll::Ready(Some(_)) if !is_last => self.begun = None,
            Poll::Ready(_) => self.finish(),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.unsent.as_ref().is_none_or(|unsent| unsent.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.unsent.as_ref().map_or(SizeHint::with_exact(0), |unsent| unsent.body.size_hint())
    }
}

/// A stream that tells [`InFlight`] when everything written has left. It hides the end of the peer's bytes while a
/// response is on its way: a client may close its half of the connection and still read the response.
pub(crate) struct FlushTracker<S, B> {
    stream: S,
    in_flight: InFlight<B>,
    /// The peer has closed its half.
    has_ended: bool,
}

impl<S, B> FlushTracker<S, B> {
    /// Tracks what is written to this stream.
    pub fn new(stream: S, in_flight: InFlight<B>) -> Self {
        FlushTracker { stream, in_flight, has_ended: false }
    }
}

impl<S: AsyncRead + Unpin, B> AsyncRead for FlushTracker<S, B> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context,
        buffer: &mut ReadBuf,
    ) -> Poll<io::Result<()>> {
        if !self.has_ended {
            let before = buffer.filled().len();
            let read = Pin::new(&mut self.stream).poll_read(context, buffer);
            self.has_ended = match &read {
                Poll::Ready(Ok(())) => buffer.filled().len() == before,
                // The peer closed TLS without a close_notify alert.
                Poll::Ready(Err(error)) => error.kind() == io::ErrorKind::UnexpectedEof,
                Poll::Pending => false,
            };
            if !self.has_ended {
                return read;
            }
        }
        if self.in_flight.holds(context.waker()) { Poll::Pending } else { Poll::Ready(Ok(())) }
    }
}

impl<S: AsyncWrite + Unpin, B> AsyncWrite for FlushTracker<S, B> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.in_flight.lock().is_unflushed = true;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context,
        slices: &[IoSlice],
    ) -> Poll<io::Result<usize>> {
        self.in_flight.lock().is_unflushed = true;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// The layer above flushes once it has written everything.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.in_flight.flushed();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
