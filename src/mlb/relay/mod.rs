//! The relay, like nginx's `proxy_cache`: answers the questions of other e6 servers and of this one's own poller, so
//! that MLB sees one client.
//!
//! A reply is used for as long as its `Cache-Control` and `Age` allow, concurrent requests for it share one to MLB, and
//! while MLB fails an old reply is used within limits. Requests to MLB have their own threads, so no worker blocks.

pub(crate) mod cache;
pub(crate) mod reply;

use super::{
    metrics::RelayMetrics,
    question::Question,
    upstream::{Endpoint, PollError, REFUSED, Reply, Upstream, WAYS_OUT},
};
use crate::{answer::Outage, limits::Limits, sync::Unpoisoned, threads::RestartingThreads};
use cache::{CacheLimits, Lookup, ReplyCache, ReplyWaiter};
use hyper::StatusCode;
pub use reply::{RelayError, RelayOutcome, Relayed, ReplyContent};
use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// Threads that ask MLB: a slow reply to one question does not hold up the others.
const THREADS: usize = 4;
/// Limit on questions that wait for a thread. Beyond it the oldest is dropped.
const QUEUE_CAP: usize = 64;
/// Time after which a lasting failure is logged again.
const LOG_AGAIN: Duration = Duration::from_secs(15 * 60);

/// Answers questions from its cache, or by asking MLB. Its threads end when it is dropped.
pub struct Relay {
    shared: Arc<RelayShared>,
    deadline: Duration,
}

struct RelayShared {
    state: Mutex<RelayState>,
    /// A question has been put into the queue, or the relay has ended.
    changed: Condvar,
    /// A question has been answered or given up.
    answered: Condvar,
    upstream: Upstream,
    metrics: RelayMetrics,
}

struct RelayState {
    cache: ReplyCache,
    queue: VecDeque<Question>,
    has_ended: bool,
    /// The kinds of failures that were logged, and when; empty once MLB answers again.
    logged: Vec<(Outage, Instant)>,
}

impl Relay {
    /// Starts a relay that asks this endpoint.
    pub fn start(
        endpoint: Endpoint,
        limits: &Limits,
        metrics: RelayMetrics,
        threads: &RestartingThreads,
    ) -> io::Result<Self> {
        let caps = CacheLimits { entries: limits.relay_entries, bytes: limits.relay_bytes };
        let state = RelayState {
            cache: ReplyCache::new(caps),
            queue: VecDeque::new(),
            has_ended: false,
            logged: Vec::new(),
        };
        let shared = Arc::new(RelayShared {
            state: Mutex::new(state),
            changed: Condvar::new(),
            answered: Condvar::new(),
            upstream: Upstream::new(endpoint, limits),
            metrics,
        });
        let relay = Relay { shared, deadline: limits.relay_deadline() };
        for number in 0..THREADS {
            let shared = relay.shared.clone();
            // Not watched: a thread waits for a question for any time.
            threads.spawn(format!("relay-{number}"), None, move |_| {
                shared.work();
                Ok(())
            })?;
        }
        Ok(relay)
    }

    /// The reply to a question of another server, within the deadline even if MLB does not answer.
    pub async fn ask(&self, question: &Question) -> Relayed {
        let relayed = match self.shared.look(question) {
            Ok(relayed) => relayed,
            Err(mut waiting) => {
                let arrived = timeout(self.deadline, waiting.wait_for(Option::is_some)).await;
                let arrived = arrived.ok().and_then(Result::ok).and_then(|relayed| relayed.clone());
                arrived.unwrap_or_else(|| {
                    self.shared.state.lock().unpoisoned().cache.late(question, Instant::now())
                })
            }
        };
        self.shared.metrics.answered(relayed.outcome());
        relayed
    }

