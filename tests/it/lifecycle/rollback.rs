//! `e6 rollback`: the previous binary comes back.

use crate::support::{
    day::{EVENING, Game, IN_PROGRESS},
    fake_mlb::FakeMlb,
    server::{Server, run},
    tools,
};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

/// A running e6 with a binary of its own.
fn installed() -> (Server, PathBuf, FakeMlb) {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let dir = tempfile::tempdir().unwrap();
    let binary = dir.path().join("e6");
    fs::copy(tools::e6(), &binary).unwrap();
    let mut command = Command::new("./e6");
    // A script stands in for a binary, and Landlock would not allow its shell.
    command.current_dir(dir.path()).env_clear().env("HOME", dir.path()).env("E6_LANDLOCK", "false");
    let server = Server::start_by(command, dir, &["--mlb-url", &mlb.url(), "--clock", EVENING]);
    server.wait_for_verdict("yes");
    (server, binary, mlb)
}

/// Puts other bytes in the binary's place: a program may have anything after its end.
fn replace(binary: &Path, bytes: &[u8]) {
    let new = binary.with_extension("new");
    fs::write(&new, bytes).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(new, binary).unwrap();
}

fn running(server: &Server) -> Vec<u8> {
    fs::read(format!("/proc/{}/exe", server.found().unwrap())).unwrap()
}

#[test]
fn rollback_puts_back_the_binary_from_before_the_upgrade_and_again_the_newer_one() {
    let (mut server, binary, _mlb) = installed();
    let old = fs::read(&binary).unwrap();
    let new = [&old[..], b"newer"].concat();
    let before = binary.with_extension("before");
    assert_eq!(before, server.path("e6.before"));
    let (code, said) = server.command(&["rollback"]);
    assert!(code == Some(1) && said.contains("there is no previous binary"), "{said}");
    assert_eq!(server.command(&["upgrade"]).0, Some(0));
    assert!(!before.exists(), "the same binary is no previous one");
    assert!(server.wait_for_exit().success());

    replace(&binary, &new);
    let (code, said) = server.command(&["upgrade"]);
    assert_eq!((code, &*said), (Some(0), ""));
    assert!(running(&server) == new && fs::read(&before).unwrap() == old);
    assert_eq!(fs::metadata(&before).unwrap().permissions().mode() & 0o777, 0o755);

    for (runs, kept) in [(&old, &new), (&new, &old)] {
        let process = server.found();
        let (code, said) = server.command(&["rollback"]);
        assert_eq!((code, &*said), (Some(0), ""));
        assert_ne!(server.found(), process);
        assert!(running(&server) == *runs && fs::read(&binary).unwrap() == *runs);
        assert!(fs::read(&before).unwrap() == *kept);
        assert_eq!(server.api()["verdict"], "yes");
    }
}

#[test]
fn a_previous_binary_that_does_not_run_changes_nothing() {
    let (server, binary, _mlb) = installed();
    let old = fs::read(&binary).unwrap();
    let before = binary.with_extension("before");
    replace(&before, b"#!/bin/sh\nexit 3\n");
    let process = server.found();
    let (code, said) = server.command(&["rollback"]);
    assert!(code == Some(1) && said.contains("nothing has changed: "), "{said}");
    assert!(said.contains("exit status: 3"), "{said}");
    assert_eq!(server.found(), process);
    assert!(fs::read(&binary).unwrap() == old);
    assert_eq!(fs::read(&before).unwrap(), b"#!/bin/sh\nexit 3\n");
}

#[test]
fn without_a_running_e6_the_binaries_change_places() {
    let dir = tempfile::tempdir().unwrap();
    let (broken, before) = (dir.path().join("e6"), dir.path().join("e6.before"));
    fs::write(&broken, "broken").unwrap();
    fs::copy(tools::e6(), &before).unwrap();
    // The broken one cannot roll itself back.
    let rolled = Command::new(&before)
        .arg("rollback")
        .current_dir(dir.path())
        .env("HOME", dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8(rolled.stdout).unwrap();
    assert!(rolled.status.success() && said.contains("no e6 runs: start it"), "{said}");
    assert_eq!(fs::read(&before).unwrap(), b"broken");
    assert!(fs::read(&broken).unwrap() == fs::read(tools::e6()).unwrap());
    assert_eq!(run(dir.path(), &["rollback", "--pid-file", "none"]).0, Some(1));
}

#[test]
fn a_process_that_runs_by_the_name_of_the_previous_binary_can_be_rolled_back() {
    let (server, binary, _mlb) = installed();
    let old = fs::read(&binary).unwrap();
    let new = [&old[..], b"newer"].concat();
    let before = binary.with_extension("before");
    fs::rename(&binary, &before).unwrap();
    replace(&binary, &new);
    assert_eq!(server.command(&["rollback"]), (Some(0), String::new()));
    assert!(running(&server) == old && fs::read(&binary).unwrap() == old);
    assert!(fs::read(&before).unwrap() == new);
}

#[test]
fn an_upgrade_through_a_switched_link_says_that_a_rollback_needs_the_link_switched_back() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let dir = tempfile::tempdir().unwrap();
    let [first, second, link] = ["e6-1", "e6-2", "e6"].map(|name| dir.path().join(name));
    fs::copy(tools::e6(), &first).unwrap();
    fs::copy(tools::e6(), &second).unwrap();
    std::os::unix::fs::symlink("e6-1", &link).unwrap();
    let mut command = Command::new("./e6");
    command.current_dir(dir.path()).env_clear().env("HOME", dir.path()).env("E6_LANDLOCK", "false");
    let server = Server::start_by(command, dir, &["--mlb-url", &mlb.url(), "--clock", EVENING]);
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("e6-2", &link).unwrap();
    let (code, said) = server.command(&["upgrade"]);
    let runs = |path: &Path| {
        let linked = fs::read_link(format!("/proc/{}/exe", server.found().unwrap())).unwrap();
        linked == fs::canonicalize(path).unwrap()
    };
    assert!(code == Some(0) && runs(&second), "{said}");
    assert!(said.contains("switch the link back") && said.contains("e6-1"), "{said}");
    let (code, said) = server.command(&["rollback"]);
    assert!(code == Some(1) && said.contains("switch it back"), "{said}");
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("e6-1", &link).unwrap();
    assert_eq!(server.command(&["upgrade"]).0, Some(0));
    assert!(runs(&first));
}
