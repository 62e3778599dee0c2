//! The live site: made of the last answer, in the words and colours of the configuration.

use crate::{
    answer::{Answer, GameState, Verdict},
    app::{answer_metrics::AnswerMetrics, notifier::Notifier, publisher::Publisher},
    lifecycle::Phase,
    memory,
    mlb::DayRequests,
    page,
    site::{events::EventHub, snapshot::Site},
    sync::{Mutex, Unpoisoned},
    web::coding::Effort,
};
use arc_swap::ArcSwap;
use std::sync::Arc;
use tokio::sync::watch;

/// The site, and the poller that may change it.
pub(crate) struct LiveSite {
    pub site: Arc<ArcSwap<Site>>,
    pub event_hub: Arc<EventHub>,
    /// The days that visitors ask for and the poller looks up.
    pub day_requests: Arc<DayRequests>,
    /// The answer on one line, for operators.
    line: watch::Sender<String>,
    metrics: AnswerMetrics,
    current: Mutex<Current>,
}

struct Current {
    publisher: Publisher,
    answer: Answer,
    poller_id: PollerId,
    /// None before the threads of hooks have started, and once they are ending.
    notifier: Option<Notifier>,
    /// Ends the wait for the pictures when it is dropped; none once they have been drawn.
    pictures: Option<watch::Sender<()>>,
}

/// The number of a poller. Only the newest poller's answers are published; an older one may still be waiting for MLB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PollerId(u64);

impl LiveSite {
    /// Publishes the first answer, without content codings and pictures, so that visitors need not wait for them:
    /// [`LiveSite::encode`] and [`LiveSite::draw_pictures`] follow.
    pub fn new(
        mut publisher: Publisher,
        answer: Answer,
        phase: watch::Receiver<Phase>,
        metrics: AnswerMetrics,
        day_requests: Arc<DayRequests>,
    ) -> Self {
        let (pictures, drawn) = watch::channel(());
        let site = publisher.site(&answer, Some(drawn), Effort::None, &day_requests);
        let event_hub = Arc::new(EventHub::new(phase));
        event_hub.publish(&site);
        metrics.set(&answer);
        LiveSite {
            line: watch::Sender::new(page::in_a_line(&answer, &publisher.theme)),
            site: Arc::new(ArcSwap::from_pointee(site)),
            event_hub,
            day_requests,
            metrics,
            current: Mutex::new(Current {
                publisher,
                answer,
                poller_id: PollerId(0),
                notifier: None,
                pictures: Some(pictures),
            }),
        }
    }

    pub fn line(&self) -> watch::Receiver<String> {
        self.line.subscribe()
    }

    /// The day's games on one line, and whether all of them are over.
    pub fn scoreboard(&self) -> (String, bool) {
        let current = self.current.lock().unpoisoned();
        let games = &current.answer.games;
        let is_over = !games.is_empty() && games.iter().all(|game| game.state() == GameState::Over);
        (page::scoreboard(&current.answer, &current.publisher.theme), is_over)
    }

    pub fn poller_id(&self) -> PollerId {
        self.current.lock().unpoisoned().poller_id
    }

    /// Encodes the pages of the first answer, unless the pictures have been drawn.
    pub fn encode(&self) {
        let mut current = self.current.lock().unpoisoned();
        let Current { publisher, answer, pictures, .. } = &mut *current;
        if let Some(pictures) = pictures {
            let drawn = Some(pictures.subscribe());
            let encoded = publisher.site(answer, drawn, Effort::Fast, &self.day_requests);
            self.site.store(Arc::new(encoded));
        }
    }

    /// Draws the pictures of the first answer, unless they have been drawn.
    pub fn draw_pictures(&self) {
        let mut current = self.current.lock().unpoisoned();
        if current.pictures.is_some() {
            self.publish(&mut current);
        }
    }

    /// Publishes an answer, unless it comes from an older poller or changes nothing.
    pub fn show(&self, poller_id: PollerId, answer: Answer) {
        let mut current = self.current.lock().unpoisoned();
        // A stale answer is shown with its age, so the page changes even if the answer does not.
        if poller_id == current.poller_id && (answer.stale || answer != current.answer) {
            log_change(&current.publisher, &current.answer, &answer);
            current.answer = answer;
            self.publish(&mut current);
        }
    }

