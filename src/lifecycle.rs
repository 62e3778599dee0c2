//! The phases of a process, and the signals that move it from one to the next.

use std::io;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Phase {
    /// Accepting connections.
    #[default]
    Serving,
    /// Finishing open connections, while another process serves on the same sockets.
    HandedOver,
    /// Finishing open connections, then ending.
    Draining,
}

/// The owner of the current phase; others watch it.
#[derive(Default)]
pub struct Lifecycle {
    phase: watch::Sender<Phase>,
}

impl Lifecycle {
    /// A receiver of the current phase that can wait for its changes.
    pub fn watch(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Ends the phase `Serving` and begins this one.
    pub fn end(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignalAction {
    /// SIGTERM or SIGINT, by name: drain, then end.
    Stop(&'static str),
    /// SIGHUP: reload the configuration.
    Reload,
    /// SIGUSR1: reopen the access log.
    ReopenLog,
    /// SIGUSR2: upgrade to the binary on disk.
    Upgrade,
}

/// The signals that the process handles.
pub struct Signals {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
    user_1: Signal,
    user_2: Signal,
}

impl Signals {
    /// Installs the handlers. Must be called within a tokio runtime.
    pub fn listen() -> io::Result<Self> {
        // Its handler stays: a write beyond the limit on a file's size then fails, instead of ending the process.
        drop(signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?);
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            user_1: signal(SignalKind::user_defined1())?,
            user_2: signal(SignalKind::user_defined2())?,
        })
    }

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
