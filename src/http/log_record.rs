//! One line of the access log: its fields and formats.

use crate::{
    connection::{ConnectionInfo, Peer},
    output::format::{self, LogFormat},
};
use hyper::{Method, StatusCode, Version};
use serde::Serialize;
use std::{
    fmt::Write,
    time::{Duration, SystemTime},
};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

/// Bytes kept of a request target. The service refuses longer ones.
pub(crate) const TARGET_CAP: usize = 2 * 1024;
/// Bytes kept of any other field: enough to recognise a browser and a page, too little to fill a disk with.
pub(crate) const FIELD_CAP: usize = 512;

/// One request and its response.
#[derive(Debug)]
pub(crate) struct LogRecord {
    /// The time at which the request's head was complete.
    pub time: SystemTime,
    /// The client: the peer of the connection, or the address that a trusted proxy names.
    pub peer: Peer,
    pub host: PeerText,
    /// None if it could not be read.
    pub request: Option<(Method, PeerText, Version)>,
    pub status: StatusCode,
    /// Bytes of the body that were handed to the connection.
    pub bytes: u64,
    /// From the request's head to the last byte handed to the connection.
    pub duration: Duration,
    pub referer: PeerText,
    pub agent: PeerText,
    /// The TLS version; none without TLS.
    pub tls: Option<&'static str>,
    pub id: u64,
}

/// Bytes that a peer sent, cut to a cap. They are untrusted and may not even be text.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct PeerText(Box<[u8]>);

impl PeerText {
    pub fn cut(bytes: &[u8], cap: usize) -> Self {
        PeerText(bytes[..bytes.len().min(cap)].into())
    }

    /// Keeps printable ASCII; every other byte, the quote and the backslash become `\xHH`, as in nginx. The result
    /// cannot end the field or the line, or control a terminal.
    fn escaped(&self) -> String {
        let mut text = String::with_capacity(self.0.len());
        for &byte in &self.0 {
            match byte {
                b'"' | b'\\' => drop(write!(text, "\\x{byte:02X}")),
                b' '..=b'~' => text.push(byte.into()),
                _ => drop(write!(text, "\\x{byte:02X}")),
            }
        }
        text
    }
}

const COMBINED_TIME: &[BorrowedFormatItem] =
    format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");

impl LogRecord {
    /// The record of a request before any of it is read.
    pub fn unread(connection: &ConnectionInfo, client: Peer, id: u64) -> Self {
        LogRecord {
            time: SystemTime::now(),
            peer: client,
            host: PeerText::default(),
            request: None,
            status: StatusCode::INTERNAL_SERVER_ERROR,
            bytes: 0,
            duration: Duration::ZERO,
            referer: PeerText::default(),
            agent: PeerText::default(),
            tls: connection.tls.as_ref().map(|tls| tls.version),
            id,
        }
    }

    /// Appends the line, with its end.
    pub fn write(&self, format: LogFormat, out: &mut Vec<u8>) {
        match format {
            LogFormat::Combined => out.extend_from_slice(self.combined().as_bytes()),
            // A struct of text and numbers cannot fail to become JSON, and a vector takes all that is written.
            LogFormat::Json => drop(serde_json::to_writer(&mut *out, &self.line())),
        }
        out.push(b'\n');
    }

    /// The combined format, followed by host, microseconds, TLS version and request id.
    fn combined(&self) -> String {
        let line = self.line();
        let request = match (&line.method, &line.target, line.protocol) {
            (Some(method), Some(target), Some(protocol)) => format!("{method} {target} {protocol}"),
            _ => "-".to_owned(),
        };
        let or_dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
        format!(
            "{} - - [{}] \"{request}\" {} {} \"{}\" \"{}\" \"{}\" {} {} {}",
            line.peer,
            OffsetDateTime::from(self.time).format(&COMBINED_TIME).unwrap_or_default(),
            line.status,
            line.bytes,
            or_dash(line.referer),
            or_dash(line.agent),
            or_dash(line.host),
            line.duration_us,
            line.tls.unwrap_or("-"),
            line.request_id,
        )
    }

    fn line(&self) -> FieldWriter {
        let request = self.request.as_ref();
        FieldWriter {
            timestamp: format::timestamp(self.time.into()),
            level: "INFO",
            message: "request",
            peer: self.peer.to_string(),
            host: self.host.escaped(),
            method: request
                .map(|(method, _, _)| PeerText::cut(method.as_str().as_bytes(), FIELD_CAP).escaped()),
            target: request.map(|(_, target, _)| target.escaped()),
            protocol: request.map(|(_, _, version)| protocol(*version)),
            status: self.status.as_u16(),
            bytes: self.bytes,
            duration_us: self.duration.as_micros(),
            referer: self.referer.escaped(),
            agent: self.agent.escaped(),
            tls: self.tls,
            request_id: hex_id(self.id),
        }
    }
}

