//! The composition root: builds the parts, starts the workers and the poller, and owns reload and drain.

pub(crate) mod answer_metrics;
pub(crate) mod check;
pub(crate) mod control;
pub(crate) mod data_lock;
pub(crate) mod day_pages;
pub(crate) mod demo;
pub(crate) mod design;
pub(crate) mod health;
pub(crate) mod http3;
pub(crate) mod inherited;
pub(crate) mod init;
pub(crate) mod launcher;
pub(crate) mod listeners;
pub(crate) mod live_site;
pub(crate) mod logging;
pub(crate) mod metrics;
pub(crate) mod notifier;
pub(crate) mod own_files;
pub(crate) mod places;
pub(crate) mod poller_thread;
pub(crate) mod privileges;
pub(crate) mod process_metrics;
pub(crate) mod publisher;
pub(crate) mod relay;
pub(crate) mod reload;
pub(crate) mod render_queue;
pub(crate) mod rollback;
pub(crate) mod run;
pub(crate) mod swap_handler;
pub(crate) mod systemd;
pub(crate) mod upgrade;
pub(crate) mod workers;

use crate::{
    app::{
        data_lock::{DataDirInUse, DataLock},
        demo::RunningReplay,
        inherited::Inherited,
        listeners::Listeners,
        live_site::LiveSite,
        logging::Logging,
        metrics::AllMetrics,
        notifier::Notifier,
        poller_thread::PreparedPoller,
        publisher::Publisher,
        run::{ProcessFacts, Running},
        swap_handler::SwapHandler,
        upgrade::Executable,
        workers::{WorkerContext, Workers},
    },
    clock::Clock,
    config::{Config, ConfigErrors},
    connection::ListenerKind,
    http::{
        accept::AcceptContext,
        access_log::{AccessLog, LogDestination, LogFile},
        clients::Clients,
    },
    lifecycle::{Lifecycle, Signals},
    limits,
    mlb::{DayRequests, Endpoint},
    net::listen_fds::InheritedFd,
    output, page,
    per_worker::workers,
    site::service::ProcessStart,
    tls::{files::UnusablePair, owner::CertificateOwner},
};
use std::{fmt, io, os::fd::OwnedFd, sync::Arc};
use time::OffsetDateTime;
use tokio::runtime::Runtime;

/// The least limit on open files with which a process starts and can serve a few clients.
const LEAST_DESCRIPTORS: u64 = 48;

/// The error that ends [`serve`]: a sentence for the operator.
#[derive(Debug)]
pub struct RunError {
    what: String,
    /// Whether the configuration cannot be used on this machine. Such errors have an exit code of their own.
    pub is_about_configuration: bool,
}

impl RunError {
    /// Makes an error from a sentence: what failed, on what, why, and what to do next.
    pub fn new(what: impl Into<String>) -> Self {
        RunError { what: what.into(), is_about_configuration: false }
    }

    /// For `map_err`: what failed, before the reason.
    pub fn cannot<E: fmt::Display>(what: &str) -> impl FnOnce(E) -> RunError {
        move |error| RunError::new(format!("cannot {what}: {error}"))
    }

