//! Settings, logs and files that operators depend on.

use crate::support::{
    day::NOON,
    fake_mlb::{FakeMlb, Fault},
    server::{Server, command, run},
};
use serde_json::Value;
use std::{fs, process::Stdio};

#[test]
fn flags_beat_the_environment_beats_the_file_beats_the_defaults() {
    let dir = tempfile::tempdir().unwrap();
    let file = "[player]\nid = 1\n[words]\nyes = \"file\"\nno = \"file\"\n";
    fs::write(dir.path().join("e6.toml"), file).unwrap();
    let output = command(dir.path())
        .args(["check", "--offline", "--all", "--player", "3"])
        .envs([("E6_PLAYER", "2"), ("E6_NO", "environment")])
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let value = |key: &str| {
        let line = shown.lines().find(|line| line.starts_with(key));
        line.unwrap_or_else(|| panic!("no {key} in {shown}"))[key.len()..].trim().to_owned()
    };
    assert_eq!(value("player.id"), "3");
    assert_eq!(value("words.no "), "\"environment\"");
    assert_eq!(value("words.yes"), "\"file\"");
    assert_eq!(value("listen.http "), "\"127.0.0.1:8080\"");
}

#[test]
fn a_log_for_programs_is_json_line_by_line() {
    let mlb = FakeMlb::with(&[]);
    mlb.fault(Fault::Html);
    let server = Server::start_with(&["--mlb-url", &mlb.url(), "--clock", NOON, "--log-format", "json"]);
    server.wait_for("a failure", |answer| answer["reason"].as_str().unwrap().contains("unreadable reply"));
    let said = server.stderr();
    assert!(!said.is_empty());
    objects(&said);
}

/// Parses each line as a JSON object, and asserts that it has the common fields.
pub fn objects(text: &str) -> Vec<Value> {
    let read = |line: &str| -> Value {
        let entry: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let is_text = |name: &str| entry[name].as_str().is_some_and(|text| !text.is_empty());
        assert!(["timestamp", "level", "message"].into_iter().all(is_text), "{line}");
        let timestamp = entry["timestamp"].as_str().unwrap();
        assert!(timestamp.len() == 27 && timestamp.ends_with('Z'), "{line}");
        entry
    };
    text.lines().map(read).collect()
}

#[test]
fn a_proxy_for_the_outside_is_not_asked_for_the_day_that_comes_with_e6() {
    let dir = tempfile::tempdir().unwrap();
    let ready = dir.path().join("ready.json");
    let nowhere = "http://127.0.0.1:9";
    let mut child = command(dir.path())
        .args(["demo", "--speed", "500", "--http", "127.0.0.1:0", "--https", "off", "--admin", "off"])
        .arg("--ready-file")
        .arg(&ready)
        .envs([("HTTP_PROXY", nowhere), ("http_proxy", nowhere), ("ALL_PROXY", nowhere)])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let mut heard = Value::Null;
    while heard["asked_at"].is_null() && std::time::Instant::now() < deadline {
        std::thread::sleep(std::time::Duration::from_millis(50));
        let Ok(text) = fs::read_to_string(&ready) else { continue };
        let ready: Value = serde_json::from_str(&text).unwrap();
        let url = format!("http://{}/api/v1/answer", ready["http"][0].as_str().unwrap());
        let agent = ureq::Agent::config_builder().proxy(None).build().new_agent();
        let body = agent.get(url).call().unwrap().body_mut().read_to_string().unwrap();
        heard = serde_json::from_str(&body).unwrap();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!heard["asked_at"].is_null(), "{heard:#}");
}

#[test]
fn a_ready_file_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (code, _, stderr) = run(
        dir.path(),
        &["--http", "127.0.0.1:0", "--https", "off", "--admin", "off", "--ready-file", "/dev/null/ready"],
    );
    assert_eq!(code, Some(1));
    assert!(stderr.contains("cannot write the ready file /dev/null/ready"), "{stderr}");
}

#[test]
fn health_is_answered_for_any_host() {
    let mlb = FakeMlb::with(&[]);
    let server = Server::start(&mlb, NOON);
    for host in ["localhost", "10.0.0.1", "health.internal:99"] {
        let request = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        assert_eq!(server.send(&request, true).status, 200, "{host}");
    }
}
