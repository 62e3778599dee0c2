//! Files that are replaced as a whole: a crash at any moment leaves the old file or the new one.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};
use tempfile::NamedTempFile;

/// The prefix of a temporary file's name. A killed process leaves its temporary file behind.
pub const TEMPORARY: &str = ".e6-unfinished-";

/// The device and the inode of a file, which tell it from another one at the same path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId(u64, u64);

impl FileId {
    pub fn of(file: &File) -> io::Result<Self> {
        file.metadata().map(|meta| FileId(meta.dev(), meta.ino()))
    }

    /// The file to which this path leads.
    pub fn at(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|meta| FileId(meta.dev(), meta.ino()))
    }
}

/// Replaces a file: temporary file in the same directory, fsync, rename, fsync of the directory.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let file = temporary(path, bytes, mode)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    File::open(dir_of(path))?.sync_all()
}

/// Replaces a file that is worth nothing after a crash of the machine. Nothing waits for the disk. Returns the new
/// file, locked before other processes see it.
pub fn replace_locked(path: &Path, bytes: &[u8], mode: u32) -> io::Result<File> {
    let file = temporary(path, bytes, mode)?;
    file.as_file().lock()?;
    Ok(file.persist(path)?)
}

fn temporary(path: &Path, bytes: &[u8], mode: u32) -> io::Result<NamedTempFile> {
    is_replaceable(path)?;
    let made = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(dir_of(path));
    let mut file = made.map_err(without_path)?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
    Ok(file)
}

/// Whether a file can take the place of what is there.
///
/// # Errors
/// If it is no regular file: renaming would replace a device such as /dev/null, or a pipe that somebody reads.
pub fn is_replaceable(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(there) if !there.is_file() && !there.is_symlink() => {
            let what = format!("{} is no regular file", path.display());
            Err(io::Error::new(io::ErrorKind::InvalidInput, what))
        }
        _ => Ok(()),
    }
}

/// The error without the path of the temporary file, which `tempfile` adds and which says nothing to a reader.
pub fn without_path(error: io::Error) -> io::Error {
    let text = error.to_string();
    io::Error::new(error.kind(), text.split(" at path ").next().unwrap_or_default())
}

fn dir_of(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileTypeExt;

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
        let missing = replace(&dir.path().join("no/such/file"), b"", 0o600).unwrap_err();
        assert_eq!(missing.to_string(), "No such file or directory (os error 2)");
    }

    #[test]
    fn only_a_file_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for path in [&socket, dir.path()] {
            let refused = replace_locked(path, b"", 0o600).unwrap_err();
            assert!(refused.to_string().contains("no regular file"), "{refused}");
        }
        assert!(fs::symlink_metadata(&socket).unwrap().file_type().is_socket());
    }
}
