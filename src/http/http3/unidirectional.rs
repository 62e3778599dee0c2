//! The streams that a client opens for the connection as a whole. `h3` reads their types and the control stream. It takes
//! a push stream from a client for one from a server, and never reads the streams of QPACK. This module does both.

use crate::http::http3::receiving::ReceivingStream;
use bytes::Bytes;
use h3::{
    error::Code,
    quic::{RecvStream, StreamErrorIncoming, StreamId},
};
use std::{
    cell::RefCell,
    rc::Rc,
    task::{Context, Poll, ready},
};

/// The types of streams (RFC 9114 §6.2.2, RFC 9204 §4.2).
const PUSH: u64 = 1;
const ENCODER: u64 = 2;
const DECODER: u64 = 3;
/// Set Dynamic Table Capacity to 0 (RFC 9204 §4.3.1): the only instruction for a table without room.
const NO_CAPACITY: u8 = 0x20;

/// A stream as `h3` has it: of a stream of QPACK it gets the type and nothing more.
pub(super) struct UnidirectionalStream {
    id: StreamId,
    kind: StreamKind,
    /// None once it is one of QPACK's.
    stream: Option<ReceivingStream>,
    qpack: QpackStreams,
}

/// The type of a stream, while its bytes arrive: a variable-length integer (RFC 9000 §16).
#[derive(Default)]
struct StreamKind {
    value: u64,
    arrived: usize,
    /// None before the first byte, which tells it.
    length: Option<usize>,
}

/// The streams of QPACK that a client has opened.
#[derive(Clone, Default)]
pub(super) struct QpackStreams(Rc<RefCell<Vec<(Instructions, ReceivingStream)>>>);

/// The instructions of a client, when neither side has a dynamic table.
#[derive(Clone, Copy)]
enum Instructions {
    Encoder,
    Decoder {
        /// Whether the next byte belongs to the integer of the instruction before it.
        is_in_integer: bool,
    },
}

impl UnidirectionalStream {
    pub fn new(stream: ReceivingStream, qpack: QpackStreams) -> Self {
        UnidirectionalStream {
            id: stream.recv_id(),
            kind: StreamKind::default(),
            stream: Some(stream),
            qpack,
        }
    }
}

impl RecvStream for UnidirectionalStream {
    type Buf = Bytes;

    fn poll_data(&mut self, context: &mut Context) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        let Some(stream) = &mut self.stream else { return Poll::Pending };
        if self.kind.missing() == 0 {
            return stream.poll_data(context);
        }
        let bytes = ready!(stream.poll_bytes(context, self.kind.missing()))?;
        self.kind.take(bytes.as_deref().unwrap_or_default());
        let instructions = match self.kind.value {
            _ if self.kind.missing() > 0 => None,
            PUSH => {
                let why = "a client opens no push streams";
                return Poll::Ready(Err(stream.refuse(Code::H3_STREAM_CREATION_ERROR, why)));
            }
            ENCODER => Some(Instructions::Encoder),
            DECODER => Some(Instructions::Decoder { is_in_integer: false }),
            _ => None,
        };
        if let Some(instructions) = instructions {
            self.qpack.0.borrow_mut().extend(self.stream.take().map(|stream| (instructions, stream)));
            // The connection reads it from now on.
            context.waker().wake_by_ref();
        }
        Poll::Ready(Ok(bytes))
    }

    fn stop_sending(&mut self, code: u64) {
        self.stream.iter_mut().for_each(|stream| stream.stop_sending(code));
    }

    fn recv_id(&self) -> StreamId {
        self.id
    }
}

impl StreamKind {
    /// Bytes that have not arrived, as far as is known.
    fn missing(&self) -> usize {
        self.length.map_or(1, |length| length - self.arrived)
    }

    /// Takes no more bytes than are missing.
    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let bits = if self.length.is_some() { *byte } else { byte & 0x3f };
            self.length.get_or_insert(1 << (byte >> 6));
            self.value = self.value << 8 | u64::from(bits);
            self.arrived += 1;
        }
    }
}

impl QpackStreams {
    /// Reads what has arrived. Ends the connection if a stream ends (RFC 9204 §4.2) or has an invalid instruction.
    pub fn read(&self, context: &mut Context) {
        for (instructions, stream) in self.0.borrow_mut().iter_mut() {
            while let Poll::Ready(read) = stream.poll_data(context) {
                let checked = match &read {
                    Ok(Some(bytes)) => instructions.check(bytes),
                    _ => Err((Code::H3_CLOSED_CRITICAL_STREAM, "a stream of QPACK is closed")),
                };
                if let Err((code, why)) = checked {
                    stream.refuse(code, why);
                    return;
                }
            }
        }
    }
}

impl Instructions {
    fn check(&mut self, bytes: &[u8]) -> Result<(), (Code, &'static str)> {
        for byte in bytes {
            match self {
                Instructions::Encoder if *byte == NO_CAPACITY => {}
                Instructions::Encoder => {
                    return Err((
                        Code::QPACK_ENCODER_STREAM_ERROR,
                        "there is no dynamic table (RFC 9204 §4.3)",
                    ));
                }
                Instructions::Decoder { is_in_integer } => {
                    *is_in_integer = match byte {
                        _ if *is_in_integer => byte & 0x80 != 0,
                        // A stream cancellation, whose number may go on in the next byte.
                        0x40..=0x7f => *byte == 0x7f,
                        _ => {
                            let why = "nothing refers to a dynamic table (RFC 9204 §4.4)";
                            return Err((Code::QPACK_DECODER_STREAM_ERROR, why));
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_a_stream_may_have_any_length() {
        for (bytes, value) in [
            (&[0x02][..], 2),
            (&[0x40, 0x01], 1),
            (&[0x80, 0, 0x01, 0x02], 0x102),
            (&[0xc0, 0, 0, 0, 0, 0, 0, 0x21], 0x21),
        ] {
            let mut kind = StreamKind::default();
            for byte in bytes {
                assert!(kind.missing() > 0, "{bytes:?}");
                kind.take(&[*byte]);
            }
            assert_eq!((kind.value, kind.missing()), (value, 0), "{bytes:?}");
        }
    }

    #[test]
    fn instructions_that_need_a_dynamic_table_are_errors() {
        let decoder = Instructions::Decoder { is_in_integer: false };
        for (mut instructions, bytes, is_valid) in [
            (Instructions::Encoder, &[0x20, 0x20][..], true),
            (Instructions::Encoder, &[0x21], false),
            (Instructions::Encoder, &[0x20, 0x41, b'a'], false),
            (Instructions::Encoder, &[0x80], false),
            (Instructions::Encoder, &[0x00], false),
            (decoder, &[0x40, 0x44, 0x7e], true),
            (decoder, &[0x7f, 0x81, 0x01, 0x40], true),
            (decoder, &[0x7f, 0x01, 0x80], false),
            (decoder, &[0x80], false),
            (decoder, &[0x00], false),
            (decoder, &[0x01], false),
        ] {
            // However the bytes are dealt to packets.
            let checked = bytes.iter().try_for_each(|byte| instructions.check(&[*byte]));
            assert_eq!(checked.is_ok(), is_valid, "{bytes:x?}");
        }
    }
}
