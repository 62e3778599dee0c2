//! The handler that connections call for each request. It is a parameter: this room knows nothing of pages or baseball.

use crate::{
    connection::{Arrival, ConnectionInfo},
    http::body::ResponseBody,
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
    time::Duration,
};

pub(crate) type ConnectionError = Box<dyn std::error::Error + Send + Sync>;

/// A response, or a promise of one.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every response is ready, and a box for each is an allocation"
)]
pub enum HandlerResponse {
    Now(Response<ResponseBody>),
    /// A promise, for a request that needs something fetched first. It resolves within its own deadline.
    Later(PromisedResponse),
}

/// A response that is not ready yet.
pub type PromisedResponse = Pin<Box<dyn Future<Output = Response<ResponseBody>>>>;

/// Answers requests. It must not block.
pub trait Handler: Send + Sync {
    /// The trusted proxies in front of the server.
    fn proxies(&self) -> Arc<TrustedProxies>;

    /// The response to a request.
    fn answer(
        &self,
        request: &Request<UnreadBody>,
        connection: &Arc<ConnectionInfo>,
        arrival: Arrival,
    ) -> HandlerResponse;

    /// Called for a request that could not be parsed and was refused with this status.
    fn refused(&self, status: StatusCode, connection: &ConnectionInfo);
}

/// One handler for all connections of a listener.
pub type SharedHandler = Arc<dyn Handler>;

/// Bytes of a request's body that are read and dropped over HTTP/2 and HTTP/3, so that the client gets to read the
/// refusal.
pub(crate) const UPLOAD_CAP: usize = 256 * 1024;
/// Time for which they are read after the response has left.
pub(crate) const UPLOAD_LASTS: Duration = Duration::from_secs(2);

/// The body of a request. It is never read; only its presence is known.
pub struct UnreadBody {
    is_empty: bool,
}

impl UnreadBody {
    /// The presence of this body, for the handler.
    pub(crate) fn new(body: &impl Body) -> Self {
        UnreadBody { is_empty: body.is_end_stream() }
    }

    /// A body that is known to be empty or not.
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
