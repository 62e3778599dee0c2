//! One function from a representation and a request to a response: negotiate, check preconditions, send shared bytes.

use super::{
    coding::Coding,
    negotiate,
    representation::{Representation, Variant},
};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{HeaderMap, Response, StatusCode, header::IF_NONE_MATCH};

/// The response to a GET of this representation. A HEAD is the same without the body.
pub(super) fn respond(representation: &Representation, request: &HeaderMap) -> Response<Full<Bytes>> {
    let variant = choose(&representation.variants, request);
    if has_it(request, variant) {
        return with(StatusCode::NOT_MODIFIED, variant.not_modified.clone(), Bytes::new());
    }
    with(StatusCode::OK, variant.fields.clone(), variant.body.clone())
}

/// The same bytes under another status: what an error page is.
pub(super) fn respond_as(
    status: StatusCode,
    representation: &Representation,
    request: &HeaderMap,
) -> Response<Full<Bytes>> {
    let variant = choose(&representation.variants, request);
    with(status, variant.fields.clone(), variant.body.clone())
}

fn with(status: StatusCode, fields: HeaderMap, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    *response.headers_mut() = fields;
    response
}

/// The most welcome coding; among equals the smallest body. Where nothing is acceptable, identity is sent all the
/// same (RFC 9110 §12.5.3 allows it), for a page in the wrong coding helps more than a refusal.
fn choose<'a>(variants: &'a [Variant], request: &HeaderMap) -> &'a Variant {
    let welcome = |variant: &&Variant| negotiate::quality(request, variant.coding);
    let best = variants
        .iter()
        .filter(|variant| welcome(variant) > 0)
        .max_by_key(|variant| (welcome(variant), std::cmp::Reverse(variant.body.len())));
    debug_assert!(variants.first().is_some_and(|first| first.coding == Coding::Identity));
    best.unwrap_or(&variants[0])
}

/// If-None-Match with weak comparison (RFC 9110 §13.1.2).
fn has_it(request: &HeaderMap, variant: &Variant) -> bool {
    let etag = variant.etag.to_str().unwrap_or_default();
    request
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}
