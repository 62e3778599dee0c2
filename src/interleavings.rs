//! Tests of values that threads share, with the threads' steps in random orders: `cargo test --features shuttle --lib
//! interleavings`.
//!
//! Each test runs the same threads many times. shuttle decides before each use of a lock, an atomic or a channel which
//! thread goes on, and a failure prints the order, which `shuttle::replay` runs again.

use crate::{
    answer::{Answer, Facts, Player, decide},
    app::{answer_metrics::AnswerMetrics, live_site::LiveSite, publisher::Publisher},
    clock::Clock,
    config::Config,
    connection::ListenerKind,
    http::{
        access_log::{AccessLog, LogDestination, LogFile, tests::record},
        clients::Clients,
    },
    lifecycle::Lifecycle,
    limits::Limits,
    output::format::LogFormat,
    per_worker::become_worker,
    sync::thread,
    threads::RestartingThreads,
};
use prometheus::{IntCounter, Registry};
use shuttle::{Config as ShuttleConfig, Runner, scheduler::RandomScheduler};
use std::{
    fs,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

/// Room for a thread that renders pages, in bytes.
const STACK: usize = 4 * 1024 * 1024;

/// Runs a test in so many random orders.
fn check_random(test: impl Fn() + Send + Sync + 'static, orders: usize) {
    let mut config = ShuttleConfig::new();
    config.stack_size = STACK;
    Runner::new(RandomScheduler::new(orders), config).run(test);
}

#[test]
fn the_table_of_clients_never_exceeds_its_limits_and_is_empty_in_the_end() {
    let test = || {
        let limits = Limits {
            connections: 2,
            address_connections: 1,
            event_streams: 1,
            address_event_streams: 1,
            ..Limits::default()
        };
        let clients = Arc::new(Clients::new(limits));
        // The permits that are held now, and those of each host.
        let held: Arc<[AtomicUsize; 3]> = Arc::default();
        let visit = |host: u8| {
            let (clients, held) = (clients.clone(), held.clone());
            thread::spawn(move || {
                let Some(permit) = Clients::enter(&clients, ListenerKind::Https) else { return };
                assert!(held[0].fetch_add(1, Ordering::Relaxed) < 2, "a permit too many");
                clients.begin_handshake(permit.id());
                let address = IpAddr::from([192, 0, 2, host]);
                if permit.claim(address) {
                    let of_host = &held[usize::from(host)];
                    assert!(of_host.fetch_add(1, Ordering::Relaxed) < 1, "a connection too many of one host");
                    permit.end_handshake();
                    let stream = Clients::open_stream(&clients, Some(address));
                    assert!(clients.streams() <= 1);
                    clients.make_room(ListenerKind::Http);
                    drop(stream);
                    of_host.fetch_sub(1, Ordering::Relaxed);
                }
                held[0].fetch_sub(1, Ordering::Relaxed);
            })
        };
        let visitors: Vec<_> = [1, 1, 2].into_iter().map(visit).collect();
        for visitor in visitors {
            visitor.join().unwrap();
        }
        assert_eq!(clients.streams(), 0);
        for host in [1, 2] {
            let permit = Clients::enter(&clients, ListenerKind::Https).expect("every place was given back");
            assert!(permit.claim(IpAddr::from([192, 0, 2, host])), "and counts for no network any more");
        }
    };
    check_random(test, 2_000);
}

#[test]
fn every_line_of_the_access_log_is_written_once_also_while_it_is_reopened_and_closed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let began = Instant::now();
    let test = move || {
        let _ = fs::remove_file(&path);
        let file = LogFile::open(LogDestination::File(path.clone())).unwrap();
        let dropped = IntCounter::new("dropped", "Lost lines.").unwrap();
        let log = Arc::new(AccessLog::start(file, LogFormat::Combined, dropped).unwrap());
        let write = |worker: usize| {
            let log = log.clone();
            thread::spawn(move || {
                become_worker(worker);
                for line in 0..2 {
                    log.write(began, &record(&format!("/{worker}/{line}")));
                }
            })
        };
        let writers: Vec<_> = (0..2).map(write).collect();
        log.reopen();
        for writer in writers {
            writer.join().unwrap();
        }
        log.finish();
        let text = fs::read_to_string(&path).unwrap();
        let mut targets: Vec<_> = text.lines().map(|line| line.split(' ').nth(6).unwrap()).collect();
        for worker in ["/0/", "/1/"] {
            let own: Vec<_> = targets.iter().filter(|target| target.starts_with(worker)).collect();
            assert!(own.is_sorted(), "{text}");
        }
        targets.sort_unstable();
        assert_eq!(targets, ["/0/0", "/0/1", "/1/0", "/1/1"]);
    };
    check_random(test, 1_000);
}

/// The answer about a player of whom nothing is known but his name.
fn answer(name: &str) -> Answer {
    decide(&Facts::unread(Player::named(7, name, name)), SystemTime::UNIX_EPOCH.into())
}

#[test]
fn an_older_poller_changes_nothing_once_a_new_one_has_begun() {
    let test = || {
        let config = Config::default();
        let publisher = || Publisher::new(&config, None, Clock::System);
        let metrics = AnswerMetrics::registered(&Registry::new()).unwrap();
        let (phase, days) = (Lifecycle::default().watch(), Arc::default());
        let live_site = Arc::new(LiveSite::new(publisher(), answer("First"), phase, metrics, days));
        let old = live_site.poller_id();
        let (late, encoding) = (live_site.clone(), live_site.clone());
        let threads =
            [thread::spawn(move || late.show(old, answer("Old"))), thread::spawn(move || encoding.encode())];
        let new = live_site.change_question(publisher(), answer("New"));
        live_site.show(old, answer("Too late"));
        live_site.show(new, answer("Newest"));
        for thread in threads {
            thread.join().unwrap();
        }
        let line = live_site.site.load().line.clone();
        assert!(line.contains("Newest"), "{line}");
    };
    check_random(test, 30);
}

#[test]
fn a_thread_that_has_ended_does_not_hang() {
    const LONGEST: Duration = Duration::from_secs(3600);
    let test = || {
        let threads = RestartingThreads::new(&Registry::new()).unwrap();
        let work = |heartbeat: &crate::threads::Heartbeat| {
            heartbeat.beat();
            Ok(())
        };
        threads.spawn("brief".into(), LONGEST, work).unwrap();
        let watchdog = {
            let threads = threads.clone();
            thread::spawn(move || threads.hanging(Instant::now()))
        };
        assert_eq!(watchdog.join().unwrap(), None, "it has just beaten, or begun");
        // It beats no more, so it hangs by then unless it has ended, and it ends.
        let later = Instant::now() + 2 * LONGEST;
        while let Some(name) = threads.hanging(later) {
            assert_eq!(name, "brief");
            thread::yield_now();
        }
    };
    check_random(test, 1_000);
}
