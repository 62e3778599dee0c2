//! Failures to get a new certificate: the kind, which decides when to retry, and a text.

use rustls_acme::acme::{AcmeError, Auth, Order, Problem};
use std::{fmt, io};
use time::{OffsetDateTime, PrimitiveDateTime, macros::format_description};

/// The longest text of a failure, in characters. A CA may send any amount.
const SAID_CAP: usize = 400;

/// A failure, with a text for operators.
#[derive(Debug)]
pub(crate) struct AcmeFailure {
    pub kind: AcmeFailureKind,
    text: String,
}

/// The kind of a failure, which decides when to retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AcmeFailureKind {
    /// The CA is unreachable, silent or broken. The order is not counted as refused.
    Unreachable,
    /// The CA refused the request, the validation or the order.
    Refused,
    /// A rate limit is reached (RFC 8555 §6.6); with its end if that is known.
    Limited(Option<OffsetDateTime>),
    /// The CA rejected a nonce (RFC 8555 §6.5): the same request with another nonce may succeed.
    Nonce,
    /// State cannot be written, or kept state cannot be read.
    Disk,
}

impl AcmeFailure {
    pub(crate) fn new(kind: AcmeFailureKind, text: impl Into<String>) -> Self {
        AcmeFailure { kind, text: text.into().chars().filter(|c| !c.is_control()).take(SAID_CAP).collect() }
    }

    pub(crate) fn refused(text: impl Into<String>) -> Self {
        AcmeFailure::new(AcmeFailureKind::Refused, text)
    }

    pub(crate) fn unreachable(text: impl Into<String>) -> Self {
        AcmeFailure::new(AcmeFailureKind::Unreachable, text)
    }

    pub(crate) fn disk(what: &str, error: impl fmt::Display) -> Self {
        AcmeFailure::new(AcmeFailureKind::Disk, format!("{what}: {error}"))
    }

    /// An authorization that did not become valid.
    pub(crate) fn unproven(authorization: &Auth) -> Self {
        let rustls_acme::acme::Identifier::Dns(name) = &authorization.identifier;
        let problem = authorization.challenges.iter().find_map(|challenge| challenge.error.as_ref());
        AcmeFailure::refused(format!("the CA could not find {name} here: {}", detail(problem)))
    }

    /// An order that became invalid.
    pub(crate) fn invalid(order: &Order) -> Self {
        AcmeFailure::refused(format!("the CA refused the order: {}", detail(order.error.as_ref())))
    }

    /// A reply with a status other than 2xx.
    pub(crate) fn not_a_success(status: u16, body: &str) -> Self {
        let problem = serde_json::from_str::<Problem>(body).ok();
        let kind = problem.as_ref().and_then(|problem| problem.typ.as_deref()).unwrap_or_default();
        let said = match &problem {
            Some(Problem { detail: Some(detail), .. }) => detail,
            _ => body,
        };
        let kind = match (status, kind.rsplit(':').next()) {
            (_, Some("badNonce")) => AcmeFailureKind::Nonce,
            (429, _) | (_, Some("rateLimited")) => AcmeFailureKind::Limited(retry_after(said)),
            (400..500, _) => AcmeFailureKind::Refused,
            _ => AcmeFailureKind::Unreachable,
        };
        AcmeFailure::new(kind, format!("the CA answered {status}: {said}"))
    }
}

impl From<AcmeError> for AcmeFailure {
    fn from(error: AcmeError) -> Self {
        match error {
            AcmeError::NoTlsAlpn01Challenge | AcmeError::NoHttp01Challenge => {
                AcmeFailure::refused(format!("the CA does not offer this challenge: {error}"))
            }
            error => AcmeFailure::unreachable(format!("the CA sent an invalid answer: {error}")),
        }
    }
}

impl From<rcgen::Error> for AcmeFailure {
    fn from(error: rcgen::Error) -> Self {
        AcmeFailure::refused(format!("cannot make a request for these names: {error}"))
    }
}

impl From<io::Error> for AcmeFailure {
    fn from(error: io::Error) -> Self {
        AcmeFailure::disk("cannot keep certificates, so none is ordered", error)
    }
}

impl fmt::Display for AcmeFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn detail(problem: Option<&Problem>) -> &str {
    problem.and_then(|problem| problem.detail.as_deref()).unwrap_or("it does not say why")
}

/// The end of a rate limit, as Let's Encrypt writes it in the detail.
fn retry_after(detail: &str) -> Option<OffsetDateTime> {
    let (_, after) = detail.split_once("retry after ")?;
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    Some(PrimitiveDateTime::parse(after.get(..19)?, format).ok()?.assume_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn of(status: u16, kind: &str, detail: &str) -> (AcmeFailureKind, String) {
        let body =
            serde_json::json!({"type": format!("urn:ietf:params:acme:error:{kind}"), "detail": detail});
        let trouble = AcmeFailure::not_a_success(status, &body.to_string());
        (trouble.kind, trouble.to_string())
    }

    #[test]
    fn replies_are_told_apart_by_whose_turn_it_is() {
        for (status, kind, expected) in [
            (400, "badNonce", AcmeFailureKind::Nonce),
            (403, "rejectedIdentifier", AcmeFailureKind::Refused),
            (400, "malformed", AcmeFailureKind::Refused),
            (429, "rateLimited", AcmeFailureKind::Limited(None)),
            (403, "rateLimited", AcmeFailureKind::Limited(None)),
            (500, "serverInternal", AcmeFailureKind::Unreachable),
            (503, "", AcmeFailureKind::Unreachable),
        ] {
            let said = "a \"word\" about it\n";
            assert_eq!(
                of(status, kind, said),
                (expected, format!("the CA answered {status}: a \"word\" about it"))
            );
        }
    }

    #[test]
    fn the_date_in_a_rate_limit_is_read() {
        let said = "too many failed authorizations (5) for \"example.org\" in the last 1h0m0s, \
                    retry after 2026-03-01 13:30:05 UTC: see https://letsencrypt.org/docs/rate-limits/";
        assert_eq!(
            of(429, "rateLimited", said).0,
            AcmeFailureKind::Limited(Some(datetime!(2026-03-01 13:30:05 UTC)))
        );
        assert_eq!(of(429, "rateLimited", "retry after lunch").0, AcmeFailureKind::Limited(None));
    }

    #[test]
    fn what_is_no_problem_document_is_repeated_in_part() {
        let page = format!("<html>{}\u{7}\r\n", "x".repeat(10_000));
        let trouble = AcmeFailure::not_a_success(502, &page);
        assert_eq!(trouble.kind, AcmeFailureKind::Unreachable);
        assert!(trouble.to_string().len() <= SAID_CAP && !trouble.to_string().contains('\u{7}'));
    }
}
