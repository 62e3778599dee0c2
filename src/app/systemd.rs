//! What whoever supervises this process is told (sd_notify(3)): that it is ready, what it does, and that it lives. Where
//! nobody asked for it, by `NOTIFY_SOCKET` and `WATCHDOG_USEC`, nothing is told.

use crate::heartbeat::Pulses;
use sd_notify::NotifyState;
use std::{
    process,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::watch, time::sleep};

/// A supervisor that cannot be told is no reason to stop.
fn tell(states: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "the supervisor does not listen");
    }
}

/// It serves, as it did before it was reloading.
pub(crate) fn ready() {
    tell(&[NotifyState::MainPid(process::id()), NotifyState::Ready]);
}

/// It reads its configuration again, or is being replaced, until it is ready again.
pub(crate) fn reloading() {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        tell(&[NotifyState::Reloading, now]);
    }
}

/// Another process is the service from now on.
pub(crate) fn relieved(by: u32) {
    tell(&[NotifyState::MainPid(by), NotifyState::Ready]);
}

/// It drains, and ends then.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("draining")]);
}

/// Tells what is shown, now and whenever it changes.
pub(crate) async fn follow(mut shown: watch::Receiver<String>) {
    loop {
        let now = shown.borrow_and_update().clone();
        tell(&[NotifyState::Status(&now)]);
        if shown.changed().await.is_err() {
            return;
        }
    }
}

/// Feeds the watchdog, if there is one, for as long as every loop goes on.
pub(crate) async fn feed(pulses: Arc<Pulses>) {
    let Some(patience) = sd_notify::watchdog_enabled() else { return };
    feed_every(patience / 4, &pulses, || tell(&[NotifyState::Watchdog])).await;
}

async fn feed_every(span: Duration, pulses: &Pulses, feed: impl Fn()) {
    let mut is_said = false;
    loop {
        match pulses.missing(Instant::now()) {
            None => {
                is_said = false;
                feed();
            }
            Some(thread) if !is_said => {
                is_said = true;
                tracing::error!(thread, "it no longer goes on: the watchdog is not fed any more");
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
        let pulses = Pulses::default();
        let worker = pulses.of("worker-0".into(), Duration::from_millis(100));
        let _poller = pulses.of("poller".into(), Duration::from_secs(60));
        let fed = Cell::new(0);
        let feeding = feed_every(Duration::from_millis(5), &pulses, || fed.set(fed.get() + 1));
        let hanging = async {
            while fed.get() < 3 {
                worker.beat();
                sleep(Duration::from_millis(5)).await;
            }
            // It hangs: after its time there is nothing any more.
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
