//! The threads that serve.

use super::{Failure, Listeners, runtime};
use crate::{
    connection::{Arrival, Connection, Listener},
    edge::{self, Counters, Door, Handler, House},
    lifecycle::Lifecycle,
    limits::Limits,
    web::{self, Body, Service},
};
use arc_swap::ArcSwap;
use hyper::{Request, Response, StatusCode, body::Incoming};
use std::{net::TcpListener, sync::Arc, thread, time::Duration};
use tokio::{
    sync::{Semaphore, oneshot},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

/// Started, and waited for at the end.
pub(super) struct Workers {
    done: Vec<oneshot::Receiver<()>>,
}

/// A door whose socket no event loop knows yet.
struct Opening {
    kind: Listener,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    handler: Handler<Body>,
}

impl Workers {
    /// One thread for each core, each with a runtime and listeners of its own: nothing is shared on the way of a
    /// request but the site, the counters and the cap on connections.
    pub fn start(
        listeners: Listeners,
        tls: Option<TlsAcceptor>,
        service: Service,
        counters: Counters,
        limits: Limits,
        lifecycle: &Lifecycle,
    ) -> Result<Self, Failure> {
        let house = House {
            permits: Arc::new(Semaphore::new(limits.connections)),
            handshakes: Arc::new(Semaphore::new(limits.handshakes)),
            limits: Arc::new(ArcSwap::from_pointee(limits)),
            counters,
            phase: lifecycle.watch(),
        };
        let operators: Handler<Body> = Arc::new(service.admin());
        let visitors: Handler<Body> = Arc::new(service);
        let opening = |kind, listener, tls, handler: &Handler<Body>| Opening {
            kind,
            listener,
            tls,
            handler: handler.clone(),
        };
        let mut http = listeners.http.into_iter();
        let mut https = listeners.https.into_iter();
        let mut admin = listeners.admin.into_iter();
        let mut done = Vec::new();
        loop {
            let http = http.next().map(|socket| opening(Listener::Http, socket, None, &visitors));
            let https = https.next().map(|socket| opening(Listener::Https, socket, tls.clone(), &visitors));
            let admin = admin.next().map(|socket| opening(Listener::Admin, socket, None, &operators));
            let doors: Vec<_> = http.into_iter().chain(https).chain(admin).collect();
            if doors.is_empty() {
                return Ok(Workers { done });
            }
            let worker = done.len();
            let (finished, receiver) = oneshot::channel();
            let house = house.clone();
            let runtime = runtime()?;
            thread::Builder::new()
                .name(format!("worker-{worker}"))
                .spawn(move || {
                    runtime.block_on(work(worker, doors, house));
                    let _ = finished.send(());
                })
                .map_err(|error| Failure(format!("cannot start a worker thread: {error}")))?;
            done.push(receiver);
        }
    }

    /// Waits until all connections have ended; false when some had not within the deadline.
    pub async fn finish(self, deadline: Duration) -> bool {
        let all = async {
            for done in self.done {
                let _ = done.await;
            }
        };
        tokio::time::timeout(deadline, all).await.is_ok()
    }
}

/// What `edge` asks is what `web` answers.
impl edge::Service for Service {
    type Body = Body;

    fn answer(
        &self,
        request: &Request<Incoming>,
        connection: &Connection,
        arrival: Arrival,
    ) -> Response<Body> {
        self.handle(request, connection, arrival)
    }

    fn refused(&self, status: StatusCode, connection: &Connection) {
        self.note_refusal(status, connection);
    }
}

/// What `web` tells of certificates is what `edge` knows.
impl web::Certificates for edge::Serving {
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

async fn work(worker: usize, doors: Vec<Opening>, house: House) {
    let mut loops = JoinSet::new();
    for Opening { kind, listener, tls, handler } in doors {
        match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => {
                loops.spawn(edge::accept(Door { kind, worker, listener, tls, handler }, house.clone()));
            }
            Err(error) => tracing::error!(%error, "a listener is lost to this worker"),
        }
    }
    while loops.join_next().await.is_some() {}
}
