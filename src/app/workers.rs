//! The worker threads, which serve connections.

use crate::{
    app::{
        error::RunError,
        listeners::{DealtSocket, Listeners},
        process::Process,
        swap_handler::SwapHandler,
    },
    connection::ListenerKind,
    http::{
        accept::{self, AcceptContext, WorkerListener},
        http3::{self, Http3Listener, Http3Server},
    },
    net::listen::BoundSocket,
    per_worker::{become_worker, workers},
    threads::Heartbeat,
    tls::owner::CertificateOwner,
};
use std::{
    io,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{
    runtime::{Builder, LocalOptions},
    sync::oneshot,
    task::JoinSet,
    time::interval,
};
use tokio_rustls::TlsAcceptor;

const PULSE: Duration = Duration::from_secs(1);
/// Longest time between two heartbeats of a worker that is not hanging. A busy machine may delay it for so long.
const PULSE_AT_MOST: Duration = Duration::from_secs(10);

#[derive(Default)]
struct OpenListeners {
    tcp: Vec<WorkerListener>,
    http3: Vec<Http3Listener>,
}

pub(crate) struct Workers {
    done: Vec<oneshot::Receiver<()>>,
}

/// The parts that all workers share.
#[derive(Clone)]
struct WorkerContext {
    /// The sockets. They outlive a worker that fails, so that connections wait in the queue until it has restarted.
    /// Their owner closes them, not the last worker.
    listeners: Weak<Listeners>,
    tls: Option<TlsAcceptor>,
    http3: Option<Arc<Http3Server>>,
    handler: SwapHandler,
    accept_context: AcceptContext,
}

impl Workers {
    /// Starts one thread for each worker, with its own runtime and listeners. While they answer requests, workers share
    /// only the site, the counters and the limit on connections.
    pub fn start(process: &Process, handler: &SwapHandler) -> Result<Self, RunError> {
        let context = WorkerContext {
            listeners: Arc::downgrade(&process.resources.listeners),
            tls: process.certificates.as_ref().map(CertificateOwner::acceptor),
            http3: process.http3.clone(),
            handler: handler.clone(),
            accept_context: AcceptContext {
                clients: process.clients.clone(),
                counters: process.metrics.connections.clone(),
                phase: process.lifecycle.watch(),
            },
        };
        let start = |worker| {
            let mut opened = Some(context.open(worker)?);
            let (finished, done) = oneshot::channel();
            let mut finished = Some(finished);
            let context = context.clone();
            process.metrics.threads.spawn(format!("worker-{worker}"), PULSE_AT_MOST, move |heartbeat| {
                become_worker(worker);
                let listeners = opened.take().map_or_else(|| context.open(worker), Ok)?;
                // Its tasks stay on this thread, so that connections need no locks.
                let runtime =
                    Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
                runtime.block_on(serve(listeners, &context.accept_context, heartbeat))?;
                // The receiver is gone if the process ends without waiting.
                finished.take().map(|finished| finished.send(()));
                Ok(())
            })?;
            Ok(done)
        };
        let started: io::Result<_> = (0..workers()).map(start).collect();
        let done =
            started.map_err(RunError::cannot("open the listeners of a worker, or start its thread"))?;
        Ok(Workers { done })
    }

    pub async fn finish(self) {
        for done in self.done {
            let _ = done.await;
        }
    }
}

impl WorkerContext {
    /// Makes the worker's listeners; none once the sockets are closed.
    fn open(&self, worker: usize) -> io::Result<OpenListeners> {
        let mut opened = OpenListeners::default();
        let Some(listeners) = self.listeners.upgrade() else { return Ok(opened) };
        for DealtSocket { bound, endpoint, users } in listeners.deal(worker, workers())? {
            let BoundSocket { kind, socket, .. } = bound;
            let handler = self.handler.of(kind);
            match (kind, &self.http3) {
                (ListenerKind::Http3, None) => {}
                (ListenerKind::Http3, Some(server)) => {
                    let server = server.clone();
                    opened.http3.push(Http3Listener { worker, endpoint, users, socket, handler, server });
                }
                _ => {
                    let tls = self.tls.clone().filter(|_| kind == ListenerKind::Https);
                    opened.tcp.push(WorkerListener { kind, worker, socket, tls, handler });
                }
            }
        }
        Ok(opened)
    }
}

/// Serves until the listeners are closed and the last connection has ended.
async fn serve(
    listeners: OpenListeners,
    accept_context: &AcceptContext,
    heartbeat: &Heartbeat,
) -> io::Result<()> {
    let mut loops = JoinSet::new();
    for listener in listeners.tcp {
        loops.spawn_local(accept::accept(listener, accept_context.clone()));
    }
    for listener in listeners.http3 {
        loops.spawn_local(http3::accept(listener, accept_context.clone()));
    }
    let mut beat = interval(PULSE);
    loop {
        tokio::select! {
            ended = loops.join_next() => match ended {
                Some(ended) => ended??,
                None => return Ok(()),
            },
            _ = beat.tick() => heartbeat.beat(),
        }
    }
}
