//! The threads that serve.

use super::{Failure, Listeners, runtime};
use crate::{
    connection::{Arrival, Connection, Listener},
    edge::{self, Bound, Counters, Door, Handler, House},
    lifecycle::Lifecycle,
    limits::Limits,
    web::{self, Body, Service},
};
use arc_swap::ArcSwap;
use hyper::{Request, Response, StatusCode, body::Incoming};
use std::{sync::Arc, thread, time::Duration};
use tokio::{
    sync::{Semaphore, oneshot},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

/// Started, and waited for at the end.
pub(super) struct Workers {
    done: Vec<oneshot::Receiver<()>>,
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
        let mut done = Vec::new();
        for (worker, bound) in listeners.by_worker().into_iter().enumerate() {
            let door = |Bound { kind, socket, .. }: Bound| Door {
                kind,
                worker,
                socket,
                tls: tls.clone().filter(|_| kind == Listener::Https),
                handler: if kind == Listener::Admin { &operators } else { &visitors }.clone(),
            };
            let doors: Vec<_> = bound.into_iter().map(door).collect();
            let (finished, receiver) = oneshot::channel();
            let house = house.clone();
            let runtime = runtime()?;
            thread::Builder::new()
                .name(format!("worker-{worker}"))
                .spawn(move || {
                    runtime.block_on(work(doors, house));
                    let _ = finished.send(());
                })
                .map_err(|error| Failure(format!("cannot start a worker thread: {error}")))?;
            done.push(receiver);
        }
        Ok(Workers { done })
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

async fn work(doors: Vec<Door<Body>>, house: House) {
    let mut loops: JoinSet<_> = doors.into_iter().map(|door| edge::accept(door, house.clone())).collect();
    while loops.join_next().await.is_some() {}
}
