//! In a real browser.

use crate::{
    day::{EVENING, Game, IN_PROGRESS, season_log},
    fake_mlb::FakeMlb,
    server::{PATIENCE, Server},
    tools,
};
use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Chromium without a window and without a word to anyone but us.
fn chromium(profile: &Path) -> Command {
    let mut command = Command::new("chromium");
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--hide-scrollbars", "--enable-logging=stderr"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .stdin(Stdio::null());
    command
}

/// Opens a page until it has loaded, for ten seconds at most: its DOM and what the browser said on standard error. Time is
/// real: the browser's own would stand still while the page listens for news.
fn opened(url: &str, arguments: &[&str]) -> (String, String) {
    let profile = tempfile::tempdir().unwrap();
    let output = chromium(profile.path()).arg("--timeout=10000").args(arguments).arg(url).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// A page that stays open, in real time.
struct Tab {
    browser: Child,
    profile: TempDir,
}

impl Tab {
    fn open(url: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let stderr = fs::File::create(profile.path().join("stderr")).unwrap();
        let browser = chromium(profile.path())
            .arg("--remote-debugging-port=0")
            .arg(url)
            .stderr(stderr)
            .spawn()
            .unwrap();
        Tab { browser, profile }
    }

    /// Waits for a title that begins so; it is what the browser's list of pages shows.
    fn wait_for_title(&self, start: &str) {
        let deadline = Instant::now() + PATIENCE;
        let mut last = String::new();
        while Instant::now() < deadline {
            last = self.pages().unwrap_or_default();
            let pages: Value = serde_json::from_str(&last).unwrap_or_default();
            let mut titles = pages.as_array().into_iter().flatten().filter_map(|page| page["title"].as_str());
            if titles.any(|title| title.starts_with(start)) {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("no page titled {start}: {last}\n{}", self.said());
    }

    fn pages(&self) -> Option<String> {
        let port = fs::read_to_string(self.profile.path().join("DevToolsActivePort")).ok()?;
        let url = format!("http://127.0.0.1:{}/json/list", port.lines().next()?);
        ureq::get(url).call().ok()?.body_mut().read_to_string().ok()
    }

    fn said(&self) -> String {
        fs::read_to_string(self.profile.path().join("stderr")).unwrap()
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        let _ = self.browser.kill();
        let _ = self.browser.wait();
    }
}

#[test]
fn a_browser_shows_the_verdict_without_a_complaint() {
    if !tools::have("chromium", "a_browser_shows_the_verdict_without_a_complaint") {
        return;
    }
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let log = [("2024-04-30", "Cincinnati Reds", 2), ("2024-05-01", "Cincinnati Reds", 0)];
    mlb.put("/api/v1/people/665487/stats?", season_log(&log));
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("yes");
    let url = format!("http://{}/", server.http());
    let (dom, said) = opened(&url, &["--dump-dom"]);
    assert!(dom.contains("<p class=\"verdict\">Yes</p>"), "{dom}\n{said}");
    assert!(dom.contains("Apr 30 vs Cincinnati Reds: 2 errors</text>"), "{dom}");
    assert!(!said.contains("CONSOLE"), "{said}");

    shoot("yes", &url);
}

/// How a page looks on a phone, on a desk and at night.
fn shoot(name: &str, url: &str) {
    let shots = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("screenshots");
    fs::create_dir_all(&shots).unwrap();
    for (device, size, scheme) in
        [("phone", "390,1700", "1"), ("desktop", "1280,1600", "1"), ("dark", "1280,1600", "0")]
    {
        let shot = shots.join(format!("{name}-{device}.png"));
        let _ = fs::remove_file(&shot);
        let scheme = format!("--blink-settings=preferredColorScheme={scheme}");
        let file = format!("--screenshot={}", shot.display());
        let (_, said) =
            opened(url, &[&file, &format!("--window-size={size}"), &scheme, "--ignore-certificate-errors"]);
        let bytes = fs::read(&shot).unwrap_or_else(|error| panic!("{error}: {said}"));
        assert!(bytes.starts_with(b"\x89PNG") && bytes.len() > 5000, "{name} {device}");
    }
}

#[test]
fn a_browser_shows_the_way_of_a_static_and_of_a_dynamic_request() {
    if !tools::have("chromium", "a_browser_shows_the_way_of_a_static_and_of_a_dynamic_request") {
        return;
    }
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("yes");
    let page = server.page();
    assert!(page.contains("<a href=\"/how?path=/\">"), "{page}");
    let css = page.split('"').find(|text| text.starts_with("/static/e6.")).unwrap();
    for (name, path, lit, pattern) in
        [("dynamic", "/", "Answer", "/"), ("static", css, "Static asset", "/static/*")]
    {
        let url = format!("https://localhost:{}/how?path={path}", server.https().port());
        let (dom, said) = opened(&url, &["--dump-dom", "--ignore-certificate-errors"]);
        assert!(!said.contains("CONSOLE"), "{said}");
        for shown in [
            format!("<p class=\"what\">{lit} "),
            format!(">{pattern}</text>"),
            ">yes</text>".into(),
            "HTTP/2 by ALPN".into(),
            "X25519MLKEM768".into(),
            "200, br</text>".into(),
            "<path class=\"way lit\"".into(),
            "<path class=\"box lit\"".into(),
        ] {
            assert!(dom.contains(&shown), "{shown}: {dom}");
        }
        assert_eq!(dom.matches("box lit").count(), 1);
        shoot(&format!("how-{name}"), &url);
    }
}

/// Adds to the outer page's body which parts of this page are beyond its right edge.
const MEASURE: &str = "<script>{
    const edge = document.documentElement.clientWidth;
    const beyond = [...document.querySelectorAll('body *')].filter(part => part.getBoundingClientRect().right > edge + 1);
    parent.document.body.append(`${edge}:${beyond.map(part => part.outerHTML.slice(0, 80)).join()};`);
}</script>";

/// A page in frames of these widths, for a window of a browser has a least one. It is whole, style sheets and all.
fn framed(server: &Server, path: &str, widths: &[u32]) -> String {
    let mut html = server.get(path, "Accept: text/html\r\n").text().to_owned();
    let sheets: Vec<_> = html.split('"').filter(|text| text.ends_with(".css")).map(str::to_owned).collect();
    assert!(!sheets.is_empty(), "{html}");
    for sheet in sheets {
        let style = format!("<style>{}</style>", server.get(&sheet, "").text());
        html = html.replace(&format!("<link rel=\"stylesheet\" href=\"{sheet}\">"), &style);
    }
    let html = (html + MEASURE).replace('&', "&amp;").replace('"', "&quot;");
    let frame = |width| {
        format!("<iframe style=\"width: {width}px; height: 800px; border: 0\" srcdoc=\"{html}\"></iframe>")
    };
    format!("<!DOCTYPE html><body>{}", widths.iter().map(frame).collect::<String>())
}

#[test]
fn pages_and_drawings_fit_a_narrow_phone() {
    if !tools::have("chromium", "pages_and_drawings_fit_a_narrow_phone") {
        return;
    }
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("yes");
    for (name, path) in [("home", "/"), ("how", "/how?path=/"), ("error", "/nothing")] {
        let file = server.path(&format!("{name}.html"));
        fs::write(&file, framed(&server, path, &[320, 390])).unwrap();
        let (dom, said) = opened(&format!("file://{}", file.display()), &["--dump-dom"]);
        let measured = dom.rsplit("</iframe>").next().unwrap();
        assert!(measured.contains("320:;") && measured.contains("390:;"), "{path}: {measured}\n{said}");
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
    let tab = Tab::open(&format!("http://{}/", server.http()));
    tab.wait_for_title("No, so far");
    mlb.play(&[Game { stamp: 1, ..Game::new(IN_PROGRESS).charged(1) }]);
    tab.wait_for_title("Yes");
    assert!(!tab.said().contains("CONSOLE"), "{}", tab.said());
}
