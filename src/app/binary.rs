//! The binaries of running processes, as /proc shows them.

use crate::app::control;
use std::{
    fs, io,
    os::unix::ffi::OsStrExt,
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

/// A sentence about another process that runs this binary, and how to name it to a command; none if there is none.
pub(crate) fn other_process() -> Option<String> {
    let binary = own_path().ok()?;
    let pids: Vec<_> = numbers(Path::new("/proc")).filter(|pid| *pid != process::id()).collect();
    let runs = |pid: &&u32| path_of(**pid).is_ok_and(|path| path == binary);
    let may_run = |pid: &&u32| is_hidden(**pid) && has_name_of(**pid, &binary);
    let with_file = pids.iter().filter(runs).find_map(|pid| Some((pid, pid_file_of(*pid)?)));
    let binary = binary.display();
    if let Some((pid, file)) = with_file {
        return Some(format!("the process {pid} runs {binary}: name it with --pid-file {}", file.display()));
    }
    let runs =
        pids.iter().find(runs).map(|pid| format!("the process {pid} runs {binary}, without a pid file"));
    runs.or_else(|| {
        let pid = pids.iter().find(may_run)?;
        Some(format!("the process {pid} may run {binary}: run this command as root to find out"))
    })
}

/// Whether this user may not see the binary of a process: e6 hides its memory, so its own user cannot either.
fn is_hidden(pid: u32) -> bool {
    path_of(pid).is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

/// Whether a process has the name of this binary, of which Linux keeps 15 bytes.
fn has_name_of(pid: u32, binary: &Path) -> bool {
    let name = binary.file_name().unwrap_or_default().as_bytes();
    let kept = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    !kept.is_empty() && kept.trim_ascii_end() == &name[..name.len().min(15)]
}

/// The pid file that a process holds open. Unlike other files with a lock and a number, it has a control file.
fn pid_file_of(pid: u32) -> Option<PathBuf> {
    let dir = PathBuf::from(format!("/proc/{pid}/fd"));
    let files = numbers(&dir).filter_map(|fd| fs::read_link(dir.join(fd.to_string())).ok());
    let is_pid_file = |file: &PathBuf| {
        file.is_file() && control::owner(file) == Some(pid) && control::listening(file).is_some()
    };
    files.into_iter().find(is_pid_file)
}

/// The entries of a directory whose names are numbers; none if it cannot be read.
fn numbers(dir: &Path) -> impl Iterator<Item = u32> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn without(path: PathBuf, suffix: &str) -> PathBuf {
    path.to_str().and_then(|path| path.strip_suffix(suffix)).map(PathBuf::from).unwrap_or(path)
}
