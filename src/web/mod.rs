//! HTTP semantics (RFC 9110) over ready-made bytes: negotiation, preconditions, ranges, paths, hosts.
//!
//! It knows nothing of sockets, TLS or the site.

pub(crate) mod coding;
pub(crate) mod forwarded;
pub(crate) mod host;
pub(crate) mod negotiate;
pub(crate) mod path;
pub(crate) mod precondition;
pub(crate) mod range;
pub(crate) mod representation;
pub(crate) mod respond;
pub(crate) mod retry_after;
pub(crate) mod trusted_proxies;
