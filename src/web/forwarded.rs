//! The client of a request and its scheme, also behind proxies.

use crate::{
    connection::{ConnectionInfo, Peer},
    name::Named,
    web::{
        host::Scheme,
        trusted_proxies::{ForwardedField, TrustedProxies},
    },
};
use hyper::HeaderMap;
use std::{
    iter,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

const FORWARDED: &str = "forwarded";
const X_FORWARDED_FOR: &str = "x-forwarded-for";
const X_FORWARDED_PROTO: &str = "x-forwarded-proto";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientAddr {
    /// The client's address.
    pub peer: Peer,
    /// The client's port, if a trusted proxy names it.
    pub port: Option<u16>,
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
            ForwardedField::XForwardedFor if is_proxy => x_forwarded(headers, proxies),
            ForwardedField::Forwarded if is_proxy => forwarded(headers, proxies),
            _ => ForwardedInfo::default(),
        };
        let (peer, port) = match info.client {
            Some(hop) => (hop.peer, hop.port),
            None => (near, connection.proxied.map(|proxied| proxied.client.port())),
        };
        let is_named = info.client.is_some() || connection.proxied.is_some();
        ClientAddr {
            peer,
            port,
            scheme: info.scheme.unwrap_or(scheme),
            proxied: is_named || info.scheme.is_some(),
            counted: info.client.map_or_else(|| proxies.counted(connection), |hop| hop.peer.address()),
        }
    }
}

/// The client and its scheme, as the proxies' fields have them.
#[derive(Debug, Default, PartialEq, Eq)]
struct ForwardedInfo {
    /// None if no client is named, or its address is unreadable.
    client: Option<Hop>,
    scheme: Option<Scheme>,
}

/// A client or a proxy in these fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hop {
    peer: Peer,
    port: Option<u16>,
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
/// one `https` is enough, because redirecting a request that came by HTTPS would never end.
fn pick(hops: Vec<Option<Hop>>, schemes: Vec<Option<Scheme>>, proxies: &TrustedProxies) -> ForwardedInfo {
    let Some(last) = hops.len().checked_sub(1) else {
        let is_https = schemes.contains(&Some(Scheme::Https));
        let scheme = if is_https { Some(Scheme::Https) } else { schemes.first().copied().flatten() };
        return ForwardedInfo { client: None, scheme };
    };
    let end = hops.iter().position(|hop| hop.is_none_or(|hop| !proxies.trust(hop.peer))).unwrap_or(last);
    let scheme = schemes.get(end).or(schemes.last()).copied().flatten();
    ForwardedInfo { client: hops[end], scheme }
}

/// Client and scheme of an element (RFC 7239 §4).
fn element(text: &str) -> (Option<Hop>, Option<Scheme>) {
    let parameter = |name: &str| {
        reverse_split(text.as_bytes(), b';').find_map(|pair| {
            let (found, value) = str::from_utf8(pair).ok()?.split_once('=')?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    };
    (parameter("for").and_then(address), parameter("proto").and_then(scheme))
}

/// The elements of a list field, the last one first: it is from the nearest proxy. None for one that is not text.
fn from_the_end<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = Option<&'a str>> {
    let lines = headers.get_all(name).into_iter().rev();
    let elements = lines.flat_map(|line| reverse_split(line.as_bytes(), b','));
    elements.filter(|element| !element.is_empty()).map(|element| str::from_utf8(element).ok())
}

/// Splits bytes at a separator outside of quotes, from the end. What a client put before the proxy's own element cannot
/// change how that is read, not even by an unterminated quote or by bytes that are not text.
fn reverse_split(bytes: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    iter::from_fn(move || {
        let bytes = rest?;
        let mut is_quoted = false;
        let at = (0..bytes.len()).rev().find(|&at| {
            is_quoted ^= bytes[at] == b'"' && !is_escaped(&bytes[..at]);
            bytes[at] == separator && !is_quoted
        });
        rest = at.map(|at| &bytes[..at]);
        Some(at.map_or(bytes, |at| &bytes[at + 1..]).trim_ascii())
    })
}

/// Whether a backslash escapes the byte after these (RFC 9110 §5.6.4).
fn is_escaped(before: &[u8]) -> bool {
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// An address as proxies write it: IPv6 with or without brackets, any address with or without a port, all of it with or
/// without quotes. None for an obfuscated identifier (RFC 7239 §6.3).
///
/// nginx writes `unix:` for a client on a Unix socket.
fn address(text: &str) -> Option<Hop> {
    if text == "unix:" {
        return Some(Hop { peer: Peer::Unix, port: None });
    }
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    if let Some(address) = text.parse::<IpAddr>().ok().or_else(|| bracketed().map(IpAddr::V6)) {
        return Some(Hop { peer: address.into(), port: None });
    }
    let address: SocketAddr = text.parse().ok()?;
    Some(Hop { peer: address.ip().into(), port: Some(address.port()) })
}

fn scheme(text: &str) -> Option<Scheme> {
    let name = text.trim_matches('"');
    Scheme::all().find(|scheme| scheme.name().eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests;
