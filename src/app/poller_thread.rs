//! The thread that polls MLB and publishes the answers.

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

/// The default player's id, name and short name, used until MLB first answers.
const DEFAULT_PLAYER: (u32, &str, &str) = (665487, "Fernando Tatis Jr.", "Tatis Jr.");

/// The running poller. Dropping this stops it without waiting for it, because its answers would not be published.
pub(crate) struct PollerThread {
    _stop: mpsc::Sender<()>,
}

/// A function that makes a poller, at first and again after a panic.
pub(crate) fn watches(
    config: &Config,
    show: &DataSource,
    metrics: &AllMetrics,
) -> impl Fn() -> Poller + Send + 'static + use<> {
    let (id, club, clock, endpoint) =
        (config.player.id, config.player.club, show.clock, show.endpoint(config));
    let (polls, limits, heartbeat) = (metrics.polls.clone(), config.limits.clone(), metrics.poller.clone());
    let data_dir = config.data_dir.clone().filter(|_| show.replay.is_none());
    move || {
        let store = data_dir.as_deref().map(Store::in_dir);
        let client = Client::new(endpoint.clone(), &limits).alive_by(heartbeat.clone());
        Poller::new(client, clock, expected_player(id), club, store, polls.clone())
    }
}

/// The player's name on the page until MLB first answers.
fn expected_player(id: u32) -> Player {
    let (default, name, short_name) = DEFAULT_PLAYER;
    if id == default {
        return Player::named(id, name, short_name);
    }
    let name = format!("Player {id}");
    Player::named(id, name.clone(), name)
}

/// A poller whose thread waits for [`PreparedPoller::start`]. Dropping this ends the thread before its first request.
pub(crate) struct PreparedPoller {
    may_ask: mpsc::Sender<PollerId>,
    stop: mpsc::Sender<()>,
}

impl PreparedPoller {
    /// Starts the thread. It runs the first poller, and another one after a panic; pages stay as they are meanwhile.
    pub fn new(
        first: Poller,
        make_watch: impl Fn() -> Poller + Send + 'static,
        live_site: &Arc<LiveSite>,
        keep: &RestartingThreads,
    ) -> Result<Self, RunError> {
        let (may_ask, asks) = mpsc::channel();
        let (sender, stop) = mpsc::channel();
        let (mut first, mut poller_id) = (Some(first), None);
        let live_site = live_site.clone();
        keep.alive("poller".into(), move || {
            poller_id = poller_id.or_else(|| asks.recv().ok());
            let Some(poller_id) = poller_id else { return Ok(()) };
            let watch = first.take().unwrap_or_else(&make_watch);
            watch.run(&stop, |answer| live_site.show(poller_id, answer));
            Ok(())
        })?;
        Ok(PreparedPoller { may_ask, stop: sender })
    }

    /// Starts the poller, whose answers are published under this number.
    pub fn start(self, poller_id: PollerId) -> PollerThread {
        // The thread is waiting for this message.
        let _ = self.may_ask.send(poller_id);
        PollerThread { _stop: self.stop }
    }
}
