//! One line of the access log: its fields and formats.

use crate::{
    connection::{ConnectionInfo, Peer},
    http::date::{self, SecondTexts},
    output::format::LogFormat,
};
use hyper::{Method, StatusCode, Version};
use std::{
    io::Write,
    net::IpAddr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Bytes kept of a request target. The service refuses longer ones.
const TARGET_CAP: usize = 2 * 1024;
/// Bytes kept of any other field: enough to recognise a browser and a page, too little to fill a disk with.
const FIELD_CAP: usize = 512;

/// One request and its response.
#[derive(Debug)]
pub(crate) struct LogRecord {
    /// The time at which the request's head was complete.
    pub time: SystemTime,
    /// The client: the peer of the connection, or the address that a trusted proxy names.
    pub peer: Peer,
    /// None if it could not be read.
    pub request: Option<(Method, Version)>,
    pub texts: PeerTexts,
    pub status: StatusCode,
    /// Bytes of the body that were handed to the connection.
    pub bytes: u64,
    /// From the request's head to the last byte handed to the connection.
    pub duration: Duration,
    /// The TLS version; none without TLS.
    pub tls: Option<&'static str>,
    pub id: u64,
}

/// Texts that a peer sent, each cut to a cap, in one buffer. They are untrusted and may not even be text.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct PeerTexts {
    bytes: Box<[u8]>,
    /// The ends of all but the last.
    ends: [usize; 3],
}

impl PeerTexts {
    pub fn new(host: &[u8], target: &[u8], referer: &[u8], agent: &[u8]) -> Self {
        let cut = |text: &[u8], cap: usize| text.len().min(cap);
        let host = &host[..cut(host, FIELD_CAP)];
        let target = &target[..cut(target, TARGET_CAP)];
        let referer = &referer[..cut(referer, FIELD_CAP)];
        let agent = &agent[..cut(agent, FIELD_CAP)];
        let ends = [host.len(), host.len() + target.len(), host.len() + target.len() + referer.len()];
        PeerTexts { bytes: [host, target, referer, agent].concat().into(), ends }
    }

    /// Host, target, referer and agent.
    fn all(&self) -> [&[u8]; 4] {
        let [host, target, referer] = self.ends;
        [&self.bytes[..host], &self.bytes[host..target], &self.bytes[target..referer], &self.bytes[referer..]]
    }
}

impl LogRecord {
    /// The record of a request before any of it is read.
    pub fn unread(connection: &ConnectionInfo, client: Peer, id: u64) -> Self {
        LogRecord {
            time: SystemTime::now(),
            peer: client,
            request: None,
            texts: PeerTexts::default(),
            status: StatusCode::INTERNAL_SERVER_ERROR,
            bytes: 0,
            duration: Duration::ZERO,
            tls: connection.tls.as_ref().map(|tls| tls.version),
            id,
        }
    }

    /// Appends the line, with its end.
    pub fn write(&self, format: LogFormat, out: &mut Vec<u8>) {
        date::with(self.time, |second| match format {
            LogFormat::Combined => self.combined(second, Line { out, escape: b"\\x" }),
            LogFormat::Json => self.json(second, Line { out, escape: b"\\\\x" }),
        });
        out.push(b'\n');
    }

    /// The combined format, followed by host, microseconds, TLS version and request id.
    fn combined(&self, second: &SecondTexts, mut line: Line) {
        let [host, target, referer, agent] = self.texts.all();
        line.peer(self.peer);
        line.text(" - - [");
        line.text(&second.combined);
        line.text("] \"");
        if let Some((method, version)) = &self.request {
            line.escaped(method_text(method));
            line.text(" ");
            line.escaped(target);
            line.text(" ");
            line.text(protocol(*version));
        } else {
            line.text("-");
        }
        line.text("\" ");
        line.text(self.status.as_str());
        line.text(" ");
        line.number(self.bytes);
        for text in [referer, agent, host] {
            line.text(" \"");
            line.escaped(if text.is_empty() { b"-" } else { text });
            line.text("\"");
        }
        line.text(" ");
        line.number(self.microseconds());
        line.text(" ");
        line.text(self.tls.unwrap_or("-"));
        line.text(" ");
        line.out.extend_from_slice(&hex_id(self.id));
    }

    /// One object; the fields that are common to all JSON lines come first.
    fn json(&self, second: &SecondTexts, mut line: Line) {
        let [host, target, referer, agent] = self.texts.all();
        line.text("{\"timestamp\":\"");
        line.text(&second.rfc3339);
        line.text(".");
        let fraction = self.time.duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_micros());
        // Six digits, of a number with seven.
        line.text(&itoa::Buffer::new().format(1_000_000 + fraction)[1..]);
        line.text("Z\",\"level\":\"INFO\",\"message\":\"request\",\"peer\":\"");
        line.peer(self.peer);
        line.text("\"");
        let request = self.request.as_ref();
        line.member("host", Some(host));
        line.member("method", request.map(|(method, _)| method_text(method)));
        line.member("target", request.map(|_| target));
        line.member("protocol", request.map(|(_, version)| protocol(*version).as_bytes()));
        line.text(",\"status\":");
        line.text(self.status.as_str());
        line.text(",\"bytes\":");
        line.number(self.bytes);
        line.text(",\"duration_us\":");
        line.number(self.microseconds());
        line.member("referer", Some(referer));
        line.member("agent", Some(agent));
        line.member("tls", self.tls.map(str::as_bytes));
        line.member("request_id", Some(&hex_id(self.id)));
        line.text("}");
    }

    fn microseconds(&self) -> u64 {
        u64::try_from(self.duration.as_micros()).unwrap_or(u64::MAX)
    }
}

