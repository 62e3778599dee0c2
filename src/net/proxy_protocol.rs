//! The PROXY protocol, versions 1 and 2 (HAProxy's `proxy-protocol.txt`): a header before the connection's own bytes in
//! which a proxy names the client.

use crate::{
    connection::ProxiedConnection,
    net::socket::{SocketStream, canonical},
};
use bytes::{Buf, BytesMut};
use proxy_header::{ParseConfig, ProxyHeader};
use std::io;
use tokio::io::AsyncReadExt;

/// The longest header of version 1, in bytes with its line end (§2.1).
const LINE_CAP: usize = 107;
/// The first bytes of a version 2 header.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// Bytes of version 2 before the addresses: signature, version and command, family, length (§2.2). The length has 16
/// bits, so a header is at most about 64 KiB.
const FIXED: usize = 16;
/// The byte for version 2 and the command LOCAL: a connection of the proxy itself, not for a client.
const LOCAL: u8 = 0x20;
/// The initial buffer in bytes: room for all but the longest headers.
const USUAL: usize = 256;

/// Reads the header from the stream and returns the client's connection; none if the proxy connects for itself or does
/// not know the client.
///
/// # Errors
/// When the bytes are not a valid header, or the stream ends before the header does.
pub(crate) async fn read_header(stream: &mut SocketStream) -> io::Result<Option<ProxiedConnection>> {
    let mut read = BytesMut::with_capacity(USUAL);
    loop {
        if stream.read_buf(&mut read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some((length, proxied)) = parse(&read)? {
            read.advance(length);
            stream.unread(read.freeze());
            return Ok(proxied);
        }
    }
}

/// The length of the header at the beginning of these bytes, and the client's connection in it; none if the header goes
/// on after them.
pub(crate) fn parse(begun: &[u8]) -> io::Result<Option<(usize, Option<ProxiedConnection>)>> {
    let length = length(begun)?;
    let header = length.and_then(|length| begun.get(..length));
    header.map(|header| Ok((header.len(), proxied(header)?))).transpose()
}

/// The length of the header that begins with these bytes; none until it is known.
fn length(begun: &[u8]) -> io::Result<Option<usize>> {
    let may_be = |prefix: &[u8]| begun.iter().zip(prefix).all(|(byte, expected)| byte == expected);
    if may_be(SIGNATURE) {
        let more = begun.get(FIXED - 2..FIXED).map(|length| [length[0], length[1]]);
        return Ok(more.map(|length| FIXED + usize::from(u16::from_be_bytes(length))));
    }
    let line = &begun[..begun.len().min(LINE_CAP)];
    match line.windows(2).position(|end| end == b"\r\n") {
        _ if !may_be(b"PROXY ") => Err(garbled("no PROXY protocol header")),
        Some(end) => Ok(Some(end + 2)),
        None if line.len() == LINE_CAP => Err(garbled("a PROXY protocol header without end")),
        None => Ok(None),
    }
}

/// The connection that a complete header names.
fn proxied(header: &[u8]) -> io::Result<Option<ProxiedConnection>> {
    // The rest of these headers must be ignored.
    let has_no_client = header == b"PROXY UNKNOWN\r\n"
        || header.starts_with(b"PROXY UNKNOWN ")
        || header.strip_prefix(SIGNATURE).is_some_and(|rest| rest.first() == Some(&LOCAL));
    if has_no_client {
        return Ok(None);
    }
    let (header, _) = ProxyHeader::parse(header, ParseConfig::default()).map_err(garbled)?;
    let pair = header.proxied_address();
    Ok(pair
        .map(|pair| ProxiedConnection { client: canonical(pair.source), proxy: canonical(pair.destination) }))
}

fn garbled(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binary(command: u8, family: u8, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
        [SIGNATURE, &[command, family], &length, payload].concat()
    }

    fn read(bytes: &[u8]) -> Result<Option<String>, String> {
        let ends = |proxied: ProxiedConnection| format!("{} {}", proxied.client, proxied.proxy);
        let (_, proxied) = parse(bytes).map_err(|error| error.to_string())?.ok_or("it goes on")?;
        Ok(proxied.map(ends))
    }

    const PAIR_4: [u8; 12] = [192, 0, 2, 7, 10, 0, 0, 1, 0xd4, 0x31, 1, 0xbb];
    const PAIR_6: [u8; 36] = {
        let mut pair = [0; 36];
        (pair[0], pair[1], pair[2], pair[3], pair[15]) = (0x20, 1, 0xd, 0xb8, 7);
        pair
    };

    #[test]
    fn a_header_names_the_client_or_nobody() {
        let long = [&PAIR_4[..], &[0xee; 60_000]].concat();
        for (header, client) in [
            (
                b"PROXY TCP4 192.0.2.7 10.0.0.1 54321 443\r\nGET /".to_vec(),
                Some("192.0.2.7:54321 10.0.0.1:443"),
            ),
            (b"PROXY TCP6 2001:db8::7 ::1 54321 443\r\n".to_vec(), Some("[2001:db8::7]:54321 [::1]:443")),
            (b"PROXY TCP6 ::ffff:192.0.2.7 ::1 54321 443\r\n".to_vec(), Some("192.0.2.7:54321 [::1]:443")),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (b"PROXY UNKNOWN ffff::1 a b c d e f g h\r\n".to_vec(), None),
            (binary(0x21, 0x11, &PAIR_4), Some("192.0.2.7:54321 10.0.0.1:443")),
            (binary(0x21, 0x12, &PAIR_4), Some("192.0.2.7:54321 10.0.0.1:443")),
            (binary(0x21, 0x21, &PAIR_6), Some("[2001:db8::7]:0 [::]:0")),
            (binary(0x21, 0x31, &[b'/'; 216]), None),
            (binary(0x21, 0x11, &long), Some("192.0.2.7:54321 10.0.0.1:443")),
            (binary(0x21, 0x00, b""), None),
            (binary(0x21, 0x00, b"anything"), None),
            (binary(0x20, 0x00, b""), None),
            (binary(0x20, 0x11, &PAIR_4), None),
            (binary(0x20, 0xff, b"anything"), None),
        ] {
            assert_eq!(read(&header), Ok(client.map(str::to_owned)), "{}", header.escape_ascii());
        }
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for bytes in [
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
            b"\x16\x03\x01".to_vec(),
            b"PROXYTCP4 192.0.2.7 10.0.0.1 54321 443\r\n".to_vec(),
            b"PROXY TCP4 1 2 3 4\r\n".to_vec(),
            b"PROXY TCP4 2001:db8::7 ::1 54321 443\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7 10.0.0.1 54321 65536\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7  10.0.0.1 54321 443\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7 10.0.0.1 54321 443\r\r\n".to_vec(),
            b"PROXY TCP4\r\n".to_vec(),
            b"PROXY UNKNOW\r\n".to_vec(),
            b"PROXY UDP4 192.0.2.7 10.0.0.1 54321 443\r\n".to_vec(),
            b"PROXY TCP4 \xff 10.0.0.1 54321 443\r\n".to_vec(),
            format!("PROXY UNKNOWN {}", "x".repeat(LINE_CAP)).into_bytes(),
            binary(0x11, 0x11, &PAIR_4),
            binary(0x22, 0x11, &PAIR_4),
            binary(0x21, 0x41, &PAIR_4),
            binary(0x21, 0x11, &PAIR_4[..11]),
            binary(0x21, 0x21, &PAIR_4),
            binary(0x21, 0x31, &PAIR_6),
        ] {
            let refused = read(&bytes).unwrap_err();
            assert_ne!(refused, "it goes on", "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn nothing_that_comes_is_more_than_refused_however_it_is_cut() {
        let mut random = fastrand::Rng::with_seed(6);
        let seeds = [
            b"PROXY TCP4 192.0.2.7 10.0.0.1 54321 443\r\n".to_vec(),
            b"PROXY UNKNOWN whatever\r\n".to_vec(),
            binary(0x21, 0x11, &PAIR_4),
            binary(0x21, 0x21, &PAIR_6),
            binary(0x20, 0x31, &[0; 216]),
        ];
        for seed in &seeds {
            for end in 0..seed.len() {
                assert_eq!(read(&seed[..end]), Err("it goes on".into()), "{}", seed[..end].escape_ascii());
            }
        }
        for _ in 0..20_000 {
            let mut bytes = random.choice(&seeds).unwrap().clone();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..bytes.len());
                bytes[at] = random.u8(..);
            }
            bytes.truncate(random.usize(..=bytes.len()));
            let _ = read(&bytes);
        }
    }
}
