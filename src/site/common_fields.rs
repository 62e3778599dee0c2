//! The header fields of every response. A representation that is served at one kind of route has them from the start;
//! all other responses get them at the end.

use crate::{
    site::{cors, routes::CorsScope},
    web::representation::Field,
};
use hyper::{
    HeaderMap, Method,
    header::{HeaderName, HeaderValue, SERVER, X_CONTENT_TYPE_OPTIONS},
};

/// The field of the request's ID, which is also in the access log, so that one request can be followed.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The field of the time spent in each step, for browsers' developer tools (W3C Server Timing).
pub(crate) const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

const SAME_FOR_ALL: [(HeaderName, &str); 2] = [(SERVER, "e6"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];

/// The fields of an asset, which pages of every site may read or only this site's.
pub(crate) fn of_asset(is_open: bool) -> impl Iterator<Item = Field> {
    let fields = SAME_FOR_ALL.into_iter().chain(cors::fields(is_open));
    fields.map(|(name, value)| (name, value.into()))
}

/// The same for a page. The fields that differ in each response have their place already, so that the map of a response
/// need not grow.
pub(crate) fn of_page(is_open: bool) -> impl Iterator<Item = Field> {
    of_asset(is_open).chain([REQUEST_ID, SERVER_TIMING].map(|name| (name, "".into())))
}

/// Adds the fields to a response, whatever its status, that does not have them.
pub(crate) fn complete(reach: CorsScope, method: &Method, request: &HeaderMap, response: &mut HeaderMap) {
    if !response.contains_key(SERVER) {
        for (name, value) in SAME_FOR_ALL {
            response.insert(name, HeaderValue::from_static(value));
        }
        cors::apply(reach, method, request, response);
    }
}
