//! Certificates from a CA that is asked by us (RFC 8555), renewed in time, and never asked for too often.

pub(crate) mod cache;
pub(crate) mod error;
pub(crate) mod order;
pub(crate) mod schedule;

use crate::tls::{
    acme::{
        cache::Cache,
        error::{AcmeFailure, AcmeFailureKind},
        order::Order,
    },
    certificate::Certificate,
    pem,
    resolver::{CertificateOrigin, CertificateResolver},
};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use std::{convert::Infallible, error::Error, fs, path::PathBuf, sync::Arc};
use time::{Duration, OffsetDateTime};

/// The longest sleep: a clock that is set, or a machine that slept, does not move a renewal.
const NAP: Duration = Duration::MINUTE;

/// A CA, and how we appear there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ca {
    /// The URL of its directory.
    pub directory: String,
    /// Whom it may write to.
    pub email: String,
    /// Its own root, as a PEM file; else the web's.
    pub root: Option<PathBuf>,
    /// How names are proven.
    pub challenge: ChallengeType,
    /// Where keys and certificates are kept.
    pub dir: PathBuf,
}

/// How a CA sees that a name leads here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChallengeType {
    /// By a handshake on port 443 (RFC 8737).
    TlsAlpn01,
    /// By a request to port 80 (RFC 8555 §8.3).
    Http01,
}

impl Ca {
    /// A client that trusts this CA's server.
    ///
    /// # Errors
    /// When the root cannot be read, or is none.
    pub fn client(&self) -> Result<ClientConfig, Box<dyn Error + Send + Sync>> {
        let mut roots = RootCertStore::empty();
        match &self.root {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(path) => {
                for root in pem::certificates(&fs::read(path)?)? {
                    roots.add(root)?;
                }
                if roots.is_empty() {
                    return Err("there is no certificate in it".into());
                }
            }
        }
        Ok(ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth())
    }
}

impl Ca {
    /// The last certificate that it gave, if one was kept.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn kept(&self) -> Result<Option<Certificate>, String> {
        Cache::new(self).certificate().map_err(|trouble| trouble.to_string())
    }
}

/// Asks a CA when it is time, and serves what it gives.
pub(crate) struct Renewals {
    ca: Ca,
    names: Vec<String>,
    client: Arc<ClientConfig>,
    cache: Cache,
    serving: Arc<CertificateResolver>,
    /// What is due next, and when.
    task: AcmeTask,
    due: OffsetDateTime,
    /// In a row.
    failures: u32,
}

/// What is due.
enum AcmeTask {
    /// Reading what was kept.
    Recall,
    /// Keeping this certificate, which is served already.
    Keep(String),
    /// Ordering another.
    Order,
}

impl Renewals {
    /// Serves what was kept. What went wrong with that is in the status.
    pub(crate) fn open(
        ca: Ca,
        names: Vec<String>,
        serving: Arc<CertificateResolver>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let client = Arc::new(ca.client()?);
        let (cache, due) = (Cache::new(&ca), OffsetDateTime::now_utc());
        let mut renewals =
            Renewals { ca, names, client, cache, serving, task: AcmeTask::Recall, due, failures: 0 };
        let recalled = renewals.recall();
        renewals.after(recalled);
        Ok(renewals)
    }

    pub(crate) async fn run(mut self) -> Infallible {
        loop {
            let left = self.due - OffsetDateTime::now_utc();
            if left.is_positive() {
                tokio::time::sleep(left.min(NAP).unsigned_abs()).await;
                continue;
            }
            let done = match std::mem::replace(&mut self.task, AcmeTask::Order) {
                AcmeTask::Recall => self.recall(),
                // What was kept tells when the next one is due.
                AcmeTask::Keep(pem) => self.keep(pem).and_then(|()| self.recall()),
                AcmeTask::Order => self.order().await,
            };
            self.after(done);
        }
    }

    /// Says how it went; after a failure, sets when to try again.
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

    /// Serves the certificate that was kept. One that cannot be read is no reason to order another: whatever the cause,
    /// each restart would, and the CA gives five a week.
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

    async fn order(&mut self) -> Result<(), AcmeFailure> {
        let now = OffsetDateTime::now_utc();
        let before = self.cache.orders()?;
        let open = schedule::gate(&before, now);
        if open > now {
            let said = "several orders were refused within the hour; the next one waits, or the CA would lock us out";
            return Err(AcmeFailure::new(AcmeFailureKind::Limited(Some(open)), said));
        }
        let account_key = self.cache.account_key()?;
        self.cache
            .set_orders(&[&before[before.len().saturating_sub(schedule::REFUSALS)..], &[now]].concat())?;
        let names = self.names.join(", ");
        tracing::info!(%names, directory = %self.ca.directory, "ordering a certificate");
        let Renewals { ca, names, client, serving, .. } = &*self;
        let order = Order { ca, names, account_key: &account_key, client, serving };
        match order.place().await {
            Ok(pem) => {
                let fresh = Certificate::from_pem(pem.as_bytes(), pem.as_bytes()).map_err(|error| {
                    AcmeFailure::new(
                        AcmeFailureKind::Refused,
                        format!("the CA's certificate cannot be used: {error}"),
                    )
                })?;
                self.due = schedule::renewal(fresh.not_before, fresh.not_after, fastrand::f64());
                self.serving.serve(fresh, CertificateOrigin::Acme, Some(self.due));
                self.keep(pem)
            }
            Err(trouble) => {
                if matches!(trouble.kind, AcmeFailureKind::Unreachable | AcmeFailureKind::Nonce) {
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
