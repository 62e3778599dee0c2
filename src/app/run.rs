//! The serving process: handles signals until one ends it, or a new process takes over.

use crate::{
    app::{
        control::{ControlRequest, PidFile},
        error::RunError,
        inherited::OldProcess,
        own_files,
        poller_thread::PollerThread,
        process::{Configured, Process},
        swap_handler::SwapHandler,
        systemd,
        upgrade::NewProcess,
        workers::Workers,
    },
    lifecycle::{SignalAction, Signals},
    net::unix_socket::UnixSocketFile,
};
use tokio::runtime::Runtime;

pub(crate) struct Running {
    pub process: Process,
    pub configured: Configured,
    /// The service of this configuration, as connections call it.
    pub handler: SwapHandler,
    pub workers: Workers,
    /// The thread that asks MLB. A reload replaces it only if the questions change.
    pub poller: PollerThread,
}

pub(crate) enum ServeEnd {
    /// A stop signal, by its name.
    Stopped(&'static str),
    /// A new process, by its number, that serves on the same sockets.
    Replaced(u32, NewProcess),
}

impl Running {
    /// Serves until a signal stops the process or a new process takes over, then drains.
    pub fn run_until_stopped(
        mut self,
        old_process: Option<OldProcess>,
        runtime: &Runtime,
        mut signals: Signals,
    ) -> Result<(), RunError> {
        match old_process {
            // The old process notifies the supervisor, once this process is no longer its descendant.
            Some(old_process) => self.relieve(old_process)?,
            None => systemd::ready(),
        }
        let end = runtime.block_on(self.attend(&mut signals));
        self.drain(end, runtime, signals);
        Ok(())
    }

    fn relieve(&mut self, old_process: OldProcess) -> Result<(), RunError> {
        // Before the upgrade is reported as done.
        self.process.resources.sign_lock();
        old_process.relieve().map_err(|error| {
            RunError::new(format!(
                "the old process no longer waits for this one: {error}; run e6 upgrade again"
            ))
        })?;
        if let Some(http3) = &self.process.http3 {
            http3.steering.begin_reading();
        }
        // Dropping a `UnixSocketFile` removes the file.
        let unused_files = self.process.resources.unused_files.drain(..);
        unused_files.for_each(|path| drop(UnixSocketFile::at(&path)));
        Ok(())
    }

    /// Handles signals until one stops the process or a new process takes over.
    async fn attend(&mut self, signals: &mut Signals) -> ServeEnd {
        let mut new_process: Option<NewProcess> = None;
        let look = |running: &Self| Box::pin(own_files::are_missing(running.own_files()));
        let mut missing = look(self);
        loop {
            tokio::select! {
                // A new process makes files of its own.
                are_missing = &mut missing, if new_process.is_none() => {
                    if are_missing {
                        self.restore_files();
                    }
                    missing = look(self);
                }
                ready = ready(&mut new_process) => match (ready, new_process.take()) {
                    (Ok(pid), Some(new_process)) => {
                        self.tell(ControlRequest::Upgrade, new_process.request, true, Vec::new());
                        systemd::replaced(pid);
                        return ServeEnd::Replaced(pid, new_process);
                    }
                    (Err(why), Some(new_process)) => self.upgrade_failed(new_process, why),
                    (_, None) => {}
                },
                signal = signals.next() => match signal {
                    SignalAction::Stop(signal) => {
                        if let Some(new_process) = new_process.take() {
                            self.upgrade_stopped(new_process, signal);
                        }
                        return ServeEnd::Stopped(signal);
                    }
                    SignalAction::ReopenLog => {
                        if let Some(log) = &self.configured.log {
                            log.reopen();
                        }
                    }
                    SignalAction::Reload => match &mut new_process {
                        // It may have read the configuration already.
                        Some(new_process) => new_process.reload_waits = true,
                        None => self.reload(),
                    },
                    SignalAction::Upgrade => match &new_process {
                        Some(under_way) => self.refuse_second_upgrade(under_way),
                        None => new_process = self.begin_upgrade(),
                    },
                },
            }
        }
    }

    /// The number of the request that has just come; 0 without a command.
    pub fn request(&self) -> u64 {
        self.process.pid_file.as_ref().map_or(0, PidFile::request)
    }

    /// Writes an outcome to the control file, for the command that waits for it.
    pub fn tell(&self, of: ControlRequest, request: u64, done: bool, messages: Vec<String>) {
        let Some(file) = &self.process.pid_file else { return };
        if let Err(error) = file.tell(of, request, done, messages) {
            tracing::warn!(%error, "cannot write the outcome to the control file");
        }
    }
}

/// Waits until the new process is ready; for ever if there is none.
async fn ready(new_process: &mut Option<NewProcess>) -> Result<u32, String> {
    match new_process {
        Some(new_process) => new_process.ready().await,
        None => std::future::pending().await,
    }
}
