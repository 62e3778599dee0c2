//! The first start on a fresh machine, where no directory exists yet.

use crate::support::{
    day::{EVENING, Game, IN_PROGRESS, NOON},
    fake_mlb::FakeMlb,
    server::{PID_FILE, Server, check, command, run, signal},
};
use std::{fs, path::Path};

/// A start outside the user's home, which is empty. The caller sets the directory of the state and more of the
/// environment.
fn start(home: &Path, variables: &[(&str, &Path)], arguments: &[&str]) -> (Server, FakeMlb) {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let dir = tempfile::tempdir().unwrap();
    let mut command = command(dir.path());
    command.env("HOME", home).envs(variables.iter().copied());
    let url = mlb.url();
    let server =
        Server::start_by(command, dir, &[&["--mlb-url", &url, "--clock", EVENING], arguments].concat());
    (server, mlb)
}

/// Asserts that state, pid file and log are written, and that the process answers commands.
fn writes_everything(server: &Server, data: &Path) {
    server.wait_for_verdict("yes");
    server.wait_until("kept", || data.join("last-good.e6").exists());
    let pid_file = data.join("e6.pid");
    let (code, said) = server.command(&["reload", "--pid-file", pid_file.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{said}{}", server.stderr());
    let said = server.stderr();
    assert!(!said.contains("ermission denied") && !said.contains("cannot"), "{said}");
}

#[test]
fn a_fresh_home_keeps_the_state() {
    let home = tempfile::tempdir().unwrap();
    let (server, _mlb) = start(home.path(), &[], &[]);
    writes_everything(&server, &home.path().join(".local/state/e6"));
}

#[test]
fn a_state_home_that_is_not_there_is_made() {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("new/state");
    let (server, _mlb) = start(home.path(), &[("XDG_STATE_HOME", &state)], &[]);
    writes_everything(&server, &state.join("e6"));
}

#[test]
fn a_data_directory_is_made_with_all_above_it() {
    let home = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let at = |path: &str| outside.path().join(path).display().to_string();
    let (data, log, certs) = (at("a/b/c"), at("log/e6/access.log"), at("tls/certs"));
    let (server, _mlb) =
        start(home.path(), &[], &["--data-dir", &data, "--access-log", &log, "--certs", &certs]);
    writes_everything(&server, Path::new(&data));
    server.wait_until("logged", || fs::metadata(&log).is_ok_and(|log| log.len() > 0));
    assert!(Path::new(&certs).join("key.pem").exists());
}

#[test]
fn the_certificates_of_a_ca_have_a_place_on_a_fresh_machine() {
    let home = tempfile::tempdir().unwrap();
    let acme =
        ["--domain", "a.example", "--acme", "me@a.example", "--acme-directory", "http://127.0.0.1:9/dir"];
    let (server, _mlb) = start(home.path(), &[], &acme);
    server.wait_until("asked the CA", || server.stderr().contains("127.0.0.1:9"));
    let said = server.stderr();
    assert!(!said.contains("cannot keep") && !said.contains("ermission denied"), "{said}");
    assert!(home.path().join(".local/state/e6/acme").is_dir(), "{said}");
}

#[test]
fn without_a_home_the_site_runs_and_says_what_is_lost() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let url = mlb.url();
    for (home, said) in [
        (None, "no data directory, so a restart will begin without an answer"),
        // Not even root can create anything there.
        (Some("/proc/nobody"), "data.dir: cannot make /proc/nobody/.local/state/e6"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let mut command = command(dir.path());
        command.env_remove("HOME").envs(home.map(|home| ("HOME", home)));
        let server = Server::start_by(command, dir, &["--mlb-url", &url, "--clock", EVENING]);
        server.wait_for_verdict("yes");
        assert!(server.stderr().contains(said), "{}", server.stderr());
        assert!(server.stderr().contains("a restart will begin without an answer"), "{}", server.stderr());
    }
}

#[test]
fn check_says_what_the_start_can_make() {
    let dir = tempfile::tempdir().unwrap();
    let checked = |data: &str, log: &str| {
        let arguments = ["--https", "off", "--data-dir", data, "--access-log", log];
        let (code, stdout, stderr) = check(dir.path(), &arguments);
        (code, stdout + &stderr)
    };
    let (code, said) = checked("a/b/c", "log/e6/access.log");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("fine     data.dir       a/b/c can be made"), "{said}");
    let log = dir.path().join("log/e6");
    assert!(said.contains(&format!("fine     log.access     {} can be made", log.display())), "{said}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left behind");
    let (code, said) = checked("/proc/nobody/data", "/proc/nobody/log/access.log");
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("warning  data.dir       cannot write /proc/nobody/data"), "{said}");
    assert!(said.contains("error    log.access     cannot write /proc/nobody/log"), "{said}");
}

fn second(server: &Server) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().unwrap();
    let data = server.path(PID_FILE).parent().unwrap().display().to_string();
    let listen = ["--http", "127.0.0.1:0", "--https", "off", "--admin", "off"];
    let (code, _, said) = run(dir.path(), &[&listen[..], &["--data-dir", &data]].concat());
    (code, said)
}

#[test]
fn a_second_e6_does_not_use_the_data_directory_of_the_first() {
    let mlb = FakeMlb::with(&[]);
    let mut server = Server::start(&mlb, NOON);
    let refused = |pid: u32| {
        let (code, said) = second(&server);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(&format!("another e6 (process {pid}) uses the data directory")), "{said}");
        assert_eq!(server.found(), Some(pid));
    };
    refused(server.pid());
    // Old and new process share the lock, then the new one holds it alone.
    let (code, said) = server.command(&["upgrade"]);
    assert_eq!(code, Some(0), "{said}");
    let new = server.found().unwrap();
    refused(new);
    let old = server.pid();
    assert!(server.wait_for_exit().success(), "{old}");
    let (code, said) = second(&server);
    assert!(code == Some(1) && said.contains(&format!("process {new}")), "{said}");
    let (code, said) = server.command(&["upgrade"]);
    assert_eq!(code, Some(0), "and once more: {said}");
    // A lock ends with its process, even after SIGKILL.
    let last = server.found().unwrap();
    signal(last, "KILL");
    server.wait_until("free", || !Path::new(&format!("/proc/{last}")).exists());
    let dir = server.kill();
    let server = Server::start_in(dir, &["--mlb-url", &mlb.url(), "--clock", NOON]);
    assert_eq!(server.found(), Some(server.pid()));
}

#[test]
fn a_second_e6_does_not_take_the_pid_file_of_the_first() {
    let mlb = FakeMlb::with(&[]);
    let url = mlb.url();
    let server = Server::start_with(&["--mlb-url", &url, "--clock", NOON, "--pid-file", "e6.pid"]);
    let (dir, pid_file) = (tempfile::tempdir().unwrap(), server.path("e6.pid").display().to_string());
    let listen = ["--http", "127.0.0.1:0", "--https", "off", "--admin", "off"];
    let (code, _, said) = run(dir.path(), &[&listen[..], &["--pid-file", &pid_file]].concat());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("the running e6 {} has it", server.pid())), "{said}");
    let (code, said) = server.command(&["reload", "--pid-file", "e6.pid"]);
    assert_eq!(code, Some(0), "{said}");
}
