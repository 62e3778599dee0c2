//! The thread that asks MLB and shows what follows.

use crate::{
    answer::Player,
    app::{
        DataSource, RunError,
        live_site::{LiveSite, PollerId},
        metrics::AllMetrics,
        threads::RestartingThreads,
    },
    config::Config,
    mlb::{Client, Poller, Store},
};
use std::sync::{Arc, mpsc};

/// The default player as his fans call him, for the minutes before MLB was first heard.
const DEFAULT_PLAYER: (u32, &str, &str) = (665487, "Fernando Tatis Jr.", "Tatis Jr.");

/// The poller at work. It ends when this is dropped, and nobody waits for it: nothing it could still learn would be shown.
pub(crate) struct PollerThread {
    _stop: mpsc::Sender<()>,
}

/// Makes a watch, and makes it anew after a fault.
pub(crate) fn watches(
    config: &Config,
    show: &DataSource,
    meters: &AllMetrics,
) -> impl Fn() -> Poller + Send + 'static + use<> {
    let (id, club, clock, endpoint) =
        (config.player.id, config.player.club, show.clock, show.endpoint(config));
    let (polls, limits, pulse) = (meters.polls.clone(), config.limits.clone(), meters.poller.clone());
    let data_dir = config.data_dir.clone().filter(|_| show.replay.is_none());
    move || {
        let store = data_dir.as_deref().map(Store::in_dir);
        let client = Client::new(endpoint.clone(), &limits).alive_by(pulse.clone());
        Poller::new(client, clock, expected_player(id), club, store, polls.clone())
    }
}

/// What the page calls the player until MLB was heard.
fn expected_player(id: u32) -> Player {
    let (default, name, short_name) = DEFAULT_PLAYER;
    if id == default {
        return Player::named(id, name, short_name);
    }
    let name = format!("Player {id}");
    Player::named(id, name.clone(), name)
}

/// A poller whose thread waits until it may ask. Dropped, it never asks.
pub(crate) struct PreparedPoller {
    may_ask: mpsc::Sender<PollerId>,
    stop: mpsc::Sender<()>,
}

impl PreparedPoller {
    /// Starts the thread. It watches with the first watch, and with another one after a fault; pages stay as they are
    /// meanwhile.
    pub fn new(
        first: Poller,
        make_watch: impl Fn() -> Poller + Send + 'static,
        stage: &Arc<LiveSite>,
        keep: &RestartingThreads,
    ) -> Result<Self, RunError> {
        let (may_ask, asks) = mpsc::channel();
        let (sender, stop) = mpsc::channel();
        let (mut first, mut tenure) = (Some(first), None);
        let stage = stage.clone();
        keep.alive("poller".into(), move || {
            tenure = tenure.or_else(|| asks.recv().ok());
            let Some(tenure) = tenure else { return Ok(()) };
            let watch = first.take().unwrap_or_else(&make_watch);
            watch.run(&stop, |answer| stage.show(tenure, answer));
            Ok(())
        })?;
        Ok(PreparedPoller { may_ask, stop: sender })
    }

    /// Lets it ask, and show answers by this tenure.
    pub fn start(self, tenure: PollerId) -> PollerThread {
        // The thread waits for it.
        let _ = self.may_ask.send(tenure);
        PollerThread { _stop: self.stop }
    }
}
