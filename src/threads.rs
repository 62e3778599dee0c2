//! Starting threads, and threads that start again after a failure. Each of these has a heartbeat, by which the watchdog
//! notices that it hangs.

use crate::sync::{
    Mutex, Unpoisoned,
    atomic::{AtomicU64, Ordering},
    thread::{self, JoinHandle},
};
use prometheus::{IntCounterVec, Registry, register_int_counter_vec_with_registry as counters};
use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Weak, mpsc},
    time::{Duration, Instant},
};

/// Pauses before the first, second, third and every later restart, so that a failure that repeats does not spin. They
/// are shorter than the longest time between two heartbeats of a worker.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];
/// After a thread has worked for this long, the pauses start from the first one again.
const STEADY: Duration = Duration::from_secs(60);

/// Starts a thread. `std::thread::spawn` would panic if the system refuses it.
///
/// # Errors
/// If the system refuses the thread; the error says what to raise.
pub fn start<T: Send + 'static>(
    name: impl Into<String>,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    let explained = |error: io::Error| match error.kind() {
        io::ErrorKind::WouldBlock => {
            let what = "the system refuses another thread: raise the limit (ulimit -u, TasksMax=)";
            io::Error::new(error.kind(), what)
        }
        _ => error,
    };
    thread::Builder::new().name(name.into()).spawn(work).map_err(explained)
}

/// Does this work in a thread of its own, because a disk may hang, and waits for it for at most `patience`.
///
/// # Errors
/// `TimedOut` when the work takes longer or panics, or if the system refuses the thread.
pub fn within<T: Send + 'static>(
    patience: Duration,
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (tell, told) = mpsc::channel();
    start(name, move || tell.send(work()))?;
    told.recv_timeout(patience).map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the disk hangs"))
}

/// Starts threads, restarts their work after a failure, and knows which of them hang. Clones share all threads.
#[derive(Clone)]
pub struct RestartingThreads {
    restarts: IntCounterVec,
    watched: Arc<Mutex<Vec<WatchedThread>>>,
    pauses: [Duration; 4],
}

struct WatchedThread {
    name: String,
    /// The longest time between two heartbeats of a thread that does not hang.
    longest: Duration,
    /// Dead once the thread has ended.
    beat: Weak<LastBeat>,
}

/// The heartbeat of a thread: its work reports that it still runs.
#[derive(Debug, Clone)]
pub struct Heartbeat(Arc<LastBeat>);

#[derive(Debug)]
struct LastBeat {
    began: Instant,
    /// The last beat, in milliseconds after `began`.
    last: AtomicU64,
}

impl RestartingThreads {
    /// Registers the counter of restarts.
    pub fn new(registry: &Registry) -> prometheus::Result<Self> {
        let about = "Restarts of a thread after it panicked or failed.";
        let restarts = counters!("e6_restarts_total", about, &["thread"], registry)?;
        Ok(RestartingThreads { restarts, watched: Arc::default(), pauses: PAUSES })
    }

    /// Does this work in a new thread, and again after each error or panic, until it returns `Ok`. The thread hangs if
    /// it does not beat within `longest`; without that, nobody watches it.
    pub fn spawn(
        &self,
        name: String,
        longest: impl Into<Option<Duration>>,
        mut work: impl FnMut(&Heartbeat) -> io::Result<()> + Send + 'static,
    ) -> io::Result<()> {
        let heartbeat = Heartbeat::default();
        if let Some(longest) = longest.into() {
            let beat = Arc::downgrade(&heartbeat.0);
            self.watched.lock().unpoisoned().push(WatchedThread { name: name.clone(), longest, beat });
        }
        let (restarts, pauses) = (self.restarts.with_label_values(&[&name]), self.pauses);
        let body = move || {
            let mut failures = 0;
            loop {
                let began = Instant::now();
                let cause = match catch_unwind(AssertUnwindSafe(|| work(&heartbeat))) {
                    Ok(Ok(())) => return,
                    Ok(Err(error)) => error.to_string(),
                    Err(_) => "a panic".into(),
                };
                restarts.inc();
                tracing::error!(thread = thread::current().name(), cause, "a thread failed; restarting it");
                failures = if began.elapsed() < STEADY { failures } else { 0 };
                thread::sleep(pauses[failures.min(pauses.len() - 1)]);
                failures += 1;
            }
        };
        start(name, body).map(drop)
    }

