//! The bytes of an HTTP/1.1 connection on their way to hyper. A line feed without a carriage return is refused.
//!
//! RFC 9112 §2.2 lets a server accept a lone line feed as a line end, and hyper does. A proxy in front may not: two
//! readings of one head allow request smuggling.

use crate::{
    http::{connection::Connection, flush_tracker::FlushTracker},
    net::socket::read_early,
};
use bytes::Bytes;
use std::{
    io::{self, IoSlice},
    mem::MaybeUninit,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A byte that hyper refuses anywhere in a head.
const REFUSED: u8 = 0;
/// Bytes that a parked connection reads at once: more than browsers send with a request.
const EARLY: usize = 2 * 1024;

/// A stream of heads and nothing else, because no body is read. It replaces each lone line feed with a byte that hyper
/// refuses.
pub(super) struct Http1Stream<S> {
    stream: FlushTracker<S>,
    connection: Rc<Connection>,
    /// Bytes that were read while the connection was parked; the next read returns them first.
    early: Bytes,
    /// The last byte that was read.
    last: u8,
}

impl<S> Http1Stream<S> {
    pub fn new(stream: S, connection: &Rc<Connection>) -> Self {
        Http1Stream {
            stream: FlushTracker::new(stream, connection.clone()),
            connection: connection.clone(),
            early: Bytes::new(),
            last: REFUSED,
        }
    }

    /// Gives back bytes that were read and not used.
    pub fn unread(&mut self, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        self.connection.heard();
        // A copy, because they are a small part of a buffer.
        self.early = Bytes::copy_from_slice(&bytes);
    }
}

impl<S: AsyncRead + Unpin> Http1Stream<S> {
    /// Waits for bytes, and returns whether there are any; there are none if the peer has left. It reads onto the stack
    /// and allocates only for bytes that have come, so that a silent peer costs no buffer.
    pub fn poll_readable(&mut self, context: &mut Context) -> Poll<bool> {
        if self.early.is_empty() {
            let mut space = [MaybeUninit::uninit(); EARLY];
            let mut buffer = ReadBuf::uninit(&mut space);
            // After an error there are no bytes.
            let _ = ready!(self.poll_stream(context, &mut buffer));
            self.early = Bytes::copy_from_slice(buffer.filled());
        }
        Poll::Ready(!self.early.is_empty())
    }

    fn poll_stream(&mut self, context: &mut Context, buffer: &mut ReadBuf) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.last = replace_bare_lf(self.last, &mut buffer.filled_mut()[before..]);
        read
    }
}

/// Replaces lone line feeds in bytes that follow `last`. Returns the new last byte.
fn replace_bare_lf(mut last: u8, bytes: &mut [u8]) -> u8 {
    let Some(&first) = bytes.first() else { return last };
    let is_bare = |before: u8, byte: u8| (byte == b'\n') & (before != b'\r');
    // Without an early end, so that the compiler can compare many bytes at once.
    let pairs = bytes.iter().zip(&bytes[1..]);
    if pairs.fold(is_bare(last, first), |found, (before, byte)| found | is_bare(*before, *byte)) {
        for byte in &mut *bytes {
            if is_bare(last, *byte) {
                *byte = REFUSED;
            }
            last = *byte;
        }
    }
    bytes[bytes.len() - 1]
}

impl<S: AsyncRead + Unpin> AsyncRead for Http1Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context,
        buffer: &mut ReadBuf,
    ) -> Poll<io::Result<()>> {
        if self.early.is_empty() {
            if self.connection.is_read() {
                // No wake-up is needed: the connection ends after the response. A socket that was not read in vain is
                // never registered with the event loop.
                return Poll::Pending;
            }
            return self.poll_stream(context, buffer);
        }
        read_early(&mut self.early, buffer);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Http1Stream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context,
        slices: &[IoSlice],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        self.connection.closes();
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_feed_counts_only_after_a_carriage_return_however_the_bytes_come() {
        for (sent, expected) in [
            (&["a\r\nb\r\n\r\n"][..], "a\r\nb\r\n\r\n"),
            (&["a\r", "\nb"], "a\r\nb"),
            (&["a\nb\n\n"], "a\0b\0\0"),
            (&["a", "\nb"], "a\0b"),
            (&["\n"], "\0"),
            (&["\r\n\n"], "\r\n\0"),
        ] {
            let mut last = REFUSED;
            let mut read = Vec::new();
            for piece in sent {
                let mut bytes = piece.as_bytes().to_vec();
                last = replace_bare_lf(last, &mut bytes);
                read.extend(bytes);
            }
            assert_eq!(String::from_utf8(read).unwrap(), expected, "{sent:?}");
        }
    }
}
