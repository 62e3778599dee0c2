//! What connections call to have a request answered. It is a parameter: this room knows nothing of pages or baseball.

use crate::{
    connection::{Arrival, ConnectionInfo},
    web::trusted_proxies::TrustedProxies,
};
use bytes::Bytes;
use hyper::{
    Request, Response, StatusCode,
    body::{Body, Frame, SizeHint},
};
use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

/// Why a connection failed.
pub(crate) type ConnectionError = Box<dyn std::error::Error + Send + Sync>;

/// A response, or a promise of one.
pub enum HandlerResponse<B> {
    /// The response.
    Now(Response<B>),
    /// The response to a request for which something has to be fetched first. It comes within a deadline of its own.
    Later(Pin<Box<dyn Future<Output = Response<B>> + Send>>),
}

/// What answers requests. It must not block.
pub trait Handler: Send + Sync {
    /// The body of its responses.
    type Body;

    /// The proxies in front of it.
    fn proxies(&self) -> Arc<TrustedProxies>;

    /// The response to a request.
    fn answer(
        &self,
        request: &Request<UnreadBody>,
        connection: &Arc<ConnectionInfo>,
        arrival: Arrival,
    ) -> HandlerResponse<Self::Body>;

    /// Is told of a request that could not be read as one, and has been refused with this status.
    fn refused(&self, status: StatusCode, connection: &ConnectionInfo);
}

/// One service for all connections of a listener.
pub type SharedHandler<B> = Arc<dyn Handler<Body = B>>;

/// The body of a request: nobody reads it, so all that is known is whether there is one.
pub struct UnreadBody {
    is_empty: bool,
}

impl UnreadBody {
    /// What a handler is told of this body.
    pub(crate) fn new(body: &impl Body) -> Self {
        UnreadBody { is_empty: body.is_end_stream() }
    }

    /// A body of which it is known whether it is empty.
    pub(crate) fn of(is_empty: bool) -> Self {
        UnreadBody { is_empty }
    }
}

impl Body for UnreadBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.is_empty
    }

    fn size_hint(&self) -> SizeHint {
        if self.is_empty { SizeHint::with_exact(0) } else { SizeHint::default() }
    }
}
