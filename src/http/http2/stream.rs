//! The bytes of an HTTP/2 connection on their way to `h2` and from it. Writes wait until the connection has nothing
//! else to do: `h2` writes and flushes each frame; sent one by one, each would be a TLS record and a system call.

use crate::http::http2::control_frames::FrameAllowance;
use std::{
    cell::{RefCell, RefMut},
    io::{self, IoSlice},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Instant,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that wait at most. Larger buffers were no faster.
const CAPACITY: usize = 64 * 1024;
/// The same for a new connection, and after a peer had no room for all bytes at once: responses then count as sent in
/// small steps, and a slow peer costs little memory.
const SLOW_CAPACITY: usize = 16 * 1024;
/// Unused buffers that a thread keeps. Only a connection whose peer has no room holds one between two polls.
const POOLED: usize = 4;

thread_local! {
    static POOL: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// A stream that counts the frames that it reads. It collects what `h2` writes, swallows its flushes, and writes when
/// [`Self::poll_send`] is called.
pub(super) struct Http2Stream<S>(Rc<RefCell<StreamState<S>>>);

struct StreamState<S> {
    stream: S,
    frames: Rc<FrameAllowance>,
    /// Bytes that wait. It has no memory of its own while there are none.
    waiting: Vec<u8>,
    capacity: usize,
    /// Whether the stream has taken bytes that it has not flushed.
    is_unflushed: bool,
}

impl<S> Clone for Http2Stream<S> {
    fn clone(&self) -> Self {
        Http2Stream(self.0.clone())
    }
}

impl<S> Http2Stream<S> {
    pub fn new(stream: S, frames: Rc<FrameAllowance>) -> Self {
        let (waiting, capacity) = (Vec::new(), SLOW_CAPACITY);
        Http2Stream(Rc::new(RefCell::new(StreamState {
            stream,
            frames,
            waiting,
            capacity,
            is_unflushed: false,
        })))
    }

    fn state(&self) -> RefMut<'_, StreamState<S>> {
        self.0.borrow_mut()
    }
}

impl<S: AsyncWrite + Unpin> Http2Stream<S> {
    /// Writes and flushes everything that waits. Ready once the stream has no bytes left.
    pub fn poll_send(&self, context: &mut Context) -> Poll<io::Result<()>> {
        self.state().poll_send(context)
    }
}

impl<S: AsyncWrite + Unpin> StreamState<S> {
    fn poll_send(&mut self, context: &mut Context) -> Poll<io::Result<()>> {
        if self.waiting.is_empty() && !self.is_unflushed {
            return Poll::Ready(Ok(()));
        }
        let was_blocked = self.is_unflushed;
        let sent = self.poll_write_and_flush(context);
        self.capacity = if was_blocked || sent.is_pending() { SLOW_CAPACITY } else { CAPACITY };
        sent
    }

    fn poll_write_and_flush(&mut self, context: &mut Context) -> Poll<io::Result<()>> {
        let waiting = std::mem::take(&mut self.waiting);
        let mut written = 0;
        while written < waiting.len() {
            match Pin::new(&mut self.stream).poll_write(context, &waiting[written..]) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => (written, self.is_unflushed) = (written + count, true),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.waiting = waiting[written..].to_vec();
                    give_back(waiting);
                    return Poll::Pending;
                }
            }
        }
        give_back(waiting);
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.is_unflushed = false;
        Poll::Ready(Ok(()))
    }

    /// Takes as many of the bytes as there is room for. If there is none, or the peer had none for earlier bytes, those
    /// are sent first.
    fn poll_take(&mut self, context: &mut Context, slices: &[IoSlice]) -> Poll<io::Result<usize>> {
        if self.is_unflushed || self.waiting.len() >= self.capacity {
            ready!(self.poll_send(context))?;
        }
        if self.waiting.capacity() == 0 {
            self.waiting = POOL.with_borrow_mut(Vec::pop).unwrap_or_else(|| Vec::with_capacity(CAPACITY));
        }
        let before = self.waiting.len();
        for slice in slices {
            let room = self.capacity - self.waiting.len();
            self.waiting.extend_from_slice(&slice[..slice.len().min(room)]);
        }
        Poll::Ready(Ok(self.waiting.len() - before))
    }
}

