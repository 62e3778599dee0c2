//! TLS certificates: their sources, the one that is served, and its renewal.
//!
//! A certificate is served from the first handshake on: the last good one, else a self-signed one. The current problem,
//! if any, is in `resolver::CertificateStatus`.

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

/// Pause before the renewal tasks are restarted after a panic, so that a panic that repeats does not spin.
const PAUSE: Duration = Duration::from_secs(5);

/// The source of certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateSource {
    /// A CA, by ACME.
    Acme(Ca),
    /// Files that another program renews.
    Files(CertificateFiles),
    /// This process: a self-signed certificate for this machine, kept in this directory.
    SelfSigned(PathBuf),
}

impl CertificateSource {
    /// The certificate that a start would serve; none if there is none yet.
    ///
    /// # Errors
    /// The reason why it cannot be used.
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

/// An open certificate source: serves its certificate and renews it.
pub struct CertificateOwner {
    source: CertificateSource,
    names: Vec<String>,
    serving: Arc<CertificateResolver>,
    keeper: Renewer,
}

/// The renewal of certificates that are not self-signed.
enum Renewer {
    Acme(Box<acme::Renewals>),
    Files(files::FileWatcher),
    Nobody,
}

impl CertificateOwner {
    /// Registers the gauge of the served certificate's expiry.
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

    /// Opens a source for these names. Until it yields a certificate, the one that was in service `before` stays,
    /// unless it was self-signed; else a new self-signed one is served. The current problem is in the status.
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

    /// The resolver: the certificate that is served, and its status.
    pub fn serving(&self) -> Arc<CertificateResolver> {
        self.serving.clone()
    }

    /// The TLS configuration with these certificates and ticket keys.
    ///
    /// # Errors
    /// When the provider supports no version of TLS.
    pub fn tls_config(&self, tickets: &TicketKeys) -> Result<TlsConfig, rustls::Error> {
        let by_handshake =
            matches!(&self.source, CertificateSource::Acme(Ca { challenge: ChallengeType::TlsAlpn01, .. }));
        let more: &[&[u8]] = if by_handshake { &[config::CHALLENGE] } else { &[] };
        config::config(self.serving(), more, tickets).map(TlsConfig::new)
    }

    /// Renews the certificate and retries. Logs a panic and restarts after it. Must run within a tokio runtime.
    pub async fn maintain(self) -> Infallible {
        let CertificateOwner { source, names, serving, mut keeper } = self;
        let dir = match &source {
            CertificateSource::SelfSigned(dir) => Some(dir.clone()),
            CertificateSource::Acme(_) | CertificateSource::Files(_) => None,
        };
        loop {
            // Dropping the set aborts its tasks: old ones must not run beside their replacements.
            let mut work = JoinSet::new();
            work.spawn(keeper.run());
            work.spawn(self_signed::renew(dir.clone(), names.clone(), serving.clone()));
            if let Some(Err(fault)) = work.join_next().await {
                tracing::error!(%fault, "the certificate renewal panicked; restarting it");
            }
            tokio::time::sleep(PAUSE).await;
            keeper = Renewer::begin(&source, &names, &serving).unwrap_or_else(|error| {
                serving.trouble(Some(format!("cannot restart the renewal: {error}")));
                Renewer::Nobody
            });
        }
    }
}

impl Renewer {
    /// Opens the source, which serves the certificate that it has already.
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
