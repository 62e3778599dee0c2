//! The wait that a server asks for, others and this one (RFC 9110 §10.2.3).

use crate::web::representation::unique;
use hyper::{
    HeaderMap,
    header::{DATE, HeaderValue, RETRY_AFTER},
};
use std::time::{Duration, SystemTime};

/// Cap on `Retry-After`: we retry after this time even if a server asks us to wait longer.
const CAP: Duration = Duration::from_secs(60 * 60);

/// The wait in a response's `Retry-After`: seconds, or a date, which is compared with the response's own `Date`, so
/// that our clock may be wrong.
pub fn retry_after(fields: &HeaderMap) -> Option<Duration> {
    let text = |name| fields.get(name)?.to_str().ok();
    let date = text(DATE).and_then(|date| httpdate::parse_http_date(date).ok());
    wait(text(RETRY_AFTER)?, date.unwrap_or_else(SystemTime::now))
}

/// The value of `Retry-After`: whole seconds, at least one.
pub(crate) fn value(wait: Duration) -> HeaderValue {
    unique((wait.as_secs_f64().ceil() as u64).max(1))
}

fn wait(value: &str, date: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let wait = match value.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        // Too many digits for an integer: the cap.
        Err(_) if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => CAP,
        Err(_) => httpdate::parse_http_date(value).ok()?.duration_since(date).ok()?,
    };
    Some(wait.min(CAP))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date_and_capped() {
        let date = httpdate::parse_http_date("Fri, 03 Jul 2026 01:30:00 GMT").unwrap();
        for (value, expected) in [
            ("120", Some(120)),
            (" 120 ", Some(120)),
            ("999999", Some(3600)),
            ("99999999999999999999999999", Some(3600)),
            ("Fri, 03 Jul 2026 01:31:30 GMT", Some(90)),
            ("Fri, 31 Dec 2100 23:59:59 GMT", Some(3600)),
            ("Fri, 31 Dec 1999 23:59:59 GMT", None),
            ("soon", None),
            ("-3", None),
            ("", None),
        ] {
            assert_eq!(wait(value, date), expected.map(Duration::from_secs), "{value:?}");
        }
    }
}
