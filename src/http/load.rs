//! Limits and the number of connections, read by all workers without a lock.

use crate::{
    http::blocked::BlockedResponses,
    limits::Limits,
    sync::atomic::{AtomicUsize, Ordering},
};
use arc_swap::ArcSwap;
use std::sync::Arc;

/// The limits and the number of connections, shared by all workers.
pub(crate) struct Load {
    limits: ArcSwap<Limits>,
    /// Open connections, without those of the admin listener.
    open: AtomicUsize,
    /// Responses that their peers do not take.
    pub blocked: Arc<BlockedResponses>,
}

impl Load {
    pub fn new(limits: Limits) -> Self {
        Load { limits: ArcSwap::from_pointee(limits), open: AtomicUsize::new(0), blocked: Arc::default() }
    }

    /// The limits of new connections.
    pub fn limits(&self) -> Arc<Limits> {
        self.limits.load_full()
    }

    /// Replaces the limits from now on.
    pub fn limit(&self, limits: Limits) {
        self.limits.store(Arc::new(limits));
    }

    /// Sets the number of open connections, without those of the admin listener.
    pub fn set_open(&self, visitors: usize) {
        self.open.store(visitors, Ordering::Relaxed);
    }

    /// Whether at least 90 % of the permitted connections are open.
    pub fn is_crowded(&self) -> bool {
        let most = self.limits.load().connections;
        self.open.load(Ordering::Relaxed) >= most - most / 10
    }
}
