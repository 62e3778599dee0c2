//! Requests to a CA (RFC 8555 §6): each is signed with the account's key and has a timeout and a size limit.
//!
//! rustls-acme has the messages and the proofs of names. Its own HTTP client knows no proxy.

use crate::tls::acme::error::AcmeFailure;
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use rustls_acme::acme::{self, Account, Directory, Identifier};
use serde::de::DeserializeOwned;
use serde_json::json;
use std::time::Duration;
use ureq::{Agent, Body, http::Response};

/// Timeout of one request, from the name lookup to the last byte.
pub(crate) const REQUEST: Duration = Duration::from_secs(20);
/// Maximum bytes of a reply. A certificate chain has a few kilobytes.
const BODY_CAP: u64 = 1024 * 1024;

/// An account at a CA, and the HTTP client for requests in its name.
pub(crate) struct AcmeSession {
    agent: Agent,
    /// The account, which makes the proofs of names.
    pub account: Account,
}

/// The parts of a successful reply that ACME uses.
struct CaReply {
    location: Option<String>,
    nonce: Option<String>,
    body: String,
}

impl AcmeSession {
    /// The CA's directory: the URLs of its services.
    pub(crate) fn directory(agent: &Agent, url: &str) -> Result<Directory, AcmeFailure> {
        send(agent, |agent| agent.get(url).call())?.json()
    }

    /// Opens the account of this key (PKCS#8). The CA creates it if it does not exist yet.
    pub(crate) fn open(
        agent: &Agent,
        directory: Directory,
        email: &str,
        key: &[u8],
    ) -> Result<Self, AcmeFailure> {
        let key_pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key)
            .map_err(|error| AcmeFailure::disk("the account's key cannot be used", error))?;
        let account = Account { key_pair, directory, kid: String::new() };
        let mut session = AcmeSession { agent: agent.clone(), account };
        let contact = [format!("mailto:{email}")];
        let payload = json!({"termsOfServiceAgreed": true, "contact": contact}).to_string();
        session.account.kid = session.post(&session.account.directory.new_account, &payload)?.location()?;
        Ok(session)
    }

    /// Creates an order for these names. Returns its URL too.
    pub(crate) fn new_order(&self, names: &[String]) -> Result<(String, acme::Order), AcmeFailure> {
        let identifiers: Vec<_> = names.iter().cloned().map(Identifier::Dns).collect();
        let payload = json!({"identifiers": identifiers}).to_string();
        let reply = self.post(&self.account.directory.new_order, &payload)?;
        Ok((reply.location()?, reply.json()?))
    }

    /// Reads the order or authorization at this URL.
    pub(crate) fn read<T: DeserializeOwned>(&self, url: &str) -> Result<T, AcmeFailure> {
        self.post(url, "")?.json()
    }

    /// Downloads the certificate chain at this URL, as PEM.
    pub(crate) fn certificate(&self, url: &str) -> Result<String, AcmeFailure> {
        self.post(url, "").map(|reply| reply.body)
    }

    /// Tells the CA that it can validate the challenge at this URL.
    pub(crate) fn challenge(&self, url: &str) -> Result<(), AcmeFailure> {
        self.post(url, "{}").map(drop)
    }

    /// Sends the certificate signing request (DER) of an order that is ready.
    pub(crate) fn finalize(&self, url: &str, request: &[u8]) -> Result<(), AcmeFailure> {
        let payload = json!({"csr": BASE64URL.encode(request)}).to_string();
        self.post(url, &payload).map(drop)
    }

    /// Gets a nonce, then sends a signed request with this payload; an empty one reads the URL (POST-as-GET, §6.3).
    fn post(&self, url: &str, payload: &str) -> Result<CaReply, AcmeFailure> {
        let nonce = send(&self.agent, |agent| agent.head(&self.account.directory.new_nonce).call())?.nonce;
        let nonce = nonce.ok_or_else(|| invalid("the field Replay-Nonce is missing"))?;
        let body = signed(&self.account, &nonce, url, payload)?;
        send(&self.agent, |agent| agent.post(url).header("content-type", "application/jose+json").send(body))
    }
}

impl CaReply {
    fn location(&self) -> Result<String, AcmeFailure> {
        self.location.clone().ok_or_else(|| invalid("the field Location is missing"))
    }

    fn json<T: DeserializeOwned>(&self) -> Result<T, AcmeFailure> {
        serde_json::from_str(&self.body).map_err(invalid)
    }
}

/// A request as JWS (§6.2). It names the account by its URL; an account that has none yet, by its public key.
fn signed(account: &Account, nonce: &str, url: &str, payload: &str) -> Result<String, AcmeFailure> {
    let Account { key_pair, kid, .. } = account;
    let mut protected = json!({"alg": "ES256", "nonce": nonce, "url": url});
    if kid.is_empty() {
        // A public key on P-256 has 65 bytes: a mark for its form, x and y.
        let (x, y) = key_pair.public_key().as_ref()[1..].split_at(32);
        protected["jwk"] =
            json!({"kty": "EC", "crv": "P-256", "x": BASE64URL.encode(x), "y": BASE64URL.encode(y)});
    } else {
        protected["kid"] = kid.as_str().into();
    }
    let (protected, payload) = (BASE64URL.encode(protected.to_string()), BASE64URL.encode(payload));
    let signature = key_pair
        .sign(&SystemRandom::new(), format!("{protected}.{payload}").as_bytes())
        .map_err(|error| AcmeFailure::disk("the account's key cannot sign", error))?;
    let signature = BASE64URL.encode(signature);
    Ok(json!({"protected": protected, "payload": payload, "signature": signature}).to_string())
}

