//! Files that are replaced as a whole: a crash at any moment leaves the old file or the new one.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};
use tempfile::NamedTempFile;

/// The prefix of a temporary file's name. A killed process leaves its temporary file behind.
pub const TEMPORARY: &str = ".e6-unfinished-";

/// Replaces a file: temporary file in the same directory, fsync, rename, fsync of the directory.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let file = temporary(path, bytes, mode)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    File::open(dir_of(path))?.sync_all()
}

/// Replaces a file that is worth nothing after a crash of the machine. Nothing waits for the disk. Returns the new file,
/// locked before other processes see it.
pub fn replace_locked(path: &Path, bytes: &[u8], mode: u32) -> io::Result<File> {
    let file = temporary(path, bytes, mode)?;
    file.as_file().lock()?;
    Ok(file.persist(path)?)
}

fn temporary(path: &Path, bytes: &[u8], mode: u32) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(dir_of(path))?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
    Ok(file)
}

fn dir_of(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_with_its_mode_and_nothing_is_left_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        for (text, mode) in [("a longer first text", 0o644), ("second", 0o600)] {
            replace(&path, text.as_bytes(), mode).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
        }
        let locked = replace_locked(&path, b"third", 0o600).unwrap();
        assert!(File::open(&path).unwrap().try_lock().is_err(), "the new file is locked");
        drop(locked);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(replace(&dir.path().join("no/such/file"), b"", 0o600).is_err());
    }
}
