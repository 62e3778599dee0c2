//! One order, from the CA's directory to a certificate (RFC 8555 §7), with a deadline for every request.
//!
//! The messages are rustls-acme's, their sequence is ours: its own state machine waits for a CA without a timeout,
//! takes a rejected nonce for a failed order, and retries more often than the CA's limits allow.

use crate::tls::{
    acme::{
        Ca, ChallengeType, Pause,
        error::{AcmeFailure, AcmeFailureKind},
        session::AcmeSession,
    },
    resolver::{self, CertificateWriter},
};
use rustls_acme::acme::{self, AuthStatus, Identifier, OrderStatus};
use std::{sync::Arc, time::Duration};

/// The most retries of one request because of rejected nonces.
const NONCES: usize = 10;
/// Milliseconds between two polls of the CA's progress, 55 seconds in all.
const WAITS: [u64; 10] = [250, 750, 1000, 3000, 5000, 5000, 10_000, 10_000, 10_000, 10_000];

pub(crate) struct Order<'a> {
    pub ca: &'a Ca,
    pub names: &'a [String],
    pub account_key: &'a [u8],
    pub agent: &'a ureq::Agent,
    pub serving: &'a CertificateWriter,
    pub pause: &'a Pause<'a>,
}

impl Order<'_> {
    /// Places the order. Returns a new key and the chain for it, as PEM.
    pub(crate) fn place(&self) -> Result<String, AcmeFailure> {
        let Ca { directory, email, .. } = self.ca;
        let directory = self.ask(|| AcmeSession::directory(self.agent, directory))?;
        let session =
            self.ask(|| AcmeSession::open(self.agent, directory.clone(), email, self.account_key))?;
        let (url, order) = self.ask(|| session.new_order(self.names))?;
        // One after the other: the resolver holds one challenge at a time.
        for authorization in &order.authorizations {
            let proven = self.prove(&session, authorization);
            self.serving.answer(None);
            proven?;
        }
        let order = self.settled(&session, &url, |status| *status == OrderStatus::Ready)?;
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
        let mut request = rcgen::CertificateParams::new(self.names)?;
        request.distinguished_name = rcgen::DistinguishedName::new();
        let request = request.serialize_request(&key)?;
        self.ask(|| session.finalize(&order.finalize, request.der()))?;
        let is_valid = |status: &OrderStatus| matches!(status, OrderStatus::Valid { .. });
        let order = self.settled(&session, &url, is_valid)?;
        let OrderStatus::Valid { certificate } = order.status else {
            return Err(AcmeFailure::invalid(&order));
        };
        let chain = self.ask(|| session.certificate(&certificate))?;
        Ok(format!("{}\n{chain}", key.serialize_pem()))
    }

    /// Answers a challenge and waits until the CA has validated it.
    fn prove(&self, session: &AcmeSession, url: &str) -> Result<(), AcmeFailure> {
        let mut asked = false;
        for wait in WAITS {
            let authorization: acme::Auth = self.ask(|| session.read(url))?;
            match authorization.status {
                AuthStatus::Valid => return Ok(()),
                AuthStatus::Pending if asked => {}
                AuthStatus::Pending => {
                    let challenge = self.answer(session, &authorization)?;
                    self.ask(|| session.challenge(&challenge))?;
                    asked = true;
                }
                _ => return Err(AcmeFailure::unproven(&authorization)),
            }
            self.wait(Duration::from_millis(wait))?;
        }
        Err(AcmeFailure::refused("the CA did not validate within a minute"))
    }

    /// Publishes the response to an authorization's challenge. Returns the URL by which the CA is told to validate it.
    fn answer(&self, session: &AcmeSession, authorization: &acme::Auth) -> Result<String, AcmeFailure> {
        let Identifier::Dns(name) = &authorization.identifier;
        let (challenge, answer) = match self.ca.challenge {
            ChallengeType::TlsAlpn01 => {
                let (challenge, key) =
                    session.account.tls_alpn_01(&authorization.challenges, name.clone())?;
                (challenge, resolver::PendingChallenge::TlsAlpn01 { name: name.clone(), key: Arc::new(key) })
            }
            ChallengeType::Http01 => {
                let (challenge, answer) = session.account.http_01(&authorization.challenges)?;
                (challenge, resolver::PendingChallenge::Http01 { token: challenge.token.clone(), answer })
            }
        };
        self.serving.answer(Some(answer));
        Ok(challenge.url.clone())
    }

    /// Polls an order until its status matches.
    fn settled(
        &self,
        session: &AcmeSession,
        url: &str,
        is_so: impl Fn(&OrderStatus) -> bool,
    ) -> Result<acme::Order, AcmeFailure> {
        for wait in WAITS {
            let order: acme::Order = self.ask(|| session.read(url))?;
            match &order.status {
                status if is_so(status) => return Ok(order),
                OrderStatus::Invalid => return Err(AcmeFailure::invalid(&order)),
                _ => self.wait(Duration::from_millis(wait))?,
            }
        }
        Err(AcmeFailure::unreachable("the CA did not finish the order within a minute"))
    }

    /// Sends a request; sends it again while the CA rejects only its nonce.
    fn ask<T>(&self, request: impl Fn() -> Result<T, AcmeFailure>) -> Result<T, AcmeFailure> {
        for _ in 0..NONCES {
            self.wait(Duration::ZERO)?;
            match request() {
                Err(failure) if failure.kind == AcmeFailureKind::Nonce => {}
                done => return done,
            }
        }
        request()
    }

    fn wait(&self, time: Duration) -> Result<(), AcmeFailure> {
        match (self.pause)(time) {
            true => Ok(()),
            false => Err(AcmeFailure::unreachable("another certificate source took over")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::{certificate::SelfSignedPem, resolver::CertificateOrigin};
    use std::cell::Cell;

    /// Asks with replies that fail in this way, until the source is replaced before the request of this number. Returns
    /// the number of requests and the failure.
    fn asked(kind: AcmeFailureKind, replaced_before: usize) -> (usize, AcmeFailure) {
        let ca = Ca {
            directory: "http://127.0.0.1:9".into(),
            email: "you@example.org".into(),
            root: None,
            challenge: ChallengeType::Http01,
            proxy: None,
            dir: "/nowhere".into(),
        };
        let pair = SelfSignedPem::fresh(&["example.org".into()], time::Duration::days(9)).unwrap();
        let serving = &CertificateWriter::of_a_test(pair.certificate().unwrap(), CertificateOrigin::Acme);
        let requests = Cell::new(0);
        let pause = |_: Duration| requests.get() + 1 < replaced_before;
        let agent = &ca.agent().unwrap();
        let order = Order { ca: &ca, names: &[], account_key: &[], agent, serving, pause: &pause };
        let failed = order.ask(|| {
            requests.set(requests.get() + 1);
            Err::<(), _>(AcmeFailure::new(kind, "no"))
        });
        (requests.get(), failed.unwrap_err())
    }

    #[test]
    fn only_a_rejected_nonce_is_asked_again_and_not_for_ever() {
        let (requests, failure) = asked(AcmeFailureKind::Refused, 99);
        assert_eq!((requests, failure.kind), (1, AcmeFailureKind::Refused));
        let (requests, failure) = asked(AcmeFailureKind::Nonce, 99);
        assert_eq!((requests, failure.kind), (1 + NONCES, AcmeFailureKind::Nonce));
    }

    #[test]
    fn an_order_ends_when_another_source_takes_over() {
        let (requests, failure) = asked(AcmeFailureKind::Nonce, 3);
        assert_eq!((requests, failure.to_string().as_str()), (2, "another certificate source took over"));
    }
}
