//! Pieces of responses on their way through `h2`.

use crate::{
    http::{blocked::own_bytes, body::ResponseEnd, progress},
    limits::Limits,
};
use bytes::{Buf, Bytes};
use std::{cell::Cell, io::IoSlice, rc::Rc, time::Duration};
use tokio::time::Instant;

/// A piece of a response body. `h2` drops it when the connection's buffer has its bytes.
pub(super) struct Piece {
    bytes: Bytes,
    taken: Rc<Cell<u64>>,
    state: Rc<PieceState>,
}

impl Piece {
    /// A piece and its state. The last piece of a response owns the response's end.
    pub fn new(
        bytes: Bytes,
        end: Option<ResponseEnd>,
        taken: &Rc<Cell<u64>>,
        began: Instant,
    ) -> (Self, Rc<PieceState>) {
        let state = Rc::new(PieceState {
            began,
            taken_before: taken.get(),
            own_bytes: own_bytes(&bytes),
            end: Cell::new(end),
            has_left: Cell::new(false),
        });
        (Piece { bytes, taken: taken.clone(), state: state.clone() }, state)
    }
}

/// The state of a piece, as seen outside `h2`.
pub(super) struct PieceState {
    pub began: Instant,
    /// Bytes that the connection had let through when this piece began.
    taken_before: u64,
    /// Bytes of memory that only this piece holds.
    pub own_bytes: usize,
    /// The end of the response, if this is its last piece.
    end: Cell<Option<ResponseEnd>>,
    has_left: Cell<bool>,
}

impl PieceState {
    pub fn has_left(&self) -> bool {
        self.has_left.get()
    }

    /// Ends the response, which is reset, even if `h2` still has bytes of it.
    pub fn give_up(&self) {
        drop(self.end.take());
    }

    /// The deadline of this piece: that of its response, and at most the request timeout from when the piece began.
    pub fn deadline(&self, of_response: Instant, request: Duration) -> Instant {
        of_response.min(self.began + request)
    }

    /// Whether the connection as a whole takes too few bytes since this piece began. While other streams go on, this
    /// one only waits for its turn.
    pub fn has_stalled(&self, limits: &Limits, now: Instant, last: (u64, Instant)) -> bool {
        let taken = last.0.saturating_sub(self.taken_before);
        progress::has_stalled(limits, now, self.began, taken, last.1)
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.bytes.chunks_vectored(slices)
    }

    fn advance(&mut self, count: usize) {
        self.taken.set(self.taken.get() + count as u64);
        self.bytes.advance(count);
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        if let Some(end) = self.state.end.take() {
            end.wait_for_flush();
        }
        self.state.has_left.set(true);
    }
}
