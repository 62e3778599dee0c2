//! The connections of one accept loop, all on one thread: they learn of the phase from here, and the loop waits for
//! them.

use crate::lifecycle::Phase;
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

/// The connections of one accept loop.
pub(crate) struct WorkerConnections {
    phase: Cell<Phase>,
    /// The task of each connection, by the connection's number; none until it has run.
    tasks: RefCell<HashMap<u64, Option<Waker>>>,
    /// Waits until no connection is open.
    waiting: Cell<Option<Waker>>,
}

impl WorkerConnections {
    pub fn new() -> Rc<Self> {
        Rc::new(WorkerConnections {
            phase: Cell::new(Phase::Serving),
            tasks: RefCell::default(),
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
