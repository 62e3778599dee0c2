//! A machine that runs out of descriptors, or whose disk hangs or fails. What only root can bring about is in
//! `needs_root`.

use crate::{
    limits::{
        ask, connect,
        connections::{is_open, listener},
        wait_until,
    },
    support::{
        day::{EVENING, Game, IN_PROGRESS, NOON},
        fake_mlb::{FakeMlb, Fault},
        preload,
        server::{Server, command, signal},
        tools,
    },
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The state file, below the server's directory.
pub const STATE: &str = ".local/state/e6/last-good.e6";
/// The text of an error in the state file.
pub const CHARGED: &str = "\"errors\":1";
/// Time for what happens at the next poll, or the one after.
const POLLS: Duration = Duration::from_secs(60);

/// Asserts that every way to ask says that the server is healthy.
pub fn is_healthy(server: &Server, during: &str) {
    assert_eq!(server.get("/healthz", "").status, 200, "{during}");
    let (code, said) = server.command(&["health", &format!("http://{}", server.http())]);
    assert_eq!(code, Some(0), "{during}: {said}");
    // Asked twice, because the answer may become stale in between.
    let is_stale = || server.api()["stale"] == true;
    let ready = |is_stale| if is_stale { 503 } else { 200 };
    let (before, status, after) = (is_stale(), server.get("/readyz", "").status, is_stale());
    assert!([before, after].map(ready).contains(&status), "{during}: {status}, stale: {before}, {after}");
}

/// Waits until this condition holds, for as long as two polls may take.
pub fn wait_for_polls(server: &Server, what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + POLLS;
    while !is_so() {
        assert!(Instant::now() < deadline, "not {what}: {}", server.stderr());
        thread::sleep(Duration::from_millis(50));
    }
}

/// 64 descriptors, some of which the process itself needs.
#[test]
fn two_hundred_clients_and_few_descriptors() {
    let dir = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\"", tools::e6()])
        .current_dir(dir.path())
        .env_clear()
        .env("HOME", dir.path())
        .env("PATH", std::env::var("PATH").unwrap())
        .stdin(Stdio::null());
    let mlb = FakeMlb::with(&[]);
    let server = Server::start_by(shell, dir, &["--mlb-url", &mlb.url(), "--clock", NOON]);
    let mut busy: Vec<_> = (0..8).map(|_| listener(server.http())).collect();
    let others: Vec<_> = (0..200).map(|_| connect(server.http())).collect();
    wait_until("said", || server.stderr().contains("cannot accept connections"));
    assert!(busy.iter_mut().all(is_open));
    // A new connection is served, because idle ones are closed for it.
    assert!(ask(&mut connect(server.http())).starts_with("HTTP/1.1 200"));
    is_healthy(&server, "while there is no descriptor");
    let complaints = server.stderr().matches("cannot accept connections").count();
    assert!(complaints < 20, "it is said once in a while, not {complaints} times");
    drop(others);
    assert!(ask(&mut connect(server.http())).starts_with("HTTP/1.1 200"));
    assert!(busy.iter_mut().all(is_open));
}

#[test]
fn no_watch_of_inotify_is_needed() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("assets")).unwrap();
    let mlb = FakeMlb::with(&[]);
    let server = Server::start_in(dir, &["--mlb-url", &mlb.url(), "--clock", NOON, "--assets", "assets"]);
    let open = fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap();
    let open: Vec<_> = open.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok()).collect();
    assert!(open.iter().any(|file| file.starts_with("anon_inode:[eventpoll]")), "{open:?}");
    assert!(!open.iter().any(|file| file.to_string_lossy().contains("inotify")), "{open:?}");
}

/// A server whose libc has this `fsync`, after it has written its state.
fn with_fsync(body: &str) -> (Server, FakeMlb) {
    with_libc(&format!("int fsync(int file) {{ {body} return fdatasync(file); }}\n"))
}

/// A server whose libc has these functions, after it has written its state.
fn with_libc(functions: &str) -> (Server, FakeMlb) {
    let compiled = tempfile::tempdir().unwrap();
    let library = libc_with(compiled.path(), functions);
    with_a_state(|mlb, dir, run| {
        let mut command = command(dir.path());
        if run == Run::Tested {
            command.env("LD_PRELOAD", &library);
        }
        Server::start_by(command, dir, &["--mlb-url", &mlb.url(), "--clock", EVENING])
    })
}

