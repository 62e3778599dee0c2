//! The composition root: builds the parts, starts the workers and the poller, and owns reload and drain.

pub(crate) mod answer_metrics;
pub(crate) mod certificates;
pub(crate) mod check;
pub(crate) mod control;
pub(crate) mod data_lock;
pub(crate) mod demo;
pub(crate) mod health;
pub(crate) mod inherited;
pub(crate) mod launcher;
pub(crate) mod listeners;
pub(crate) mod live_site;
pub(crate) mod logging;
pub(crate) mod metrics;
pub(crate) mod places;
pub(crate) mod poller_thread;
pub(crate) mod privileges;
pub(crate) mod process_metrics;
pub(crate) mod publisher;
pub(crate) mod relay;
pub(crate) mod reload;
pub(crate) mod run;
pub(crate) mod swap_handler;
pub(crate) mod systemd;
pub(crate) mod threads;
pub(crate) mod upgrade;
pub(crate) mod workers;

use crate::{
    app::{
        certificates::ServedTls,
        data_lock::{DataDirInUse, DataLock},
        demo::RunningReplay,
        inherited::Inherited,
        listeners::Listeners,
        live_site::LiveSite,
        logging::Logging,
        metrics::AllMetrics,
        poller_thread::PreparedPoller,
        publisher::Publisher,
        run::{ProcessFacts, Running},
        swap_handler::SwapHandler,
        upgrade::Executable,
        workers::{WorkerContext, Workers},
    },
    clock::Clock,
    config::{Config, ConfigErrors},
    http::{
        accept::AcceptContext,
        access_log::{AccessLog, LogDestination, LogFile},
        clients::Clients,
    },
    lifecycle::{Lifecycle, Signals},
    limits::Limits,
    mlb::Endpoint,
    net::listen_fds::InheritedFd,
    output,
    site::service::ProcessStart,
};
use std::{fmt, io, os::fd::OwnedFd, sync::Arc, thread};
use time::OffsetDateTime;
use tokio::runtime::Runtime;

/// Why the server could not start or keep running, and what to do about it.
#[derive(Debug)]
pub struct RunError(String);

