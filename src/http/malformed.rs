//! Requests that RFC 9113 and RFC 9114 call malformed, and `h2` and `h3` accept.

use crate::http::handler::UnreadBody;
use hyper::{
    HeaderMap, Method, Request,
    header::{CONTENT_LENGTH, HOST, HeaderValue},
};

/// The reason why a request is malformed; none if it is well-formed.
pub(crate) fn why(request: &Request<UnreadBody>) -> Option<&'static str> {
    let (method, uri) = (request.method(), request.uri());
    if request.headers().values().any(is_padded) {
        return Some("a field value begins or ends with a space or a tab (RFC 9113 §8.2.1)");
    }
    if let Err(why) = content_length(request.headers()) {
        return Some(why);
    }
    if uri.scheme_str().is_some_and(|scheme| !scheme.starts_with(|first: char| first.is_ascii_alphabetic())) {
        return Some(":scheme is empty or begins with no letter (RFC 9113 §8.3.1, RFC 3986 §3.1)");
    }
    match uri.authority().map(|authority| authority.as_str()) {
        Some(authority) if authority.contains('@') => {
            return Some(":authority has userinfo (RFC 9113 §8.3.1)");
        }
        Some(authority) if !names_the_same(request.headers(), authority) => {
            return Some("Host differs from :authority (RFC 9113 §8.3.1)");
        }
        None if *method == Method::CONNECT => return Some("CONNECT without :authority (RFC 9113 §8.5)"),
        _ => {}
    }
    let path = uri.path_and_query().map(|path| path.as_str());
    if path.is_some_and(|path| !path.is_ascii()) {
        return Some(":path has a byte that is not ASCII (RFC 9113 §8.3.1, RFC 3986 §2)");
    }
    let is_path = match path {
        Some("*") => *method == Method::OPTIONS,
        Some(path) => path.starts_with('/'),
        None => *method == Method::CONNECT,
    };
    (!is_path).then_some(":path does not begin with a slash (RFC 9113 §8.3.1)")
}

/// The length of the body that Content-Length names; none if it is missing.
pub(crate) fn content_length(fields: &HeaderMap) -> Result<Option<u64>, &'static str> {
    let mut values = fields.get_all(CONTENT_LENGTH).iter();
    let Some(first) = values.next() else { return Ok(None) };
    if values.any(|value| value != first) {
        return Err("Content-Length has different values (RFC 9110 §8.6)");
    }
    let digits = first.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let length = digits.and_then(|digits| digits.parse().ok());
    length.map(Some).ok_or("Content-Length is no number (RFC 9110 §8.6)")
}

fn is_padded(value: &HeaderValue) -> bool {
    let blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    blank(value.as_bytes().first()) || blank(value.as_bytes().last())
}

/// Whether every Host field equals the authority. Case and the default port make no difference.
fn names_the_same(headers: &HeaderMap, authority: &str) -> bool {
    let without_port = |host: &str| host.strip_suffix(":443").unwrap_or(host).to_ascii_lowercase();
    let mut hosts = headers.get_all(HOST).into_iter().peekable();
    hosts.peek().is_none()
        || hosts.all(|host| host.to_str().is_ok_and(|host| without_port(host) == without_port(authority)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_malformed_by_its_target_and_its_fields() {
        let get = |uri: &str, fields: &[(&str, &[u8])]| {
            let mut request = Request::builder().uri(uri);
            for (name, value) in fields {
                request = request.header(*name, HeaderValue::from_bytes(value).unwrap());
            }
            request.body(UnreadBody::of(true)).unwrap()
        };
        for fields in [
            &[("x-test", &b""[..])][..],
            &[("x-test", b"a b\tc")],
            &[("host", b"localhost")],
            &[("host", b"LocalHost:443")],
            &[("host", b"localhost"), ("host", b"localhost")],
            &[("content-length", b"5"), ("content-length", b"5")],
        ] {
            assert_eq!(why(&get("https://localhost/", fields)), None, "{fields:?}");
        }
        for fields in [
            &[("x-test", &b" a"[..])][..],
            &[("x-test", b"a ")],
            &[("x-test", b"\ta")],
            &[("x-test", b"a\t")],
            &[("x-test", b" ")],
            &[("x-test", b"ok"), ("x-test", b"ok ")],
            &[("host", b"other")],
            &[("host", b"localhost:8443")],
            &[("host", b"localhost"), ("host", b"other")],
            &[("host", b"")],
            &[("host", b"caf\xe9")],
            &[("content-length", b"x")],
            &[("content-length", b"")],
            &[("content-length", b"+5")],
            &[("content-length", b"5, 5")],
            &[("content-length", b"18446744073709551616")],
            &[("content-length", b"5"), ("content-length", b"6")],
        ] {
            assert!(why(&get("https://localhost/", fields)).is_some(), "{fields:?}");
        }
        assert!(why(&get("https://user@localhost/", &[])).is_some());
        assert!(why(&get("/", &[("host", b"anything")])).is_none(), "Host instead of :authority");
        for path in ["/caf\u{e9}", "/?caf\u{e9}"] {
            assert!(why(&get(&format!("https://localhost{path}"), &[])).is_some(), "{path}");
        }
        assert!(why(&get("https://localhost/caf%C3%A9?caf%C3%A9", &[])).is_none());
    }

    #[test]
    fn the_asterisk_is_for_options_alone() {
        let request =
            |method: Method| Request::builder().method(method).uri("*").body(UnreadBody::of(true)).unwrap();
        assert_eq!(why(&request(Method::OPTIONS)), None);
        assert!(why(&request(Method::GET)).is_some());
    }
}
