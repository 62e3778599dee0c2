//! The end of the process: no more connections, and a wait for the open ones.

use crate::{
    app::{
        control::{ControlRequest, PidFile},
        process::{Configured, Process},
        resources::Resources,
        run::{Running, ServeEnd},
        systemd,
        upgrade::NewProcess,
    },
    http::http3::Http3Server,
    lifecycle::{Phase, SignalAction, Signals},
    net::unix_socket::UnixSocketFile,
};
use rustix::process::{Pid, PidfdFlags, pidfd_open, pidfd_send_signal};
use std::{os::fd::OwnedFd, process};
use tokio::{runtime::Runtime, time::timeout};

impl Running {
    /// Waits for open connections to end, for at most the drain limit; a second stop signal ends the wait.
    pub fn drain(self, end: ServeEnd, runtime: &Runtime, mut signals: Signals) {
        let Running { process, configured: Configured { config, log, .. }, workers, poller, .. } = self;
        let Process {
            resources: Resources { listeners, socket_files, .. }, http3, live_site, pid_file, ..
        } = process;
        let mut successor = None;
        let phase = match end {
            ServeEnd::Stopped(signal) => {
                tracing::info!(signal, "draining");
                systemd::stopping();
                drop(socket_files);
                Phase::Draining
            }
            ServeEnd::Replaced(pid, new_process) => {
                tracing::info!(pid, "another process serves now; draining");
                successor = Successor::open(pid);
                if let Some(successor) = successor.as_ref().filter(|_| new_process.reload_waits) {
                    successor.ask(ControlRequest::Reload);
                }
                hand_datagrams_over(new_process, http3.as_deref(), runtime);
                socket_files.into_iter().for_each(UnixSocketFile::leave);
                Phase::HandedOver
            }
        };
        drop(listeners);
        process.lifecycle.end(phase);
        poller.stop();
        let finished = runtime.block_on(async {
            let second = stop_signal(&mut signals, |late| match (&successor, &pid_file) {
                (Some(successor), _) => successor.ask(late),
                (None, Some(pid_file)) => refuse(pid_file, late),
                (None, None) => {}
            });
            // A request to a hook that is cut has an unknown outcome.
            let all = async { tokio::join!(workers.finish(), live_site.finish()) };
            tokio::select! {
                () = second => false,
                finished = timeout(config.limits.drain, all) => finished.is_ok(),
            }
        });
        poller.finish();
        let cut = process.metrics.connections.now_open();
        if !finished && cut > 0 {
            tracing::warn!(connections = cut, "connections that were still open have been cut");
        }
        drop(pid_file);
        if let Some(log) = log {
            log.finish();
        }
    }
}

/// Waits for a stop signal. Requests to this process are given to `late`.
async fn stop_signal(signals: &mut Signals, late: impl Fn(ControlRequest)) {
    loop {
        match signals.next().await {
            SignalAction::Stop(_) => return,
            SignalAction::Reload => late(ControlRequest::Reload),
            SignalAction::Upgrade => late(ControlRequest::Upgrade),
            SignalAction::ReopenLog => {}
        }
    }
}

/// The process that serves after an upgrade. Unlike its number, the descriptor never means another process.
struct Successor(OwnedFd);

impl Successor {
    fn open(pid: u32) -> Option<Self> {
        let pid = Pid::from_raw(pid.try_into().ok()?)?;
        pidfd_open(pid, PidfdFlags::empty()).ok().map(Successor)
    }

    /// Passes a request on, which reached this process during the handover or after it.
    fn ask(&self, request: ControlRequest) {
        if let Err(error) = pidfd_send_signal(&self.0, request.signal()) {
            tracing::warn!(%error, ?request, "cannot pass a request on to the process that serves now");
        }
    }
}

/// Refuses a request that has come too late.
fn refuse(pid_file: &PidFile, late: ControlRequest) {
    let why = format!("the process {} is stopping: start e6 when it has ended", process::id());
    if let Err(error) = pid_file.tell(late, pid_file.request(), false, vec![why]) {
        tracing::warn!(%error, "cannot write the outcome to the control file");
    }
}

/// Leaves the UDP sockets to the new process, and takes from it the datagrams of this one's connections.
fn hand_datagrams_over(new_process: NewProcess, http3: Option<&Http3Server>, runtime: &Runtime) {
    match http3 {
        Some(http3) if new_process.takes_over_http3() => http3.steering.stop_reading(),
        Some(_) => tracing::info!(
            "the new process has no HTTP/3: this one finishes its connections and refuses new ones"
        ),
        None => {}
    }
    let datagrams = new_process.hand_over();
    if let (Some(http3), Some(datagrams)) = (http3, datagrams) {
        let steering = http3.steering.clone();
        runtime.spawn(datagrams.receive(move |datagram| steering.receive(datagram)));
    }
}
