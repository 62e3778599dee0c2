//! The worker threads, which serve connections.

use crate::{
    app::{RunError, listeners::Listeners, swap_handler::SwapHandler},
    connection::ListenerKind,
    http::accept::{AcceptContext, WorkerListener},
    net::listen::BoundSocket,
    per_worker::become_worker,
    threads::{Heartbeat, RestartingThreads},
};
use std::{io, sync::Weak, time::Duration};
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

pub(crate) struct Workers {
    done: Vec<oneshot::Receiver<()>>,
}

/// The parts that all workers share.
#[derive(Clone)]
pub(crate) struct WorkerContext {
    /// The sockets. They outlive a worker that fails, so that connections wait in the queue until it has restarted.
    /// Their owner closes them, not the last worker.
    pub listeners: Weak<Listeners>,
    pub workers: usize,
    pub tls: Option<TlsAcceptor>,
    pub handler: SwapHandler,
    pub accept_context: AcceptContext,
}

impl Workers {
    /// Starts one thread for each worker, with its own runtime and listeners. While they answer requests, workers share
    /// only the site, the counters and the limit on connections.
    pub fn start(context: &WorkerContext, threads: &RestartingThreads) -> Result<Self, RunError> {
        let start = |worker| {
            let mut opened = Some(context.open(worker)?);
            let (finished, done) = oneshot::channel();
            let mut finished = Some(finished);
            let context = context.clone();
            threads.spawn(format!("worker-{worker}"), PULSE_AT_MOST, move |heartbeat| {
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
        let started: io::Result<_> = (0..context.workers).map(start).collect();
        let cannot = |error| {
            RunError::new(format!("cannot open the listeners of a worker, or start its thread: {error}"))
        };
        Ok(Workers { done: started.map_err(cannot)? })
    }

    pub async fn finish(self) {
        for done in self.done {
            let _ = done.await;
        }
    }
}

impl WorkerContext {
    /// Makes the worker's listeners; none once the sockets are closed.
    fn open(&self, worker: usize) -> io::Result<Vec<WorkerListener>> {
        let Some(listeners) = self.listeners.upgrade() else { return Ok(Vec::new()) };
        let listener = |BoundSocket { kind, socket, .. }| WorkerListener {
            kind,
            worker,
            socket,
            tls: self.tls.clone().filter(|_| kind == ListenerKind::Https),
            handler: if kind == ListenerKind::Admin {
                self.handler.operators()
            } else {
                self.handler.visitors()
            },
        };
        Ok(listeners.deal(worker, self.workers)?.into_iter().map(listener).collect())
    }
}

/// Serves until the listeners are closed and the last connection has ended.
async fn serve(
    listeners: Vec<WorkerListener>,
    accept_context: &AcceptContext,
    heartbeat: &Heartbeat,
) -> io::Result<()> {
    let mut loops = JoinSet::new();
    for listener in listeners {
        loops.spawn_local(crate::http::accept::accept(listener, accept_context.clone()));
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
