//! What is known of a connection and of each request's arrival on it: written down by `edge`, told by `web`.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

/// One connection.
#[derive(Debug)]
pub struct Connection {
    /// Where it came in.
    pub listener: Listener,
    /// Who is at the other end.
    pub peer: SocketAddr,
    /// Which worker serves it, from 0, as its thread is called.
    pub worker: usize,
    /// From when the kernel handed it over until its task began.
    pub queued: Duration,
    /// What the handshake agreed on; none in clear.
    pub tls: Option<Tls>,
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

impl Tls {
    /// Whether the key exchange withstands a quantum computer.
    pub fn is_post_quantum(&self) -> bool {
        self.group.is_some_and(|group| group.contains("MLKEM"))
    }
}