/// A library with these functions, in place of those of libc.
fn libc_with(dir: &Path, functions: &str) -> PathBuf {
    let headers = ["errno.h", "fcntl.h", "stdarg.h", "string.h", "sys/syscall.h", "unistd.h"];
    let headers = headers.map(|header| format!("#include <{header}>\n")).concat();
    preload::library(dir, &format!("#define _GNU_SOURCE\n{headers}{functions}"))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// Writes the state.
    First,
    /// Has the state, and is the one to test.
    Tested,
}

/// Starts a server that writes its state, and another one in its place that has this state. MLB does not answer the second
/// one. So it asks again within seconds, until [`charge`], and not only at the next poll of a game.
pub fn with_a_state(start: impl Fn(&FakeMlb, TempDir, Run) -> Server) -> (Server, FakeMlb) {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    let first = start(&mlb, tempfile::tempdir().unwrap(), Run::First);
    first.wait_for_verdict("not_yet");
    let (_, dir) = first.terminate();
    mlb.fault(Fault::Refuse);
    let server = start(&mlb, dir, Run::Tested);
    assert_eq!(server.api()["verdict"], "not_yet", "it has the state: {}", server.stderr());
    (server, mlb)
}

/// Has MLB answer, and say that he was charged with an error.
pub fn charge(mlb: &FakeMlb) {
    mlb.play(&[Game::new(IN_PROGRESS).charged(1)]);
    mlb.fault(None);
}

fn state(server: &Server) -> String {
    fs::read_to_string(server.path(STATE)).unwrap_or_default()
}

/// Asserts that the state file has an error that a restart without MLB tells.
fn keeps_the_error(server: Server) {
    wait_for_polls(&server, "kept anew", || state(&server).contains(CHARGED));
    let (_, dir) = server.terminate();
    let server = Server::start_in(dir, &["--mlb-url", "http://127.0.0.1:9", "--clock", EVENING]);
    assert_eq!(server.api()["verdict"], "yes");
}

#[test]
#[ignore = "needs cc"]
fn a_disk_that_hangs_holds_up_no_answer_and_is_waited_for() {
    let (server, mlb) = with_fsync("while (access(\"hangs\", F_OK) == 0) usleep(20000);");
    let before = state(&server);
    assert!(!before.contains(CHARGED), "{before}");
    fs::write(server.path("hangs"), "").unwrap();
    charge(&mlb);
    server.wait_for_verdict("yes");
    wait_for_polls(&server, "said", || server.stderr().contains("the disk is slow or hangs"));
    assert_eq!(state(&server), before);
    is_healthy(&server, "while the disk hangs");
    fs::remove_file(server.path("hangs")).unwrap();
    wait_for_polls(&server, "said to be over", || {
        server.stderr().contains("the disk has taken the state file at last")
    });
    assert_eq!(server.stderr().matches("the disk is slow or hangs").count(), 1, "{}", server.stderr());
    keeps_the_error(server);
}

#[test]
#[ignore = "needs cc"]
fn a_disk_with_io_errors_costs_no_answer_and_no_old_state() {
    let at_the_end = "if (access(\"broken\", F_OK) == 0) { errno = EIO; return -1; }";
    for (server, mlb) in [with_fsync(at_the_end), with_libc(FAILING_WRITE)] {
        costs_no_answer_and_no_old_state(server, &mlb);
    }
}

/// Fails to write to a file of the state while there is a file `broken`.
const FAILING_WRITE: &str = r#"
#include <stdio.h>
ssize_t write(int file, const void *bytes, size_t count) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = 0;
    if (strstr(path, ".local/state") && access("broken", F_OK) == 0) { errno = EIO; return -1; }
    return syscall(SYS_write, file, bytes, count);
}
"#;

/// Asserts it of a server whose disk fails while there is a file `broken`.
fn costs_no_answer_and_no_old_state(server: Server, mlb: &FakeMlb) {
    let before = state(&server);
    fs::write(server.path("broken"), "").unwrap();
    charge(mlb);
    server.wait_for_verdict("yes");
    let said = "cannot write the state file";
    wait_for_polls(&server, "said", || server.stderr().contains(said));
    assert!(server.stderr().contains("Input/output error"), "{}", server.stderr());
    assert_eq!(state(&server), before);
    is_healthy(&server, "while the disk fails");
    fs::remove_file(server.path("broken")).unwrap();
    wait_for_polls(&server, "said to be over", || {
        server.stderr().contains("the state file can be written again")
    });
    assert_eq!(server.stderr().matches(said).count(), 1, "{}", server.stderr());
    keeps_the_error(server);
}

