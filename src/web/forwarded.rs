//! The client of a request and its scheme, also behind proxies.

use crate::{
    connection::{ConnectionInfo, Peer},
    web::{
        host::Scheme,
        trusted_proxies::{ForwardedField, TrustedProxies},
    },
};
use hyper::HeaderMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

const FORWARDED: &str = "forwarded";
const X_FORWARDED_FOR: &str = "x-forwarded-for";
const X_FORWARDED_PROTO: &str = "x-forwarded-proto";

/// The client of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientAddr {
    /// The client's address.
    pub peer: Peer,
    /// The scheme that the client used.
    pub scheme: Scheme,
    /// Whether a trusted proxy named the client or its scheme.
    pub proxied: bool,
    /// The address that per-address limits count; none for connections from this machine and for proxies that name no
    /// client, which stand for many clients.
    pub counted: Option<IpAddr>,
}

impl ClientAddr {
    /// Reads the client from the connection and, if its peer is a trusted proxy, from the request's fields.
    pub fn of(connection: &ConnectionInfo, headers: &HeaderMap, proxies: &TrustedProxies) -> Self {
        let scheme = if connection.tls.is_some() { Scheme::Https } else { Scheme::Http };
        let near = connection.client();
        let is_proxy = proxies.trust(near);
        let info = match proxies.field {
            _ if !is_proxy => ForwardedInfo::default(),
            ForwardedField::XForwardedFor => x_forwarded(headers, proxies),
            ForwardedField::Forwarded => forwarded(headers, proxies),
            ForwardedField::Off => ForwardedInfo::default(),
        };
        let peer = info.client.unwrap_or(near);
        let is_named = info.client.or(connection.proxied_client).is_some();
        ClientAddr {
            peer,
            scheme: info.scheme.unwrap_or(scheme),
            proxied: is_named || info.scheme.is_some(),
            counted: info.client.map_or_else(|| proxies.counted(connection), Peer::address),
        }
    }
}

/// The client and its scheme, as the proxies' fields have them.
#[derive(Debug, Default, PartialEq, Eq)]
struct ForwardedInfo {
    /// None if no client is named, or its address is unreadable.
    client: Option<Peer>,
    scheme: Option<Scheme>,
}

fn x_forwarded(headers: &HeaderMap, proxies: &TrustedProxies) -> ForwardedInfo {
    let hops = from_the_end(headers, X_FORWARDED_FOR).map(|hop| hop.and_then(address));
    let schemes = from_the_end(headers, X_FORWARDED_PROTO).map(|hop| hop.and_then(scheme)).collect();
    pick(hops.collect(), schemes, proxies)
}

/// RFC 7239: each element has both. One without `proto` takes the scheme of the nearer proxy's element.
fn forwarded(headers: &HeaderMap, proxies: &TrustedProxies) -> ForwardedInfo {
    let mut nearer = None;
    let elements = from_the_end(headers, FORWARDED).map(|hop| hop.map(element).unwrap_or_default());
    let (hops, schemes): (Vec<_>, Vec<_>) = elements
        .map(|(client, scheme)| {
            nearer = scheme.or(nearer);
            (client, nearer)
        })
        .unzip();
    let hops = if hops.iter().all(Option::is_none) { Vec::new() } else { hops };
    pick(hops, schemes, proxies)
}

/// The client is the first hop from this server that is no trusted proxy; its scheme is the one beside it. Both lists
/// begin with the nearest hop.
///
/// The lists differ in length if not every proxy appends to both. Then a hop beyond the list of schemes has the
/// farthest scheme in it: a single scheme is the first proxy's, which the others passed on. If no hop is named at all,
/// one `https` is enough, because redirecting a request that came by HTTPS would loop for ever.
fn pick(hops: Vec<Option<Peer>>, schemes: Vec<Option<Scheme>>, proxies: &TrustedProxies) -> ForwardedInfo {
    let Some(last) = hops.len().checked_sub(1) else {
        let is_https = schemes.contains(&Some(Scheme::Https));
        let scheme = if is_https { Some(Scheme::Https) } else { schemes.first().copied().flatten() };
        return ForwardedInfo { client: None, scheme };
    };
    let end = hops.iter().position(|hop| hop.is_none_or(|hop| !proxies.trust(hop))).unwrap_or(last);
    let scheme = schemes.get(end).or(schemes.last()).copied().flatten();
    ForwardedInfo { client: hops[end], scheme }
}

