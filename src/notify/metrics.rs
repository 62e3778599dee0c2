//! Metrics of hooks, by the host of their URL.

use crate::{metrics::metrics, notify::HookUrl};

metrics! {
    pub struct NotifyMetrics {
        messages: counters(
            "e6_notify_messages_total",
            "Messages to hooks, by host and outcome: sent, failed (one attempt), dropped (given up).", "host", "outcome");
        queue: gauges("e6_notify_queue", "Changes that a hook has not accepted yet, by host.", "host");
    }
}

/// The hook has accepted a message.
pub(crate) const SENT: &str = "sent";
/// The hook has not accepted a message at this attempt.
pub(crate) const FAILED: &str = "failed";
/// A message was given up.
pub(crate) const DROPPED: &str = "dropped";

impl NotifyMetrics {
    /// The metrics of one hook, each of which exists from now on.
    pub(crate) fn of(&self, url: &HookUrl) -> HookMetrics {
        let hook = HookMetrics { metrics: self.clone(), host: url.to_string(), queued: 0 };
        for outcome in [SENT, FAILED, DROPPED] {
            self.messages.with_label_values(&[&*hook.host, outcome]);
        }
        self.queue.with_label_values(&[&hook.host]);
        hook
    }
}

/// The metrics of one hook. Several hooks may have the same host.
pub(crate) struct HookMetrics {
    metrics: NotifyMetrics,
    host: String,
    /// Its part of the gauge.
    queued: i64,
}

impl HookMetrics {
    pub fn count(&self, outcome: &str) {
        self.metrics.messages.with_label_values(&[&*self.host, outcome]).inc();
    }

    pub fn queue(&mut self, length: usize) {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        self.metrics.queue.with_label_values(&[&self.host]).add(length - self.queued);
        self.queued = length;
    }
}

impl Drop for HookMetrics {
    fn drop(&mut self) {
        self.queue(0);
    }
}
