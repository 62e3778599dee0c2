//! The limit on the request rate of an address.

use crate::limits::Limits;
use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// The number of addresses that can be told apart, in 128 KiB. Two addresses that hash to one bucket share it, so
/// nothing grows and nothing has to be swept. To fill the buckets of others, an attacker would have to send at full
/// rate from thousands of addresses, whose hashes are unpredictable.
const BUCKETS: usize = 16 * 1024;

/// A bucket for each address (the generic cell rate algorithm, ITU-T I.371). It holds the time at which it will be
/// empty, in nanoseconds since `began`.
pub(crate) struct RateLimiter {
    began: Instant,
    hasher: RandomState,
    buckets: Box<[AtomicU64]>,
}

impl RateLimiter {
    pub fn new() -> Self {
        let buckets = (0..BUCKETS).map(|_| AtomicU64::new(0)).collect();
        RateLimiter { began: Instant::now(), hasher: RandomState::new(), buckets }
    }

    /// Admits a request that arrives now.
    ///
    /// # Errors
    /// The time that it would have to wait.
    pub fn admit(&self, network: IpAddr, now: Instant, limits: &Limits) -> Result<(), Duration> {
        let cost = nanoseconds(Duration::from_secs(1) / limits.address_rate);
        let now = nanoseconds(now.saturating_duration_since(self.began));
        let full = now + cost * u64::from(limits.address_burst);
        let after = |empty: u64| empty.max(now) + cost;
        let bucket = &self.buckets[self.hasher.hash_one(network) as usize % BUCKETS];
        bucket
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |empty| {
                Some(after(empty)).filter(|empty| *empty <= full)
            })
            .map(drop)
            .map_err(|empty| Duration::from_nanos(after(empty) - full))
    }
}

/// A span in nanoseconds; 64 bits suffice for 584 years of this process.
fn nanoseconds(span: Duration) -> u64 {
    span.as_nanos().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_welcome_and_then_so_many_each_second() {
        let (rates, limits) =
            (RateLimiter::new(), Limits { address_rate: 2, address_burst: 5, ..Limits::default() });
        let began = Instant::now();
        let admitted = |network: &str, after: u64| {
            let now = began + Duration::from_millis(after);
            (0..100).map_while(|_| rates.admit(network.parse().unwrap(), now, &limits).ok()).count()
        };
        assert_eq!(admitted("192.0.2.1", 0), 5);
        let now = began + Duration::from_millis(100);
        assert_eq!(rates.admit("192.0.2.1".parse().unwrap(), now, &limits), Err(Duration::from_millis(400)));
        assert_eq!(admitted("192.0.2.2", 100), 5, "somebody else");
        assert_eq!(admitted("192.0.2.1", 500), 1);
        assert_eq!(admitted("192.0.2.1", 1600), 2);
        assert_eq!(admitted("192.0.2.1", 3_600_000), 5, "no more is saved than a burst");
    }
}
