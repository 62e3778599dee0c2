//! The facts about a connection and about each request's arrival on it. `http` fills them in; `web` and `site` read
//! them.

use crate::{
    descriptor::{RoundTrip, SocketHandle},
    name::named,
};
use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

#[derive(Debug, Clone)]
pub struct ConnectionInfo {
    pub listener: ListenerKind,
    pub peer: Peer,
    /// The connection that a trusted proxy passes on, by the PROXY protocol; none if the proxy names no client or there
    /// is no such proxy.
    pub proxied: Option<ProxiedConnection>,
    /// The worker that serves it, from 0, as in its thread's name.
    pub worker: usize,
    /// Time from accept until the connection's task began.
    pub queued: Duration,
    /// The socket, for questions to the kernel; closed for QUIC, whose connections share one.
    pub socket: SocketHandle,
    /// The QUIC connection, for questions about it; none over TCP.
    pub quic: Option<QuicHandle>,
    /// The TLS session; none without TLS.
    pub tls: Option<Box<TlsSession>>,
}

impl ConnectionInfo {
    /// A connection that has just begun. Its socket cannot be asked.
    pub fn new(listener: ListenerKind, peer: Peer) -> Self {
        ConnectionInfo {
            listener,
            peer,
            proxied: None,
            worker: 0,
            queued: Duration::ZERO,
            socket: SocketHandle::default(),
            quic: None,
            tls: None,
        }
    }

    /// The client, as far as it is known before the first request: the PROXY protocol's if there is one, else the peer.
    pub fn client(&self) -> Peer {
        self.proxied.map_or(self.peer, |proxied| proxied.client.ip().into())
    }
}

/// Both ends of the connection from a client to a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProxiedConnection {
    /// The client's end.
    pub client: SocketAddr,
    /// The end that the client knows as the site's.
    pub proxy: SocketAddr,
}

/// A QUIC connection that another value owns. It answers questions also after its end.
#[derive(Clone)]
pub struct QuicHandle(Arc<dyn Fn() -> QuicFacts + Send + Sync>);

impl QuicHandle {
    /// The handle of a connection with these facts.
    pub fn new(facts: impl Fn() -> QuicFacts + Send + Sync + 'static) -> Self {
        QuicHandle(Arc::new(facts))
    }

    pub fn facts(&self) -> QuicFacts {
        (self.0)()
    }
}

impl fmt::Debug for QuicHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QuicHandle")
    }
}

/// The facts about a QUIC connection.
#[derive(Debug, Clone, Copy)]
pub struct QuicFacts {
    /// The client's address and port.
    pub peer: SocketAddr,
    /// Our address; none if the system does not tell.
    pub local: Option<IpAddr>,
    /// The round trip, without the time for which the peer delays acknowledgements.
    pub round_trip: RoundTrip,
    /// Whether the client had to prove its address before the handshake (RFC 9000 §8.1.2).
    pub is_validated: bool,
    /// How often the client's address has changed (RFC 9000 §9).
    pub migrations: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// An IP address. An IPv4-mapped IPv6 address is stored as IPv4.
    Address(IpAddr),
    /// A process on this machine that connected to a Unix socket.
    Unix,
}

impl Peer {
    /// The IP address; none for a Unix socket.
    pub fn address(self) -> Option<IpAddr> {
        match self {
            Peer::Address(address) => Some(address),
            Peer::Unix => None,
        }
    }
}

/// The network that an address counts for where limits apply per address: the whole IPv4 address, or the /64 of an IPv6
/// address, which one household or office has to itself.
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

/// The form that nginx logs.
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
    /// The time at which its head was complete.
    pub at: Instant,
    /// The request's number on its connection, from 1.
    pub number: u64,
    /// Time since the previous request; for the first one, since the connection was ready.
    pub waited: Duration,
}

named! {
    pub enum ListenerKind {
        /// HTTP/1.1 without TLS.
        Http = "http",
        /// HTTP/2 and HTTP/1.1 over TLS.
        Https = "https",
        /// HTTP/3 over QUIC, on the UDP ports beside those of HTTPS.
        Http3 = "http3",
        /// The admin listener, for operators.
        Admin = "admin",
    }
}

impl ListenerKind {
    pub fn is_over_tls(self) -> bool {
        matches!(self, ListenerKind::Https | ListenerKind::Http3)
    }
}

#[derive(Debug, Clone)]
pub struct TlsSession {
    /// `TLSv1.3` or `TLSv1.2`.
    pub version: &'static str,
    /// The cipher suite's IANA name; none over QUIC, where it is not known.
    pub cipher: Option<String>,
    /// The key exchange's IANA name; none if a TLS 1.2 session was resumed, and over QUIC.
    pub group: Option<&'static str>,
    /// Whether it resumes an earlier session (RFC 8446 §2.2).
    pub resumed: bool,
    /// The server name that the client sent (RFC 6066 §3); none if it sent an address or nothing.
    pub server_name: Option<String>,
    /// The protocol that ALPN (RFC 7301) selected; none if the client offered none.
    pub alpn: Option<&'static str>,
    pub took: Duration,
}

impl TlsSession {
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
