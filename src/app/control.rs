//! The pid file, by which commands find a running e6, and the control file beside it, which reports outcomes to them.
//!
//! The pid file holds only the process's number. The process holds a lock on it, which distinguishes it from a stale
//! file, whose number may belong to another program by now. The control file holds the addresses where the process
//! listens, and the outcomes of the last reload and the last upgrade. While a command waits for an outcome, a third file
//! holds its request (`app/ask.rs`).

use crate::{
    atomic_file::{self, FileId},
    bounded_file::{self, SMALL},
    threads,
};
use rustix::process::{Pid, Signal};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    process,
    time::Duration,
};

/// Time for the disk to take or remove one of the files. The main thread, which reads signals, waits no longer.
pub(crate) const DISK: Duration = Duration::from_secs(2);
/// The suffix that makes the control file's name from the pid file's name.
const CONTROL_SUFFIX: &str = ".json";
/// The suffix that makes the name of the file with a command's request.
const REQUEST_SUFFIX: &str = ".request";
/// The suffix that makes the name of the file by which commands take turns.
const TURN_SUFFIX: &str = ".turn";
/// The mode of the files: everybody may read them, because they hold no secret.
const MODE: u32 = 0o644;

/// The addresses where a process listens, as text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenReport {
    pub http: Vec<String>,
    pub https: Vec<String>,
    /// By UDP ports.
    #[serde(default)]
    pub http3: Vec<String>,
    pub admin: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Control {
    listening: ListenReport,
    outcome: Option<ControlOutcome>,
    /// The last outcome of the other request: a reload that waits for an upgrade ends right after it.
    #[serde(default)]
    other: Option<ControlOutcome>,
}

impl Control {
    fn outcomes(self) -> impl Iterator<Item = ControlOutcome> {
        [self.outcome, self.other].into_iter().flatten()
    }
}

pub struct PidFile {
    path: PathBuf,
    /// Held for as long as the process lives.
    lock: File,
}

/// The outcome of a request to a running e6.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlOutcome {
    /// A random number that tells this outcome from the one before.
    pub id: u64,
    /// The number of the command's request, 0 for a signal without a command; none from a binary that has no such
    /// numbers.
    #[serde(default)]
    pub request: Option<u64>,
    pub pid: u32,
    pub of: ControlRequest,
    pub done: bool,
    /// The errors or remarks, one line each.
    pub said: Vec<String>,
}

/// The request of a command, which has a random number: an outcome names the request that it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CommandRequest {
    pub id: u64,
    pub of: ControlRequest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ControlRequest {
    Reload,
    /// Replace the running process with the binary that is on disk now.
    Upgrade,
}

impl ControlRequest {
    pub(crate) fn signal(self) -> Signal {
        match self {
            ControlRequest::Reload => Signal::HUP,
            ControlRequest::Upgrade => Signal::USR2,
        }
    }
}

impl PidFile {
    /// Writes the pid file and the control file. Replaces the pid file of another running process only if that process
    /// is the predecessor; `None` if there is no predecessor or its number is unknown.
    ///
    /// # Errors
    /// `ResourceBusy` when another process has the file; others when its directory cannot be made or written to.
    pub fn write(path: &Path, old_process: Option<u32>, listening: ListenReport) -> io::Result<Self> {
        let lock = write_both(path, old_process, listening)?;
        Ok(PidFile { path: path.to_owned(), lock })
    }

    /// Writes both files again, after somebody has removed or replaced them.
    ///
    /// # Errors
    /// As [`PidFile::write`], and if the disk hangs.
    pub fn renew(&mut self, listening: ListenReport) -> io::Result<()> {
        let path = self.path.clone();
        self.lock = threads::within(DISK, "control", move || write_both(&path, None, listening))??;
        Ok(())
    }

    /// The file that this process has written; none if the system does not tell.
    pub fn id(&self) -> Option<FileId> {
        FileId::of(&self.lock).ok()
    }

    /// The number of the request that a command has just signalled; 0 if the signal came without a command.
    pub fn request(&self) -> u64 {
        let path = self.path.clone();
        let read = threads::within(DISK, "control", move || read_request(&path));
        read.ok().flatten().map_or(0, |request| request.id)
    }

    /// Writes an outcome, for the command that waits for it. Keeps the addresses in the control file, because a
    /// successor may have written them.
    pub fn tell(&self, of: ControlRequest, request: u64, done: bool, said: Vec<String>) -> io::Result<()> {
        let request = Some(request);
        let outcome = ControlOutcome { id: fastrand::u64(..), request, pid: process::id(), of, done, said };
        let path = self.path.clone();
        let write = move || {
            let before = read_control(&path).unwrap_or_default();
            let listening = before.listening.clone();
            let other = before.outcomes().find(|other| other.of != outcome.of);
            write_control(&path, &Control { listening, outcome: Some(outcome), other })
        };
        threads::within(DISK, "control", write)?
    }
}

