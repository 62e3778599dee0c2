//! The value of the Date field (RFC 9110 §6.6.1), made once a second by each worker. For HTTP/1.1, hyper does this
//! itself.

use hyper::header::HeaderValue;
use std::{
    cell::RefCell,
    time::{SystemTime, UNIX_EPOCH},
};

thread_local! {
    static NEWEST: RefCell<Option<(u64, HeaderValue)>> = const { RefCell::new(None) };
}

/// The date of a response that begins now.
pub(crate) fn now() -> HeaderValue {
    let now = SystemTime::now();
    let second = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    NEWEST.with_borrow_mut(|newest| match newest {
        Some((of, date)) if *of == second => date.clone(),
        newest => {
            // A date is plain ASCII.
            let date = HeaderValue::from_str(&httpdate::fmt_http_date(now))
                .unwrap_or_else(|_| HeaderValue::from_static(""));
            newest.insert((second, date)).1.clone()
        }
    })
}
