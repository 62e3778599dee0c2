//! Paths of the settings that lead to no file of a few kilobytes: named pipes, devices, nothing.

use crate::support::{
    server::{PATIENCE, Server, check, command, run},
    tools,
};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::{
    ffi::OsString,
    fs,
    os::unix::ffi::OsStringExt,
    process::{Command, Stdio},
    time::Instant,
};

/// Runs e6, which has to end by itself; returns its standard error.
fn refused(run: impl FnOnce() -> (Option<i32>, String, String)) -> String {
    let began = Instant::now();
    let (code, stdout, stderr) = run();
    assert!(began.elapsed().as_secs() < 10, "{stdout}{stderr}");
    assert!(matches!(code, Some(1 | 2)), "{code:?} {stdout}{stderr}");
    stdout + &stderr
}

#[test]
fn a_pipe_that_nobody_writes_and_a_device_without_an_end_stop_no_command() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    for path in [pipe.to_str().unwrap(), "/dev/zero"] {
        let expected = if path == "/dev/zero" { "larger than" } else { "it is a pipe" };
        for flags in [
            &["--config", path][..],
            &["--tls-cert", path, "--tls-key", path],
            &["--domain", "example.org", "--acme", "a@b.org", "--acme-ca", path],
        ] {
            let said = refused(|| check(dir.path(), flags));
            assert!(said.contains(expected) && said.contains(path), "{flags:?}: {said}");
        }
        for (setting, value) in [("E6_RELAY_TOKEN_FILE", path), ("E6_MLB_TOKEN_FILE", path)] {
            let ended = command(dir.path()).arg("check").env(setting, value).output().unwrap();
            let said = String::from_utf8(ended.stderr).unwrap();
            assert!(ended.status.code() == Some(2) && said.contains("cannot read the token"), "{said}");
        }
        let said = refused(|| run(dir.path(), &["reload", "--pid-file", path]));
        assert!(said.contains(path), "{said}");
    }
}

#[test]
fn only_a_file_is_replaced_by_the_pid_file_and_the_ready_file() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let path = pipe.to_str().unwrap();
    for flag in ["--pid-file", "--ready-file"] {
        let said = refused(|| check(dir.path(), &["--https", "off", "--tls", "off", flag, path]));
        assert!(said.contains(&format!("{path} is no regular file")), "{said}");
        let start = ["--http", "127.0.0.1:0", "--https", "off", "--tls", "off", "--admin", "off"];
        let said = refused(|| run(dir.path(), &[&start[..], &[flag, path]].concat()));
        assert!(said.contains(&format!("{path} is no regular file")), "{said}");
    }
}

#[test]
fn the_lock_and_the_pid_file_come_again_after_the_data_directory_was_emptied() {
    let server = Server::start_with(&["--mlb-url", "http://127.0.0.1:9"]);
    let data = server.path(".local/state/e6");
    for entry in fs::read_dir(&data).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    server
        .wait_until("found again", || server.found() == Some(server.pid()) && data.join("e6.lock").exists());
    assert_eq!(server.command(&["reload"]).0, Some(0));
    let second = ["--http", "127.0.0.1:0", "--https", "off", "--tls", "off", "--admin", "off"];
    let said = refused(|| run(&server.path(""), &second));
    assert!(
        said.contains(&format!("another e6 (process {}) uses the data directory", server.pid())),
        "{said}"
    );
    let (status, dir) = server.terminate();
    assert!(status.success() && !dir.path().join(".local/state/e6/e6.pid").exists());
}

#[test]
fn a_data_directory_that_is_none_costs_the_state_and_no_more() {
    for dir in ["/dev/null", "/proc/e6"] {
        let server = Server::start_with(&["--mlb-url", "http://127.0.0.1:9", "--data-dir", dir]);
        assert_eq!(server.get("/healthz", "").status, 200);
        server.wait_until("said", || server.stderr().contains("no pid file"));
        assert!(server.terminate().0.success());
    }
}

