//! The handler that connections call: a service that a reload replaces as a whole, between two requests.

use crate::{
    connection::{Arrival, ConnectionInfo, ListenerKind},
    http::handler::{HandlerResponse, SharedHandler, UnreadBody},
    site::service::Service,
    web::trusted_proxies::TrustedProxies,
};
use arc_swap::{ArcSwap, Guard};
use bytes::Bytes;
use http_body_util::Empty;
use hyper::{Request, StatusCode};
use std::sync::Arc;

/// The handlers of visitors and of operators. A reload replaces both.
#[derive(Clone)]
pub(crate) struct SwapHandler {
    visitors: Arc<ArcSwap<Service>>,
    operators: Arc<ArcSwap<Service>>,
}

impl SwapHandler {
    pub fn new(service: Service) -> Self {
        SwapHandler {
            operators: Arc::new(ArcSwap::from_pointee(service.admin())),
            visitors: Arc::new(ArcSwap::from_pointee(service)),
        }
    }

    pub fn replace(&self, service: Service) {
        self.operators.store(Arc::new(service.admin()));
        self.visitors.store(Arc::new(service));
    }

    /// The handler of a listener.
    pub fn of(&self, listener: ListenerKind) -> SharedHandler {
        match listener {
            ListenerKind::Admin => self.operators.clone(),
            _ => self.visitors.clone(),
        }
    }
}

/// Implements the handler of `http` with the service of `site`.
impl crate::http::handler::Handler for ArcSwap<Service> {
    fn proxies(&self) -> Arc<TrustedProxies> {
        self.load().proxies().clone()
    }

    fn answer(
        &self,
        request: &Request<UnreadBody>,
        connection: &Arc<ConnectionInfo>,
        arrival: Arrival,
    ) -> HandlerResponse {
        let service = self.load();
        let routed = service.route(request.uri().path());
        let Some(awaited) = service.awaited(request, &routed, connection, arrival) else {
            return HandlerResponse::Now(service.handle(request, &routed, connection, arrival));
        };
        let (service, connection, mut head) = (Guard::into_inner(service), connection.clone(), head(request));
        HandlerResponse::Later(Box::pin(async move {
            head.extensions_mut().insert(awaited.await);
            service.handle(&head, &routed, &connection, arrival)
        }))
    }

    fn refused(&self, status: StatusCode, connection: &ConnectionInfo) {
        self.load().note_refusal(status, connection);
    }
}

/// A copy of the request without its body, which is not read.
fn head(request: &Request<UnreadBody>) -> Request<Empty<Bytes>> {
    let mut head = Request::new(Empty::new());
    *head.method_mut() = request.method().clone();
    *head.uri_mut() = request.uri().clone();
    *head.version_mut() = request.version();
    *head.headers_mut() = request.headers().clone();
    head
}
