//! What is known of a connection and of each request's arrival on it: written down by `edge`, told by `web`.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    time::{Duration, Instant},
};

/// One connection.
#[derive(Debug)]
pub struct ConnectionInfo {
    /// Where it came in.
    pub listener: ListenerKind,
    /// Who is at the other end of the socket.
    pub peer: Peer,
    /// Whom a trusted proxy there names as the client (PROXY protocol); none where it speaks for itself.
    pub introduced: Option<Peer>,
    /// Which worker serves it, from 0, as its thread is called.
    pub worker: usize,
    /// From when the kernel handed it over until its task began.
    pub queued: Duration,
    /// What the handshake agreed on; none in clear.
    pub tls: Option<TlsSession>,
}

impl ConnectionInfo {
    /// Whose connection it is, as far as that is told before the first request.
    pub fn client(&self) -> Peer {
        self.introduced.unwrap_or(self.peer)
    }
}

/// Who is at the other end of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// A machine; an IPv4 address is written as one also where it came to an IPv6 socket.
    Address(IpAddr),
    /// A process on this machine, by a Unix socket.
    Unix,
}

impl Peer {
    /// The address, where there is one.
    pub fn address(self) -> Option<IpAddr> {
        match self {
            Peer::Address(address) => Some(address),
            Peer::Unix => None,
        }
    }
}

/// Who an address counts as where each has a limit: the part of it that one household has for itself, all of IPv4's, the
/// first half of IPv6's.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into()
        }
        address => address,
    }
}

impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        Peer::Address(address.to_canonical())
    }
}

/// As nginx writes it in its log.
impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Address(address) => address.fmt(f),
            Peer::Unix => f.write_str("unix:"),
        }
    }
}

/// A request's place on its connection.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// When its head had been read.
    pub at: Instant,
    /// Counted from 1.
    pub number: u64,
    /// Since the request before it came; for the first, since the connection was ready.
    pub waited: Duration,
}

/// Where a connection came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListenerKind {
    /// HTTP/1.1 in clear.
    Http,
    /// HTTP/2 and HTTP/1.1 over TLS.
    Https,
    /// For operators.
    Admin,
}

impl ListenerKind {
    /// Every kind, in the order in which they are opened.
    pub const ALL: [ListenerKind; 3] = [ListenerKind::Http, ListenerKind::Https, ListenerKind::Admin];

    /// As its flag and its metrics have it.
    pub fn name(self) -> &'static str {
        match self {
            ListenerKind::Http => "http",
            ListenerKind::Https => "https",
            ListenerKind::Admin => "admin",
        }
    }
}

/// What a TLS handshake agreed on.
#[derive(Debug)]
pub struct TlsSession {
    /// `TLSv1.3` or `TLSv1.2`.
    pub version: &'static str,
    /// The cipher suite's IANA name.
    pub cipher: String,
    /// The key exchange's IANA name; none where a TLS 1.2 session was resumed.
    pub group: Option<&'static str>,
    /// Whether it continued an earlier session (RFC 8446 §2.2).
    pub resumed: bool,
    /// The name the client asked for (RFC 6066 §3); none if it named an address or nothing.
    pub server_name: Option<String>,
    /// What ALPN (RFC 7301) agreed on; none where the client offered nothing.
    pub alpn: Option<&'static str>,
    /// How long the handshake took.
    pub took: Duration,
}

impl TlsSession {
    /// Whether the key exchange withstands a quantum computer.
    pub fn is_post_quantum(&self) -> bool {
        self.group.is_some_and(|group| group.contains("MLKEM"))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_household_is_one_address_or_half_of_one() {
        let network = |address: &str| crate::connection::network(address.parse().unwrap()).to_string();
        for (address, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("::1", "::1"),
        ] {
            assert_eq!(network(address), expected, "{address}");
        }
    }
}
