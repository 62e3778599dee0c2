//! The poller: requests parts from MLB when they are due, and publishes answers.
//!
//! One thread, one request at a time. It sleeps in short steps, until the next day at most, and decides again after
//! each, so that a change from time alone (a new day, data that becomes stale) is published without a request.

pub(crate) mod archive;
pub(crate) mod attempts;
pub(crate) mod club;
pub(crate) mod parts;

use crate::{
    answer::{self, Answer, Facts, LastAnswer, Outage, Pace, Player},
    clock::{Clock, Mark},
    limits::Limits,
    mlb::{
        client::Client,
        distrust::Distrust,
        metrics::PollMetrics,
        poller::{
            archive::ArchiveQuestions,
            attempts::{Attempts, PartKey},
            club::Whereabouts,
        },
        store::{Saved, Saver, Store},
    },
    threads::Heartbeat,
};
use std::{
    collections::BTreeMap,
    sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    time::{Duration, Instant},
};
use time::{Date, OffsetDateTime};

/// The longest sleep: data that has become stale is published as such within this.
const LONGEST_SLEEP: Duration = Duration::from_secs(15);
/// The shortest sleep, also with an accelerated clock.
const SHORTEST_SLEEP: Duration = Duration::from_millis(100);
/// Interval of requests for the player, who changes clubs a few times in a career.
const PLAYER_INTERVAL: Duration = Duration::from_secs(6 * 60 * 60);
/// Interval for roster, season's log and year's schedule, which change once or twice a day.
const ROSTER_INTERVAL: Duration = Duration::from_secs(60 * 60);
/// Interval for the leaders, on which no answer rests: one question a day.
const LEADERS_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);
/// Shortest interval for the schedule: during a game the feed tells more.
const SCHEDULE_INTERVAL: Duration = Duration::from_secs(60);
/// Days ahead for which the schedule is read, to have the next game on an off day.
const DAYS_AHEAD: i64 = 7;
/// Time before the first pitch from which the feed is read: line-ups are posted a few hours before it.
const FEED_BEFORE_START: time::Duration = time::Duration::HOUR;
/// Limit on the feeds that are read: more games than a club ever plays in a day.
const FEEDS_CAP: usize = 8;

/// A signal to the poller. It also stops once all senders are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollerSignal {
    /// The poller ends.
    Stop,
    /// A day is to be looked up.
    DayRequested,
}

/// Polls MLB about one player.
pub struct Poller {
    client: Client,
    clock: Clock,
    polls: PollMetrics,
    saver: Option<Saver>,
    /// The club to watch in place of the player's own.
    club: Option<u32>,
    whereabouts: Whereabouts,
    facts: Facts,
    memory: Option<LastAnswer>,
    attempts: Attempts,
    /// The time at which MLB asked us to wait, and for how long.
    hold: Option<(Mark, Duration)>,
    /// Whether it is logged already that MLB refuses this server's network.
    is_refusal_logged: bool,
    /// The distrust of feeds older than those already read, by game.
    distrust: BTreeMap<u64, Distrust>,
    /// The duration of the last round that MLB answered, in real time.
    asking_took: Option<Duration>,
    look_ups: ArchiveQuestions,
}

#[derive(Default)]
struct Round {
    answered: u32,
    trouble: Option<Outage>,
}

impl Poller {
    /// A poller for a player, and for `club` instead of his own club if given. The state in `store` is used until MLB
    /// answers.
    pub fn new(
        client: Client,
        clock: Clock,
        player: Player,
        club: Option<u32>,
        store: Option<Store>,
        polls: PollMetrics,
    ) -> Self {
        let kept = store.as_ref().and_then(|store| store.load(player.id));
        let archive = store.as_ref().map(|store| store.load_seasons(player.id)).unwrap_or_default();
        let unread = || Saved { facts: Facts::unread(player), memory: None };
        let Saved { mut facts, memory } = kept.unwrap_or_else(unread);
        facts.archive = archive;
        Poller {
            client,
            clock,
            polls,
            saver: store.map(Saver::new),
            club,
            whereabouts: Whereabouts::default(),
            facts,
            memory,
            attempts: Attempts::default(),
            hold: None,
            is_refusal_logged: false,
            distrust: BTreeMap::new(),
            asking_took: None,
            look_ups: ArchiveQuestions::default(),
        }
    }

