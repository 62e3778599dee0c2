//! Webhooks over kills, restarts and upgrades.

use crate::{
    lifecycle::notify::{baseline, start, waiting},
    support::{
        day::{Game, IN_PROGRESS},
        fake_mlb::FakeMlb,
        hook::{Behaviour, FakeHook},
        server::signal,
    },
};
use std::{
    fs::{self, File, TryLockError},
    time::{Duration, Instant},
};

/// Kills e6 after the first request to a hook with this behaviour, once the log has this text; returns the ids of the
/// requests before and after the next start, at which the hook accepts.
fn killed(behaviour: Behaviour, settings: &str, log: &str) -> (Vec<String>, Vec<String>) {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    let hook = FakeHook::start(behaviour);
    let dir = baseline(&mlb, &[format!("url = {:?}\n{settings}", hook.url())]);
    mlb.play(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = start(dir, &mlb);
    server.wait_until("tried", || hook.count() == 1 && server.stderr().contains(log));
    let dir = server.kill();
    let ids =
        || hook.received().iter().map(|request| request.field("webhook-id").to_owned()).collect::<Vec<_>>();
    let before = ids();
    hook.behave(Behaviour::Accept);
    let server = start(dir, &mlb);
    server.wait_for_verdict("yes");
    server.wait_until("polled", || server.metric("e6_mlb_polls_total{outcome=\"heard\"}") > 0.0);
    let queue = format!("e6_notify_queue{{host=\"{}\"}}", hook.address);
    server.wait_until("told", || server.metrics().contains(&queue) && server.metric(&queue) == 0.0);
    // And a further start tells nothing.
    let (_, dir) = server.terminate();
    let count = hook.count();
    let server = start(dir, &mlb);
    server.wait_until("polled", || server.metric("e6_mlb_polls_total{outcome=\"heard\"}") > 0.0);
    let (_, dir) = server.terminate();
    assert_eq!((hook.count(), waiting(dir.path())), (count, vec![0]));
    (before.clone(), ids()[before.len()..].to_vec())
}

#[test]
fn a_change_that_was_refused_before_a_kill_is_told_once_after_it() {
    for settings in ["", "preset = \"slack\""] {
        let (before, after) =
            killed(Behaviour::Status(503, "retry-after: 100\r\n"), settings, "cannot tell this hook");
        assert_eq!(after, before, "the same message, {settings:?}");
    }
}

#[test]
fn a_kill_during_a_request_repeats_it_only_where_the_receiver_can_tell_by_its_id() {
    let (before, after) = killed(Behaviour::Hang, "", "");
    assert_eq!(after, before, "the same id");
    let (_, after) = killed(Behaviour::Hang, "preset = \"slack\"", "");
    assert_eq!(after, [""; 0], "it may have been accepted");
}

#[test]
fn a_kill_after_a_hook_has_accepted_a_change_tells_nothing_again() {
    let (_, after) = killed(Behaviour::Accept, "preset = \"discord\"", "");
    assert_eq!(after, [""; 0]);
}

#[test]
fn an_upgrade_hands_the_waiting_changes_over() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    let hook = FakeHook::start(Behaviour::Status(503, ""));
    let dir = baseline(&mlb, &[format!("url = {:?}", hook.url())]);
    mlb.play(&[Game::new(IN_PROGRESS).charged(1)]);
    let mut server = start(dir, &mlb);
    server.wait_until("tried", || hook.count() >= 1);
    let (code, told) = server.command(&["upgrade"]);
    assert_eq!(code, Some(0), "{told}");
    hook.behave(Behaviour::Accept);
    server.wait_for_exit();
    server.wait_until("told", || server.stderr().matches("told of a change").count() == 1);
    let ids: std::collections::BTreeSet<_> =
        hook.received().iter().map(|request| request.field("webhook-id").to_owned()).collect();
    assert_eq!(ids.len(), 1, "one change");
}

#[test]
fn a_hook_that_hangs_delays_the_end_neither_beyond_a_second_signal_nor_beyond_the_drain() {
    for (drain, signals) in [(25, 2), (1, 1)] {
        let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
        let hook = FakeHook::start(Behaviour::Hang);
        let dir = baseline(&mlb, &[format!("url = {:?}", hook.url())]);
        let toml = fs::read_to_string(dir.path().join("e6.toml")).unwrap();
        fs::write(dir.path().join("e6.toml"), format!("{toml}[limits]\ndrain = {drain}\n")).unwrap();
        mlb.play(&[Game::new(IN_PROGRESS).charged(1)]);
        let mut server = start(dir, &mlb);
        server.wait_until("tried", || hook.count() == 1);
        let began = Instant::now();
        for _ in 0..signals {
            signal(server.pid(), "TERM");
            server.wait_until("draining", || server.stderr().contains("draining"));
        }
        assert!(server.wait_for_exit().success(), "{}", server.stderr());
        assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    }
}

#[test]
fn a_lock_that_could_not_be_opened_at_the_start_is_taken_before_the_next_change() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    let hook = FakeHook::start(Behaviour::Accept);
    let dir = baseline(&mlb, &[format!("url = {:?}\npreset = \"slack\"", hook.url())]);
    let mut files =
        fs::read_dir(dir.path().join(".local/state/e6")).unwrap().flatten().map(|file| file.path());
    let lock = files
        .find(|path| path.to_string_lossy().contains("/notify-") && path.to_string_lossy().ends_with(".lock"))
        .unwrap();
    let unopenable = || {
        fs::remove_file(&lock).unwrap();
        fs::create_dir(&lock).unwrap();
    };
    let openable = || {
        fs::remove_dir(&lock).unwrap();
        File::create(&lock).unwrap()
    };
    let started = |dir| {
        unopenable();
        let server = start(dir, &mlb);
        server.wait_until("ready to tell", || server.metrics().contains("e6_notify_queue{"));
        (server, openable())
    };
    let (server, file) = started(dir);
    mlb.play(&[Game { stamp: 1, ..Game::new(IN_PROGRESS).charged(1) }]);
    server.wait_until("told", || hook.count() == 1);
    assert!(matches!(file.try_lock(), Err(TryLockError::WouldBlock)), "the lock is taken");
    // Another process has the lock.
    let (server, file) = started(server.terminate().1);
    file.lock().unwrap();
    mlb.play(&[Game { stamp: 2, ..Game::new(IN_PROGRESS).charged(2) }]);
    server.wait_for("a second error", |answer| answer["errors"] == 2);
    let began = Instant::now();
    server.wait_until("some seconds later", || began.elapsed() > Duration::from_secs(3));
    assert_eq!(hook.count(), 1, "the other process tells it");
    drop(file);
    server.wait_until("told", || hook.count() == 2);
}