    /// Publishes the same answer in other words and colours.
    pub fn restyle(&self, publisher: Publisher) {
        let mut current = self.current.lock().unpoisoned();
        if !publisher.looks_like(&current.publisher) {
            current.publisher = publisher.with_files_of(&mut current.publisher);
            self.publish(&mut current);
        }
    }

    /// Publishes the first answer of a new poller. Answers of older pollers are ignored from now on.
    pub fn change_question(&self, publisher: Publisher, answer: Answer) -> PollerId {
        let mut current = self.current.lock().unpoisoned();
        let poller_id = PollerId(current.poller_id.0 + 1);
        log_change(&publisher, &current.answer, &answer);
        (current.publisher, current.answer, current.poller_id) = (publisher, answer, poller_id);
        self.publish(&mut current);
        poller_id
    }

    /// Tells these hooks of the answer from now on, instead of those before.
    pub fn tell(&self, notifier: Notifier) {
        let mut current = self.current.lock().unpoisoned();
        current.notifier = Some(notifier);
        current.notify();
    }

    /// Ends the hooks' threads, each after the message that it is sending.
    pub async fn finish(&self) {
        let notifier = self.current.lock().unpoisoned().notifier.take();
        if let Some(notifier) = notifier {
            notifier.finish().await;
        }
    }

    fn publish(&self, current: &mut Current) {
        current.notify();
        let Current { publisher, answer, pictures, .. } = current;
        // Dropped at the end, so that those who wait for the pictures find them.
        let _drawn = pictures.take();
        let fresh = Arc::new(publisher.site(answer, None, Effort::Fast, &self.day_requests));
        self.metrics.set(answer);
        // Stored before the hub announces it, so that clients that are notified find it.
        self.site.store(fresh.clone());
        self.event_hub.publish(&fresh);
        let line = page::in_a_line(answer, &publisher.theme);
        self.line.send_if_modified(|before| {
            let is_new = *before != line;
            *before = line;
            is_new
        });
        memory::release_freed();
    }
}

impl Current {
    /// An answer that is not known is no change.
    fn notify(&self) {
        let notifier = self.notifier.as_ref().filter(|notifier| !notifier.is_empty());
        if let Some(notifier) = notifier.filter(|_| self.answer.verdict != Verdict::Unknown) {
            notifier.note(&Arc::new(page::notice(&self.answer, &self.publisher.theme)));
        }
    }
}

fn log_change(publisher: &Publisher, before: &Answer, after: &Answer) {
    if let Some(change) = page::change(before, after, &publisher.theme) {
        tracing::info!("answer: {change}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        answer::{Facts, Player, decide},
        clock::Clock,
        config::Config,
        lifecycle::Lifecycle,
    };

    #[test]
    fn the_first_site_has_every_page_and_no_picture_until_they_are_drawn() {
        let config = Config::default();
        let publisher = Publisher::new(&config, None, Clock::System);
        let answer =
            decide(&Facts::unread(Player::named(7, "Sam Player", "Player")), time::OffsetDateTime::now_utc());
        let metrics = AnswerMetrics::registered(&prometheus::Registry::new()).unwrap();
        let live_site =
            LiveSite::new(publisher, answer, Lifecycle::default().watch(), metrics, Arc::default());
        let published = || {
            let site = live_site.site.load();
            let mut paths: Vec<_> = site.published.keys().copied().collect();
            paths.sort_unstable();
            (paths, site.version.clone())
        };
        let (paths, version) = published();
        let is_picture = |path: &&str| path.ends_with(".png");
        assert!(paths.contains(&"/badge.svg") && !paths.iter().any(is_picture), "{paths:?}");
        let before = paths;
        let drawn = live_site.site.load().facts.pictures.clone().unwrap();
        assert!(drawn.has_changed().is_ok());
        live_site.draw_pictures();
        assert!(drawn.has_changed().is_err(), "those who wait are told");
        assert!(live_site.site.load().facts.pictures.is_none());
        let (paths, same) = published();
        assert!(before.iter().all(|path| paths.contains(path)), "{paths:?}");
        assert!(paths.contains(&"/card.png") && paths.contains(&"/es/card.png"), "{paths:?}");
        assert_eq!(same, version, "open pages have nothing new");
        let site = live_site.site.load_full();
        live_site.draw_pictures();
        assert!(Arc::ptr_eq(&site, &live_site.site.load()), "once");
    }
}
