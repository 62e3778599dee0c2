//! A stream that reports received bytes, and fails when its peer takes too few of the bytes that wait.

use crate::http::{
    connection::Connection,
    progress::{self, CHECK_INTERVAL},
};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

/// A stream that fails once its peer takes too few bytes for too long.
pub(crate) struct WriteTimeout<S> {
    stream: S,
    connection: Rc<Connection>,
    /// Set while bytes wait to be written, so that an idle connection holds no timer.
    wait: Option<Box<BlockedWrite>>,
}

/// The time from when the socket first had no room until everything is written.
struct BlockedWrite {
    began: Instant,
    /// The time at which the last bytes were taken.
    last: Instant,
    taken: u64,
    check: Pin<Box<Sleep>>,
}

impl<S> WriteTimeout<S> {
    pub fn new(stream: S, connection: Rc<Connection>) -> Self {
        WriteTimeout { stream, connection, wait: None }
    }

    pub fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Records the result of a write; fails if the peer is too slow.
    fn noted(&mut self, context: &mut Context, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match (&written, &mut self.wait) {
            (Poll::Ready(Ok(count)), Some(wait)) => {
                wait.last = Instant::now();
                wait.taken += *count as u64;
            }
            (Poll::Ready(_), _) => {}
            (Poll::Pending, _) => {
                let limits = self.connection.limits();
                let wait = self.wait.get_or_insert_with(|| {
                    let now = Instant::now();
                    let check = Box::pin(sleep_until(now + limits.stall));
                    Box::new(BlockedWrite { began: now, last: now, taken: 0, check })
                });
                while wait.check.as_mut().poll(context).is_ready() {
                    let now = Instant::now();
                    if progress::has_stalled(limits, now, wait.began, wait.taken, wait.last) {
                        self.connection.stalled();
                        let slow = "the peer takes no bytes, or too few";
                        return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, slow)));
                    }
                    wait.check.as_mut().reset(now + CHECK_INTERVAL);
                }
            }
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WriteTimeout<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context,
        buffer: &mut ReadBuf,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.connection.heard();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WriteTimeout<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.noted(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context,
        slices: &[IoSlice],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.noted(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// The layers above flush once everything is written, so no bytes wait any more.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.wait = None;
        }
        flushed
    }

    /// Waits for the peer to close its half, unless there is no need. Then the socket closes when it is dropped.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        if self.connection.needs_no_linger() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
