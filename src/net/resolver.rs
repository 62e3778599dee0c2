//! Name look-ups of outgoing requests. ureq's own resolver panics if the system refuses the thread of a look-up.

use crate::threads;
use std::sync::mpsc::{self, RecvTimeoutError};
use ureq::{
    Agent, Error,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout, time},
    },
};

/// An HTTP client with this configuration.
pub fn agent(config: Config) -> Agent {
    Agent::with_parts(config, DefaultConnector::default(), ThreadResolver)
}

/// Looks each name up in a thread of its own, because the system's look-up has no timeout.
#[derive(Debug)]
struct ThreadResolver;

impl Resolver for ThreadResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let (sender, found) = mpsc::channel();
        let (uri, config) = (uri.clone(), config.clone());
        // Without a timeout, ureq's resolver needs no thread.
        let unlimited = NextTimeout { after: time::Duration::NotHappening, ..timeout };
        threads::start("resolver", move || {
            // Nobody waits for it after the timeout.
            let _ = sender.send(DefaultResolver::default().resolve(&uri, &config, unlimited));
        })?;
        found.recv_timeout(*timeout.after).map_err(|error| match error {
            RecvTimeoutError::Timeout => Error::Timeout(timeout.reason),
            RecvTimeoutError::Disconnected => Error::HostNotFound,
        })?
    }
}
