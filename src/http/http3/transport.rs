//! quinn as the transport of `h3`, by its traits. In place of the `h3-quinn` crate, which copies each byte of a body,
//! buffers heads of any length, and does not tell when a response has arrived.

use crate::{
    http::{
        handler::UPLOAD_CAP,
        http3::{
            budget::ReadBudget,
            receiving::{ReceivingStream, connection_error, stream_id, varint},
            unidirectional::{QpackStreams, UnidirectionalStream},
        },
    },
    limits::Limits,
};
use bytes::{Buf, Bytes};
use h3::{
    error::Code,
    quic::{self, ConnectionErrorIncoming, StreamErrorIncoming, StreamId, WriteBuf},
};
use quinn::{ConnectionError, WriteError};
use std::{
    cell::{Cell, RefCell},
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, ready},
};
use tokio::time::Instant;

/// The streams that the peer opens next.
type Opening<T> = Pin<Box<dyn Future<Output = Result<T, ConnectionError>>>>;

pub(super) struct QuicTransport {
    quic: quinn::Connection,
    next_request: Opening<(quinn::SendStream, quinn::RecvStream)>,
    next_control: Opening<quinn::RecvStream>,
    opening: Option<Opening<quinn::SendStream>>,
    streams: Rc<ConnectionStreams>,
}

/// The state that the streams of a connection share.
pub(super) struct ConnectionStreams {
    /// Bytes that flow control has let through, and the time of the last ones.
    pub taken: Rc<Cell<(u64, Instant)>>,
    /// Bytes that the peer may still send on control streams.
    pub control: Rc<ReadBudget>,
    qpack: QpackStreams,
    /// Bytes that it may send on one request stream.
    request_bytes: usize,
    /// The request stream that was accepted last.
    pub accepted: RefCell<Option<ResponseStream>>,
}

impl ConnectionStreams {
    pub fn new(limits: &Limits) -> Self {
        ConnectionStreams {
            taken: Rc::new(Cell::new((0, Instant::now()))),
            control: Rc::new(ReadBudget::new(limits.h3_control)),
            qpack: QpackStreams::default(),
            request_bytes: 2 * limits.head_buffer() + UPLOAD_CAP,
            accepted: RefCell::default(),
        }
    }
}

impl QuicTransport {
    pub fn new(quic: quinn::Connection, streams: Rc<ConnectionStreams>) -> Self {
        let (next_request, next_control) = (next_request(&quic), next_control(&quic));
        QuicTransport { quic, next_request, next_control, opening: None, streams }
    }
}

fn next_request(quic: &quinn::Connection) -> Opening<(quinn::SendStream, quinn::RecvStream)> {
    let quic = quic.clone();
    Box::pin(async move { quic.accept_bi().await })
}

fn next_control(quic: &quinn::Connection) -> Opening<quinn::RecvStream> {
    let quic = quic.clone();
    Box::pin(async move { quic.accept_uni().await })
}

impl quic::Connection<Bytes> for QuicTransport {
    type RecvStream = UnidirectionalStream;
    type OpenStreams = QuicTransport;

    fn poll_accept_recv(
        &mut self,
        context: &mut Context,
    ) -> Poll<Result<UnidirectionalStream, ConnectionErrorIncoming>> {
        self.streams.qpack.read(context);
        let stream = ready!(self.next_control.as_mut().poll(context)).map_err(connection_error)?;
        self.next_control = next_control(&self.quic);
        let stream = ReceivingStream::of_connection(stream, self.streams.control.clone(), self.quic.clone());
        Poll::Ready(Ok(UnidirectionalStream::new(stream, self.streams.qpack.clone())))
    }

    fn poll_accept_bidi(
        &mut self,
        context: &mut Context,
    ) -> Poll<Result<RequestTransport, ConnectionErrorIncoming>> {
        let (send, stream) = ready!(self.next_request.as_mut().poll(context)).map_err(connection_error)?;
        self.next_request = next_request(&self.quic);
        let send = SendingStream::new(send, &self.streams.taken);
        self.streams.accepted.replace(Some(send.response.clone()));
        let receive = ReceivingStream::of_request(stream, ReadBudget::new(self.streams.request_bytes));
        Poll::Ready(Ok(RequestTransport { send, receive }))
    }

    fn opener(&self) -> QuicTransport {
        QuicTransport::new(self.quic.clone(), self.streams.clone())
    }
}

impl quic::OpenStreams<Bytes> for QuicTransport {
    type BidiStream = RequestTransport;
    type SendStream = SendingStream;

    /// A server opens no request streams.
    fn poll_open_bidi(&mut self, _: &mut Context) -> Poll<Result<RequestTransport, StreamErrorIncoming>> {
        Poll::Ready(Err(StreamErrorIncoming::Unknown("a server sends no requests".into())))
    }

    fn poll_open_send(&mut self, context: &mut Context) -> Poll<Result<SendingStream, StreamErrorIncoming>> {
        let quic = &self.quic;
        let opening = self.opening.get_or_insert_with(|| {
            let quic = quic.clone();
            Box::pin(async move { quic.open_uni().await })
        });
        let opened = ready!(opening.as_mut().poll(context));
        self.opening = None;
        let opened = opened.map_err(|error| StreamErrorIncoming::ConnectionErrorIncoming {
            connection_error: connection_error(error),
        })?;
        Poll::Ready(Ok(SendingStream::new(opened, &self.streams.taken)))
    }

    fn close(&mut self, code: Code, reason: &[u8]) {
        self.quic.close(varint(code.value()), reason);
    }
}

/// A request stream, in both directions.
pub(super) struct RequestTransport {
    send: SendingStream,
    receive: ReceivingStream,
}

