//! Starts the relay where the configuration turns it on, and keeps it across reloads that leave it as it is.

use crate::{
    app::{DataSource, RunError, metrics::AllMetrics},
    config::Config,
    mlb::relay::Relay,
    site::relay::Relaying,
};
use std::sync::Arc;

/// The relay of this configuration; `before` is what runs already, and the configuration it was started by.
///
/// # Errors
/// When the system has no threads to spare.
pub(crate) fn relay(
    config: &Config,
    show: &DataSource,
    meters: &AllMetrics,
    before: Option<(&Config, &Relaying)>,
) -> Result<Option<Relaying>, RunError> {
    // A day that is replayed is nobody else's.
    let Some(shared) = config.relay_token.as_ref().filter(|_| show.replay.is_none()) else { return Ok(None) };
    let asks_the_same = |(running, _): &(&Config, &Relaying)| running.endpoint() == config.endpoint();
    let relay = match before.filter(asks_the_same) {
        Some((_, relaying)) => relaying.relay.clone(),
        None => {
            let relay = Relay::start(config.endpoint(), &config.limits, meters.relay.clone());
            let cannot = |error| RunError(format!("cannot start the relay's threads: {error}"));
            tracing::info!(
                url = config.mlb_url,
                "the relay answers e6's questions under /mlb/ to those with its token"
            );
            Arc::new(relay.map_err(cannot)?)
        }
    };
    Ok(Some(Relaying { relay, token: shared.token.clone() }))
}
