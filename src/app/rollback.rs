//! The previous binary: `e6 upgrade` keeps it beside the new one, and `e6 rollback` exchanges the two.

use crate::{
    app::{
        ask::Turn,
        control::{self, ControlRequest},
    },
    atomic_file,
};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process,
    time::Duration,
};

/// The suffix that makes the name of the previous binary from the binary's.
const PREVIOUS_SUFFIX: &str = ".before";
/// The end that the kernel adds to the path of a running binary that was replaced.
const DELETED: &str = " (deleted)";
const MODE: u32 = 0o755;

/// Keeps the binary of the running process beside the one that has replaced it. Without a running process or another
/// binary, it does nothing.
///
/// # Errors
/// When the binary cannot be read or written: only root and the process's user can read it.
pub fn keep_running_binary(pid_file: &Path) -> io::Result<()> {
    let Some(pid) = control::owner(pid_file) else { return Ok(()) };
    let (binary, running) = (binary_of(pid)?, executable(pid));
    let place = |path: &Path| fs::metadata(path).map(|meta| (meta.dev(), meta.ino()));
    if place(&binary).ok() == Some(place(&running)?) {
        return Ok(());
    }
    atomic_file::replace(&previous(&binary), &fs::read(running)?, MODE)
}

/// Exchanges the binary of the running process and the previous one, and has the previous one take over. If it does not
/// become ready, the two change places again. Without a running process, they only change places.
///
/// # Errors
/// A sentence that says why the previous binary does not run.
pub fn rollback(pid_file: Option<&Path>, patience: Duration) -> Result<String, String> {
    let running = pid_file.filter(|path| control::owner(path).is_some());
    // Before the binaries change places: an upgrade that is under way would start the wrong one.
    let turn = running.map(|path| Turn::take(ControlRequest::Upgrade, path, patience)).transpose()?;
    let binary = running.and_then(control::owner).map_or_else(own_binary, binary_of);
    let binary = binary.map_err(|error| format!("cannot tell where the binary is: {error}"))?;
    let previous = previous(&binary);
    if !previous.is_file() {
        let previous = previous.display();
        return Err(format!("there is no previous binary {previous}: `e6 upgrade` keeps one there"));
    }
    let exchange = || {
        renameat_with(CWD, &binary, CWD, &previous, RenameFlags::EXCHANGE).map_err(|error| {
            let (binary, previous) = (binary.display(), previous.display());
            format!("cannot exchange {binary} and {previous}: {error}; run it as the owner of the directory")
        })
    };
    exchange()?;
    let Some(turn) = turn else {
        return Ok(format!("the previous binary is at {} again; no e6 runs: start it", binary.display()));
    };
    let refusal = match turn.ask(patience) {
        Ok(outcome) if outcome.done => {
            return Ok(format!("the previous binary is at {} again, and runs", binary.display()));
        }
        Ok(outcome) => outcome.said.join("; "),
        Err(why) => why,
    };
    exchange()?;
    Err(format!("the previous binary did not take over, and nothing has changed: {refusal}"))
}

fn executable(pid: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/exe"))
}

/// The path of a process's binary, which another one may have replaced, or have changed places with.
fn binary_of(pid: u32) -> io::Result<PathBuf> {
    fs::read_link(executable(pid)).map(|path| without(without(path, DELETED), PREVIOUS_SUFFIX))
}

/// The path of this binary, or of the one that it was before.
fn own_binary() -> io::Result<PathBuf> {
    binary_of(process::id())
}

fn without(path: PathBuf, suffix: &str) -> PathBuf {
    path.to_str().and_then(|path| path.strip_suffix(suffix)).map(PathBuf::from).unwrap_or(path)
}

fn previous(binary: &Path) -> PathBuf {
    let mut name = binary.as_os_str().to_owned();
    name.push(PREVIOUS_SUFFIX);
    name.into()
}
