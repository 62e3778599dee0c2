//! The binary as a child process, killed on drop, with its files and its metrics.

pub use crate::support::response::{EXPECTED_FIELDS, OF_THE_MOMENT, Response, parse, send_to};

use crate::support::{
    day::{EVENING, Game, IN_PROGRESS},
    fake_mlb::FakeMlb,
    secrets, tools,
};
use serde_json::Value;
use std::{
    fs,
    io::Read,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Timeout of any single wait in a test.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// e6's pid file, below the directory of its [`Server`].
pub const PID_FILE: &str = ".local/state/e6/e6.pid";

pub struct Server {
    child: Child,
    dir: TempDir,
    http: SocketAddr,
    https: Option<SocketAddr>,
    admin: Option<SocketAddr>,
}

impl Server {
    /// Starts e6 with this fake MLB and this clock.
    pub fn start(mlb: &FakeMlb, clock: &str) -> Self {
        Server::start_with(&["--mlb-url", &mlb.url(), "--clock", clock])
    }

    /// Starts e6 with these arguments in a new directory.
    pub fn start_with(arguments: &[&str]) -> Self {
        Server::start_in(tempfile::tempdir().unwrap(), arguments)
    }

    /// Starts e6 in this directory, which another server may have used. Without an argument or a line in its
    /// `e6.toml`, it uses free ports and writes the access log to a file.
    pub fn start_in(dir: TempDir, arguments: &[&str]) -> Self {
        Server::start_by(command(dir.path()), dir, arguments)
    }

    /// As `start_in`, with this command.
    pub fn start_by(command: Command, dir: TempDir, arguments: &[&str]) -> Self {
        let stderr = fs::File::create(dir.path().join("stderr")).unwrap();
        Server::start_writing(command, dir, arguments, Stdio::piped(), stderr.into())
    }

    /// As `start_by`, with these as standard output and standard error.
    pub fn start_writing(
        mut command: Command,
        dir: TempDir,
        arguments: &[&str],
        stdout: Stdio,
        stderr: Stdio,
    ) -> Self {
        let ready = dir.path().join("ready.json");
        let _ = fs::remove_file(&ready);
        let free = "127.0.0.1:0";
        let usual = [("--http", free), ("--https", free), ("--admin", free), ("--access-log", "access.log")];
        let toml = fs::read_to_string(dir.path().join("e6.toml")).unwrap_or_default();
        let key = |flag: &str| flag.trim_start_matches("--").replace("access-log", "access");
        let is_in_file = |flag: &str| toml.lines().any(|line| line.starts_with(&format!("{} = ", key(flag))));
        let mut child = command
            .args(arguments)
            .args(
                usual
                    .into_iter()
                    .filter(|(flag, _)| !arguments.contains(flag) && !is_in_file(flag))
                    .flat_map(|(flag, value)| [flag, value]),
            )
            .arg("--ready-file")
            .arg(&ready)
            .stderr(stderr)
            .stdout(stdout)
            .spawn()
            .unwrap();
        let deadline = Instant::now() + PATIENCE;
        let ready: Value = loop {
            if let Ok(text) = fs::read_to_string(&ready) {
                break serde_json::from_str(&text).unwrap();
            }
            let ended = child.try_wait().unwrap();
            let stderr = fs::read_to_string(dir.path().join("stderr")).unwrap_or_default();
            assert!(ended.is_none(), "{ended:?} before it was ready: {stderr}");
            assert!(Instant::now() < deadline, "not ready: {stderr}");
            thread::sleep(Duration::from_millis(5));
        };
        assert_eq!(ready["pid"], child.id());
        let address = |kind: &str| {
            let bound = ready[kind].as_array().unwrap();
            bound.iter().find_map(|address| address.as_str().unwrap().parse().ok())
        };
        Server {
            child,
            dir,
            http: address("http").unwrap(),
            https: address("https"),
            admin: address("admin"),
        }
    }

    pub fn http(&self) -> SocketAddr {
        self.http
    }

    pub fn https(&self) -> SocketAddr {
        self.https.unwrap()
    }

    pub fn admin(&self) -> SocketAddr {
        self.admin.unwrap()
    }

    pub fn metrics(&self) -> String {
        let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let response = send_to(self.admin(), request, true);
        assert_eq!(response.status, 200);
        response.text().to_owned()
    }

    /// The value of the series with this name and labels; 0 if it does not exist yet.
    pub fn metric(&self, series: &str) -> f64 {
        let value = |line: &str| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok();
        self.metrics().lines().find_map(value).unwrap_or(0.0)
    }

    /// A path in the server's directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The page as HTML.
    pub fn page(&self) -> String {
        let response = self.get("/", "Accept: text/html\r\n");
        assert_eq!(response.status, 200);
        response.text().to_owned()
    }

    pub fn get(&self, path: &str, fields: &str) -> Response {
        self.send(
            &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{fields}Connection: close\r\n\r\n"),
            true,
        )
    }

    pub fn head(&self, path: &str, fields: &str) -> Response {
        self.send(
            &format!("HEAD {path} HTTP/1.1\r\nHost: localhost\r\n{fields}Connection: close\r\n\r\n"),
            false,
        )
    }

    /// Sends bytes and reads one response; `has_body` is false for HEAD.
    pub fn send(&self, request: &str, has_body: bool) -> Response {
        send_to(self.http, request, has_body)
    }

    pub fn api(&self) -> Value {
        let response = self.get("/api/v1/answer", "");
        assert_eq!(response.status, 200);
        serde_json::from_slice(&response.body).unwrap()
    }

    /// Waits until the JSON answer meets this condition, and returns it.
    pub fn wait_for(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        self.wait_for_within(PATIENCE, what, is_so)
    }

    pub fn wait_for_within(&self, patience: Duration, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + patience;
        loop {
            let answer = self.api();
            if is_so(&answer) {
                return answer;
            }
            assert!(Instant::now() < deadline, "not {what}: {answer:#}\n{}", self.stderr());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until this condition holds.
    pub fn wait_until(&self, what: &str, is_so: impl Fn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so() {
            assert!(Instant::now() < deadline, "not {what}: {}", self.stderr());
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn wait_for_verdict(&self, verdict: &str) -> Value {
        self.wait_for(verdict, |answer| answer["verdict"] == verdict)
    }

    pub fn stderr(&self) -> String {
        fs::read_to_string(self.path("stderr")).unwrap_or_default()
    }

    /// Sends SIGTERM and waits. Returns the exit status, and the directory for another server.
    pub fn terminate(mut self) -> (ExitStatus, TempDir) {
        signal(self.child.id(), "TERM");
        let status = wait(&mut self.child);
        self.assert_no_secret_is_logged();
        let dir = std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap());
        (status, dir)
    }

    /// Sends SIGKILL. Returns the directory for another server.
    pub fn kill(mut self) -> TempDir {
        self.child.kill().unwrap();
        wait(&mut self.child);
        self.assert_no_secret_is_logged();
        std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap())
    }

    /// Sends SIGTERM. Returns everything on standard output.
    pub fn printed(mut self) -> String {
        signal(self.child.id(), "TERM");
        let mut printed = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        secrets::assert_none_of(self.dir.path(), &printed);
        printed
    }

    /// Waits for this many lines of the access log, and returns them.
    pub fn access_log(&self, count: usize) -> Vec<String> {
        lines(&self.path("access.log"), count)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory in KiB.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Processor time, in user space and in the kernel.
    pub fn cpu_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        // The name in parentheses may have spaces. User and system time are the 14th and 15th fields, in 1/100 s.
        let fields = stat.rsplit_once(')').unwrap().1.split_whitespace().skip(11).take(2);
        Duration::from_millis(10 * fields.map(|ticks| ticks.parse::<u64>().unwrap()).sum::<u64>())
    }

    /// The pid in its pid file.
    pub fn found(&self) -> Option<u32> {
        fs::read_to_string(self.path(PID_FILE)).ok()?.trim().parse().ok()
    }

    /// Runs an e6 command in the server's directory. Returns the exit code and standard error.
    pub fn command(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let (code, _, stderr) = run(self.dir.path(), arguments);
        (code, stderr)
    }

    fn assert_no_secret_is_logged(&self) {
        for log in ["stderr", "access.log"] {
            let text = fs::read(self.path(log)).unwrap_or_default();
            secrets::assert_none_of(self.dir.path(), &String::from_utf8_lossy(&text));
        }
    }

    pub fn wait_for_exit(&mut self) -> ExitStatus {
        wait(&mut self.child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After an upgrade the server is not our child. It may have ended and left its pid file.
        if let Some(pid) = self.found().filter(|pid| *pid != self.child.id()) {
            let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).stderr(Stdio::null()).status();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !thread::panicking() {
            self.assert_no_secret_is_logged();
        }
    }
}

/// A site during a game with an error.
pub fn site() -> (Server, FakeMlb) {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("yes");
    (server, mlb)
}

/// Runs `e6 check` offline with free ports. Returns exit code, standard output and standard error.
pub fn check(dir: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let usual = ["check", "--offline", "--http", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    run(dir, &[&usual, arguments].concat())
}

/// A command for e6 with an empty environment.
pub fn command(dir: &Path) -> Command {
    let mut command = Command::new(tools::e6());
    command.current_dir(dir).env_clear().env("HOME", dir).stdin(Stdio::null());
    command
}

/// Runs e6 until it exits. Returns exit code, standard output and standard error.
pub fn run(dir: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut child =
        command(dir).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let status = wait(&mut child);
    let read = |mut pipe: Box<dyn Read>| {
        let mut text = String::new();
        pipe.read_to_string(&mut text).unwrap();
        text
    };
    let stdout = read(Box::new(child.stdout.take().unwrap()));
    let stderr = read(Box::new(child.stderr.take().unwrap()));
    [&stdout, &stderr].iter().for_each(|text| secrets::assert_none_of(dir, text));
    (status.code(), stdout, stderr)
}

pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().unwrap();
    assert!(sent.success());
}

fn wait(child: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(Instant::now() < deadline, "did not end");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Waits for this many lines of a file, and returns them.
pub fn lines(path: &Path, count: usize) -> Vec<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text = fs::read_to_string(path).unwrap_or_default();
        if text.lines().count() >= count {
            let lines: Vec<_> = text.lines().map(str::to_owned).collect();
            assert_eq!(lines.len(), count, "{text}");
            return lines;
        }
        assert!(Instant::now() < deadline, "{count} lines were expected: {text}");
        thread::sleep(Duration::from_millis(10));
    }
}
