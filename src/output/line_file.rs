//! A file, pipe or terminal that holds whole lines only.

use rustix::event::{PollFd, PollFlags, poll};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Seek, SeekFrom, Write},
    os::unix::fs::{FileTypeExt, OpenOptionsExt},
    path::Path,
    sync::{Arc, Mutex},
};

/// Writes whole lines, or nothing of a line.
pub struct LineFile {
    /// None if the process had no descriptor for it.
    file: Option<File>,
    /// The rest of a line whose beginning was written and cannot be removed. It is written before anything else.
    rest: Vec<u8>,
}

/// One that several threads write to.
pub type SharedLineFile = Arc<Mutex<LineFile>>;

/// A failure to write lines.
#[derive(Debug)]
pub struct Lost {
    pub lines: u64,
    pub error: io::Error,
}

impl LineFile {
    /// Writes to this file from its current position.
    pub fn new(file: Option<File>) -> Self {
        LineFile { file, rest: Vec::new() }
    }

    /// Opens a file to append to it, and creates it with this mode if it is missing. A line that a crash has left
    /// unfinished is ended first.
    pub fn append(path: &Path, mode: u32) -> io::Result<Self> {
        // Opening a named pipe without a reader would block. For regular files the flag has no effect.
        let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        let opened = OpenOptions::new().append(true).create(true).mode(mode).custom_flags(flags).open(path);
        let file = opened.map_err(|error| {
            let is_pipe = fs::metadata(path).is_ok_and(|meta| meta.file_type().is_fifo());
            if is_pipe && error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) {
                return io::Error::new(error.kind(), "nobody reads this named pipe");
            }
            error
        })?;
        let rest = if ends_within_a_line(path).unwrap_or(false) { b"\n".to_vec() } else { Vec::new() };
        Ok(LineFile { file: Some(file), rest })
    }

    /// Writes these lines, and waits if the reader is slow. The beginning of a line that could not be finished is
    /// removed, or the next call finishes the line.
    pub fn write(&mut self, lines: &[u8]) -> Result<(), Lost> {
        let rest = std::mem::take(&mut self.rest);
        if let Err((written, error)) = self.push(&rest) {
            self.rest = rest[written..].to_vec();
            return Err(Lost { lines: self::lines(lines), error });
        }
        let Err((written, error)) = self.push(lines) else { return Ok(()) };
        let whole = lines[..written].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut lost = self::lines(&lines[whole..]);
        if written > whole && self.take_back(written - whole).is_err() {
            let end = lines[written..].iter().position(|byte| *byte == b'\n');
            self.rest = lines[written..end.map_or(lines.len(), |end| written + end + 1)].to_vec();
            lost -= 1;
        }
        Err(Lost { lines: lost, error })
    }

    /// Writes all bytes, or returns how many were written before an error.
    fn push(&mut self, bytes: &[u8]) -> Result<(), (usize, io::Error)> {
        let Some(file) = &mut self.file else {
            return if bytes.is_empty() { Ok(()) } else { Err((0, ErrorKind::NotConnected.into())) };
        };
        let mut written = 0;
        while written < bytes.len() {
            match file.write(&bytes[written..]) {
                Ok(0) => return Err((written, ErrorKind::WriteZero.into())),
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let ready = poll(&mut [PollFd::new(file, PollFlags::OUT)], None);
                    match ready {
                        Ok(_) | Err(rustix::io::Errno::INTR) => {}
                        Err(error) => return Err((written, error.into())),
                    }
                }
                Err(error) => return Err((written, error)),
            }
        }
        Ok(())
    }

    /// Removes the last bytes of a regular file, unless others follow them.
    fn take_back(&mut self, bytes: usize) -> io::Result<()> {
        let file = self.file.as_mut().ok_or(ErrorKind::NotConnected)?;
        let (meta, end) = (file.metadata()?, file.stream_position()?);
        if !meta.is_file() || meta.len() != end {
            return Err(ErrorKind::Unsupported.into());
        }
        let begin = end.saturating_sub(bytes as u64);
        file.set_len(begin)?;
        file.seek(SeekFrom::Start(begin)).map(drop)
    }
}

