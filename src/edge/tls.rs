//! TLS: one provider and one server configuration for all workers.

use super::certificates::Serving;
use crate::connection::Tls;
use rustls::{HandshakeKind, ProtocolVersion, ServerConfig, ServerConnection, crypto::aws_lc_rs};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// TLS 1.3 and 1.2, HTTP/2 before HTTP/1.1, stateless tickets whose keys change every six hours, no early data.
///
/// # Errors
/// When the system has no randomness for ticket keys.
pub fn acceptor(serving: Arc<Serving>) -> Result<TlsAcceptor, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(serving);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// What a finished handshake agreed on.
pub(super) fn agreed(session: &ServerConnection) -> Tls {
    Tls {
        version: match session.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
            _ => "TLSv1.2",
        },
        group: session.negotiated_key_exchange_group().and_then(|group| group.name().as_str()),
        resumed: session.handshake_kind() == Some(HandshakeKind::Resumed),
    }
}