    /// The longest time between two heartbeats: twice the longest sleep and request.
    pub fn longest_pause(limits: &Limits) -> Duration {
        2 * (LONGEST_SLEEP + limits.mlb_total)
    }

    /// The answer before the first request.
    pub fn first_answer(&mut self) -> Answer {
        self.conclude()
    }

    /// Polls and publishes until stopped. Beats the heartbeat in every round and with every request.
    pub fn run(
        mut self,
        signals: &Receiver<PollerSignal>,
        heartbeat: &Heartbeat,
        mut publish: impl FnMut(Answer),
    ) {
        self.client = self.client.alive_by(heartbeat.clone());
        loop {
            self.client.beat();
            let mut answer = self.conclude();
            if self.left(answer.pace).is_zero() {
                self.ask(answer.pace, signals);
                answer = self.conclude();
            } else if self.left_to_look_up(&answer).is_some_and(|left| left.is_zero()) {
                self.look_up(&answer);
                answer = self.conclude();
            }
            let wait = self.clock.real(self.left(answer.pace).min(self.left_of_day()).min(LONGEST_SLEEP));
            let wait = self.left_to_look_up(&answer).map_or(wait, |left| wait.min(left)).max(SHORTEST_SLEEP);
            publish(answer);
            if let Some(saver) = &mut self.saver {
                saver.go_on();
            }
            if matches!(
                signals.recv_timeout(wait),
                Ok(PollerSignal::Stop) | Err(RecvTimeoutError::Disconnected)
            ) || is_stopped(signals)
            {
                return;
            }
        }
    }

    /// The time until the next day begins.
    fn left_of_day(&self) -> Duration {
        let now = self.clock.now();
        (answer::next_turn(&self.facts, now) - now).try_into().unwrap_or_default()
    }

    /// The time until the next part is due, at this pace.
    fn left(&self, pace: Pace) -> Duration {
        let now = self.clock.now();
        let keys = self.wanted_parts(now);
        let left = keys.into_iter().map(|key| self.left_of(key, pace)).min();
        left.unwrap_or_default().max(self.left_of_hold())
    }

    /// The rest of the wait that MLB asked for.
    fn left_of_hold(&self) -> Duration {
        self.hold.map_or(Duration::ZERO, |(since, wait)| wait.saturating_sub(self.clock.since(&since)))
    }

    fn left_of(&self, key: PartKey, pace: Pace) -> Duration {
        let interval = interval(pace);
        let lasts = match key {
            PartKey::Player if self.facts.player.value.club.is_none() => interval,
            PartKey::Player | PartKey::Club => PLAYER_INTERVAL,
            PartKey::Schedule => interval.max(SCHEDULE_INTERVAL),
            PartKey::Feed(_) => interval,
            PartKey::Roster | PartKey::Season | PartKey::Calendar => ROSTER_INTERVAL,
            // It is kept over a restart, which does not ask again.
            PartKey::Leaders if !self.attempts.has_asked(key) => {
                let age = self.facts.leaders.asked_at.map(|at| self.clock.now() - at);
                let age = age.map_or(LEADERS_INTERVAL, |age| age.try_into().unwrap_or_default());
                return LEADERS_INTERVAL.saturating_sub(age);
            }
            PartKey::Leaders => LEADERS_INTERVAL,
            PartKey::Archive => Duration::ZERO,
        };
        // After the clock was set back, a part that is dated in the future is read again.
        let is_ahead = self.made_at(key).is_some_and(|at| at > self.clock.now() + answer::CLOCK_TOLERANCE);
        self.attempts.left(key, if is_ahead { Duration::ZERO } else { lasts }, &self.clock)
    }

    /// The time at which MLB made a part that the answer rests on; none for other parts.
    fn made_at(&self, key: PartKey) -> Option<OffsetDateTime> {
        match key {
            PartKey::Player => self.facts.player.asked_at,
            PartKey::Schedule => self.facts.schedule.asked_at,
            PartKey::Feed(pk) => self.facts.feeds.get(&pk)?.asked_at,
            _ => None,
        }
    }

    /// The parts that are wanted now, in the order in which they are read.
    fn wanted_parts(&self, now: OffsetDateTime) -> Vec<PartKey> {
        let mut keys = vec![PartKey::Player];
        if self.has_teams(now) {
            keys.push(PartKey::Club);
        }
        if self.has_games(now) {
            keys.push(PartKey::Schedule);
            keys.extend(self.wanted_feeds(now).keys().map(|pk| PartKey::Feed(*pk)));
            keys.extend([PartKey::Roster, PartKey::Season, PartKey::Calendar, PartKey::Leaders]);
        }
        keys
    }

