//! The serving process: handles signals (reload, upgrade, log reopening, stop) and drains at the end.

use crate::{
    app::{
        DataSource, RunError, Setup,
        control::{ControlRequest, PidFile},
        data_lock::DataLock,
        demo, design, http3,
        inherited::{Handoff, OldProcess, QuicHandoff},
        listeners::{BoundAddresses, Listeners},
        live_site::LiveSite,
        metrics::AllMetrics,
        own_files,
        poller_thread::PollerThread,
        swap_handler::SwapHandler,
        systemd,
        upgrade::{Executable, NewProcess},
        workers::Workers,
    },
    config::Config,
    http::{access_log::AccessLog, clients::Clients, http3::Http3Server, request_log::RequestObserver},
    lifecycle::{Lifecycle, Phase, SignalAction, Signals},
    net::unix_socket::UnixSocketFile,
    sandbox::AllowedPaths,
    site::{
        relay::Relaying,
        service::{ProcessStart, Service, ServiceParts},
    },
    threads,
    tls::{owner::CertificateOwner, resolver::CertificateResolver},
    web::host::Hosts,
};
use std::{io, path::PathBuf, process, sync::Arc};
use tokio::{runtime::Runtime, time::timeout};

pub(crate) struct Running {
    pub setup: Setup,
    pub show: DataSource,
    /// The paths and ports that the sandbox leaves in reach; none without Landlock.
    pub allowed_paths: Option<AllowedPaths>,
    pub executable: Executable,
    pub facts: ProcessFacts,
    pub log: Option<Arc<AccessLog>>,
    pub certificates: Option<CertificateOwner>,
    pub handler: SwapHandler,
    pub lifecycle: Lifecycle,
    pub listeners: Arc<Listeners>,
    /// The parts that all QUIC endpoints share; none without HTTP/3.
    pub http3: Option<Arc<Http3Server>>,
    /// The files of Unix sockets, removed when the process ends, unless a new process has taken over.
    pub files: Vec<UnixSocketFile>,
    /// The files of the old process's Unix sockets that this process does not use; removed after the handover.
    pub gone: Vec<PathBuf>,
    pub workers: Workers,
    pub poller: PollerThread,
    pub lock: Option<DataLock>,
    pub relay: Option<Relaying>,
    pub pid_file: Option<PidFile>,
}

/// The parts that stay for the life of the process, across reloads.
pub(crate) struct ProcessFacts {
    pub process_start: ProcessStart,
    pub addresses: BoundAddresses,
    pub metrics: AllMetrics,
    pub clients: Arc<Clients>,
    pub live_site: Arc<LiveSite>,
    /// The certificate that is served; none without TLS.
    pub certificates: Option<Arc<CertificateResolver>>,
    /// Whether the old process of an upgrade had HTTP/3 and this one has none: clients are told to forget it.
    pub http3_ended: bool,
}

impl ProcessFacts {
    /// Builds the service that answers requests with this configuration.
    pub fn service(
        &self,
        config: &Config,
        show: &DataSource,
        log: Option<Arc<AccessLog>>,
        relay: Option<Relaying>,
    ) -> Service {
        let publisher = show.publisher(config);
        Service::new(ServiceParts {
            site: self.live_site.site.clone(),
            event_hub: self.live_site.event_hub.clone(),
            errors: publisher.error_pages(),
            how: publisher.how(self.process_start),
            design: config.assets.clone(),
            clock: show.clock,
            limits: config.limits.clone(),
            clients: self.clients.clone(),
            observer: RequestObserver { metrics: self.metrics.requests.clone(), log },
            certificates: self.certificates.clone(),
            alternative: http3::alternative(config, &self.addresses, self.http3_ended),
            hosts: Hosts {
                names: config.domains.clone(),
                https: self.addresses.https_port(),
                hsts: config.tls.hsts,
            },
            proxies: Arc::new(config.proxies.clone()),
            relay,
        })
    }
}

