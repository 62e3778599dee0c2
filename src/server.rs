//! The composition root: builds the parts, starts the workers and the poller, and owns the drain.

use crate::{
    answer::{Answer, Player},
    clock::Clock,
    config::Config,
    edge::{self, Door, Handler},
    lifecycle::{Lifecycle, Phase, Terminations},
    mlb::{Client, Store, Watch},
    publisher::Publisher,
    web::{Service, Site},
};
use arc_swap::ArcSwap;
use std::{
    fmt,
    io::{self, Write},
    net::{SocketAddr, TcpListener},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};
use tokio::{
    runtime::Runtime,
    sync::{Semaphore, oneshot, watch},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

/// The default player as his fans call him, for the minutes before MLB was first heard.
const DEFAULT_PLAYER: (u32, &str, &str) = (665487, "Fernando Tatis Jr.", "Tatis Jr.");
/// After a fault in the poller's thread, so that a fault that repeats does not spin.
const POLLER_PAUSE: Duration = Duration::from_secs(5);

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
    /// What the page calls the replay; none when live.
    pub replay: Option<String>,
}

/// Serves until told to stop, then drains.
///
/// # Errors
/// When an address cannot be bound or the system refuses a thread or a signal handler.
pub fn serve(config: &Config, show: Show) -> Result<(), Failure> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let listeners = Listeners::bind(config, workers)?;
    let tls =
        match config.listen.https {
            Some(_) => Some(edge::certificate(&config.certs_dir).map_err(|error| {
                Failure(format!("cannot make a certificate: {error}; run with --https off"))
            })?),
            None => None,
        };

    let publisher = Publisher::new(config, show.replay.clone(), show.clock);
    let make_watch = watch_factory(config, &show);
    let mut first = make_watch();
    let site = Arc::new(ArcSwap::from_pointee(publisher.site(&first.first_answer())));
    let service = Service::new(site.clone(), publisher.error_pages(), config.assets.clone(), show.clock);

    let lifecycle = Lifecycle::new();
    let runtime = runtime()?;
    let mut terminations = {
        let _inside = runtime.enter();
        Terminations::listen().map_err(|error| Failure(format!("cannot listen for signals: {error}")))?
    };
    let handler: Handler = Arc::new(move |request| service.handle(request));
    let acceptor = tls.as_ref().map(|tls| TlsAcceptor::from(tls.config.clone()));
    let addresses = listeners.addresses();
    let workers = Workers::start(listeners, acceptor, &handler, &lifecycle)?;
    // The poller ends when its sender does. Nobody waits for it: nothing it could still learn would be shown.
    let (poller, stop) = mpsc::channel();
    start_poller(first, make_watch, stop, publisher, site)?;

    addresses.print(tls.as_ref().map(|tls| tls.source.as_str()));
    if let Some(path) = &config.ready_file {
        addresses.write(path)?;
    }
    let signal = runtime.block_on(terminations.next());
    tracing::info!(signal, "draining");
    lifecycle.drain();
    drop(poller);
    let clean = runtime.block_on(async {
        tokio::select! {
            _ = terminations.next() => false,
            clean = workers.finish() => clean,
        }
    });
    if !clean {
        tracing::warn!("connections that were still open have been cut");
    }
    Ok(())
}

/// Every address, bound once for each worker.
struct Listeners {
    http: Vec<TcpListener>,
    https: Vec<TcpListener>,
    admin: Vec<TcpListener>,
}

impl Listeners {
    fn bind(config: &Config, workers: usize) -> Result<Self, Failure> {
        let bind = |address: Option<SocketAddr>, flag: &str, workers| match address {
            None => Ok(Vec::new()),
            Some(address) => {
                edge::bind(address, workers).map_err(|error| Failure(mend(address, flag, &error)))
            }
        };
        Ok(Listeners {
            http: bind(config.listen.http, "--http", workers)?,
            https: bind(config.listen.https, "--https", workers)?,
            // Operators come one at a time.
            admin: bind(config.listen.admin, "--admin", 1)?,
        })
    }

    fn addresses(&self) -> Addresses {
        let first = |listeners: &[TcpListener]| listeners.first()?.local_addr().ok();
        Addresses { http: first(&self.http), https: first(&self.https), admin: first(&self.admin) }
    }
}

fn mend(address: SocketAddr, flag: &str, error: &io::Error) -> String {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!(
                "another process listens there: stop it, or choose another port, such as {flag} {}:0",
                address.ip()
            )
        }
        io::ErrorKind::PermissionDenied => {
            format!(
                "ports below 1024 need the capability CAP_NET_BIND_SERVICE: grant it, or choose another with {flag}"
            )
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("this machine has no such address: choose another with {flag}")
        }
        _ => format!("choose another address with {flag}"),
    };
    format!("cannot listen on {address}: {error}; {advice}")
}

/// Where it really listens.
#[derive(Debug, Clone, Copy)]
struct Addresses {
    http: Option<SocketAddr>,
    https: Option<SocketAddr>,
    admin: Option<SocketAddr>,
}

impl Addresses {
    fn print(&self, certificate: Option<&str>) {
        println!("e6 {}", crate::BUILD);
        if let Some(http) = self.http {
            println!("http://{http}/");
        }
        if let Some(https) = self.https {
            println!("https://{https}/ ({})", certificate.unwrap_or_default());
        }
        if let Some(admin) = self.admin {
            println!("http://{admin}/ (admin)");
        }
    }

