//! Reloads the configuration while the process serves: as a whole, or not at all.

use crate::{
    answer::Answer,
    app::{
        control::ControlRequest,
        error::RunError,
        notifier::Notifier,
        poller_thread::PreparedPoller,
        privileges,
        process::{Configured, access_log, relay},
        run::Running,
        start::no_tls,
        systemd,
    },
    config::{CertificateMode, Config},
    http::access_log::{AccessLog, LogDestination},
    page::design,
    site::relay::Relaying,
    tls::{files::UnusablePair, owner::OpenSource},
};
use std::{fs, path::PathBuf, sync::Arc};

/// A new configuration, whose parts are open and not in use yet.
struct Opened {
    configured: Configured,
    /// The settings that wait for a restart.
    waiting: Vec<&'static str>,
    /// The poller of another player, endpoint or relay; none if the running one stays.
    poller: Option<(PreparedPoller, Answer)>,
    /// The threads of other hooks; none if the running ones stay.
    notifier: Option<Notifier>,
    /// The new certificate source; none if the one in service stays.
    certificates: Option<OpenSource>,
}

impl Running {
    /// Reloads the configuration, and tells the outcome. It takes effect between two requests and closes no connection.
    pub fn reload(&mut self) {
        systemd::reloading();
        let request = self.request();
        let reloaded = self.open().map(|opened| self.take(opened));
        match &reloaded {
            Ok(waiting) if waiting.is_empty() => tracing::info!("the configuration has been reloaded"),
            Ok(waiting) => tracing::warn!(
                waiting = waiting.join(", "),
                "the configuration has been reloaded; some settings wait until e6 is started again"
            ),
            Err(mistakes) => {
                for mistake in mistakes {
                    tracing::error!("{mistake}");
                }
                tracing::error!(mistakes = mistakes.len(), "the configuration stays as it was");
            }
        }
        systemd::ready();
        let done = reloaded.is_ok();
        let wait = |key: &&str| format!("{key} waits until e6 is started again");
        let messages =
            reloaded.map_or_else(|mistakes| mistakes, |waiting| waiting.iter().map(wait).collect());
        self.tell(ControlRequest::Reload, request, done, messages);
    }

    /// Opens the parts of the new configuration. If one of them fails, the others are closed again.
    fn open(&self) -> Result<Opened, Vec<String>> {
        let written = (self.process.read_config)()
            .map_err(|mistakes| mistakes.0.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        let config = self.possible(&written);
        let waiting = written.waiting(&config);
        let (log, made) = self.open_log(&config);
        let relay = relay(&config, &self.process.source, &self.process.metrics, Some(&self.configured));
        let poller = relay.as_ref().map_or(Ok(None), |relay| self.open_poller(&config, relay.as_ref()));
        match (log, relay, poller, self.open_notifier(&config), self.open_certificates(&config)) {
            (Ok(log), Ok(relay), Ok(poller), Ok(notifier), Ok(certificates)) => {
                let configured = Configured { config, log, relay };
                Ok(Opened { configured, waiting, poller, notifier, certificates })
            }
            (log, relay, poller, notifier, certificates) => {
                // The log's file was made for a configuration that does not take effect.
                made.map(fs::remove_file);
                let errors = [log.err(), poller.err(), relay.err(), notifier.err(), certificates.err()];
                Err(errors.into_iter().flatten().map(|error| error.to_string()).collect())
            }
        }
    }

    /// The new configuration, with the running values of settings that need a restart.
    fn possible(&self, written: &Config) -> Config {
        let running = &self.configured.config;
        let mut config = written.keeping(running);
        if (config.tls.mode == CertificateMode::Off) != (running.tls.mode == CertificateMode::Off) {
            // Turning TLS on needs a socket that is missing; turning it off leaves one too many.
            (config.tls, config.acme) = (running.tls.clone(), running.acme.clone());
        }
        if let Some(allowed_paths) = &self.process.resources.allowed_paths {
            privileges::keep_within(allowed_paths, &mut config, running);
        }
        if self.process.source.replay.is_some() {
            config.player = running.player;
        }
        config
    }

    /// Opens the access log, unless it stays. Returns also the path of its file if the file did not exist before.
    fn open_log(&self, config: &Config) -> (Result<Option<Arc<AccessLog>>, RunError>, Option<PathBuf>) {
        let running = &self.configured.config;
        if (&config.access_log, config.log_format) == (&running.access_log, running.log_format) {
            return (Ok(self.configured.log.clone()), None);
        }
        let made = match &config.access_log {
            Some(LogDestination::File(path)) if !path.exists() => Some(path.clone()),
            _ => None,
        };
        (access_log(config, &self.process.metrics), made)
    }

    fn open_poller(
        &self,
        config: &Config,
        relay: Option<&Relaying>,
    ) -> Result<Option<(PreparedPoller, Answer)>, RunError> {
        let Configured { config: running, relay: running_relay, .. } = &self.configured;
        let is_same = (config.player, config.endpoint(), relay.is_some())
            == (running.player, running.endpoint(), running_relay.is_some());
        let (process, day_requests) = (&self.process, &self.process.live_site.day_requests);
        (!is_same)
            .then(|| PreparedPoller::new(config, &process.source, &process.metrics, relay, day_requests))
            .transpose()
    }

    fn open_notifier(&self, config: &Config) -> Result<Option<Notifier>, RunError> {
        let running = &self.configured.config;
        let is_same = (&config.notify, &config.limits, config.contact())
            == (&running.notify, &running.limits, running.contact());
        (!is_same).then(|| Notifier::start(config, &self.process.source, &self.process.metrics)).transpose()
    }

    fn open_certificates(&self, config: &Config) -> Result<Option<OpenSource>, RunError> {
        let (Some(owner), Some(source)) =
            (&self.process.certificates, config.source().map_err(RunError::new)?)
        else {
            return Ok(None);
        };
        owner.reopen(source, config.domains.clone()).map_err(|error| match error.is::<UnusablePair>() {
            true => RunError::new(error.to_string()),
            false => no_tls(&*error),
        })
    }

    /// Puts the new configuration into use. Returns the settings that wait for a restart.
    fn take(&mut self, opened: Opened) -> Vec<&'static str> {
        let Opened { configured, waiting, poller, notifier, certificates } = opened;
        self.configured = configured;
        let (process, config) = (&mut self.process, &self.configured.config);
        process.logging.change(config.log_format, config.log_level);
        process.clients.limit(config.limits.clone());
        if let (Some(owner), Some(source)) = (&mut process.certificates, certificates) {
            owner.change(source);
        }
        design::show(config.assets.as_deref());
        let (live_site, publisher) = (&process.live_site, process.source.publisher(config));
        match poller {
            None => live_site.restyle(publisher),
            Some((poller, answer)) => {
                self.poller = poller.start(live_site.change_question(publisher, answer), live_site);
            }
        }
        if let Some(notifier) = notifier {
            live_site.tell(notifier);
        }
        self.handler.replace(process.service(&self.configured));
        waiting
    }
}
