//! The rate of requests of each network, in a table of constant size.

use crate::{connection::network, limits::Limits, sync::Unpoisoned};
use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

/// The number of networks whose request rates are known at once: 8,192 in 128 KiB.
const SETS: usize = 1024;
const BUCKETS_IN_SET: usize = 8;

/// A bucket for each network (the generic cell rate algorithm, ITU-T I.371). A network's hash chooses its set. If all
/// buckets of the set are taken, the emptiest is given to the new network: no network pays for another's requests,
/// nothing grows, and nothing has to be swept.
pub(crate) struct RequestRates {
    began: Instant,
    hasher: RandomState,
    sets: Box<[Mutex<[Bucket; BUCKETS_IN_SET]>]>,
}

#[derive(Clone, Copy, Default)]
struct Bucket {
    /// The hash of the network. Of two networks whose 64 bits are equal, one could throttle the other; nobody can
    /// search for such a pair, because the hash is keyed at random.
    network: u64,
    /// The time at which the bucket will be empty, in nanoseconds since `began`.
    empty: u64,
}

impl RequestRates {
    pub fn new() -> Self {
        let sets = (0..SETS).map(|_| Mutex::default()).collect();
        RequestRates { began: Instant::now(), hasher: RandomState::new(), sets }
    }

    /// Admits a request of this address's network at this time.
    ///
    /// # Errors
    /// The time until there is room for one.
    pub fn admit(&self, address: IpAddr, now: Instant, limits: &Limits) -> Result<(), Duration> {
        let (network, mut set) = self.set(address);
        let empty = self.filled(empty(&set, network), now, limits)?;
        // Its own bucket, or else the emptiest.
        if let Some(bucket) = set.iter_mut().min_by_key(|bucket| (bucket.network != network, bucket.empty)) {
            *bucket = Bucket { network, empty };
        }
        Ok(())
    }

    /// Whether a request of this address's network at this time would be admitted.
    pub fn would_admit(&self, address: IpAddr, now: Instant, limits: &Limits) -> bool {
        let (network, set) = self.set(address);
        self.filled(empty(&set, network), now, limits).is_ok()
    }

    /// The hash of this address's network, and its set. The lock is held for a few instructions, which cannot panic.
    fn set(&self, address: IpAddr) -> (u64, MutexGuard<'_, [Bucket; BUCKETS_IN_SET]>) {
        let hash = self.hasher.hash_one(network(address));
        let set = self.sets[hash as usize % SETS].lock();
        (hash, set.unpoisoned())
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

/// The time at which a network's bucket is empty; long ago if it has none.
fn empty(set: &[Bucket; BUCKETS_IN_SET], network: u64) -> u64 {
    set.iter().find(|bucket| bucket.network == network).map_or(0, |bucket| bucket.empty)
}

/// A span in nanoseconds; 64 bits suffice for 584 years of this process.
fn nanoseconds(span: Duration) -> u64 {
    span.as_nanos().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_network_is_throttled_for_the_requests_of_others() {
        let (rates, limits, now) = (RequestRates::new(), Limits::default(), Instant::now());
        // As many networks as there are buckets, each at its limit, and then ten times as many strangers.
        for number in 0..(SETS * BUCKETS_IN_SET) as u32 {
            while rates.admit(IpAddr::from(number.to_be_bytes()), now, &limits).is_ok() {}
        }
        let strangers = (0x0a00_0000..0x0a00_0000 + 80_000u32)
            .filter(|number| rates.admit(IpAddr::from(number.to_be_bytes()), now, &limits).is_ok());
        assert_eq!(strangers.count(), 80_000);
    }

    #[test]
    fn a_network_at_its_limit_is_remembered_while_others_come() {
        let (rates, limits, now) = (RequestRates::new(), Limits::default(), Instant::now());
        let address = "192.0.2.1".parse().unwrap();
        while rates.admit(address, now, &limits).is_ok() {}
        for number in 0..100_000u32 {
            assert!(rates.admit(IpAddr::from(number.to_be_bytes()), now, &limits).is_ok());
        }
        assert!(rates.admit(address, now, &limits).is_err());
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
