//! Files that are read within a limit on their size and without waiting: a path in the settings may be a named pipe
//! that nobody writes to, or a device without an end.

use rustix::fs::OFlags;
use std::{
    fs::File,
    io::{self, Error, ErrorKind, Read},
    os::unix::fs::{FileTypeExt, OpenOptionsExt},
    path::Path,
};

/// The cap on a file of settings, certificates or the like. A real one has a few kilobytes.
pub(crate) const SMALL: u64 = 1024 * 1024;

/// Opens a file for reading. A named pipe without a writer does not block.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    // For regular files the flag has no effect.
    File::options().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)
}

/// Reads a file of at most `cap` bytes.
///
/// # Errors
/// If it cannot be read, is larger, or is a pipe: a start, a reload and an upgrade would each find another text.
pub(crate) fn read(path: &Path, cap: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    if file.metadata()?.file_type().is_fifo() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is a pipe, and e6 reads it more than once"));
    }
    let mut bytes = Vec::new();
    file.take(cap + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > cap {
        let cap = if cap < 1 << 20 { format!("{} KiB", cap >> 10) } else { format!("{} MiB", cap >> 20) };
        return Err(Error::new(ErrorKind::FileTooLarge, format!("larger than {cap}")));
    }
    Ok(bytes)
}

/// Reads a text of at most `cap` bytes.
///
/// # Errors
/// As [`read`], or if it is not UTF-8.
pub(crate) fn read_text(path: &Path, cap: u64) -> io::Result<String> {
    let text = String::from_utf8(read(path, cap)?);
    text.map_err(|_| Error::new(ErrorKind::InvalidData, "it is not text in UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_without_an_end_is_too_large() {
        assert_eq!(read(Path::new("/dev/zero"), SMALL).unwrap_err().to_string(), "larger than 1 MiB");
        assert_eq!(read(Path::new("/dev/zero"), 4096).unwrap_err().to_string(), "larger than 4 KiB");
        assert_eq!(read(Path::new("/dev/null"), SMALL).unwrap(), b"");
        assert_eq!(read(Path::new("/"), SMALL).unwrap_err().kind(), ErrorKind::IsADirectory);
    }

    #[test]
    fn a_file_is_as_long_as_its_cap_at_most() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), [b'x'; 2048]).unwrap();
        assert_eq!(read(file.path(), 2048).unwrap().len(), 2048);
        assert!(read(file.path(), 2047).is_err());
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_no_text() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), b"\xff").unwrap();
        assert!(read_text(file.path(), SMALL).unwrap_err().to_string().contains("UTF-8"));
    }
}
