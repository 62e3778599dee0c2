//! What is served right now, for every worker's handshakes and for whoever asks how things are.

use crate::tls::certificate::Certificate;
use arc_swap::{ArcSwap, ArcSwapOption};
use prometheus::IntGauge;
use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use rustls_acme::is_tls_alpn_challenge;
use serde::Serialize;
use std::{fmt, sync::Arc};
use time::OffsetDateTime;

/// The certificate of every handshake, the answer to a CA's challenge, and the facts about both.
#[derive(Debug)]
pub struct CertificateResolver {
    wanted: CertificateOrigin,
    certificate: ArcSwap<Certificate>,
    challenge: ArcSwapOption<PendingChallenge>,
    status: ArcSwap<CertificateStatus>,
    /// The end of the certificate, for monitoring.
    expiry: IntGauge,
}

/// What there is to know about the certificate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CertificateStatus {
    /// Where it came from.
    #[serde(rename = "source")]
    pub origin: CertificateOrigin,
    /// What it is for.
    pub names: Vec<String>,
    /// When it ends.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// When the CA is asked for another; none where nobody asks.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_attempt: Option<OffsetDateTime>,
    /// What is wrong, in words that visitors may read too: no paths. None once it has been mended.
    pub last_error: Option<String>,
}

/// Where a certificate came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateOrigin {
    /// A CA that was asked by us.
    Acme,
    /// Two files.
    Files,
    /// Ourselves.
    SelfSigned,
}

/// What proves to a CA that a name leads here, while it looks.
#[derive(Debug)]
pub(crate) enum PendingChallenge {
    /// A handshake for this name alone is answered with this key (RFC 8737).
    TlsAlpn01 { name: String, key: Arc<CertifiedKey> },
    /// The path of this token is answered with this text (RFC 8555 §8.3).
    Http01 { token: String, answer: String },
}

impl CertificateResolver {
    /// Serves this certificate of this origin, until one of the wanted origin comes.
    pub(crate) fn new(
        certificate: Arc<Certificate>,
        origin: CertificateOrigin,
        wanted: CertificateOrigin,
        expiry: IntGauge,
    ) -> Self {
        expiry.set(certificate.not_after.unix_timestamp());
        CertificateResolver {
            wanted,
            certificate: ArcSwap::new(certificate.clone()),
            challenge: ArcSwapOption::empty(),
            status: ArcSwap::from_pointee(CertificateStatus {
                origin,
                names: certificate.names.clone(),
                not_after: certificate.not_after,
                next_attempt: None,
                last_error: None,
            }),
            expiry,
        }
    }

    /// How things are.
    pub fn status(&self) -> Arc<CertificateStatus> {
        self.status.load_full()
    }

    /// The certificate of the next handshake.
    pub(crate) fn certificate(&self) -> Arc<Certificate> {
        self.certificate.load_full()
    }

    /// Whether a certificate from where it should come is served.
    pub fn is_settled(&self) -> bool {
        self.status.load().origin == self.wanted
    }

    /// The answer to HTTP-01 for this token, while a CA looks for it.
    pub fn http_challenge(&self, asked: &str) -> Option<String> {
        match self.challenge.load().as_deref() {
            Some(PendingChallenge::Http01 { token, answer }) if token == asked => Some(answer.clone()),
            _ => None,
        }
    }

    /// This one from the next handshake on, and the CA is asked for the next one then. An error stays said.
    pub(crate) fn serve(
        &self,
        certificate: Certificate,
        origin: CertificateOrigin,
        next_attempt: Option<OffsetDateTime>,
    ) {
        let names = certificate.names.join(", ");
        tracing::info!(source = ?origin, %names, not_after = %certificate.not_after, "serving this certificate");
        self.expiry.set(certificate.not_after.unix_timestamp());
        self.update(|status| {
            (status.origin, status.next_attempt) = (origin, next_attempt.map(whole));
            status.not_after = certificate.not_after;
            status.names = certificate.names.clone();
        });
        self.certificate.store(Arc::new(certificate));
    }

    /// Logs what is wrong, once; none logs that it no longer is.
    pub(crate) fn trouble(&self, error: Option<String>) {
        self.trouble_with(error.map(|error| (error.clone(), error)));
    }

    /// The same with two texts: the first is for the status, which visitors may read; the second, with paths, for the log.
    pub(crate) fn trouble_with(&self, error: Option<(String, String)>) {
        let (public, logged) = error.unzip();
        match (&self.status.load().last_error, &logged) {
            (before, _) if *before == public => return,
            (_, Some(error)) => tracing::error!(%error, "certificate"),
            (_, None) => tracing::info!("nothing is wrong with the certificate any more"),
        }
        self.update(|status| status.last_error = public);
    }

    pub(crate) fn next_attempt(&self, at: OffsetDateTime) {
        self.update(|status| status.next_attempt = Some(whole(at)));
    }

    pub(crate) fn answer(&self, challenge: Option<PendingChallenge>) {
        self.challenge.store(challenge.map(Arc::new));
    }

    /// There is one writer; readers see the facts before or after, never between.
    fn update(&self, change: impl FnOnce(&mut CertificateStatus)) {
        let mut status = CertificateStatus::clone(&self.status.load());
        change(&mut status);
        self.status.store(Arc::new(status));
    }
}

/// People read it.
fn whole(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(0).unwrap_or(at)
}

impl fmt::Display for CertificateStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = match self.origin {
            CertificateOrigin::Acme => "acme",
            CertificateOrigin::Files => "files",
            CertificateOrigin::SelfSigned => "self-signed",
        };
        write!(f, "{origin}, {}, until {}", self.names.join(" "), self.not_after.date())
    }
}

impl ResolvesServerCert for CertificateResolver {
    /// Unknown names get the one certificate there is: a wrong name is the client's to refuse.
    fn resolve(&self, hello: ClientHello) -> Option<Arc<CertifiedKey>> {
        if !is_tls_alpn_challenge(&hello) {
            return Some(self.certificate.load().key.clone());
        }
        match self.challenge.load().as_deref() {
            Some(PendingChallenge::TlsAlpn01 { name, key }) if hello.server_name() == Some(name) => {
                Some(key.clone())
            }
            _ => None,
        }
    }
}
