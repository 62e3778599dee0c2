//! The thread of a hook: queues the changes, sends the oldest one, and retries until the hook has accepted it.

use crate::{
    clock::{backoff, rounded},
    language::PerLanguage,
    limits::Limits,
    notify::{
        Hook,
        journal::{Effect, Journal, JournalFile},
        metrics::{DROPPED, FAILED, HookMetrics, NotifyMetrics, SENT},
        sender::{Reaction, Sender},
    },
    page::Notice,
};
use std::{
    fs::{File, TryLockError},
    path::Path,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};
use time::OffsetDateTime;

/// Wait after a first failure; it doubles with each further one.
const BACKOFF: Duration = Duration::from_secs(1);
/// The longest wait: a hook that is back is notified within five minutes.
const BACKOFF_CAP: Duration = Duration::from_secs(5 * 60);
/// Interval of attempts to take the lock from another process, which ends after an upgrade.
const LOCK_INTERVAL: Duration = Duration::from_millis(200);

/// An answer in every language, shared by all hooks.
pub type Notices = Arc<PerLanguage<Notice>>;

/// Sends the changes to one hook.
pub struct Worker {
    sender: Sender,
    limits: Limits,
    metrics: NotifyMetrics,
    /// None without a data directory.
    file: Option<JournalFile>,
}

/// Another process, or the thread of an earlier configuration, has the lock on the journal.
struct Locked;

/// The state of a worker while no other has the lock.
struct Turn<'a> {
    worker: &'a Worker,
    journal: Journal,
    metrics: HookMetrics,
    /// The time of the next attempt, and the failed ones in a row.
    next: Instant,
    failures: u32,
    /// Whether the journal could not be written.
    is_failing: bool,
    /// None if its file cannot be opened, or without a data directory.
    lock: Option<File>,
}

impl Worker {
    /// A worker for this hook, with its journal in this directory.
    pub fn new(
        hook: Hook,
        data_dir: Option<&Path>,
        limits: Limits,
        metrics: NotifyMetrics,
        contact: &str,
    ) -> Self {
        let file = data_dir.map(|dir| JournalFile::new(dir, &hook.url.as_uri().to_string()));
        Worker { sender: Sender::new(hook, &limits, contact), limits, metrics, file }
    }

    /// Sends changes until the inbox is closed. A message that is being sent then is finished; the others are sent by
    /// the next process.
    pub fn run(&self, inbox: &Receiver<Notices>) {
        let mut latest = None;
        while let Some(lock) = self.lock(inbox, &mut latest) {
            let mut turn = Turn {
                worker: self,
                journal: self.load(),
                metrics: self.metrics.of(&self.sender.hook.url),
                next: Instant::now(),
                failures: 0,
                is_failing: false,
                lock,
            };
            turn.resume();
            match turn.run(inbox, &mut latest) {
                // The other one goes on with the journal, which is read again after it.
                Err(Locked) => {}
                Ok(()) => return,
            }
        }
    }

