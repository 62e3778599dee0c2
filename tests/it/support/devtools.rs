//! Headless Chromium, driven by the DevTools protocol over a pipe, so that it needs no port.

use crate::support::{
    server::PATIENCE,
    tools::{built, find},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A browser with one page.
pub struct Browser {
    child: Child,
    input: ChildStdin,
    messages: mpsc::Receiver<Value>,
    /// The DevTools session of the page.
    session: String,
    last_id: u64,
    /// Console messages, policy violations and failed loads.
    complaints: Vec<String>,
    loads: usize,
    _profile: TempDir,
}

/// The size of a desktop window, in CSS pixels.
pub const DESKTOP: (u32, u32) = (1280, 900);

impl Browser {
    /// Opens an empty page. Without QUIC, because its tests are about other protocols.
    pub fn open() -> Self {
        Browser::open_with(&["--disable-quic", "--ignore-certificate-errors"])
    }

    /// Opens an empty page with these flags.
    pub fn open_with(flags: &[&str]) -> Self {
        find("chromium");
        let profile = tempfile::tempdir().unwrap();
        // Chromium reads commands from descriptor 3 and writes to 4.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$@\" 3<&0 4>&1 0</dev/null 1>&2", "sh", "chromium"])
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
            .args(flags)
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--hide-scrollbars", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(profile.path().join("stderr")).unwrap())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = mpsc::channel();
        thread::spawn(move || {
            for message in output.split(0) {
                let Ok(message) = message else { return };
                if sender.send(serde_json::from_slice(&message).unwrap()).is_err() {
                    return;
                }
            }
        });
        let mut browser = Browser {
            child,
            input,
            messages,
            session: String::new(),
            last_id: 0,
            complaints: Vec::new(),
            loads: 0,
            _profile: profile,
        };
        browser.attach();
        browser
    }

    fn attach(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        let page = loop {
            let targets = self.call("Target.getTargets", json!({}))["targetInfos"].take();
            let page = targets.as_array().unwrap().iter().find(|target| target["type"] == "page");
            if let Some(page) = page {
                break page["targetId"].clone();
            }
            assert!(Instant::now() < deadline, "no page: {targets}");
            thread::sleep(Duration::from_millis(20));
        };
        let attached = self.call("Target.attachToTarget", json!({"targetId": page, "flatten": true}));
        self.session = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(&format!("{domain}.enable"), json!({}));
        }
        self.size(DESKTOP);
    }

    /// Sends a command and returns its result.
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.try_call(method, parameters).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn try_call(&mut self, method: &str, parameters: Value) -> Result<Value, Value> {
        self.last_id += 1;
        let id = self.last_id;
        let mut command = json!({"id": id, "method": method, "params": parameters});
        if !self.session.is_empty() {
            command["sessionId"] = json!(self.session);
        }
        self.input.write_all(format!("{command}\0").as_bytes()).unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut message = self.next(deadline).unwrap_or_else(|| panic!("no reply to {command}"));
            if message["id"] == id {
                return match message["error"].take() {
                    Value::Null => Ok(message["result"].take()),
                    error => Err(error),
                };
            }
            self.note(&message);
        }
    }

    fn next(&self, deadline: Instant) -> Option<Value> {
        self.messages.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
    }

    fn note(&mut self, message: &Value) {
        let parameters = &message["params"];
        match message["method"].as_str().unwrap_or_default() {
            "Page.loadEventFired" => self.loads += 1,
            "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded" => {
                self.complaints.push(parameters.to_string());
            }
            _ => {}
        }
    }

    /// Opens a page and waits until it has loaded.
    pub fn visit(&mut self, url: &str) {
        let before = self.loads;
        let gone = self.call("Page.navigate", json!({"url": url}));
        assert!(gone["errorText"].is_null(), "{url}: {gone}");
        let deadline = Instant::now() + PATIENCE;
        while self.loads == before {
            let message = self.next(deadline).unwrap_or_else(|| panic!("{url} does not load"));
            self.note(&message);
        }
    }

    /// Opens an empty page, so that the last page has no more requests.
    pub fn leave(&mut self) {
        self.visit("about:blank");
    }

    /// Evaluates an expression on the page, and awaits a promise.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        self.try_evaluate(expression).unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    fn try_evaluate(&mut self, expression: &str) -> Result<Value, Value> {
        let parameters = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let mut evaluated = self.try_call("Runtime.evaluate", parameters)?;
        match evaluated["exceptionDetails"].take() {
            Value::Null => Ok(evaluated["result"]["value"].take()),
            exception => Err(exception),
        }
    }

    /// The text of the first element that matches; empty if there is none.
    pub fn text(&mut self, selector: &str) -> String {
        let text = self.evaluate(&format!("document.querySelector({selector:?})?.textContent ?? ''"));
        text.as_str().unwrap().to_owned()
    }

    /// Waits until an expression is true on the page.
    pub fn wait_until(&mut self, expression: &str) {
        let deadline = Instant::now() + PATIENCE;
        // While one page replaces another, there is no page to evaluate on.
        while self.try_evaluate(&format!("Boolean({expression})")) != Ok(json!(true)) {
            assert!(Instant::now() < deadline, "never {expression}; {:?}", self.complaints);
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Presses and releases a key.
    pub fn press(&mut self, key: &str) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            other => panic!("{other}"),
        };
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let parameters = json!({
                "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text,
            });
            self.call("Input.dispatchKeyEvent", parameters);
        }
    }

    /// Sets the window's size, in CSS pixels.
    pub fn size(&mut self, (width, height): (u32, u32)) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// Sets the media type and features.
    pub fn media(&mut self, medium: &str, features: &[(&str, &str)]) {
        let feature = |(name, value): &(&str, &str)| json!({"name": name, "value": value});
        let features: Vec<_> = features.iter().map(feature).collect();
        self.call("Emulation.setEmulatedMedia", json!({"media": medium, "features": features}));
    }

    /// A screenshot of the whole page as PNG, also saved under this name.
    pub fn shoot(&mut self, name: &str) -> Vec<u8> {
        let content = self.call("Page.getLayoutMetrics", json!({}))["cssContentSize"].take();
        let clip =
            json!({"x": 0, "y": 0, "width": content["width"], "height": content["height"], "scale": 1});
        let whole = json!({"clip": clip, "captureBeyondViewport": true});
        let shot = self.call("Page.captureScreenshot", whole);
        let png = BASE64_STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        assert!(png.starts_with(b"\x89PNG") && png.len() > 5000, "{name}");
        let dir = built("screenshots");
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join(format!("{name}.png")), &png).unwrap();
        png
    }

    /// The page's complaints since the last call.
    pub fn complaints(&mut self) -> Vec<String> {
        // Earlier messages have been read when the reply arrives.
        self.evaluate("0");
        std::mem::take(&mut self.complaints)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
