//! HTTP semantics (RFC 9110) over bytes that are already made: negotiation, preconditions, ranges, paths, hosts.
//!
//! This room never knows sockets, TLS or the site.

pub(crate) mod coding;
pub(crate) mod forwarded;
pub(crate) mod host;
pub(crate) mod negotiate;
pub(crate) mod path;
pub(crate) mod precondition;
pub(crate) mod range;
pub(crate) mod representation;
pub(crate) mod respond;
pub(crate) mod trusted_proxies;
