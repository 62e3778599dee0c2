//! The configuration, read again while the process serves: taken whole, or not at all.

use crate::{
    app::{
        access_log,
        certificates::{self, Tls},
        log_file, poller_thread, privileges,
        run::Running,
        systemd,
    },
    config::{Config, Mode},
    http::access_log::AccessLog,
};
use std::sync::Arc;
use tokio::runtime::Handle;

/// What became of it: the settings that wait for the next start, or every mistake.
pub(crate) type Reloaded = Result<Vec<&'static str>, Vec<String>>;

/// What has to be opened for a new configuration, before it can be taken.
struct Opened {
    config: Config,
    waiting: Vec<&'static str>,
    log: Option<Arc<AccessLog>>,
    tls: Option<certificates::Fresh>,
}

impl Running {
    /// Takes the configuration as it is written now, between two requests and without an end to any connection.
    pub fn reload(&mut self, runtime: &Handle) -> Reloaded {
        systemd::reloading();
        let reloaded = self.open().and_then(|opened| self.take(opened, runtime));
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

    fn open(&self) -> Result<Opened, Vec<String>> {
        let running = &self.setup.config;
        let written = (self.setup.read_again)()
            .map_err(|mistakes| mistakes.0.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        let mut waiting = written.waiting(running);
        let mut config = written.keeping(running);
        if (config.tls.mode == Mode::Off) != (running.tls.mode == Mode::Off) {
            // There is no socket for it, or one too many.
            (config.tls, config.acme) = (running.tls.clone(), running.acme.clone());
            waiting.push("tls.mode");
        }
        if let Some(reach) = &self.reach {
            waiting.extend(privileges::keep_within(reach, &mut config, running));
        }
        if self.show.replay.is_some() && config.player != running.player {
            config.player = running.player;
            waiting.push("player.id");
        }
        let same_log = (&config.access_log, config.log_format) == (&running.access_log, running.log_format);
        let log = match same_log {
            true => Ok(self.log.clone()),
            false => log_file(&config)
                .and_then(|file| file.map(|file| access_log(file, &config, &self.facts.meters)).transpose()),
        };
        let tls = self.tls.as_ref().map(|tls| tls.refresh(&config)).transpose();
        match (log, tls) {
            (Ok(log), Ok(tls)) => Ok(Opened { config, waiting, log, tls: tls.flatten() }),
            (log, tls) => {
                Err(log.err().map(|error| error.to_string()).into_iter().chain(tls.err()).collect())
            }
        }
    }

    fn take(&mut self, opened: Opened, runtime: &Handle) -> Reloaded {
        let Opened { config, waiting, log, tls } = opened;
        let running = std::mem::replace(&mut self.setup.config, config);
        let config = &self.setup.config;
        self.setup.logging.change(config.log_format, config.log_level);
        self.crowd.limit(config.limits.clone());
        self.log = log;
        if let (Some(tls), Some(fresh)) = (&mut self.tls, tls) {
            tls.renew(fresh, runtime);
        }
        let publisher = self.show.publisher(config);
        let stage = &self.facts.stage;
        if (config.player, &config.mlb_url) == (running.player, &running.mlb_url) {
            stage.redress(publisher);
        } else {
            let make_watch = poller_thread::watches(config, &self.show, &self.facts.meters);
            let mut watch = make_watch();
            stage.recast(publisher, watch.first_answer());
            self.poller = poller_thread::start(watch, make_watch, stage, &self.facts.meters.keep)
                .map_err(|error| vec![error.to_string()])?;
        }
        let service =
            self.facts.service(config, &self.show, self.log.clone(), self.tls.as_ref().map(Tls::serving));
        self.desk.replace(service);
        Ok(waiting)
    }
}
