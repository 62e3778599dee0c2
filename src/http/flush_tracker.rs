//! The way of responses through the protocol layer's buffers. A response ends once the socket has taken its last byte:
//! only then is it logged and counted, and no longer keeps the connection open.

use crate::http::{connection::Connection, request_log::RequestLog};
use std::{
    cell::{Cell, RefCell},
    io::{self, IoSlice},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

/// The responses that the protocol layer of a connection has, and the socket may not have taken yet.
#[derive(Default)]
pub(crate) struct UnflushedResponses {
    /// Responses that the protocol layer does not have completely; of event streams, not even the first piece.
    incomplete: Cell<usize>,
    /// The deadline and the log of each response that it was given completely since the last flush.
    complete: RefCell<Vec<(Instant, Option<RequestLog>)>>,
    /// Whether anything was handed over since the last flush.
    is_dirty: Cell<bool>,
    /// Whether a write to the socket was tried since then.
    is_unflushed: Cell<bool>,
    /// The reader to wake when no response is on its way, which then reports the end of the peer's bytes.
    reader: Cell<Option<Waker>>,
}

impl UnflushedResponses {
    /// Notes a response of which the protocol layer has nothing or not enough yet.
    pub fn begin(&self) {
        self.incomplete.set(self.incomplete.get() + 1);
    }

    /// Notes that it has enough of one.
    pub fn hand_over(&self) {
        self.incomplete.set(self.incomplete.get() - 1);
        self.is_dirty.set(true);
    }

    /// Takes a response whose last byte the protocol layer has. It has left after the next flush.
    pub fn add(&self, deadline: Instant, log: Option<RequestLog>) {
        self.complete.borrow_mut().push((deadline, log));
        self.is_dirty.set(true);
    }

    /// Frees the room for complete responses, if there are none.
    pub fn shrink(&self) {
        self.complete.borrow_mut().shrink_to_fit();
    }

    /// Whether a response is on its way.
    pub fn is_empty(&self) -> bool {
        self.incomplete.get() == 0 && !self.is_dirty.get()
    }
}

impl Connection {
    /// Notes that the protocol layer has nothing to write now. If the socket is flushed too, every complete response
    /// has left: `h2` drops the last bytes of a response only after that.
    pub fn settle(&self) {
        if !self.unflushed.is_unflushed.get() {
            self.end_flushed();
        }
    }

    /// Notes that everything that was handed over has left.
    fn flushed(&self) {
        self.unflushed.is_unflushed.set(false);
        self.end_flushed();
    }

    fn end_flushed(&self) {
        let unflushed = &self.unflushed;
        if !unflushed.is_dirty.take() {
            return;
        }
        let mut complete = unflushed.complete.borrow_mut();
        if !complete.is_empty() {
            let now = Instant::now();
            for (deadline, log) in complete.drain(..) {
                if let Some(mut log) = log {
                    log.ended = Some(now.into_std());
                }
                self.end(deadline, now);
            }
        }
        if unflushed.incomplete.get() == 0
            && let Some(reader) = unflushed.reader.take()
        {
            reader.wake();
        }
    }
}

/// A stream that tells its connection when everything written has left. It hides the end of the peer's bytes while a
/// response is on its way: a client may close its half of the connection and still read the response.
pub(crate) struct FlushTracker<S> {
    stream: S,
    connection: Rc<Connection>,
    /// The peer has closed its half.
    has_ended: bool,
}

impl<S> FlushTracker<S> {
    /// Tracks what is written to this stream.
    pub fn new(stream: S, connection: Rc<Connection>) -> Self {
        FlushTracker { stream, connection, has_ended: false }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FlushTracker<S> {
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
        let unflushed = &self.connection.unflushed;
        if unflushed.is_empty() {
            return Poll::Ready(Ok(()));
        }
        unflushed.reader.set(Some(context.waker().clone()));
        Poll::Pending
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FlushTracker<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.connection.unflushed.is_unflushed.set(true);
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context,
        slices: &[IoSlice],
    ) -> Poll<io::Result<usize>> {
        self.connection.unflushed.is_unflushed.set(true);
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// The layer above flushes once it has written everything.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.connection.flushed();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