    /// The reply to a question of this process's own poller, whose thread waits for it.
    pub fn ask_blocking(&self, question: &Question) -> Result<Reply, PollError> {
        let relayed = self.shared.look(question).unwrap_or_else(|waiting| {
            let is_waiting = |_: &mut RelayState| waiting.borrow().is_none();
            let waited = self.shared.answered.wait_timeout_while(
                self.shared.state.lock().unpoisoned(),
                self.deadline,
                is_waiting,
            );
            let (state, _) = waited.unpoisoned();
            let arrived = waiting.borrow().clone();
            arrived.unwrap_or_else(|| state.cache.late(question, Instant::now()))
        });
        relayed.into_reply(question)
    }

    /// Counts a request that the relay does not answer.
    pub fn refuse(&self, outcome: RelayOutcome) {
        self.shared.metrics.answered(outcome);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.state.lock().unpoisoned().has_ended = true;
        self.shared.changed.notify_all();
    }
}

impl RelayShared {
    /// The reply from the cache, or a receiver to wait on.
    fn look(&self, question: &Question) -> Result<Relayed, ReplyWaiter> {
        let mut state = self.state.lock().unpoisoned();
        match state.cache.look(question, Instant::now()) {
            Lookup::Here(relayed) => Ok(relayed),
            Lookup::Wait(waiting) => Err(waiting),
            Lookup::Ask(waiting) => {
                if state.queue.len() >= QUEUE_CAP
                    && let Some(oldest) = state.queue.pop_front()
                {
                    state.cache.give_up(&oldest);
                    self.answered.notify_all();
                }
                state.queue.push_back(question.clone());
                self.changed.notify_one();
                Err(waiting)
            }
        }
    }

    /// Asks MLB one question after another until the relay ends.
    fn work(&self) {
        while let Some(question) = self.next() {
            let _in_progress = QuestionInProgress { relay: self, question: &question };
            self.finish(&question, self.upstream.get_ok(question.as_str()));
        }
    }

    fn next(&self) -> Option<Question> {
        let is_idle = |state: &mut RelayState| state.queue.is_empty() && !state.has_ended;
        let waited = self.changed.wait_while(self.state.lock().unpoisoned(), is_idle);
        let mut state = waited.unpoisoned();
        if state.has_ended { None } else { state.queue.pop_front() }
    }

    fn finish(&self, question: &Question, result: Result<Reply, PollError>) {
        let now = Instant::now();
        self.metrics.asked(result.as_ref().err().map(|refusal| refusal.trouble));
        // Compress before taking the lock: it takes a while.
        let result = result.map(|reply| ReplyContent::of(reply, now));
        let mut state = self.state.lock().unpoisoned();
        let had_failed = state.cache.has_failed(question);
        match &result {
            Err(refusal) => state.log_failure(refusal, now),
            Ok(_) if had_failed && !state.logged.is_empty() => {
                state.logged.clear();
                tracing::info!("MLB answers the relay again");
            }
            Ok(_) => {}
        }
        state.cache.finish(question, result, now);
        self.answered.notify_all();
        self.metrics.holds(state.cache.len(), state.cache.bytes());
    }
}

/// Answers the requests that wait for a question if a panic prevents its reply.
struct QuestionInProgress<'a> {
    relay: &'a RelayShared,
    question: &'a Question,
}

impl Drop for QuestionInProgress<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.relay.state.lock().unpoisoned().cache.give_up(self.question);
            self.relay.answered.notify_all();
        }
    }
}

impl RelayState {
    fn log_failure(&mut self, refusal: &PollError, now: Instant) {
        self.logged.retain(|(_, at)| now.saturating_duration_since(*at) < LOG_AGAIN);
        let is_logged = self.logged.iter().any(|(trouble, _)| *trouble == refusal.trouble);
        // A 404 for a player or a game is a valid reply.
        if is_logged || refusal.status == Some(StatusCode::NOT_FOUND) {
            tracing::debug!("no reply for the relay: {refusal}");
            return;
        }
        self.logged.push((refusal.trouble, now));
        match refusal.trouble {
            Outage::Refused => tracing::error!("the relay cannot help: {REFUSED}: {refusal}; {WAYS_OUT}"),
            _ => tracing::warn!("no reply for the relay: {refusal}"),
        }
    }
}
