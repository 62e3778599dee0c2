//! TLS at work: its terms, the certificate behind them, and whoever looks after that.

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
    terms: TlsConfig,
    /// For as long as the process lives: sessions can be resumed after a reload.
    tickets: TicketKeys,
    serving: Arc<CertificateResolver>,
    expiry: IntGauge,
    /// Opened, and not looked after yet.
    waiting: Option<CertificateOwner>,
    keeper: JoinSet<()>,
}

/// A certificate's source that is open, and not served yet.
pub(crate) struct OpenedTls {
    source: CertificateSource,
    names: Vec<String>,
    terms: TlsConfig,
    opened: CertificateOwner,
}

impl ServedTls {
    /// None without TLS.
    ///
    /// # Errors
    /// When a certificate's file cannot be used, or the system refuses what TLS needs.
    pub fn open(config: &Config, registry: &Registry) -> Result<Option<Self>, StartError> {
        let Some(source) = config.source().map_err(RunError)? else { return Ok(None) };
        if let CertificateSource::Files(files) = &source {
            files.certificate().map_err(|error| {
                StartError::Configuration(format!(
                    "{error}: name a readable pair with --tls-cert and --tls-key, or leave both away for a self-signed \
                     certificate"
                ))
            })?;
        }
        let expiry = CertificateOwner::expiry(registry).map_err(|error| no_tls(&error))?;
        let tickets = TicketKeys::new().map_err(|error| no_tls(&error))?;
        let opened = CertificateOwner::open(source.clone(), config.domains.clone(), expiry.clone(), None);
        let opened = opened.map_err(|error| no_tls(&*error))?;
        let terms = opened.terms(&tickets).map_err(|error| no_tls(&error))?;
        Ok(Some(ServedTls {
            source,
            names: config.domains.clone(),
            terms,
            tickets,
            serving: opened.serving(),
            expiry,
            waiting: Some(opened),
            keeper: JoinSet::new(),
        }))
    }

    pub fn terms(&self) -> TlsConfig {
        self.terms.clone()
    }

    pub fn serving(&self) -> Arc<CertificateResolver> {
        self.serving.clone()
    }

    /// Whether this configuration's certificates can be used, without a trace.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, config: &Config) -> Result<(), String> {
        match config.source()? {
            Some(CertificateSource::Files(files)) => {
                files.certificate().map(drop).map_err(|error| error.to_string())
            }
            _ => Ok(()),
        }
    }

    /// What this configuration asks for, opened; none where that is served already.
    ///
    /// # Errors
    /// Why it cannot be served. Then the metric tells of the certificate in service, as before.
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
        let terms = opened.terms(&self.tickets).map_err(|error| no_tls(&error).to_string())?;
        Ok(OpenedTls { source, names, terms, opened })
    }

    /// From the next handshake on.
    pub fn renew(&mut self, fresh: OpenedTls, runtime: &Handle) {
        let OpenedTls { source, names, terms, opened } = fresh;
        (self.source, self.names, self.serving) = (source, names, opened.serving());
        self.terms.replace(&terms);
        self.waiting = Some(opened);
        self.look_after(runtime);
    }

    /// Begins to see to the next certificate. Not before the doors are open: a CA comes to look.
    pub fn look_after(&mut self, runtime: &Handle) {
        if let Some(opened) = self.waiting.take() {
            // Who did so before stops.
            self.keeper = JoinSet::new();
            self.keeper.spawn_on(async { match opened.look_after().await {} }, runtime);
        }
    }
}

fn no_tls(error: &dyn std::error::Error) -> RunError {
    RunError(format!("cannot speak TLS: {error}; run with --tls off"))
}
