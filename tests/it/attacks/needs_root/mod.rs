//! What only root can bring about: full disks, no ports, little memory, no threads.

pub mod disk;
pub mod memory;
pub mod ports;
pub mod threads;

use nix::sched::{CloneFlags, unshare};
use std::{panic::resume_unwind, thread};

/// Runs a test in a thread that has these namespaces to itself. They end with it and its children.
fn with_own(namespaces: CloneFlags, test: impl FnOnce() + Send + 'static) {
    let test = move || {
        unshare(namespaces).unwrap();
        test();
    };
    if let Err(panic) = thread::spawn(test).join() {
        resume_unwind(panic);
    }
}
