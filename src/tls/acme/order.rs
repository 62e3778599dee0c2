//! One order, from the CA's directory to a certificate (RFC 8555 §7), with a deadline for every request.
//!
//! The messages are rustls-acme's, their sequence is ours: its own state machine waits for a CA without a timeout,
//! takes a rejected nonce for a failed order, and retries more often than the CA's limits allow.

use crate::tls::{
    acme::{
        Ca, ChallengeType,
        error::{AcmeFailure, AcmeFailureKind},
        session::{self, AcmeSession, REQUEST},
    },
    resolver::{self, CertificateResolver},
};
use rustls_acme::acme::{self, AuthStatus, Identifier, OrderStatus};
use std::{sync::Arc, time::Duration};
use tokio::time::{sleep, timeout};

/// The most retries of one request because of rejected nonces.
const NONCES: usize = 10;
/// Milliseconds between two polls of the CA's progress, 55 seconds in all.
const WAITS: [u64; 10] = [250, 750, 1000, 3000, 5000, 5000, 10_000, 10_000, 10_000, 10_000];

/// The inputs of an order.
pub(crate) struct Order<'a> {
    pub ca: &'a Ca,
    pub names: &'a [String],
    pub account_key: &'a [u8],
    pub agent: &'a ureq::Agent,
    pub serving: &'a CertificateResolver,
}

impl Order<'_> {
    /// Places the order. Returns a new key and the chain for it, as PEM.
    pub(crate) async fn place(&self) -> Result<String, AcmeFailure> {
        let Ca { directory, email, .. } = self.ca;
        let directory = ask(|| AcmeSession::directory(self.agent, directory)).await?;
        let session =
            ask(|| AcmeSession::open(self.agent, directory.clone(), email, self.account_key)).await?;
        let (url, order) = ask(|| session.new_order(self.names)).await?;
        // One after the other: the resolver holds one challenge at a time.
        for authorization in &order.authorizations {
            let proven = self.prove(&session, authorization).await;
            self.serving.answer(None);
            proven?;
        }
        let order = self.settled(&session, &url, |status| *status == OrderStatus::Ready).await?;
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
        let mut request = rcgen::CertificateParams::new(self.names)?;
        request.distinguished_name = rcgen::DistinguishedName::new();
        let request = request.serialize_request(&key)?;
        ask(|| session.finalize(&order.finalize, request.der())).await?;
        let is_valid = |status: &OrderStatus| matches!(status, OrderStatus::Valid { .. });
        let order = self.settled(&session, &url, is_valid).await?;
        let OrderStatus::Valid { certificate } = order.status else {
            return Err(AcmeFailure::invalid(&order));
        };
        let chain = ask(|| session.certificate(&certificate)).await?;
        Ok(format!("{}\n{chain}", key.serialize_pem()))
    }

    /// Answers a challenge and waits until the CA has validated it.
    async fn prove(&self, session: &AcmeSession, url: &str) -> Result<(), AcmeFailure> {
        let mut asked = false;
        for wait in WAITS {
            let authorization: acme::Auth = ask(|| session.read(url)).await?;
            match authorization.status {
                AuthStatus::Valid => return Ok(()),
                AuthStatus::Pending if asked => {}
                AuthStatus::Pending => {
                    let challenge = self.answer(session, &authorization)?;
                    ask(|| session.challenge(&challenge)).await?;
                    asked = true;
                }
                _ => return Err(AcmeFailure::unproven(&authorization)),
            }
            sleep(Duration::from_millis(wait)).await;
        }
        Err(AcmeFailure::new(AcmeFailureKind::Refused, "the CA did not validate within a minute"))
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
    async fn settled(
        &self,
        session: &AcmeSession,
        url: &str,
        is_so: impl Fn(&OrderStatus) -> bool,
    ) -> Result<acme::Order, AcmeFailure> {
        for wait in WAITS {
            let order: acme::Order = ask(|| session.read(url)).await?;
            match &order.status {
                status if is_so(status) => return Ok(order),
                OrderStatus::Invalid => return Err(AcmeFailure::invalid(&order)),
                _ => sleep(Duration::from_millis(wait)).await,
            }
        }
        Err(AcmeFailure::new(AcmeFailureKind::Unreachable, "the CA did not finish the order within a minute"))
    }
}

/// Sends a request; sends it again while the CA rejects only its nonce.
async fn ask<T, F>(request: impl Fn() -> F) -> Result<T, AcmeFailure>
where
    F: Future<Output = Result<T, AcmeFailure>>,
{
    let mut refused = 0;
    loop {
        let trouble = match timeout(REQUEST, request()).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(failure)) => failure,
            Err(_) => return Err(AcmeFailure::new(AcmeFailureKind::Unreachable, session::silent())),
        };
        if trouble.kind != AcmeFailureKind::Nonce || refused == NONCES {
            return Err(trouble);
        }
        refused += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// Runs a future on a paused clock, which jumps to the next deadline when nothing else happens.
    fn run<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(future)
    }

    #[test]
    fn a_ca_that_hangs_is_given_up() {
        let (said, waited) = run(async {
            let began = tokio::time::Instant::now();
            let hangs = ask(std::future::pending::<Result<(), AcmeFailure>>).await;
            (hangs.unwrap_err(), began.elapsed())
        });
        assert_eq!((said.kind, waited), (AcmeFailureKind::Unreachable, REQUEST));
        assert_eq!(said.to_string(), "the CA did not answer within 20 s");
    }

    #[test]
    fn a_failure_that_is_no_nonce_is_not_asked_again() {
        let asked = Cell::new(0);
        let failed = run(ask(|| {
            asked.set(asked.get() + 1);
            async { Err::<(), _>(AcmeFailure::new(AcmeFailureKind::Refused, "no")) }
        }));
        assert_eq!((failed.unwrap_err().kind, asked.get()), (AcmeFailureKind::Refused, 1));
    }
}
