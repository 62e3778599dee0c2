//! Upgrades: another process takes over while the site is served.

use crate::{
    http::{
        events::Listener,
        http2::{
            Client,
            frames::{DATA, GOAWAY, get, settings, window_update},
        },
    },
    support::{
        client::Kept,
        day::{EVENING, Game, IN_PROGRESS},
        fake_mlb::FakeMlb,
        server::{PATIENCE, Server, send_to, signal},
        tools,
    },
};
use serde_json::Value;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

fn site(arguments: &[&str]) -> (Server, FakeMlb) {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let url = mlb.url();
    let server = Server::start_with(&[&["--mlb-url", &url, "--clock", EVENING][..], arguments].concat());
    server.wait_for_verdict("yes");
    (server, mlb)
}

fn how(server: &Server) -> Value {
    let response = server.get("/how", "Accept: application/json\r\n");
    serde_json::from_slice(&response.body).unwrap()
}

#[test]
fn the_new_process_serves_on_the_same_sockets_and_the_old_one_ends() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("e6.sock");
    let (mut server, _mlb) = site(&["--http", &format!("127.0.0.1:0,unix:{}", socket.display())]);
    let first = server.pid();
    assert_eq!(server.found(), Some(first));
    assert_eq!(how(&server)["server"]["upgrades"], 0);
    let (mut stream, _) = Listener::open(&server, "");
    stream.event().unwrap();

    let (code, said) = server.command(&["upgrade"]);
    assert_eq!(code, Some(0), "{said}{}", server.stderr());
    let second = server.found().unwrap();
    assert_ne!(first, second);
    assert!(stream.event().is_none(), "who has the page open comes back to the new one");
    assert!(server.wait_for_exit().success(), "{}", server.stderr());

    assert_eq!(server.api()["verdict"], "yes", "it knows what was known");
    assert_eq!(how(&server)["server"]["upgrades"], 1);
    assert_eq!(server.get("/readyz", "").status, 200);
    assert!(server.metrics().contains("e6_build_info"), "operators come to the same port");
    let tls = send_to(server.https(), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", true);
    assert_eq!(tls.status, 400, "cleartext where TLS is spoken");
    assert!(socket.exists(), "the socket's file is the new one's now");
    assert_eq!(server.found(), Some(second), "and so is the pid file");

    // Another upgrade works, and the last process removes its files.
    signal(second, "USR2");
    let deadline = Instant::now() + PATIENCE;
    while how(&server)["server"]["upgrades"] != 2 {
        assert!(Instant::now() < deadline, "{}", server.stderr());
        thread::sleep(Duration::from_millis(50));
    }
    let third = server.found().unwrap();
    assert_ne!(second, third);
    signal(third, "TERM");
    let deadline = Instant::now() + PATIENCE;
    while socket.exists() || server.found().is_some() {
        assert!(Instant::now() < deadline, "{}", server.stderr());
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_response_that_was_begun_is_finished_by_the_process_that_began_it() {
    let (mut server, _mlb) = site(&[]);
    let mut client = Client::connect(&server);
    // A window of 0: the response's head arrives, its body waits.
    client.send(&[settings(&[(4, 0)]), get(1)].concat());
    assert!(client.wait(|frame| frame.stream == 1 && frame.is_ok()));
    let (code, said) = server.command(&["upgrade"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(client.wait(|frame| frame.kind == GOAWAY && frame.code() == Some(0)), "and it is told to go");
    client.send(&window_update(1, 65_535));
    assert!(client.wait(|frame| frame.kind == DATA && frame.flags & 1 == 1));
    assert!(server.wait_for_exit().success());
    assert!(!server.stderr().contains("have been cut"), "{}", server.stderr());
}

/// A server with these lines in `e6.toml`, whose binary can be replaced.
pub(super) fn with_binary_of_its_own(toml: &str) -> (Server, PathBuf, FakeMlb) {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let dir = tempfile::tempdir().unwrap();
    let binary = dir.path().join("e6");
    fs::write(dir.path().join("e6.toml"), toml).unwrap();
    fs::hard_link(tools::e6(), &binary).or_else(|_| fs::copy(tools::e6(), &binary).map(drop)).unwrap();
    let mut command = Command::new("./e6");
    // Scripts replace the binary, and Landlock would not allow their shell.
    command.current_dir(dir.path()).env_clear().env("HOME", dir.path()).env("E6_LANDLOCK", "false");
    let url = mlb.url();
    let server = Server::start_by(command, dir, &["--mlb-url", &url, "--clock", EVENING]);
    server.wait_for_verdict("yes");
    (server, binary, mlb)
}

fn replace(binary: &Path, script: &str) {
    fs::remove_file(binary).unwrap();
    fs::write(binary, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(binary, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_binary_that_does_not_get_ready_is_reaped_and_the_old_process_stays() {
    let (server, binary, _mlb) = with_binary_of_its_own("");
    let mut kept = Kept::open(server.http()).unwrap();
    for (script, why) in [
        ("exit 3", "ended before it was ready (exit status: 3)"),
        ("exec 3>&-; exec sleep 60", "hung up before it was ready"),
        ("echo $$ > hanging; exec sleep 60", "not ready within 10 s"),
    ] {
        replace(&binary, script);
        let (code, said) = server.command(&["upgrade"]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(why), "{said}");
        assert!(server.stderr().contains("no upgrade, this process goes on"), "{}", server.stderr());
        assert_eq!(server.found(), Some(server.pid()));
        assert_eq!(kept.get("/").unwrap().status, 200);
        assert_eq!(server.page().matches("<html").count(), 1);
    }
    let hanging = fs::read_to_string(server.path("hanging")).unwrap();
    assert!(!Path::new("/proc").join(hanging.trim()).exists(), "it is gone, and not even a zombie");
    fs::remove_file(&binary).unwrap();
    let (code, said) = server.command(&["upgrade"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("cannot start"), "{said}");
    assert_eq!(kept.get("/").unwrap().status, 200);
}

#[test]
fn a_new_process_with_a_wrong_configuration_does_not_take_over() {
    let (server, _mlb) = site(&[]);
    fs::write(server.path("e6.toml"), "[player]\nid = \"me\"\n").unwrap();
    let (code, said) = server.command(&["upgrade"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("exit status: 2"), "{said}");
    assert!(server.stderr().contains("e6.toml:2: player.id"), "its own lines say why: {}", server.stderr());
    assert_eq!(server.api()["verdict"], "yes");
}
