//! UDP sockets for QUIC: binding them, reading and sending datagrams within the amplification limit (`amplification`),
//! and steering each datagram to the endpoint that owns its connection.
//!
//! The kernel spreads datagrams over the workers' sockets by addresses and ports. A client whose address changes would
//! reach another worker, and after an upgrade another process. So a connection ID names its process and endpoint
//! (`connection_id`), and whoever receives a datagram for another endpoint hands it over (`steering`).

pub(crate) mod amplification;
pub(crate) mod connection_id;
pub(crate) mod datagram;
pub(crate) mod datagram_line;
pub(crate) mod datagram_socket;
pub(crate) mod steering;
