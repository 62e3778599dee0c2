//! The user that runs the tests, and the user that root becomes in them.

use std::{
    fs,
    os::unix::fs::{MetadataExt, chown},
};
use tempfile::TempDir;

/// The number of the user and the group that `--user nobody` means on Debian.
pub const NOBODY: u32 = 65534;

/// Whether root runs the tests.
pub fn by_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A directory that belongs to nobody.
pub fn nobodys() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    chown(dir.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    dir
}