/// The number of lines in this text, an unfinished one included.
pub fn lines(text: &[u8]) -> u64 {
    let ends = text.iter().filter(|byte| **byte == b'\n').count();
    (ends + usize::from(text.last().is_some_and(|last| *last != b'\n'))) as u64
}

fn ends_within_a_line(path: &Path) -> io::Result<bool> {
    if !fs::metadata(path)?.is_file() {
        return Ok(false);
    }
    let (mut file, mut last) = (File::open(path)?, [b'\n']);
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    Ok(last != *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::{
        fs::{CWD, FileType, Mode, OFlags, fcntl_getfl, fcntl_setfl, mknodat},
        process::{Resource, Rlimit, getrlimit, setrlimit},
    };
    use std::{os::fd::OwnedFd, thread};

    #[test]
    fn a_line_that_a_crash_left_unfinished_is_ended_first() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        for (before, after) in [("one\ntw", "one\ntw\nnew\n"), ("one\n", "one\nnew\n"), ("", "new\n")] {
            fs::write(&path, before).unwrap();
            LineFile::append(&path, 0o600).unwrap().write(b"new\n").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), after);
        }
    }

    #[test]
    fn a_named_pipe_without_a_reader_holds_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
        let error = LineFile::append(&path, 0o600).err().unwrap();
        assert_eq!(error.to_string(), "nobody reads this named pipe");
    }

    #[test]
    fn a_full_pipe_that_does_not_block_is_waited_for() {
        let (mut reader, writer) = io::pipe().unwrap();
        let flags = fcntl_getfl(&writer).unwrap();
        fcntl_setfl(&writer, flags | OFlags::NONBLOCK).unwrap();
        let mut file = LineFile::new(Some(File::from(OwnedFd::from(writer))));
        let text = "a line\n".repeat(100_000);
        let read = thread::spawn(move || {
            let mut text = String::new();
            reader.read_to_string(&mut text).unwrap();
            text
        });
        file.write(text.as_bytes()).unwrap();
        drop(file);
        assert!(read.join().unwrap() == text);
    }

    #[test]
    fn a_pipe_that_loses_its_reader_loses_lines_and_says_so() {
        let (reader, writer) = io::pipe().unwrap();
        let mut file = LineFile::new(Some(File::from(OwnedFd::from(writer))));
        drop(reader);
        let lost = file.write(b"one\ntwo\n").unwrap_err();
        assert_eq!((lost.lines, lost.error.kind()), (2, ErrorKind::BrokenPipe));
    }

    /// A limit on the size of files stands for a full disk: what fits is written. It applies to all threads of a
    /// process, so this test runs itself again as a process of its own.
    #[test]
    fn a_full_disk_gets_whole_lines_only_and_the_others_are_counted() {
        const CHILD: &str = "E6_TEST_FULL_DISK";
        if std::env::var_os(CHILD).is_none() {
            let name =
                "output::line_file::tests::a_full_disk_gets_whole_lines_only_and_the_others_are_counted";
            // The signal of the limit would end the process.
            let child = std::process::Command::new("sh")
                .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
                .arg(std::env::current_exe().unwrap())
                .args([name, "--exact", "--nocapture"])
                .env(CHILD, "1")
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&child.stdout).into_owned();
            assert!(child.status.success() && said.contains("1 passed"), "{said}");
            return;
        }
        let limit = |bytes| {
            let granted = getrlimit(Resource::Fsize);
            setrlimit(Resource::Fsize, Rlimit { current: bytes, ..granted }).unwrap();
        };
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut file = LineFile::append(&path, 0o600).unwrap();
        limit(Some(20));
        let lost = file.write(b"line one\nline two\nline three\nline four\n").unwrap_err();
        assert_eq!(lost.lines, 2, "{}", lost.error);
        assert_eq!(fs::read_to_string(&path).unwrap(), "line one\nline two\n", "whole lines only");
        assert_eq!(file.write(b"line five\n").unwrap_err().lines, 1);
        limit(None);
        file.write(b"line six\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "line one\nline two\nline six\n");
    }
}
