//! The two halves of a process that serves: the parts that stay for its life, and those that a reload replaces.

use crate::{
    app::{
        control::PidFile, data_source::DataSource, error::RunError, http3, live_site::LiveSite,
        logging::Logging, metrics::AllMetrics, resources::Resources, upgrade::Executable,
    },
    config::{Config, ConfigErrors},
    http::{
        access_log::{AccessLog, LogDestination, LogFile},
        clients::Clients,
        http3::Http3Server,
        request_log::RequestObserver,
    },
    lifecycle::Lifecycle,
    mlb::relay::Relay,
    site::{
        relay::Relaying,
        service::{ProcessStart, Service, ServiceParts},
    },
    tls::owner::CertificateOwner,
    web::host::Hosts,
};
use std::sync::Arc;

/// Reads the configuration from flags, environment and file.
pub type ReadConfig = Box<dyn Fn() -> Result<Config, ConfigErrors>>;

/// The parts that stay for the life of the process.
pub(crate) struct Process {
    pub start: ProcessStart,
    pub executable: Executable,
    pub read_config: ReadConfig,
    pub logging: Logging,
    pub metrics: AllMetrics,
    pub lifecycle: Lifecycle,
    pub resources: Resources,
    pub source: DataSource,
    pub clients: Arc<Clients>,
    /// A reload changes what it shows, and the hooks that it tells.
    pub live_site: Arc<LiveSite>,
    /// A reload changes the source of the certificate; none without TLS.
    pub certificates: Option<CertificateOwner>,
    /// The parts that all QUIC endpoints share; none without HTTP/3.
    pub http3: Option<Arc<Http3Server>>,
    /// Whether an older process of an upgrade had HTTP/3 and this one has none: clients are told to forget it.
    pub http3_ended: bool,
    /// None until the process is announced, and if it cannot be written.
    pub pid_file: Option<PidFile>,
}

/// The parts that a reload replaces as a whole.
pub(crate) struct Configured {
    pub config: Config,
    /// The access log; none if it is turned off.
    pub log: Option<Arc<AccessLog>>,
    /// The relay for other e6 servers; none if it is not configured.
    pub relay: Option<Relaying>,
}

impl Process {
    /// Builds the service that answers requests with this configuration.
    pub fn service(&self, Configured { config, log, relay }: &Configured) -> Service {
        let (publisher, addresses) = (self.source.publisher(config), self.resources.listeners.addresses());
        Service::new(ServiceParts {
            site: self.live_site.site.clone(),
            event_hub: self.live_site.event_hub.clone(),
            errors: publisher.error_pages(),
            how: publisher.how(self.start),
            design: config.assets.clone(),
            clock: self.source.clock,
            limits: config.limits.clone(),
            clients: self.clients.clone(),
            observer: RequestObserver { metrics: self.metrics.requests.clone(), log: log.clone() },
            certificates: self.certificates.as_ref().map(CertificateOwner::resolver),
            alternative: http3::alternative(config, &addresses, self.http3_ended),
            hosts: Hosts {
                names: config.domains.clone(),
                https: addresses.https_port(),
                hsts: config.tls.hsts,
            },
            proxies: Arc::new(config.proxies.clone()),
            relay: relay.clone(),
        })
    }
}

/// Opens the access log; none if it is turned off.
pub(crate) fn access_log(config: &Config, metrics: &AllMetrics) -> Result<Option<Arc<AccessLog>>, RunError> {
    let Some(destination) = config.access_log.clone() else { return Ok(None) };
    let name = match &destination {
        LogDestination::Stdout => "standard output".to_owned(),
        LogDestination::File(path) => path.display().to_string(),
    };
    let file = LogFile::open(destination).map_err(|error| {
        RunError::new(format!(
            "cannot write the access log to {name}: {error}; choose another file with --access-log, or \"off\""
        ))
    })?;
    let log = AccessLog::start(file, config.log_format, metrics.requests.dropped());
    log.map(|log| Some(Arc::new(log))).map_err(RunError::cannot("start the access log's thread"))
}

/// The relay of this configuration, which stays across reloads that do not change its endpoint; none if it is off.
/// `running` is none at the start.
pub(crate) fn relay(
    config: &Config,
    source: &DataSource,
    metrics: &AllMetrics,
    running: Option<&Configured>,
) -> Result<Option<Relaying>, RunError> {
    // A replay is not relayed to other servers.
    let Some(token) = config.relay_token.as_ref().filter(|_| source.replay.is_none()) else {
        return Ok(None);
    };
    let same_endpoint = running.filter(|running| running.config.endpoint() == config.endpoint());
    let relay = match same_endpoint.and_then(|running| running.relay.as_ref()) {
        Some(relaying) => relaying.relay.clone(),
        None => {
            let relay =
                Relay::start(config.endpoint(), &config.limits, metrics.relay.clone(), &metrics.threads);
            tracing::info!(
                url = config.mlb_url,
                "the relay serves MLB's data under /mlb/ to servers that send its token"
            );
            Arc::new(relay.map_err(RunError::cannot("start the relay's threads"))?)
        }
    };
    Ok(Some(Relaying { relay, token: token.clone() }))
}
