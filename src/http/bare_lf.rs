//! Strict line ends of HTTP/1.1: a line feed without a carriage return is refused.
//!
//! RFC 9112 §2.2 lets a server accept a lone line feed as a line end, and hyper does. A proxy in front may not: two
//! readings of one head allow request smuggling.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A byte that hyper refuses anywhere in a head.
const REFUSED: u8 = 0;

/// A stream of heads and nothing else, because no body is read. It replaces each lone line feed with a byte that hyper
/// refuses.
pub(crate) struct RejectBareLf<S> {
    stream: S,
    /// The last byte that was read.
    last: u8,
}

impl<S> RejectBareLf<S> {
    pub fn new(stream: S) -> Self {
        RejectBareLf { stream, last: REFUSED }
    }
}

/// Replaces lone line feeds in bytes that follow `last`. Returns the new last byte.
fn replace_bare_lf(mut last: u8, bytes: &mut [u8]) -> u8 {
    for byte in bytes {
        if *byte == b'\n' && last != b'\r' {
            *byte = REFUSED;
        }
        last = *byte;
    }
    last
}

impl<S: AsyncRead + Unpin> AsyncRead for RejectBareLf<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context,
        buffer: &mut ReadBuf,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.last = replace_bare_lf(self.last, &mut buffer.filled_mut()[before..]);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for RejectBareLf<S> {
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
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn a_line_feed_counts_only_after_a_carriage_return_however_the_bytes_come() {
        for (sent, expected) in [
            (&["a\r\nb\r\n\r\n"][..], "a\r\nb\r\n\r\n"),
            (&["a\r", "\nb"], "a\r\nb"),
            (&["a\nb\n\n"], "a\0b\0\0"),
            (&["a", "\nb"], "a\0b"),
            (&["\n"], "\0"),
            (&["\r\n\n"], "\r\n\0"),
        ] {
            let mut io = in_pieces(sent);
            let mut read = String::new();
            io.read_to_string(&mut read).await.unwrap();
            assert_eq!(read, expected, "{sent:?}");
        }
    }

    fn in_pieces(pieces: &[&str]) -> RejectBareLf<impl AsyncRead + Unpin> {
        let empty: Box<dyn AsyncRead + Unpin> = Box::new(tokio::io::empty());
        RejectBareLf::new(
            pieces.iter().rev().fold(empty, |rest, piece| {
                Box::new(io::Cursor::new(piece.as_bytes().to_vec()).chain(rest)) as _
            }),
        )
    }
}
