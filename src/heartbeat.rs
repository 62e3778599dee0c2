//! Heartbeats: loops report that they still run, and a watchdog finds those that do not.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// The heartbeat of one loop. Copies belong to the same loop.
#[derive(Debug, Clone)]
pub struct Heartbeat(Arc<LastBeat>);

#[derive(Debug)]
struct LastBeat {
    began: Instant,
    /// The last beat, in milliseconds after `began`.
    last: AtomicU64,
}

impl Heartbeat {
    /// Reports that the loop still runs.
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

/// The heartbeats that are watched.
#[derive(Debug, Default)]
pub struct Heartbeats(Mutex<Vec<(String, Duration, Heartbeat)>>);

impl Heartbeats {
    /// Registers a loop, which is missing once it has not beaten for more than `longest`.
    pub fn of(&self, name: String, longest: Duration) -> Heartbeat {
        let heartbeat = Heartbeat::default();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((name, longest, heartbeat.clone()));
        heartbeat
    }

    /// The name of a loop whose beat is overdue; none if there is no such loop.
    pub fn missing(&self, now: Instant) -> Option<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_late = |(_, longest, heartbeat): &&(_, Duration, Heartbeat)| {
            now.saturating_duration_since(heartbeat.last()) > *longest
        };
        all.iter().find(is_late).map(|(name, ..)| name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_that_hangs_is_missed_and_one_that_goes_on_again_is_not() {
        let second = Duration::from_secs(1);
        let heartbeats = Heartbeats::default();
        let worker = heartbeats.of("worker-0".into(), 5 * second);
        let poller = heartbeats.of("poller".into(), 30 * second);
        let now = Instant::now();
        assert_eq!(heartbeats.missing(now), None, "each has its time from the start on");
        assert_eq!(heartbeats.missing(now + 6 * second).as_deref(), Some("worker-0"));
        std::thread::sleep(Duration::from_millis(20));
        worker.beat();
        assert_eq!(heartbeats.missing(now + 5 * second + Duration::from_millis(10)), None);
        assert!(heartbeats.missing(now + 31 * second).is_some());
        poller.beat();
        assert_eq!(heartbeats.missing(Instant::now()), None);
    }
}
