//! Commands that show a step on the reader's own machine, filled with the request's values.

use crate::{
    site::trace::{Trace, WhatIf},
    web::{
        host,
        path::{host_and_port, reference},
    },
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::{fmt, net::SocketAddr};

/// A command line for a POSIX shell. Its words are quoted where the shell would read more than text in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShellCommand {
    words: Vec<String>,
    /// Redirection at the end, which is not quoted.
    end: &'static str,
}

impl ShellCommand {
    fn new(words: &[&str]) -> Self {
        ShellCommand { words: words.iter().map(|word| quoted(word)).collect(), end: "" }
    }

    /// The command on lines of at most `width` characters, each but the last with a backslash at the end; none if a
    /// word is longer.
    pub fn lines(&self, width: usize) -> Option<Vec<String>> {
        let mut lines = vec![String::new()];
        for word in self.words.iter().map(String::as_str).chain([self.end]).filter(|word| !word.is_empty()) {
            if word.chars().count() + 4 > width {
                return None;
            }
            match lines.last_mut() {
                Some(last) if last.is_empty() => last.push_str(word),
                Some(last) if last.chars().count() + word.chars().count() + 3 <= width => {
                    *last += &format!(" {word}");
                }
                last => {
                    last.into_iter().for_each(|last| last.push_str(" \\"));
                    lines.push(format!("  {word}"));
                }
            }
        }
        Some(lines)
    }
}

impl fmt::Display for ShellCommand {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let end = if self.end.is_empty() { String::new() } else { format!(" {}", self.end) };
        write!(f, "{}{end}", self.words.join(" "))
    }
}

/// A word that the shell takes as it is. In single quotes, only a single quote itself has a meaning (POSIX 2.2.2).
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:,=@%+".contains(&byte);
    match !word.is_empty() && word.bytes().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// Looks the name up; none if the client asked for an address.
pub(crate) fn dns(trace: &Trace) -> Option<ShellCommand> {
    let (host, _) = site(trace)?;
    (!host::is_address(host))
        .then(|| ShellCommand::new(&["dig", "+noall", "+answer", host, "A", host, "AAAA"]))
}

/// Shows the packets of the client's connections to this server.
pub(crate) fn tcp(trace: &Trace) -> Option<ShellCommand> {
    let server: SocketAddr = trace.connection.server.as_ref()?.parse().ok()?;
    let protocol = if trace.connection.quic.is_some() { "udp" } else { "tcp" };
    let filter = format!("{protocol} and host {} and port {}", server.ip(), server.port());
    Some(ShellCommand::new(&["sudo", "tcpdump", "-n", "-i", "any", &filter]))
}

/// Makes the same handshake and shows the certificate.
pub(crate) fn tls(trace: &Trace) -> Option<ShellCommand> {
    let (host, port) = site(trace)?;
    if trace.connection.scheme != "https" {
        return None;
    }
    let place = format!("{host}:{port}");
    let mut words = vec!["openssl", "s_client", "-connect", &place, "-alpn", "h2,http/1.1", "-brief"];
    match host::is_address(host) {
        true => words.push("-noservername"),
        false => words.extend(["-servername", host]),
    }
    Some(ShellCommand { end: "</dev/null", ..ShellCommand::new(&words) })
}

/// Sends the request and shows its head and the response's.
pub(crate) fn http(trace: &Trace) -> Vec<ShellCommand> {
    let Some(url) = url(trace) else { return Vec::new() };
    let pinned = pinned(trace);
    let mut words = vec!["curl", "-v", "--globoff", "-o", "/dev/null"];
    words.extend(match trace.connection.protocol {
        // The client may speak another protocol with the proxy.
        _ if trace.connection.proxied => None,
        "HTTP/3.0" => Some("--http3-only"),
        "HTTP/2.0" => Some("--http2"),
        _ => Some("--http1.1"),
    });
    words.extend(insecure(trace, &url));
    words.extend(pinned.iter().flat_map(|pinned| ["--resolve", pinned]));
    words.push(&url);
    let mut commands = vec![ShellCommand::new(&words)];
    if trace.connection.protocol == "HTTP/2.0" {
        let verify =
            insecure(trace, &url).map_or(&["nghttp", "-nv"][..], |_| &["nghttp", "-nv", "--no-verify-peer"]);
        commands.push(ShellCommand::new(&[verify, &[&url]].concat()));
    }
    commands
}