impl quic::BidiStream<Bytes> for RequestTransport {
    type SendStream = SendingStream;
    type RecvStream = ReceivingStream;

    fn split(self) -> (SendingStream, ReceivingStream) {
        (self.send, self.receive)
    }
}

impl quic::RecvStream for RequestTransport {
    type Buf = Bytes;

    fn poll_data(&mut self, context: &mut Context) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        self.receive.poll_data(context)
    }

    fn stop_sending(&mut self, code: u64) {
        self.receive.stop_sending(code);
    }

    fn recv_id(&self) -> StreamId {
        self.receive.recv_id()
    }
}

impl quic::SendStream<Bytes> for RequestTransport {
    fn poll_ready(&mut self, context: &mut Context) -> Poll<Result<(), StreamErrorIncoming>> {
        self.send.poll_ready(context)
    }

    fn send_data<T: Into<WriteBuf<Bytes>>>(&mut self, data: T) -> Result<(), StreamErrorIncoming> {
        self.send.send_data(data)
    }

    fn poll_finish(&mut self, context: &mut Context) -> Poll<Result<(), StreamErrorIncoming>> {
        self.send.poll_finish(context)
    }

    fn reset(&mut self, code: u64) {
        self.send.reset(code);
    }

    fn send_id(&self) -> StreamId {
        self.send.send_id()
    }
}

pub(super) struct SendingStream {
    response: ResponseStream,
    writing: Option<WriteBuf<Bytes>>,
    taken: Rc<Cell<(u64, Instant)>>,
}

/// A handle of a sending stream, for what `h3` does not pass on.
#[derive(Clone)]
pub(super) struct ResponseStream(Rc<ResponseState>);

struct ResponseState {
    stream: RefCell<quinn::SendStream>,
    /// The piece of the body that is written now, so that it need not be copied.
    piece: RefCell<Bytes>,
}

impl ResponseStream {
    /// Names the piece that is written next.
    pub fn writes(&self, piece: &Bytes) {
        self.0.piece.replace(piece.clone());
    }

    /// Ends the stream: it has been written completely.
    pub fn finish(&self) {
        self.0.piece.take();
        // Fails only if it has ended already.
        let _ = self.0.stream.borrow_mut().finish();
    }

    pub fn reset(&self, code: Code) {
        self.0.piece.take();
        // Fails only if it has ended already.
        let _ = self.0.stream.borrow_mut().reset(varint(code.value()));
    }

    /// Waits until the peer has all of the stream, or wants no more of it.
    pub fn ended(&self) -> impl Future<Output = ()> + use<> {
        let stopped = self.0.stream.borrow().stopped();
        async { drop(stopped.await) }
    }
}

impl SendingStream {
    fn new(stream: quinn::SendStream, taken: &Rc<Cell<(u64, Instant)>>) -> Self {
        let state = ResponseState { stream: RefCell::new(stream), piece: RefCell::default() };
        SendingStream { response: ResponseStream(Rc::new(state)), writing: None, taken: taken.clone() }
    }
}

impl quic::SendStream<Bytes> for SendingStream {
    fn poll_ready(&mut self, context: &mut Context) -> Poll<Result<(), StreamErrorIncoming>> {
        let ResponseState { stream, piece } = &*self.response.0;
        let mut stream = stream.borrow_mut();
        while let Some(data) = self.writing.as_mut().filter(|data| data.has_remaining()) {
            let mut chunk = [shared(&piece.borrow(), data.chunk())];
            let written = ready!(pin!(stream.write_chunks(&mut chunk)).poll(context)).map_err(write_error)?;
            data.advance(written.bytes);
            self.taken.set((self.taken.get().0 + written.bytes as u64, Instant::now()));
        }
        self.writing = None;
        Poll::Ready(Ok(()))
    }

    fn send_data<T: Into<WriteBuf<Bytes>>>(&mut self, data: T) -> Result<(), StreamErrorIncoming> {
        self.writing = Some(data.into());
        Ok(())
    }

    fn poll_finish(&mut self, _: &mut Context) -> Poll<Result<(), StreamErrorIncoming>> {
        self.response.finish();
        Poll::Ready(Ok(()))
    }

    fn reset(&mut self, code: u64) {
        self.response.reset(Code::from(code));
    }

    fn send_id(&self) -> StreamId {
        stream_id(self.response.0.stream.borrow().id())
    }
}

/// The chunk as a part of this piece, if it is one, or else a copy.
fn shared(piece: &Bytes, chunk: &[u8]) -> Bytes {
    let (within, part) = (piece.as_ptr_range(), chunk.as_ptr_range());
    let is_part = !chunk.is_empty() && within.start <= part.start && part.end <= within.end;
    if is_part { piece.slice_ref(chunk) } else { Bytes::copy_from_slice(chunk) }
}

fn write_error(error: WriteError) -> StreamErrorIncoming {
    match error {
        WriteError::Stopped(code) => StreamErrorIncoming::StreamTerminated { error_code: code.into_inner() },
        WriteError::ConnectionLost(error) => {
            StreamErrorIncoming::ConnectionErrorIncoming { connection_error: connection_error(error) }
        }
        error => StreamErrorIncoming::Unknown(Box::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_piece_is_shared_and_anything_else_is_copied() {
        let piece = Bytes::from(vec![1; 1000]);
        let part = shared(&piece, &piece[10..900]);
        assert_eq!(part.as_ptr(), piece[10..].as_ptr());
        let other = vec![1; 1000];
        let copy = shared(&piece, &other);
        assert!(copy == other && copy.as_ptr() != other.as_ptr());
        assert_eq!(shared(&Bytes::new(), &piece), piece);
        assert_eq!(shared(&piece, &[]), Bytes::new());
    }
}
