//! Reloads the configuration while the process serves: as a whole, or not at all.

use crate::{
    answer::Answer,
    app::{
        RunError, access_log,
        certificates::{self, ServedTls},
        log_file,
        notifier::Notifier,
        poller_thread::{self, PreparedPoller},
        privileges, relay,
        run::Running,
        systemd,
    },
    config::{CertificateMode, Config},
    http::access_log::{AccessLog, LogDestination},
    site::relay::Relaying,
};
use std::{fs, path::PathBuf, sync::Arc};
use tokio::runtime::Handle;

/// The settings that wait for a restart, or all errors of a failed reload.
pub(crate) type ReloadOutcome = Result<Vec<&'static str>, Vec<String>>;

/// The resources of a new configuration, opened before it takes effect.
struct OpenedResources {
    config: Config,
    waiting: Vec<&'static str>,
    log: Option<Arc<AccessLog>>,
    rest: OpenedRest,
}

/// The resources other than the access log.
struct OpenedRest {
    /// The poller of another player or endpoint; none if the running one stays.
    poller: Option<(PreparedPoller, Answer)>,
    relay: Option<Relaying>,
    /// The threads of other hooks; none if the running ones stay.
    notifier: Option<Notifier>,
    /// The new certificate source; none if the one in service stays.
    tls: Option<certificates::OpenedTls>,
}

impl Running {
    /// Reloads the configuration. It takes effect between two requests and closes no connection.
    pub fn reload(&mut self, runtime: &Handle) -> ReloadOutcome {
        systemd::reloading();
        let reloaded = self.open().map(|opened| self.take(opened, runtime));
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
        let tls = self.tls.as_ref().map_or(Ok(()), |tls| tls.check(&config));
        let same_log = (&config.access_log, config.log_format) == (&running.access_log, running.log_format);
        let (log, made) = match same_log {
            true => (Ok(self.log.clone()), None),
            false => self.open_log(&config),
        };
        let opened = match (log, tls) {
            (Ok(log), Ok(())) => self.open_rest(&config).map(|rest| (log, rest)),
            (log, tls) => {
                Err(log.err().map(|error| error.to_string()).into_iter().chain(tls.err()).collect())
            }
        };
        match opened {
            Ok((log, rest)) => Ok(OpenedResources { config, waiting, log, rest }),
            Err(mistakes) => {
                // The log's file was made for a configuration that does not take effect.
                made.map(fs::remove_file);
                Err(mistakes)
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

    /// Opens the rest. The certificates come last, because opening them sets a metric.
    fn open_rest(&self, config: &Config) -> Result<OpenedRest, Vec<String>> {
        let running = &self.setup.config;
        let poller = match (config.player, config.endpoint()) == (running.player, running.endpoint()) {
            true => None,
            false => {
                let make_watch = poller_thread::watches(config, &self.show, &self.facts.metrics);
                let mut watch = make_watch();
                let answer = watch.first_answer();
                let poller =
                    PreparedPoller::new(watch, make_watch, &self.facts.live_site, &self.facts.metrics.keep);
                Some((poller.map_err(|error| vec![error.to_string()])?, answer))
            }
        };
        let before = self.relay.as_ref().map(|relaying| (running, relaying));
        let relay = relay::relay(config, &self.show, &self.facts.metrics, before)
            .map_err(|error| vec![error.to_string()])?;
        let is_same = (&config.notify, &config.limits, config.contact())
            == (&running.notify, &running.limits, running.contact());
        let notifier = match is_same {
            true => None,
            false => Some(
                Notifier::start(config, &self.show, &self.facts.metrics)
                    .map_err(|error| vec![error.to_string()])?,
            ),
        };
        let tls =
            self.tls.as_ref().map(|tls| tls.refresh(config)).transpose().map_err(|error| vec![error])?;
        Ok(OpenedRest { poller, relay, notifier, tls: tls.flatten() })
    }

    fn take(&mut self, opened: OpenedResources, runtime: &Handle) -> Vec<&'static str> {
        let OpenedResources { config, waiting, log, rest: OpenedRest { poller, relay, notifier, tls } } =
            opened;
        self.setup.config = config;
        let config = &self.setup.config;
        self.setup.logging.change(config.log_format, config.log_level);
        self.facts.clients.limit(config.limits.clone());
        self.log = log;
        if let (Some(tls), Some(fresh)) = (&mut self.tls, tls) {
            tls.renew(fresh, runtime);
        }
        let publisher = self.show.publisher(config);
        match poller {
            None => self.facts.live_site.restyle(publisher),
            Some((poller, answer)) => {
                self.poller = poller.start(self.facts.live_site.change_question(publisher, answer))
            }
        }
        if let Some(notifier) = notifier {
            self.facts.live_site.tell(notifier);
        }
        self.relay = relay;
        let serving = self.tls.as_ref().map(ServedTls::serving);
        let service = self.facts.service(config, &self.show, self.log.clone(), serving, self.relay.clone());
        self.handler.replace(service);
        waiting
    }
}
