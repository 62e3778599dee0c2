//! Pages and pictures that wait to be rendered: one after another, on a thread that lives as long as any wait, so that
//! no worker renders.

use crate::{
    site::named::{NamedResource, PageName, PagePart, RenderingPage},
    threads,
};
use std::{
    collections::{HashMap, VecDeque},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

/// Limit on the pages and pictures that wait: about a second's work. Further ones are refused.
const WAITING_AT_MOST: usize = 32;

/// The work that makes a resource; nothing if it cannot be made.
type RenderWork = Box<dyn FnOnce() -> Option<NamedResource> + Send>;

/// The queue. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct RenderQueue(Arc<Mutex<QueuedRenders>>);

#[derive(Default)]
struct QueuedRenders {
    jobs: VecDeque<RenderJob>,
    /// The outcome of each job that waits or is being done.
    outcomes: HashMap<(PageName, PagePart), watch::Receiver<Option<NamedResource>>>,
    is_running: bool,
}

struct RenderJob {
    key: (PageName, PagePart),
    work: RenderWork,
    outcome: watch::Sender<Option<NamedResource>>,
}

/// Why a resource does not wait: too many others do, or the system refuses a thread.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RenderRefused;

impl RenderQueue {
    /// Adds the work for a resource, unless it waits already.
    ///
    /// # Errors
    /// If too many wait, or the system refuses the thread, which is logged.
    pub fn add(&self, key: (PageName, PagePart), work: RenderWork) -> Result<RenderingPage, RenderRefused> {
        let mut waiting = self.waiting();
        if let Some(outcome) = waiting.outcomes.get(&key) {
            return Ok(resolved(outcome.clone()));
        }
        if waiting.outcomes.len() >= WAITING_AT_MOST {
            return Err(RenderRefused);
        }
        if !waiting.is_running {
            self.start().map_err(|error| {
                tracing::error!(%error, "cannot start a thread to render a page");
                RenderRefused
            })?;
            waiting.is_running = true;
        }
        let (outcome, receiver) = watch::channel(None);
        waiting.outcomes.insert(key, receiver.clone());
        waiting.jobs.push_back(RenderJob { key, work, outcome });
        Ok(resolved(receiver))
    }

    fn start(&self) -> io::Result<()> {
        let queue = self.clone();
        threads::start("render", move || while queue.do_next() {}).map(drop)
    }

    /// Does the work that waits longest; false if none waits, which ends the thread.
    fn do_next(&self) -> bool {
        let next = {
            let mut waiting = self.waiting();
            let next = waiting.jobs.pop_front();
            waiting.is_running = next.is_some();
            next
        };
        let Some(RenderJob { key, work, outcome }) = next else { return false };
        // The panic itself is logged.
        let made = catch_unwind(AssertUnwindSafe(work)).unwrap_or_default();
        self.waiting().outcomes.remove(&key);
        outcome.send_replace(made);
        true
    }

    /// A panic while this was locked leaves it consistent: nothing between two changes of it can panic.
    fn waiting(&self) -> MutexGuard<'_, QueuedRenders> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The outcome of a job, once it is done and its sender is dropped.
fn resolved(mut outcome: watch::Receiver<Option<NamedResource>>) -> RenderingPage {
    Box::pin(async move {
        while outcome.changed().await.is_ok() {}
        outcome.borrow().clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{language::Language, web::representation::Representation};
    use std::sync::mpsc;

    fn key(year: i32) -> (PageName, PagePart) {
        (PageName::Season(year), PagePart::Card(Language::English))
    }

    fn wait(page: RenderingPage) -> Option<NamedResource> {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(page)
    }

    fn file() -> Option<NamedResource> {
        Some(NamedResource::File(Representation::once(b"png".to_vec(), "image/png")))
    }

    #[test]
    fn work_is_done_once_for_all_that_wait_and_only_so_much_waits() {
        let queue = RenderQueue::default();
        let (release, held) = mpsc::channel::<()>();
        let first = queue.add(key(0), Box::new(move || held.recv().ok().and_then(|()| file()))).unwrap();
        let second = queue.add(key(0), Box::new(|| panic!("it is being done"))).unwrap();
        let others: Vec<_> =
            (1..WAITING_AT_MOST as i32).map(|year| queue.add(key(year), Box::new(file)).unwrap()).collect();
        assert_eq!(queue.add(key(99), Box::new(file)).err(), Some(RenderRefused));
        release.send(()).unwrap();
        assert!([first, second].into_iter().chain(others).all(|page| wait(page).is_some()));
        assert!(wait(queue.add(key(99), Box::new(file)).unwrap()).is_some(), "there is room again");
    }

    #[test]
    fn a_panic_is_no_page_and_stops_no_other() {
        let queue = RenderQueue::default();
        let broken = queue.add(key(0), Box::new(|| panic!("on purpose"))).unwrap();
        let whole = queue.add(key(1), Box::new(file)).unwrap();
        assert!(wait(broken).is_none() && wait(whole).is_some());
    }
}