/// Gets the page about a path as data.
pub(crate) fn router(trace: &Trace) -> Option<ShellCommand> {
    let (origin, path) = (trace.connection.origin.as_ref()?, trace.path.as_ref()?);
    let url = match trace.own {
        true => format!("{origin}{}", reference(path, None)),
        false => format!("{origin}/how?path={}", escaped(path)),
    };
    let mut words = vec!["curl", "-s", "--globoff", "-H", "Accept: application/json"];
    words.extend(insecure(trace, &url));
    words.push(&url);
    Some(ShellCommand::new(&words))
}

/// Sends the request with the fields that decide about the response, and shows the response's head.
pub(crate) fn answer(trace: &Trace) -> Option<ShellCommand> {
    let (url, answer) = (url(trace)?, &trace.answer);
    let media_type = answer.media_type.as_deref().and_then(|media_type| media_type.split(';').next());
    let mut fields = vec![format!("Accept-Encoding: {}", answer.acceptable.join(", "))];
    fields.extend(media_type.map(|media_type| format!("Accept: {media_type}")));
    fields.extend(answer.language.as_ref().map(|language| format!("Accept-Language: {language}")));
    match (trace.what_if, &answer.etag) {
        (Some(WhatIf::Unchanged), Some(etag)) => fields.push(format!("If-None-Match: {etag}")),
        (Some(WhatIf::Range), _) => fields.push("Range: bytes=0-99".into()),
        _ => {}
    }
    let mut words = vec!["curl", "-s", "--globoff", "-D", "-", "-o", "/dev/null"];
    words.extend(fields.iter().flat_map(|field| ["-H", field]));
    words.extend(insecure(trace, &url));
    words.push(&url);
    Some(ShellCommand::new(&words))
}

/// Gets the answer as data.
pub(crate) fn mlb(trace: &Trace) -> Option<ShellCommand> {
    let url = format!("{}/api/v1/answer", trace.connection.origin.as_ref()?);
    let mut words = vec!["curl", "-s"];
    words.extend(insecure(trace, &url));
    words.push(&url);
    Some(ShellCommand::new(&words))
}

/// The URL of the request that is explained.
fn url(trace: &Trace) -> Option<String> {
    let origin = match trace.what_if {
        Some(WhatIf::NoTls) => trace.connection.clear_origin.as_ref()?,
        _ => trace.connection.origin.as_ref()?,
    };
    Some(format!("{origin}{}", reference(trace.path.as_ref()?, None)))
}

/// Host and port of the client's URL.
fn site(trace: &Trace) -> Option<(&str, &str)> {
    let (scheme, authority) = trace.connection.origin.as_deref()?.split_once("://")?;
    let (host, port) = host_and_port(authority);
    let default = if scheme == "https" { "443" } else { "80" };
    Some((host, if port.is_empty() { default } else { port }))
}

/// The value of curl's `--resolve`: the server that answered this request; none if its address is not known, or is the
/// host already.
fn pinned(trace: &Trace) -> Option<String> {
    let ((host, port), server) = (site(trace)?, trace.connection.server.as_ref()?);
    let server: SocketAddr = server.parse().ok()?;
    let address = match server {
        SocketAddr::V4(server) => server.ip().to_string(),
        SocketAddr::V6(server) => format!("[{}]", server.ip()),
    };
    (!host::is_address(host) && port == server.port().to_string()).then(|| format!("{host}:{port}:{address}"))
}

/// curl's flag for a certificate that clients do not trust.
fn insecure(trace: &Trace, url: &str) -> Option<&'static str> {
    (trace.connection.self_signed && url.starts_with("https:")).then_some("--insecure")
}

/// A path as a value of a query (RFC 3986 §3.4).
pub(crate) fn escaped(path: &str) -> String {
    utf8_percent_encode(path, QUERY_VALUE).to_string()
}

/// All bytes but those of plain paths: some end the value, some are invalid in a URL.
const QUERY_VALUE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_means_itself_to_the_shell() {
        for (word, quoted_word) in [
            ("https://example.org/how", "https://example.org/how"),
            ("", "''"),
            ("a b", "'a b'"),
            ("/it's;$(id)`id`|\"&*", "'/it'\\''s;$(id)`id`|\"&*'"),
            ("~", "'~'"),
            ("\\", "'\\'"),
        ] {
            assert_eq!(quoted(word), quoted_word);
        }
    }

    #[test]
    fn a_command_breaks_between_words() {
        let command =
            ShellCommand { end: "</dev/null", ..ShellCommand::new(&["openssl", "s_client", "-brief"]) };
        assert_eq!(command.to_string(), "openssl s_client -brief </dev/null");
        assert_eq!(command.lines(80).unwrap(), ["openssl s_client -brief </dev/null"]);
        assert_eq!(command.lines(22).unwrap(), ["openssl s_client \\", "  -brief </dev/null"]);
        assert_eq!(command.lines(10), None);
    }
}