enum ServeEnd {
    /// A stop signal, by its name.
    Stopped(&'static str),
    /// A new process, by its number, that serves on the same sockets.
    Replaced(u32, NewProcess),
}

impl Running {
    /// Announces that this process serves: prints the addresses, writes the pid and ready files.
    /// [`Running::until_told`] notifies the old process of an upgrade.
    pub fn announce(&mut self, old_process: Option<u32>, runtime: &Runtime) -> Result<(), RunError> {
        // Only once the listeners are open: a CA connects to validate the domains.
        if let Some(certificates) = &mut self.certificates {
            certificates.start();
        }
        let certificate = self.facts.certificates.as_ref().map(|served| served.status());
        self.facts.addresses.announce(certificate.as_deref(), self.setup.config.url.clone());
        self.pid_file = self.pid_file(old_process)?;
        if let Some(path) = &self.setup.config.ready_file {
            self.facts.addresses.write(path)?;
        }
        runtime.spawn(systemd::follow(self.facts.live_site.line()));
        if self.show.replay.is_some() {
            runtime.spawn(demo::follow(self.facts.live_site.clone(), self.show.clock));
        }
        if let Some(assets) = &self.setup.config.assets {
            runtime.spawn(design::follow(assets.clone()));
        }
        runtime.spawn(systemd::feed(self.facts.metrics.threads.clone()));
        Ok(())
    }

    /// Serves until a signal stops the process or a new process takes over, then drains.
    pub fn run_until_stopped(
        mut self,
        old_process: Option<OldProcess>,
        runtime: &Runtime,
        mut signals: Signals,
    ) -> Result<(), RunError> {
        match old_process {
            // The old process notifies the supervisor, once this process is no longer its descendant.
            Some(old_process) => self.relieve(old_process)?,
            None => systemd::ready(),
        }
        let end = runtime.block_on(self.attend(&mut signals));
        self.drain(end, runtime, signals);
        Ok(())
    }

    fn relieve(&mut self, old_process: OldProcess) -> Result<(), RunError> {
        // Before the upgrade is reported as done.
        self.sign_lock();
        old_process.relieve().map_err(|error| {
            RunError::new(format!(
                "the old process no longer waits for this one: {error}; run e6 upgrade again"
            ))
        })?;
        if let Some(http3) = &self.http3 {
            http3.steering.begin_reading();
        }
        // Dropping a `UnixSocketFile` removes the file.
        self.gone.drain(..).for_each(|path| drop(UnixSocketFile::at(&path)));
        Ok(())
    }

    /// Writes this process's number into the lock of the data directory.
    fn sign_lock(&self) {
        if let Some(Err(error)) = self.lock.as_ref().map(DataLock::sign) {
            tracing::warn!(%error, "cannot write this process's number into the lock of the data directory");
        }
    }

    /// Writes the pid file. A replay writes one only if its path is configured, because it is not run as a service.
    fn pid_file(&self, old_process: Option<u32>) -> Result<Option<PidFile>, RunError> {
        let config = &self.setup.config;
        let typed = config.pid_file.is_some();
        let path = config.pid_file().filter(|_| typed || self.show.replay.is_none());
        let Some(path) = path else { return Ok(None) };
        match PidFile::write(&path, old_process, self.facts.addresses.listening()) {
            Ok(file) => Ok(Some(file)),
            Err(error) if typed || error.kind() == io::ErrorKind::ResourceBusy => {
                Err(RunError::new(format!("cannot write the pid file {}: {error}", path.display())))
            }
            Err(error) => {
                let path = path.display();
                tracing::warn!(%error, %path, "no pid file: `e6 reload` and `e6 upgrade` will not find this process");
                Ok(None)
            }
        }
    }

