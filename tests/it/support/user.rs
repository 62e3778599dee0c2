//! The user that runs the tests, and the unprivileged user for tests as root.

use std::{
    fs,
    os::unix::fs::{MetadataExt, chown},
};
use tempfile::TempDir;

/// The uid and gid of `nobody` on Debian.
pub const NOBODY: u32 = 65534;

/// Whether root runs the tests.
pub fn by_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A directory that belongs to the user `nobody`.
pub fn nobodys() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    chown(dir.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    dir
}
