//! The rate of requests of each network, in a table of constant size without a lock.

use crate::limits::Limits;
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
pub(super) struct RequestRates {
    began: Instant,
    hasher: RandomState,
    buckets: Box<[AtomicU64]>,
}

impl RequestRates {
    pub fn new() -> Self {
        let buckets = (0..BUCKETS).map(|_| AtomicU64::new(0)).collect();
        RequestRates { began: Instant::now(), hasher: RandomState::new(), buckets }
    }

    /// Admits a request of this network at this time.
    ///
    /// # Errors
    /// The time until there is room for one.
    pub fn admit(&self, network: IpAddr, now: Instant, limits: &Limits) -> Result<(), Duration> {
        let bucket = self.bucket(network);
        bucket
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |empty| self.filled(empty, now, limits).ok())
            .map(drop)
            .or_else(|empty| self.filled(empty, now, limits).map(drop))
    }

    /// Whether a request of this network at this time would be admitted.
    pub fn would_admit(&self, network: IpAddr, now: Instant, limits: &Limits) -> bool {
        self.filled(self.bucket(network).load(Ordering::Relaxed), now, limits).is_ok()
    }

    fn bucket(&self, network: IpAddr) -> &AtomicU64 {
        &self.buckets[self.hasher.hash_one(network) as usize % BUCKETS]
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
}
