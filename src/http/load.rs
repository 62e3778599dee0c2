//! Limits and the number of connections, read by all workers without a lock.

use crate::{http::blocked::BlockedResponses, limits::Limits};
use arc_swap::ArcSwap;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Of all workers.
pub(crate) struct Load {
    limits: ArcSwap<Limits>,
    /// How many visitors there are.
    open: AtomicUsize,
    /// Responses that their readers do not take.
    pub blocked: Arc<BlockedResponses>,
}

impl Load {
    /// Nothing yet.
    pub fn new(limits: Limits) -> Self {
        Load { limits: ArcSwap::from_pointee(limits), open: AtomicUsize::new(0), blocked: Arc::default() }
    }

    /// The limits of those who come now.
    pub fn limits(&self) -> Arc<Limits> {
        self.limits.load_full()
    }

    /// Other limits from now on.
    pub fn limit(&self, limits: Limits) {
        self.limits.store(Arc::new(limits));
    }

    /// There are so many visitors now.
    pub fn set_open(&self, visitors: usize) {
        self.open.store(visitors, Ordering::Relaxed);
    }

    /// Whether there is hardly room for more.
    pub fn is_crowded(&self) -> bool {
        let most = self.limits.load().connections;
        self.open.load(Ordering::Relaxed) >= most - most / 10
    }
}
