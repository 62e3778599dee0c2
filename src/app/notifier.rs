//! Starts a thread for each hook, and gives it the answers; `e6 notify --test`.

use crate::{
    app::{data_source::DataSource, error::RunError, metrics::AllMetrics},
    config::Config,
    notify::{Notices, Reaction, Sender, Worker},
    output::format,
    page::Words,
};
use std::{
    sync::mpsc::{self, SyncSender},
    thread,
};
use tokio::sync::watch;
use tracing::Level;

/// Answers that wait for a thread that is sending. A further one is not needed: the next tells the same.
const INBOX: usize = 16;

/// The running threads. Dropping this ends them, each after the message that it is sending.
pub(crate) struct Notifier {
    inboxes: Vec<SyncSender<Notices>>,
    /// Closed once every thread has ended.
    ended: watch::Receiver<()>,
}

impl Notifier {
    /// Starts the threads of this configuration. A replay tells nobody.
    pub fn start(config: &Config, source: &DataSource, metrics: &AllMetrics) -> Result<Self, RunError> {
        let (alive, ended) = watch::channel(());
        let mut notifier = Notifier { inboxes: Vec::new(), ended };
        let hooks = config.notify.iter().filter(|_| source.replay.is_none());
        for (index, hook) in hooks.enumerate() {
            let (sender, inbox) = mpsc::sync_channel(INBOX);
            let (data_dir, contact) = (config.data_dir.as_deref(), config.contact());
            let worker =
                Worker::new(hook.clone(), data_dir, config.limits.clone(), metrics.notify.clone(), &contact);
            let alive = alive.clone();
            // Not watched: a thread waits for an answer for any time.
            let started = metrics.threads.spawn(format!("notify-{}", index + 1), None, move |_| {
                let _alive = &alive;
                worker.run(&inbox);
                Ok(())
            });
            started.map_err(RunError::cannot("start a hook's thread"))?;
            notifier.inboxes.push(sender);
        }
        Ok(notifier)
    }

    pub fn is_empty(&self) -> bool {
        self.inboxes.is_empty()
    }

    pub fn note(&self, notices: &Notices) {
        for inbox in &self.inboxes {
            // A full inbox is no loss: the thread gets the answer with the next poll.
            let _ = inbox.try_send(notices.clone());
        }
    }

    /// Ends the threads and waits until each has finished the message that it is sending.
    pub async fn finish(mut self) {
        drop(self.inboxes);
        // Nothing is ever sent: this ends when the last thread has.
        let _ = self.ended.changed().await;
    }
}

/// Sends a test to every hook at once, and prints what became of it. Returns whether all have accepted it.
pub(crate) fn test(config: &Config) -> std::io::Result<bool> {
    let contact = config.contact();
    let question = |words: &Words| words.question.replace("{player}", "the player");
    let reactions: Vec<_> = thread::scope(|scope| {
        let test = |hook: &crate::notify::Hook| {
            let question = question(&config.words[hook.language]);
            let sender = Sender::new(hook.clone(), &config.limits, &contact);
            scope.spawn(move || sender.test(&question))
        };
        let tests: Vec<_> = config.notify.iter().map(test).collect();
        let panicked = || Reaction::Unknown("the test has panicked".into());
        tests.into_iter().map(|test| test.join().unwrap_or_else(|_| panicked())).collect()
    });
    for (hook, reaction) in config.notify.iter().zip(&reactions) {
        let host = hook.url.to_string();
        match reaction {
            Reaction::Accepted(status) => {
                let fields = [("host", host.as_str().into())];
                format::answer(
                    &format!("{host}: accepted ({status})"),
                    &format!("accepted ({status})"),
                    &fields,
                )?;
            }
            Reaction::Refused(why) => format::report(Level::ERROR, &format!("{host}: refused: {why}")),
            Reaction::Later { why, .. } | Reaction::Unknown(why) => {
                format::report(Level::ERROR, &format!("{host}: not accepted: {why}"));
            }
        }
    }
    Ok(reactions.iter().all(|reaction| matches!(reaction, Reaction::Accepted(_))))
}
