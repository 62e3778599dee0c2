//! Certificates that look after themselves: where they come from, which one is served, and when the next one comes.
//!
//! From the first handshake on one is served: the last good one, else one that is signed by itself. What is wrong is
//! in the [`Status`], whoever asks.

pub(crate) mod acme;
pub(crate) mod certificate;
pub(crate) mod config;
pub(crate) mod files;
pub(crate) mod pem;
pub(crate) mod resolver;
pub(crate) mod self_signed;

use crate::tls::{
    acme::{Ca, ChallengeType},
    certificate::Certificate,
    config::{TicketKeys, TlsConfig},
    files::CertificateFiles,
    resolver::{CertificateOrigin, CertificateResolver},
};
use prometheus::{IntGauge, Registry, register_int_gauge_with_registry as gauge};
use std::{convert::Infallible, error::Error, path::PathBuf, sync::Arc, time::Duration};
use tokio::task::JoinSet;

/// After a fault of ours in the task that looks after them, so that a fault that repeats does not spin.
const PAUSE: Duration = Duration::from_secs(5);

/// Where certificates come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateSource {
    /// A CA that is asked by this process.
    Acme(Ca),
    /// Files that somebody else renews.
    Files(CertificateFiles),
    /// This process, for this machine; kept in this directory.
    SelfSigned(PathBuf),
}

impl CertificateSource {
    /// What a start would serve; none where there is none yet.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn present(&self) -> Result<Option<Certificate>, String> {
        match self {
            CertificateSource::Acme(ca) => ca.kept(),
            CertificateSource::Files(files) => {
                files.certificate().map(Some).map_err(|error| error.to_string())
            }
            CertificateSource::SelfSigned(dir) => self_signed::present(dir),
        }
    }
}

/// A source at work.
pub struct CertificateOwner {
    source: CertificateSource,
    names: Vec<String>,
    serving: Arc<CertificateResolver>,
    keeper: Renewer,
}

/// Where the next certificate comes from, besides ourselves.
enum Renewer {
    Acme(Box<acme::Renewals>),
    Files(files::FileWatcher),
    Nobody,
}

impl CertificateOwner {
    /// Where the end of the certificate that is served is written, for whoever reads the registry.
    ///
    /// # Errors
    /// When the registry has it already.
    pub fn expiry(registry: &Registry) -> prometheus::Result<IntGauge> {
        gauge!(
            "e6_certificate_expiry_timestamp_seconds",
            "Unix time at which the certificate that is served expires.",
            registry
        )
    }

    /// Opens a source for these names. Until it gives a certificate, the one that was in service `before` stays, else one
    /// that is signed by itself is served. What is wrong is in the status.
    ///
    /// # Errors
    /// When a CA's root cannot be read, or no key can be made at all.
    pub fn open(
        source: CertificateSource,
        names: Vec<String>,
        expiry: IntGauge,
        before: Option<&CertificateResolver>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let wanted = match &source {
            CertificateSource::Acme(_) => CertificateOrigin::Acme,
            CertificateSource::Files(_) => CertificateOrigin::Files,
            CertificateSource::SelfSigned(_) => CertificateOrigin::SelfSigned,
        };
        let before = before.map(|before| (before.certificate(), before.status().origin));
        let serving = match (&source, before) {
            (CertificateSource::SelfSigned(dir), _) => {
                let (first, trouble) = self_signed::kept(dir, &names)?;
                let serving =
                    CertificateResolver::new(Arc::new(first), CertificateOrigin::SelfSigned, wanted, expiry);
                serving.trouble(trouble);
                serving
            }
            (_, Some((certificate, origin))) if origin != CertificateOrigin::SelfSigned => {
                CertificateResolver::new(certificate, origin, wanted, expiry)
            }
            _ => {
                let first = Arc::new(self_signed::for_this_run(&names)?);
                CertificateResolver::new(first, CertificateOrigin::SelfSigned, wanted, expiry)
            }
        };
        let serving = Arc::new(serving);
        let keeper = Renewer::begin(&source, &names, &serving)?;
        Ok(CertificateOwner { source, names, serving, keeper })
    }

    /// What is served, and how things are.
    pub fn serving(&self) -> Arc<CertificateResolver> {
        self.serving.clone()
    }

    /// The terms of TLS with these certificates and ticket keys.
    ///
    /// # Errors
    /// When the provider knows no version of TLS.
    pub fn terms(&self, tickets: &TicketKeys) -> Result<TlsConfig, rustls::Error> {
        let by_handshake =
            matches!(&self.source, CertificateSource::Acme(Ca { challenge: ChallengeType::TlsAlpn01, .. }));
        let more: &[&[u8]] = if by_handshake { &[config::CHALLENGE] } else { &[] };
        config::config(self.serving(), more, tickets).map(TlsConfig::new)
    }

    /// Renews, watches, tries again; a fault of ours is logged and it starts anew. Must run within a tokio runtime.
    pub async fn look_after(self) -> Infallible {
        let CertificateOwner { source, names, serving, mut keeper } = self;
        let dir = match &source {
            CertificateSource::SelfSigned(dir) => Some(dir.clone()),
            CertificateSource::Acme(_) | CertificateSource::Files(_) => None,
        };
        loop {
            // A set, which ends with this: tasks that are replaced must not go on beside the next.
            let mut work = JoinSet::new();
            work.spawn(keeper.run());
            work.spawn(self_signed::renew(dir.clone(), names.clone(), serving.clone()));
            if let Some(Err(fault)) = work.join_next().await {
                tracing::error!(%fault, "looking after the certificate broke; starting it anew");
            }
            tokio::time::sleep(PAUSE).await;
            keeper = Renewer::begin(&source, &names, &serving).unwrap_or_else(|error| {
                serving.trouble(Some(format!("nobody looks after the certificate: {error}")));
                Renewer::Nobody
            });
        }
    }
}

impl Renewer {
    /// Serves what there is.
    fn begin(
        source: &CertificateSource,
        names: &[String],
        serving: &Arc<CertificateResolver>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(match source {
            CertificateSource::Acme(ca) => {
                Renewer::Acme(Box::new(acme::Renewals::open(ca.clone(), names.to_vec(), serving.clone())?))
            }
            CertificateSource::Files(files) => {
                let mut watched = files::FileWatcher::new(files.clone(), names.to_vec(), serving.clone());
                watched.look(time::OffsetDateTime::now_utc());
                Renewer::Files(watched)
            }
            CertificateSource::SelfSigned(_) => Renewer::Nobody,
        })
    }

    async fn run(self) -> Infallible {
        match self {
            Renewer::Acme(renewals) => renewals.run().await,
            Renewer::Files(watched) => watched.run().await,
            Renewer::Nobody => std::future::pending().await,
        }
    }
}
