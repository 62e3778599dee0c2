//! One request to a hook: deadline, signature, and what its response means. No error names more of the URL than the
//! host.

use crate::{
    limits::Limits,
    net::resolver,
    notify::{Hook, Preset, journal::Change, message},
    page::Notice,
    web::retry_after::retry_after,
};
use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;
use std::{io, time::Duration};
use time::OffsetDateTime;
use ureq::{
    Error, Timeout,
    http::{
        StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE},
    },
};

pub struct Sender {
    agent: ureq::Agent,
    pub(crate) hook: Hook,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reaction {
    /// The hook has accepted the message (2xx).
    Accepted(StatusCode),
    /// The hook has refused the message, and would refuse it again.
    Refused(String),
    /// The hook has not accepted the message, but may later.
    Later {
        why: String,
        /// The wait that the hook asked for.
        wait: Option<Duration>,
    },
    /// The hook got the message, or a part of it, and did not respond.
    Unknown(String),
}

impl Sender {
    /// A client for this hook; `contact` is a URL for its operators.
    pub fn new(hook: Hook, limits: &Limits, contact: &str) -> Self {
        let config = ureq::Agent::config_builder()
            // A third of the time each, so that a third is left for the message: a failure before the connection leaves no
            // doubt whether it has arrived.
            .timeout_resolve(Some(limits.notify_total / 3))
            .timeout_connect(Some(limits.notify_total / 3))
            .timeout_global(Some(limits.notify_total))
            .http_status_as_error(false)
            .max_redirects(0)
            // A connection that the hook has closed meanwhile would fail with an unknown outcome.
            .max_idle_connections(0)
            .user_agent(format!("e6/{} (+{contact})", env!("CARGO_PKG_VERSION")))
            .proxy(hook.proxy.as_ref().and_then(|proxy| proxy.for_client().ok()));
        Sender { agent: resolver::agent(config.build()), hook }
    }

    /// Sends a message that tries the hook.
    pub fn test(&self, question: &str) -> Reaction {
        let id = format!("msg_test_{}", OffsetDateTime::now_utc().unix_timestamp_nanos());
        self.post(&id, &message::body(&self.hook, &id, None, &Notice::sample(question)))
    }

    /// Sends a change once.
    pub(crate) fn send(&self, Change { id, before, notice, .. }: &Change) -> Reaction {
        self.post(id, &message::body(&self.hook, id, Some(before), notice))
    }

    fn post(&self, id: &str, message: &Value) -> Reaction {
        let body = message.to_string();
        let request = match self.hook.preset {
            Preset::Ntfy => self.agent.post(self.hook.url.topic().map(|(base, _)| base).unwrap_or_default()),
            _ => self.agent.post(self.hook.url.as_uri()),
        };
        let mut request = request.header(CONTENT_TYPE, "application/json");
        match (self.hook.preset, &self.hook.secret) {
            (Preset::Ntfy, Some(token)) => request = request.header(AUTHORIZATION, token.authorization()),
            (Preset::Post, _) => {
                let timestamp = OffsetDateTime::now_utc().unix_timestamp().to_string();
                if let Some(key) = self.hook.key() {
                    request = request.header("webhook-signature", signature(&key, id, &timestamp, &body));
                }
                request = request.header("webhook-id", id).header("webhook-timestamp", timestamp);
            }
            _ => {}
        }
        match request.send(&body) {
            // The response's body is not read: only the status counts.
            Ok(response) => {
                let status = response.status();
                match status.as_u16() {
                    200..=299 => Reaction::Accepted(status),
                    300..=399 => Reaction::Refused(format!(
                        "{status}: redirects are not followed; write the URL that it leads to"
                    )),
                    408 | 425 | 429 | 500..=599 => {
                        Reaction::Later { why: status.to_string(), wait: retry_after(response.headers()) }
                    }
                    _ => Reaction::Refused(status.to_string()),
                }
            }
            Err(error) => failure(&error),
        }
    }
}

/// The signature of the Standard Webhooks specification: HMAC-SHA256 of id, timestamp and body.
fn signature(key: &[u8], id: &str, timestamp: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let tag = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", BASE64_STANDARD.encode(tag))
}

/// An error without its URL. The message has not left if the connection was never made.
fn failure(error: &Error) -> Reaction {
    let later = |why: String| Reaction::Later { why, wait: None };
    match error {
        Error::HostNotFound => later("the host is not found".into()),
        Error::ConnectionFailed => later("cannot connect".into()),
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => later("no connection in time".into()),
        Error::Tls(_) | Error::Rustls(_) => later(format!("TLS failed: {error}")),
        Error::ConnectProxyFailed(_) | Error::InvalidProxyUrl => {
            later("the proxy refuses the connection".into())
        }
        Error::Io(io) if is_before_connection(io.kind()) => later(io.to_string()),
        Error::Io(io) => Reaction::Unknown(io.to_string()),
        Error::Timeout(_) => Reaction::Unknown("no response in time".into()),
        _ => Reaction::Unknown("the response is invalid".into()),
    }
}

fn is_before_connection(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{
        AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkUnreachable, PermissionDenied,
    };
    matches!(
        kind,
        AddrNotAvailable | ConnectionRefused | HostUnreachable | NetworkUnreachable | PermissionDenied
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_specification() {
        // The example of the Standard Webhooks libraries.
        let key = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(
            signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "{\"test\": 2432232314}"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn a_failure_before_the_connection_is_no_unknown_outcome() {
        let io = |kind| Error::Io(io::Error::from(kind));
        for (error, is_unknown) in [
            (Error::HostNotFound, false),
            (Error::Timeout(Timeout::Connect), false),
            (io(io::ErrorKind::ConnectionRefused), false),
            (Error::Timeout(Timeout::RecvResponse), true),
            (Error::Timeout(Timeout::Global), true),
            (io(io::ErrorKind::UnexpectedEof), true),
            (io(io::ErrorKind::ConnectionReset), true),
        ] {
            assert_eq!(matches!(failure(&error), Reaction::Unknown(_)), is_unknown, "{error:?}");
        }
    }
}
