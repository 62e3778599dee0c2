//! The thread that asks MLB and publishes what follows.

use super::{Failure, Show};
use crate::{
    answer::{Answer, Player},
    config::Config,
    mlb::{Client, Polls, Store, Watch},
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc,
    thread,
    time::Duration,
};

/// The default player as his fans call him, for the minutes before MLB was first heard.
const DEFAULT_PLAYER: (u32, &str, &str) = (665487, "Fernando Tatis Jr.", "Tatis Jr.");
/// After a fault in the poller's thread, so that a fault that repeats does not spin.
const POLLER_PAUSE: Duration = Duration::from_secs(5);

/// Makes the watch, and makes it anew after a fault.
pub(super) fn watches(
    config: &Config,
    show: &Show,
    polls: Polls,
) -> impl Fn() -> Watch + Send + 'static + use<> {
    let (id, club, clock, url) = (config.player.id, config.player.club, show.clock, show.mlb_url.clone());
    let limits = config.limits.clone();
    let data_dir = config.data_dir.clone().filter(|_| show.replay.is_none());
    move || {
        let store = data_dir.as_deref().map(Store::in_dir);
        let client = Client::new(url.clone(), &limits);
        Watch::new(client, clock, expected_player(id), club, store, polls.clone())
    }
}

/// What the page calls the player until MLB was heard.
fn expected_player(id: u32) -> Player {
    let (default, name, short_name) = DEFAULT_PLAYER;
    if id == default {
        return Player { id, name: name.into(), short_name: short_name.into(), club: None };
    }
    let name = format!("Player {id}");
    Player { id, short_name: name.clone(), name, club: None }
}

/// The one writer of the site. A fault in it is logged and it starts anew; pages stay as they are meanwhile.
pub(super) fn start(
    first: Watch,
    make_watch: impl Fn() -> Watch + Send + 'static,
    stop: mpsc::Receiver<()>,
    mut show: impl FnMut(&Answer) + Send + 'static,
) -> Result<(), Failure> {
    let body = move || {
        let mut watch = first;
        let mut shown = None;
        loop {
            let publish = |answer: Answer| {
                // What is stale is shown with its age, which changes by itself.
                if answer.stale || shown.as_ref() != Some(&answer) {
                    show(&answer);
                    shown = Some(answer);
                }
            };
            if catch_unwind(AssertUnwindSafe(|| watch.run(&stop, publish))).is_ok() {
                return;
            }
            tracing::error!("the poller broke; starting it anew");
            if stop.recv_timeout(POLLER_PAUSE) != Err(mpsc::RecvTimeoutError::Timeout) {
                return;
            }
            watch = make_watch();
        }
    };
    thread::Builder::new()
        .name("poller".into())
        .spawn(body)
        .map(drop)
        .map_err(|error| Failure(format!("cannot start the poller's thread: {error}")))
}
