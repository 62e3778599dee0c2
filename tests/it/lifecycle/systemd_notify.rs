//! systemd's side of the notification protocol (sd_notify(3)).

use crate::support::{
    day::{EVENING, Game, IN_PROGRESS},
    fake_mlb::FakeMlb,
    server::{PATIENCE, Server, command, signal},
};
use std::{
    fs, io,
    os::unix::net::UnixDatagram,
    time::{Duration, Instant},
};

/// Receives a service's notifications.
struct Supervisor(UnixDatagram);

impl Supervisor {
    /// A supervised site with a watchdog of two seconds.
    fn start() -> (Self, Server, FakeMlb) {
        let mlb = FakeMlb::with(&[]);
        let (supervisor, server) = Supervisor::over(&mlb);
        (supervisor, server, mlb)
    }

    fn over(mlb: &FakeMlb) -> (Self, Server) {
        let dir = tempfile::tempdir().unwrap();
        let supervisor = Supervisor(UnixDatagram::bind(dir.path().join("notify")).unwrap());
        let mut command = command(dir.path());
        command.env("NOTIFY_SOCKET", dir.path().join("notify")).env("WATCHDOG_USEC", "2000000");
        let server = Server::start_by(command, dir, &["--mlb-url", &mlb.url(), "--clock", EVENING]);
        (supervisor, server)
    }

    /// The lines of the next message; `None` if none arrives in this time.
    fn message(&self, patience: Duration) -> Option<Vec<String>> {
        self.0.set_read_timeout(Some(patience)).unwrap();
        let mut bytes = [0; 4096];
        match self.0.recv(&mut bytes) {
            Ok(length) => {
                Some(std::str::from_utf8(&bytes[..length]).unwrap().lines().map(String::from).collect())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits for a message that meets this condition, and skips others.
    fn wait_for(&self, what: &str, is_so: impl Fn(&[String]) -> bool) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            match self.message(left) {
                Some(message) if is_so(&message) => return message,
                Some(_) => {}
                None => panic!("not told: {what}"),
            }
        }
    }

    fn wait_for_line(&self, line: &str) -> Vec<String> {
        self.wait_for(line, |message| message.iter().any(|told| told == line))
    }
}

#[test]
fn the_supervisor_is_told_that_it_is_ready_and_what_the_answer_is() {
    let (supervisor, server, mlb) = Supervisor::start();
    let ready = supervisor.wait_for_line("READY=1");
    assert!(ready.contains(&format!("MAINPID={}", server.pid())), "{ready:?}");
    let status = |beginning: &str| {
        supervisor.wait_for(beginning, |message| message.iter().any(|line| line.starts_with(beginning)))
    };
    status("STATUS=No game: ");
    drop((server, mlb));
}

#[test]
fn a_new_answer_is_in_the_status() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let (supervisor, server) = Supervisor::over(&mlb);
    let told = supervisor.wait_for("status", |message| message[0].starts_with("STATUS=Yes: "));
    assert_eq!(told.len(), 1, "one line: {told:?}");
    drop(server);
}

#[test]
fn a_reload_is_told_with_its_beginning_and_its_end() {
    let (supervisor, server, _mlb) = Supervisor::start();
    supervisor.wait_for_line("READY=1");
    for toml in ["[words]\nno_game = \"Nothing on\"\n", "[words]\nno_gmae = \"?\"\n"] {
        fs::write(server.path("e6.toml"), toml).unwrap();
        signal(server.pid(), "HUP");
        let began = supervisor.wait_for_line("RELOADING=1");
        let stamp = began.iter().find_map(|line| line.strip_prefix("MONOTONIC_USEC="));
        assert!(stamp.unwrap().parse::<u64>().unwrap() > 0, "{began:?}");
        supervisor.wait_for_line("READY=1");
    }
    fs::remove_file(server.path("e6.toml")).unwrap();
}

#[test]
fn the_new_words_are_in_the_status() {
    let (supervisor, server, _mlb) = Supervisor::start();
    server.wait_for_verdict("no_game");
    fs::write(server.path("e6.toml"), "[words]\nno_game = \"Nothing on\"\n").unwrap();
    signal(server.pid(), "HUP");
    supervisor.wait_for("status", |message| message[0].starts_with("STATUS=Nothing on: "));
}

#[test]
fn an_upgrade_is_told_with_the_number_of_the_new_process() {
    let (supervisor, mut server, _mlb) = Supervisor::start();
    supervisor.wait_for_line("READY=1");
    signal(server.pid(), "USR2");
    supervisor.wait_for_line("RELOADING=1");
    let ready = supervisor.wait_for_line("READY=1");
    let new = server.found().unwrap();
    assert_ne!(new, server.pid());
    assert!(ready.contains(&format!("MAINPID={new}")), "{ready:?}");
    assert!(server.wait_for_exit().success());
    // The new process feeds the watchdog too, and the end of the old one was not the service's.
    let mut fed = 0;
    while fed < 3 {
        let message = supervisor.message(PATIENCE).unwrap();
        assert_ne!(message[0], "STOPPING=1");
        fed += usize::from(message[0] == "WATCHDOG=1");
    }
}

#[test]
fn the_end_is_told_before_it_comes() {
    let (supervisor, server, _mlb) = Supervisor::start();
    supervisor.wait_for_line("READY=1");
    let (status, _dir) = server.terminate();
    assert!(status.success());
    supervisor.wait_for_line("STOPPING=1");
}

#[test]
fn a_process_that_hangs_no_longer_feeds_the_watchdog() {
    let (supervisor, server, _mlb) = Supervisor::start();
    for _ in 0..3 {
        supervisor.wait_for_line("WATCHDOG=1");
    }
    signal(server.pid(), "STOP");
    // Messages that were sent before.
    while supervisor.message(Duration::from_millis(300)).is_some() {}
    assert_eq!(supervisor.message(Duration::from_secs(2)), None, "a watchdog's time has passed");
    signal(server.pid(), "CONT");
    supervisor.wait_for_line("WATCHDOG=1");
}

#[test]
fn without_a_supervisor_nothing_is_told_and_nothing_fails() {
    let mlb = FakeMlb::with(&[]);
    let dir = tempfile::tempdir().unwrap();
    let mut command = command(dir.path());
    command.env("NOTIFY_SOCKET", dir.path().join("nobody")).env("WATCHDOG_USEC", "100000");
    let server = Server::start_by(command, dir, &["--mlb-url", &mlb.url(), "--clock", EVENING]);
    server.wait_for_verdict("no_game");
    let (status, _dir) = server.terminate();
    assert!(status.success());
}
