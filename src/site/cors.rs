//! Cross-origin requests (the Fetch standard): pages of every site may read and show public data.

use crate::site::routes::CorsScope;
use hyper::{
    HeaderMap, Method,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, CONTENT_TYPE,
        HeaderName, HeaderValue, ORIGIN,
    },
};
use std::{iter, time::Duration};

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const EVERYTHING: &str = "*";
/// The methods of every resource of this site.
pub(crate) const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
/// Time for which a browser may cache the response to a preflight. Browsers cap it at a day or less.
const PREFLIGHT_LASTS: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether a browser asks by this request if a page may send another one (a CORS preflight).
pub(crate) fn is_preflight(method: &Method, request: &HeaderMap) -> bool {
    *method == Method::OPTIONS
        && request.contains_key(ORIGIN)
        && request.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The fields of a response that pages of every site may read and show, or only this site's.
pub(crate) fn fields(is_open: bool) -> impl Iterator<Item = (HeaderName, &'static str)> {
    let policy = if is_open { "cross-origin" } else { "same-origin" };
    let open = [(ACCESS_CONTROL_ALLOW_ORIGIN, EVERYTHING), (ACCESS_CONTROL_EXPOSE_HEADERS, EVERYTHING)];
    iter::once((RESOURCE_POLICY, policy)).chain(open.into_iter().filter(move |_| is_open))
}

/// Adds these fields to a response, whatever its status.
pub(crate) fn apply(reach: CorsScope, method: &Method, request: &HeaderMap, response: &mut HeaderMap) {
    let is_preflight = is_preflight(method, request);
    let is_json = || response.get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    let is_open = match reach {
        CorsScope::Everyone => true,
        // A preflight does not tell the form of the response after it.
        CorsScope::EveryoneAsJson => is_preflight || is_json(),
        CorsScope::Site => false,
    };
    for (name, value) in fields(is_open) {
        response.insert(name, HeaderValue::from_static(value));
    }
    if is_open && is_preflight {
        response.remove(ACCESS_CONTROL_EXPOSE_HEADERS);
        response.insert(ACCESS_CONTROL_ALLOW_METHODS, ALLOWED);
        response.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(EVERYTHING));
        response.insert(ACCESS_CONTROL_MAX_AGE, PREFLIGHT_LASTS.as_secs().into());
    }
}
