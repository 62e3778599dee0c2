//! Notifications to the supervisor (sd_notify(3)): readiness, reloads, status and watchdog. Nothing is sent unless the
//! supervisor asks by `NOTIFY_SOCKET` and `WATCHDOG_USEC`.

use crate::heartbeat::Heartbeats;
use sd_notify::NotifyState;
use std::{
    process,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::watch, time::sleep};

/// Notifies the supervisor. A failure is only logged, because e6 works without a supervisor.
fn tell(states: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "cannot notify the supervisor");
    }
}

/// Reports that this process is ready: at the start, after a reload, and after an upgrade that failed.
pub(crate) fn ready() {
    tell(&[NotifyState::MainPid(process::id()), NotifyState::Ready]);
}

/// Reports that this process reloads or starts an upgrade; [`ready`] or [`replaced`] follows.
pub(crate) fn reloading() {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        tell(&[NotifyState::Reloading, now]);
    }
}

/// Reports that the new process of an upgrade is the main process from now on.
pub(crate) fn replaced(by: u32) {
    tell(&[NotifyState::MainPid(by), NotifyState::Ready]);
}

/// Reports that this process drains and then ends.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("draining")]);
}

/// Sends the answer as the status, now and whenever it changes.
pub(crate) async fn follow(mut shown: watch::Receiver<String>) {
    loop {
        let now = shown.borrow_and_update().clone();
        tell(&[NotifyState::Status(&now)]);
        if shown.changed().await.is_err() {
            return;
        }
    }
}

/// Notifies the watchdog, if there is one, while every loop has a recent heartbeat.
pub(crate) async fn feed(heartbeats: Arc<Heartbeats>) {
    let Some(deadline) = sd_notify::watchdog_enabled() else { return };
    feed_every(deadline / 4, &heartbeats, || tell(&[NotifyState::Watchdog])).await;
}

async fn feed_every(span: Duration, heartbeats: &Heartbeats, feed: impl Fn()) {
    let mut is_logged = false;
    loop {
        match heartbeats.missing(Instant::now()) {
            None => {
                is_logged = false;
                feed();
            }
            Some(thread) if !is_logged => {
                is_logged = true;
                tracing::error!(thread, "the thread hangs; the watchdog is no longer notified");
            }
            Some(_) => {}
        }
        sleep(span).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test]
    async fn the_watchdog_is_fed_only_while_every_loop_goes_on() {
        let heartbeats = Heartbeats::default();
        let worker = heartbeats.of("worker-0".into(), Duration::from_millis(100));
        let _poller = heartbeats.of("poller".into(), Duration::from_secs(60));
        let fed = Cell::new(0);
        let feeding = feed_every(Duration::from_millis(5), &heartbeats, || fed.set(fed.get() + 1));
        let hanging = async {
            while fed.get() < 3 {
                worker.beat();
                sleep(Duration::from_millis(5)).await;
            }
            // The worker hangs: after its limit the watchdog is no longer fed.
            sleep(Duration::from_millis(300)).await;
            let before = fed.get();
            sleep(Duration::from_millis(100)).await;
            assert_eq!(fed.get(), before);
            while fed.get() == before {
                worker.beat();
                sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            () = feeding => {}
            done = tokio::time::timeout(Duration::from_secs(30), hanging) => done.unwrap(),
        }
    }
}
