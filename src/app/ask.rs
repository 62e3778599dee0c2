//! The commands' side of a reload or an upgrade: takes a turn, signals the running e6 and waits for the outcome.

use crate::{
    app::{
        binary,
        control::{self, CommandRequest, ControlOutcome, ControlRequest},
    },
    bounded_file,
};
use rustix::process::{Pid, kill_process};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt, fchown},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// Interval at which a command looks for its turn and for the outcome.
const LOOK: Duration = Duration::from_millis(20);

/// The turn of a command, and its request. Commands take turns, because a signal does not say which of them sent it.
pub(crate) struct CommandTurn {
    request: CommandRequest,
    pid_file: PathBuf,
    /// The file of the turn. Its lock ends with the command, however that ends.
    _lock: File,
}

impl CommandTurn {
    /// Waits for at most `patience` until no other command asks the process of this pid file.
    ///
    /// # Errors
    /// When no process has the file, an upgrade is under way and this command wants another one, or the directory of
    /// the file cannot be used.
    pub fn take(of: ControlRequest, pid_file: &Path, patience: Duration) -> Result<Self, String> {
        Holder::find(pid_file)?;
        let dir = pid_file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let unusable = |error| {
            format!("cannot ask the running e6 in {}: {error}; ask as the user it runs as", dir.display())
        };
        let lock = turn_file(pid_file, dir).map_err(unusable)?;
        let deadline = Instant::now() + patience;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(unusable(error)),
                Err(TryLockError::WouldBlock) if is_second(of, pid_file) => {
                    return Err("an upgrade is under way: try again when it has ended".into());
                }
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    return Err(
                        "other commands wait for the running e6: try again when they have ended".into()
                    );
                }
                Err(TryLockError::WouldBlock) => thread::sleep(LOOK),
            }
        }
        // 0 stands for a signal without a command.
        let request = CommandRequest { id: fastrand::u64(1..), of };
        control::write_request(pid_file, request).map_err(unusable)?;
        Ok(CommandTurn { request, pid_file: pid_file.to_owned(), _lock: lock })
    }

    /// Signals the process and waits for the outcome.
    ///
    /// # Errors
    /// When no process has the file, or none reports an outcome within `patience`.
    pub fn ask(&self, patience: Duration) -> Result<ControlOutcome, String> {
        let mut holder = Holder::find(&self.pid_file)?;
        let before: Vec<_> = control::outcomes(&self.pid_file).collect();
        holder.signal(self.request.of)?;
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            // A process reports before it ends.
            let has_ended = holder.has_ended();
            if let Some(outcome) = self.outcome(&before) {
                return Ok(outcome);
            }
            if has_ended {
                holder = self.successor(&holder)?;
            }
            thread::sleep(LOOK);
        }
        let (pid, patience) = (holder.number(), patience.as_secs());
        Err(format!("the process {pid} has not said within {patience} s whether it succeeded: see its log"))
    }

    /// The outcome of this request; of a binary without numbers, one that was not there before.
    fn outcome(&self, before: &[ControlOutcome]) -> Option<ControlOutcome> {
        let is_ours = |outcome: &ControlOutcome| match outcome.request {
            Some(request) => request == self.request.id,
            None => !before.contains(outcome),
        };
        control::outcomes(&self.pid_file).find(|outcome| outcome.of == self.request.of && is_ours(outcome))
    }

    /// The process that has the file after this one has ended without a report. It is asked in its place.
    fn successor(&self, ended: &Holder) -> Result<Holder, String> {
        let pid = ended.number();
        let next = Holder::find(&self.pid_file)
            .map_err(|_| format!("the process {pid} ended before it reported an outcome: see its log"))?;
        // The same process may have written its file again.
        if next.pid != ended.pid {
            next.signal(self.request.of)?;
        }
        Ok(next)
    }
}

impl Drop for CommandTurn {
    fn drop(&mut self) {
        // A request that stays is replaced by the next one.
        let _ = fs::remove_file(control::request_file(&self.pid_file));
    }
}

/// The file whose lock is the turn. Whoever may open it may keep all commands waiting, so nobody may but root and the
/// owner of its directory, who may both ask.
fn turn_file(pid_file: &Path, dir: &Path) -> io::Result<File> {
    let path = control::turn_file(pid_file);
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Ok(file) => {
            // Only of a file that is new: another one may be a link that the owner has made.
            let dir = fs::metadata(dir)?;
            if file.metadata()?.uid() != dir.uid() {
                fchown(&file, Some(dir.uid()), Some(dir.gid()))?;
            }
            Ok(file)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => bounded_file::open(&path),
        Err(error) => Err(error),
    }
}

/// Whether the command that has the turn upgrades, and this one would upgrade too.
fn is_second(of: ControlRequest, pid_file: &Path) -> bool {
    let upgrade = ControlRequest::Upgrade;
    of == upgrade && control::read_request(pid_file).is_some_and(|request| request.of == upgrade)
}

/// The process that has a pid file.
#[derive(Debug)]
struct Holder {
    /// Locked by the process until it ends.
    file: File,
    pid: Pid,
}

impl Holder {
    fn find(path: &Path) -> Result<Self, String> {
        let not_found = |why: &str| {
            let other = binary::other_process().map(|other| format!("; {other}")).unwrap_or_default();
            format!(
                "no e6 to be found by {} ({why}): start one, or name the file it writes with --pid-file{other}",
                path.display()
            )
        };
        let file = bounded_file::open(path).map_err(|error| not_found(&error.to_string()))?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => {}
            Ok(()) => return Err(not_found("it was left behind by a process that has ended")),
            Err(TryLockError::Error(error)) => return Err(not_found(&error.to_string())),
        }
        let pid = control::read(path).map_err(|error| not_found(&error.to_string()))?;
        Ok(Holder { file, pid })
    }

    fn number(&self) -> i32 {
        self.pid.as_raw_pid()
    }

    fn signal(&self, asked: ControlRequest) -> Result<(), String> {
        kill_process(self.pid, asked.signal()).map_err(|error| {
            format!("cannot signal the process {}: {error}; ask as the user it runs as", self.number())
        })
    }

    /// Whether the process has ended, or has let go of this file.
    fn has_ended(&self) -> bool {
        self.file.try_lock_shared().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_process_is_not_asked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run/e6.pid");
        let missing = Holder::find(&path).unwrap_err();
        assert!(missing.contains("No such file") && missing.contains("--pid-file"), "{missing}");
        fs::create_dir(dir.path().join("run")).unwrap();
        fs::write(&path, "1\n").unwrap();
        let left = Holder::find(&path).unwrap_err();
        assert!(left.contains("left behind"), "{left}");
    }

    #[test]
    fn only_root_and_the_owner_of_the_directory_may_keep_commands_waiting() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("e6.pid");
        for _ in 0..2 {
            let turn = turn_file(&path, dir.path()).unwrap();
            assert!(turn.try_lock().is_ok());
            let (file, dir) = (turn.metadata().unwrap(), fs::metadata(dir.path()).unwrap());
            assert_eq!((file.mode() & 0o777, file.uid()), (0o600, dir.uid()));
        }
    }
}