/// Client and scheme of an element (RFC 7239 §4).
fn element(text: &str) -> (Option<Peer>, Option<Scheme>) {
    let parameter = |name: &str| {
        ReverseSplit::of(text, b';').find_map(|pair| {
            let (found, value) = pair.split_once('=')?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    };
    (parameter("for").and_then(address), parameter("proto").and_then(scheme))
}

/// The elements of a list field, the last one first: it is from the nearest proxy. None for a line that is not text.
fn from_the_end<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = Option<&'a str>> {
    headers.get_all(name).into_iter().rev().flat_map(|line| {
        let (garbled, text) = match line.to_str() {
            Ok(text) => (None, text),
            Err(_) => (Some(None), ""),
        };
        garbled.into_iter().chain(ReverseSplit::of(text, b',').filter(|part| !part.is_empty()).map(Some))
    })
}

/// Splits text at a separator outside of quotes, from the end. Text that a client put before the proxy's own cannot
/// change how the proxy's is read, not even by an unterminated quote.
struct ReverseSplit<'a> {
    rest: Option<&'a str>,
    separator: u8,
}

impl<'a> ReverseSplit<'a> {
    fn of(text: &'a str, separator: u8) -> Self {
        ReverseSplit { rest: Some(text), separator }
    }
}

impl<'a> Iterator for ReverseSplit<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let bytes = rest.as_bytes();
        let mut is_quoted = false;
        let at = (0..bytes.len()).rev().find(|&at| {
            is_quoted ^= bytes[at] == b'"' && !is_escaped(&bytes[..at]);
            bytes[at] == self.separator && !is_quoted
        });
        self.rest = at.map(|at| &rest[..at]);
        Some(at.map_or(rest, |at| &rest[at + 1..]).trim_matches([' ', '\t']))
    }
}

