//! The binaries of running processes, as /proc shows them.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
};

/// The suffix that makes the name of the previous binary from the binary's.
const PREVIOUS_SUFFIX: &str = ".before";
/// The end that the kernel adds to the path of a running binary that was replaced.
const DELETED: &str = " (deleted)";

/// The file that a process executes, also after another one has replaced it.
pub(crate) fn executed(pid: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/exe"))
}

/// The path of a process's binary, which another one may have replaced, or have changed places with.
pub(crate) fn path_of(pid: u32) -> io::Result<PathBuf> {
    fs::read_link(executed(pid)).map(|path| without(without(path, DELETED), PREVIOUS_SUFFIX))
}

/// The path of this binary, or of the one that it was before.
pub(crate) fn own_path() -> io::Result<PathBuf> {
    path_of(process::id())
}

/// The path of the previous binary.
pub(crate) fn previous(binary: &Path) -> PathBuf {
    let mut name = binary.as_os_str().to_owned();
    name.push(PREVIOUS_SUFFIX);
    name.into()
}

fn without(path: PathBuf, suffix: &str) -> PathBuf {
    path.to_str().and_then(|path| path.strip_suffix(suffix)).map(PathBuf::from).unwrap_or(path)
}
