//! Start, stop, and the state on disk.

use crate::support::{
    day::{EVENING, Game, IN_PROGRESS, NOON},
    fake_mlb::{FakeMlb, Fault},
    server::{Server, check, command, run, signal},
};
use serde_json::json;
use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    process::Stdio,
    time::{Duration, Instant},
};

const STATE: &str = ".local/state/e6/last-good.e6";

#[test]
fn a_taken_port_is_named_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dir = tempfile::tempdir().unwrap();
    let (code, _, stderr) = run(dir.path(), &["--http", &address, "--https", "off", "--admin", "off"]);
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains(&format!("cannot listen on {address}")) && stderr.contains("choose another port"),
        "{stderr}"
    );
}

#[test]
fn a_second_e6_does_not_share_the_port_of_the_first() {
    let mlb = FakeMlb::with(&[]);
    let server = Server::start(&mlb, NOON);
    let dir = tempfile::tempdir().unwrap();
    let address = server.http().to_string();
    let (code, _, stderr) = run(dir.path(), &["--http", &address, "--https", "off", "--admin", "off"]);
    assert_eq!(code, Some(1), "{stderr}");
}

#[test]
fn a_broken_file_gets_all_its_mistakes_listed_and_starts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("e6.toml"), "[player]\nid = \"me\"\n[listen]\nhtpp = \"off\"\n").unwrap();
    for arguments in [&["check"][..], &[], &["demo"]] {
        let (code, _, stderr) = run(dir.path(), arguments);
        assert_eq!(code, Some(2), "{arguments:?}");
        assert!(
            stderr.contains("e6.toml:2: player.id") && stderr.contains("did you mean listen.http?"),
            "{stderr}"
        );
        assert!(stderr.contains("2 mistakes"), "{stderr}");
    }
    let (code, _, stderr) = run(dir.path(), &["--no-such-flag"]);
    assert_eq!(code, Some(2), "{stderr}");
}

#[test]
fn check_shows_what_is_in_force() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("e6.toml"), "[words]\nyes = \"Of course\"\n").unwrap();
    let (code, stdout, stderr) = check(dir.path(), &["--https", "127.0.0.1:0", "--player", "5"]);
    assert_eq!(code, Some(0), "{stderr}");
    let shown = |key: &str| {
        let line = stdout.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {key}: {stdout}")).trim()
    };
    assert_eq!((shown("words.yes"), shown("player.id")), ("\"Of course\"", "5"));
}

