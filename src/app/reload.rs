//! Reloads the configuration while the process serves: as a whole, or not at all.

use crate::{
    answer::Answer,
    app::{
        RunError, access_log, log_file, no_tls, notifier::Notifier, poller_thread::PreparedPoller,
        privileges, relay, run::Running, systemd,
    },
    config::{CertificateMode, Config},
    http::access_log::{AccessLog, LogDestination},
    page::design,
    site::relay::Relaying,
    tls::{files::UnusablePair, owner::OpenSource},
};
use std::{fs, path::PathBuf, sync::Arc};

/// The settings that wait for a restart, or all errors of a failed reload.
pub(crate) type ReloadOutcome = Result<Vec<&'static str>, Vec<String>>;

/// The resources of a new configuration, opened before it takes effect.
struct OpenedResources {
    config: Config,
    waiting: Vec<&'static str>,
    log: Option<Arc<AccessLog>>,
    /// The poller of another player, endpoint or relay; none if the running one stays.
    poller: Option<(PreparedPoller, Answer)>,
    relay: Option<Relaying>,
    /// The threads of other hooks; none if the running ones stay.
    notifier: Option<Notifier>,
    /// The new certificate source; none if the one in service stays.
    certificates: Option<OpenSource>,
}

impl Running {
    /// Reloads the configuration. It takes effect between two requests and closes no connection.
    pub fn reload(&mut self) -> ReloadOutcome {
        systemd::reloading();
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
        reloaded
    }

    /// Opens the resources of the new configuration. If one of them fails, the others are closed again.
    fn open(&self) -> Result<OpenedResources, Vec<String>> {
        let running = &self.setup.config;
        let written = (self.setup.read_again)()
            .map_err(|mistakes| mistakes.0.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        let config = self.possible(&written);
        let waiting = written.waiting(&config);
        let same_log = (&config.access_log, config.log_format) == (&running.access_log, running.log_format);
        let (log, made) = match same_log {
            true => (Ok(self.log.clone()), None),
            false => self.open_log(&config),
        };
        let before = self.relay.as_ref().map(|relaying| (running, relaying));
        let relay = relay::relay(&config, &self.show, &self.facts.metrics, before);
        let poller = relay.as_ref().map_or(Ok(None), |relay| self.open_poller(&config, relay.as_ref()));
        let notifier = self.open_notifier(&config);
        match (log, poller, relay, notifier, self.open_certificates(&config)) {
            (Ok(log), Ok(poller), Ok(relay), Ok(notifier), Ok(certificates)) => {
                Ok(OpenedResources { config, waiting, log, poller, relay, notifier, certificates })
            }
            (log, poller, relay, notifier, certificates) => {
                // The log's file was made for a configuration that does not take effect.
                made.map(fs::remove_file);
                let errors = [log.err(), poller.err(), relay.err(), notifier.err(), certificates.err()];
                Err(errors.into_iter().flatten().map(|error| error.to_string()).collect())
            }
        }
    }

    /// The new configuration, with the running values of settings that need a restart.
    fn possible(&self, written: &Config) -> Config {
        let running = &self.setup.config;
        let mut config = written.keeping(running);
        if (config.tls.mode == CertificateMode::Off) != (running.tls.mode == CertificateMode::Off) {
            // Turning TLS on needs a socket that is missing; turning it off leaves one too many.
            (config.tls, config.acme) = (running.tls.clone(), running.acme.clone());
        }
        if let Some(allowed_paths) = &self.allowed_paths {
            privileges::keep_within(allowed_paths, &mut config, running);
        }
        if self.show.replay.is_some() {
            config.player = running.player;
        }
        config
    }

    /// Opens the access log. Returns also the path of its file if the file did not exist before.
    fn open_log(&self, config: &Config) -> (Result<Option<Arc<AccessLog>>, RunError>, Option<PathBuf>) {
        let file = match &config.access_log {
            Some(LogDestination::File(path)) => Some(path.clone()),
            _ => None,
        };
        let made = file.filter(|path| !path.exists());
        let log = log_file(config)
            .and_then(|file| file.map(|file| access_log(file, config, &self.facts.metrics)).transpose());
        (log, made)
    }

    fn open_poller(
        &self,
        config: &Config,
        relay: Option<&Relaying>,
    ) -> Result<Option<(PreparedPoller, Answer)>, RunError> {
        let running = &self.setup.config;
        let is_same = (config.player, config.endpoint(), relay.is_some())
            == (running.player, running.endpoint(), self.relay.is_some());
        let day_requests = &self.facts.live_site.day_requests;
        (!is_same)
            .then(|| PreparedPoller::new(config, &self.show, &self.facts.metrics, relay, day_requests))
            .transpose()
    }

    fn open_notifier(&self, config: &Config) -> Result<Option<Notifier>, RunError> {
        let running = &self.setup.config;
        let is_same = (&config.notify, &config.limits, config.contact())
            == (&running.notify, &running.limits, running.contact());
        (!is_same).then(|| Notifier::start(config, &self.show, &self.facts.metrics)).transpose()
    }

    fn open_certificates(&self, config: &Config) -> Result<Option<OpenSource>, RunError> {
        let (Some(owner), Some(source)) = (&self.certificates, config.source().map_err(RunError::new)?)
        else {
            return Ok(None);
        };
        owner.reopen(source, config.domains.clone()).map_err(|error| {
            let is_about_files = error.is::<UnusablePair>();
            RunError::new(if is_about_files { error.to_string() } else { no_tls(&*error) })
        })
    }

    fn take(&mut self, opened: OpenedResources) -> Vec<&'static str> {
        let OpenedResources { config, waiting, log, poller, relay, notifier, certificates } = opened;
        self.setup.config = config;
        let config = &self.setup.config;
        self.setup.logging.change(config.log_format, config.log_level);
        self.facts.clients.limit(config.limits.clone());
        self.log = log;
        if let (Some(owner), Some(source)) = (&mut self.certificates, certificates) {
            owner.change(source);
        }
        design::show(config.assets.as_deref());
        let publisher = self.show.publisher(config);
        match poller {
            None => self.facts.live_site.restyle(publisher),
            Some((poller, answer)) => {
                let live_site = &self.facts.live_site;
                self.poller = poller.start(live_site.change_question(publisher, answer), live_site);
            }
        }
        if let Some(notifier) = notifier {
            self.facts.live_site.tell(notifier);
        }
        self.relay = relay;
        let service = self.facts.service(config, &self.show, self.log.clone(), self.relay.clone());
        self.handler.replace(service);
        waiting
    }
}
