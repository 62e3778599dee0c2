//! Certificates from a CA by ACME (RFC 8555), renewed in time and within the CA's rate limits.

pub(crate) mod cache;
pub(crate) mod error;
pub(crate) mod order;
pub(crate) mod schedule;
pub(crate) mod session;

use crate::{
    bounded_file::{self, SMALL},
    name::named,
    net::{outgoing::OutgoingProxy, resolver},
    tls::{
        acme::{
            cache::Cache,
            error::{AcmeFailure, AcmeFailureKind},
            order::Order,
        },
        certificate::Certificate,
        owner::NAP,
        pem,
        resolver::{CertificateOrigin, CertificateWriter},
    },
};
use rustls::{RootCertStore, pki_types::CertificateDer};
use std::{error::Error, path::PathBuf, sync::Arc, time::Duration};
use time::OffsetDateTime;
use ureq::tls::{RootCerts, TlsConfig};

/// Waits for this long. Returns whether the order goes on: not if another source takes over.
pub(crate) type Pause<'a> = dyn Fn(Duration) -> bool + 'a;

/// A CA, and our account there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ca {
    pub directory: String,
    pub email: String,
    /// The CA's own root, as a PEM file; none for the roots of the web.
    pub root: Option<PathBuf>,
    /// The challenge that validates names.
    pub challenge: ChallengeType,
    /// The proxy for all requests to it; none connects directly.
    pub proxy: Option<OutgoingProxy>,
    /// The directory that keeps keys and certificates.
    pub dir: PathBuf,
}

named! {
    /// The challenge by which a CA validates that a name leads here.
    pub enum ChallengeType {
        /// By a handshake on port 443 (RFC 8737).
        TlsAlpn01 = "tls-alpn-01",
        /// By a request to port 80 (RFC 8555 §8.3).
        Http01 = "http-01",
    }
}

impl Ca {
    /// The CA's own roots; none for the roots of the web.
    ///
    /// # Errors
    /// When the root file is unreadable, or holds no valid certificate.
    pub fn own_roots(&self) -> Result<Option<Vec<CertificateDer<'static>>>, Box<dyn Error + Send + Sync>> {
        let Some(path) = &self.root else { return Ok(None) };
        let roots = pem::certificates(&bounded_file::read(path, SMALL)?)?;
        if roots.is_empty() {
            return Err("there is no certificate in it".into());
        }
        let mut valid = RootCertStore::empty();
        roots.iter().try_for_each(|root| valid.add(root.clone()))?;
        Ok(Some(roots))
    }

    /// An HTTP client that trusts this CA's server and connects through the proxy.
    pub fn agent(&self) -> Result<ureq::Agent, Box<dyn Error + Send + Sync>> {
        let own = |root: &CertificateDer| ureq::tls::Certificate::from_der(root).to_owned();
        let roots = match self.own_roots()? {
            None => RootCerts::WebPki,
            Some(roots) => RootCerts::Specific(Arc::new(roots.iter().map(own).collect())),
        };
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(session::REQUEST))
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("e6/", env!("CARGO_PKG_VERSION"), " ureq"))
            // Without this line ureq reads a proxy from the environment itself, by other rules.
            .proxy(self.proxy.as_ref().map(OutgoingProxy::for_client).transpose()?)
            .tls_config(TlsConfig::builder().root_certs(roots).build());
        Ok(resolver::agent(config.build()))
    }
}

impl Ca {
    pub fn kept(&self) -> Result<Option<Certificate>, String> {
        Cache::new(self).certificate().map_err(|trouble| trouble.to_string())
    }
}

/// Orders certificates from a CA when they are due, and serves them.
pub(crate) struct Renewals {
    ca: Ca,
    names: Vec<String>,
    agent: ureq::Agent,
    cache: Cache,
    serving: CertificateWriter,
    /// The next task; `due` is its time.
    task: AcmeTask,
    due: OffsetDateTime,
    failures: u32,
}

enum AcmeTask {
    /// Read the kept certificate and serve it.
    Recall,
    /// Keep this certificate, which is served already.
    Keep(String),
    /// Order another certificate.
    Order,
}