/// Keeps a buffer for the next connection that writes.
fn give_back(mut buffer: Vec<u8>) {
    buffer.clear();
    POOL.with_borrow_mut(|pool| {
        if pool.len() < POOLED && buffer.capacity() >= CAPACITY {
            pool.push(buffer);
        }
    });
}

impl<S: AsyncRead + Unpin> AsyncRead for Http2Stream<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context, buffer: &mut ReadBuf) -> Poll<io::Result<()>> {
        let mut state = self.state();
        if state.frames.is_exceeded() {
            // The connection's loop ends the connection.
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut state.stream).poll_read(context, buffer);
        state.frames.count(&buffer.filled()[before..], Instant::now);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Http2Stream<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.state().poll_take(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context,
        slices: &[IoSlice],
    ) -> Poll<io::Result<usize>> {
        self.state().poll_take(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        let mut state = self.state();
        ready!(state.poll_send(context))?;
        Pin::new(&mut state.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    /// A stream whose peer has room for some more bytes, or is gone.
    struct SlowSocket {
        room: Option<usize>,
        writes: Vec<usize>,
    }

    impl AsyncWrite for SlowSocket {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context, bytes: &[u8]) -> Poll<io::Result<usize>> {
            let count = match self.room {
                None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
                Some(0) => return Poll::Pending,
                Some(room) => room.min(bytes.len()),
            };
            self.room = self.room.map(|room| room - count);
            self.writes.push(count);
            Poll::Ready(Ok(count))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context) -> Poll<io::Result<()>> {
            if self.room == Some(0) { Poll::Pending } else { Poll::Ready(Ok(())) }
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn writes_to(room: Option<usize>) -> Http2Stream<SlowSocket> {
        Http2Stream::new(SlowSocket { room, writes: Vec::new() }, Rc::new(FrameAllowance::new(0)))
    }

    fn write(writes: &mut Http2Stream<SlowSocket>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let context = &mut Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut *writes).poll_flush(context).is_ready());
        Pin::new(writes).poll_write(context, bytes)
    }

    fn send(writes: &Http2Stream<SlowSocket>) -> Poll<io::Result<()>> {
        writes.poll_send(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn many_frames_are_one_write_and_leave_no_buffer_behind() {
        let mut writes = writes_to(Some(usize::MAX));
        for _ in 0..10 {
            assert!(matches!(write(&mut writes, &[0; 1000]), Poll::Ready(Ok(1000))));
        }
        assert!(writes.state().stream.writes.is_empty());
        assert!(matches!(send(&writes), Poll::Ready(Ok(()))));
        assert_eq!(writes.state().stream.writes, [10_000]);
        assert_eq!(writes.state().waiting.capacity(), 0);
        assert!(matches!(send(&writes), Poll::Ready(Ok(()))));
        assert_eq!(writes.state().stream.writes.len(), 1, "nothing waits");
    }

    #[test]
    fn a_peer_without_room_has_no_more_than_the_capacity_waiting() {
        let mut writes = writes_to(Some(SLOW_CAPACITY + 1));
        for _ in 0..2 {
            // The first time everything leaves, so that more may wait the next time.
            assert!(matches!(write(&mut writes, &[0; SLOW_CAPACITY]), Poll::Ready(Ok(SLOW_CAPACITY))));
            let _ = send(&writes);
        }
        assert!(write(&mut writes, b"more").is_pending());
        let waiting = writes.state().waiting.capacity();
        assert_eq!(waiting, SLOW_CAPACITY - 1, "exactly the bytes that wait");
        writes.state().stream.room = Some(usize::MAX);
        for capacity in [SLOW_CAPACITY, CAPACITY] {
            let taken = write(&mut writes, &[0; 2 * CAPACITY]);
            assert!(matches!(taken, Poll::Ready(Ok(count)) if count == capacity), "{taken:?}");
            assert!(send(&writes).is_ready());
        }
    }

    #[test]
    fn a_failed_write_is_an_error_of_the_connection() {
        let mut writes = writes_to(None);
        assert!(write(&mut writes, b"frame").is_ready());
        assert!(
            matches!(send(&writes), Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe)
        );
    }
}
