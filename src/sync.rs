//! Threads and what they share: the standard library's or, where the tests of interleavings run (`interleavings.rs`),
//! shuttle's, which decides at each step which thread goes on.

use std::sync::{LockResult, PoisonError};

#[cfg(feature = "shuttle")]
pub use shuttle::{
    sync::{Mutex, MutexGuard, atomic, mpsc},
    thread, thread_local,
};
#[cfg(not(feature = "shuttle"))]
pub use std::{
    sync::{Mutex, MutexGuard, atomic, mpsc},
    thread, thread_local,
};

/// Ignores that a thread panicked while it held a lock: what e6 locks is consistent between any two statements.
pub trait Unpoisoned<G> {
    fn unpoisoned(self) -> G;
}

impl<G> Unpoisoned<G> for LockResult<G> {
    fn unpoisoned(self) -> G {
        self.unwrap_or_else(PoisonError::into_inner)
    }
}
