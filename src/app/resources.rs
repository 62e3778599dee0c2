//! The sockets, files and rights of the process. Linux privileges belong to a thread: the sockets are opened and
//! privileges dropped before the first thread starts. Everything else is opened as the configured user.

use crate::{
    app::{
        data_lock::{DataDirInUse, DataLock},
        error::RunError,
        inherited::Inherited,
        listeners::Listeners,
        places, privileges,
        upgrade::Executable,
    },
    config::Config,
    net::unix_socket::UnixSocketFile,
    per_worker::workers,
    sandbox::AllowedPaths,
};
use std::{
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::Arc,
};

pub(crate) struct Resources {
    /// Workers hold weak references: the sockets close when this is dropped.
    pub listeners: Arc<Listeners>,
    /// The files of Unix sockets, removed when the process ends, unless a new process has taken over.
    pub socket_files: Vec<UnixSocketFile>,
    /// The files of the old process's Unix sockets that this process does not use; removed after the handover.
    pub unused_files: Vec<PathBuf>,
    /// The lock of the data directory; none in a replay, or if the directory cannot be used.
    pub lock: Option<DataLock>,
    /// The paths and ports that the sandbox leaves in reach; none without Landlock.
    pub allowed_paths: Option<AllowedPaths>,
}

impl Resources {
    /// Opens the sockets, drops privileges, takes the lock and enters the sandbox. `replay_url` is the server of a
    /// replay, which stores no data.
    pub fn open(
        config: &Config,
        executable: &Executable,
        replay_url: Option<&str>,
        inherited: &mut Inherited,
    ) -> Result<Self, RunError> {
        let is_live = replay_url.is_none();
        let files_of_others = inherited.files_of_others();
        let sockets = std::mem::take(&mut inherited.sockets);
        let listeners = Listeners::open(config, sockets, inherited.start(), workers())?;
        listeners.log(config);
        let socket_files = listeners.files(&files_of_others);
        let unused_files = inherited.unused_files(&listeners);
        let mut places = places::places(config);
        places.retain(|place| is_live || place.setting != places::DATA_DIR);
        privileges::become_user(config, &places)?;
        let lock = if is_live { data_lock(config, inherited.lock.take())? } else { None };
        let allowed_paths = privileges::restrict(config, replay_url, executable.binary(), &unused_files)?;
        Ok(Resources { listeners: Arc::new(listeners), socket_files, unused_files, lock, allowed_paths })
    }

    /// The data directory; none if it cannot be used.
    pub fn data_dir<'a>(&self, config: &'a Config) -> Option<&'a Path> {
        config.data_dir.as_deref().filter(|_| self.lock.is_some())
    }

    /// Writes this process's number into the lock of the data directory.
    pub fn sign_lock(&self) {
        if let Some(Err(error)) = self.lock.as_ref().map(DataLock::sign) {
            tracing::warn!(%error, "cannot write this process's number into the lock of the data directory");
        }
    }
}

/// Takes the lock of the data directory; none without a data directory, or if e6 cannot write to it.
fn data_lock(config: &Config, inherited: Option<OwnedFd>) -> Result<Option<DataLock>, RunError> {
    let Some(dir) = &config.data_dir else {
        tracing::warn!(
            "no data directory, so a restart will begin without an answer: name one with --data-dir"
        );
        return Ok(None);
    };
    match DataLock::take(dir, inherited) {
        Ok(lock) => Ok(Some(lock)),
        Err(DataDirInUse::InUse(pid)) => Err(RunError::new(format!(
            "another e6 ({}) uses the data directory {}: stop it, or name another directory with --data-dir",
            pid.map_or("its process number is unknown".into(), |pid| format!("process {pid}")),
            dir.display()
        ))),
        Err(DataDirInUse::Failed(error)) => {
            tracing::warn!(%error, dir = %dir.display(), "cannot write to the data directory: a restart will begin without an answer");
            Ok(None)
        }
    }
}
