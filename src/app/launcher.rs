//! The launcher: the process between an old e6 and the new one while an upgrade is on its way.
//!
//! A supervisor notices the end of a service's main process only if that process is its own child. So the old e6 starts
//! the new one through this process. Once the new e6 is ready, the old one ends the launcher, and the kernel makes the
//! new e6 a child of the process that adopts orphans: systemd, or process 1 of a container. Until then the launcher
//! passes on the exit code of the new e6, and the new e6 ends with the launcher.

use crate::net::listen_fds::{self, FIRST, InheritedFd};
use command_fds::{CommandFdExt, FdMapping};
use rustix::process::{Signal, getppid, set_parent_process_death_signal};
use std::{
    env, io,
    os::unix::process::ExitStatusExt,
    process::{self, Command, ExitStatus},
};

/// The environment variable that makes a new process the launcher. For the process that the launcher starts, its value
/// is the launcher's process number.
pub(crate) const VARIABLE: &str = "UPGRADE_LAUNCHER";
/// The value that makes a process the launcher.
pub(crate) const WANTED: &str = "wanted";
/// Added to the number of the signal that ended a process to make its exit code, as shells do.
const SIGNALLED: u8 = 128;

/// Runs the launcher if this process was started as one, and returns its exit code. Otherwise, a process that a
/// launcher has started ends with the launcher, until [`let_go`].
///
/// # Errors
/// When the launcher cannot start its process, or the launcher that started this process is gone.
pub fn launch() -> io::Result<Option<u8>> {
    match env::var(VARIABLE) {
        Ok(value) if value == WANTED => spawn().map(|status| Some(exit_code(status))),
        Ok(launcher) => {
            set_parent_process_death_signal(Some(Signal::KILL))?;
            let is_alive = getppid().is_some_and(|parent| parent.as_raw_pid().to_string() == launcher);
            if is_alive { Ok(None) } else { Err(io::Error::other("the process that started it is gone")) }
        }
        Err(_) => Ok(None),
    }
}

/// From now on this process outlives its launcher.
pub(crate) fn let_go() -> io::Result<()> {
    set_parent_process_death_signal(None).map_err(io::Error::from)
}

fn spawn() -> io::Result<ExitStatus> {
    let mapped = listen_fds::adopt()?.into_iter().zip(FIRST..);
    let mapped = mapped
        .map(|(InheritedFd { descriptor, .. }, child_fd)| FdMapping { parent_fd: descriptor, child_fd });
    let mut arguments = env::args_os();
    let mut command = Command::new(arguments.next().unwrap_or_default());
    command.args(arguments).env(VARIABLE, process::id().to_string());
    let mut child = command.fd_mappings(mapped.collect()).map_err(io::Error::other)?.spawn()?;
    // Closes the launcher's copies of the descriptors, so that the old e6 notices when the new e6 closes its own.
    drop(command);
    child.wait()
}

fn exit_code(status: ExitStatus) -> u8 {
    let signalled =
        || SIGNALLED.saturating_add(status.signal().and_then(|signal| signal.try_into().ok()).unwrap_or(0));
    status.code().map_or_else(signalled, |code| code.try_into().unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_of_the_new_process_is_passed_on() {
        for (raw, code) in [(0, 0), (2 << 8, 2), (255 << 8, 255), (9, 128 + 9), (6, 128 + 6)] {
            assert_eq!(exit_code(ExitStatus::from_raw(raw)), code, "{raw}");
        }
    }
}
