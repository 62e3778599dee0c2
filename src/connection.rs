//! What is known of a connection before its first request: written down by `edge`, told by `web`.

use std::net::SocketAddr;

/// One connection.
#[derive(Debug)]
pub struct Connection {
    /// Where it came in.
    pub listener: Listener,
    /// Who is at the other end.
    pub peer: SocketAddr,
    /// What the handshake agreed on; none in clear.
    pub tls: Option<Tls>,
}

/// Where a connection came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// HTTP/1.1 in clear.
    Http,
    /// HTTP/2 and HTTP/1.1 over TLS.
    Https,
    /// For operators.
    Admin,
}

impl Listener {
    /// As its flag and its metrics have it.
    pub fn name(self) -> &'static str {
        match self {
            Listener::Http => "http",
            Listener::Https => "https",
            Listener::Admin => "admin",
        }
    }
}

/// What a TLS handshake agreed on.
#[derive(Debug)]
pub struct Tls {
    /// `TLSv1.3` or `TLSv1.2`.
    pub version: &'static str,
    /// The key exchange's IANA name; none where a TLS 1.2 session was resumed.
    pub group: Option<&'static str>,
    /// Whether it continued an earlier session (RFC 8446 §2.2).
    pub resumed: bool,
}