impl Renewals {
    /// Serves the kept certificate. An error with it is in the status.
    pub(crate) fn open(ca: Ca, names: Vec<String>, agent: ureq::Agent, serving: CertificateWriter) -> Self {
        let (cache, due) = (Cache::new(&ca), OffsetDateTime::now_utc());
        let mut renewals =
            Renewals { ca, names, agent, cache, serving, task: AcmeTask::Recall, due, failures: 0 };
        let recalled = renewals.recall();
        renewals.after(recalled);
        renewals
    }

    /// Does what is due. Returns the time until the next look.
    pub(crate) fn step(&mut self, pause: &Pause) -> Duration {
        let left = self.due - OffsetDateTime::now_utc();
        if left.is_positive() {
            return NAP.min(left.unsigned_abs());
        }
        let done = match std::mem::replace(&mut self.task, AcmeTask::Order) {
            AcmeTask::Recall => self.recall(),
            // The kept certificate determines when the next one is due.
            AcmeTask::Keep(pem) => self.keep(pem).and_then(|()| self.recall()),
            AcmeTask::Order => self.order(pause),
        };
        self.after(done);
        Duration::ZERO
    }

    /// Sets or clears the error in the status; after a failure, sets the time of the retry.
    fn after(&mut self, done: Result<(), AcmeFailure>) {
        match done {
            Ok(()) => {
                self.failures = 0;
                self.serving.trouble(None);
            }
            Err(trouble) => {
                self.failures = self.failures.saturating_add(1);
                self.due =
                    schedule::retry(trouble.kind, self.failures, OffsetDateTime::now_utc(), fastrand::f64());
                self.serving.trouble(Some(trouble.to_string()));
            }
        }
        self.serving.next_attempt(self.due);
    }

    /// Serves the kept certificate. An unreadable one is no reason to order another: each restart would order one, and
    /// the CA allows five a week.
    fn recall(&mut self) -> Result<(), AcmeFailure> {
        self.task = AcmeTask::Recall;
        let kept = self.cache.certificate()?;
        self.task = AcmeTask::Order;
        self.due = OffsetDateTime::now_utc();
        if let Some(kept) = kept {
            if self.names.iter().all(|name| kept.covers(name)) {
                self.due = schedule::renewal(kept.not_before, kept.not_after, fastrand::f64());
            }
            self.serving.serve(kept, CertificateOrigin::Acme, Some(self.due));
        }
        Ok(())
    }

    fn order(&mut self, pause: &Pause) -> Result<(), AcmeFailure> {
        let now = OffsetDateTime::now_utc();
        let before = self.cache.orders()?;
        let open = schedule::gate(&before, now);
        if open > now {
            let text = "several orders were refused within the hour; the next one waits, or the CA would lock us out";
            return Err(AcmeFailure::new(AcmeFailureKind::Limited(Some(open)), text));
        }
        let account_key = self.cache.account_key()?;
        self.cache
            .set_orders(&[&before[before.len().saturating_sub(schedule::REFUSALS)..], &[now]].concat())?;
        let names = self.names.join(", ");
        let proxy = self.ca.proxy.as_ref().map(tracing::field::display);
        tracing::info!(%names, directory = %self.ca.directory, proxy, "ordering a certificate");
        let Renewals { ca, names, agent, serving, .. } = &*self;
        let order = Order { ca, names, account_key: &account_key, agent, serving, pause };
        match order.place() {
            Ok(pem) => {
                let fresh = Certificate::from_pem(pem.as_bytes(), pem.as_bytes()).map_err(|error| {
                    AcmeFailure::refused(format!("the CA's certificate cannot be used: {error}"))
                })?;
                self.due = schedule::renewal(fresh.not_before, fresh.not_after, fastrand::f64());
                self.serving.serve(fresh, CertificateOrigin::Acme, Some(self.due));
                self.keep(pem)
            }
            Err(trouble) => {
                let is_refusal =
                    matches!(trouble.kind, AcmeFailureKind::Refused | AcmeFailureKind::Limited(_));
                if !is_refusal {
                    self.cache.set_orders(&before)?;
                }
                Err(trouble)
            }
        }
    }

    fn keep(&mut self, pem: String) -> Result<(), AcmeFailure> {
        let kept = self.cache.keep(&pem);
        match kept {
            Ok(()) => self.cache.set_orders(&[])?,
            Err(_) => self.task = AcmeTask::Keep(pem),
        }
        kept
    }
}
