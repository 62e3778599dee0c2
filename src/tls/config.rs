//! TLS: one provider and one server configuration for all workers.

use crate::connection::TlsSession;
use rustls::{
    HandshakeKind, ProtocolVersion, ServerConfig, ServerConnection, crypto::aws_lc_rs,
    server::ResolvesServerCert,
};
use std::sync::Arc;

/// The ALPN protocol of the TLS-ALPN-01 challenge (RFC 8737 §3). Only CAs offer it.
pub(crate) const CHALLENGE: &[u8] = b"acme-tls/1";
/// ALPN: HTTP/2 before HTTP/1.1 before HTTP/1.0, which old health checks speak, before the challenge, for which the
/// resolver has a certificate only while it is pending.
const PROTOCOLS: [&[u8]; 4] = [b"h2", b"http/1.1", b"http/1.0", CHALLENGE];

/// TLS 1.3 and 1.2, stateless tickets with keys that are rotated every six hours, no early data. A client that offers
/// only other protocols is refused.
pub(crate) fn config(certificates: Arc<dyn ResolvesServerCert>) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    Ok(config)
}

/// The parameters that a finished handshake negotiated.
pub(crate) fn agreed(session: &ServerConnection, took: std::time::Duration) -> TlsSession {
    TlsSession {
        version: match session.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
            _ => "TLSv1.2",
        },
        cipher: Some(cipher(session)),
        group: session.negotiated_key_exchange_group().and_then(|group| group.name().as_str()),
        resumed: session.handshake_kind() == Some(HandshakeKind::Resumed),
        server_name: session.server_name().map(str::to_owned),
        alpn: match session.alpn_protocol() {
            Some(b"h2") => Some("h2"),
            Some(b"http/1.0") => Some("http/1.0"),
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
