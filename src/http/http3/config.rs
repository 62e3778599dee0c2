//! The configuration of the QUIC endpoints.

use crate::{
    http::http3::{metrics::QuicMetrics, secret::QuicSecret},
    limits::Limits,
    net::udp::{
        connection_id::ConnectionIdKey,
        steering::{OlderProcesses, Steering},
    },
};
use quinn::{
    EndpointConfig, IdleTimeout, ServerConfig, TransportConfig, VarInt,
    crypto::rustls::{NoInitialCipherSuite, QuicServerConfig},
};
use std::{sync::Arc, time::Duration};

/// ALPN: the only protocol over QUIC.
const PROTOCOL: &[u8] = b"h3";

/// Streams that a peer may open besides requests: control, two of QPACK, and some of unknown types, which are refused.
const CONTROL_STREAMS: u32 = 8;
/// Bytes of datagrams that are kept for one connection until it is accepted, and for all of them.
const WAITING_BYTES: (u64, u64) = (8 * 1024, 256 * 1024);
/// Shortest time between two stateless resets of an endpoint. Each is smaller than the datagram that caused it.
const RESET_INTERVAL: Duration = Duration::from_millis(1);

/// The parts that the QUIC endpoints of all workers share.
pub(crate) struct Http3Server {
    /// Hands datagrams to the endpoint that owns their connection.
    pub steering: Arc<Steering>,
    /// The secret of all keys.
    pub secret: QuicSecret,
    pub metrics: QuicMetrics,
    crypto: Arc<QuicServerConfig>,
    may_migrate: bool,
}

impl Http3Server {
    /// Endpoints with the certificate and the tickets of this TLS configuration.
    ///
    /// # Errors
    /// When TLS has no cipher suite for QUIC.
    pub fn new(
        tls: &rustls::ServerConfig,
        secret: QuicSecret,
        endpoints: usize,
        older: Option<OlderProcesses>,
        may_migrate: bool,
        metrics: QuicMetrics,
    ) -> Result<Self, NoInitialCipherSuite> {
        let mut tls = tls.clone();
        tls.alpn_protocols = vec![PROTOCOL.to_vec()];
        // No requests that somebody else could replay.
        tls.max_early_data_size = 0;
        let key = ConnectionIdKey::new(secret.id_key());
        Ok(Http3Server {
            steering: Arc::new(Steering::new(key, endpoints, older, metrics.steering())),
            secret,
            metrics,
            crypto: Arc::new(tls.try_into()?),
            may_migrate,
        })
    }

    pub(super) fn endpoint(self: &Arc<Self>, number: usize) -> EndpointConfig {
        let mut config = EndpointConfig::new(Arc::new(self.secret.reset_key()));
        let steering = self.steering.clone();
        config.cid_generator(move || Box::new(steering.ids(number)));
        config.min_reset_interval(RESET_INTERVAL);
        config
    }

    /// The configuration of connections under these limits.
    pub(super) fn connections(&self, limits: &Limits) -> Arc<ServerConfig> {
        let mut config = ServerConfig::new(self.crypto.clone(), Arc::new(self.secret.token_key()));
        let (of_one, of_all) = WAITING_BYTES;
        config
            .transport_config(Arc::new(transport(limits)))
            .migration(self.may_migrate)
            .max_incoming(limits.unfinished_handshakes())
            .incoming_buffer_size(of_one)
            .incoming_buffer_size_total(of_all);
        Arc::new(config)
    }
}

fn transport(limits: &Limits) -> TransportConfig {
    let window = VarInt::from_u32(limits.h3_window);
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(limits.h3_streams))
        .max_concurrent_uni_streams(VarInt::from_u32(CONTROL_STREAMS))
        .stream_receive_window(window)
        // A stream whose bytes are not read leaves room for the others.
        .receive_window(VarInt::from_u32(limits.h3_window.saturating_mul(2)))
        .send_window(limits.h3_send_window)
        .datagram_receive_buffer_size(None)
        // The longest time without any packet; a connection without requests ends earlier.
        .max_idle_timeout(IdleTimeout::try_from(limits.idle).ok());
    transport
}
