//! HTTP/1.1, HTTP/2 and HTTP/3 as a client sees them.

pub mod access_log;
pub mod caching;
pub mod cors;
pub mod events;
pub mod framing;
pub mod hosts;
pub mod http2;
pub mod http3;
pub mod metrics;
pub mod peers;
pub mod proxies;
mod proxy_protocol;
pub mod refusals;
mod semantics;
