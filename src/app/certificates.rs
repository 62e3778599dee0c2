//! TLS at work: its terms, the certificate behind them, and whoever looks after that.

use crate::{
    app::{Failure, StartError},
    config::Config,
    tls::{
        Certificates, Source,
        config::{Terms, Tickets},
        resolver::Serving,
    },
};
use prometheus::{IntGauge, Registry};
use std::sync::Arc;
use tokio::{runtime::Handle, task::JoinSet};

pub(crate) struct Tls {
    source: Source,
    names: Vec<String>,
    terms: Terms,
    /// For as long as the process lives: sessions can be resumed after a reload.
    tickets: Tickets,
    serving: Arc<Serving>,
    expiry: IntGauge,
    /// Opened, and not looked after yet.
    waiting: Option<Certificates>,
    keeper: JoinSet<()>,
}

/// A certificate's source that is open, and not served yet.
pub(crate) struct Fresh {
    source: Source,
    names: Vec<String>,
    terms: Terms,
    opened: Certificates,
}

impl Tls {
    /// None without TLS.
    ///
    /// # Errors
    /// When a certificate's file cannot be used, or the system refuses what TLS needs.
    pub fn open(config: &Config, registry: &Registry) -> Result<Option<Self>, StartError> {
        let Some(source) = config.source().map_err(Failure)? else { return Ok(None) };
        if let Source::Files(files) = &source {
            files.certificate().map_err(|error| {
                StartError::Configuration(format!(
                    "{error}: name a readable pair with --tls-cert and --tls-key, or leave both away for a self-signed \
                     certificate"
                ))
            })?;
        }
        let expiry = Certificates::expiry(registry).map_err(|error| no_tls(&error))?;
        let tickets = Tickets::new().map_err(|error| no_tls(&error))?;
        let opened = Certificates::open(source.clone(), config.domains.clone(), expiry.clone(), None);
        let opened = opened.map_err(|error| no_tls(&*error))?;
        let terms = opened.terms(&tickets).map_err(|error| no_tls(&error))?;
        Ok(Some(Tls {
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

    pub fn terms(&self) -> Terms {
        self.terms.clone()
    }

    pub fn serving(&self) -> Arc<Serving> {
        self.serving.clone()
    }

    /// Whether this configuration's certificates can be used, without a trace.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, config: &Config) -> Result<(), String> {
        match config.source()? {
            Some(Source::Files(files)) => files.certificate().map(drop).map_err(|error| error.to_string()),
            _ => Ok(()),
        }
    }

    /// What this configuration asks for, opened; none where that is served already.
    ///
    /// # Errors
    /// Why it cannot be served. Then the metric tells of the certificate in service, as before.
    pub fn refresh(&self, config: &Config) -> Result<Option<Fresh>, String> {
        let Some(source) = config.source()? else { return Ok(None) };
        let may_have_changed = matches!(source, Source::Files(_));
        if !may_have_changed && (&source, &config.domains) == (&self.source, &self.names) {
            return Ok(None);
        }
        let fresh = self.fresh(source, config.domains.clone());
        if fresh.is_err() {
            self.expiry.set(self.serving.status().not_after.unix_timestamp());
        }
        fresh.map(Some)
    }

    fn fresh(&self, source: Source, names: Vec<String>) -> Result<Fresh, String> {
        let before = Some(&*self.serving);
        let opened = Certificates::open(source.clone(), names.clone(), self.expiry.clone(), before);
        let opened = opened.map_err(|error| no_tls(&*error).to_string())?;
        let terms = opened.terms(&self.tickets).map_err(|error| no_tls(&error).to_string())?;
        Ok(Fresh { source, names, terms, opened })
    }

    /// From the next handshake on.
    pub fn renew(&mut self, fresh: Fresh, runtime: &Handle) {
        let Fresh { source, names, terms, opened } = fresh;
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

fn no_tls(error: &dyn std::error::Error) -> Failure {
    Failure(format!("cannot speak TLS: {error}; run with --tls off"))
}
