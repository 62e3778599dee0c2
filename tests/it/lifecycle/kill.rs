//! SIGKILL while the process writes its state.

use crate::support::{
    day::{EVENING, Game, IN_PROGRESS},
    fake_mlb::FakeMlb,
    server::{PATIENCE, Server, command},
};
use std::{
    fs,
    path::Path,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Kills in total, and the number of directories that run at once.
const KILLS: usize = 200;
const PLACES: usize = 4;

/// Starts e6, and kills it when `is_time` holds.
fn live_and_die(dir: &Path, mlb: &str, said: &fs::File, is_time: impl Fn() -> bool) {
    let mut child = command(dir)
        .args(["--http", "127.0.0.1:0", "--https", "off", "--admin", "off", "--access-log", "off"])
        .args(["--mlb-url", mlb, "--clock", EVENING])
        .stdout(Stdio::null())
        .stderr(said.try_clone().unwrap())
        .spawn()
        .unwrap();
    while !is_time() {
        thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The number of processes that lived long enough to reach MLB.
fn heard(dir: &Path) -> usize {
    fs::read_to_string(dir.join("said")).unwrap().matches("watching").count()
}

#[test]
fn two_hundred_kills_at_any_moment_never_leave_a_state_that_cannot_be_read() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let url = mlb.url();
    let places: Vec<TempDir> = thread::scope(|scope| {
        let place = || {
            let dir = tempfile::tempdir().unwrap();
            let said = fs::File::create(dir.path().join("said")).unwrap();
            // The first process lives until it has written; the others live up to 1.3 times as long.
            let (began, state) = (Instant::now(), dir.path().join(".local/state/e6/last-good.e6"));
            live_and_die(dir.path(), &url, &said, || state.exists() || began.elapsed() > PATIENCE);
            let (mut longest, mut before) = (began.elapsed().mul_f64(1.3), 0);
            for _ in 1..KILLS / PLACES {
                let end = Instant::now() + longest.mul_f64(fastrand::f64());
                live_and_die(dir.path(), &url, &said, || Instant::now() > end);
                // The load varies: if the last process did not reach MLB, the next ones get more time.
                let now = heard(dir.path());
                longest = longest.mul_f64(if now > before { 0.95 } else { 1.05 });
                before = now;
            }
            dir
        };
        let places: Vec<_> = (0..PLACES).map(|_| scope.spawn(place)).collect();
        places.into_iter().map(|place| place.join().unwrap()).collect()
    });
    for dir in places {
        let said = fs::read_to_string(dir.path().join("said")).unwrap();
        assert!(!said.contains("unusable state file"), "{said}");
        let heard = heard(dir.path());
        assert!(heard > 5, "{heard} lived long enough to hear MLB, and so to write");
        // The next start answers from the state file without MLB, and reports no fault in it.
        let server = Server::start_in(dir, &["--mlb-url", "http://127.0.0.1:9", "--clock", EVENING]);
        assert_eq!(server.api()["verdict"], "yes", "{}", server.stderr());
        assert!(!server.stderr().contains("state file"), "{}", server.stderr());
    }
}