#[test]
fn the_start_prints_one_build_line_and_every_address() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = command(dir.path())
        .args(["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
        .args(["--mlb-url", "http://127.0.0.1:9", "--ready-file", "ready.json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    let ready = loop {
        match fs::read_to_string(dir.path().join("ready.json")) {
            Ok(text) => break serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            Err(_) => assert!(Instant::now() < deadline),
        }
    };
    signal(child.id(), "INT");
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    assert!(child.wait().unwrap().success());
    let lines: Vec<_> = stdout.lines().collect();
    let address = |kind: &str| ready[kind][0].as_str().unwrap().to_owned();
    assert!(lines[0].starts_with("e6 0."), "{stdout}");
    assert!(lines[1].starts_with(&format!("https https://{}/ (self-signed", address("https"))), "{stdout}");
    assert!(lines[2].starts_with(&format!("http3 https://{}/ (self-signed", address("https"))), "{stdout}");
    assert_eq!(lines[3], format!("admin http://{}/", address("admin")), "{stdout}");
    assert_eq!(lines[4], format!("http://{}/", address("http")), "on a line of its own, last: {stdout}");
    assert_eq!(lines.len(), 5, "{stdout}");
    let key = fs::metadata(dir.path().join("certs/key.pem")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
}

#[test]
fn sigterm_drains_and_exits_with_zero() {
    let mlb = FakeMlb::with(&[]);
    let server = Server::start(&mlb, NOON);
    // An idle connection does not delay the drain.
    let mut idle = TcpStream::connect(server.http()).unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut reply = [0; 15];
    idle.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b"HTTP/1.1 200 OK");
    let began = Instant::now();
    let (status, _dir) = server.terminate();
    assert!(status.success(), "{status}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn a_restart_answers_at_once_from_the_state_file_and_says_how_old_it_is() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = Server::start(&mlb, EVENING);
    let before = server.wait_for_verdict("yes");
    let (_, dir) = server.terminate();
    mlb.fault(Fault::Refuse);
    let server = Server::start_in(dir, &["--mlb-url", &mlb.url(), "--clock", "2024-07-03T04:25:00Z"]);
    let after = server.api();
    assert_eq!((&after["verdict"], &after["stale"]), (&json!("yes"), &json!(true)));
    assert_eq!((&after["asked_at"], &after["changed_at"]), (&before["asked_at"], &before["changed_at"]));
    let page = server.page();
    assert!(["19 minutes ago", "20 minutes ago"].iter().any(|age| page.contains(age)), "{page}");
    assert_eq!(server.get("/readyz", "").status, 503);
    mlb.fault(None);
    server.wait_for("fresh", |answer| answer["stale"] == false);
}

#[test]
fn yesterdays_state_is_not_shown_as_todays() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("yes");
    let (_, dir) = server.terminate();
    mlb.fault(Fault::Refuse);
    let server = Server::start_in(dir, &["--mlb-url", &mlb.url(), "--clock", "2024-07-03T20:00:00Z"]);
    let answer = server.api();
    assert_eq!(
        (&answer["verdict"], &answer["date"], &answer["errors"]),
        (&json!("unknown"), &json!("2024-07-03"), &json!(0))
    );
}

#[test]
fn a_corrupt_state_file_is_set_aside_and_logged() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("yes");
    let (_, dir) = server.terminate();
    let state = dir.path().join(STATE);
    let good = fs::read(&state).unwrap();
    for (what, bytes) in [
        ("truncated", good[..good.len() / 2].to_vec()),
        ("flipped", [&good[..good.len() - 9], b"x", &good[good.len() - 8..]].concat()),
        ("another version", [b"e6-state-999".as_slice(), &good[10..]].concat()),
        ("empty", Vec::new()),
        ("binary", vec![0xff; 64]),
    ] {
        fs::write(&state, bytes).unwrap();
        let other = tempfile::tempdir().unwrap();
        let data = dir.path().join(".local/state/e6");
        let server = Server::start_in(
            other,
            &["--mlb-url", "http://127.0.0.1:9", "--data-dir", data.to_str().unwrap(), "--clock", EVENING],
        );
        assert_eq!(server.api()["verdict"], "unknown", "{what}");
        assert!(server.stderr().contains("set aside"), "{what}: {}", server.stderr());
        assert!(!state.exists(), "{what}");
    }
    let aside = fs::read_dir(state.parent().unwrap()).unwrap().flatten();
    assert!(aside.count() >= 1, "kept under another name");
}

#[test]
fn an_unknown_player_is_reported_at_start_and_on_the_page() {
    let mlb = FakeMlb::with(&[]);
    let server = Server::start_with(&["--mlb-url", &mlb.url(), "--player", "12", "--clock", NOON]);
    let answer = server.wait_for("known to be unknown", |answer| {
        answer["reason"] == "MLB has no player with the number 12."
    });
    assert_eq!(answer["verdict"], "unknown");
    assert!(server.stderr().contains("MLB knows no such player") && server.stderr().contains("--player"));
    assert!(server.page().contains("MLB has no player with the number 12."));
}

#[test]
fn pages_come_without_a_disk() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = Server::start_with(&[
        "--mlb-url",
        &mlb.url(),
        "--clock",
        EVENING,
        "--data-dir",
        "/dev/null/nowhere",
        "--certs",
        "/dev/null/certs",
    ]);
    server.wait_for_verdict("yes");
    let deadline = Instant::now() + Duration::from_secs(10);
    while !server.stderr().contains("cannot write the state file") {
        assert!(Instant::now() < deadline, "{}", server.stderr());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(server.stderr().contains("serving one made for this run"), "{}", server.stderr());
}

#[test]
fn a_state_that_cannot_be_written_is_logged_once_and_written_once_it_can_be() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let dir = tempfile::tempdir().unwrap();
    // A file in place of a directory, so that nothing can be created below it, as on a lost disk.
    fs::write(dir.path().join("disk"), "gone").unwrap();
    let data = dir.path().join("disk/data");
    let server = Server::start_in(
        dir,
        &["--mlb-url", &mlb.url(), "--clock", EVENING, "--data-dir", data.to_str().unwrap()],
    );
    server.wait_for_verdict("yes");
    let rounds = || server.metric("e6_mlb_polls_total{outcome=\"heard\"}");
    let wait_until = |what: &str, is_so: &dyn Fn() -> bool| {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !is_so() {
            assert!(Instant::now() < deadline, "not {what}: {}", server.stderr());
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    wait_until("asked twice", &|| rounds() >= 2.0);
    assert_eq!(server.page().matches("<html").count(), 1);
    fs::remove_file(server.path("disk")).unwrap();
    wait_until("kept", &|| data.join("last-good.e6").exists());
    wait_until("said", &|| server.stderr().contains("the state file can be written again"));
    assert_eq!(server.stderr().matches("cannot write the state file").count(), 1, "{}", server.stderr());
}