/// The access log reaches the limit on the size of a file.
#[test]
fn a_file_that_may_not_grow_costs_lines_and_not_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let mut limited = Command::new("bash");
    limited.args(["-c", "ulimit -f 32; exec \"$0\" \"$@\"", tools::e6()]);
    limited.current_dir(dir.path()).env_clear().env("HOME", dir.path()).stdin(Stdio::null());
    let server = Server::start_by(limited, dir, &["--mlb-url", "http://127.0.0.1:9", "--log-level", "error"]);
    let deadline = Instant::now() + PATIENCE;
    while server.metric("e6_access_log_dropped_total") == 0.0 {
        assert!(Instant::now() < deadline);
        server.get(&format!("/{}", "x".repeat(1000)), "");
    }
    assert_eq!(server.get("/healthz", "").status, 200);
    assert!(server.terminate().0.success());
}

#[test]
fn too_few_descriptors_are_said_with_the_limit_to_raise() {
    let dir = tempfile::tempdir().unwrap();
    for (limit, expected) in
        [(12, "cannot start with 12 open files at most: raise the limit to 48"), (48, "")]
    {
        let script = format!("ulimit -n {limit}; exec \"$0\" \"$@\"");
        let mut limited = Command::new("bash");
        limited.args(["-c", &script, tools::e6()]).current_dir(dir.path()).env("HOME", dir.path());
        if expected.is_empty() {
            let server =
                Server::start_by(limited, tempfile::tempdir().unwrap(), &["--mlb-url", "http://127.0.0.1:9"]);
            assert_eq!(server.get("/healthz", "").status, 200);
            continue;
        }
        let ended = limited.args(["--http", "127.0.0.1:0"]).output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(ended.status.code() == Some(1) && said.contains(expected), "{said}");
    }
}

#[test]
fn values_out_of_range_get_the_error_of_their_setting() {
    let dir = tempfile::tempdir().unwrap();
    for (flags, expected) in [
        (["--player", "-5"], "\"-5\" is no id"),
        (["--hsts", "-1"], "\"-1\" is no number of seconds"),
        (["--clock", "9999-12-31T23:59:59Z"], "is no time from 1900 to 2999"),
        (["--clock", "0000-01-01T00:00:00Z"], "is no time from 1900 to 2999"),
    ] {
        let said = refused(|| check(dir.path(), &flags));
        assert!(said.contains(expected), "{flags:?}: {said}");
    }
}

/// The shell's `<(…)` is a pipe: its text would be gone at the first reload.
#[test]
fn settings_that_come_from_a_command_are_refused_rather_than_lost() {
    let dir = tempfile::tempdir().unwrap();
    let script = "\"$0\" check --offline --config <(printf '[player]\\nid = 7\\n')";
    let ended = Command::new("bash").args(["-c", script, tools::e6()]).current_dir(&dir).output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(ended.status.code() == Some(2) && said.contains("cannot read it (it is a pipe"), "{said}");
}

#[test]
fn names_and_values_that_are_empty_or_no_text_are_said() {
    let dir = tempfile::tempdir().unwrap();
    let no_text = || OsString::from_vec(b"\xff".to_vec());
    for (variable, value, expected) in [
        ("E6_CONFIG", OsString::new(), "error: the name of the settings file is empty"),
        ("E6_CONFIG", no_text(), "error: E6_CONFIG: it is not text in UTF-8"),
        ("E6_YES", no_text(), "error: E6_YES: it is not text in UTF-8"),
        ("E6_CONFIG", "missing.toml".into(), "error: missing.toml: cannot read it (No such file"),
    ] {
        let ended = command(dir.path()).arg("check").env(variable, value).output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(ended.status.code() == Some(2) && said.contains(expected), "{variable}: {said}");
    }
    fs::write(
        dir.path().join("e6.toml"),
        "[site]\ndomains = []\n[proxy]\ntrusted = []\n[listen]\nhttp = []\n",
    )
    .unwrap();
    let said = refused(|| check(dir.path(), &["--https", "off", "--tls", "off"]));
    assert!(said.contains("e6.toml:6: listen.http: the list is empty: write it like"), "{said}");
    assert!(!said.contains("site.domains"), "an empty list is the default: {said}");
}
