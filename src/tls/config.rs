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

/// The ALPN protocol of the TLS-ALPN-01 challenge (RFC 8737 §3). Only CAs offer it.
pub(crate) const CHALLENGE: &[u8] = b"acme-tls/1";

/// The TLS server configuration. It can be replaced; a handshake keeps the one that it began with.
#[derive(Clone)]
pub struct TlsConfig(Arc<ArcSwap<ServerConfig>>);

impl TlsConfig {
    pub(crate) fn new(config: ServerConfig) -> Self {
        TlsConfig(Arc::new(ArcSwap::from_pointee(config)))
    }

    /// Replaces the configuration for later handshakes, in every clone of this value.
    pub fn replace(&self, other: &TlsConfig) {
        self.0.store(other.0.load_full());
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.0.load_full())
    }
}

/// The keys of session tickets, rotated every six hours. A new configuration keeps them, so that clients can resume
/// their sessions.
#[derive(Clone)]
pub struct TicketKeys(Arc<dyn ProducesTickets>);

impl TicketKeys {
    /// New keys.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn new() -> Result<Self, rustls::Error> {
        aws_lc_rs::Ticketer::new().map(TicketKeys)
    }
}

/// TLS 1.3 and 1.2, ALPN with HTTP/2 before HTTP/1.1 before `more`, stateless tickets, no early data. A client that
/// offers only other protocols is refused.
///
/// # Errors
/// When the provider supports no version of TLS.
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

/// The parameters that a finished handshake negotiated.
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

/// The IANA name of the cipher suite. rustls has its own prefix for the suites of TLS 1.3.
fn cipher(session: &ServerConnection) -> String {
    let suite = session.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
    suite.unwrap_or_default().replacen("TLS13_", "TLS_", 1)
}
