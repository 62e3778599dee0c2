//! The source of the site's data: MLB, or the replay of a past day.

use crate::{
    app::{
        error::RunError,
        publisher::{Publisher, ReplayedDay},
    },
    clock::Clock,
    config::Config,
    mlb::{Endpoint, replay::Replay},
};

pub struct DataSource {
    pub clock: Clock,
    /// The running replay, which stands in for MLB; none when live.
    pub replay: Option<RunningReplay>,
}

/// A running replay. It ends when this is dropped.
pub struct RunningReplay {
    pub replayed: ReplayedDay,
    pub url: String,
    pub(crate) _replay: Replay,
}

/// A replay that starts after privileges have been dropped.
pub struct ReplayPlan {
    pub url: String,
    pub begin: BeginReplay,
}

/// Starts the server of a replay.
pub type BeginReplay = Box<dyn FnOnce(&Config) -> Result<DataSource, RunError>>;

impl DataSource {
    /// The source of a site that replays nothing.
    pub fn live(config: &Config) -> Self {
        DataSource { clock: config.clock.map_or(Clock::System, Clock::starting_at), replay: None }
    }

    pub fn endpoint(&self, config: &Config) -> Endpoint {
        let endpoint = config.endpoint();
        match &self.replay {
            // The replay's server runs on this machine and needs no token and no proxy.
            Some(RunningReplay { url, .. }) => {
                Endpoint { url: url.clone(), token: None, proxy: None, ..endpoint }
            }
            None => endpoint,
        }
    }

    pub fn publisher(&self, config: &Config) -> Publisher {
        Publisher::new(config, self.replay.as_ref().map(|replay| replay.replayed.clone()), self.clock)
    }
}