/// Whether a backslash escapes the byte after these (RFC 9110 §5.6.4).
fn is_escaped(before: &[u8]) -> bool {
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// An address as proxies write it: IPv6 with or without brackets, any address with or without a port, all of it with or
/// without quotes. None for an obfuscated identifier (RFC 7239 §6.3).
///
/// nginx writes `unix:` for a client on a Unix socket.
fn address(text: &str) -> Option<Peer> {
    if text == "unix:" {
        return Some(Peer::Unix);
    }
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let address = text.parse::<IpAddr>().ok().or_else(|| bracketed().map(IpAddr::V6)).or_else(with_port);
    address.map(Peer::from)
}

fn scheme(text: &str) -> Option<Scheme> {
    let is = |name: &str| text.trim_matches('"').eq_ignore_ascii_case(name);
    if is("https") {
        return Some(Scheme::Https);
    }
    is("http").then_some(Scheme::Http)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::ListenerKind;
    use std::time::Duration;

    fn connection(peer: &str) -> ConnectionInfo {
        let peer = peer.parse().map_or(Peer::Unix, |address: IpAddr| address.into());
        ConnectionInfo {
            listener: ListenerKind::Http,
            peer,
            proxied_client: None,
            worker: 0,
            queued: Duration::ZERO,
            tls: None,
        }
    }

    fn proxies(field: ForwardedField) -> TrustedProxies {
        let networks = ["10.0.0.0/8", "2001:db8:1::/48"].map(|network| network.parse().unwrap()).to_vec();
        TrustedProxies { networks, unix: true, protocol: false, field }
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(*name, value.parse().unwrap());
            }
            headers
        }
    }

    /// The client and the scheme of a request from a trusted proxy.
    fn told(field: ForwardedField, lines: &[(&'static str, &str)]) -> (String, Scheme) {
        let client = ClientAddr::of(&connection("10.0.0.1"), &headers(lines), &proxies(field));
        (client.peer.to_string(), client.scheme)
    }

    #[test]
    fn the_client_is_the_last_address_that_is_no_proxy() {
        for (lines, client) in [
            (&["192.0.2.7"][..], "192.0.2.7"),
            (&["198.51.100.1, 192.0.2.7"], "192.0.2.7"),
            (&["spoofed, 192.0.2.7, 10.0.0.3,10.0.0.2"], "192.0.2.7"),
            (&["198.51.100.1", "192.0.2.7 ,10.0.0.2"], "192.0.2.7"),
            (&["192.0.2.7", "10.0.0.3", "10.0.0.2"], "192.0.2.7"),
            (&["10.0.0.4, 10.0.0.3"], "10.0.0.4"),
            (&["192.0.2.7:4711"], "192.0.2.7"),
            (&["2001:db8::7"], "2001:db8::7"),
            (&["[2001:db8::7]"], "2001:db8::7"),
            (&["[2001:db8::7]:4711"], "2001:db8::7"),
            (&["2001:db8::7, [2001:db8:1::1]:80"], "2001:db8::7"),
            (&["::ffff:192.0.2.7"], "192.0.2.7"),
            (&["192.0.2.7, ,"], "192.0.2.7"),
            (&["192.0.2.7, unix:"], "192.0.2.7"),
            (&["\"never ends, 192.0.2.7"], "192.0.2.7"),
        ] {
            let lines: Vec<_> = lines.iter().map(|line| (X_FORWARDED_FOR, *line)).collect();
            assert_eq!(told(ForwardedField::XForwardedFor, &lines).0, client, "{lines:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_names_nobody() {
        for text in [
            "",
            ",",
            "unknown",
            "_hidden",
            "192.0.2.7, garbage",
            "192.0.2.256",
            "[192.0.2.7]",
            "192.0.2.7:99999",
            "fe80::1%eth0",
            "\u{e9}",
        ] {
            let line = [(X_FORWARDED_FOR, text)];
            assert_eq!(told(ForwardedField::XForwardedFor, &line).0, "10.0.0.1", "{text}");
            let line = [(FORWARDED, &*format!("for={text}"))];
            assert_eq!(told(ForwardedField::Forwarded, &line).0, "10.0.0.1", "{text}");
        }
    }

    #[test]
    fn forwarded_is_read_from_its_end() {
        for (text, client) in [
            ("for=192.0.2.7", "192.0.2.7"),
            ("For=\"[2001:db8::7]:4711\"", "2001:db8::7"),
            ("for=192.0.2.7;proto=http;by=203.0.113.43", "192.0.2.7"),
            ("for=198.51.100.1, for=192.0.2.7", "192.0.2.7"),
            ("for=192.0.2.7;by=_x , FOR=10.0.0.2", "192.0.2.7"),
            ("host=\"a,for=198.51.100.1\";for=192.0.2.7", "192.0.2.7"),
            ("for=192.0.2.7;host=\"a, for=198.51.100.1;b=\"", "192.0.2.7"),
            ("for=192.0.2.7;host=\"a\\\", for=198.51.100.1;b=\\\"\"", "192.0.2.7"),
            ("for=\"never ends, for=192.0.2.7", "192.0.2.7"),
            ("for=192.0.2.7, proto=https", "10.0.0.1"),
            ("for", "10.0.0.1"),
            ("=;=,=", "10.0.0.1"),
        ] {
            assert_eq!(told(ForwardedField::Forwarded, &[(FORWARDED, text)]).0, client, "{text}");
        }
    }

    #[test]
    fn the_proxy_tells_the_scheme() {
        use Scheme::{Http, Https};
        let by_x = |text: &str| told(ForwardedField::XForwardedFor, &[(X_FORWARDED_PROTO, text)]).1;
        for (text, scheme) in
            [("https", Https), ("HTTPS", Https), ("http,https", Https), ("http", Http), ("wss", Http)]
        {
            assert_eq!(by_x(text), scheme, "{text}");
        }
        let by_forwarded = |text: &str| told(ForwardedField::Forwarded, &[(FORWARDED, text)]).1;
        for (text, scheme) in [
            ("for=192.0.2.7;proto=https", Https),
            ("for=192.0.2.7;proto=https, for=10.0.0.2;proto=http", Https),
            ("for=192.0.2.7;proto=http, for=10.0.0.2;proto=\"https\"", Http),
            ("proto=https", Https),
        ] {
            assert_eq!(by_forwarded(text), scheme, "{text}");
        }
    }

    #[test]
    fn the_scheme_is_the_one_beside_the_client() {
        use Scheme::{Http, Https};
        for (clients, schemes, expected) in [
            ("192.0.2.7, 10.0.0.2", "https, http", Https),
            ("192.0.2.7, 10.0.0.2", "http, https", Http),
            ("192.0.2.7, 10.0.0.3, 10.0.0.2", "https, http, http", Https),
            // All are proxies: the farthest is the client.
            ("10.0.0.3, 10.0.0.2", "https, http", Https),
            // One for all: the first proxy's, which the others passed on.
            ("192.0.2.7, 10.0.0.2", "https", Https),
            ("192.0.2.7, 10.0.0.2", "http", Http),
            ("192.0.2.7, 10.0.0.3, 10.0.0.2", "https, http", Https),
            // Elements that the client wrote itself are ignored.
            ("198.51.100.1, 192.0.2.7, 10.0.0.2", "http, https", Http),
            ("192.0.2.7", "https, http", Http),
            ("192.0.2.7, 10.0.0.2", "https, http, https", Http),
            // No client is named: HTTPS anywhere is enough.
            ("", "https, http", Https),
            ("", "http, http", Http),
            ("192.0.2.7, 10.0.0.2", "", Http),
            ("192.0.2.7, 10.0.0.2", "gopher, http", Http),
            ("garbage, 10.0.0.2", "https, http", Https),
        ] {
            let lines = [(X_FORWARDED_FOR, clients), (X_FORWARDED_PROTO, schemes)];
            assert_eq!(told(ForwardedField::XForwardedFor, &lines).1, expected, "{clients} | {schemes}");
        }
        for (text, expected) in [
            ("for=192.0.2.7;proto=https, for=10.0.0.2;proto=http", Https),
            ("for=192.0.2.7, for=10.0.0.2;proto=https", Https),
            ("for=192.0.2.7;proto=http, for=10.0.0.2;proto=https", Http),
            ("for=198.51.100.1;proto=https, for=192.0.2.7;proto=http, for=10.0.0.2", Http),
            ("proto=https, proto=http", Https),
            ("proto=https, for=192.0.2.7;proto=http", Http),
        ] {
            assert_eq!(told(ForwardedField::Forwarded, &[(FORWARDED, text)]).1, expected, "{text}");
        }
    }

    #[test]
    fn who_is_no_proxy_is_not_believed() {
        let lines = [
            (X_FORWARDED_FOR, "198.51.100.1"),
            (X_FORWARDED_PROTO, "https"),
            (FORWARDED, "for=198.51.100.1;proto=https"),
        ];
        for field in [ForwardedField::XForwardedFor, ForwardedField::Forwarded] {
            let client = ClientAddr::of(&connection("192.0.2.7"), &headers(&lines), &proxies(field));
            assert_eq!(
                (client.peer.to_string().as_str(), client.scheme, client.proxied),
                ("192.0.2.7", Scheme::Http, false)
            );
            let untrusting = TrustedProxies { networks: Vec::new(), unix: false, ..proxies(field) };
            assert_eq!(ClientAddr::of(&connection("unix"), &headers(&lines), &untrusting).peer, Peer::Unix);
        }
        let off = ClientAddr::of(&connection("10.0.0.1"), &headers(&lines), &proxies(ForwardedField::Off));
        assert_eq!((off.peer.to_string().as_str(), off.scheme), ("10.0.0.1", Scheme::Http));
    }

    #[test]
    fn limits_count_clients_and_not_the_proxies_before_them() {
        let counted = |connection: &ConnectionInfo, named: &[(&'static str, &str)]| {
            ClientAddr::of(connection, &headers(named), &proxies(ForwardedField::XForwardedFor))
                .counted
                .map(|address| address.to_string())
        };
        for (peer, address) in
            [("192.0.2.7", Some("192.0.2.7")), ("10.0.0.1", None), ("127.0.0.1", None), ("unix", None)]
        {
            assert_eq!(counted(&connection(peer), &[]).as_deref(), address, "{peer}");
        }
        for named in ["192.0.2.7", "127.0.0.1", "10.0.0.9"] {
            let line = [(X_FORWARDED_FOR, named)];
            assert_eq!(counted(&connection("unix"), &line).as_deref(), Some(named));
            let proxied_client = Some(named.parse::<IpAddr>().unwrap().into());
            assert_eq!(
                counted(&ConnectionInfo { proxied_client, ..connection("10.0.0.1") }, &[]).as_deref(),
                Some(named)
            );
        }
    }

    #[test]
    fn no_field_is_more_than_not_understood() {
        let mut random = fastrand::Rng::with_seed(6);
        let alphabet = b"\",;=\\[]: \tfor proto1.\xe9";
        for _ in 0..20_000 {
            let value: Vec<u8> = (0..random.usize(..40)).map(|_| *random.choice(alphabet).unwrap()).collect();
            let value = hyper::header::HeaderValue::from_bytes(&value).unwrap();
            for (name, field) in
                [(X_FORWARDED_FOR, ForwardedField::XForwardedFor), (FORWARDED, ForwardedField::Forwarded)]
            {
                let mut headers = HeaderMap::new();
                headers.append(name, value.clone());
                headers.append(X_FORWARDED_PROTO, value.clone());
                ClientAddr::of(&connection("10.0.0.1"), &headers, &proxies(field));
            }
        }
    }
}
