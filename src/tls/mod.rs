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
    acme::{Ca, Challenge},
    certificate::Certificate,
    config::{Terms, Tickets},
    files::Files,
    resolver::{Origin, Serving},
};
use prometheus::{IntGauge, Registry, register_int_gauge_with_registry as gauge};
use std::{convert::Infallible, error::Error, path::PathBuf, sync::Arc, time::Duration};
use tokio::task::JoinSet;

/// After a fault of ours in the task that looks after them, so that a fault that repeats does not spin.
const PAUSE: Duration = Duration::from_secs(5);

/// Where certificates come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A CA that is asked by this process.
    Acme(Ca),
    /// Files that somebody else renews.
    Files(Files),
    /// This process, for this machine; kept in this directory.
    SelfSigned(PathBuf),
}

impl Source {
    /// What a start would serve; none where there is none yet.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn present(&self) -> Result<Option<Certificate>, String> {
        match self {
            Source::Acme(ca) => ca.kept(),
            Source::Files(files) => files.certificate().map(Some).map_err(|error| error.to_string()),
            Source::SelfSigned(dir) => self_signed::present(dir),
        }
    }
}

/// A source at work.
pub struct Certificates {
    source: Source,
    names: Vec<String>,
    serving: Arc<Serving>,
    keeper: Keeper,
}

/// Where the next certificate comes from, besides ourselves.
enum Keeper {
    Acme(Box<acme::Renewals>),
    Files(files::Watched),
    Nobody,
}

impl Certificates {
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
        source: Source,
        names: Vec<String>,
        expiry: IntGauge,
        before: Option<&Serving>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let wanted = match &source {
            Source::Acme(_) => Origin::Acme,
            Source::Files(_) => Origin::Files,
            Source::SelfSigned(_) => Origin::SelfSigned,
        };
        let before = before.map(|before| (before.certificate(), before.status().origin));
        let serving = match (&source, before) {
            (Source::SelfSigned(dir), _) => {
                let (first, trouble) = self_signed::kept(dir, &names)?;
                let serving = Serving::new(Arc::new(first), Origin::SelfSigned, wanted, expiry);
                serving.trouble(trouble);
                serving
            }
            (_, Some((certificate, origin))) if origin != Origin::SelfSigned => {
                Serving::new(certificate, origin, wanted, expiry)
            }
            _ => {
                let first = Arc::new(self_signed::for_this_run(&names)?);
                Serving::new(first, Origin::SelfSigned, wanted, expiry)
            }
        };
        let serving = Arc::new(serving);
        let keeper = Keeper::begin(&source, &names, &serving)?;
        Ok(Certificates { source, names, serving, keeper })
    }

    /// What is served, and how things are.
    pub fn serving(&self) -> Arc<Serving> {
        self.serving.clone()
    }

    /// The terms of TLS with these certificates and ticket keys.
    ///
    /// # Errors
    /// When the provider knows no version of TLS.
    pub fn terms(&self, tickets: &Tickets) -> Result<Terms, rustls::Error> {
        let by_handshake = matches!(&self.source, Source::Acme(Ca { challenge: Challenge::TlsAlpn01, .. }));
        let more: &[&[u8]] = if by_handshake { &[config::CHALLENGE] } else { &[] };
        config::config(self.serving(), more, tickets).map(Terms::new)
    }

    /// Renews, watches, tries again; a fault of ours is logged and it starts anew. Must run within a tokio runtime.
    pub async fn look_after(self) -> Infallible {
        let Certificates { source, names, serving, mut keeper } = self;
        let dir = match &source {
            Source::SelfSigned(dir) => Some(dir.clone()),
            Source::Acme(_) | Source::Files(_) => None,
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
            keeper = Keeper::begin(&source, &names, &serving).unwrap_or_else(|error| {
                serving.trouble(Some(format!("nobody looks after the certificate: {error}")));
                Keeper::Nobody
            });
        }
    }
}

impl Keeper {
    /// Serves what there is.
    fn begin(
        source: &Source,
        names: &[String],
        serving: &Arc<Serving>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(match source {
            Source::Acme(ca) => {
                Keeper::Acme(Box::new(acme::Renewals::open(ca.clone(), names.to_vec(), serving.clone())?))
            }
            Source::Files(files) => {
                let mut watched = files::Watched::new(files.clone(), names.to_vec(), serving.clone());
                watched.look(time::OffsetDateTime::now_utc());
                Keeper::Files(watched)
            }
            Source::SelfSigned(_) => Keeper::Nobody,
        })
    }

    async fn run(self) -> Infallible {
        match self {
            Keeper::Acme(renewals) => renewals.run().await,
            Keeper::Files(watched) => watched.run().await,
            Keeper::Nobody => std::future::pending().await,
        }
    }
}
