//! Replies and failures by question, and the requests that wait for them. No I/O.

use super::reply::{RelayError, RelayOutcome, Relayed, ReplyContent};
use crate::{
    answer::Outage,
    mlb::{question::Question, upstream::PollError},
};
use hyper::StatusCode;
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// Time for which a failed question is not sent to MLB again, however many clients ask it.
const FAILURE_LASTS: Duration = Duration::from_secs(2);
/// The same for a question that MLB refuses (403, 406) or does not find (404).
const REFUSAL_LASTS: Duration = Duration::from_secs(60);
/// The `Retry-After` of a request that could not be answered in time.
const SOON: Duration = Duration::from_secs(1);

/// Limits of the cache. Beyond them the least recently used entries are removed.
#[derive(Debug, Clone, Copy)]
pub(super) struct CacheLimits {
    pub entries: usize,
    pub bytes: usize,
}

/// Receives the reply.
pub(super) type ReplyWaiter = watch::Receiver<Option<Relayed>>;

pub(super) enum Lookup {
    /// A reply, or an error.
    Here(Relayed),
    /// A reply is on its way.
    Wait(ReplyWaiter),
    /// The caller has to ask MLB.
    Ask(ReplyWaiter),
}

#[derive(Default)]
struct CacheEntry {
    content: Option<Arc<ReplyContent>>,
    failed: Option<(RelayError, Instant)>,
    /// Sends the reply to the waiting requests; none while MLB is not being asked.
    flight: Option<watch::Sender<Option<Relayed>>>,
    /// The number of its last look-up.
    used: u64,
}

pub(super) struct ReplyCache {
    entries: HashMap<Question, CacheEntry>,
    bytes: usize,
    caps: CacheLimits,
    looks: u64,
    /// The end of the pause that MLB asked for.
    paused_until: Option<Instant>,
}

impl ReplyCache {
    pub fn new(caps: CacheLimits) -> Self {
        ReplyCache { entries: HashMap::new(), bytes: 0, caps, looks: 0, paused_until: None }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn look(&mut self, question: &Question, now: Instant) -> Lookup {
        self.looks += 1;
        if !self.entries.contains_key(question) {
            self.make_room(1);
        }
        let entry = self.entries.entry(question.clone()).or_default();
        entry.used = self.looks;
        if let Some(content) = entry.content.as_ref().filter(|content| content.is_fresh(now)) {
            return Lookup::Here(reply(content, RelayOutcome::Fresh, now));
        }
        if let Some(flight) = &entry.flight {
            return Lookup::Wait(flight.subscribe());
        }
        if let Some((failure, until)) = entry.failed.as_ref().filter(|(_, until)| *until > now) {
            let failure =
                RelayError { retry_after: failure.retry_after.map(|_| *until - now), ..failure.clone() };
            return Lookup::Here(entry.old_or(failure, now));
        }
        if let Some(until) = self.paused_until.filter(|until| *until > now) {
            let failure = RelayError::later(
                StatusCode::SERVICE_UNAVAILABLE,
                "MLB asked the relay to wait",
                until - now,
            );
            return Lookup::Here(entry.old_or(failure, now));
        }
        let (sender, waiting) = watch::channel(None);
        entry.flight = Some(sender);
        Lookup::Ask(waiting)
    }

    /// The reply at the deadline: an old one if allowed, else status 504.
    pub fn late(&self, question: &Question, now: Instant) -> Relayed {
        let failure =
            RelayError::later(StatusCode::GATEWAY_TIMEOUT, "MLB has not replied to the relay yet", SOON);
        self.entries.get(question).unwrap_or(&CacheEntry::default()).old_or(failure, now)
    }

    pub fn has_failed(&self, question: &Question) -> bool {
        self.entries.get(question).is_some_and(|entry| entry.failed.is_some())
    }

    /// Stores MLB's reply or failure, and sends it to the waiting requests.
    pub fn finish(&mut self, question: &Question, result: Result<ReplyContent, PollError>, now: Instant) {
        let Some(entry) = self.entries.get_mut(question) else { return };
        let relayed = match result {
            Ok(content) => {
                let content = Arc::new(content);
                let kept = content.freshness.is_storable.then(|| content.clone());
                self.bytes += kept.as_ref().map_or(0, |kept| kept.size());
                let before = std::mem::replace(&mut entry.content, kept);
                self.bytes -= before.map_or(0, |before| before.size());
                entry.failed = None;
                reply(&content, RelayOutcome::Asked, now)
            }
            Err(refusal) => {
                let failure = RelayError::of(&refusal);
                let lasts = match (refusal.trouble, refusal.status) {
                    (Outage::Refused, _) | (_, Some(StatusCode::NOT_FOUND)) => REFUSAL_LASTS,
                    _ => FAILURE_LASTS,
                };
                let until = now + lasts.max(refusal.retry_after.unwrap_or_default());
                if refusal.retry_after.is_some() {
                    self.paused_until = self.paused_until.max(Some(until));
                }
                entry.failed = Some((failure.clone(), until));
                match failure.is_passing() {
                    true => entry.old_or(failure, now),
                    false => Relayed::Failure(failure),
                }
            }
        };
        entry.answer_waiting(relayed);
        self.make_room(0);
    }

    /// Ends a question without MLB's reply: the waiting requests get an old reply if allowed, else status 503.
    pub fn give_up(&mut self, question: &Question) {
        let Some(entry) = self.entries.get_mut(question) else { return };
        let failure =
            RelayError::later(StatusCode::SERVICE_UNAVAILABLE, "the relay has too many questions", SOON);
        entry.answer_waiting(entry.old_or(failure, Instant::now()));
    }

    /// Removes entries until this many more fit within the limits. An entry for which MLB is being asked stays.
    fn make_room(&mut self, entries: usize) {
        while self.entries.len() + entries > self.caps.entries || self.bytes > self.caps.bytes {
            let idle = self.entries.iter().filter(|(_, entry)| entry.flight.is_none());
            let Some(oldest) = idle.min_by_key(|(_, entry)| entry.used).map(|(question, _)| question.clone())
            else {
                return;
            };
            let gone = self.entries.remove(&oldest).and_then(|entry| entry.content);
            self.bytes -= gone.map_or(0, |content| content.size());
        }
    }
}

impl CacheEntry {
    /// Sends the reply to the waiting requests.
    fn answer_waiting(&mut self, relayed: Relayed) {
        if let Some(flight) = self.flight.take() {
            flight.send_replace(Some(relayed));
        }
    }

    /// The old reply, if this failure and its age allow it; else the failure.
    fn old_or(&self, failure: RelayError, now: Instant) -> Relayed {
        match self.content.as_ref().filter(|content| failure.is_passing() && content.is_better_than_none(now))
        {
            Some(content) => {
                let (age, outcome) = (content.age(now), RelayOutcome::Stale);
                Relayed::Reply { content: content.clone(), age, outcome, failure: Some(failure) }
            }
            None => Relayed::Failure(failure),
        }
    }
}

impl RelayError {
    /// Whether it is an outage, and not MLB's reply to the question or a refusal of this network.
    fn is_passing(&self) -> bool {
        self.status.is_server_error() || self.status == StatusCode::TOO_MANY_REQUESTS
    }
}

fn reply(content: &Arc<ReplyContent>, outcome: RelayOutcome, now: Instant) -> Relayed {
    Relayed::Reply { content: content.clone(), age: content.age(now), outcome, failure: None }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
