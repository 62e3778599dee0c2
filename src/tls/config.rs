//! TLS: one provider and one server configuration for all workers.

use crate::connection::TlsSession;
use arc_swap::ArcSwap;
use rustls::{
    HandshakeKind, ProtocolVersion, ServerConfig, ServerConnection,
    crypto::aws_lc_rs,
    server::{ProducesTickets, ResolvesServerCert},
};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// What a CA speaks when it looks for the proof of TLS-ALPN-01 (RFC 8737 §3), and nobody else.
pub(crate) const CHALLENGE: &[u8] = b"acme-tls/1";

/// The terms on which TLS is spoken. They can be replaced: a handshake is held on those of its beginning.
#[derive(Clone)]
pub struct TlsConfig(Arc<ArcSwap<ServerConfig>>);

impl TlsConfig {
    pub(crate) fn new(config: ServerConfig) -> Self {
        TlsConfig(Arc::new(ArcSwap::from_pointee(config)))
    }

    /// From the next handshake on these are the terms, wherever the old ones are known.
    pub fn replace(&self, other: &TlsConfig) {
        self.0.store(other.0.load_full());
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.0.load_full())
    }
}

/// The keys of session tickets, which change every six hours. Terms that replace others keep them, so that clients can
/// resume their sessions.
#[derive(Clone)]
pub struct TicketKeys(Arc<dyn ProducesTickets>);

impl TicketKeys {
    /// With keys of its own.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn new() -> Result<Self, rustls::Error> {
        aws_lc_rs::Ticketer::new().map(TicketKeys)
    }
}

/// TLS 1.3 and 1.2, HTTP/2 before HTTP/1.1 before `more`, stateless tickets, no early
/// data. A client that offers protocols, but none of these, is refused.
///
/// # Errors
/// When the provider knows no version of TLS.
pub(crate) fn config(
    certificates: Arc<dyn ResolvesServerCert>,
    more: &[&[u8]],
    tickets: &TicketKeys,
) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols =
        [b"h2", b"http/1.1".as_slice()].iter().chain(more).map(|name| name.to_vec()).collect();
    config.ticketer = tickets.0.clone();
    Ok(config)
}

/// What a finished handshake agreed on.
pub(crate) fn agreed(session: &ServerConnection, took: std::time::Duration) -> TlsSession {
    TlsSession {
        version: match session.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
            _ => "TLSv1.2",
        },
        cipher: cipher(session),
        group: session.negotiated_key_exchange_group().and_then(|group| group.name().as_str()),
        resumed: session.handshake_kind() == Some(HandshakeKind::Resumed),
        server_name: session.server_name().map(str::to_owned),
        alpn: match session.alpn_protocol() {
            Some(b"h2") => Some("h2"),
            Some(_) => Some("http/1.1"),
            None => None,
        },
        took,
    }
}

/// rustls marks the suites of TLS 1.3 with a prefix of its own.
fn cipher(session: &ServerConnection) -> String {
    let suite = session.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
    suite.unwrap_or_default().replacen("TLS13_", "TLS_", 1)
}
