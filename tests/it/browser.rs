//! In a real browser.

use crate::{
    day::{EVENING, Game, IN_PROGRESS},
    fake_mlb::FakeMlb,
    server::Server,
    tools,
};
use std::{fs, path::Path, process::Command};

/// Opens a page: its DOM and what the browser said on standard error.
fn chromium(url: &str, arguments: &[&str]) -> (String, String) {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new("timeout")
        .args([
            "60",
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
        ])
        .args(["--enable-logging=stderr", "--virtual-time-budget=5000"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(arguments)
        .arg(url)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_browser_shows_the_verdict_without_a_complaint() {
    if !tools::have("chromium", "a_browser_shows_the_verdict_without_a_complaint") {
        return;
    }
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("yes");
    let url = format!("http://{}/", server.http());
    let (dom, said) = chromium(&url, &["--dump-dom"]);
    assert!(dom.contains("<p class=\"verdict\">Yes</p>"), "{dom}\n{said}");
    assert!(!said.contains("CONSOLE"), "{said}");

    let shots = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("screenshots");
    fs::create_dir_all(&shots).unwrap();
    for (name, size, more) in [
        ("phone", "390,844", ""),
        ("desktop", "1280,1100", ""),
        ("dark", "1280,1100", "--blink-settings=preferredColorScheme=0"),
    ] {
        let shot = shots.join(format!("yes-{name}.png"));
        let _ = fs::remove_file(&shot);
        let (_, said) = chromium(
            &url,
            &[&format!("--screenshot={}", shot.display()), &format!("--window-size={size}"), more],
        );
        let bytes = fs::read(&shot).unwrap_or_else(|error| panic!("{error}: {said}"));
        assert!(bytes.starts_with(b"\x89PNG") && bytes.len() > 5000, "{name}");
    }
}

#[test]
fn an_open_page_follows_the_answer() {
    if !tools::have("chromium", "an_open_page_follows_the_answer") {
        return;
    }
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("not_yet");
    let url = format!("http://{}/", server.http());
    let open = std::thread::spawn(move || {
        // Real time: the answer changes while the page is open.
        chromium(&url, &["--virtual-time-budget=0", "--timeout=25000", "--dump-dom"])
    });
    std::thread::sleep(std::time::Duration::from_secs(4));
    mlb.play(&[Game { stamp: 1, ..Game::new(IN_PROGRESS).charged(1) }]);
    server.wait_for_verdict("yes");
    let (dom, said) = open.join().unwrap();
    assert!(dom.contains("<p class=\"verdict\">Yes</p>"), "{dom}\n{said}");
    assert!(!said.contains("CONSOLE"), "{said}");
}
