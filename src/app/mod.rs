//! The composition root: builds the parts, starts the workers and the poller, and owns reload and drain.

pub(crate) mod certificates;
pub(crate) mod check;
pub(crate) mod control;
pub(crate) mod demo;
pub(crate) mod health;
pub(crate) mod inherited;
pub(crate) mod launcher;
pub(crate) mod listeners;
pub(crate) mod live_site;
pub(crate) mod logging;
pub(crate) mod metrics;
pub(crate) mod poller_thread;
pub(crate) mod privileges;
pub(crate) mod publisher;
pub(crate) mod reload;
pub(crate) mod run;
pub(crate) mod swap_handler;
pub(crate) mod systemd;
pub(crate) mod threads;
pub(crate) mod upgrade;
pub(crate) mod workers;

use crate::{
    app::{
        certificates::Tls,
        inherited::Heritage,
        listeners::Listeners,
        live_site::Stage,
        logging::Logging,
        metrics::Meters,
        publisher::{Publisher, Replayed},
        run::{Facts, Running},
        swap_handler::Desk,
        upgrade::Origin,
        workers::{Post, Workers},
    },
    clock::Clock,
    config::{Config, Mistakes},
    http::{
        accept::House,
        access_log::{AccessLog, LogDestination, LogFile},
        clients::Crowd,
    },
    lifecycle::{Lifecycle, Signals},
    limits::Limits,
    mlb::Endpoint,
    net::listen_fds::Adopted,
    site::service::Begun,
};
use std::{fmt, io, sync::Arc, thread};
use time::OffsetDateTime;
use tokio::runtime::Runtime;

/// Why the server could not start or keep running, and what to do about it.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    /// A sentence: what happened, to what, and what to do next.
    pub fn new(what: impl Into<String>) -> Self {
        Failure(what.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// Why the server did not start, or did not go on.
#[derive(Debug)]
pub enum StartError {
    /// The configuration cannot be used on this machine.
    Configuration(String),
    /// Anything else.
    Failed(Failure),
}

impl From<Failure> for StartError {
    fn from(failure: Failure) -> Self {
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
    pub adopted: Vec<Adopted>,
    /// The log of what goes on inside, as the configuration has it.
    pub logging: Logging,
    /// Reads flags, environment and file as they are now.
    pub read_again: Box<dyn Fn() -> Result<Config, Mistakes>>,
}

/// What is being shown: the day as it happens, or a replay of another.
pub struct Show {
    /// The time of the site.
    pub clock: Clock,
    /// What is replayed, and where it is asked for instead of at MLB; none when live.
    pub replay: Option<(Replayed, String)>,
}

impl Show {
    /// Where MLB, or what is replayed, is asked.
    fn endpoint(&self, config: &Config) -> Endpoint {
        let endpoint = config.endpoint();
        match &self.replay {
            Some((_, url)) => Endpoint { url: url.clone(), ..endpoint },
            None => endpoint,
        }
    }

    fn publisher(&self, config: &Config) -> Publisher {
        Publisher::new(config, self.replay.as_ref().map(|(replayed, _)| replayed.clone()), self.clock)
    }
}

/// Serves until told to stop, then drains.
///
/// # Errors
/// When an address cannot be bound, a certificate's file or the access log cannot be opened, or the system refuses a thread
/// or a signal handler.
pub fn serve(mut setup: Setup, show: Show) -> Result<(), StartError> {
    let origin = Origin::of_this_process()?;
    let heritage = Heritage::read(std::mem::take(&mut setup.adopted), &setup.config)?;
    let config = &setup.config;
    let workers = thread::available_parallelism().map_or(1, usize::from);

    // Everything that has to be opened, before the first thread: each has rights of its own. What comes after the sockets is
    // opened as the one who runs.
    let (upgrades, files_of_others) = (heritage.upgrades(), heritage.files_of_others());
    let Heritage { sockets, predecessor } = heritage;
    let listeners = Listeners::open(config, sockets, workers)?;
    let files = listeners.files(&files_of_others);
    let reach = privileges::restrict(config, &show.endpoint(config).url, origin.binary())?;
    let meters = Meters::new(&config.limits).map_err(|error| Failure(format!("cannot count: {error}")))?;
    let tls = Tls::open(config, &meters.registry)?;
    let log_file = log_file(config)?;
    let make_watch = poller_thread::watches(config, &show, &meters);
    let mut watch = make_watch();

    let runtime = runtime().map_err(|error| Failure(format!("cannot start an event loop: {error}")))?;
    let signals = {
        let _inside = runtime.enter();
        Signals::listen().map_err(|error| Failure(format!("cannot listen for signals: {error}")))?
    };
    let lifecycle = Lifecycle::new();
    let stage = Stage::new(show.publisher(config), watch.first_answer(), lifecycle.watch());
    let facts = Facts {
        begun: Begun { at: OffsetDateTime::now_utc(), upgrades },
        addresses: listeners.addresses(),
        meters,
        stage: Arc::new(stage),
    };
    let log = log_file.map(|file| access_log(file, config, &facts.meters)).transpose()?;
    let desk = Desk::new(facts.service(config, &show, log.clone(), tls.as_ref().map(Tls::serving)));
    let listeners = Arc::new(listeners);
    let house = house(&config.limits, &facts.meters, &lifecycle);
    let crowd = house.crowd.clone();
    let post = Post {
        listeners: Arc::downgrade(&listeners),
        workers,
        terms: tls.as_ref().map(Tls::terms),
        desk: desk.clone(),
        house,
    };
    let workers = Workers::start(&post, &facts.meters)?;
    let poller = poller_thread::start(watch, make_watch, &facts.stage, &facts.meters.keep)?;
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
        workers,
        poller,
        pid_file: None,
    };
    Ok(running.until_told(predecessor, &runtime, signals)?)
}

fn house(limits: &Limits, meters: &Meters, lifecycle: &Lifecycle) -> House {
    House {
        crowd: Arc::new(Crowd::new(limits.clone())),
        counters: meters.connections.clone(),
        phase: lifecycle.watch(),
    }
}

fn log_file(config: &Config) -> Result<Option<LogFile>, Failure> {
    let Some(destination) = config.access_log.clone() else { return Ok(None) };
    let name = match &destination {
        LogDestination::Stdout => "standard output".to_owned(),
        LogDestination::File(path) => path.display().to_string(),
    };
    LogFile::open(destination).map(Some).map_err(|error| {
        Failure(format!(
            "cannot write the access log to {name}: {error}; choose another file with --access-log, or \"off\""
        ))
    })
}

fn access_log(file: LogFile, config: &Config, meters: &Meters) -> Result<Arc<AccessLog>, Failure> {
    AccessLog::start(file, config.log_format, meters.requests.dropped())
        .map(Arc::new)
        .map_err(|error| Failure(format!("cannot start the access log's thread: {error}")))
}

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
