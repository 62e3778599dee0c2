//! The Nginx role: sockets in, requests out.
//!
//! Listens, terminates TLS, speaks HTTP/1.1 and HTTP/2, and ends every connection in time. It takes what answers
//! requests as a parameter and knows nothing of pages or baseball.

mod accept;
mod conn;
pub mod limits;
mod listen;
mod tls;

pub use accept::{Door, accept};
pub use listen::bind;
pub use tls::{Certificate, certificate};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming};
use std::sync::Arc;

/// What answers requests. It must neither block nor wait.
pub type Handler = Arc<dyn Fn(&Request<Incoming>) -> Response<Full<Bytes>> + Send + Sync>;
