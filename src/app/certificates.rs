//! TLS in service: its configuration, the certificate source, and the task that renews the certificate.

use crate::{
    app::{RunError, StartError},
    config::Config,
    tls::{
        CertificateOwner, CertificateSource,
        config::{TicketKeys, TlsConfig},
        resolver::CertificateResolver,
    },
};
use prometheus::{IntGauge, Registry};
use std::sync::Arc;
use tokio::{runtime::Handle, task::JoinSet};

pub(crate) struct ServedTls {
    source: CertificateSource,
    names: Vec<String>,
    tls_config: TlsConfig,
    /// Kept for the life of the process, so that sessions can be resumed after a reload.
    tickets: TicketKeys,
    serving: Arc<CertificateResolver>,
    expiry: IntGauge,
    /// An open source whose renewal task has not been started yet.
    waiting: Option<CertificateOwner>,
    keeper: JoinSet<()>,
}

/// A certificate source that is open and not in service yet.
pub(crate) struct OpenedTls {
    source: CertificateSource,
    names: Vec<String>,
    tls_config: TlsConfig,
    opened: CertificateOwner,
}

impl ServedTls {
    /// Opens the configured certificate source; none without TLS.
    ///
    /// # Errors
    /// When a certificate's file cannot be used, or the system refuses what TLS needs.
    pub fn open(config: &Config, registry: &Registry) -> Result<Option<Self>, StartError> {
        let Some(source) = config.source().map_err(RunError)? else { return Ok(None) };
        if let CertificateSource::Files(files) = &source {
            files.certificate().map_err(|error| {
                StartError::Configuration(format!(
                    "{error}: name a readable pair with --tls-cert and --tls-key, or omit both for a self-signed \
                     certificate"
                ))
            })?;
        }
        let expiry = CertificateOwner::expiry(registry).map_err(|error| no_tls(&error))?;
        let tickets = TicketKeys::new().map_err(|error| no_tls(&error))?;
        let opened = CertificateOwner::open(source.clone(), config.domains.clone(), expiry.clone(), None);
        let opened = opened.map_err(|error| no_tls(&*error))?;
        let tls_config = opened.tls_config(&tickets).map_err(|error| no_tls(&error))?;
        Ok(Some(ServedTls {
            source,
            names: config.domains.clone(),
            tls_config,
            tickets,
            serving: opened.serving(),
            expiry,
            waiting: Some(opened),
            keeper: JoinSet::new(),
        }))
    }

    pub fn tls_config(&self) -> TlsConfig {
        self.tls_config.clone()
    }

    pub fn serving(&self) -> Arc<CertificateResolver> {
        self.serving.clone()
    }

    /// Checks that this configuration's certificate files can be used, and changes nothing.
    ///
    /// # Errors
    /// A sentence that says why they cannot be used.
    pub fn check(&self, config: &Config) -> Result<(), String> {
        match config.source()? {
            Some(CertificateSource::Files(files)) => {
                files.certificate().map(drop).map_err(|error| error.to_string())
            }
            _ => Ok(()),
        }
    }

    /// Opens the certificate source of this configuration; none if it is in service already.
    ///
    /// # Errors
    /// A sentence that says why it cannot be used. The expiry metric is then set back to the certificate in service.
    pub fn refresh(&self, config: &Config) -> Result<Option<OpenedTls>, String> {
        let Some(source) = config.source()? else { return Ok(None) };
        let may_have_changed = matches!(source, CertificateSource::Files(_));
        if !may_have_changed && (&source, &config.domains) == (&self.source, &self.names) {
            return Ok(None);
        }
        let fresh = self.fresh(source, config.domains.clone());
        if fresh.is_err() {
            self.expiry.set(self.serving.status().not_after.unix_timestamp());
        }
        fresh.map(Some)
    }

    fn fresh(&self, source: CertificateSource, names: Vec<String>) -> Result<OpenedTls, String> {
        let before = Some(&*self.serving);
        let opened = CertificateOwner::open(source.clone(), names.clone(), self.expiry.clone(), before);
        let opened = opened.map_err(|error| no_tls(&*error).to_string())?;
        let tls_config = opened.tls_config(&self.tickets).map_err(|error| no_tls(&error).to_string())?;
        Ok(OpenedTls { source, names, tls_config, opened })
    }

    /// Puts an opened source into service, from the next handshake on.
    pub fn renew(&mut self, fresh: OpenedTls, runtime: &Handle) {
        let OpenedTls { source, names, tls_config, opened } = fresh;
        (self.source, self.names, self.serving) = (source, names, opened.serving());
        self.tls_config.replace(&tls_config);
        self.waiting = Some(opened);
        self.maintain(runtime);
    }

    /// Starts the renewal task. Call it only once the listeners are open: a CA connects to validate the domains.
    pub fn maintain(&mut self, runtime: &Handle) {
        if let Some(opened) = self.waiting.take() {
            // Dropping the old set stops the renewal task before.
            self.keeper = JoinSet::new();
            self.keeper.spawn_on(async { match opened.maintain().await {} }, runtime);
        }
    }
}

fn no_tls(error: &dyn std::error::Error) -> RunError {
    RunError(format!("cannot set up TLS: {error}; run with --tls off"))
}
