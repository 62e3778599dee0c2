//! Notifications to the supervisor (sd_notify(3)): readiness, reloads, status and watchdog. Nothing is sent unless the
//! supervisor asks by `NOTIFY_SOCKET` and `WATCHDOG_USEC`.

use crate::threads::RestartingThreads;
use sd_notify::NotifyState;
use std::{
    process,
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

/// Notifies the watchdog, if there is one, while no thread hangs.
pub(crate) async fn feed(threads: RestartingThreads) {
    let Some(deadline) = sd_notify::watchdog_enabled() else { return };
    feed_every(deadline / 4, &threads, || tell(&[NotifyState::Watchdog])).await;
}

async fn feed_every(span: Duration, threads: &RestartingThreads, feed: impl Fn()) {
    let mut is_logged = false;
    loop {
        match threads.hanging(Instant::now()) {
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
    use crate::threads::Heartbeat;
    use prometheus::Registry;
    use std::{cell::Cell, sync::mpsc};

    #[tokio::test]
    async fn the_watchdog_is_fed_only_while_every_loop_goes_on() {
        let threads = RestartingThreads::new(&Registry::new()).unwrap();
        let (worker, beats) = mpsc::channel();
        let work = move |heartbeat: &Heartbeat| {
            beats.iter().for_each(|()| heartbeat.beat());
            Ok(())
        };
        threads.spawn("worker-0".into(), Duration::from_millis(100), work).unwrap();
        let fed = Cell::new(0);
        let feeding = feed_every(Duration::from_millis(5), &threads, || fed.set(fed.get() + 1));
        let hanging = async {
            while fed.get() < 3 {
                worker.send(()).unwrap();
                sleep(Duration::from_millis(5)).await;
            }
            // The worker hangs: after its limit the watchdog is no longer fed.
            sleep(Duration::from_millis(300)).await;
            let before = fed.get();
            sleep(Duration::from_millis(100)).await;
            assert_eq!(fed.get(), before);
            while fed.get() == before {
                worker.send(()).unwrap();
                sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            () = feeding => {}
            done = tokio::time::timeout(Duration::from_secs(30), hanging) => done.unwrap(),
        }
    }
}