fn write_both(path: &Path, old_process: Option<u32>, listening: ListenReport) -> io::Result<File> {
    if let Some(pid) = owner(path)
        && ![old_process, Some(process::id())].contains(&Some(pid))
    {
        let what =
            format!("the running e6 {pid} has it: stop that one, or name another file with --pid-file");
        return Err(io::Error::new(io::ErrorKind::ResourceBusy, what));
    }
    write_control(path, &Control { listening, ..Control::default() })?;
    replace(path, &format!("{}\n", process::id()))
}

/// The addresses where the process of this pid file listens; none if it does not run.
pub fn listening(path: &Path) -> Option<ListenReport> {
    owner(path).and_then(|_| read_control(path)).map(|control| control.listening)
}

/// The number of the running process that has this pid file; none for a stale file.
pub(crate) fn owner(path: &Path) -> Option<u32> {
    let file = bounded_file::open(path).ok()?;
    let is_locked = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    read(path).ok().filter(|_| is_locked).map(|pid| pid.as_raw_pid().unsigned_abs())
}

/// The last outcome of each request.
pub(crate) fn outcomes(path: &Path) -> impl Iterator<Item = ControlOutcome> {
    read_control(path).into_iter().flat_map(Control::outcomes)
}

pub(crate) fn read_request(path: &Path) -> Option<CommandRequest> {
    serde_json::from_str(&bounded_file::read_text(&request_file(path), SMALL).ok()?).ok()
}

pub(crate) fn write_request(path: &Path, request: CommandRequest) -> io::Result<()> {
    replace(&request_file(path), &serde_json::to_string(&request)?).map(drop)
}

/// The file of a command's request to the process of this pid file.
pub(crate) fn request_file(path: &Path) -> PathBuf {
    beside(path, REQUEST_SUFFIX)
}

/// The file by which the commands that ask the process of this pid file take turns.
pub(crate) fn turn_file(path: &Path) -> PathBuf {
    beside(path, TURN_SUFFIX)
}

fn read_control(path: &Path) -> Option<Control> {
    serde_json::from_str(&bounded_file::read_text(&beside(path, CONTROL_SUFFIX), SMALL).ok()?).ok()
}

fn write_control(path: &Path, control: &Control) -> io::Result<()> {
    replace(&beside(path, CONTROL_SUFFIX), &serde_json::to_string(control)?).map(drop)
}

impl Drop for PidFile {
    /// Removes the pid file, unless another process has replaced it. The file of the turn stays: a command may hold it.
    fn drop(&mut self) {
        let path = self.path.clone();
        let remove = move || {
            let is_ours = read(&path).is_ok_and(|pid| pid.as_raw_pid().unsigned_abs() == process::id());
            if is_ours { fs::remove_file(&path) } else { Ok(()) }
        };
        if let Err(error) = threads::within(DISK, "control", remove).flatten() {
            tracing::debug!(%error, path = %self.path.display(), "the pid file is left behind");
        }
    }
}

pub(crate) fn read(path: &Path) -> io::Result<Pid> {
    let pid = bounded_file::read_text(path, SMALL)?.trim().parse().ok().and_then(Pid::from_raw);
    pid.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "there is no process number in it"))
}

/// The file of this pid file with this suffix: never the pid file itself, whatever its name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Replaces a file. The new one is locked before other processes see it.
fn replace(path: &Path, text: &str) -> io::Result<File> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    atomic_file::replace_locked(path, text.as_bytes(), MODE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_left_behind_is_nobodys() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run/e6.pid");
        assert_eq!(owner(&path), None);

        let ours = PidFile::write(&path, None, ListenReport::default()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", process::id()));
        assert_eq!(owner(&path), Some(process::id()));
        let number = fs::read_to_string(&path).unwrap();
        drop(ours);
        assert!(!path.exists());

        fs::write(&path, number).unwrap();
        assert_eq!(owner(&path), None);
    }

    #[test]
    fn the_control_file_is_never_the_pid_file() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["e6.pid", "x.json", "json", ".json", "e6"] {
            let path = dir.path().join(name);
            let listening = ListenReport { http: vec!["127.0.0.1:8080".into()], ..ListenReport::default() };
            let ours = PidFile::write(&path, None, listening.clone()).unwrap();
            ours.tell(ControlRequest::Reload, 0, true, Vec::new()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", process::id()), "{name}");
            assert_eq!(super::listening(&path), Some(listening), "{name}");
            drop(ours);
            assert_eq!(super::listening(&path), None, "nobody runs: {name}");
        }
    }

    #[test]
    fn the_pid_file_of_another_running_process_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("e6.pid");
        let _theirs = replace(&path, "1\n").unwrap();
        let refused = PidFile::write(&path, None, ListenReport::default()).map(drop).unwrap_err();
        assert!(refused.to_string().contains("the running e6 1 has it"), "{refused}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n");
        PidFile::write(&path, Some(1), ListenReport::default()).unwrap();
    }

    #[test]
    fn the_file_of_a_successor_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("e6.pid");
        let ours = PidFile::write(&path, None, ListenReport::default()).unwrap();
        fs::write(&path, "1\n").unwrap();
        drop(ours);
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n");
    }
}
