//! The Nginx role: sockets in, requests out.
//!
//! Listens, terminates TLS, speaks HTTP/1.1 and HTTP/2, and ends every connection in time. It takes what answers
//! requests as a parameter and knows nothing of pages or baseball.

use crate::{
    connection::{Arrival, Connection},
    web::trusted_proxies::Proxies,
};
use hyper::{Request, Response, StatusCode, body::Incoming};
use std::{pin::Pin, sync::Arc};

/// A response, or a promise of one.
pub enum Answer<B> {
    /// The response.
    Now(Response<B>),
    /// The response to a request for which something has to be fetched first. It comes within a deadline of its own.
    Later(Pin<Box<dyn Future<Output = Response<B>> + Send>>),
}

/// What answers requests. It must not block.
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
    ) -> Answer<Self::Body>;

    /// Is told of a request that could not be read as one, and has been refused with this status.
    fn refused(&self, status: StatusCode, connection: &Connection);
}

/// One service for all connections of a listener.
pub type Handler<B> = Arc<dyn Service<Body = B>>;
