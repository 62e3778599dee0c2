//! The files in `deploy/`, checked by systemd's tools and logrotate.

use crate::support::{
    server::{PATIENCE, Server, send_to, signal},
    tools::{self, output},
    user::{by_root, nobodys},
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

const NO_MLB: [&str; 2] = ["--mlb-url", "http://127.0.0.1:9"];

fn shipped(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name)).unwrap()
}

/// The units, with the path of the tested binary.
fn units() -> (TempDir, Vec<PathBuf>) {
    let dir = tempfile::tempdir().unwrap();
    let names = ["e6.service", "e6-http.socket", "e6-https.socket", "e6-http3.socket"];
    let paths = names.map(|name| {
        let path = dir.path().join(name);
        let binary = tools::e6();
        let unit = shipped(name).replace("ExecStart=e6", &format!("ExecStart={binary}"));
        fs::write(&path, unit.replace("ExecReload=e6", &format!("ExecReload={binary}"))).unwrap();
        path
    });
    (dir, paths.to_vec())
}

#[test]
#[ignore = "needs systemd-analyze"]
fn systemd_finds_nothing_wrong_with_the_units() {
    tools::find("systemd-analyze");
    let (_dir, units) = units();
    let verified = Command::new("systemd-analyze").arg("verify").args(&units).output().unwrap();
    let said = String::from_utf8_lossy(&[verified.stdout, verified.stderr].concat()).into_owned();
    assert!(verified.status.success() && said.is_empty(), "{said}");
}

#[test]
#[ignore = "needs systemd-analyze"]
fn the_unit_leaves_little_to_get_at() {
    tools::find("systemd-analyze");
    let (_dir, units) = units();
    // systemd-analyze takes tenths: 1.5 of 10.
    let security = ["security", "--offline=yes", "--no-pager", "--threshold=15"];
    let said = output(Command::new("systemd-analyze").args(security).arg(&units[0]));
    assert!(said.contains("Overall exposure level for e6.service: "), "{said}");
}

/// The system calls that the unit's filters allow: sets and names add calls, or remove them after `~`.
fn allowed() -> BTreeSet<String> {
    let unit = shipped("e6.service");
    let mut allowed = expand("@default");
    for filter in unit.lines().filter_map(|line| line.strip_prefix("SystemCallFilter=")) {
        let (names, is_taken) = filter.strip_prefix('~').map_or((filter, false), |names| (names, true));
        for calls in names.split(' ').map(expand) {
            match is_taken {
                true => allowed.retain(|call| !calls.contains(call)),
                false => allowed.extend(calls),
            }
        }
    }
    allowed
}

fn expand(name: &str) -> BTreeSet<String> {
    if !name.starts_with('@') {
        return [name.to_owned()].into();
    }
    let listed = output(Command::new("systemd-analyze").args(["syscall-filter", "--no-pager", name]));
    let calls =
        listed.lines().skip(1).map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    calls.flat_map(expand).collect()
}

#[test]
#[ignore = "needs systemd-analyze and strace"]
fn the_unit_allows_every_system_call_that_is_made() {
    tools::find("systemd-analyze");
    tools::find("strace");
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("trace");
    let mut traced = Command::new("strace");
    // With -D strace runs as a child, so e6 keeps its pid.
    traced.args(["-D", "-f", "-qq", "-o"]).arg(&trace).arg(tools::e6());
    traced.current_dir(dir.path()).env_clear().env("HOME", dir.path()).env("PATH", "/usr/bin:/bin");
    let mut server = Server::start_by(traced, dir, &NO_MLB);
    let over_tls = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(send_to(server.https(), over_tls, true).status, 400);
    let certs = server.path("certs").display().to_string();
    let https = server.https().to_string();
    let arguments = ["health", &format!("https://{https}"), "--certs", &certs];
    assert_eq!(server.command(&arguments).0, Some(0));
    for asked in ["reload", "upgrade"] {
        let (code, said) = server.command(&[asked]);
        assert_eq!(code, Some(0), "{said}");
    }
    assert!(server.wait_for_exit().success());
    assert!(server.page().contains("</html>"));
    let successor = server.found().unwrap();
    signal(successor, "USR1");
    assert_eq!(server.get("/api/v1/answer", "").status, 200);
    signal(successor, "TERM");
    let deadline = Instant::now() + PATIENCE;
    while Path::new("/proc").join(successor.to_string()).exists() {
        assert!(Instant::now() < deadline, "{}", server.stderr());
        thread::sleep(Duration::from_millis(20));
    }
    let trace = fs::read_to_string(&trace).unwrap();
    let call = |line: &str| {
        let (name, _) = line.split_once(' ')?.1.trim_start().split_once('(')?;
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then(|| name.to_owned())
    };
    let made: BTreeSet<String> = trace.lines().filter_map(call).collect();
    assert!(
        made.len() > 40 && made.contains("landlock_restrict_self") && made.contains("capset"),
        "{made:?}"
    );
    let refused: Vec<_> = made.difference(&allowed()).cloned().collect();
    assert!(refused.is_empty(), "the unit refuses {refused:?}");
}

#[test]
#[ignore = "needs logrotate"]
fn logrotate_moves_the_log_away_and_e6_takes_up_another() {
    tools::find("logrotate");
    // As on a server: root runs logrotate, and another user owns the log.
    let (dir, user): (_, &[&str]) = match by_root() {
        true => (nobodys(), &["--user", "nobody", "--data-dir", "data"]),
        false => (tempfile::tempdir().unwrap(), &[]),
    };
    let server = Server::start_in(dir, &[&NO_MLB[..], user, &["--access-log", "access.log"]].concat());
    let log = server.path("access.log");
    let logged = || {
        let deadline = Instant::now() + PATIENCE;
        while !fs::metadata(&log).is_ok_and(|meta| meta.len() > 0) {
            assert_eq!(server.get("/healthz", "").status, 200);
            assert!(Instant::now() < deadline, "{}", server.stderr());
            thread::sleep(Duration::from_millis(50));
        }
    };
    logged();
    let ask = format!("kill -USR1 {}", server.pid());
    let configuration = shipped("e6.logrotate")
        .replace("/var/log/e6/access.log", log.to_str().unwrap())
        .replace("systemctl kill --signal=USR1 e6.service", &ask);
    assert!(configuration.contains(&ask) && configuration.contains(log.to_str().unwrap()), "{configuration}");
    let (file, state) = (server.path("logrotate.conf"), server.path("logrotate.state"));
    fs::write(&file, configuration).unwrap();
    output(Command::new("logrotate").arg("--force").arg("--state").arg(&state).arg(&file));
    assert!(fs::metadata(server.path("access.log.1")).unwrap().len() > 0);
    logged();
}

#[test]
fn the_unit_and_its_sockets_are_about_each_other() {
    let service = shipped("e6.service");
    for (kind, stream, port) in [("http", "Stream", 80), ("https", "Stream", 443), ("http3", "Datagram", 443)]
    {
        let socket = shipped(&format!("e6-{kind}.socket"));
        for line in [
            format!("Listen{stream}={port}"),
            format!("FileDescriptorName={kind}"),
            "Service=e6.service".to_owned(),
        ] {
            assert!(socket.lines().any(|found| found == line), "{line}: {socket}");
        }
    }
    // Longer than the drain, so that systemd does not kill e6 while it drains.
    assert!(service.contains("TimeoutStopSec=35") && service.contains("\nExecStart=e6\n"));
}
