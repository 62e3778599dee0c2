//! The lock of a data directory, which only one running e6 can use. The lock ends with the last process that holds it,
//! however that process ends. An upgrade hands it over.

use crate::{atomic_file::FileId, bounded_file};
use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    os::{fd::OwnedFd, unix::fs::FileExt},
    path::{Path, PathBuf},
    process,
};

const FILE: &str = "e6.lock";
/// Digits of the longest process number, a `u32`.
const PID_WIDTH: usize = 10;

pub(crate) struct DataLock(File);

/// The reason why a process does not get the lock.
#[derive(Debug)]
pub(crate) enum DataDirInUse {
    /// Another e6 has the lock; its process number, if known.
    InUse(Option<u32>),
    /// The file cannot be written or locked.
    Failed(io::Error),
}

impl DataLock {
    /// Takes the lock, or keeps the one that the old process of an upgrade has handed over, if it is of this directory.
    ///
    /// # Errors
    /// When another process has it, or the directory cannot be written.
    pub fn take(dir: &Path, inherited: Option<OwnedFd>) -> Result<Self, DataDirInUse> {
        let file = open(dir).map_err(DataDirInUse::Failed)?;
        let id = |file| FileId::of(file).map_err(DataDirInUse::Failed);
        if let Some(inherited) = inherited.map(File::from)
            && id(&inherited)? == id(&file)?
        {
            return Ok(DataLock(inherited));
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DataDirInUse::InUse(read_pid(&file))),
            Err(TryLockError::Error(error)) => return Err(DataDirInUse::Failed(error)),
        }
        let lock = DataLock(file);
        lock.sign().map_err(DataDirInUse::Failed)?;
        Ok(lock)
    }

    /// The path of the lock of this directory.
    pub fn path(dir: &Path) -> PathBuf {
        dir.join(FILE)
    }

    /// The file of this lock; none if the system does not tell.
    pub fn id(&self) -> Option<FileId> {
        FileId::of(&self.0).ok()
    }

    /// Writes this process's number into the file, for the error message of a process that does not get the lock.
    pub fn sign(&self) -> io::Result<()> {
        // The whole file in one write: a reader sees the old number or the new one, never none.
        self.0.write_all_at(format!("{:<PID_WIDTH$}\n", process::id()).as_bytes(), 0)
    }

    /// The same lock, for the new process of an upgrade.
    pub fn share(&self) -> io::Result<OwnedFd> {
        self.0.try_clone().map(OwnedFd::from)
    }

    /// The process that has the lock of this directory, if there is one: `Some(None)` if its number is unknown.
    pub fn holder(dir: &Path) -> Option<Option<u32>> {
        let file = bounded_file::open(&dir.join(FILE)).ok()?;
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)).then(|| read_pid(&file))
    }
}

fn open(dir: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(dir.join(FILE))
}

fn read_pid(file: &File) -> Option<u32> {
    let mut bytes = [0; PID_WIDTH + 1];
    let length = file.read_at(&mut bytes, 0).ok()?;
    std::str::from_utf8(&bytes[..length]).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_locked_until_the_last_copy_of_the_lock_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let us = Some(process::id());
        let ours = DataLock::take(dir.path(), None).unwrap();
        assert!(matches!(DataLock::take(dir.path(), None), Err(DataDirInUse::InUse(pid)) if pid == us));
        assert_eq!(DataLock::holder(dir.path()), Some(us));
        // As an upgrade hands it over; the old process is gone then.
        let theirs = DataLock::take(dir.path(), Some(ours.share().unwrap())).unwrap();
        drop(ours);
        assert!(matches!(DataLock::take(dir.path(), None), Err(DataDirInUse::InUse(_))));
        drop(theirs);
        assert_eq!(DataLock::holder(dir.path()), None);
        DataLock::take(dir.path(), None).unwrap();
    }

    #[test]
    fn a_lock_of_another_directory_is_not_one_of_this() {
        let [before, after] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let ours = DataLock::take(before.path(), None).unwrap();
        let _moved = DataLock::take(after.path(), Some(ours.share().unwrap())).unwrap();
        assert!(DataLock::holder(before.path()).is_some() && DataLock::holder(after.path()).is_some());
    }

    #[test]
    fn a_directory_that_cannot_be_written_has_no_lock() {
        assert!(matches!(DataLock::take(Path::new("/dev/null/data"), None), Err(DataDirInUse::Failed(_))));
        assert_eq!(DataLock::holder(Path::new("/dev/null/data")), None);
    }
}