impl RunError {
    /// A sentence: what happened, to what, and what to do next.
    pub fn new(what: impl Into<String>) -> Self {
        RunError(what.into())
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RunError {}

/// Why the server did not start, or did not go on.
#[derive(Debug)]
pub enum StartError {
    /// The configuration cannot be used on this machine.
    Configuration(String),
    /// Anything else.
    Failed(RunError),
}

impl From<RunError> for StartError {
    fn from(failure: RunError) -> Self {
        StartError::Failed(failure)
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Configuration(what) => f.write_str(what),
            StartError::Failed(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for StartError {}

/// What was typed at the start, and how it is read again.
pub struct Setup {
    /// Valid.
    pub config: Config,
    /// Descriptors that came with the process.
    pub adopted: Vec<InheritedFd>,
    /// The log of what goes on inside, as the configuration has it.
    pub logging: Logging,
    /// Reads flags, environment and file as they are now.
    pub read_again: Box<dyn Fn() -> Result<Config, ConfigErrors>>,
}

/// What is being shown: the day as it happens, or a replay of another.
pub struct DataSource {
    /// The time of the site.
    pub clock: Clock,
    /// What is replayed, and where it is asked for instead of at MLB; none when live.
    pub replay: Option<RunningReplay>,
}

/// A replay that has not begun: privileges are dropped before.
pub struct ReplayPlan {
    /// Where the replay will be asked instead of MLB.
    pub url: String,
    /// Begins it.
    pub begin: BeginReplay,
}

/// Starts the server of a replay.
pub type BeginReplay = Box<dyn FnOnce(&Config) -> Result<DataSource, StartError>>;

impl DataSource {
    /// Where MLB, or what is replayed, is asked.
    fn endpoint(&self, config: &Config) -> Endpoint {
        let endpoint = config.endpoint();
        match &self.replay {
            // It is on this machine.
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

/// Serves until told to stop, then drains.
///
/// # Errors
/// When an address cannot be bound, a certificate's file or the access log cannot be opened, another e6 uses the data
/// directory, or the system refuses a thread or a signal handler.
pub fn serve(mut setup: Setup, replay: Option<ReplayPlan>) -> Result<(), StartError> {
    let mut inherited = Inherited::read(std::mem::take(&mut setup.adopted), &setup.config)?;
    let started = start(setup, replay, &mut inherited).and_then(|mut started| {
        let predecessor = inherited.predecessor.as_ref().and_then(|predecessor| predecessor.handoff.pid);
        started.running.announce(predecessor, &started.runtime)?;
        Ok(started)
    });
    match (started, inherited.predecessor) {
        (Ok(Started { running, runtime, signals }), predecessor) => {
            Ok(running.until_told(predecessor, &runtime, signals)?)
        }
        (Err(failure), predecessor) => {
            if let Some(predecessor) = predecessor {
                predecessor.refuse(&failure);
            }
            Err(failure)
        }
    }
}

/// A process that serves, and nobody has been told yet.
struct Started {
    running: Running,
    runtime: Runtime,
    signals: Signals,
}

fn start(setup: Setup, replay: Option<ReplayPlan>, inherited: &mut Inherited) -> Result<Started, StartError> {
    let origin = Executable::of_this_process()?;
    let config = &setup.config;
    let workers = thread::available_parallelism().map_or(1, usize::from);

    // Everything that has to be opened, before the first thread: each has rights of its own. What comes after the sockets is
    // opened as the one who runs.
    let files_of_others = inherited.files_of_others();
    let listeners =
        Listeners::open(config, std::mem::take(&mut inherited.sockets), inherited.start(), workers)?;
    listeners.log(config);
    let (files, gone) = (listeners.files(&files_of_others), inherited.gone(&listeners));
    // A replay keeps nothing.
    let is_live = replay.is_none();
    let places =
        places::places(config).into_iter().filter(|place| is_live || place.setting != places::DATA_DIR);
    privileges::become_user(config, &places.collect::<Vec<_>>())?;
    let lock = if is_live { data_lock(config, inherited.lock.take())? } else { None };
    let reach =
        privileges::close_in(config, replay.as_ref().map(|replay| &*replay.url), origin.binary(), &gone)?;
    output::start().map_err(|error| RunError(format!("cannot start the threads of the output: {error}")))?;
    let show = match replay {
        Some(replay) => (replay.begin)(config)?,
        None => DataSource { clock: config.clock.map_or(Clock::System, Clock::starting_at), replay: None },
    };
    let meters =
        AllMetrics::new(&config.limits).map_err(|error| RunError(format!("cannot count: {error}")))?;
    let tls = ServedTls::open(config, &meters.registry)?;
    let log_file = log_file(config)?;
    let make_watch = poller_thread::watches(config, &show, &meters);
    let mut watch = make_watch();

    let runtime = runtime().map_err(|error| RunError(format!("cannot start an event loop: {error}")))?;
    let signals = {
        let _inside = runtime.enter();
        Signals::listen().map_err(|error| RunError(format!("cannot listen for signals: {error}")))?
    };
    let lifecycle = Lifecycle::new();
    let stage =
        LiveSite::new(show.publisher(config), watch.first_answer(), lifecycle.watch(), meters.answer.clone());
    let facts = ProcessFacts {
        begun: ProcessStart { at: OffsetDateTime::now_utc(), upgrades: inherited.upgrades() },
        addresses: listeners.addresses(),
        meters,
        stage: Arc::new(stage),
    };
    let log = log_file.map(|file| access_log(file, config, &facts.meters)).transpose()?;
    let relay = relay::relay(config, &show, &facts.meters, None)?;
    let serving = tls.as_ref().map(ServedTls::serving);
    let desk = SwapHandler::new(facts.service(config, &show, log.clone(), serving, relay.clone()));
    let listeners = Arc::new(listeners);
    let house = house(&config.limits, &facts.meters, &lifecycle);
    let crowd = house.crowd.clone();
    let post = WorkerContext {
        listeners: Arc::downgrade(&listeners),
        workers,
        terms: tls.as_ref().map(ServedTls::terms),
        desk: desk.clone(),
        house,
    };
    let workers = Workers::start(&post, &facts.meters)?;
    let poller = PreparedPoller::new(watch, make_watch, &facts.stage, &facts.meters.keep)?;
    let poller = poller.start(facts.stage.tenure());
    let running = Running {
        setup,
        show,
        reach,
        origin,
        facts,
        crowd,
        log,
        tls,
        desk,
        lifecycle,
        listeners,
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

/// The lock of the data directory; none where there is no directory, or none that can be written.
fn data_lock(config: &Config, inherited: Option<OwnedFd>) -> Result<Option<DataLock>, RunError> {
    let Some(dir) = &config.data_dir else {
        tracing::warn!(
            "no data directory, so a restart will begin without an answer: name one with --data-dir"
        );
        return Ok(None);
    };
    match DataLock::take(dir, inherited) {
        Ok(lock) => Ok(Some(lock)),
        Err(DataDirInUse::InUse(pid)) => Err(RunError(format!(
            "another e6 ({}) uses the data directory {}: stop it, or name another directory with --data-dir",
            pid.map_or("its process is not known".into(), |pid| format!("process {pid}")),
            dir.display()
        ))),
        Err(DataDirInUse::Failed(error)) => {
            tracing::warn!(%error, dir = %dir.display(), "cannot write to the data directory: a restart will begin without an answer");
            Ok(None)
        }
    }
}

fn house(limits: &Limits, meters: &AllMetrics, lifecycle: &Lifecycle) -> AcceptContext {
    AcceptContext {
        crowd: Arc::new(Clients::new(limits.clone())),
        counters: meters.connections.clone(),
        phase: lifecycle.watch(),
    }
}

fn log_file(config: &Config) -> Result<Option<LogFile>, RunError> {
    let Some(destination) = config.access_log.clone() else { return Ok(None) };
    let name = match &destination {
        LogDestination::Stdout => "standard output".to_owned(),
        LogDestination::File(path) => path.display().to_string(),
    };
    LogFile::open(destination).map(Some).map_err(|error| {
        RunError(format!(
            "cannot write the access log to {name}: {error}; choose another file with --access-log, or \"off\""
        ))
    })
}

fn access_log(file: LogFile, config: &Config, meters: &AllMetrics) -> Result<Arc<AccessLog>, RunError> {
    AccessLog::start(file, config.log_format, meters.requests.dropped())
        .map(Arc::new)
        .map_err(|error| RunError(format!("cannot start the access log's thread: {error}")))
}

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
