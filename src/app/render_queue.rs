//! Pages and pictures that wait to be rendered: one after another, on a thread that lives as long as any wait, so that
//! no worker renders.

use crate::{
    connection::network,
    site::named::{NamedResource, PageName, PagePart, RenderingPage},
    sync::Unpoisoned,
    threads,
};
use std::{
    collections::{HashMap, VecDeque},
    io,
    net::IpAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};
use tokio::sync::watch;

/// Limit on the pages and pictures that wait: about a second's work. Beyond it, one that nobody waits for any more is
/// dropped, or else the oldest of the network that has the most: a flood of requests costs its sender its own places.
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
    /// The network of the client that asked first; none if it is unknown.
    network: Option<IpAddr>,
}

/// A resource does not wait, because the system refuses a thread.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RenderRefused;

impl RenderQueue {
    /// Adds the work for a resource that a client asks for, unless it waits already.
    ///
    /// # Errors
    /// If the system refuses the thread, which is logged.
    pub fn add(
        &self,
        key: (PageName, PagePart),
        client: Option<IpAddr>,
        work: RenderWork,
    ) -> Result<RenderingPage, RenderRefused> {
        let mut waiting = self.0.lock().unpoisoned();
        if let Some(outcome) = waiting.outcomes.get(&key) {
            return Ok(resolved(outcome.clone()));
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
        waiting.jobs.push_back(RenderJob { key, work, outcome, network: client.map(network) });
        if waiting.outcomes.len() > WAITING_AT_MOST {
            waiting.drop_one();
        }
        Ok(resolved(receiver))
    }

    fn start(&self) -> io::Result<()> {
        let queue = self.clone();
        threads::start("render", move || while queue.do_next() {}).map(drop)
    }

    /// Does the work that waits longest; false if none waits, which ends the thread.
    fn do_next(&self) -> bool {
        let next = {
            let mut waiting = self.0.lock().unpoisoned();
            let next = waiting.jobs.pop_front();
            waiting.is_running = next.is_some();
            next
        };
        let Some(RenderJob { key, work, outcome, .. }) = next else { return false };
        // The panic itself is logged.
        let made = catch_unwind(AssertUnwindSafe(work)).unwrap_or_default();
        self.0.lock().unpoisoned().outcomes.remove(&key);
        outcome.send_replace(made);
        true
    }
}

impl QueuedRenders {
    /// Drops a job that waits, which tells its clients to ask again later.
    fn drop_one(&mut self) {
        // The queue itself holds one receiver.
        let idle = self.jobs.iter().position(|job| job.outcome.receiver_count() <= 1);
        let jobs_of = |network| self.jobs.iter().filter(|job| job.network == network).count();
        let dropped = idle.or_else(|| {
            // The first of several with the most, which is the oldest.
            (0..self.jobs.len()).rev().max_by_key(|index| jobs_of(self.jobs[*index].network))
        });
        if let Some(job) = dropped.and_then(|index| self.jobs.remove(index)) {
            self.outcomes.remove(&job.key);
        }
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

    /// The page that this queue is rendering, until it is released.
    fn busy(queue: &RenderQueue) -> (RenderingPage, mpsc::Sender<()>) {
        let (begun, begins) = mpsc::channel();
        let (release, held) = mpsc::channel();
        let work = move || {
            begun.send(()).ok()?;
            held.recv().ok().and_then(|()| file())
        };
        let page = queue.add(key(0), None, Box::new(work)).unwrap();
        begins.recv().unwrap();
        (page, release)
    }

    #[test]
    fn work_is_done_once_for_all_that_wait_and_only_so_much_waits() {
        let queue = RenderQueue::default();
        let (first, release) = busy(&queue);
        let second = queue.add(key(0), None, Box::new(|| panic!("it is being done"))).unwrap();
        let mut others: Vec<_> = (1..=WAITING_AT_MOST as i32)
            .map(|year| queue.add(key(year), None, Box::new(file)).unwrap())
            .collect();
        release.send(()).unwrap();
        assert!(wait(others.remove(0)).is_none(), "the oldest that waited");
        assert!([first, second].into_iter().chain(others).all(|page| wait(page).is_some()));
    }

    #[test]
    fn a_flood_of_one_network_costs_no_other_its_page() {
        let queue = RenderQueue::default();
        let add = |year, client: &str| queue.add(key(year), client.parse().ok(), Box::new(file)).unwrap();
        let (_first, release) = busy(&queue);
        let visitor = add(1, "192.0.2.1");
        // The addresses of a /64 count as one network.
        let flood: Vec<_> = (2..500).map(|year| add(year, &format!("2001:db8::{year}"))).collect();
        let late = add(1000, "192.0.2.2");
        release.send(()).unwrap();
        assert!(wait(visitor).is_some() && wait(late).is_some());
        let made = flood.into_iter().map(wait).filter(Option::is_some).count();
        assert_eq!(made, WAITING_AT_MOST - 3);
    }

    #[test]
    fn a_page_that_nobody_waits_for_any_more_is_dropped_first() {
        let queue = RenderQueue::default();
        let (_first, release) = busy(&queue);
        let add = |year| queue.add(key(year), None, Box::new(file)).unwrap();
        let before = add(1);
        drop(add(2));
        let others: Vec<_> = (3..=WAITING_AT_MOST as i32).map(add).collect();
        release.send(()).unwrap();
        assert!(wait(before).is_some() && others.into_iter().all(|page| wait(page).is_some()));
    }

    #[test]
    fn a_panic_is_no_page_and_stops_no_other() {
        let queue = RenderQueue::default();
        let broken = queue.add(key(0), None, Box::new(|| panic!("on purpose"))).unwrap();
        let whole = queue.add(key(1), None, Box::new(file)).unwrap();
        assert!(wait(broken).is_none() && wait(whole).is_some());
    }
}
