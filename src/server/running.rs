//! The process while it serves: does what signals ask for, and drains in the end.

use super::{
    Failure, Setup, Show,
    desk::Desk,
    listeners::{Addresses, Listeners},
    meters::Meters,
    poller::Poller,
    stage::Stage,
    tls::Tls,
    workers::Workers,
};
use crate::{
    config::Config,
    edge::{self, SocketFile},
    lifecycle::{Intent, Lifecycle, Signals},
    limits::Limits,
    privilege::Reach,
    web::{AccessLog, Begun, Hosts, Observer, Parts, Service},
};
use arc_swap::ArcSwap;
use std::sync::Arc;
use tokio::{
    runtime::{Handle, Runtime},
    time::timeout,
};

/// All that runs.
pub(super) struct Running {
    pub setup: Setup,
    pub show: Show,
    /// What can still be got at; none is all that the user may.
    pub reach: Option<Reach>,
    pub facts: Facts,
    /// What holds for connections that begin now.
    pub limits: Arc<ArcSwap<Limits>>,
    pub log: Option<Arc<AccessLog>>,
    pub tls: Option<Tls>,
    pub desk: Desk,
    pub lifecycle: Lifecycle,
    pub listeners: Arc<Listeners>,
    /// They go with the process.
    pub files: Vec<SocketFile>,
    pub workers: Workers,
    pub poller: Poller,
}

/// What stays for as long as the process lives, whatever its configuration.
pub(super) struct Facts {
    pub begun: Begun,
    pub addresses: Addresses,
    pub meters: Meters,
    pub stage: Arc<Stage>,
}

impl Facts {
    /// What answers requests, by this configuration.
    pub fn service(
        &self,
        config: &Config,
        show: &Show,
        log: Option<Arc<AccessLog>>,
        serving: Option<Arc<edge::Serving>>,
    ) -> Service {
        let publisher = show.publisher(config);
        Service::new(Parts {
            site: self.stage.site.clone(),
            hub: self.stage.hub.clone(),
            errors: publisher.error_pages(),
            how: publisher.how(self.begun),
            design: config.assets.clone(),
            clock: show.clock,
            limits: config.limits.clone(),
            observer: Observer { metrics: self.meters.requests.clone(), log },
            certificates: serving.map(|serving| serving as _),
            hosts: Hosts {
                names: config.domains.clone(),
                https: self.addresses.https_port(),
                hsts: config.tls.hsts,
            },
            proxies: config.proxies.clone(),
        })
    }
}

impl Running {
    /// Serves until a signal ends it, then drains.
    pub fn until_told(mut self, runtime: &Runtime, mut signals: Signals) -> Result<(), Failure> {
        // Not before the doors are open: a CA comes to look.
        if let Some(tls) = &mut self.tls {
            tls.look_after(runtime.handle());
        }
        self.facts.addresses.print(self.tls.as_ref().map(|tls| tls.serving().status()).as_deref());
        if let Some(path) = &self.setup.config.ready_file {
            self.facts.addresses.write(path)?;
        }
        let signal = runtime.block_on(self.attend(runtime.handle(), &mut signals));
        tracing::info!(signal, "draining");
        self.drain(runtime, signals);
        Ok(())
    }

    /// Does what signals ask for, until one ends the process.
    async fn attend(&mut self, runtime: &Handle, signals: &mut Signals) -> &'static str {
        loop {
            match signals.next().await {
                Intent::Stop(signal) => return signal,
                Intent::ReopenLog => {
                    if let Some(log) = &self.log {
                        log.reopen();
                    }
                }
                Intent::Reload => drop(self.reload(runtime)),
            }
        }
    }

    /// Lets what was begun be finished, for a while; a second signal cuts it short.
    fn drain(self, runtime: &Runtime, mut signals: Signals) {
        let Running { setup, facts, log, lifecycle, listeners, files, workers, poller, .. } = self;
        drop((listeners, files));
        lifecycle.drain();
        drop(poller);
        let finished = runtime.block_on(async {
            let second = async { while !matches!(signals.next().await, Intent::Stop(_)) {} };
            tokio::select! {
                () = second => false,
                finished = timeout(setup.config.limits.drain, workers.finish()) => finished.is_ok(),
            }
        });
        let cut = facts.meters.connections.now_open();
        if !finished {
            tracing::warn!(connections = cut, "connections that were still open have been cut");
        }
        if let Some(log) = log {
            log.finish();
        }
    }
}
