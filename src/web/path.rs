//! The request target (RFC 9112 §3.2, RFC 3986 §6.2.2): the canonical form of a path, and references that are safe in
//! `Location`.

use percent_encoding::percent_decode_str;
use std::{fmt::Write, net::Ipv6Addr};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PathForm {
    /// The path is in its canonical form.
    Canonical,
    /// Its canonical form is this one: without dot segments, empty segments, a slash at the end, and escapes of
    /// characters that need none. Every other escape is kept, because `%2F` and `/` are not the same (RFC 3986 §2.2).
    Means(String),
    /// Invalid here: a broken escape, or one that hides a slash, a control character or bytes that are not UTF-8.
    Garbled,
}

/// Reads a path. It is decoded once, never twice.
pub(crate) fn read(path: &str) -> PathForm {
    if !path.starts_with('/') {
        return PathForm::Garbled;
    }
    let is_plain = path.bytes().all(|byte| is_unreserved(byte) || byte == b'/');
    // An empty segment, or one that begins with a dot.
    let is_odd = |pair: &[u8]| pair[0] == b'/' && matches!(pair[1], b'/' | b'.');
    if is_plain && !path.as_bytes().windows(2).any(is_odd) && !path[1..].ends_with('/') {
        return PathForm::Canonical;
    }
    let mut segments: Vec<String> = Vec::new();
    for segment in path.split('/') {
        let Some(segment) = normalized(segment) else { return PathForm::Garbled };
        match segment.as_str() {
            "" | "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    match format!("/{}", segments.join("/")) {
        same if same == path => PathForm::Canonical,
        other => PathForm::Means(other),
    }
}

/// A segment with escapes in upper case and only where they are needed; none if it is invalid.
fn normalized(segment: &str) -> Option<String> {
    let mut text = String::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [first, more @ ..] = rest {
        rest = more;
        let mut byte = *first;
        let is_escaped = byte == b'%';
        if is_escaped {
            let [high, low, more @ ..] = rest else { return None };
            byte = (hex(*high)? << 4) | hex(*low)?;
            rest = more;
        } else if !byte.is_ascii_graphic() {
            // A character that is not ASCII has to be escaped (RFC 3986 §2).
            return None;
        }
        // An escaped slash is not a separator. Decoding it to one would let paths be smuggled.
        if matches!(byte, b'/' | b'\\') {
            return None;
        }
        if is_unreserved(byte) || (!is_escaped && is_in_segment(byte)) {
            text.push(byte.into());
        } else {
            push_escape(&mut text, byte);
        }
    }
    let is_text =
        percent_decode_str(&text).decode_utf8().is_ok_and(|decoded| !decoded.contains(char::is_control));
    is_text.then_some(text)
}

/// The target of a redirect: this path and query, with an escape for each byte that a URI must not have there (RFC 3986
/// §3.3, §3.4), so that the value of `Location` is always valid.
pub(crate) fn reference(path: &str, query: Option<&str>) -> String {
    let mut reference = String::with_capacity(path.len());
    push_valid(&mut reference, path, |byte| is_in_segment(byte) || byte == b'/');
    if let Some(query) = query {
        reference.push('?');
        push_valid(&mut reference, query, |byte| is_in_segment(byte) || matches!(byte, b'/' | b'?'));
    }
    reference
}

/// Appends a text and escapes each byte, also a percent sign, that is neither valid nor part of an escape.
fn push_valid(to: &mut String, text: &str, is_valid: impl Fn(u8) -> bool) {
    let bytes = text.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        let is_escape = byte == b'%'
            && matches!(bytes.get(at + 1..at + 3), Some([high, low]) if hex(*high).and(hex(*low)).is_some());
        if is_escape || is_valid(byte) {
            to.push(byte.into());
        } else {
            push_escape(to, byte);
        }
    }
}

fn push_escape(to: &mut String, byte: u8) {
    // Writing into a string cannot fail.
    let _ = write!(to, "%{byte:02X}");
}

/// `unreserved` of RFC 3986 §2.3: an escape of one means the same as the byte.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// `pchar` of RFC 3986 §3.3, without escapes.
fn is_in_segment(byte: u8) -> bool {
    is_unreserved(byte) || b"!$&'()*+,;=:@".contains(&byte)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Whether a Host or authority is valid (RFC 9110 §7.2): a name or address, and perhaps a port.
pub(crate) fn is_authority(text: &str) -> bool {
    let (host, port) = host_and_port(text);
    let is_in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte);
    let is_host = match host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(is_in_name),
    };
    is_host && (port.is_empty() || port.parse::<u16>().is_ok() && !port.starts_with('+'))
}

