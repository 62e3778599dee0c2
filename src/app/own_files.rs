//! The files by which other processes find this one: the lock of the data directory and the pid file. A disk may not
//! let them be made at the start, and somebody may empty the directory later, or restore it from a copy. They are made
//! as soon as possible.

use crate::{
    app::{
        control::{DISK, ListenReport, PidFile},
        data_lock::DataLock,
        error::RunError,
        run::Running,
    },
    atomic_file::FileId,
    config::Config,
    threads,
};
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{sync::oneshot, time::sleep};

/// The interval at which the files are looked for.
pub(crate) const LOOK: Duration = Duration::from_secs(5);

/// The path of one of the files, and the file there that this process holds; none if it could not be made so far.
pub(crate) struct OwnFile {
    path: PathBuf,
    held: Option<FileId>,
}

impl OwnFile {
    /// Whether the file at the path is the one that this process holds.
    fn is_in_place(&self) -> bool {
        self.held.is_some() && self.held == FileId::at(&self.path).ok()
    }
}

/// The path of the pid file. A replay has one only if it is configured, because it is not run as a service.
fn pid_file_path(config: &Config, is_replay: bool) -> Option<PathBuf> {
    config.pid_file().filter(|_| config.pid_file.is_some() || !is_replay)
}

/// Writes the pid file; none if there is none, or if it cannot be written at its default path.
pub(crate) fn pid_file(
    config: &Config,
    is_replay: bool,
    old_process: Option<u32>,
    listening: ListenReport,
) -> Result<Option<PidFile>, RunError> {
    let typed = config.pid_file.is_some();
    let Some(path) = pid_file_path(config, is_replay) else { return Ok(None) };
    match PidFile::write(&path, old_process, listening) {
        Ok(file) => Ok(Some(file)),
        Err(error) if typed || error.kind() == io::ErrorKind::ResourceBusy => {
            Err(RunError::new(format!("cannot write the pid file {}: {error}", path.display())))
        }
        Err(error) => {
            let path = path.display();
            tracing::warn!(%error, %path, "no pid file: `e6 reload` and `e6 upgrade` will not find this process");
            Ok(None)
        }
    }
}

/// Whether one of these files is to be made, after a while. A thread of its own looks, because a disk may hang.
pub(crate) async fn are_missing(files: Vec<OwnFile>) -> bool {
    sleep(LOOK).await;
    let (tell, told) = oneshot::channel();
    let look = move || tell.send(!files.iter().all(OwnFile::is_in_place));
    // If the system refuses the thread, they are looked for again later.
    threads::start("files", look).is_ok() && told.await.unwrap_or(false)
}

impl Running {
    /// The lock and the pid file, as far as this process has them.
    pub(crate) fn own_files(&self) -> Vec<OwnFile> {
        self.lock_file().into_iter().chain(self.pid_file()).collect()
    }

    fn lock_file(&self) -> Option<OwnFile> {
        let held = self.process.resources.lock.as_ref().and_then(DataLock::id);
        self.data_dir().map(|dir| OwnFile { path: DataLock::path(dir), held })
    }

    fn pid_file(&self) -> Option<OwnFile> {
        let held = self.process.pid_file.as_ref().and_then(PidFile::id);
        pid_file_path(&self.configured.config, self.is_replay()).map(|path| OwnFile { path, held })
    }

    fn is_replay(&self) -> bool {
        self.process.source.replay.is_some()
    }

    /// The directory to lock; none for a replay.
    fn data_dir(&self) -> Option<&Path> {
        self.configured.config.data_dir.as_deref().filter(|_| !self.is_replay())
    }

    /// Makes the lock and the pid file if they are missing, were replaced by others, or could not be made before. If
    /// another e6 uses the directory by now, its files stay.
    pub(crate) fn restore_files(&mut self) {
        self.restore_lock();
        self.restore_pid_file();
    }

    pub(crate) fn restore_pid_file(&mut self) {
        let Some(file) = self.pid_file() else { return };
        let path = file.path.clone();
        let Ok(false) = threads::within(DISK, "files", move || file.is_in_place()) else { return };
        let listening = self.process.resources.listeners.addresses().listening();
        let written = match &mut self.process.pid_file {
            Some(file) => file.renew(listening),
            none => PidFile::write(&path, None, listening).map(|file| *none = Some(file)),
        };
        let path = path.display();
        match written {
            Ok(()) => {
                tracing::warn!(%path, "the pid file was missing or replaced; this process has written it");
            }
            Err(error) => tracing::debug!(%error, %path, "the pid file is missing or replaced"),
        }
    }

    fn restore_lock(&mut self) {
        let (Some(file), Some(dir)) = (self.lock_file(), self.data_dir().map(Path::to_owned)) else { return };
        let shown = dir.display().to_string();
        let take = move || (!file.is_in_place()).then(|| DataLock::take(&dir, None));
        match threads::within(DISK, "files", take) {
            Ok(None) => {}
            Ok(Some(Ok(taken))) => {
                self.process.resources.lock = Some(taken);
                tracing::warn!(
                    dir = %shown,
                    "the lock of the data directory was missing or replaced; this process has taken it"
                );
            }
            Ok(Some(Err(error))) => {
                tracing::debug!(?error, dir = %shown, "the lock of the data directory is missing or replaced");
            }
            Err(error) => {
                tracing::debug!(%error, dir = %shown, "the lock of the data directory cannot be looked at")
            }
        }
    }
}
