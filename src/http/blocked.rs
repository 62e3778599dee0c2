//! HTTP/2 and HTTP/3 responses of all connections that their peers do not take. Their memory is limited together:
//! beyond the limit, the one that has been blocked longest is reset. Refusing the newest instead would let a few such
//! peers keep everyone out.

use crate::sync::Unpoisoned;
use bytes::Bytes;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::Waker,
};

/// Bytes that a blocked response of HTTP/2 holds besides a body of its own: measured as VmRSS over 3,600 streams whose
/// window was shut.
const EACH: usize = 2 * 1024;

/// The bytes that only this piece of a response holds. Those shared with other responses are in memory anyway.
pub(crate) fn own_bytes(piece: &Bytes) -> usize {
    if piece.is_unique() { piece.len() } else { 0 }
}

#[derive(Default)]
pub(crate) struct BlockedResponses(Mutex<BlockedState>);

#[derive(Default)]
struct BlockedState {
    next: u64,
    /// Bytes that they hold together.
    bytes: usize,
    /// The longest blocked first.
    responses: BTreeMap<u64, BlockedEntry>,
}

struct BlockedEntry {
    bytes: usize,
    is_evicted: Arc<AtomicBool>,
    /// Wakes the response's connection.
    waker: Waker,
}

impl BlockedResponses {
    /// Counts a response that is blocked from now on and holds this many bytes of its own. If all of them then hold
    /// more than `most`, those blocked longest are evicted: their connections are woken to reset them.
    pub fn add(blocked: &Arc<Self>, bytes: usize, most: usize, waker: &Waker) -> Blocked {
        let is_evicted = Arc::<AtomicBool>::default();
        let bytes = EACH + bytes;
        let mut state = blocked.0.lock().unpoisoned();
        let id = state.next;
        state.next += 1;
        state.bytes += bytes;
        let entry = BlockedEntry { bytes, is_evicted: is_evicted.clone(), waker: waker.clone() };
        state.responses.insert(id, entry);
        let mut evicted = Vec::new();
        while state.bytes > most && state.responses.len() > 1 {
            let Some((_, oldest)) = state.responses.pop_first() else { break };
            state.bytes -= oldest.bytes;
            evicted.push(oldest);
        }
        drop(state);
        for BlockedEntry { is_evicted, waker, .. } in evicted {
            is_evicted.store(true, Ordering::Relaxed);
            waker.wake();
        }
        Blocked { all: blocked.clone(), id, is_evicted }
    }
}

/// A blocked response, counted until this is dropped.
pub(crate) struct Blocked {
    all: Arc<BlockedResponses>,
    id: u64,
    is_evicted: Arc<AtomicBool>,
}

impl Blocked {
    /// Whether it has to be reset to make room for others.
    pub fn is_evicted(&self) -> bool {
        self.is_evicted.load(Ordering::Relaxed)
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        let mut state = self.all.0.lock().unpoisoned();
        if let Some(entry) = state.responses.remove(&self.id) {
            state.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_blocked_goes_first_and_the_newest_never() {
        let all = Arc::<BlockedResponses>::default();
        let add = |bytes: usize| BlockedResponses::add(&all, bytes, 4 * EACH, Waker::noop());
        let mut blocked: Vec<_> = (0..4).map(|_| add(0)).collect();
        assert!(!blocked.iter().any(Blocked::is_evicted), "as many as there is room for");
        drop(blocked.remove(1));
        blocked.push(add(0));
        assert!(!blocked.iter().any(Blocked::is_evicted), "one has left and one has come");
        blocked.push(add(EACH));
        let evicted: Vec<_> = blocked.iter().map(Blocked::is_evicted).collect();
        assert_eq!(evicted, [true, true, false, false, false], "two, for one that holds as much as two");
        let largest = add(100 * EACH);
        assert!(blocked.iter().all(Blocked::is_evicted) && !largest.is_evicted());
        drop((blocked, largest));
        let state = all.0.lock().unpoisoned();
        assert_eq!((state.bytes, state.responses.len()), (0, 0));
    }
}
