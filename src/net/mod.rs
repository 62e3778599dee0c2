//! Sockets: listening, inherited descriptors, Unix sockets, UDP for QUIC, the PROXY protocol.
//!
//! This room never knows TLS or HTTP.

pub(crate) mod listen;
pub(crate) mod listen_fds;
pub(crate) mod outgoing;
pub(crate) mod proxy_protocol;
pub(crate) mod resolver;
pub(crate) mod socket;
pub(crate) mod udp;
pub(crate) mod unix_socket;
