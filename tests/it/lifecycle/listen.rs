//! Listeners: several addresses of each kind, and Unix sockets.

use crate::support::{
    day::NOON,
    fake_mlb::FakeMlb,
    server::{PATIENCE, Response, Server, parse, run, send_to},
    tools,
};
use serde_json::Value;
use std::{
    fs,
    io::{Read, Write},
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    process::Command,
    thread,
};
use tempfile::TempDir;

const ALIVE: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// A server that also listens at `e6.sock` in its directory.
fn with_socket(dir: TempDir, more: &[&str]) -> (Server, PathBuf, FakeMlb) {
    let mlb = FakeMlb::with(&[]);
    let path = dir.path().join("e6.sock");
    let http = format!("127.0.0.1:0,unix:{}", path.display());
    let url = mlb.url();
    let arguments = [&["--mlb-url", &url, "--clock", NOON, "--http", &http], more].concat();
    (Server::start_in(dir, &arguments), path, mlb)
}

fn ask_unix(path: &Path, request: &str) -> Response {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    parse(&reply, true)
}

/// The addresses of this kind of listener in the ready file.
fn told(server: &Server, kind: &str) -> Vec<String> {
    let ready: Value = serde_json::from_str(&fs::read_to_string(server.path("ready.json")).unwrap()).unwrap();
    ready[kind].as_array().unwrap().iter().map(|address| address.as_str().unwrap().to_owned()).collect()
}

/// The error of an e6 that cannot start with this socket.
fn refused(dir: &Path, path: &Path) -> String {
    let http = format!("unix:{}", path.display());
    let (code, _, stderr) = run(dir, &["--http", &http, "--https", "off", "--admin", "off"]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains(&format!("cannot listen on {http}: ")), "{stderr}");
    stderr
}

/// Tests that need IPv6: ignored by default, run by `.ci/run` if the kernel has it.
mod needs_ipv6 {
    use super::*;

    #[test]
    #[ignore = "needs IPv6"]
    fn every_address_of_every_kind_is_listened_on_and_told() {
        let (server, path, _mlb) = with_socket(
            tempfile::tempdir().unwrap(),
            &[
                "--http",
                "127.0.0.1:0",
                "--https",
                "127.0.0.1:0,127.0.0.1:0",
                "--admin",
                "127.0.0.1:0,[::1]:0",
            ],
        );
        let http = told(&server, "http");
        assert_eq!((http.len(), &http[1]), (3, &format!("unix:{}", path.display())));
        assert_eq!(told(&server, "https").len(), 2);
        assert_eq!(told(&server, "admin").len(), 2);
        for address in [&http[0], &http[2], &told(&server, "admin")[0], &told(&server, "admin")[1]] {
            assert_eq!(send_to(address.parse().unwrap(), ALIVE, true).status, 200, "{address}");
        }
        for address in told(&server, "https") {
            let hello = send_to(address.parse().unwrap(), "GET / HTTP/1.1\r\n\r\n", true);
            assert!(hello.text().contains("speaks HTTPS"), "{address}");
        }
        assert_eq!(ask_unix(&path, ALIVE).status, 200);
    }

    #[test]
    #[ignore = "needs IPv6"]
    fn every_address_of_the_machine_is_both_families() {
        let mlb = FakeMlb::with(&[]);
        let server = Server::start_with(&["--mlb-url", &mlb.url(), "--clock", NOON, "--http", ":0"]);
        let port = server.http().port();
        for address in [format!("127.0.0.1:{port}"), format!("[::1]:{port}")] {
            assert_eq!(send_to(address.parse().unwrap(), ALIVE, true).status, 200, "{address}");
        }
        let log = server.access_log(2);
        assert!(log[0].starts_with("127.0.0.1 - - [") && log[1].starts_with("::1 - - ["), "{log:?}");
    }
}

