//! The start of the process: opens its parts one after another, and serves.

use crate::{
    app::{
        data_source::{DataSource, ReplayPlan},
        demo, design,
        error::RunError,
        http3,
        inherited::Inherited,
        live_site::LiveSite,
        logging::Logging,
        metrics::AllMetrics,
        notifier::Notifier,
        own_files,
        poller_thread::PreparedPoller,
        process::{Configured, Process, ReadConfig, access_log, relay},
        resources::Resources,
        run::Running,
        swap_handler::SwapHandler,
        systemd,
        upgrade::{self, Executable},
        workers::Workers,
    },
    config::Config,
    http::clients::Clients,
    lifecycle::{Lifecycle, Signals},
    limits, memory,
    mlb::DayRequests,
    net::listen_fds::InheritedFd,
    output, page,
    site::service::ProcessStart,
    tls::{files::UnusablePair, owner::CertificateOwner},
};
use std::sync::Arc;
use time::OffsetDateTime;
use tokio::runtime::Runtime;

/// The least limit on open files with which a process starts and can serve a few clients.
const LEAST_DESCRIPTORS: u64 = 48;

/// The input of a start.
pub struct Setup {
    pub config: Config,
    /// The descriptors that the process inherited from systemd or from the old process of an upgrade.
    pub adopted: Vec<InheritedFd>,
    pub logging: Logging,
    pub read_config: ReadConfig,
}

/// Serves until a signal stops the process or a new process replaces it, then drains.
///
/// # Errors
/// When an address cannot be bound, a certificate's file or the access log cannot be opened, another e6 uses the data
/// directory, or the system refuses a thread or a signal handler.
pub fn serve(mut setup: Setup, replay: Option<ReplayPlan>) -> Result<(), RunError> {
    let mut inherited = Inherited::read(std::mem::take(&mut setup.adopted), &setup.config)?;
    match (start(setup, replay, &mut inherited), inherited.old_process) {
        (Ok(Started { running, runtime, signals }), old_process) => {
            running.run_until_stopped(old_process, &runtime, signals)
        }
        (Err(failure), old_process) => {
            if let Some(old_process) = old_process {
                old_process.refuse(&failure);
            }
            Err(failure)
        }
    }
}

/// A process that serves.
struct Started {
    running: Running,
    runtime: Runtime,
    signals: Signals,
}

fn start(setup: Setup, replay: Option<ReplayPlan>, inherited: &mut Inherited) -> Result<Started, RunError> {
    require_descriptors()?;
    memory::map_large_blocks();
    let Setup { config, logging, read_config, .. } = setup;
    let executable = Executable::of_this_process()?;
    let deployed_at = upgrade::placed_at();
    let replay_url = replay.as_ref().map(|replay| &*replay.url);
    let resources = Resources::open(&config, &executable, replay_url, inherited)?;
    output::start().map_err(RunError::cannot("start the threads of the output"))?;
    let source = replay.map_or_else(|| Ok(DataSource::live(&config)), |replay| (replay.begin)(&config))?;

    let metrics = AllMetrics::new().map_err(RunError::cannot("register the metrics"))?;
    let certificates = certificates(&config, &metrics)?;
    let log = access_log(&config, &metrics)?;
    let relay = relay(&config, &source, &metrics, None)?;
    let day_requests = Arc::new(DayRequests::default());
    let (poller, answer) = PreparedPoller::new(&config, &source, &metrics, relay.as_ref(), &day_requests)?;

    let (runtime, signals) = runtime_and_signals()?;
    let lifecycle = Lifecycle::default();
    page::design::show(config.assets.as_deref());
    let publisher = source.publisher(&config);
    let live_site = LiveSite::new(publisher, answer, lifecycle.watch(), metrics.answer.clone(), day_requests);
    if inherited.old_process.is_some() {
        // The old process serves meanwhile.
        live_site.draw_pictures();
    }
    let tls = certificates.as_ref().map(CertificateOwner::acceptor);
    let http3 = http3::server(&config, &resources, &metrics, tls.as_ref(), inherited)?;
    let had_http3 = inherited.handoff().is_some_and(|handoff| handoff.quic.is_some() || handoff.http3_ended);
    let process = Process {
        start: ProcessStart {
            at: OffsetDateTime::now_utc(),
            upgrades: inherited.handoff().map_or(0, |handoff| handoff.upgrades),
            deployed_at,
            http_port: resources.listeners.addresses().http_port(),
        },
        executable,
        read_config,
        logging,
        metrics,
        lifecycle,
        http3_ended: had_http3 && http3.is_none(),
        resources,
        source,
        clients: Arc::new(Clients::new(config.limits.clone())),
        live_site: Arc::new(live_site),
        certificates,
        http3,
        pid_file: None,
    };
    let configured = Configured { config, log, relay };
    let handler = SwapHandler::new(process.service(&configured));
    let workers = Workers::start(&process, &handler)?;
    let live_site = &process.live_site;
    live_site.encode();
    live_site.tell(Notifier::start(&configured.config, &process.source, &process.metrics)?);
    let poller = poller.start(live_site.poller_id(), live_site);
    let mut running = Running { process, configured, handler, workers, poller };
    running.announce(inherited, &runtime)?;
    Ok(Started { running, runtime, signals })
}