    fn conclude(&mut self) -> Answer {
        let now = self.clock.now();
        let mut answer = answer::decide(&self.facts, now);
        self.memory = answer.follow(self.memory.as_ref(), now);
        answer.asking_took = self.asking_took;
        answer
    }

    /// One round: sends every request that is due. A failed one leaves its part as it was and affects no other.
    fn ask(&mut self, pace: Pace, signals: &Receiver<PollerSignal>) {
        let (now, started) = (self.clock.now(), Instant::now());
        self.hold = None;
        let mut round = Round::default();
        let mut asked = Vec::new();
        // A part that was read may change which ones are wanted after it.
        while let Some(key) = self.wanted_parts(now).into_iter().find(|key| !asked.contains(key)) {
            asked.push(key);
            // The pace by the data just read: it sets when a secondary part is retried.
            let pace = if key.is_secondary() { answer::decide(&self.facts, now).pace } else { pace };
            self.ask_if_due(key, pace, now, &mut round);
        }
        // Otherwise, only parts that the answer does not rest on were due, and none was read.
        if round.trouble.is_some() || round.answered > 0 {
            self.polls.asked(round.trouble);
        }
        if round.answered == 0 {
            return;
        }
        self.asking_took = Some(started.elapsed());
        self.conclude();
        // A poller that has replaced this one writes the state files.
        if is_stopped(signals) {
            return;
        }
        self.keep();
        self.archive_round(now);
    }

    fn ask_if_due(&mut self, key: PartKey, pace: Pace, now: OffsetDateTime, round: &mut Round) {
        if self.hold.is_some() || !self.left_of(key, pace).is_zero() {
            return;
        }
        match self.read(key, now) {
            Ok(()) => {
                round.answered += 1;
                self.note_success(key);
            }
            Err(refusal) => {
                if !key.is_secondary() {
                    round.trouble.get_or_insert(refusal.trouble);
                }
                self.note_failure(key, pace, &refusal);
            }
        }
    }

    fn keep(&mut self) {
        if let Some(saver) = &mut self.saver {
            saver.keep(&Saved { facts: self.facts.clone(), memory: self.memory.clone() });
        }
    }

    /// The id of the club to watch.
    fn watched(&self) -> Option<u32> {
        self.club.or(self.facts.club_id())
    }

    /// Whether there are clubs whose games are to be requested. The watched club must have been read: a configured one
    /// must exist before its empty schedule is believed.
    fn has_games(&self, now: OffsetDateTime) -> bool {
        let watched = self.watched();
        !self.clubs(now).is_empty() && (watched.is_none() || watched == self.facts.club_id())
    }

    fn today(&self, now: OffsetDateTime) -> Date {
        self.facts.zone.value.local(now).date()
    }
}

/// Whether the poller is to end. Other signals are taken: the days that are requested are looked at anyway.
fn is_stopped(signals: &Receiver<PollerSignal>) -> bool {
    loop {
        match signals.try_recv() {
            Ok(PollerSignal::DayRequested) => {}
            Ok(PollerSignal::Stop) | Err(TryRecvError::Disconnected) => return true,
            Err(TryRecvError::Empty) => return false,
        }
    }
}

fn interval(pace: Pace) -> Duration {
    Duration::from_secs(match pace {
        Pace::Live => 10,
        Pace::Soon => 60,
        Pace::Settling => 2 * 60,
        Pace::Idle => 15 * 60,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::mlb::Endpoint;
    use prometheus::Registry;

    /// A poller that has asked nothing yet.
    pub(crate) fn poller(now: OffsetDateTime) -> Poller {
        let endpoint =
            Endpoint { url: "http://127.0.0.1:9".into(), contact: String::new(), token: None, proxy: None };
        let client = Client::new(endpoint, &Limits::default());
        let polls = PollMetrics::register(&Registry::new()).unwrap();
        let player = Player::named(7, "Sam Player", "Player");
        Poller::new(client, Clock::starting_at(now), player, None, None, polls)
    }

    #[test]
    fn every_pace_is_asked_for_well_within_its_promise() {
        for pace in [Pace::Live, Pace::Soon, Pace::Settling, Pace::Idle] {
            assert!(interval(pace) * 3 <= pace.promise(), "{pace:?}");
        }
    }
}