fn method_text(method: &Method) -> &[u8] {
    let name = method.as_str().as_bytes();
    &name[..name.len().min(FIELD_CAP)]
}

/// A line that is being written.
struct Line<'a> {
    out: &'a mut Vec<u8>,
    /// Comes before the two digits of an escaped byte; in JSON, its backslash is escaped too.
    escape: &'static [u8],
}

impl Line<'_> {
    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.text(itoa::Buffer::new().format(number));
    }

    /// A peer as nginx logs it.
    fn peer(&mut self, peer: Peer) {
        match peer {
            Peer::Address(IpAddr::V4(address)) => {
                for (index, octet) in address.octets().into_iter().enumerate() {
                    self.text(if index == 0 { "" } else { "." });
                    self.number(octet.into());
                }
            }
            // A vector takes all that is written.
            peer => drop(write!(self.out, "{peer}")),
        }
    }

    /// Keeps printable ASCII; every other byte, the quote and the backslash become `\xHH`, as in nginx. The result
    /// cannot end the field or the line, or control a terminal.
    fn escaped(&mut self, text: &[u8]) {
        let is_kept = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        // Without a branch for each byte, because nearly all texts are plain.
        if text.iter().fold(true, |all, byte| all & is_kept(*byte)) {
            self.out.extend_from_slice(text);
            return;
        }
        for &byte in text {
            if is_kept(byte) {
                self.out.push(byte);
            } else {
                self.out.extend_from_slice(self.escape);
                self.out.extend_from_slice(&[
                    digit(byte >> 4, b"0123456789ABCDEF"),
                    digit(byte, b"0123456789ABCDEF"),
                ]);
            }
        }
    }

    /// A member of an object after others.
    fn member(&mut self, name: &str, value: Option<&[u8]>) {
        self.text(",\"");
        self.text(name);
        let Some(value) = value else { return self.text("\":null") };
        self.text("\":\"");
        self.escaped(value);
        self.text("\"");
    }
}

/// The digit of the lowest four bits.
fn digit(bits: u8, digits: &[u8; 16]) -> u8 {
    digits[usize::from(bits & 15)]
}

/// A request's number as the log and the response show it.
pub(crate) fn hex_id(id: u64) -> [u8; 16] {
    std::array::from_fn(|index| digit((id >> (60 - 4 * index)) as u8, b"0123456789abcdef"))
}

/// The protocol's name as in RFC 9110 §2.5.
pub(crate) fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_3 => "HTTP/3.0",
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> LogRecord {
        LogRecord {
            time: SystemTime::UNIX_EPOCH + Duration::from_micros(1_700_000_000_000_250),
            peer: Peer::from("::ffff:192.0.2.7".parse::<IpAddr>().unwrap()),
            request: Some((Method::GET, Version::HTTP_2)),
            texts: PeerTexts::new(b"example.org", b"/?q=1", b"", b"curl/8.0"),
            status: StatusCode::OK,
            bytes: 1234,
            duration: Duration::from_micros(42),
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
        let (status, texts) = (StatusCode::BAD_REQUEST, PeerTexts::default());
        let unread = LogRecord { request: None, texts, status, bytes: 0, tls: None, ..record() };
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
        let hostile = LogRecord { texts: PeerTexts::new(hostile, hostile, hostile, hostile), ..record() };
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
        let long = &[b'a'; 10_000];
        let texts = PeerTexts::new(long, long, b"", long);
        assert_eq!(texts.all().map(<[u8]>::len), [FIELD_CAP, TARGET_CAP, 0, FIELD_CAP]);
        let long =
            LogRecord { request: Some((Method::from_bytes(long).unwrap(), Version::HTTP_11)), ..record() };
        assert!(line(&long, LogFormat::Combined).len() < FIELD_CAP + 200);
    }

    #[test]
    fn addresses_and_times_are_written_as_the_library_writes_them() {
        for address in ["0.0.0.0", "255.10.0.9", "2001:db8::1", "::1"] {
            let record = LogRecord { peer: Peer::from(address.parse::<IpAddr>().unwrap()), ..record() };
            assert!(line(&record, LogFormat::Combined).starts_with(&format!("{address} - - [")), "{address}");
        }
        for microseconds in [0, 999_999, 1_000_000, 86_399_000_001] {
            let time = UNIX_EPOCH + Duration::from_micros(1_700_000_000_000_000 + microseconds);
            let json = line(&LogRecord { time, ..record() }, LogFormat::Json);
            let expected = crate::output::format::timestamp(time.into());
            assert!(json.contains(&format!("{{\"timestamp\":\"{expected}\"")), "{expected}: {json}");
        }
    }
}
