//! Where requests are answered: a service that a reload replaces as a whole, between two requests.

use crate::{
    connection::{Arrival, Connection},
    http::handler::{Answer, Handler, UnreadBody},
    site::{exchange::Body, service::Service},
    web::trusted_proxies::Proxies,
};
use arc_swap::{ArcSwap, Guard};
use bytes::Bytes;
use http_body_util::Empty;
use hyper::{Request, StatusCode};
use std::sync::Arc;

/// Whoever has come in asks here.
#[derive(Clone)]
pub(crate) struct Desk {
    visitors: Arc<ArcSwap<Service>>,
    operators: Arc<ArcSwap<Service>>,
}

impl Desk {
    pub fn new(service: Service) -> Self {
        Desk {
            operators: Arc::new(ArcSwap::from_pointee(service.admin())),
            visitors: Arc::new(ArcSwap::from_pointee(service)),
        }
    }

    /// Every request from now on is answered by this one.
    pub fn replace(&self, service: Service) {
        self.operators.store(Arc::new(service.admin()));
        self.visitors.store(Arc::new(service));
    }

    pub fn visitors(&self) -> Handler<Body> {
        self.visitors.clone()
    }

    pub fn operators(&self) -> Handler<Body> {
        self.operators.clone()
    }
}

/// What `edge` asks is what `web` answers.
impl crate::http::handler::Service for ArcSwap<Service> {
    type Body = Body;

    fn proxies(&self) -> Arc<Proxies> {
        self.load().proxies().clone()
    }

    fn answer(
        &self,
        request: &Request<UnreadBody>,
        connection: &Arc<Connection>,
        arrival: Arrival,
    ) -> Answer<Body> {
        let service = self.load();
        let Some(relayed) = service.relayed(request) else {
            return Answer::Now(service.handle(request, connection, arrival));
        };
        let (service, connection, mut head) = (Guard::into_inner(service), connection.clone(), head(request));
        Answer::Later(Box::pin(async move {
            head.extensions_mut().insert(relayed.await);
            service.handle(&head, &connection, arrival)
        }))
    }

    fn refused(&self, status: StatusCode, connection: &Connection) {
        self.load().note_refusal(status, connection);
    }
}

/// The same request without its body, which is not read.
fn head(request: &Request<UnreadBody>) -> Request<Empty<Bytes>> {
    let mut head = Request::new(Empty::new());
    *head.method_mut() = request.method().clone();
    *head.uri_mut() = request.uri().clone();
    *head.version_mut() = request.version();
    *head.headers_mut() = request.headers().clone();
    head
}

/// What `web` tells of certificates is what `edge` knows.
impl crate::site::service::Certificates for crate::tls::resolver::Serving {
    fn challenge(&self, token: &str) -> Option<String> {
        self.http_challenge(token)
    }

    fn status(&self) -> serde_json::Value {
        serde_json::json!(&*self.status())
    }

    fn is_settled(&self) -> bool {
        self.is_settled()
    }
}
