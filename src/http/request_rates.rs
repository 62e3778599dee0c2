//! The rate of requests of each network, in a table of constant size without a lock.

use crate::{connection::network, limits::Limits};
use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// The number of networks whose request rates can be told apart, in 128 KiB. Two networks that hash to one bucket share
/// it, so nothing grows and nothing has to be swept. To fill the buckets of others, an attacker would have to send at
/// full rate from thousands of networks, whose hashes are unpredictable.
const BUCKETS: usize = 16 * 1024;

/// A bucket for each network (the generic cell rate algorithm, ITU-T I.371). It holds the time at which it will be
/// empty, in nanoseconds since `began`.
pub(crate) struct RequestRates {
    began: Instant,
    hasher: RandomState,
    buckets: Box<[AtomicU64]>,
}

impl RequestRates {
    pub fn new() -> Self {
        let buckets = (0..BUCKETS).map(|_| AtomicU64::new(0)).collect();
        RequestRates { began: Instant::now(), hasher: RandomState::new(), buckets }
    }

    /// Admits a request of this address's network at this time.
    ///
    /// # Errors
    /// The time until there is room for one.
    pub fn admit(&self, address: IpAddr, now: Instant, limits: &Limits) -> Result<(), Duration> {
        let bucket = self.bucket(address);
        bucket
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |empty| self.filled(empty, now, limits).ok())
            .map(drop)
            .or_else(|empty| self.filled(empty, now, limits).map(drop))
    }

    /// Whether a request of this address's network at this time would be admitted.
    pub fn would_admit(&self, address: IpAddr, now: Instant, limits: &Limits) -> bool {
        self.filled(self.bucket(address).load(Ordering::Relaxed), now, limits).is_ok()
    }

    fn bucket(&self, address: IpAddr) -> &AtomicU64 {
        &self.buckets[self.hasher.hash_one(network(address)) as usize % BUCKETS]
    }

    /// The time at which a bucket is empty after one more request, or the time until there is room for one.
    fn filled(&self, empty: u64, now: Instant, limits: &Limits) -> Result<u64, Duration> {
        let cost = nanoseconds(Duration::from_secs(1) / limits.address_rate);
        let now = nanoseconds(now.saturating_duration_since(self.began));
        let full = now + cost * u64::from(limits.address_burst);
        let after = empty.max(now) + cost;
        if after <= full { Ok(after) } else { Err(Duration::from_nanos(after - full)) }
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
    fn the_table_does_not_grow_with_the_networks() {
        let (rates, limits) = (RequestRates::new(), Limits::default());
        let admitted = (0..100_000u32).filter(|number| {
            rates.admit(IpAddr::from(number.to_be_bytes()), Instant::now(), &limits).is_ok()
        });
        assert_eq!((admitted.count(), rates.buckets.len()), (100_000, BUCKETS));
    }

    #[test]
    fn a_burst_is_welcome_and_then_so_many_each_second() {
        let rates = RequestRates::new();
        let limits = Limits { address_rate: 2, address_burst: 5, ..Limits::default() };
        let began = Instant::now();
        let admitted = |address: &str, after: u64| {
            let now = began + Duration::from_millis(after);
            let address = address.parse().unwrap();
            (0..100).map_while(|_| rates.admit(address, now, &limits).ok()).count()
        };
        assert_eq!(admitted("192.0.2.1", 0), 5);
        let now = began + Duration::from_millis(100);
        let address = "192.0.2.1".parse().unwrap();
        assert_eq!(rates.admit(address, now, &limits), Err(Duration::from_millis(400)));
        assert_eq!(admitted("192.0.2.2", 100), 5, "somebody else");
        assert_eq!(admitted("192.0.2.1", 500), 1);
        assert_eq!(admitted("192.0.2.1", 1600), 2);
        assert_eq!(admitted("192.0.2.1", 3_600_000), 5, "no more is saved than a burst");
    }
}
