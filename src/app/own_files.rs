//! The files by which other processes find this one: the lock of the data directory and the pid file. Somebody may
//! empty the directory under a running e6; then they are made again.

use crate::app::{data_lock::DataLock, run::Running};
use std::time::Duration;

/// The interval at which the files are looked for.
pub(crate) const LOOK: Duration = Duration::from_secs(5);

impl Running {
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
