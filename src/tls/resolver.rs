//! The certificate that is served now, for the handshakes of all workers, and its status.

use crate::{
    name::{Named, named},
    sync::Unpoisoned,
    tls::certificate::Certificate,
};
use arc_swap::ArcSwap;
use prometheus::IntGauge;
use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use rustls_acme::is_tls_alpn_challenge;
use serde::Serialize;
use std::{
    fmt,
    sync::{Arc, Mutex},
};
use time::OffsetDateTime;

/// The certificate of every handshake, the response to a CA's challenge, and the certificate's status. It stays for the
/// life of the process; a reload changes the source that writes to it.
#[derive(Debug)]
pub struct CertificateResolver {
    served: ArcSwap<ServedCertificate>,
    /// The number of the source in service. Only that one may write.
    source: Mutex<u64>,
    expiry: IntGauge,
}

#[derive(Debug, Clone)]
struct ServedCertificate {
    certificate: Arc<Certificate>,
    /// The origin that certificates of the source in service have.
    wanted: CertificateOrigin,
    challenge: Option<Arc<PendingChallenge>>,
    status: Arc<CertificateStatus>,
}

/// A source's access to the resolver. It ends when another source takes over.
#[derive(Debug, Clone)]
pub(crate) struct CertificateWriter {
    resolver: Arc<CertificateResolver>,
    source: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CertificateStatus {
    #[serde(rename = "source")]
    pub origin: CertificateOrigin,
    /// The DNS names and addresses that it is valid for.
    pub names: Vec<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// The time of the next attempt to renew it by ACME; none for other sources.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_attempt: Option<OffsetDateTime>,
    /// The current problem, without paths because visitors may read it; none once it is fixed.
    pub last_error: Option<String>,
}

named! {
    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum CertificateOrigin {
        Acme = "acme",
        Files = "files",
        /// This process.
        SelfSigned = "self-signed",
    }
}

/// The response to a CA's challenge, while the CA validates a name.
#[derive(Debug)]
pub(crate) enum PendingChallenge {
    /// The chain and key for handshakes with this name only (RFC 8737).
    TlsAlpn01 { name: String, key: Arc<CertifiedKey> },
    /// The text to send for the path of this token (RFC 8555 §8.3).
    Http01 { token: String, answer: String },
}

impl ServedCertificate {
    fn new(certificate: Arc<Certificate>, origin: CertificateOrigin, wanted: CertificateOrigin) -> Self {
        let status = Arc::new(CertificateStatus {
            origin,
            names: certificate.names.clone(),
            not_after: certificate.not_after,
            next_attempt: None,
            last_error: None,
        });
        ServedCertificate { certificate, wanted, challenge: None, status }
    }
}

impl CertificateResolver {
    /// Serves this self-signed certificate until a source takes over.
    pub(crate) fn new(certificate: Arc<Certificate>, expiry: IntGauge) -> Self {
        let own = CertificateOrigin::SelfSigned;
        let served = ArcSwap::from_pointee(ServedCertificate::new(certificate, own, own));
        CertificateResolver { served, source: Mutex::new(0), expiry }
    }

    /// Gives another source access, and ends that of the source before. This certificate is served until the source
    /// has one of the wanted origin.
    pub(crate) fn take_over(
        resolver: &Arc<Self>,
        certificate: Arc<Certificate>,
        origin: CertificateOrigin,
        wanted: CertificateOrigin,
    ) -> CertificateWriter {
        let mut source = resolver.source.lock().unpoisoned();
        *source += 1;
        resolver.expiry.set(certificate.not_after.unix_timestamp());
        resolver.served.store(Arc::new(ServedCertificate::new(certificate, origin, wanted)));
        CertificateWriter { resolver: resolver.clone(), source: *source }
    }

    pub fn status(&self) -> Arc<CertificateStatus> {
        self.served.load().status.clone()
    }

    /// The certificate of the next handshake.
    pub(crate) fn certificate(&self) -> Arc<Certificate> {
        self.served.load().certificate.clone()
    }

    /// Whether the certificate that is served has the wanted origin.
    pub fn is_settled(&self) -> bool {
        let served = self.served.load();
        served.status.origin == served.wanted
    }

    /// Whether somebody other than this process has signed the certificate that is served.
    pub fn is_signed_by_another(&self) -> bool {
        self.served.load().status.origin != CertificateOrigin::SelfSigned
    }

    /// The response to HTTP-01 for this token, while that challenge is pending.
    pub fn http_challenge(&self, asked: &str) -> Option<String> {
        match self.served.load().challenge.as_deref() {
            Some(PendingChallenge::Http01 { token, answer }) if token == asked => Some(answer.clone()),
            _ => None,
        }
    }
}

impl CertificateWriter {
    pub(crate) fn status(&self) -> Arc<CertificateStatus> {
        self.resolver.status()
    }

    pub(crate) fn certificate(&self) -> Arc<Certificate> {
        self.resolver.certificate()
    }

