//! The texts of a second, made once by each worker: the value of the Date field (RFC 9110 §6.6.1), which hyper makes
//! itself for HTTP/1.1, and the times of the access log.

use hyper::header::HeaderValue;
use std::{
    cell::RefCell,
    time::{SystemTime, UNIX_EPOCH},
};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

thread_local! {
    static NEWEST: RefCell<Option<SecondTexts>> = const { RefCell::new(None) };
}

const COMBINED: &[BorrowedFormatItem] =
    format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");
const RFC3339: &[BorrowedFormatItem] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");

/// The texts of one second, in UTC.
pub(crate) struct SecondTexts {
    second: u64,
    pub date: HeaderValue,
    /// As in the combined format of Apache and nginx.
    pub combined: String,
    /// As in RFC 3339, without the fraction of a second and the zone.
    pub rfc3339: String,
}

impl SecondTexts {
    fn new(second: u64, at: SystemTime) -> Self {
        let time = OffsetDateTime::from(at);
        // A date is plain ASCII.
        let date = HeaderValue::from_str(&httpdate::fmt_http_date(at))
            .unwrap_or_else(|_| HeaderValue::from_static(""));
        let text = |format| time.format(format).unwrap_or_default();
        SecondTexts { second, date, combined: text(COMBINED), rfc3339: text(RFC3339) }
    }
}

/// Uses the texts of a time's second.
pub(crate) fn with<T>(at: SystemTime, read: impl FnOnce(&SecondTexts) -> T) -> T {
    let second = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    NEWEST.with_borrow_mut(|newest| match newest {
        Some(texts) if texts.second == second => read(texts),
        newest => read(newest.insert(SecondTexts::new(second, at))),
    })
}

/// The date of a response that begins now.
pub(crate) fn now() -> HeaderValue {
    with(SystemTime::now(), |texts| texts.date.clone())
}
