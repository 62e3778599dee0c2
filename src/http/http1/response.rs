//! A response on its way to the socket: its head in bytes, then the pieces of its body.

use crate::http::{
    body::{InFlight, ResponseBody, ResponseEnd},
    date,
};
use bytes::Bytes;
use hyper::{
    HeaderMap, Response, StatusCode, Version,
    header::{CONNECTION, CONTENT_LENGTH, DATE, TRANSFER_ENCODING},
};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::AsyncWrite;

/// Room for the head of a usual response.
const USUAL_HEAD: usize = 2 * 1024;

/// The properties of a request that its response's framing depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct ResponseFraming {
    pub version: Version,
    pub is_head: bool,
    /// Whether the connection closes after the response.
    pub is_last: bool,
}

/// A response that is being sent.
pub(super) struct OutgoingResponse {
    /// Bytes before the current piece: the head, or the size of a chunk.
    front: Vec<u8>,
    piece: Bytes,
    /// Bytes after the piece: the end of a chunk.
    back: &'static str,
    /// The bytes of these three that the socket has taken.
    written: usize,
    /// The rest of the body; none once the last piece is here.
    rest: Option<ResponseBody>,
    /// Ends the request once the last byte has left.
    end: Option<ResponseEnd>,
    is_chunked: bool,
    pub is_last: bool,
}

impl OutgoingResponse {
    /// A response to a request.
    pub fn new(response: Response<ResponseBody>, in_flight: InFlight, framing: ResponseFraming) -> Self {
        let (head, mut body) = response.into_parts();
        let ResponseFraming { version, is_head, mut is_last } = framing;
        // The handler sets this field only to `close`.
        is_last |= head.headers.contains_key(CONNECTION);
        let length = body.length();
        let is_chunked = length.is_none() && version == Version::HTTP_11;
        // In HTTP/1.0, a body of unknown length ends with the connection.
        is_last |= length.is_none() && !is_chunked;
        let mut front = head_of(version, head.status);
        write_fields(&mut front, &head.headers);
        match length {
            _ if head.headers.contains_key(CONTENT_LENGTH) => {}
            Some(length) if has_length(is_head, head.status) => {
                write_field(
                    &mut front,
                    CONTENT_LENGTH.as_str(),
                    itoa::Buffer::new().format(length).as_bytes(),
                );
            }
            None if is_chunked => write_field(&mut front, TRANSFER_ENCODING.as_str(), b"chunked"),
            _ => {}
        }
        if is_last && version == Version::HTTP_11 && !head.headers.contains_key(CONNECTION) {
            write_field(&mut front, CONNECTION.as_str(), b"close");
        } else if !is_last && version == Version::HTTP_10 {
            write_field(&mut front, CONNECTION.as_str(), b"keep-alive");
        }
        end_head(&mut front);
        body.begin(in_flight);
        OutgoingResponse {
            front,
            piece: Bytes::new(),
            back: "",
            written: 0,
            rest: Some(body),
            end: None,
            is_chunked,
            is_last,
        }
    }

    /// The refusal of a request that could not be read, which closes the connection.
    pub fn refusal(status: StatusCode) -> Self {
        let mut front = head_of(Version::HTTP_11, status);
        write_field(&mut front, CONNECTION.as_str(), b"close");
        write_field(&mut front, CONTENT_LENGTH.as_str(), b"0");
        end_head(&mut front);
        let (piece, back) = (Bytes::new(), "");
        OutgoingResponse {
            front,
            piece,
            back,
            written: 0,
            rest: None,
            end: None,
            is_chunked: false,
            is_last: true,
        }
    }

    /// Sends the response. Ready once the socket has taken its last byte.
    pub fn poll_send<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        context: &mut Context,
    ) -> Poll<io::Result<()>> {
        loop {
            // The head leaves with the first piece.
            let is_waiting = self.poll_piece(context).is_pending();
            ready!(self.poll_write(stream, context))?;
            if is_waiting {
                return Poll::Pending;
            }
            if self.rest.is_none() {
                if let Some(end) = self.end.take() {
                    end.now();
                }
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Whether everything has left and the next event has not happened.
    pub fn awaits_event(&self) -> bool {
        self.rest.is_some() && self.unwritten().iter().all(|part| part.is_empty())
    }

    /// Takes the next piece of the body, unless there is one.
    fn poll_piece(&mut self, context: &mut Context) -> Poll<()> {
        let has_piece = !self.piece.is_empty() || !self.back.is_empty();
        let Some(body) = self.rest.as_mut().filter(|_| !has_piece) else { return Poll::Ready(()) };
        let piece = ready!(body.poll_piece(context));
        let is_last = piece.is_none() || body.is_complete();
        self.piece = piece.unwrap_or_default();
        if self.is_chunked {
            // A chunk of no bytes is the last one (RFC 9112 §7.1).
            self.back = match (self.piece.is_empty(), is_last) {
                (false, false) => "\r\n",
                (false, true) => "\r\n0\r\n\r\n",
                (true, true) => "0\r\n\r\n",
                (true, false) => "",
            };
            if !self.piece.is_empty() {
                self.front.extend_from_slice(format!("{:x}\r\n", self.piece.len()).as_bytes());
            }
        }
        if is_last {
            self.end = body.end();
            self.rest = None;
        }
        Poll::Ready(())
    }

    fn unwritten(&self) -> [&[u8]; 3] {
        let mut skipped = self.written;
        [&self.front[..], &self.piece, self.back.as_bytes()].map(|part| {
            let rest = &part[skipped.min(part.len())..];
            skipped -= part.len() - rest.len();
            rest
        })
    }

    fn poll_write<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        context: &mut Context,
    ) -> Poll<io::Result<()>> {
        let total = self.front.len() + self.piece.len() + self.back.len();
        while self.written < total {
            let slices = self.unwritten().map(IoSlice::new);
            match ready!(Pin::new(&mut *stream).poll_write_vectored(context, &slices))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.written += count,
            }
        }
        ready!(Pin::new(stream).poll_flush(context))?;
        self.front.clear();
        (self.piece, self.back, self.written) = (Bytes::new(), "", 0);
        Poll::Ready(Ok(()))
    }
}

/// Whether a response without a body has Content-Length (RFC 9110 §8.6).
fn has_length(is_head: bool, status: StatusCode) -> bool {
    !is_head && !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// The status line.
fn head_of(version: Version, status: StatusCode) -> Vec<u8> {
    let mut head = Vec::with_capacity(USUAL_HEAD);
    head.extend_from_slice(if version == Version::HTTP_11 { b"HTTP/1.1 " } else { b"HTTP/1.0 " });
    head.extend_from_slice(status.as_str().as_bytes());
    head.push(b' ');
    head.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    head.extend_from_slice(b"\r\n");
    head
}

fn write_fields(head: &mut Vec<u8>, fields: &HeaderMap) {
    for (name, value) in fields {
        write_field(head, name.as_str(), value.as_bytes());
    }
}

fn write_field(head: &mut Vec<u8>, name: &str, value: &[u8]) {
    head.extend_from_slice(name.as_bytes());
    head.extend_from_slice(b": ");
    head.extend_from_slice(value);
    head.extend_from_slice(b"\r\n");
}

/// Writes the last field and the empty line.
fn end_head(head: &mut Vec<u8>) {
    write_field(head, DATE.as_str(), date::now().as_bytes());
    head.extend_from_slice(b"\r\n");
}
