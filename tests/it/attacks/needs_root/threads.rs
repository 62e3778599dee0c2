//! The system refuses threads.

use crate::{
    attacks::exhaustion::{is_healthy, wait_for_polls},
    support::{
        day::{EVENING, Game, IN_PROGRESS},
        fake_mlb::FakeMlb,
        server::Server,
        tools,
    },
};
use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    process::{Child, Command},
};
use tempfile::TempDir;

/// Threads and processes that a user may have: more than a site needs.
const THREADS: usize = 24;

/// A directory of this user, and a command for a copy of the binary that may have so many threads.
fn limited(user: u32, threads: usize) -> (TempDir, Command) {
    tools::find("prlimit");
    let dir = tempfile::tempdir().unwrap();
    chown(dir.path(), Some(user), Some(user)).unwrap();
    let binary = dir.path().join("e6-binary");
    fs::copy(tools::e6(), &binary).unwrap();
    fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new("prlimit");
    command.uid(user).gid(user).current_dir(dir.path()).env("HOME", dir.path());
    command.arg(format!("--nproc={threads}")).arg(binary);
    (dir, command)
}

/// Other processes of the user, as many as he may have.
struct Others(Vec<Child>);

impl Others {
    fn of(user: u32) -> Self {
        let mut sleep = Command::new("sleep");
        sleep.arg("1000").uid(user);
        Others((0..THREADS).map(|_| sleep.spawn().unwrap()).collect())
    }
}

impl Drop for Others {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
#[ignore = "needs root"]
fn a_running_site_needs_no_more_threads_to_tell_the_truth() {
    // A user for each test, because the threads of a user are counted together.
    const USER: u32 = 54331;
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let (dir, command) = limited(USER, THREADS);
    let server = Server::start_by(command, dir, &["--mlb-url", &mlb.url(), "--clock", EVENING]);
    server.wait_for_verdict("yes");
    let others = Others::of(USER);
    mlb.play(&[Game::new(IN_PROGRESS).charged(2)]);
    let unreachable = || server.metric("e6_mlb_polls_total{outcome=\"unreachable\"}");
    wait_for_polls(&server, "said", || unreachable() >= 1.0);
    assert!(server.stderr().contains("the system refuses another thread"), "{}", server.stderr());
    is_healthy(&server, "while there are no threads");
    let answer = server.api();
    assert_eq!((&answer["verdict"], &answer["errors"]), (&"yes".into(), &1.into()));
    drop(others);
    wait_for_polls(&server, "heard again", || server.api()["errors"] == 2);
    assert!(!server.stderr().contains("panic"), "{}", server.stderr());
}

#[test]
#[ignore = "needs root"]
fn a_site_without_threads_still_drains() {
    const USER: u32 = 54332;
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let (dir, command) = limited(USER, THREADS);
    let server = Server::start_by(command, dir, &["--mlb-url", &mlb.url(), "--clock", EVENING]);
    server.wait_for_verdict("yes");
    let _others = Others::of(USER);
    let (status, _dir) = server.terminate();
    assert!(status.success(), "{status}");
}

#[test]
#[ignore = "needs root"]
fn a_start_without_threads_says_so() {
    const USER: u32 = 54333;
    for threads in 1..=6 {
        let (_dir, mut command) = limited(USER, threads);
        let listen = ["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--admin", "off"];
        let ended = command.args(listen).output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{threads}: {said}");
        assert!(said.contains("the system refuses another thread: raise the limit"), "{threads}: {said}");
        assert!(!said.contains("panic"), "{threads}: {said}");
    }
}
