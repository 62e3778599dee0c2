//! The head of a request (RFC 9112), from its bytes. `httparse` finds its parts; this module checks what they mean for
//! the connection.

use crate::{http::handler::UnreadBody, limits::Limits};
use bytes::Bytes;
use httparse::{Error, Status};
use hyper::{
    HeaderMap, Method, Request, StatusCode, Uri, Version,
    header::{CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING},
};
use std::mem::MaybeUninit;

/// Fields that are found on the stack: more than the default limit.
const USUAL_FIELDS: usize = 128;

/// The head of a request.
#[derive(Debug)]
pub(super) struct RequestHead {
    pub request: Request<UnreadBody>,
    /// The bytes of the head.
    pub length: usize,
    /// Whether the connection stays open after the response (RFC 9112 §9.3).
    pub is_kept_alive: bool,
    /// Whether the client sends nothing after this request (RFC 9112 §9.6).
    pub is_clients_last: bool,
}

impl RequestHead {
    /// Reads the head at the beginning of these bytes; none if it is incomplete.
    ///
    /// # Errors
    /// The status of the refusal, if it is malformed or too large.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Option<Self>, StatusCode> {
        let mut usual = [const { MaybeUninit::uninit() }; USUAL_FIELDS];
        let mut many = Vec::new();
        let space = match limits.fields_read() {
            most @ ..=USUAL_FIELDS => &mut usual[..most],
            most => {
                many.resize_with(most, MaybeUninit::uninit);
                &mut many[..]
            }
        };
        let mut parsed = httparse::Request::new(&mut []);
        let length = match parsed.parse_with_uninit_headers(bytes, space) {
            Ok(Status::Complete(length)) => length,
            Ok(Status::Partial) if bytes.len() < limits.head_buffer() => return Ok(None),
            Ok(Status::Partial) | Err(Error::TooManyHeaders) => {
                return Err(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
            }
            Err(_) => return Err(StatusCode::BAD_REQUEST),
        };
        Self::of(&parsed, &bytes[..length]).map(Some).ok_or(StatusCode::BAD_REQUEST)
    }

    /// The head with these parts; none if it is malformed.
    fn of(parsed: &httparse::Request, bytes: &[u8]) -> Option<Self> {
        if has_lone_line_feed(bytes) {
            return None;
        }
        let shared = Bytes::copy_from_slice(bytes);
        let part = |part: &[u8]| {
            // The parts are inside of `bytes`, except that an empty one may be elsewhere.
            let begin = part.as_ptr().addr().wrapping_sub(bytes.as_ptr().addr());
            if part.is_empty() { Bytes::new() } else { shared.slice(begin..begin + part.len()) }
        };
        let method = Method::from_bytes(parsed.method?.as_bytes()).ok()?;
        let uri = Uri::from_maybe_shared(part(parsed.path?.as_bytes())).ok()?;
        let version = if parsed.version? == 1 { Version::HTTP_11 } else { Version::HTTP_10 };
        let mut fields = HeaderMap::with_capacity(parsed.headers.len());
        let mut framing = Framing::default();
        for field in &*parsed.headers {
            let name = HeaderName::from_bytes(field.name.as_bytes()).ok()?;
            let value = HeaderValue::from_maybe_shared(part(field.value)).ok()?;
            framing.read(&name, &value)?;
            fields.append(name, value);
        }
        let has_body = framing.has_body(version)?;
        let mut request = Request::new(UnreadBody::of(!has_body));
        (*request.method_mut(), *request.uri_mut(), *request.version_mut()) = (method, uri, version);
        *request.headers_mut() = fields;
        // A body is not read, so the request behind it cannot be found.
        let is_kept_alive =
            !has_body && !framing.closes && (version == Version::HTTP_11 || framing.keeps_alive);
        let is_clients_last = framing.closes && !has_body;
        Some(RequestHead { request, length: bytes.len(), is_kept_alive, is_clients_last })
    }
}

/// Whether a line feed comes without a carriage return. RFC 9112 §2.2 lets a server accept it as a line end. A proxy in
/// front may not: two readings of one head allow request smuggling.
fn has_lone_line_feed(bytes: &[u8]) -> bool {
    // Without an early end, so that the compiler can compare many bytes at once.
    let pairs = bytes.iter().zip(bytes.get(1..).unwrap_or_default());
    pairs.fold(bytes.first() == Some(&b'\n'), |found, (before, byte)| {
        found | ((*byte == b'\n') & (*before != b'\r'))
    })
}

/// The fields that say where a request ends, and whether another one follows (RFC 9112 §6.3, §9.3).
#[derive(Default)]
struct Framing {
    length: Option<u64>,
    /// Whether the last transfer coding is `chunked`; none without transfer codings.
    is_chunked: Option<bool>,
    closes: bool,
    keeps_alive: bool,
}

impl Framing {
    /// Reads a field; none if it is malformed.
    fn read(&mut self, name: &HeaderName, value: &HeaderValue) -> Option<()> {
        match *name {
            CONTENT_LENGTH => {
                let digits = value.as_bytes();
                let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
                let length = value.to_str().ok().filter(|_| is_number)?.parse().ok()?;
                if self.length.is_some_and(|other| other != length) {
                    return None;
                }
                self.length = Some(length);
            }
            TRANSFER_ENCODING => {
                let last = value.as_bytes().rsplit(|byte| *byte == b',').next().unwrap_or_default();
                self.is_chunked = Some(is(last, b"chunked"));
            }
            CONNECTION => {
                for option in value.as_bytes().split(|byte| *byte == b',') {
                    self.closes |= is(option, b"close");
                    self.keeps_alive |= is(option, b"keep-alive");
                }
            }
            _ => {}
        }
        Some(())
    }

