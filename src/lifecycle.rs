//! The phases of a process, and the signals that move it from one to the next.

use std::io;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// Where the process is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Accepting connections.
    Serving,
    /// Finishing what was begun.
    Draining,
}

/// The phase as its owner sees it; everyone else watches.
pub struct Lifecycle {
    phase: watch::Sender<Phase>,
}

impl Lifecycle {
    /// A process that serves.
    pub fn new() -> Self {
        Lifecycle { phase: watch::Sender::new(Phase::Serving) }
    }

    /// For those who wait for a change.
    pub fn watch(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Ends the serving phase.
    pub fn drain(&self) {
        self.phase.send_replace(Phase::Draining);
    }
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self::new()
    }
}

/// SIGTERM and SIGINT, from now on ours.
pub struct Terminations {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Terminations {
    /// Takes over both signals. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub fn listen() -> io::Result<Self> {
        Ok(Terminations {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// The next of them, by name.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
