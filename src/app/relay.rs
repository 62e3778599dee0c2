//! Starts the relay if the configuration turns it on, and keeps it across reloads that do not change its endpoint.

use crate::{
    app::{DataSource, RunError, metrics::AllMetrics},
    config::Config,
    mlb::relay::Relay,
    site::relay::Relaying,
};
use std::sync::Arc;

/// The relay of this configuration. `before` is the running configuration and its relay.
pub(crate) fn relay(
    config: &Config,
    show: &DataSource,
    metrics: &AllMetrics,
    before: Option<(&Config, &Relaying)>,
) -> Result<Option<Relaying>, RunError> {
    // A replay is not relayed to other servers.
    let Some(token) = config.relay_token.as_ref().filter(|_| show.replay.is_none()) else { return Ok(None) };
    let has_same_endpoint = |(running, _): &(&Config, &Relaying)| running.endpoint() == config.endpoint();
    let relay = match before.filter(has_same_endpoint) {
        Some((_, relaying)) => relaying.relay.clone(),
        None => {
            let relay =
                Relay::start(config.endpoint(), &config.limits, metrics.relay.clone(), &metrics.threads);
            tracing::info!(
                url = config.mlb_url,
                "the relay serves MLB's data under /mlb/ to servers that send its token"
            );
            Arc::new(relay.map_err(RunError::cannot("start the relay's threads"))?)
        }
    };
    Ok(Some(Relaying { relay, token: token.clone() }))
}