    /// Whether the request has a body; none if that is not certain.
    fn has_body(&self, version: Version) -> Option<bool> {
        match self.is_chunked {
            Some(true) if version == Version::HTTP_11 => Some(true),
            Some(_) => None,
            None => Some(self.length.is_some_and(|length| length > 0)),
        }
    }
}

/// Whether a member of a list is this one, in any case.
fn is(member: &[u8], name: &[u8]) -> bool {
    member.trim_ascii().eq_ignore_ascii_case(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<RequestHead>, StatusCode> {
        RequestHead::read(text.as_bytes(), &Limits::default())
    }

    fn with(version: &str, fields: &str) -> Result<Option<RequestHead>, StatusCode> {
        read(&format!("GET / HTTP/{version}\r\nHost: a\r\n{fields}\r\n"))
    }

    #[test]
    fn a_head_is_its_own_bytes_and_no_more() {
        let head = "GET /a?b HTTP/1.1\r\nHost: a\r\nX: 1\r\nX:  2 \r\n\r\n";
        let read = read(&format!("{head}GET")).unwrap().unwrap();
        assert_eq!((read.length, read.is_kept_alive, read.is_clients_last), (head.len(), true, false));
        assert_eq!((read.request.uri().path(), read.request.uri().query()), ("/a", Some("b")));
        assert_eq!(read.request.headers().get_all("x").iter().collect::<Vec<_>>(), ["1", "2"]);
    }

    #[test]
    fn an_incomplete_head_is_awaited_up_to_the_limits() {
        let limits = Limits::default();
        assert!(read("GET / HTTP/1.1\r\nHost: a\r\n").unwrap().is_none());
        let too_large = Err(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        let endless = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(limits.head_buffer()));
        assert_eq!(read(&endless).map(drop), too_large);
        assert!(with("1.1", &"X: y\r\n".repeat(limits.fields_read() - 1)).unwrap().is_some());
        assert_eq!(with("1.1", &"X: y\r\n".repeat(limits.fields_read())).map(drop), too_large);
        let more = Limits { head_fields: 1000, ..limits };
        let head = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(1000));
        assert_eq!(RequestHead::read(head.as_bytes(), &more).unwrap().unwrap().request.headers().len(), 1000);
    }

    #[test]
    fn a_line_feed_ends_a_line_only_after_a_carriage_return() {
        for head in [
            "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
            "GET / HTTP/1.1\nHost: a\n\n",
            "\nGET / HTTP/1.1\r\n\r\n",
        ] {
            assert_eq!(read(head).map(drop), Err(StatusCode::BAD_REQUEST), "{head:?}");
        }
        assert!(read("\r\nGET / HTTP/1.1\r\n\r\n").unwrap().is_some());
    }

    #[test]
    fn the_fields_decide_whether_there_is_a_body_and_another_request() {
        let (open, close, last) = ((true, true, false), (true, false, false), (true, false, true));
        let body = (false, false, false);
        for (version, fields, expected) in [
            ("1.1", "", open),
            ("1.0", "", close),
            ("1.0", "Connection: x, Keep-Alive\r\n", open),
            ("1.1", "Connection: keep-alive, Close\r\n", last),
            ("1.1", "Connection: close\r\nConnection: keep-alive\r\n", last),
            ("1.1", "Content-Length: 0\r\n", open),
            ("1.1", "Content-Length: 3\r\nContent-Length: 3\r\n", body),
            ("1.1", "Transfer-Encoding: gzip, Chunked\r\n", body),
            ("1.1", "Transfer-Encoding: chunked\r\nContent-Length: 0\r\nConnection: close\r\n", body),
        ] {
            let RequestHead { request, is_kept_alive, is_clients_last, .. } =
                with(version, fields).unwrap().unwrap();
            let is_empty = hyper::body::Body::is_end_stream(request.body());
            assert_eq!((is_empty, is_kept_alive, is_clients_last), expected, "{version} {fields:?}");
        }
    }

    #[test]
    fn a_head_with_two_readings_is_refused() {
        for (version, fields) in [
            ("1.1", "Content-Length: 1\r\nContent-Length: 2\r\n"),
            ("1.1", "Content-Length: +1\r\n"),
            ("1.1", "Content-Length: 1, 1\r\n"),
            ("1.1", "Content-Length:\r\n"),
            ("1.1", "Content-Length: 99999999999999999999\r\n"),
            ("1.1", "Transfer-Encoding: chunked, gzip\r\n"),
            ("1.1", "Transfer-Encoding: \x0bchunked\r\n"),
            ("1.0", "Transfer-Encoding: chunked\r\n"),
            ("1.1", "Folded: a\r\n b\r\n"),
            ("1.1", "Space : a\r\n"),
            ("1.1", "No colon\r\n"),
            ("2.0", ""),
        ] {
            assert_eq!(with(version, fields).map(drop), Err(StatusCode::BAD_REQUEST), "{version} {fields:?}");
        }
    }
}