    /// For whoever started us and waits for the ports.
    fn write(&self, path: &Path) -> Result<(), Failure> {
        let list =
            |address: Option<SocketAddr>| address.map(|address| address.to_string()).into_iter().collect();
        let (http, https, admin): (Vec<_>, Vec<_>, Vec<_>) =
            (list(self.http), list(self.https), list(self.admin));
        let ready =
            serde_json::json!({"pid": std::process::id(), "http": http, "https": https, "admin": admin});
        let write = || -> io::Result<()> {
            let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let mut file = tempfile::NamedTempFile::new_in(dir)?;
            writeln!(file, "{ready}")?;
            file.persist(path)?;
            Ok(())
        };
        write().map_err(|error| Failure(format!("cannot write the ready file {}: {error}", path.display())))
    }
}

/// The threads that serve.
struct Workers {
    done: Vec<oneshot::Receiver<()>>,
}

impl Workers {
    /// One thread for each core, each with a runtime and listeners of its own: nothing is shared on the way of a
    /// request but the site and the cap on connections.
    fn start(
        listeners: Listeners,
        tls: Option<TlsAcceptor>,
        handler: &Handler,
        lifecycle: &Lifecycle,
    ) -> Result<Self, Failure> {
        let permits = Arc::new(Semaphore::new(edge::limits::CONNECTIONS));
        let mut https = listeners.https.into_iter();
        let mut admin = listeners.admin.into_iter();
        let mut http = listeners.http.into_iter();
        let mut done = Vec::new();
        loop {
            let clear = http.next().into_iter().chain(admin.next()).map(|listener| (listener, None));
            let doors: Vec<_> = clear.chain(https.next().map(|listener| (listener, tls.clone()))).collect();
            if doors.is_empty() {
                return Ok(Workers { done });
            }
            let (finished, receiver) = oneshot::channel();
            let (handler, permits, phase) = (handler.clone(), permits.clone(), lifecycle.watch());
            let runtime = runtime()?;
            thread::Builder::new()
                .name(format!("worker-{}", done.len()))
                .spawn(move || {
                    runtime.block_on(work(doors, handler, permits, phase));
                    let _ = finished.send(());
                })
                .map_err(|error| Failure(format!("cannot start a worker thread: {error}")))?;
            done.push(receiver);
        }
    }

    /// Waits until all connections have ended; false when some had not within the deadline.
    async fn finish(self) -> bool {
        let all = async {
            for done in self.done {
                let _ = done.await;
            }
        };
        tokio::time::timeout(edge::limits::DRAIN, all).await.is_ok()
    }
}

async fn work(
    doors: Vec<(TcpListener, Option<TlsAcceptor>)>,
    handler: Handler,
    permits: Arc<Semaphore>,
    phase: watch::Receiver<Phase>,
) {
    let mut loops = JoinSet::new();
    for (listener, tls) in doors {
        match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => {
                let door = Door { listener, tls };
                loops.spawn(edge::accept(door, handler.clone(), permits.clone(), phase.clone()));
            }
            Err(error) => tracing::error!(%error, "a listener is lost to this worker"),
        }
    }
    while loops.join_next().await.is_some() {}
}

fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure(format!("cannot start an event loop: {error}")))
}

fn watch_factory(config: &Config, show: &Show) -> impl Fn() -> Watch + Send + 'static + use<> {
    let (id, club, clock, url) = (config.player.id, config.player.club, show.clock, show.mlb_url.clone());
    let data_dir = config.data_dir.clone().filter(|_| show.replay.is_none());
    move || {
        let store = data_dir.as_deref().map(Store::in_dir);
        Watch::new(Client::new(url.clone()), clock, expected_player(id), club, store)
    }
}

/// What the page calls the player until MLB was heard.
fn expected_player(id: u32) -> Player {
    let (default, name, short_name) = DEFAULT_PLAYER;
    if id == default {
        return Player { id, name: name.into(), short_name: short_name.into(), club: None };
    }
    let name = format!("Player {id}");
    Player { id, short_name: name.clone(), name, club: None }
}

/// The one writer of the site. A fault in it is logged and it starts anew; pages stay as they are meanwhile.
fn start_poller(
    first: Watch,
    make_watch: impl Fn() -> Watch + Send + 'static,
    stop: mpsc::Receiver<()>,
    publisher: Publisher,
    site: Arc<ArcSwap<Site>>,
) -> Result<(), Failure> {
    let body = move || {
        let mut watch = first;
        let mut shown = None;
        loop {
            let publish = |answer: Answer| {
                // What is stale is shown with its age, which changes by itself.
                if answer.stale || shown.as_ref() != Some(&answer) {
                    site.store(Arc::new(publisher.site(&answer)));
                    shown = Some(answer);
                }
            };
            if catch_unwind(AssertUnwindSafe(|| watch.run(&stop, publish))).is_ok() {
                return;
            }
            tracing::error!("the poller broke; starting it anew");
            if stop.recv_timeout(POLLER_PAUSE) != Err(mpsc::RecvTimeoutError::Timeout) {
                return;
            }
            watch = make_watch();
        }
    };
    thread::Builder::new()
        .name("poller".into())
        .spawn(body)
        .map(drop)
        .map_err(|error| Failure(format!("cannot start the poller's thread: {error}")))
}
