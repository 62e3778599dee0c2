//! HTTP/3 (RFC 9114): one QUIC endpoint for each worker and address, beside HTTP/1.1 and HTTP/2 over TCP. quinn
//! implements QUIC, `h3` the frames and field sections of HTTP/3. `h3` calls its API experimental: its types stay here.
//!
//! A connection has the same permit, limits, log and metrics as one over TCP. Its responses come from the same handler.

mod budget;
mod config;
mod endpoint;
pub(crate) mod malformed;
mod metrics;
mod receiving;
mod request;
mod secret;
mod session;
mod transport;
mod unidirectional;

pub(crate) use config::Http3Server;
pub(crate) use endpoint::{Http3Listener, accept};
pub(crate) use metrics::QuicMetrics;
pub(crate) use secret::QuicSecret;