fn require_descriptors() -> Result<(), RunError> {
    let descriptors = limits::descriptors();
    if descriptors < LEAST_DESCRIPTORS {
        return Err(RunError::new(format!(
            "cannot start with {descriptors} open files at most: raise the limit to {LEAST_DESCRIPTORS} or more (ulimit -n, \
             LimitNOFILE=)"
        )));
    }
    Ok(())
}

/// Opens the configured certificate source; none without TLS.
fn certificates(config: &Config, metrics: &AllMetrics) -> Result<Option<CertificateOwner>, RunError> {
    let Some(source) = config.source().map_err(RunError::new)? else { return Ok(None) };
    let opened = CertificateOwner::open(source, config.domains.clone(), &metrics.threads, &metrics.registry);
    opened.map(Some).map_err(|error| match error.downcast::<UnusablePair>() {
        Ok(pair) => RunError::configuration(format!(
            "{pair}: name a readable pair with --tls-cert and --tls-key, or omit both for a self-signed certificate"
        )),
        Err(error) => no_tls(&*error),
    })
}

pub(crate) fn no_tls(error: &dyn std::error::Error) -> RunError {
    RunError::new(format!("cannot set up TLS: {error}; run with --tls off"))
}

/// The event loop of the main thread, with the handlers of its signals.
fn runtime_and_signals() -> Result<(Runtime, Signals), RunError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(RunError::cannot("start an event loop"))?;
    let signals = {
        let _inside = runtime.enter();
        Signals::listen().map_err(RunError::cannot("listen for signals"))?
    };
    Ok((runtime, signals))
}

impl Running {
    /// Announces that this process serves: prints the addresses, writes the pid and ready files.
    /// [`Running::run_until_stopped`] notifies the old process of an upgrade.
    fn announce(&mut self, inherited: &Inherited, runtime: &Runtime) -> Result<(), RunError> {
        let (process, config) = (&mut self.process, &self.configured.config);
        // Only once the listeners are open: a CA connects to validate the domains.
        if let Some(certificates) = &mut process.certificates {
            certificates.start();
        }
        let certificate = process.certificates.as_ref().map(|owner| owner.resolver().status());
        let addresses = process.resources.listeners.addresses();
        addresses.announce(certificate.as_deref(), config.url.clone());
        let old_process = inherited.handoff().and_then(|handoff| handoff.pid);
        let is_replay = process.source.replay.is_some();
        let write_ready_file = || config.ready_file.as_ref().map_or(Ok(()), |path| addresses.write(path));
        // In an upgrade the pid file comes last: until then the old process serves. Otherwise the ready file does,
        // because its readers may look for the pid file.
        let is_upgrade = inherited.old_process.is_some();
        if is_upgrade {
            write_ready_file()?;
        }
        process.pid_file = own_files::pid_file(config, is_replay, old_process, addresses.listening())?;
        if !is_upgrade {
            write_ready_file()?;
        }
        runtime.spawn(systemd::follow(process.live_site.line()));
        if is_replay {
            runtime.spawn(demo::follow(process.live_site.clone(), process.source.clock));
        }
        if let Some(assets) = &config.assets {
            runtime.spawn(design::follow(assets.clone()));
        }
        runtime.spawn(systemd::feed(process.metrics.threads.clone()));
        Ok(())
    }
}
