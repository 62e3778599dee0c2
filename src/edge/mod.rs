//! The Nginx role: sockets in, requests out.
//!
//! Listens, terminates TLS, speaks HTTP/1.1 and HTTP/2, and ends every connection in time. It takes what answers
//! requests as a parameter and knows nothing of pages or baseball.

mod accept;
mod activity;
pub mod adopt;
mod certificates;
mod conn;
mod counters;
mod crowd;
mod handshake;
mod lines;
mod listen;
mod load;
mod proxy;
mod socket_file;
mod stall;
mod stream;
mod tls;
mod unsent;

pub use accept::{Door, House, accept};
pub use certificates::{Ca, Certificate, Certificates, Challenge, Files, Origin, Serving, Source, Status};
pub use counters::Counters;
pub use crowd::Crowd;
pub use listen::{Address, Bound, bind};
pub use socket_file::SocketFile;
pub use tls::Terms;

use crate::{
    connection::{Arrival, Connection},
    proxies::Proxies,
};
use hyper::{Request, Response, StatusCode, body::Incoming};
use std::sync::Arc;

/// What answers requests. It must neither block nor wait.
pub trait Service: Send + Sync {
    /// The body of its responses.
    type Body;

    /// The proxies in front of it.
    fn proxies(&self) -> Arc<Proxies>;

    /// The response to a request.
    fn answer(
        &self,
        request: &Request<Incoming>,
        connection: &Connection,
        arrival: Arrival,
    ) -> Response<Self::Body>;

    /// Is told of a request that could not be read as one, and has been refused with this status.
    fn refused(&self, status: StatusCode, connection: &Connection);
}

/// One service for all connections of a listener.
pub type Handler<B> = Arc<dyn Service<Body = B>>;