    /// The name of a thread that hangs; none if all are well.
    pub fn hanging(&self, now: Instant) -> Option<String> {
        let mut watched = self.watched.lock().unpoisoned();
        watched.retain(|thread| thread.beat.strong_count() > 0);
        let hangs = |thread: &&WatchedThread| {
            let last = thread.beat.upgrade().map(|beat| Heartbeat(beat).last());
            last.is_some_and(|last| now.saturating_duration_since(last) > thread.longest)
        };
        watched.iter().find(hangs).map(|thread| thread.name.clone())
    }
}

impl Heartbeat {
    /// Reports that the work still runs.
    pub fn beat(&self) {
        self.0.last.store(self.0.began.elapsed().as_millis() as u64, Ordering::Relaxed);
    }

    fn last(&self) -> Instant {
        self.0.began + Duration::from_millis(self.0.last.load(Ordering::Relaxed))
    }
}

/// A heartbeat that starts now and that nobody watches.
impl Default for Heartbeat {
    fn default() -> Self {
        Heartbeat(Arc::new(LastBeat { began: Instant::now(), last: AtomicU64::new(0) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    const LONG: Duration = Duration::from_secs(10);

    fn threads() -> RestartingThreads {
        RestartingThreads { pauses: [Duration::ZERO; 4], ..RestartingThreads::new(&Registry::new()).unwrap() }
    }

    #[test]
    fn a_thread_that_fails_is_restarted_and_counted_until_it_is_done() {
        let threads = threads();
        let (ended, end) = mpsc::channel();
        let mut lives = 0;
        let work = move |_: &Heartbeat| {
            lives += 1;
            assert!(lives > 1, "on purpose");
            if lives == 2 {
                return Err(io::Error::other("on purpose"));
            }
            ended.send(lives).unwrap();
            Ok(())
        };
        threads.spawn("worker-7".into(), None, work).unwrap();
        assert_eq!(end.recv_timeout(LONG), Ok(3));
        assert!(end.recv_timeout(LONG).is_err(), "it was done, and is not done again");
        assert_eq!(threads.restarts.with_label_values(&["worker-7"]).get(), 2);
    }

    #[test]
    fn repeated_failures_wait_longer_each_time() {
        let pauses = [0, 40, 80, 160].map(Duration::from_millis);
        let threads = RestartingThreads { pauses, ..threads() };
        let (failed, failures) = mpsc::channel();
        let work = move |_: &Heartbeat| match failed.send(Instant::now()) {
            Ok(()) => Err(io::Error::other("on purpose")),
            Err(_) => Ok(()),
        };
        threads.spawn("poller".into(), None, work).unwrap();
        let times: Vec<_> = (0..6).map(|_| failures.recv_timeout(LONG).unwrap()).collect();
        for (index, pause) in [0, 40, 80, 160, 160].into_iter().enumerate() {
            assert!(times[index + 1] - times[index] >= Duration::from_millis(pause), "{index}");
        }
    }

    #[test]
    fn a_thread_without_a_heartbeat_hangs_until_it_beats_again_or_ends() {
        let threads = threads();
        let second = Duration::from_secs(1);
        let (steps, next) = mpsc::channel::<()>();
        let (beaten, beats) = mpsc::channel();
        let work = move |heartbeat: &Heartbeat| {
            while next.recv().is_ok() {
                heartbeat.beat();
                beaten.send(Instant::now()).unwrap();
            }
            Ok(())
        };
        threads.spawn("worker-0".into(), 5 * second, work).unwrap();
        let now = Instant::now();
        assert_eq!(threads.hanging(now), None, "it has its time from the start on");
        assert_eq!(threads.hanging(now + 6 * second).as_deref(), Some("worker-0"));
        steps.send(()).unwrap();
        let beat = beats.recv_timeout(LONG).unwrap();
        assert_eq!(threads.hanging(beat + 4 * second), None);
        assert_eq!(threads.hanging(beat + 6 * second).as_deref(), Some("worker-0"));
        drop(steps);
        let deadline = Instant::now() + LONG;
        while threads.hanging(beat + 6 * second).is_some() {
            assert!(Instant::now() < deadline, "a thread that has ended does not hang");
            thread::yield_now();
        }
    }
}