/// Refuses to open a file of the state for writing while there is a file `read-only`, as a file system does that has met
/// an error. Mounting one again does not do that while a file on it is open for writing.
const READ_ONLY: &str = r#"
int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int mode = va_arg(rest, int);
    va_end(rest);
    if ((flags & O_ACCMODE) != O_RDONLY && strstr(path, ".local/state") && access("read-only", F_OK) == 0) {
        errno = EROFS;
        return -1;
    }
    return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
"#;

#[test]
#[ignore = "needs cc"]
fn a_disk_that_becomes_read_only_costs_no_answer_and_no_old_state() {
    let (server, mlb) = with_libc(READ_ONLY);
    let before = state(&server);
    fs::write(server.path("read-only"), "").unwrap();
    charge(&mlb);
    server.wait_for_verdict("yes");
    let said = "cannot write the state file";
    wait_for_polls(&server, "said", || server.stderr().contains(said));
    assert!(server.stderr().contains("Read-only file system"), "{}", server.stderr());
    assert_eq!(state(&server), before);
    is_healthy(&server, "while the disk is read-only");
    assert_eq!(server.get("/readyz", "").status, 200);
    fs::remove_file(server.path("read-only")).unwrap();
    wait_for_polls(&server, "said to be over", || {
        server.stderr().contains("the state file can be written again")
    });
    assert_eq!(server.stderr().matches(said).count(), 1, "{}", server.stderr());
    keeps_the_error(server);
}

#[test]
#[ignore = "needs cc"]
fn the_lock_and_the_pid_file_are_written_once_the_disk_lets_them() {
    let (compiled, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(dir.path().join("read-only"), "").unwrap();
    let mut command = command(dir.path());
    command.env("LD_PRELOAD", libc_with(compiled.path(), READ_ONLY));
    let server = Server::start_by(command, dir, &["--mlb-url", "http://127.0.0.1:9"]);
    for warning in ["no pid file", "cannot write to the data directory"] {
        server.wait_until(warning, || server.stderr().contains(warning));
    }
    assert_eq!(server.command(&["reload"]).0, Some(1), "no process is found");
    fs::remove_file(server.path("read-only")).unwrap();
    server.wait_until("found again", || server.found() == Some(server.pid()));
    assert_eq!(server.command(&["reload"]).0, Some(0), "{}", server.stderr());
    let second = ["--http", "127.0.0.1:0", "--https", "off", "--admin", "off", "--pid-file", "other.pid"];
    let (code, said) = server.command(&second);
    assert!(code == Some(1) && said.contains("uses the data directory"), "{code:?} {said}");
}

#[test]
fn a_data_directory_that_is_removed_is_made_again() {
    let (server, mlb) =
        with_a_state(|mlb, dir, _| Server::start_in(dir, &["--mlb-url", &mlb.url(), "--clock", EVENING]));
    let dir = server.path(STATE).parent().unwrap().to_owned();
    // Something else is in its place for a while. The server may be writing there: then it is removed again.
    server.wait_until("removed", || {
        let _ = fs::remove_dir_all(&dir);
        fs::write(&dir, "").is_ok()
    });
    charge(&mlb);
    server.wait_for_verdict("yes");
    wait_for_polls(&server, "said", || server.stderr().contains("cannot write the state file"));
    is_healthy(&server, "without its directory");
    assert_eq!(server.get("/readyz", "").status, 200);
    fs::remove_file(&dir).unwrap();
    keeps_the_error(server);
}

/// Opens and asks for no file of the state while there is a file `hangs`.
const HANGING: &str = r#"
static void wait_for(const char *path) {
    while (strstr(path, ".local/state") && access("hangs", F_OK) == 0) usleep(20000);
}
int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int mode = va_arg(rest, int);
    va_end(rest);
    wait_for(path);
    return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
int statx(int dir, const char *path, int flags, unsigned mask, void *found) {
    wait_for(path);
    return syscall(SYS_statx, dir, path, flags, mask, found);
}
"#;

#[test]
#[ignore = "needs cc"]
fn a_disk_that_hangs_holds_up_neither_a_reload_nor_the_end() {
    let (server, _mlb) = with_libc(HANGING);
    fs::write(server.path("hangs"), "").unwrap();
    // The files are looked for every 5 s.
    let looks = || {
        let tasks = fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap().flatten();
        tasks
            .filter_map(|task| fs::read_to_string(task.path().join("comm")).ok())
            .any(|name| name == "files\n")
    };
    server.wait_until("looking", looks);
    signal(server.pid(), "HUP");
    server.wait_until("reloaded", || server.stderr().contains("the configuration has been reloaded"));
    let began = Instant::now();
    let (code, _dir) = server.terminate();
    assert!(code.success() && began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}
