//! Requests that RFC 9114 calls malformed and `h3` accepts.

use crate::http::{handler::UnreadBody, malformed};
use h3::ext::Protocol;
use hyper::{
    Method, Request,
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

/// Bytes of a request's body that Content-Length names and that have not arrived; none if it names no length.
#[derive(Debug, PartialEq)]
pub(super) struct MissingBytes(Option<u64>);

/// Checks a request and the length of the first piece of its body, which is none if there is no body. Returns the bytes
/// that have to follow, or the reason why the request is malformed.
pub(super) fn check(
    request: &Request<UnreadBody>,
    piece: Option<usize>,
) -> Result<MissingBytes, &'static str> {
    if let Some(why) = why(request) {
        return Err(why);
    }
    let mut missing = MissingBytes(malformed::content_length(request.headers())?);
    missing.take(piece)?;
    Ok(missing)
}

impl MissingBytes {
    /// Takes a piece of this length off, or the end of the body. Fails if the body has another length than
    /// Content-Length.
    pub fn take(&mut self, piece: Option<usize>) -> Result<(), &'static str> {
        let Some(missing) = &mut self.0 else { return Ok(()) };
        *missing = match piece {
            Some(bytes) => missing.checked_sub(bytes as u64),
            None => Some(0).filter(|none| none == missing),
        }
        .ok_or("the body has another length than Content-Length (RFC 9114 §4.1.2)")?;
        Ok(())
    }
}

/// The reason why a request is malformed, whatever its body; none if it is well-formed.
pub(crate) fn why(request: &Request<UnreadBody>) -> Option<&'static str> {
    let (fields, uri) = (request.headers(), request.uri());
    if OF_A_CONNECTION.iter().any(|name| fields.contains_key(name)) {
        return Some("a field is about the connection (RFC 9114 §4.2)");
    }
    if fields.get_all(TE).iter().any(|value| value != "trailers") {
        return Some("TE has another value than trailers (RFC 9114 §4.2)");
    }
    if request.extensions().get::<Protocol>().is_some() {
        return Some(":protocol without the setting that allows it (RFC 9220 §3)");
    }
    if *request.method() == Method::CONNECT && (uri.scheme().is_some() || uri.path_and_query().is_some()) {
        return Some("CONNECT with :scheme or :path (RFC 9114 §4.4)");
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

    #[test]
    fn connect_names_an_authority_alone() {
        let connect = |uri| Request::connect(uri).body(UnreadBody::of(true)).unwrap();
        assert_eq!(why(&connect("localhost:443")), None);
        assert!(why(&connect("https://localhost:443/")).is_some());
        let mut extended = connect("localhost:443");
        extended.extensions_mut().insert(Protocol::WEB_TRANSPORT);
        assert!(why(&extended).is_some());
    }

    #[test]
    fn a_body_has_the_length_that_its_request_names() {
        let post = |length: &str, pieces: &[usize]| {
            let mut request = Request::post("https://localhost/");
            if !length.is_empty() {
                request = request.header("content-length", length);
            }
            let mut pieces = pieces.iter().copied();
            let request = request.body(UnreadBody::of(pieces.len() == 0)).unwrap();
            let mut missing = check(&request, pieces.next())?;
            pieces.try_for_each(|piece| missing.take(Some(piece))).and_then(|()| missing.take(None))
        };
        let good: [(&str, &[usize]); 5] =
            [("", &[]), ("", &[9, 9]), ("0", &[]), ("5", &[5]), ("5", &[0, 2, 3])];
        for (length, pieces) in good {
            assert_eq!(post(length, pieces), Ok(()), "{length} {pieces:?}");
        }
        let bad: [(&str, &[usize]); 5] =
            [("5", &[]), ("0", &[1]), ("5", &[6]), ("5", &[2, 2]), ("5", &[2, 4])];
        for (length, pieces) in bad {
            assert!(post(length, pieces).is_err(), "{length} {pieces:?}");
        }
    }
}
