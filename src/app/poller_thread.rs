//! The thread that asks MLB and shows what follows.

use crate::{
    answer::Player,
    app::{Failure, Show, live_site::Stage, metrics::Meters, threads::Keep},
    config::Config,
    mlb::{Client, Store, Watch},
};
use std::sync::{Arc, mpsc};

/// The default player as his fans call him, for the minutes before MLB was first heard.
const DEFAULT_PLAYER: (u32, &str, &str) = (665487, "Fernando Tatis Jr.", "Tatis Jr.");

/// The poller at work. It ends when this is dropped, and nobody waits for it: nothing it could still learn would be shown.
pub(crate) struct Poller {
    _stop: mpsc::Sender<()>,
}

/// Makes a watch, and makes it anew after a fault.
pub(crate) fn watches(
    config: &Config,
    show: &Show,
    meters: &Meters,
) -> impl Fn() -> Watch + Send + 'static + use<> {
    let (id, club, clock, endpoint) =
        (config.player.id, config.player.club, show.clock, show.endpoint(config));
    let (polls, limits, pulse) = (meters.polls.clone(), config.limits.clone(), meters.poller.clone());
    let data_dir = config.data_dir.clone().filter(|_| show.replay.is_none());
    move || {
        let store = data_dir.as_deref().map(Store::in_dir);
        let client = Client::new(endpoint.clone(), &limits).alive_by(pulse.clone());
        Watch::new(client, clock, expected_player(id), club, store, polls.clone())
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

/// Watches with the first, and with another one after a fault; pages stay as they are meanwhile.
pub(crate) fn start(
    first: Watch,
    make_watch: impl Fn() -> Watch + Send + 'static,
    stage: &Arc<Stage>,
    keep: &Keep,
) -> Result<Poller, Failure> {
    let (sender, stop) = mpsc::channel();
    let mut first = Some(first);
    let (stage, tenure) = (stage.clone(), stage.tenure());
    keep.alive("poller".into(), move || {
        let watch = first.take().unwrap_or_else(&make_watch);
        watch.run(&stop, |answer| stage.show(tenure, answer));
        Ok(())
    })?;
    Ok(Poller { _stop: sender })
}
