//! The certificate that is served now, for the handshakes of all workers, and its status.

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

/// The certificate of every handshake, the response to a CA's challenge, and the certificate's status.
#[derive(Debug)]
pub struct CertificateResolver {
    wanted: CertificateOrigin,
    certificate: ArcSwap<Certificate>,
    challenge: ArcSwapOption<PendingChallenge>,
    status: ArcSwap<CertificateStatus>,
    /// The gauge of the certificate's expiry.
    expiry: IntGauge,
}

/// The status of the certificate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CertificateStatus {
    #[serde(rename = "source")]
    pub origin: CertificateOrigin,
    /// The DNS names and addresses that it is valid for.
    pub names: Vec<String>,
    /// The end of its validity.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// The time of the next attempt to renew it by ACME; none for other sources.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_attempt: Option<OffsetDateTime>,
    /// The current problem, without paths because visitors may read it; none once it is fixed.
    pub last_error: Option<String>,
}

/// The origin of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateOrigin {
    /// A CA, by ACME.
    Acme,
    /// Certificate and key files.
    Files,
    /// This process.
    SelfSigned,
}

/// The response to a CA's challenge, while the CA validates a name.
#[derive(Debug)]
pub(crate) enum PendingChallenge {
    /// The chain and key for handshakes with this name only (RFC 8737).
    TlsAlpn01 { name: String, key: Arc<CertifiedKey> },
    /// The text to send for the path of this token (RFC 8555 §8.3).
    Http01 { token: String, answer: String },
}

impl CertificateResolver {
    /// Serves this certificate of this origin until one of the wanted origin replaces it.
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

    pub fn status(&self) -> Arc<CertificateStatus> {
        self.status.load_full()
    }

    /// The certificate of the next handshake.
    pub(crate) fn certificate(&self) -> Arc<Certificate> {
        self.certificate.load_full()
    }

    /// Whether the certificate that is served has the wanted origin.
    pub fn is_settled(&self) -> bool {
        self.status.load().origin == self.wanted
    }

    /// The response to HTTP-01 for this token, while that challenge is pending.
    pub fn http_challenge(&self, asked: &str) -> Option<String> {
        match self.challenge.load().as_deref() {
            Some(PendingChallenge::Http01 { token, answer }) if token == asked => Some(answer.clone()),
            _ => None,
        }
    }

    /// Serves this certificate from the next handshake on and sets the time of the next attempt. The error stays.
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

    /// Sets the error in the status, and logs it if it is new. None clears it and logs that.
    pub(crate) fn trouble(&self, error: Option<String>) {
        self.trouble_with(error.map(|error| (error.clone(), error)));
    }

    /// Like `trouble`, with two texts: one for the status, which visitors may read; one with paths, for the log.
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

    /// Requires a single writer. Readers see the status before or after a change, never in between.
    fn update(&self, change: impl FnOnce(&mut CertificateStatus)) {
        let mut status = CertificateStatus::clone(&self.status.load());
        change(&mut status);
        self.status.store(Arc::new(status));
    }
}

/// Whole seconds, because people read them.
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
    /// A client that asks for an unknown name gets the one certificate. Rejecting it is the client's decision.
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
