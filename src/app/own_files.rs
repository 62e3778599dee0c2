//! The files by which other processes find this one: the lock of the data directory and the pid file. A disk may not
//! let them be made at the start, and somebody may empty the directory later. They are made as soon as possible.

use crate::{
    app::{
        control::{ListenReport, PidFile},
        data_lock::DataLock,
        error::RunError,
        run::Running,
    },
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

/// Whether one of these files is to be made after a while: it is missing, or `is_wanted`. A thread of its own looks,
/// because a disk may hang.
pub(crate) async fn are_missing(files: Vec<PathBuf>, is_wanted: bool) -> bool {
    sleep(LOOK).await;
    let (tell, told) = oneshot::channel();
    let look = move || tell.send(files.iter().any(|file| !file.exists()) || is_wanted);
    // If the system refuses the thread, they are looked for again later.
    threads::start("files", look).is_ok() && told.await.unwrap_or(false)
}

impl Running {
    /// The paths of the lock and the pid file, and whether one of them could not be made so far.
    pub(crate) fn own_files(&self) -> (Vec<PathBuf>, bool) {
        let (lock, pid_file) = (self.data_dir().map(DataLock::path), self.pid_file_path());
        let is_wanted = lock.is_some() != self.process.resources.lock.is_some()
            || pid_file.is_some() != self.process.pid_file.is_some();
        (lock.into_iter().chain(pid_file).collect(), is_wanted)
    }

    fn is_replay(&self) -> bool {
        self.process.source.replay.is_some()
    }

    /// The directory to lock; none for a replay.
    fn data_dir(&self) -> Option<&Path> {
        self.configured.config.data_dir.as_deref().filter(|_| !self.is_replay())
    }

    fn pid_file_path(&self) -> Option<PathBuf> {
        pid_file_path(&self.configured.config, self.is_replay())
    }

    /// Makes the lock and the pid file if they are missing or could not be made before. If another e6 uses the
    /// directory by now, its files stay.
    pub(crate) fn restore_files(&mut self) {
        self.restore_lock();
        let Some(path) = self.pid_file_path() else { return };
        let listening = self.process.resources.listeners.addresses().listening();
        let written = match &mut self.process.pid_file {
            Some(_) if path.exists() => return,
            Some(file) => file.renew(listening),
            none => PidFile::write(&path, None, listening).map(|file| *none = Some(file)),
        };
        let path = path.display();
        match written {
            Ok(()) => tracing::warn!(%path, "the pid file was missing; this process has written it"),
            Err(error) => tracing::debug!(%error, %path, "the pid file is missing"),
        }
    }

    fn restore_lock(&mut self) {
        let Some(dir) = self.data_dir().map(Path::to_owned) else { return };
        let lock = &mut self.process.resources.lock;
        if lock.as_ref().is_some_and(|lock| lock.is_of(&dir)) {
            return;
        }
        match DataLock::take(&dir, None) {
            Ok(taken) => {
                *lock = Some(taken);
                tracing::warn!(dir = %dir.display(), "the lock of the data directory was missing; this process has taken it");
            }
            Err(error) => {
                tracing::debug!(?error, dir = %dir.display(), "the lock of the data directory is missing")
            }
        }
    }
}