    /// Serves this certificate from the next handshake on and sets the time of the next attempt. The error stays.
    pub(crate) fn serve(
        &self,
        certificate: Certificate,
        origin: CertificateOrigin,
        next_attempt: Option<OffsetDateTime>,
    ) {
        self.write(|served| {
            let names = certificate.names.join(", ");
            tracing::info!(source = ?origin, %names, not_after = %certificate.not_after, "serving this certificate");
            self.resolver.expiry.set(certificate.not_after.unix_timestamp());
            let status = Arc::make_mut(&mut served.status);
            (status.origin, status.next_attempt) = (origin, next_attempt.map(whole));
            status.not_after = certificate.not_after;
            status.names = certificate.names.clone();
            served.certificate = Arc::new(certificate);
        });
    }

    /// Sets the error in the status, and logs it if it is new. None clears it and logs that.
    pub(crate) fn trouble(&self, error: Option<String>) {
        self.trouble_with(error.map(|error| (error.clone(), error)));
    }

    /// Like `trouble`, with two texts: one for the status, which visitors may read; one with paths, for the log.
    pub(crate) fn trouble_with(&self, error: Option<(String, String)>) {
        let (public, logged) = error.unzip();
        self.write(|served| {
            match (&served.status.last_error, &logged) {
                (before, _) if *before == public => return,
                (_, Some(error)) => tracing::error!(%error, "certificate"),
                (_, None) => tracing::info!("nothing is wrong with the certificate any more"),
            }
            Arc::make_mut(&mut served.status).last_error = public;
        });
    }

    pub(crate) fn next_attempt(&self, at: OffsetDateTime) {
        self.write(|served| Arc::make_mut(&mut served.status).next_attempt = Some(whole(at)));
    }

    pub(crate) fn answer(&self, challenge: Option<PendingChallenge>) {
        self.write(|served| served.challenge = challenge.map(Arc::new));
    }

    /// Changes what is served, unless another source has taken over. Readers see all of a change or nothing.
    fn write(&self, change: impl FnOnce(&mut ServedCertificate)) {
        let source = self.resolver.source.lock().unpoisoned();
        if *source == self.source {
            let mut served = ServedCertificate::clone(&self.resolver.served.load());
            change(&mut served);
            self.resolver.served.store(Arc::new(served));
        }
    }
}

/// Whole seconds, because people read them.
fn whole(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(0).unwrap_or(at)
}

impl fmt::Display for CertificateStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, until {}", self.origin.name(), self.names.join(" "), self.not_after.date())
    }
}

impl ResolvesServerCert for CertificateResolver {
    /// A client that asks for an unknown name gets the one certificate. Rejecting it is the client's decision.
    fn resolve(&self, hello: ClientHello) -> Option<Arc<CertifiedKey>> {
        let served = self.served.load();
        if !is_tls_alpn_challenge(&hello) {
            return Some(served.certificate.key.clone());
        }
        match served.challenge.as_deref() {
            Some(PendingChallenge::TlsAlpn01 { name, key }) if hello.server_name() == Some(name) => {
                Some(key.clone())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::certificate::SelfSignedPem;

    fn made(name: &str) -> Certificate {
        SelfSignedPem::fresh(&[name.into()], time::Duration::days(90)).unwrap().certificate().unwrap()
    }

    impl CertificateWriter {
        /// Access for a source with certificates of this origin, while this self-signed certificate is served.
        pub(crate) fn of_a_test(first: Certificate, wanted: CertificateOrigin) -> Self {
            let (first, own) = (Arc::new(first), CertificateOrigin::SelfSigned);
            let expiry = IntGauge::new("expiry", "of the certificate").unwrap();
            let resolver = Arc::new(CertificateResolver::new(first.clone(), expiry));
            CertificateResolver::take_over(&resolver, first, own, wanted)
        }
    }

    #[test]
    fn a_source_that_was_replaced_changes_nothing_any_more() {
        let gauge = IntGauge::new("expiry", "of the certificate").unwrap();
        let resolver = Arc::new(CertificateResolver::new(Arc::new(made("first")), gauge.clone()));
        let own = CertificateOrigin::SelfSigned;
        let take_over =
            |wanted| CertificateResolver::take_over(&resolver, Arc::new(made("first")), own, wanted);
        let old = take_over(CertificateOrigin::Acme);
        old.trouble(Some("the CA cannot be reached".into()));
        assert_eq!((resolver.is_settled(), resolver.status().last_error.is_some()), (false, true));
        let new = take_over(CertificateOrigin::Files);
        assert_eq!(resolver.status().last_error, None, "the error was the old source's");
        let expiry = gauge.get();

        let acme = SelfSignedPem::fresh(&["acme".into()], time::Duration::days(9)).unwrap();
        old.serve(acme.certificate().unwrap(), CertificateOrigin::Acme, None);
        old.answer(Some(PendingChallenge::Http01 { token: "t".into(), answer: "a".into() }));
        old.trouble(Some("late".into()));
        old.next_attempt(OffsetDateTime::now_utc());
        let status = resolver.status();
        assert_eq!(
            (&status.names, status.origin, &status.last_error),
            (&vec!["first".to_owned()], own, &None)
        );
        assert_eq!((status.next_attempt, resolver.http_challenge("t"), gauge.get()), (None, None, expiry));

        new.serve(made("files"), CertificateOrigin::Files, None);
        assert!(resolver.is_settled() && resolver.certificate().covers("files"));
    }
}
