//! The phases of a process, and the signals that move it from one to the next.

use std::io;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

/// Where the process is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Accepting connections.
    Serving,
    /// Finishing what was begun, while another process serves on the same sockets.
    HandedOver,
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
    pub fn end(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self::new()
    }
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignalAction {
    /// SIGTERM or SIGINT, by name: finish what was begun, then end.
    Stop(&'static str),
    /// SIGHUP: read the configuration again.
    Reload,
    /// SIGUSR1: open the access log again.
    ReopenLog,
    /// SIGUSR2: give way to the binary that is on disk now.
    Upgrade,
}

/// The signals that are ours from now on.
pub struct Signals {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
    user_1: Signal,
    user_2: Signal,
}

impl Signals {
    /// Takes them over. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub fn listen() -> io::Result<Self> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            user_1: signal(SignalKind::user_defined1())?,
            user_2: signal(SignalKind::user_defined2())?,
        })
    }

    /// The next of them.
    pub async fn next(&mut self) -> SignalAction {
        tokio::select! {
            _ = self.terminate.recv() => SignalAction::Stop("SIGTERM"),
            _ = self.interrupt.recv() => SignalAction::Stop("SIGINT"),
            _ = self.hang_up.recv() => SignalAction::Reload,
            _ = self.user_1.recv() => SignalAction::ReopenLog,
            _ = self.user_2.recv() => SignalAction::Upgrade,
        }
    }
}
