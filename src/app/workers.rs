//! The threads that serve.

use crate::{
    app::{RunError, listeners::Listeners, metrics::AllMetrics, runtime, swap_handler::SwapHandler},
    connection::ListenerKind,
    heartbeat::Heartbeat,
    http::accept::{AcceptContext, WorkerListener},
    net::listen::BoundSocket,
    site::exchange::ResponseBody,
    tls::config::TlsConfig,
};
use std::{io, sync::Weak, time::Duration};
use tokio::{runtime::Runtime, sync::oneshot, task::JoinSet, time::interval};

/// How often a worker's loop gives a sign of life.
const PULSE: Duration = Duration::from_secs(1);
/// No task may keep a loop for so long; who is held up by a busy machine has as much.
const PULSE_AT_MOST: Duration = Duration::from_secs(10);

/// Started, and waited for at the end.
pub(crate) struct Workers {
    done: Vec<oneshot::Receiver<()>>,
}

/// What workers have in common.
#[derive(Clone)]
pub(crate) struct WorkerContext {
    /// The sockets, which outlive a worker that breaks: its queue waits for it to begin anew. They are closed when whoever
    /// owns them says so, not when the last worker ends.
    pub listeners: Weak<Listeners>,
    /// How many workers they are dealt to.
    pub workers: usize,
    pub terms: Option<TlsConfig>,
    pub desk: SwapHandler,
    pub house: AcceptContext,
}

impl Workers {
    /// One thread for each, with a runtime and listeners of its own: nothing is shared on the way of a request but the
    /// site, the counters and the cap on connections.
    pub fn start(
        post: &WorkerContext,
        AllMetrics { keep, pulses, .. }: &AllMetrics,
    ) -> Result<Self, RunError> {
        let start = |worker| {
            let cannot = |error| RunError(format!("cannot start an event loop: {error}"));
            let mut opened = Some(post.open(worker).map_err(cannot)?);
            let (finished, done) = oneshot::channel();
            let mut finished = Some(finished);
            let post = post.clone();
            let pulse = pulses.of(format!("worker-{worker}"), PULSE_AT_MOST);
            keep.alive(format!("worker-{worker}"), move || {
                let (runtime, doors) = opened.take().map_or_else(|| post.open(worker), Ok)?;
                runtime.block_on(serve(doors, &post.house, &pulse))?;
                // Nobody waits for it where the process ends at once.
                finished.take().map(|finished| finished.send(()));
                Ok(())
            })?;
            Ok(done)
        };
        Ok(Workers { done: (0..post.workers).map(start).collect::<Result<_, _>>()? })
    }

    /// Waits until all connections have ended.
    pub async fn finish(self) {
        for done in self.done {
            let _ = done.await;
        }
    }
}

impl WorkerContext {
    /// An event loop, and the worker's doors in it; none once the sockets are closed.
    fn open(&self, worker: usize) -> io::Result<(Runtime, Vec<WorkerListener<ResponseBody>>)> {
        let runtime = runtime()?;
        let Some(listeners) = self.listeners.upgrade() else { return Ok((runtime, Vec::new())) };
        let door = |BoundSocket { kind, socket, .. }| WorkerListener {
            kind,
            worker,
            socket,
            tls: self.terms.clone().filter(|_| kind == ListenerKind::Https),
            handler: if kind == ListenerKind::Admin { self.desk.operators() } else { self.desk.visitors() },
        };
        let doors = listeners.deal(worker, self.workers)?.into_iter().map(door).collect();
        Ok((runtime, doors))
    }
}

/// Until the doors are closed and the last who came in has left.
async fn serve(
    doors: Vec<WorkerListener<ResponseBody>>,
    house: &AcceptContext,
    pulse: &Heartbeat,
) -> io::Result<()> {
    let mut loops = JoinSet::new();
    for door in doors {
        loops.spawn(crate::http::accept::accept(door, house.clone()));
    }
    let mut beat = interval(PULSE);
    loop {
        tokio::select! {
            ended = loops.join_next() => match ended {
                Some(ended) => ended??,
                None => return Ok(()),
            },
            _ = beat.tick() => pulse.beat(),
        }
    }
}
