//! A small client of HTTP/1.1, which rejects unexpected header fields.

use crate::support::{secrets, server::PATIENCE};
use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

/// The only fields that a response may have; any other one fails the test.
pub const EXPECTED_FIELDS: &[&str] = &[
    "accept-ranges",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "age",
    "allow",
    "alt-svc",
    "cache-control",
    "connection",
    "content-encoding",
    "content-language",
    "content-length",
    "content-range",
    "content-security-policy",
    "content-type",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "date",
    "etag",
    "last-modified",
    "location",
    "permissions-policy",
    "referrer-policy",
    "refresh",
    "retry-after",
    "server",
    "server-timing",
    "strict-transport-security",
    "vary",
    "x-accel-buffering",
    "www-authenticate",
    "x-content-type-options",
    "x-request-id",
];

/// Fields that differ in each response.
pub const OF_THE_MOMENT: &[&str] = &["connection", "date", "server-timing", "x-request-id"];

/// A whole response.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub fields: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

/// Sends bytes to any address of a server and reads one response.
pub fn send_to(address: SocketAddr, request: &str, has_body: bool) -> Response {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    // A server that refuses a long request may close the connection before it is sent.
    let _ = stream.read_to_end(&mut bytes);
    parse(&bytes, has_body)
}

/// Parses a response from all bytes of a closed connection; `has_body` is false for HEAD.
pub fn parse(bytes: &[u8], has_body: bool) -> Response {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no response: {:?}", String::from_utf8_lossy(bytes)));
    secrets::assert_none(&String::from_utf8_lossy(bytes));
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let fields: BTreeMap<String, String> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    for name in fields.keys() {
        assert!(EXPECTED_FIELDS.contains(&name.as_str()), "unexpected field {name}: {head}");
    }
    let body = bytes[end + 4..].to_vec();
    let length = fields.get("content-length").map(|length| length.parse::<usize>().unwrap());
    if has_body && status != 304 {
        assert_eq!(length.unwrap_or(0), body.len(), "{head}");
    } else {
        assert!(body.is_empty(), "{head}");
    }
    Response { status, fields, body }
}
