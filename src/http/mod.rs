//! HTTP connections: accepting, HTTP/1.1, HTTP/2 and HTTP/3, timeouts, the table of clients, the access log and
//! metrics.
//!
//! This room never knows baseball, a page or the name of a setting.

pub(crate) mod accept;
pub(crate) mod access_log;
pub(crate) mod blocked;
pub(crate) mod body;
pub(crate) mod clients;
pub(crate) mod connection;
pub(crate) mod connection_metrics;
pub(crate) mod date;
pub(crate) mod flush_tracker;
pub(crate) mod handler;
pub(crate) mod handshake;
pub(crate) mod http1;
pub(crate) mod http2;
pub(crate) mod http3;
pub(crate) mod load;
pub(crate) mod log_record;
pub(crate) mod malformed;
pub(crate) mod metrics;
pub(crate) mod progress;
pub(crate) mod request_log;
pub(crate) mod request_rates;
pub(crate) mod worker_connections;
pub(crate) mod write_timeout;