/// The fields in their order, those common to all JSON lines first.
#[derive(Serialize)]
struct FieldWriter {
    timestamp: String,
    level: &'static str,
    message: &'static str,
    peer: String,
    host: String,
    method: Option<String>,
    target: Option<String>,
    protocol: Option<&'static str>,
    status: u16,
    bytes: u64,
    duration_us: u128,
    referer: String,
    agent: String,
    tls: Option<&'static str>,
    request_id: String,
}

/// A request's number as the log and the response show it.
pub(crate) fn hex_id(id: u64) -> String {
    format!("{id:016x}")
}

/// The protocol's name as in RFC 9110 §2.5.
pub(crate) fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    fn record() -> LogRecord {
        let text = |text: &str| PeerText::cut(text.as_bytes(), FIELD_CAP);
        LogRecord {
            time: SystemTime::UNIX_EPOCH + Duration::from_micros(1_700_000_000_000_250),
            peer: Peer::from("::ffff:192.0.2.7".parse::<IpAddr>().unwrap()),
            host: text("example.org"),
            request: Some((Method::GET, text("/?q=1"), Version::HTTP_2)),
            status: StatusCode::OK,
            bytes: 1234,
            duration: Duration::from_micros(42),
            referer: PeerText::default(),
            agent: text("curl/8.0"),
            tls: Some("TLSv1.3"),
            id: 0xe6,
        }
    }

    fn line(record: &LogRecord, format: LogFormat) -> String {
        let mut out = Vec::new();
        record.write(format, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_combined_line_begins_as_apache_and_nginx_write_it() {
        assert_eq!(
            line(&record(), LogFormat::Combined),
            "192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] \"GET /?q=1 HTTP/2.0\" 200 1234 \"-\" \"curl/8.0\" \
             \"example.org\" 42 TLSv1.3 00000000000000e6\n"
        );
    }

    #[test]
    fn what_could_not_be_read_is_a_dash() {
        let unread =
            LogRecord { request: None, host: PeerText::default(), agent: PeerText::default(), ..record() };
        let unread = LogRecord { status: StatusCode::BAD_REQUEST, bytes: 0, tls: None, ..unread };
        assert_eq!(
            line(&unread, LogFormat::Combined),
            "192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] \"-\" 400 0 \"-\" \"-\" \"-\" 42 - 00000000000000e6\n"
        );
        assert!(line(&unread, LogFormat::Json).contains("\"method\":null,\"target\":null,\"protocol\":null"));
    }

    #[test]
    fn a_json_line_has_every_field() {
        assert_eq!(
            line(&record(), LogFormat::Json),
            "{\"timestamp\":\"2023-11-14T22:13:20.000250Z\",\"level\":\"INFO\",\"message\":\"request\",\"peer\":\"192.0.2.7\",\"host\":\"example.org\",\
             \"method\":\"GET\",\"target\":\"/?q=1\",\"protocol\":\"HTTP/2.0\",\"status\":200,\"bytes\":1234,\
             \"duration_us\":42,\"referer\":\"\",\"agent\":\"curl/8.0\",\"tls\":\"TLSv1.3\",\
             \"request_id\":\"00000000000000e6\"}\n"
        );
    }

    #[test]
    fn nothing_a_peer_sends_ends_a_field_or_a_line_or_moves_a_terminal() {
        let hostile = b"\" 200 \n\r\0\x1b[2J\x9b\x7f\\ \xff\xc3\xa9";
        let hostile = LogRecord {
            host: PeerText::cut(hostile, FIELD_CAP),
            request: Some((Method::GET, PeerText::cut(hostile, FIELD_CAP), Version::HTTP_11)),
            referer: PeerText::cut(hostile, FIELD_CAP),
            agent: PeerText::cut(hostile, FIELD_CAP),
            ..record()
        };
        let escaped = r"\x22 200 \x0A\x0D\x00\x1B[2J\x9B\x7F\x5C \xFF\xC3\xA9";
        for format in [LogFormat::Combined, LogFormat::Json] {
            let line = line(&hostile, format);
            let text = line.strip_suffix('\n').unwrap();
            assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{text}");
        }
        let combined = line(&hostile, LogFormat::Combined);
        assert_eq!(combined.matches(escaped).count(), 4, "{combined}");
        let json: serde_json::Value = serde_json::from_str(&line(&hostile, LogFormat::Json)).unwrap();
        assert_eq!(json["agent"], escaped);
    }

    #[test]
    fn a_long_field_is_cut() {
        let long = PeerText::cut(&[b'a'; 10_000], FIELD_CAP);
        assert_eq!(long.escaped().len(), FIELD_CAP);
    }
}