    /// Handles signals until one stops the process or a new process takes over.
    async fn attend(&mut self, signals: &mut Signals) -> ServeEnd {
        let mut new_process: Option<NewProcess> = None;
        let own_files = self.own_files();
        let mut gone = Box::pin(own_files::are_gone(own_files.clone()));
        loop {
            let is_upgrading = new_process.is_some();
            let ready = async {
                match &mut new_process {
                    Some(new_process) => new_process.ready().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // A new process makes files of its own.
                are_gone = &mut gone, if !is_upgrading => {
                    if are_gone {
                        self.restore_files();
                    }
                    gone = Box::pin(own_files::are_gone(own_files.clone()));
                }
                ready = ready => match ready {
                    Ok(pid) => {
                        self.tell(ControlRequest::Upgrade, true, Vec::new());
                        systemd::replaced(pid);
                        if let Some(new_process) = new_process {
                            return ServeEnd::Replaced(pid, new_process);
                        }
                    }
                    Err(why) => {
                        new_process = None;
                        self.upgrade_failed(why);
                    }
                },
                intent = signals.next() => match intent {
                    SignalAction::Stop(signal) => return ServeEnd::Stopped(signal),
                    SignalAction::ReopenLog => {
                        if let Some(log) = &self.log {
                            log.reopen();
                        }
                    }
                    SignalAction::Reload => match self.reload() {
                        Ok(waiting) => {
                            let messages = waiting.iter().map(|key| format!("{key} waits until e6 is started again"));
                            self.tell(ControlRequest::Reload, true, messages.collect());
                        }
                        Err(mistakes) => self.tell(ControlRequest::Reload, false, mistakes),
                    },
                    SignalAction::Upgrade if new_process.is_some() => {}
                    SignalAction::Upgrade => match self.new_process() {
                        Ok(started) => {
                            tracing::info!(binary = %self.executable.binary().display(), "starting the new process");
                            new_process = Some(started);
                        }
                        Err(why) => self.upgrade_failed(why),
                    },
                },
            }
        }
    }

    fn new_process(&self) -> Result<NewProcess, String> {
        systemd::reloading();
        let files = self.files.iter().map(|file| file.path().to_owned()).collect();
        let configured =
            self.listeners.iter().map(|bound| bound.configured.as_ref().map(ToString::to_string));
        let handoff = Handoff {
            pid: Some(process::id()),
            upgrades: self.facts.process_start.upgrades + 1,
            files,
            configured: configured.collect(),
            quic: self.http3.as_ref().map(|http3| QuicHandoff {
                secret: http3.secret.to_text(),
                processes: http3.steering.processes(),
            }),
        };
        NewProcess::start(&self.executable, &handoff, self.listeners.iter(), self.lock.as_ref())
    }

    fn upgrade_failed(&self, why: String) {
        tracing::error!("no upgrade, this process goes on: {why}");
        // The new process may have written its own number into the lock already.
        self.sign_lock();
        systemd::ready();
        self.tell(ControlRequest::Upgrade, false, vec![why]);
    }

    /// Writes an outcome to the control file, for the command that waits for it.
    fn tell(&self, of: ControlRequest, done: bool, messages: Vec<String>) {
        let Some(file) = &self.pid_file else { return };
        if let Err(error) = file.tell(of, done, messages) {
            tracing::warn!(%error, "cannot write the outcome to the control file");
        }
    }

    /// Waits for open connections to end, for at most the drain limit; a second stop signal ends the wait.
    fn drain(self, end: ServeEnd, runtime: &Runtime, mut signals: Signals) {
        let Running {
            setup, facts, log, lifecycle, listeners, http3, files, workers, poller, pid_file, ..
        } = self;
        let phase = match end {
            ServeEnd::Stopped(signal) => {
                tracing::info!(signal, "draining");
                systemd::stopping();
                drop(files);
                Phase::Draining
            }
            ServeEnd::Replaced(pid, new_process) => {
                tracing::info!(pid, "another process serves now; draining");
                match &http3 {
                    Some(http3) if new_process.takes_over_http3() => http3.steering.stop_reading(),
                    Some(_) => tracing::info!(
                        "the new process has no HTTP/3: this one finishes its connections and refuses new ones"
                    ),
                    None => {}
                }
                let datagrams = new_process.hand_over();
                if let (Some(http3), Some(datagrams)) = (http3, datagrams) {
                    let steering = http3.steering.clone();
                    runtime.spawn(datagrams.receive(move |datagram| steering.receive(datagram)));
                }
                files.into_iter().for_each(UnixSocketFile::leave);
                Phase::HandedOver
            }
        };
        drop(listeners);
        lifecycle.end(phase);
        poller.stop();
        // Beside the connections' drain: a request to a hook that is cut would have an unknown outcome.
        let (live_site, timeout_of_hooks) = (facts.live_site.clone(), setup.config.limits.notify_total);
        let finish = move || live_site.finish(timeout_of_hooks);
        let hooks = threads::start("hooks", finish.clone());
        let finished = runtime.block_on(async {
            let second = async { while !matches!(signals.next().await, SignalAction::Stop(_)) {} };
            tokio::select! {
                () = second => false,
                finished = timeout(setup.config.limits.drain, workers.finish()) => finished.is_ok(),
            }
        });
        match hooks {
            // A panic there is logged.
            Ok(thread) => drop(thread.join()),
            Err(_) => finish(),
        }
        poller.finish();
        let cut = facts.metrics.connections.now_open();
        if !finished && cut > 0 {
            tracing::warn!(connections = cut, "connections that were still open have been cut");
        }
        drop(pid_file);
        if let Some(log) = log {
            log.finish();
        }
    }
}
