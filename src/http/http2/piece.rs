//! Pieces of responses on their way through `h2`.

use crate::http::in_flight::{InFlight, UnsentResponse};
use bytes::{Buf, Bytes};
use std::{
    io::IoSlice,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// A piece of a response body. `h2` drops it when the connection's buffer has its bytes.
pub(super) struct Piece<B> {
    bytes: Bytes,
    taken: Arc<AtomicU64>,
    state: Arc<PieceState<B>>,
    in_flight: InFlight<B>,
}

impl<B> Piece<B> {
    /// A piece and its state. The last piece of a response owns the response.
    pub fn new(
        bytes: Bytes,
        last: Option<UnsentResponse<B>>,
        taken: &Arc<AtomicU64>,
        in_flight: &InFlight<B>,
    ) -> (Self, Arc<PieceState<B>>) {
        let state = Arc::new(PieceState {
            began: Instant::now(),
            taken_before: taken.load(Ordering::Relaxed),
            // Bytes shared with other responses are in memory anyway.
            own_bytes: if bytes.is_unique() { bytes.len() } else { 0 },
            last: Mutex::new(last),
            has_left: AtomicBool::new(false),
        });
        let (taken, in_flight) = (taken.clone(), in_flight.clone());
        (Piece { bytes, taken, state: state.clone(), in_flight }, state)
    }
}

/// The state of a piece, as seen outside `h2`.
pub(super) struct PieceState<B> {
    pub began: Instant,
    /// Bytes that the connection had let through when this piece began.
    taken_before: u64,
    /// Bytes of memory that only this piece holds.
    pub own_bytes: usize,
    /// The response, if this is its last piece.
    last: Mutex<Option<UnsentResponse<B>>>,
    has_left: AtomicBool,
}

impl<B> PieceState<B> {
    pub fn has_left(&self) -> bool {
        self.has_left.load(Ordering::Relaxed)
    }

    /// Ends the response, which is reset, even if `h2` still has bytes of it.
    pub fn give_up(&self) {
        drop(self.last.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// The deadline of this piece: that of its response, and at most the request timeout from when the piece began.
    pub fn end(&self, of_response: Instant, request: Duration) -> Instant {
        of_response.min(self.began + request)
    }

    /// Whether the connection as a whole has taken nothing for `stall`, or on average less than `rate` bytes/s since
    /// this piece began. While other streams go on, this one only waits for its turn.
    pub fn has_stalled(&self, now: Instant, last: (u64, Instant), stall: Duration, rate: u64) -> bool {
        let (taken, changed) = (last.0.saturating_sub(self.taken_before), last.1.max(self.began));
        let lasted = now - self.began;
        let is_slow = (taken as f64) < rate as f64 * lasted.as_secs_f64();
        lasted >= stall && (now - changed >= stall || is_slow)
    }
}

impl<B> Buf for Piece<B> {
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
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
        self.bytes.advance(count);
    }
}

impl<B> Drop for Piece<B> {
    fn drop(&mut self) {
        if let Some(unsent) = self.state.last.lock().unwrap_or_else(PoisonError::into_inner).take() {
            self.in_flight.complete(unsent);
        }
        self.state.has_left.store(true, Ordering::Relaxed);
    }
}
