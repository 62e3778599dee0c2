//! Requests that RFC 9114 calls malformed and `h3` accepts.

use crate::http::{handler::UnreadBody, malformed};
use hyper::{
    Request,
    header::{CONNECTION, HeaderName, TE, TRANSFER_ENCODING, UPGRADE},
};

/// Fields about a connection, which HTTP/3 does not have (RFC 9114 §4.2).
const OF_A_CONNECTION: [HeaderName; 5] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TRANSFER_ENCODING,
    UPGRADE,
];

/// The reason why a request is malformed; none if it is well-formed.
pub(crate) fn why(request: &Request<UnreadBody>) -> Option<&'static str> {
    let fields = request.headers();
    if OF_A_CONNECTION.iter().any(|name| fields.contains_key(name)) {
        return Some("a field is about the connection (RFC 9114 §4.2)");
    }
    if fields.get_all(TE).iter().any(|value| value != "trailers") {
        return Some("TE has another value than trailers (RFC 9114 §4.2)");
    }
    malformed::why(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_malformed_by_the_fields_of_a_connection() {
        let get = |name: &str, value: &str| {
            let request = Request::builder().uri("https://localhost/").header(name, value);
            why(&request.body(UnreadBody::of(true)).unwrap())
        };
        for (name, value) in [("te", "trailers"), ("accept", "*/*"), ("host", "localhost")] {
            assert_eq!(get(name, value), None, "{name}: {value}");
        }
        for (name, value) in [
            ("connection", "close"),
            ("keep-alive", "300"),
            ("proxy-connection", "close"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("te", "gzip"),
            ("host", "elsewhere"),
        ] {
            assert!(get(name, value).is_some(), "{name}: {value}");
        }
    }
}
