//! The composition root: builds the parts, starts the workers and the poller, and owns the drain.

mod listeners;
mod poller;
mod workers;

use crate::{
    answer::Answer,
    clock::Clock,
    config::Config,
    edge::{Certificates, Counters},
    lifecycle::{Intent, Lifecycle, Signals},
    mlb::Polls,
    publisher::{Publisher, Replayed},
    web::{AccessLog, Hosts, Hub, LogDestination, Metrics, Observer, Parts, Service},
};
use arc_swap::ArcSwap;
use listeners::Listeners;
use prometheus::{IntGauge, Opts, Registry};
use std::{
    fmt,
    sync::{Arc, mpsc},
    thread,
};
use tokio::runtime::Runtime;
use workers::Workers;

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

/// What is being shown: the day as it happens, or a replay of another.
pub struct Show {
    /// The time of the site.
    pub clock: Clock,
    /// Where MLB is asked.
    pub mlb_url: String,
    /// What is replayed; none when live.
    pub replay: Option<Replayed>,
}

/// Serves until told to stop, then drains.
///
/// # Errors
/// When an address cannot be bound, the access log cannot be opened, or the system refuses a thread or a signal handler.
pub fn serve(config: &Config, show: Show) -> Result<(), Failure> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let listeners = Listeners::bind(config, workers)?;
    let _files = listeners.files();
    let registry = Registry::new();
    let certificates = certificates(config, &registry)?;
    let meters = Meters::new(registry).map_err(|error| Failure(format!("cannot count: {error}")))?;
    let log = access_log(config, &meters.requests)?;

    let mut publisher = Publisher::new(config, show.replay.clone(), show.clock);
    let make_watch = poller::watches(config, &show, meters.polls);
    let mut first = make_watch();
    let lifecycle = Lifecycle::new();
    let hub = Arc::new(Hub::new(lifecycle.watch()));
    let site = publisher.site(&first.first_answer());
    hub.publish(&site);
    let site = Arc::new(ArcSwap::from_pointee(site));
    let addresses = listeners.addresses();
    let serving = certificates.as_ref().map(Certificates::serving);
    let service = Service::new(Parts {
        site: site.clone(),
        hub: hub.clone(),
        errors: publisher.error_pages(),
        how: publisher.how(),
        design: config.assets.clone(),
        clock: show.clock,
        limits: config.limits.clone(),
        observer: Observer { metrics: meters.requests, log: log.clone() },
        certificates: serving.clone().map(|serving| serving as _),
        hosts: Hosts { names: config.domains.clone(), https: addresses.https_port(), hsts: config.tls.hsts },
    });

    let runtime = runtime()?;
    let mut signals = {
        let _inside = runtime.enter();
        Signals::listen().map_err(|error| Failure(format!("cannot listen for signals: {error}")))?
    };
    let acceptor = certificates.as_ref().map(Certificates::acceptor).transpose();
    let acceptor = acceptor.map_err(|error| no_tls(&error))?;
    let workers =
        Workers::start(listeners, acceptor, service, meters.connections, config.limits.clone(), &lifecycle)?;
    // The poller ends when its sender does. Nobody waits for it: nothing it could still learn would be shown.
    let (poller, stop) = mpsc::channel();
    let publish = move |answer: &Answer| {
        let fresh = Arc::new(publisher.site(answer));
        // Whoever is told of it must find it.
        site.store(fresh.clone());
        hub.publish(&fresh);
    };
    poller::start(first, make_watch, stop, publish)?;

    // Not before the doors are open: a CA comes to look.
    if let Some(certificates) = certificates {
        runtime.spawn(certificates.look_after());
    }
    addresses.print(serving.map(|serving| serving.status()).as_deref());
    if let Some(path) = &config.ready_file {
        addresses.write(path)?;
    }
    let signal = runtime.block_on(stop_signal(&mut signals, log.as_deref()));
    tracing::info!(signal, "draining");
    lifecycle.drain();
    drop(poller);
    let clean = runtime.block_on(async {
        tokio::select! {
            _ = stop_signal(&mut signals, log.as_deref()) => false,
            clean = workers.finish(config.limits.drain) => clean,
        }
    });
    if !clean {
        tracing::warn!("connections that were still open have been cut");
    }
    if let Some(log) = log {
        log.finish();
    }
    Ok(())
}

/// The next signal that ends the process; does what others ask for meanwhile.
async fn stop_signal(signals: &mut Signals, log: Option<&AccessLog>) -> &'static str {
    loop {
        match signals.next().await {
            Intent::Stop(signal) => return signal,
            Intent::ReopenLog => {
                if let Some(log) = log {
                    log.reopen();
                }
            }
        }
    }
}

/// Everything that is counted, by the room that counts it.
struct Meters {
    connections: Counters,
    requests: Metrics,
    polls: Polls,
}

impl Meters {
    fn new(registry: Registry) -> prometheus::Result<Self> {
        let build = Opts::new("e6_build_info", "What this binary was built from; always 1.")
            .const_label("version", env!("CARGO_PKG_VERSION"))
            .const_label("commit", env!("BUILD_COMMIT"))
            .const_label("rustc", env!("BUILD_RUSTC"));
        let build = IntGauge::with_opts(build)?;
        build.set(1);
        registry.register(Box::new(build))?;
        Ok(Meters {
            connections: Counters::register(&registry)?,
            polls: Polls::register(&registry)?,
            requests: Metrics::register(registry)?,
        })
    }
}

fn certificates(config: &Config, registry: &Registry) -> Result<Option<Certificates>, Failure> {
    let open = |source| {
        Certificates::open(source, config.domains.clone(), registry).map_err(|error| no_tls(&*error))
    };
    config.source().map_err(Failure)?.map(open).transpose()
}

fn no_tls(error: &dyn std::error::Error) -> Failure {
    Failure(format!("cannot speak TLS: {error}; run with --tls off"))
}

fn access_log(config: &Config, metrics: &Metrics) -> Result<Option<Arc<AccessLog>>, Failure> {
    let Some(destination) = config.access_log.clone() else { return Ok(None) };
    let name = match &destination {
        LogDestination::Stdout => "standard output".to_owned(),
        LogDestination::File(path) => path.display().to_string(),
    };
    AccessLog::start(destination, config.log_format, metrics.dropped()).map(|log| Some(Arc::new(log))).map_err(
        |error| {
            Failure(format!(
                "cannot write the access log to {name}: {error}; choose another file with --access-log, or \"off\""
            ))
        },
    )
}

fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure(format!("cannot start an event loop: {error}")))
}
