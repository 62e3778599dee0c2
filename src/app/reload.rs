//! The configuration, read again while the process serves: taken whole, or not at all.

use crate::{
    answer::Answer,
    app::{
        RunError, access_log,
        certificates::{self, ServedTls},
        log_file,
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

/// What became of it: the settings that wait for the next start, or every mistake.
pub(crate) type ReloadOutcome = Result<Vec<&'static str>, Vec<String>>;

/// What has to be opened for a new configuration, before it can be taken.
struct OpenedResources {
    config: Config,
    waiting: Vec<&'static str>,
    log: Option<Arc<AccessLog>>,
    rest: OpenedRest,
}

/// What cannot be left behind as a file.
struct OpenedRest {
    /// The poller of another player or endpoint; none where it stays.
    poller: Option<(PreparedPoller, Answer)>,
    relay: Option<Relaying>,
    /// New certificates; none where they stay.
    tls: Option<certificates::OpenedTls>,
}

impl Running {
    /// Takes the configuration as it is written now, between two requests and without an end to any connection.
    pub fn reload(&mut self, runtime: &Handle) -> ReloadOutcome {
        systemd::reloading();
        let reloaded = self.open().map(|opened| self.take(opened, runtime));
        match &reloaded {
            Ok(waiting) if waiting.is_empty() => tracing::info!("the configuration has been read again"),
            Ok(waiting) => tracing::warn!(
                waiting = waiting.join(", "),
                "the configuration has been read again; some of it waits until e6 is started again"
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

    /// Opens what the new configuration needs. Where a part of it fails, nothing is left of the others.
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
                // A file of a log that is not to be.
                made.map(fs::remove_file);
                Err(mistakes)
            }
        }
    }

    /// The configuration, but what this process cannot change as long as it runs.
    fn possible(&self, written: &Config) -> Config {
        let running = &self.setup.config;
        let mut config = written.keeping(running);
        if (config.tls.mode == CertificateMode::Off) != (running.tls.mode == CertificateMode::Off) {
            // There is no socket for it, or one too many.
            (config.tls, config.acme) = (running.tls.clone(), running.acme.clone());
        }
        if let Some(reach) = &self.reach {
            privileges::keep_within(reach, &mut config, running);
        }
        if self.show.replay.is_some() {
            config.player = running.player;
        }
        config
    }

    /// The access log, and its file if that has been made.
    fn open_log(&self, config: &Config) -> (Result<Option<Arc<AccessLog>>, RunError>, Option<PathBuf>) {
        let file = match &config.access_log {
            Some(LogDestination::File(path)) => Some(path.clone()),
            _ => None,
        };
        let made = file.filter(|path| !path.exists());
        let log = log_file(config)
            .and_then(|file| file.map(|file| access_log(file, config, &self.facts.meters)).transpose());
        (log, made)
    }

    /// The certificates come last: a metric tells of them as soon as they are open.
    fn open_rest(&self, config: &Config) -> Result<OpenedRest, Vec<String>> {
        let running = &self.setup.config;
        let poller = match (config.player, config.endpoint()) == (running.player, running.endpoint()) {
            true => None,
            false => {
                let make_watch = poller_thread::watches(config, &self.show, &self.facts.meters);
                let mut watch = make_watch();
                let answer = watch.first_answer();
                let poller =
                    PreparedPoller::new(watch, make_watch, &self.facts.stage, &self.facts.meters.keep);
                Some((poller.map_err(|error| vec![error.to_string()])?, answer))
            }
        };
        let before = self.relay.as_ref().map(|relaying| (running, relaying));
        let relay = relay::relay(config, &self.show, &self.facts.meters, before)
            .map_err(|error| vec![error.to_string()])?;
        let tls =
            self.tls.as_ref().map(|tls| tls.refresh(config)).transpose().map_err(|error| vec![error])?;
        Ok(OpenedRest { poller, relay, tls: tls.flatten() })
    }

    fn take(&mut self, opened: OpenedResources, runtime: &Handle) -> Vec<&'static str> {
        let OpenedResources { config, waiting, log, rest: OpenedRest { poller, relay, tls } } = opened;
        self.setup.config = config;
        let config = &self.setup.config;
        self.setup.logging.change(config.log_format, config.log_level);
        self.crowd.limit(config.limits.clone());
        self.log = log;
        if let (Some(tls), Some(fresh)) = (&mut self.tls, tls) {
            tls.renew(fresh, runtime);
        }
        let publisher = self.show.publisher(config);
        match poller {
            None => self.facts.stage.redress(publisher),
            Some((poller, answer)) => self.poller = poller.start(self.facts.stage.recast(publisher, answer)),
        }
        self.relay = relay;
        let serving = self.tls.as_ref().map(ServedTls::serving);
        let service = self.facts.service(config, &self.show, self.log.clone(), serving, self.relay.clone());
        self.desk.replace(service);
        waiting
    }
}
