//! Threads and what they share: the standard library's or, where the tests of interleavings run (`interleavings.rs`),
//! shuttle's, which decides at each step which thread goes on.

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
