//! The files by which other processes find this one: the lock of the data directory and the pid file. Somebody may
//! empty the directory under a running e6; then they are made again.

use crate::{
    app::{data_lock::DataLock, run::Running},
    threads,
};
use std::{path::PathBuf, time::Duration};
use tokio::{sync::oneshot, time::sleep};

/// The interval at which the files are looked for.
pub(crate) const LOOK: Duration = Duration::from_secs(5);

/// Whether one of these files is gone after a while. A thread of its own looks, because a disk may hang.
pub(crate) async fn are_gone(files: Vec<PathBuf>) -> bool {
    sleep(LOOK).await;
    let (tell, told) = oneshot::channel();
    let look = move || tell.send(files.iter().any(|file| !file.exists()));
    // If the system refuses the thread, they are looked for again later.
    threads::start("files", look).is_ok() && told.await.unwrap_or(false)
}

impl Running {
    /// The paths of the lock and the pid file.
    pub(crate) fn own_files(&self) -> Vec<PathBuf> {
        let data_dir = self.setup.config.data_dir.as_deref().filter(|_| self.lock.is_some());
        let pid_file = self.pid_file.as_ref().map(|file| file.path().to_owned());
        data_dir.map(DataLock::path).into_iter().chain(pid_file).collect()
    }

    /// Makes the lock and the pid file again if they are gone. If another e6 uses the directory by now, its files stay.
    pub(crate) fn restore_files(&mut self) {
        if self.lock.is_some() {
            self.restore_lock();
        }
        let Some(file) = self.pid_file.as_mut().filter(|file| !file.path().exists()) else { return };
        let renewed = file.renew(self.facts.addresses.listening());
        let path = file.path().display();
        match renewed {
            Ok(()) => tracing::warn!(%path, "the pid file was gone; this process has written it again"),
            Err(error) => tracing::debug!(%error, %path, "the pid file is gone"),
        }
    }

    fn restore_lock(&mut self) {
        let Some(dir) = &self.setup.config.data_dir else { return };
        if self.lock.as_ref().is_some_and(|lock| lock.is_of(dir)) {
            return;
        }
        match DataLock::take(dir, None) {
            Ok(lock) => {
                self.lock = Some(lock);
                tracing::warn!(dir = %dir.display(), "the lock of the data directory was gone; this process has taken it again");
            }
            Err(error) => {
                tracing::debug!(?error, dir = %dir.display(), "the lock of the data directory is gone")
            }
        }
    }
}