/// Sends a request and reads the reply.
fn send(
    agent: &Agent,
    request: impl FnOnce(&Agent) -> Result<Response<Body>, ureq::Error>,
) -> Result<CaReply, AcmeFailure> {
    let through = agent.config().proxy().map_or("", |_| " through the proxy");
    let mut response = request(agent).map_err(|error| unreachable(&error, through))?;
    let body = response.body_mut().with_config().limit(BODY_CAP).lossy_utf8(true).read_to_string();
    let body = body.map_err(|error| unreachable(&error, through))?;
    let status = response.status();
    if !status.is_success() {
        return Err(AcmeFailure::not_a_success(status.as_u16(), &body));
    }
    let field = |name| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
    Ok(CaReply { location: field("location"), nonce: field("replay-nonce"), body })
}

/// The failure of a request without a reply. Visitors may read it, so it does not name the proxy.
fn unreachable(error: &ureq::Error, through: &str) -> AcmeFailure {
    let text = match error {
        ureq::Error::Timeout(_) => format!("the CA did not answer within {} s", REQUEST.as_secs()),
        ureq::Error::BodyExceedsLimit(_) => return invalid(error),
        ureq::Error::Io(error) => {
            let error = error.to_string();
            let words = error.split(" (os error").next().unwrap_or(&error);
            format!("the CA cannot be reached{through}: {words}")
        }
        error => format!("the CA cannot be reached{through}: {error}"),
    };
    AcmeFailure::unreachable(text)
}

fn invalid(why: impl std::fmt::Display) -> AcmeFailure {
    AcmeFailure::unreachable(format!("the CA sent an invalid answer: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::acme::error::AcmeFailureKind;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use serde_json::Value;
    use std::io;

    fn account(kid: &str) -> Account {
        let url = |path: &str| format!("https://ca.example/{path}");
        let directory =
            Directory { new_nonce: url("nonce"), new_account: url("account"), new_order: url("order") };
        let key = Account::generate_key_pair();
        let key_pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key).unwrap();
        Account { key_pair, directory, kid: kid.into() }
    }

    #[test]
    fn a_request_is_signed_for_its_url_and_nonce_in_the_name_of_the_account() {
        let (nonce, url, kid) = ("n-1", "https://ca.example/order", "https://ca.example/account/1");
        for (kid, payload) in [("", r#"{"a":1}"#), (kid, r#"{"a":1}"#), (kid, "")] {
            let account = account(kid);
            let jws: Value = serde_json::from_str(&signed(&account, nonce, url, payload).unwrap()).unwrap();
            let part = |name: &str| jws[name].as_str().unwrap();
            let decoded = |text: &str| BASE64URL.decode(text).unwrap();
            let point = account.key_pair.public_key().as_ref();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(
                    format!("{}.{}", part("protected"), part("payload")).as_bytes(),
                    &decoded(part("signature")),
                )
                .unwrap();
            assert_eq!(decoded(part("payload")), payload.as_bytes());
            let protected: Value = serde_json::from_slice(&decoded(part("protected"))).unwrap();
            assert_eq!(
                (&protected["alg"], &protected["nonce"], &protected["url"]),
                (&json!("ES256"), &json!(nonce), &json!(url))
            );
            // Exactly one of both (§6.2).
            if kid.is_empty() {
                let jwk = &protected["jwk"];
                let coordinate = |name: &str| decoded(jwk[name].as_str().unwrap());
                assert_eq!([vec![4], coordinate("x"), coordinate("y")].concat(), point);
                assert_eq!((&jwk["kty"], &jwk["crv"]), (&json!("EC"), &json!("P-256")));
                assert!(protected.get("kid").is_none());
            } else {
                assert_eq!((&protected["kid"], protected.get("jwk")), (&json!(kid), None));
            }
        }
    }

    #[test]
    fn a_failed_request_is_described_by_its_cause() {
        let refused = || ureq::Error::Io(io::Error::from_raw_os_error(111));
        let proxy = " through the proxy";
        for (error, through, text) in [
            (refused(), "", "the CA cannot be reached: Connection refused"),
            (refused(), proxy, "the CA cannot be reached through the proxy: Connection refused"),
            (ureq::Error::HostNotFound, "", "the CA cannot be reached: host not found"),
            (ureq::Error::Timeout(ureq::Timeout::Global), "", "the CA did not answer within 20 s"),
            (ureq::Error::Timeout(ureq::Timeout::Connect), proxy, "the CA did not answer within 20 s"),
            (
                ureq::Error::BodyExceedsLimit(7),
                "",
                "the CA sent an invalid answer: the response body is larger than request limit: 7",
            ),
        ] {
            let failure = unreachable(&error, through);
            assert_eq!((failure.kind, failure.to_string().as_str()), (AcmeFailureKind::Unreachable, text));
        }
    }
}
