//! The request target (RFC 9112 §3.2, RFC 3986 §6.2.2): what a path means, or that it means nothing.

/// A path as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// It is the one way to write it.
    Canonical,
    /// It means the same as this one: escapes that need none, dot segments, empty segments, a slash at the end.
    Means(String),
    /// No path of ours is written so: a broken escape, or one that hides a slash, a control character or bytes that are
    /// not UTF-8.
    Garbled,
}

/// Reads a path. It is decoded once, never twice.
pub(super) fn read(path: &str) -> Target {
    if !path.starts_with('/') {
        return Target::Garbled;
    }
    if path.bytes().all(is_plain) && !path.contains("//") && !path.contains("/.") && !path[1..].ends_with('/')
    {
        return Target::Canonical;
    }
    let Some(decoded) = decoded(path) else { return Target::Garbled };
    let mut segments: Vec<&str> = Vec::new();
    for segment in decoded.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    match format!("/{}", segments.join("/")) {
        same if same == path => Target::Canonical,
        other => Target::Means(other),
    }
}

/// Bytes that stand for themselves in every path of this site.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte)
}

fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, more @ ..] = rest {
        rest = more;
        if *first != b'%' {
            // What is not ASCII has to be escaped (RFC 3986 §2).
            bytes.push(first.is_ascii_graphic().then_some(*first)?);
            continue;
        }
        let [high, low, more @ ..] = rest else { return None };
        let byte = (hex(*high)? << 4) | hex(*low)?;
        // An escaped slash is not a separator: taking it for one is how paths are smuggled.
        if byte == b'/' {
            return None;
        }
        bytes.push(byte);
        rest = more;
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains(|char: char| char.is_control() || char == '\\'))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Whether a Host or authority is one (RFC 9110 §7.2): a name or address and perhaps a port, nothing else.
pub(super) fn is_authority(text: &str) -> bool {
    let (host, port) = host_and_port(text);
    let address = |inner: &str| inner.parse::<std::net::Ipv6Addr>().is_ok();
    let name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte);
    let valid_host = match host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        Some(inner) => address(inner),
        None => !host.is_empty() && host.bytes().all(name),
    };
    valid_host && (port.is_empty() || port.parse::<u16>().is_ok() && !port.starts_with('+'))
}

/// Parts an authority at its port; what has none gets an empty one.
pub(super) fn host_and_port(authority: &str) -> (&str, &str) {
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
        for path in ["/", "/healthz", "/static/e6.0123456789.css", "/api/v1/answer", "/a~b-c_d"] {
            assert_eq!(read(path), Target::Canonical, "{path}");
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
            ("/%252e%252e/b", "/%2e%2e/b"),
            ("/caf%C3%A9", "/café"),
        ] {
            assert_eq!(read(path), Target::Means(meaning.into()), "{path}");
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
            assert_eq!(read(path), Target::Garbled, "{path}");
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
