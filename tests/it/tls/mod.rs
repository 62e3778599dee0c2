//! TLS and certificates.

pub mod acme;
pub mod certificates;
pub mod handshake;
pub mod scanners;