    /// Waits for the lock. Puts the latest answer that came meanwhile in `latest`. None if the inbox was closed first.
    fn lock(&self, inbox: &Receiver<Notices>, latest: &mut Option<Notices>) -> Option<Option<File>> {
        loop {
            if let Ok(lock) = self.try_lock() {
                return Some(lock);
            }
            match inbox.recv_timeout(LOCK_INTERVAL) {
                Ok(notices) => *latest = Some(notices),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// Takes the lock; none if there is no file that can be opened.
    fn try_lock(&self) -> Result<Option<File>, Locked> {
        let Some(file) = self.file.as_ref().and_then(|file| file.lock_file().ok()) else { return Ok(None) };
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(Locked),
            // A file system without locks: one process is the rule.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Some(file)),
        }
    }

    fn load(&self) -> Journal {
        let journal = self.file.as_ref().map_or_else(|| Ok(Journal::default()), JournalFile::load);
        journal.unwrap_or_else(|error| {
            let host = &self.sender.hook.url;
            tracing::warn!(%host, %error, "cannot read what this hook was told: it is told of changes from now on");
            Journal::default()
        })
    }
}

impl Turn<'_> {
    /// Sends changes until the inbox is closed, or until another process has taken the lock that this one could not.
    fn run(&mut self, inbox: &Receiver<Notices>, latest: &mut Option<Notices>) -> Result<(), Locked> {
        loop {
            if latest.is_none() {
                let received = match self.journal.waiting.is_empty() {
                    true => inbox.recv().map_err(RecvTimeoutError::from),
                    false => inbox.recv_timeout(self.next.saturating_duration_since(Instant::now())),
                };
                match received {
                    Ok(notices) => *latest = Some(notices),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                }
            }
            if self.lock.is_none() {
                self.lock = self.worker.try_lock()?;
            }
            match latest.take() {
                Some(notices) => self.note(&notices[self.worker.sender.hook.language]),
                None => self.attempt(),
            }
        }
    }

    /// Goes on where an earlier process was killed.
    fn resume(&mut self) {
        let hook = &self.worker.sender.hook;
        if self.journal.sending {
            self.journal.sending = false;
            // A receiver that tells messages apart by their id gets it again.
            if !hook.preset.has_id() && self.journal.waiting.pop_front().is_some() {
                self.metrics.count(DROPPED);
                tracing::warn!(host = %hook.url, "e6 was killed while it sent a change to this hook: not sent again");
            }
            self.save();
        }
        self.metrics.queue(self.journal.waiting.len());
    }

    fn note(&mut self, notice: &Notice) {
        let (hook, limits) = (&self.worker.sender.hook, &self.worker.limits);
        let effect = self.journal.note(notice, hook.occasion, limits.notify_queue, now());
        if effect == Effect::Nothing {
            return;
        }
        if effect == Effect::DropsOldest {
            self.metrics.count(DROPPED);
            tracing::warn!(host = %hook.url, "the queue of this hook is full: its oldest change is dropped");
        }
        self.save();
        self.metrics.queue(self.journal.waiting.len());
    }

    /// Sends the oldest change once.
    fn attempt(&mut self) {
        let (sender, limits) = (&self.worker.sender, &self.worker.limits);
        let host = &sender.hook.url;
        let Some(change) = self.journal.waiting.front().cloned() else { return };
        let age = u64::try_from(now() - change.noticed_at).unwrap_or(0);
        if age > limits.notify_age.as_secs() {
            tracing::error!(%host, id = change.id, "this hook has not accepted a change in time: given up");
            return self.give_up();
        }
        // Saved before the request: a process that is killed meanwhile must not send it a second time.
        self.journal.sending = true;
        self.save();
        let began = Instant::now();
        let reaction = sender.send(&change);
        let took = rounded(began.elapsed());
        self.journal.sending = false;
        match reaction {
            Reaction::Accepted(status) => {
                tracing::info!(%host, id = change.id, took, "told of a change: {status}");
                self.metrics.count(SENT);
                self.finish();
            }
            Reaction::Refused(why) => {
                self.metrics.count(FAILED);
                tracing::error!(%host, id = change.id, "this hook has refused a change: {why}");
                self.give_up();
            }
            Reaction::Unknown(why) if !sender.hook.preset.has_id() => {
                self.metrics.count(FAILED);
                tracing::error!(%host, id = change.id, took, "this hook may have got a change: {why}; not sent again");
                self.give_up();
            }
            Reaction::Unknown(why) => self.retry(&change.id, &why, None),
            Reaction::Later { why, wait } => self.retry(&change.id, &why, wait),
        }
    }

    fn retry(&mut self, id: &str, why: &str, wait: Option<Duration>) {
        let host = &self.worker.sender.hook.url;
        self.metrics.count(FAILED);
        self.failures = self.failures.saturating_add(1);
        let wait =
            backoff(BACKOFF, BACKOFF_CAP, self.failures, fastrand::f64()).max(wait.unwrap_or_default());
        self.next = Instant::now() + wait;
        self.save();
        tracing::warn!(%host, id, retry_in = rounded(wait), "cannot tell this hook of a change: {why}");
    }

    fn give_up(&mut self) {
        self.metrics.count(DROPPED);
        self.finish();
    }

    fn finish(&mut self) {
        self.journal.waiting.pop_front();
        (self.failures, self.next) = (0, Instant::now());
        self.save();
        self.metrics.queue(self.journal.waiting.len());
    }

    /// Saves the journal. A failure is logged once, until saving works again.
    fn save(&mut self) {
        let Some(file) = &self.worker.file else { return };
        let saved = file.save(&self.journal);
        if let (Err(error), false) = (&saved, self.is_failing) {
            let host = &self.worker.sender.hook.url;
            tracing::warn!(%host, %error, "cannot save what this hook was told: a restart may tell it again");
        }
        self.is_failing = saved.is_err();
    }
}

fn now() -> i64 {
    // The system's clock continues over a restart; the site's clock may not.
    OffsetDateTime::now_utc().unix_timestamp()
}
