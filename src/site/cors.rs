//! Cross-origin requests (the Fetch standard): pages of every site may read and show public data.

use crate::{site::routes::CorsScope, web::representation::field};
use hyper::{
    HeaderMap, Method,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, CONTENT_TYPE,
        HeaderName, HeaderValue, ORIGIN,
    },
};
use std::time::Duration;

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const EVERYTHING: HeaderValue = HeaderValue::from_static("*");
/// Time for which a browser may cache the response to a preflight. Browsers cap it at a day or less.
const PREFLIGHT_LASTS: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether a browser asks by this request if a page may send another one (a CORS preflight).
pub(crate) fn is_preflight(method: &Method, request: &HeaderMap) -> bool {
    *method == Method::OPTIONS
        && request.contains_key(ORIGIN)
        && request.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Adds fields to a response, whatever its status, that say which sites' pages may read and show it. `allowed` are the
/// methods of every resource.
pub(crate) fn apply(
    reach: CorsScope,
    method: &Method,
    request: &HeaderMap,
    allowed: &HeaderValue,
    response: &mut HeaderMap,
) {
    let is_preflight = is_preflight(method, request);
    let is_json = || response.get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    let is_open = match reach {
        CorsScope::Everyone => true,
        // A preflight does not tell the form of the response after it.
        CorsScope::EveryoneAsJson => is_preflight || is_json(),
        CorsScope::Site => false,
    };
    if !is_open {
        response.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
        return;
    }
    response.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, EVERYTHING);
    if is_preflight {
        response.insert(ACCESS_CONTROL_ALLOW_METHODS, allowed.clone());
        response.insert(ACCESS_CONTROL_ALLOW_HEADERS, EVERYTHING);
        response.insert(ACCESS_CONTROL_MAX_AGE, field(&PREFLIGHT_LASTS.as_secs().to_string()));
    } else {
        response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EVERYTHING);
    }
}
