//! The connections of one accept loop, all on one thread: they learn of the phase from here, and the loop waits for
//! them.

use crate::{lifecycle::Phase, memory};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
    time::{Duration, Instant},
};

/// Connections that keep their buffers of 16 KiB while they are idle for a moment. Beyond them, an idle connection is
/// parked at once, unless it is asked often.
const UNPARKED: usize = 64;

/// Connections whose buffers are worth giving back to the system once all of them are parked or closed.
const BURST: usize = 16;
/// Time between two such releases, which look through the whole heap.
const BETWEEN_RELEASES: Duration = Duration::from_secs(1);

/// The connections of one accept loop.
pub(crate) struct WorkerConnections {
    phase: Cell<Phase>,
    /// The task of each connection, by the connection's number; none until it has run.
    tasks: RefCell<HashMap<u64, Option<Waker>>>,
    /// Connections that are not parked.
    unparked: Cell<usize>,
    /// The most of them since there were none.
    most_unparked: Cell<usize>,
    released: Cell<Instant>,
    /// Waits until no connection is open.
    waiting: Cell<Option<Waker>>,
}

impl WorkerConnections {
    pub fn new() -> Rc<Self> {
        Rc::new(WorkerConnections {
            phase: Cell::new(Phase::Serving),
            tasks: RefCell::default(),
            unparked: Cell::new(0),
            most_unparked: Cell::new(0),
            released: Cell::new(Instant::now()),
            waiting: Cell::new(None),
        })
    }

    pub fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Tells all connections of a new phase.
    pub fn set_phase(&self, phase: Phase) {
        self.phase.set(phase);
        self.tasks.borrow().values().flatten().for_each(Waker::wake_by_ref);
    }

    pub fn has_many_unparked(&self) -> bool {
        self.unparked.get() > UNPARKED
    }

    pub(super) fn add(&self, id: u64) {
        self.tasks.borrow_mut().insert(id, None);
    }

    pub(super) fn runs_in(&self, id: u64, task: &Waker) {
        self.tasks.borrow_mut().insert(id, Some(task.clone()));
    }

    pub(super) fn remove(&self, id: u64) {
        let mut tasks = self.tasks.borrow_mut();
        tasks.remove(&id);
        if tasks.is_empty()
            && let Some(waiting) = self.waiting.take()
        {
            waiting.wake();
        }
    }

    /// Waits until no connection is open.
    pub async fn ended(&self) {
        poll_fn(|context| {
            if self.tasks.borrow().is_empty() {
                return Poll::Ready(());
            }
            self.waiting.set(Some(context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

/// Counts a connection that is not parked until it is dropped.
pub(crate) struct Unparked(Rc<WorkerConnections>);

impl Unparked {
    pub fn new(worker: &Rc<WorkerConnections>) -> Self {
        let unparked = worker.unparked.get() + 1;
        worker.unparked.set(unparked);
        worker.most_unparked.set(worker.most_unparked.get().max(unparked));
        Unparked(worker.clone())
    }
}

impl Drop for Unparked {
    fn drop(&mut self) {
        let worker = &self.0;
        let left = worker.unparked.get() - 1;
        worker.unparked.set(left);
        if left == 0 && worker.most_unparked.take() >= BURST {
            let now = Instant::now();
            if now.duration_since(worker.released.get()) > BETWEEN_RELEASES {
                worker.released.set(now);
                memory::release_freed();
            }
        }
    }
}
