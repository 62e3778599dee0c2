//! Pacing of requests, to keep MLB's published limit of 25 a second.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// With [`BURST`], at most 25 requests in any second.
const INTERVAL: Duration = Duration::from_millis(50);
/// Requests that need not wait after a pause.
const BURST: u32 = 5;

/// Spaces requests: a burst is sent at once, a long series at 20 requests a second.
#[derive(Debug, Default)]
pub struct Pacing {
    /// The time at which the next request is due at regular intervals.
    next: Mutex<Option<Instant>>,
}

/// One pacing per base URL for the whole process: to MLB, poller and relay are one client.
static PACINGS: Mutex<BTreeMap<String, Arc<Pacing>>> = Mutex::new(BTreeMap::new());

impl Pacing {
    /// The pacing of all requests of this process to a base URL.
    pub fn of(base: &str) -> Arc<Self> {
        let mut pacings = PACINGS.lock().unwrap_or_else(PoisonError::into_inner);
        pacings.entry(base.to_owned()).or_default().clone()
    }

    /// Waits until a request may be sent.
    pub fn wait(&self) {
        thread::sleep(self.turn(Instant::now()));
    }

    /// The time that a request made now has to wait.
    fn turn(&self, now: Instant) -> Duration {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = next.map_or(now, |next| next.max(now));
        *next = Some(turn + INTERVAL);
        (turn - now).saturating_sub(INTERVAL * (BURST - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_out_at_once_and_no_second_has_more_than_25_requests() {
        let pacing = Pacing::default();
        let start = Instant::now();
        let sent: Vec<Duration> = (0..200).map(|_| pacing.turn(start)).collect();
        assert!(sent[..5].iter().all(Duration::is_zero), "{:?}", &sent[..6]);
        assert_eq!(sent[5], INTERVAL);
        for &from in &sent {
            let second = sent.iter().filter(|at| (from..from + Duration::from_secs(1)).contains(*at)).count();
            assert!(second <= 25, "{second} requests in the second after {from:?}");
        }
        let later = start + Duration::from_secs(3600);
        assert_eq!(pacing.turn(later), Duration::ZERO, "the pause has been long enough");
    }
}
