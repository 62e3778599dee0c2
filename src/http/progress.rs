//! The rule for peers that take too few of the bytes that wait for them.

use crate::limits::Limits;
use std::time::Duration;
use tokio::time::Instant;

/// Interval between checks of a slow peer.
pub(crate) const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Whether a peer has taken nothing for the stall timeout, or on average less than the slowest permitted rate. Bytes
/// have waited since `began`; since then the peer has taken this many, the last ones at `changed`.
pub(crate) fn has_stalled(
    limits: &Limits,
    now: Instant,
    began: Instant,
    taken: u64,
    changed: Instant,
) -> bool {
    let lasted = now - began;
    let is_silent = now - changed.max(began) >= limits.stall;
    let is_slow = (taken as f64) < limits.stall_rate as f64 * lasted.as_secs_f64();
    lasted >= limits.stall && (is_silent || is_slow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_has_stalled_that_takes_nothing_or_too_few() {
        let limits = Limits { stall: Duration::from_secs(10), stall_rate: 1024, ..Limits::default() };
        let began = Instant::now();
        let stalled = |now: u64, taken: u64, changed: u64| {
            let [now, changed] = [now, changed].map(|seconds| began + Duration::from_secs(seconds));
            has_stalled(&limits, now, began, taken, changed)
        };
        assert!(!stalled(9, 0, 0), "not yet");
        assert!(stalled(10, 0, 0) && stalled(10, 1 << 20, 0), "nothing for so long");
        assert!(stalled(20, 20_000, 19) && !stalled(20, 21_000, 19), "the average");
    }
}