#[test]
#[ignore = "needs curl"]
fn curl_comes_by_a_unix_socket_and_is_logged_as_such() {
    tools::find("curl");
    let (server, path, _mlb) = with_socket(tempfile::tempdir().unwrap(), &[]);
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--fail", "--max-time", "30", "--unix-socket"]).arg(&path);
    assert!(tools::output(curl.arg("http://localhost/")).contains("Tatis"));
    let line = &server.access_log(1)[0];
    assert!(line.starts_with("unix: - - [") && line.contains("\"GET / HTTP/1.1\" 200 "), "{line}");
    let trace = ask_unix(
        &path,
        "GET /how HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nConnection: close\r\n\r\n",
    );
    let trace: Value = serde_json::from_slice(&trace.body).unwrap();
    assert_eq!(trace["connection"]["ip_version"], Value::Null);
}

#[test]
fn all_workers_take_from_a_unix_socket() {
    let (_server, path, _mlb) = with_socket(tempfile::tempdir().unwrap(), &[]);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..25).for_each(|_| assert_eq!(ask_unix(&path, ALIVE).status, 200)));
        }
    });
}

#[test]
fn who_may_connect_to_a_unix_socket_is_configured() {
    for (file, mode) in [("", 0o660), ("[listen]\nunix_mode = \"0600\"\n", 0o600)] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("e6.toml"), file).unwrap();
        let (_server, path, _mlb) = with_socket(dir, &[]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
    }
}

#[test]
fn operators_come_by_a_unix_socket_too() {
    let dir = tempfile::tempdir().unwrap();
    let admin = dir.path().join("admin.sock");
    let (_server, _, _mlb) = with_socket(dir, &["--admin", &format!("unix:{}", admin.display())]);
    let metrics = ask_unix(&admin, &ALIVE.replace("/healthz", "/metrics"));
    assert!(metrics.text().contains("e6_build_info"), "{metrics:?}");
}

#[test]
fn a_socket_goes_with_its_process_and_one_that_was_left_is_replaced() {
    let (server, path, _mlb) = with_socket(tempfile::tempdir().unwrap(), &[]);
    let dir = server.kill();
    assert!(fs::symlink_metadata(&path).unwrap().file_type().is_socket(), "nobody was left to remove it");
    let (server, path, _mlb) = with_socket(dir, &[]);
    assert_eq!(ask_unix(&path, ALIVE).status, 200);
    let (status, dir) = server.terminate();
    assert!(status.success() && !path.exists());
    drop(dir);
}

#[test]
fn a_socket_that_another_has_put_there_stays() {
    let (server, path, _mlb) = with_socket(tempfile::tempdir().unwrap(), &[]);
    fs::remove_file(&path).unwrap();
    let theirs = UnixListener::bind(&path).unwrap();
    let (status, _dir) = server.terminate();
    assert!(status.success());
    UnixStream::connect(&path).unwrap();
    drop(theirs);
}

#[test]
fn a_socket_on_which_somebody_listens_is_not_taken_away() {
    let (server, path, _mlb) = with_socket(tempfile::tempdir().unwrap(), &[]);
    let other = tempfile::tempdir().unwrap();
    assert!(refused(other.path(), &path).contains("another process listens there: stop it"));
    assert_eq!(ask_unix(&path, ALIVE).status, 200);
    drop(server);
}

#[test]
fn a_file_that_is_not_a_socket_is_not_removed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("letters");
    fs::write(&path, "dear").unwrap();
    assert!(refused(dir.path(), &path).contains("what is there is not removed: move it away"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "dear");
    let directory = dir.path().join("directory");
    fs::create_dir(&directory).unwrap();
    refused(dir.path(), &directory);
    assert!(directory.is_dir());
    let nowhere = refused(dir.path(), &dir.path().join("no/such/e6.sock"));
    assert!(nowhere.contains("make a directory that e6 may write to"), "{nowhere}");
}

#[test]
fn the_start_prints_every_address() {
    let (server, path, _mlb) = with_socket(tempfile::tempdir().unwrap(), &[]);
    let (http, https) = (server.http(), server.https());
    let printed = server.printed();
    for line in [format!("http://{http}/"), format!("unix:{}", path.display()), format!("https://{https}/ (")]
    {
        assert!(printed.contains(&line), "{line}: {printed}");
    }
}
