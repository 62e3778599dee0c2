//! The commands that exchange binaries: `e6 upgrade` keeps the previous one beside the new one, and `e6 rollback`
//! exchanges the two.

use crate::{
    app::{
        ask::CommandTurn,
        binary,
        control::{self, ControlOutcome, ControlRequest},
    },
    atomic_file::{self, FileId},
    output::format,
};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::{fs, io, path::Path, time::Duration};
use tracing::Level;

const MODE: u32 = 0o755;

/// Replaces the running process with the binary on disk, and keeps the binary that runs. Says if it cannot be kept.
///
/// # Errors
/// A sentence, when there is no process, or it reports no outcome within `patience`.
pub fn upgrade(pid_file: &Path, patience: Duration) -> Result<ControlOutcome, String> {
    let turn = CommandTurn::take(ControlRequest::Upgrade, pid_file, patience)?;
    let running = || control::owner(pid_file).and_then(|pid| binary::path_of(pid).ok());
    let before = running();
    if let Err(error) = keep_running_binary(pid_file) {
        let what = format!("the previous binary is not kept, so `e6 rollback` cannot put it back: {error}");
        format::report(Level::WARN, &what);
    }
    let outcome = turn.ask(patience)?;
    if outcome.done
        && let (Some(before), Some(after)) = (before, running())
        && before != after
    {
        let (before, after) = (before.display(), after.display());
        format::report(
            Level::WARN,
            &format!(
                "e6 runs as {after} now, and `e6 rollback` does not lead back to {before}: switch the link back to it and \
                 run `e6 upgrade`"
            ),
        );
    }
    Ok(outcome)
}

/// Keeps the binary of the running process beside the one that has replaced it. Without a running process or another
/// binary, it does nothing.
///
/// # Errors
/// When the binary cannot be read or written: only root and the process's user can read it.
fn keep_running_binary(pid_file: &Path) -> io::Result<()> {
    let Some(pid) = control::owner(pid_file) else { return Ok(()) };
    let (binary, running) = (binary::path_of(pid)?, binary::executed(pid));
    if FileId::at(&binary).ok() == Some(FileId::at(&running)?) {
        return Ok(());
    }
    atomic_file::replace(&binary::previous(&binary), &fs::read(running)?, MODE)
}

/// Exchanges the binary of the running process and the previous one, and has the previous one take over. If it does not
/// become ready, the two change places again. Without a running process, they only change places.
///
/// # Errors
/// A sentence that says why the previous binary does not run.
pub fn rollback(pid_file: Option<&Path>, patience: Duration) -> Result<String, String> {
    let running = pid_file.filter(|path| control::owner(path).is_some());
    // Before the binaries change places: an upgrade that is under way would start the wrong one.
    let turn = running.map(|path| CommandTurn::take(ControlRequest::Upgrade, path, patience)).transpose()?;
    if turn.is_none()
        && let Some(other) = binary::other_process()
    {
        return Err(format!("the binaries stay as they are; stop e6 first, or name it: {other}"));
    }
    let binary = running.and_then(control::owner).map_or_else(binary::own_path, binary::path_of);
    let binary = binary.map_err(|error| format!("cannot tell where the binary is: {error}"))?;
    let previous = binary::previous(&binary);
    if !previous.is_file() {
        return Err(format!(
            "there is no previous binary {}: `e6 upgrade` keeps one there; if a link was switched, switch it back and run \
             `e6 upgrade`",
            previous.display()
        ));
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
