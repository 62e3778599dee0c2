//! What is served right now, for every worker's handshakes and for whoever asks how things are.

use super::certificate::Certificate;
use arc_swap::ArcSwap;
use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use serde::Serialize;
use std::{fmt, sync::Arc};
use time::OffsetDateTime;

/// The certificate of every handshake and the facts about it.
#[derive(Debug)]
pub struct Serving {
    key: ArcSwap<CertifiedKey>,
    status: ArcSwap<Status>,
}

/// What there is to know about the certificate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// Where it came from.
    #[serde(rename = "source")]
    pub origin: Origin,
    /// What it is for.
    pub names: Vec<String>,
    /// When it ends.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// What is wrong, in words; none once it has been mended.
    pub last_error: Option<String>,
}

/// Where a certificate came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Two files.
    Files,
    /// Ourselves.
    SelfSigned,
}

impl Serving {
    pub(super) fn new(certificate: Certificate, origin: Origin) -> Self {
        Serving {
            key: ArcSwap::new(certificate.key.clone()),
            status: ArcSwap::from_pointee(Status {
                origin,
                names: certificate.names,
                not_after: certificate.not_after,
                last_error: None,
            }),
        }
    }

    /// How things are.
    pub fn status(&self) -> Arc<Status> {
        self.status.load_full()
    }

    /// This one from the next handshake on. Its key, names and end replace the last one's; an error stays said.
    pub(super) fn serve(&self, certificate: Certificate, origin: Origin) {
        let names = certificate.names.join(", ");
        tracing::info!(source = ?origin, %names, not_after = %certificate.not_after, "serving this certificate");
        self.key.store(certificate.key);
        self.update(|status| {
            (status.origin, status.not_after) = (origin, certificate.not_after);
            status.names = certificate.names;
        });
    }

    /// Says what is wrong, once; none says that it no longer is.
    pub(super) fn trouble(&self, error: Option<String>) {
        match (&self.status.load().last_error, &error) {
            (before, now) if before == now => return,
            (_, Some(error)) => tracing::error!(%error, "certificate"),
            (_, None) => tracing::info!("nothing is wrong with the certificate any more"),
        }
        self.update(|status| status.last_error = error);
    }

    /// There is one writer; readers see the facts before or after, never between.
    fn update(&self, change: impl FnOnce(&mut Status)) {
        let mut status = Status::clone(&self.status.load());
        change(&mut status);
        self.status.store(Arc::new(status));
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = match self.origin {
            Origin::Files => "files",
            Origin::SelfSigned => "self-signed",
        };
        write!(f, "{origin}, {}, until {}", self.names.join(" "), self.not_after.date())
    }
}

impl ResolvesServerCert for Serving {
    /// Unknown names get the one certificate there is: a wrong name is the client's to refuse.
    fn resolve(&self, _: ClientHello) -> Option<Arc<CertifiedKey>> {
        Some(self.key.load_full())
    }
}
