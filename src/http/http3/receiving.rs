//! The receiving side of a QUIC stream, and what quinn says about it in the words of `h3`.

use crate::http::http3::budget::ReadBudget;
use bytes::Bytes;
use h3::{
    error::Code,
    quic::{self, ConnectionErrorIncoming, StreamErrorIncoming, StreamId},
};
use quinn::{ConnectionError, ReadError, VarInt};
use std::{
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// The receiving side of a stream. `h3` collects a frame until it is complete, so the bytes it gets are limited.
pub(super) struct ReceivingStream {
    stream: quinn::RecvStream,
    budget: Rc<ReadBudget>,
    /// The connection, if too many bytes end all of it and not only this stream.
    whole_connection: Option<quinn::Connection>,
}

impl ReceivingStream {
    /// The receiving side of a request stream.
    pub fn of_request(stream: quinn::RecvStream, budget: ReadBudget) -> Self {
        ReceivingStream { stream, budget: Rc::new(budget), whole_connection: None }
    }

    /// A stream for the connection as a whole, whose errors end it.
    pub fn of_connection(
        stream: quinn::RecvStream,
        budget: Rc<ReadBudget>,
        connection: quinn::Connection,
    ) -> Self {
        ReceivingStream { stream, budget, whole_connection: Some(connection) }
    }

    /// The next bytes, at most so many; none at the end.
    pub fn poll_bytes(
        &mut self,
        context: &mut Context,
        most: usize,
    ) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        let read = ready!(pin!(self.stream.read_chunk(most, true)).poll(context));
        let Some(chunk) = read.map_err(read_error)? else { return Poll::Ready(Ok(None)) };
        if self.budget.spend(chunk.bytes.len()) {
            return Poll::Ready(Ok(Some(chunk.bytes)));
        }
        Poll::Ready(Err(self.refuse(Code::H3_EXCESSIVE_LOAD, "too many bytes on control streams")))
    }

    /// Ends the stream, or the connection if the stream is for all of it.
    pub fn refuse(&mut self, code: Code, why: &str) -> StreamErrorIncoming {
        match &self.whole_connection {
            Some(connection) => connection.close(varint(code.value()), why.as_bytes()),
            None => quic::RecvStream::stop_sending(self, code.value()),
        }
        StreamErrorIncoming::StreamTerminated { error_code: code.value() }
    }
}

impl quic::RecvStream for ReceivingStream {
    type Buf = Bytes;

    fn poll_data(&mut self, context: &mut Context) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        self.poll_bytes(context, usize::MAX)
    }

    fn stop_sending(&mut self, code: u64) {
        // Fails only if the stream has ended.
        let _ = self.stream.stop(varint(code));
    }

    fn recv_id(&self) -> StreamId {
        stream_id(self.stream.id())
    }
}

/// A response may be complete before the request is.
impl Drop for ReceivingStream {
    fn drop(&mut self) {
        quic::RecvStream::stop_sending(self, Code::H3_NO_ERROR.value());
    }
}

/// A code of HTTP/3 is far below the limit of a QUIC integer.
pub(super) fn varint(code: u64) -> VarInt {
    VarInt::from_u64(code).unwrap_or(VarInt::MAX)
}

#[expect(
    clippy::expect_used,
    reason = "fails only for numbers that are no QUIC integer, as every stream ID is"
)]
pub(super) fn stream_id(id: quinn::StreamId) -> StreamId {
    u64::from(id).try_into().expect("a stream ID is a QUIC integer")
}

pub(super) fn connection_error(error: ConnectionError) -> ConnectionErrorIncoming {
    match error {
        ConnectionError::ApplicationClosed(closed) => {
            ConnectionErrorIncoming::ApplicationClose { error_code: closed.error_code.into_inner() }
        }
        ConnectionError::TimedOut => ConnectionErrorIncoming::Timeout,
        error => ConnectionErrorIncoming::Undefined(Arc::new(error)),
    }
}

fn read_error(error: ReadError) -> StreamErrorIncoming {
    match error {
        ReadError::Reset(code) => StreamErrorIncoming::StreamTerminated { error_code: code.into_inner() },
        ReadError::ConnectionLost(error) => {
            StreamErrorIncoming::ConnectionErrorIncoming { connection_error: connection_error(error) }
        }
        error => StreamErrorIncoming::Unknown(Box::new(error)),
    }
}