    pub fn configuration(what: impl Into<String>) -> Self {
        RunError { what: what.into(), is_about_configuration: true }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for RunError {}

/// The input of a start: configuration, inherited descriptors, log, and the way to read the configuration again.
pub struct Setup {
    pub config: Config,
    /// The descriptors that the process inherited from systemd or from the old process of an upgrade.
    pub adopted: Vec<InheritedFd>,
    pub logging: Logging,
    /// Reads the configuration again from flags, environment and file.
    pub read_again: Box<dyn Fn() -> Result<Config, ConfigErrors>>,
}

/// The source of the site's data: MLB, or the replay of a past day.
pub struct DataSource {
    pub clock: Clock,
    /// The running replay, which stands in for MLB; none when live.
    pub replay: Option<RunningReplay>,
}

/// A replay that starts after privileges have been dropped.
pub struct ReplayPlan {
    pub url: String,
    pub begin: BeginReplay,
}

/// Starts the server of a replay.
pub type BeginReplay = Box<dyn FnOnce(&Config) -> Result<DataSource, RunError>>;

impl DataSource {
    fn endpoint(&self, config: &Config) -> Endpoint {
        let endpoint = config.endpoint();
        match &self.replay {
            // The replay's server runs on this machine and needs no token and no proxy.
            Some(RunningReplay { url, .. }) => {
                Endpoint { url: url.clone(), token: None, proxy: None, ..endpoint }
            }
            None => endpoint,
        }
    }

    fn publisher(&self, config: &Config) -> Publisher {
        Publisher::new(config, self.replay.as_ref().map(|shown| shown.replayed.clone()), self.clock)
    }
}

/// Serves until a signal stops the process or a new process replaces it, then drains.
///
/// # Errors
/// When an address cannot be bound, a certificate's file or the access log cannot be opened, another e6 uses the data
/// directory, or the system refuses a thread or a signal handler.
pub fn serve(mut setup: Setup, replay: Option<ReplayPlan>) -> Result<(), RunError> {
    let mut inherited = Inherited::read(std::mem::take(&mut setup.adopted), &setup.config)?;
    let started = start(setup, replay, &mut inherited).and_then(|mut started| {
        let old_process = inherited.old_process.as_ref().and_then(|old_process| old_process.handoff.pid);
        started.running.announce(old_process, &started.runtime)?;
        Ok(started)
    });
    match (started, inherited.old_process) {
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

/// A process that serves and has not announced it yet.
struct Started {
    running: Running,
    runtime: Runtime,
    signals: Signals,
}

fn start(setup: Setup, replay: Option<ReplayPlan>, inherited: &mut Inherited) -> Result<Started, RunError> {
    let descriptors = limits::descriptors();
    if descriptors < LEAST_DESCRIPTORS {
        return Err(RunError::new(format!(
            "cannot start with {descriptors} open files at most: raise the limit to {LEAST_DESCRIPTORS} or more (ulimit -n, \
             LimitNOFILE=)"
        )));
    }
    let executable = Executable::of_this_process()?;
    let deployed_at = upgrade::placed_at();
    let config = &setup.config;
    let workers = workers();

    // Linux privileges belong to a thread: open the sockets and drop privileges before the first thread starts.
    // Everything else is opened as the configured user.
    let files_of_others = inherited.files_of_others();
    let listeners =
        Listeners::open(config, std::mem::take(&mut inherited.sockets), inherited.start(), workers)?;
    listeners.log(config);
    let (files, gone) = (listeners.files(&files_of_others), inherited.gone(&listeners));
    // A replay stores no data.
    let is_live = replay.is_none();
    let places =
        places::places(config).into_iter().filter(|place| is_live || place.setting != places::DATA_DIR);
    privileges::become_user(config, &places.collect::<Vec<_>>())?;
    let lock = if is_live { data_lock(config, inherited.lock.take())? } else { None };
    let allowed_paths =
        privileges::close_in(config, replay.as_ref().map(|replay| &*replay.url), executable.binary(), &gone)?;
    output::start().map_err(RunError::cannot("start the threads of the output"))?;
    let show = match replay {
        Some(replay) => (replay.begin)(config)?,
        None => DataSource { clock: config.clock.map_or(Clock::System, Clock::starting_at), replay: None },
    };
    let metrics = AllMetrics::new().map_err(RunError::cannot("register the metrics"))?;
    let certificates = certificates(config, &metrics)?;
    let log_file = log_file(config)?;
    let day_requests = Arc::new(DayRequests::default());
    let relay = relay::relay(config, &show, &metrics, None)?;
    let (poller, first_answer) = PreparedPoller::new(config, &show, &metrics, relay.as_ref(), &day_requests)?;

    let runtime = runtime().map_err(RunError::cannot("start an event loop"))?;
    let signals = {
        let _inside = runtime.enter();
        Signals::listen().map_err(RunError::cannot("listen for signals"))?
    };
    let lifecycle = Lifecycle::default();
    page::design::show(config.assets.as_deref());
    let live_site = LiveSite::new(
        show.publisher(config),
        first_answer,
        lifecycle.watch(),
        metrics.answer.clone(),
        day_requests,
    );
    if inherited.old_process.is_some() {
        // The old process serves meanwhile.
        live_site.draw_pictures();
    }
    let addresses = listeners.addresses();
    let http3_sockets = listeners.of(ListenerKind::Http3).count();
    let facts = ProcessFacts {
        process_start: ProcessStart {
            at: OffsetDateTime::now_utc(),
            upgrades: inherited.upgrades(),
            deployed_at,
            http_port: addresses.http_port(),
        },
        addresses,
        metrics,
        clients: Arc::new(Clients::new(config.limits.clone())),
        live_site: Arc::new(live_site),
        certificates: certificates.as_ref().map(CertificateOwner::resolver),
        http3_ended: http3_sockets == 0 && inherited.has_http3(),
    };
    let log = log_file.map(|file| access_log(file, config, &facts.metrics)).transpose()?;
    let handler = SwapHandler::new(facts.service(config, &show, log.clone(), relay.clone()));
    let listeners = Arc::new(listeners);
    let accept_context = AcceptContext {
        clients: facts.clients.clone(),
        counters: facts.metrics.connections.clone(),
        phase: lifecycle.watch(),
    };
    let acceptor = certificates.as_ref().map(CertificateOwner::acceptor);
    let dir = config.data_dir.as_deref().filter(|_| lock.is_some());
    let http3 = http3::server(config, &facts, http3_sockets, acceptor.as_ref(), dir, inherited)?;
    let context = WorkerContext {
        listeners: Arc::downgrade(&listeners),
        workers,
        tls: acceptor,
        http3: http3.clone(),
        handler: handler.clone(),
        accept_context,
    };
    let workers = Workers::start(&context, &facts.metrics.threads)?;
    facts.live_site.encode();
    facts.live_site.tell(Notifier::start(config, &show, &facts.metrics)?);
    let poller = poller.start(facts.live_site.poller_id(), &facts.live_site);
    let running = Running {
        setup,
        show,
        allowed_paths,
        executable,
        facts,
        log,
        certificates,
        handler,
        lifecycle,
        listeners,
        http3,
        files,
        gone,
        workers,
        poller,
        lock,
        relay,
        pid_file: None,
    };
    Ok(Started { running, runtime, signals })
}

/// Opens the configured certificate source; none without TLS.
fn certificates(config: &Config, metrics: &AllMetrics) -> Result<Option<CertificateOwner>, RunError> {
    let Some(source) = config.source().map_err(RunError::new)? else { return Ok(None) };
    let opened = CertificateOwner::open(source, config.domains.clone(), &metrics.threads, &metrics.registry);
    opened.map(Some).map_err(|error| match error.downcast::<UnusablePair>() {
        Ok(pair) => RunError::configuration(format!(
            "{pair}: name a readable pair with --tls-cert and --tls-key, or omit both for a self-signed certificate"
        )),
        Err(error) => RunError::new(no_tls(&*error)),
    })
}

fn no_tls(error: &dyn std::error::Error) -> String {
    format!("cannot set up TLS: {error}; run with --tls off")
}

/// Takes the lock of the data directory; none without a data directory, or if e6 cannot write to it.
fn data_lock(config: &Config, inherited: Option<OwnedFd>) -> Result<Option<DataLock>, RunError> {
    let Some(dir) = &config.data_dir else {
        tracing::warn!(
            "no data directory, so a restart will begin without an answer: name one with --data-dir"
        );
        return Ok(None);
    };
    match DataLock::take(dir, inherited) {
        Ok(lock) => Ok(Some(lock)),
        Err(DataDirInUse::InUse(pid)) => Err(RunError::new(format!(
            "another e6 ({}) uses the data directory {}: stop it, or name another directory with --data-dir",
            pid.map_or("its process number is unknown".into(), |pid| format!("process {pid}")),
            dir.display()
        ))),
        Err(DataDirInUse::Failed(error)) => {
            tracing::warn!(%error, dir = %dir.display(), "cannot write to the data directory: a restart will begin without an answer");
            Ok(None)
        }
    }
}

fn log_file(config: &Config) -> Result<Option<LogFile>, RunError> {
    let Some(destination) = config.access_log.clone() else { return Ok(None) };
    let name = match &destination {
        LogDestination::Stdout => "standard output".to_owned(),
        LogDestination::File(path) => path.display().to_string(),
    };
    LogFile::open(destination).map(Some).map_err(|error| {
        RunError::new(format!(
            "cannot write the access log to {name}: {error}; choose another file with --access-log, or \"off\""
        ))
    })
}

fn access_log(file: LogFile, config: &Config, metrics: &AllMetrics) -> Result<Arc<AccessLog>, RunError> {
    AccessLog::start(file, config.log_format, metrics.requests.dropped())
        .map(Arc::new)
        .map_err(RunError::cannot("start the access log's thread"))
}

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
