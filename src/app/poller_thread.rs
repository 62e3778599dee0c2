//! The thread that polls MLB and publishes the answers.

use crate::{
    answer::{Answer, Player},
    app::{
        data_source::DataSource,
        error::RunError,
        live_site::{LiveSite, PollerId},
        metrics::AllMetrics,
    },
    config::Config,
    mlb::{Client, DayRequests, Poller, PollerSignal, Store},
    site::relay::Relaying,
    threads::Heartbeat,
};
use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

/// The default player's id, name and short name, used until MLB first answers.
const DEFAULT_PLAYER: (u32, &str, &str) = (665487, "Fernando Tatis Jr.", "Tatis Jr.");

/// Time for which the end of the process waits for the poller to save its state. A request to MLB may take longer, but
/// has nothing to save.
const FINISH: Duration = Duration::from_secs(1);

/// The running poller. Dropping this stops it without waiting for it, because its answers would not be published.
pub(crate) struct PollerThread {
    signals: mpsc::Sender<PollerSignal>,
    /// Closed when its thread ends.
    ended: mpsc::Receiver<()>,
}

impl PollerThread {
    pub fn stop(&self) {
        // A poller that has ended needs no signal.
        let _ = self.signals.send(PollerSignal::Stop);
    }

    /// Waits up to `FINISH` until a poller that was stopped has saved its state.
    pub fn finish(self) {
        let _ = self.ended.recv_timeout(FINISH);
    }
}

impl Drop for PollerThread {
    fn drop(&mut self) {
        self.stop();
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
    start: mpsc::Sender<(PollerId, Arc<LiveSite>)>,
    thread: PollerThread,
}

impl PreparedPoller {
    /// Starts the thread. It runs one poller, and another one after a panic; pages stay as they are meanwhile. Returns
    /// also the answer before the first request.
    pub fn new(
        config: &Config,
        source: &DataSource,
        metrics: &AllMetrics,
        relay: Option<&Relaying>,
        day_requests: &Arc<DayRequests>,
    ) -> Result<(Self, Answer), RunError> {
        let (id, club, clock, endpoint) =
            (config.player.id, config.player.club, source.clock, source.endpoint(config));
        let (polls, limits) = (metrics.polls.clone(), config.limits.clone());
        let data_dir = config.data_dir.clone().filter(|_| source.replay.is_none());
        let (day_requests, relay) = (day_requests.clone(), relay.map(|relaying| relaying.relay.clone()));
        let poller = move || {
            let store = data_dir.as_deref().map(Store::in_dir);
            let client = Client::new(endpoint.clone(), &limits).through(relay.clone());
            Poller::new(client, clock, expected_player(id), club, store, polls.clone())
                .looking_up(day_requests.clone())
        };
        let mut first = poller();
        let answer = first.first_answer();

        let (start, started) = mpsc::channel::<(PollerId, Arc<LiveSite>)>();
        let (signals, received) = mpsc::channel();
        let (running, ended) = mpsc::channel();
        let (mut first, mut purpose) = (Some(first), None);
        let work = move |heartbeat: &Heartbeat| {
            // Dropped with this closure, at the end of the thread.
            let _running = &running;
            purpose = purpose.take().or_else(|| started.recv().ok());
            let Some((poller_id, live_site)) = &purpose else { return Ok(()) };
            live_site.draw_pictures();
            let poller = first.take().unwrap_or_else(&poller);
            poller.run(&received, heartbeat, |answer| live_site.show(*poller_id, answer));
            Ok(())
        };
        let longest_pause = Poller::longest_pause(&config.limits);
        let spawned = metrics.threads.spawn("poller".into(), longest_pause, work);
        spawned.map_err(RunError::cannot("start the poller's thread"))?;
        Ok((PreparedPoller { start, thread: PollerThread { signals, ended } }, answer))
    }

    /// Starts the poller, whose answers are published under this number.
    pub fn start(self, poller_id: PollerId, live_site: &Arc<LiveSite>) -> PollerThread {
        // The thread is waiting for this message.
        let _ = self.start.send((poller_id, live_site.clone()));
        live_site.day_requests.wake(self.thread.signals.clone());
        self.thread
    }
}