/// Splits an authority into host and port; the port is empty if there is none.
pub(crate) fn host_and_port(authority: &str) -> (&str, &str) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_way_to_write_it() {
        for path in [
            "/",
            "/healthz",
            "/static/e6.0123456789.css",
            "/api/v1/answer",
            "/a~b-c_d",
            "/a%20b",
            "/caf%C3%A9",
            "/%252f",
            "/@:!",
        ] {
            assert_eq!(read(path), PathForm::Canonical, "{path}");
        }
        for (path, meaning) in [
            ("/healthz/", "/healthz"),
            ("//healthz", "/healthz"),
            ("/%68ealthz", "/healthz"),
            ("/a/./b", "/a/b"),
            ("/a/../b", "/b"),
            ("/a/%2e%2E/b", "/b"),
            ("/../../etc/passwd", "/etc/passwd"),
            ("/.", "/"),
            ("//", "/"),
            ("//evil.example/", "/evil.example"),
            ("/a%20b/", "/a%20b"),
            ("/caf%c3%a9/", "/caf%C3%A9"),
            ("/%252f/", "/%252f"),
            ("/%252e%252e//b", "/%252e%252e/b"),
            ("/a%3fb%23c/", "/a%3Fb%23c"),
            ("/x.css%20/.", "/x.css%20"),
            ("/a=b%3d:%3a/", "/a=b%3D:%3A"),
            ("/\"|^[]`{}/", "/%22%7C%5E%5B%5D%60%7B%7D"),
        ] {
            assert_eq!(read(path), PathForm::Means(meaning.into()), "{path}");
        }
    }

    #[test]
    fn what_hides_something_is_no_path() {
        for path in [
            "/a%2fb",
            "/a%2Fb",
            "/%00",
            "/a%0d%0ab",
            "/%5c..%5c",
            "/%",
            "/%4",
            "/%zz",
            "/%c0%ae%c0%ae/",
            "/%ff",
            "/%7f",
            "/a\\b",
            "/caf\u{e9}",
            "",
            "*",
            "healthz",
        ] {
            assert_eq!(read(path), PathForm::Garbled, "{path}");
        }
    }

    /// The meaning of a path to a client: segments, decoded once, with dot segments applied.
    fn meaning(path: &str) -> Vec<Vec<u8>> {
        let mut segments = Vec::new();
        for segment in path.split('/') {
            let decoded: Vec<u8> = percent_decode_str(segment).collect();
            match decoded.as_slice() {
                b"" | b"." => {}
                b".." => drop(segments.pop()),
                _ => segments.push(decoded),
            }
        }
        segments
    }

    #[test]
    fn a_canonical_path_means_the_same_is_a_valid_reference_and_is_final() {
        let mut random = fastrand::Rng::with_seed(3986);
        let parts = [
            "/", "/", ".", "..", "a", "b.css", "%", "%2", "%2e", "%2E", "%2f", "%5c", "%20", "%25", "%252f",
            "%zz", "%C3%A9", "%c3", "%ff", "%00", "%0d%0a", "%3f", "%23", "?", "\"", "|", "[", "^", "`", "{",
            "\\", "=", "&", ":", "@", "~", "%41", "\u{e9}", "<", "+", "%2b",
        ];
        let (mut means, mut canonical) = (0, 0);
        for _ in 0..50_000 {
            let mut path = String::from("/");
            for _ in 0..random.usize(..8) {
                path += random.choice(parts).unwrap();
            }
            match read(&path) {
                PathForm::Means(other) => {
                    assert_eq!(meaning(&path), meaning(&other), "{path}");
                    assert_eq!(read(&other), PathForm::Canonical, "{path}");
                    assert_eq!(reference(&other, None), other, "{path}");
                    assert!(!other.starts_with("//"), "{path} would name a host");
                    means += 1;
                }
                PathForm::Canonical => {
                    assert_eq!(reference(&path, None), path);
                    canonical += 1;
                }
                PathForm::Garbled => {}
            }
        }
        assert!(means > 1000 && canonical > 1000, "{means} {canonical}");
    }

    #[test]
    fn a_reference_escapes_what_a_uri_must_not_have() {
        for (path, query, expected) in [
            ("/a", Some("b=c&d=/?e"), "/a?b=c&d=/?e"),
            ("/a%20b//c/", None, "/a%20b//c/"),
            ("/a", Some(""), "/a?"),
            (
                "/\"x|",
                Some("\"<>|^`{}[] \u{e9}%zz%4%"),
                "/%22x%7C?%22%3C%3E%7C%5E%60%7B%7D%5B%5D%20%C3%A9%25zz%254%25",
            ),
            ("/", Some("%c3%A9"), "/?%c3%A9"),
        ] {
            assert_eq!(reference(path, query), expected);
        }
    }

    #[test]
    fn an_authority_is_a_host_and_perhaps_a_port() {
        for valid in
            ["localhost", "example.org:443", "127.0.0.1:8080", "[::1]", "[::1]:8080", "a_b.example", "x:"]
        {
            assert!(is_authority(valid), "{valid}");
        }
        for garbled in [
            "",
            ":80",
            "a b",
            "a/b",
            "user@host",
            "host:port",
            "host:99999",
            "[::1",
            "::1",
            "[x]",
            "a:b:c",
            "h\u{e9}",
            "x:+1",
            "a\"b",
            "a<b",
        ] {
            assert!(!is_authority(garbled), "{garbled}");
        }
    }
}
