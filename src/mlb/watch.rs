//! The poller: when to ask again, and what to publish.
//!
//! One plain thread, one request at a time. It sleeps in short steps and concludes anew after each, so that whatever
//! follows from time alone (a day that turns, data that grows stale) is published without being asked for.

use crate::{
    answer::{
        self, Answer, Availability, Facts, GameBox, GameKind, Listing, Memory, Pace, Player, Season, State,
        Trouble, Zone,
    },
    clock::{Clock, Mark},
    limits::Limits,
    mlb::{
        client::Client,
        distrust::Distrust,
        polls::Polls,
        refused::{REFUSED, WAYS_OUT},
        store::{Kept, Saver, Store},
        upstream::Refusal,
    },
};
use std::{
    collections::BTreeMap,
    sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    time::{Duration, Instant},
};
use time::{Date, OffsetDateTime};

/// The longest sleep: an answer that changes with time alone is published within this.
const STEP: Duration = Duration::from_secs(15);
/// The shortest sleep, also for a clock that races.
const BREATH: Duration = Duration::from_millis(100);
/// Who he plays for changes a few times in a career.
const PERSON_LASTS: Duration = Duration::from_secs(6 * 60 * 60);
/// Rosters, the season's log and the year's schedule move once or twice a day.
const ROSTER_LASTS: Duration = Duration::from_secs(60 * 60);
/// While a game is on its feed tells more than the schedule, which is asked for only this often.
const SCHEDULE_LASTS: Duration = Duration::from_secs(60);
/// How far ahead the schedule is read, for the day after an off day.
const DAYS_AHEAD: i64 = 7;
/// Line-ups are posted a few hours before the first pitch; within this the feed is read before the game.
const FEED_BEFORE_START: time::Duration = time::Duration::HOUR;
/// More games than a club ever plays in a day; a reply that lists more is not believed.
const FEEDS_AT_MOST: usize = 8;
/// First wait after a failure; it doubles with each one more.
const BACKOFF: Duration = Duration::from_secs(2);
/// After an outage of any length the site recovers within a minute of its end.
const BACKOFF_CAP: Duration = Duration::from_secs(45);
/// A CDN that refuses this server's network goes on doing so for days, and does not like to be asked.
const REFUSED_BACKOFF_CAP: Duration = Duration::from_secs(15 * 60);

/// Ends the watch when dropped or sent to.
pub type Stop = Receiver<()>;

/// Watches one player.
pub struct Watch {
    client: Client,
    clock: Clock,
    polls: Polls,
    saver: Option<Saver>,
    player: Player,
    club: Option<u32>,
    person: Option<Aged<(Player, Zone)>>,
    adornments: Option<Aged<Adornments>>,
    schedule: Option<Aged<Vec<Listing>>>,
    facts: Option<Facts>,
    memory: Option<Memory>,
    trouble: Trouble,
    failures: u32,
    /// Whether the log says already that MLB refuses this server's network.
    is_refusal_logged: bool,
    /// When the last round began that succeeded in this process.
    succeeded: Option<Mark>,
    /// How long that took, in real time.
    asking_took: Option<Duration>,
    /// When the last round failed, and how long to wait after it; none once one has succeeded.
    retry: Option<(Mark, Duration)>,
    /// How old the schedule was when it was received.
    schedule_age: Duration,
    /// Feeds older than those already read, by game.
    distrust: BTreeMap<u64, Distrust>,
}

/// What the answer is as right without.
#[derive(Clone, Default)]
struct Adornments {
    availability: Availability,
    season: Option<Season>,
    calendar: Vec<Listing>,
}

/// Something heard, and when.
struct Aged<T> {
    what: T,
    at: Mark,
}

impl<T> Aged<T> {
    fn lasts(&self, span: Duration, clock: &Clock) -> bool {
        clock.at_least_since(&self.at) < span
    }
}

impl Watch {
    /// Watches a player, for another club than his own if one is given. What `store` holds is used until MLB was
    /// heard.
    pub fn new(
        client: Client,
        clock: Clock,
        player: Player,
        club: Option<u32>,
        store: Option<Store>,
        polls: Polls,
    ) -> Self {
        let kept = store.as_ref().and_then(|store| store.load(player.id));
        let (facts, memory) = kept.map_or((None, None), |Kept { facts, memory }| (Some(facts), memory));
        Watch {
            client,
            clock,
            polls,
            saver: store.map(Saver::new),
            player,
            club,
            person: None,
            adornments: None,
            schedule: None,
            facts,
            memory,
            trouble: Trouble::Starting,
            failures: 0,
            is_refusal_logged: false,
            succeeded: None,
            asking_took: None,
            retry: None,
            schedule_age: Duration::ZERO,
            distrust: BTreeMap::new(),
        }
    }

    /// From one sign of life to the next at most: a sleep or a question, and something to spare.
    pub fn longest_pause(limits: &Limits) -> Duration {
        2 * (STEP + limits.mlb_total)
    }

    /// What can be said before anything was asked.
    pub fn first_answer(&mut self) -> Answer {
        self.conclude()
    }

    /// Asks and publishes until told to stop.
    pub fn run(mut self, stop: &Stop, mut publish: impl FnMut(Answer)) {
        loop {
            self.client.beat();
            let mut answer = self.conclude();
            if self.left(answer.pace).is_zero() {
                self.ask(stop);
                answer = self.conclude();
            }
            let wait = self.clock.real(self.left(answer.pace).min(STEP)).max(BREATH);
            publish(answer);
            if let Some(saver) = &mut self.saver {
                saver.go_on();
            }
            if stop.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }

    /// How long until MLB should be asked again, if things move at this pace.
    fn left(&self, pace: Pace) -> Duration {
        match (self.retry, self.succeeded) {
            (Some((failed, wait)), _) => wait.saturating_sub(self.clock.since(&failed)),
            // The clock was set back: what is kept seems to come from the future until MLB has been asked again.
            _ if self.is_ahead() => Duration::ZERO,
            (None, Some(succeeded)) => interval(pace).saturating_sub(self.clock.at_least_since(&succeeded)),
            (None, None) => Duration::ZERO,
        }
    }

    fn is_ahead(&self) -> bool {
        let latest = self.clock.now() + answer::CLOCK_TOLERANCE;
        self.facts.as_ref().is_some_and(|facts| facts.asked_at > latest)
    }

    fn conclude(&mut self) -> Answer {
        let now = self.clock.now();
        let mut answer = match &self.facts {
            Some(facts) => answer::decide(facts, self.trouble, now),
            None => answer::unheard(&self.player, self.trouble, now),
        };
        self.memory = answer.follow(self.memory.as_ref(), now);
        answer.asking_took = self.asking_took;
        answer
    }

    /// One round: all of it succeeds, or nothing changes but the time of the next.
    fn ask(&mut self, stop: &Stop) {
        let (began, mark, started) = (self.clock.now(), self.clock.mark(), Instant::now());
        match self.round(began) {
            Ok(facts) => {
                self.polls.heard();
                if self.is_refusal_logged {
                    tracing::info!("MLB no longer refuses this server's network");
                } else if self.failures > 0 {
                    tracing::info!(failures = self.failures, "MLB answers again");
                }
                (self.failures, self.trouble, self.retry) = (0, Trouble::Starting, None);
                self.is_refusal_logged = false;
                (self.succeeded, self.asking_took) = (Some(mark), Some(started.elapsed()));
                self.player = facts.player.clone();
                self.facts = Some(facts);
                self.conclude();
                // Whoever took over meanwhile keeps what is to be kept.
                if stop.try_recv() == Err(TryRecvError::Empty) {
                    self.keep();
                }
            }
            Err(refusal) => {
                self.polls.failed(refusal.trouble);
                if refusal.trouble == Trouble::NoSuchPlayer {
                    tracing::error!(
                        player = self.player.id,
                        "MLB knows no such player: give the id from his page at mlb.com/player with --player"
                    );
                }
                self.trouble = refusal.trouble;
                self.failures = self.failures.saturating_add(1);
                let wait = backoff(self.failures, refusal.trouble, fastrand::f64())
                    .max(refusal.retry_after.unwrap_or_default());
                self.log_failure(&refusal, wait);
                // Whatever did not fit may be our idea of the schedule.
                self.schedule = None;
                self.retry = Some((self.clock.mark(), wait));
            }
        }
    }

    /// The first failure is news, the hundredth is not; a refusal is logged once, with what to do about it.
    fn log_failure(&mut self, refusal: &Refusal, wait: Duration) {
        let failures = self.failures;
        if refusal.trouble == Trouble::Refused {
            if !std::mem::replace(&mut self.is_refusal_logged, true) {
                tracing::error!("{REFUSED}: {refusal}; {WAYS_OUT}");
            }
            tracing::debug!(failures, retry_in = ?wait, "no news from MLB: {refusal}");
        } else if failures.is_power_of_two() {
            tracing::warn!(failures, retry_in = ?wait, "no news from MLB: {refusal}");
        } else {
            tracing::debug!(failures, retry_in = ?wait, "no news from MLB: {refusal}");
        }
    }

    fn keep(&mut self) {
        if let (Some(saver), Some(facts)) = (&mut self.saver, &self.facts) {
            saver.keep(Kept { facts: facts.clone(), memory: self.memory.clone() });
        }
    }

    fn round(&mut self, now: OffsetDateTime) -> Result<Facts, Refusal> {
        let (player, zone) = self.person()?;
        let today = zone.local(now).date();
        let Some(club) = &player.club else {
            return Ok(facts(player, zone, now, Vec::new(), BTreeMap::new(), Adornments::default()));
        };
        let listings = self.listings(club.id, today)?;
        let boxes = self.boxes(&listings, today, now)?;
        // The origin made the replies that much earlier: a cache in between may be hours behind.
        let made_at = now - self.schedule_age.max(self.client.take_age());
        let adornments = self.adornments(club.id, today);
        Ok(facts(player, zone, made_at, listings, boxes, adornments))
    }

    fn person(&mut self) -> Result<(Player, Zone), Refusal> {
        if let Some(person) = self.person.as_ref().filter(|person| person.lasts(PERSON_LASTS, &self.clock)) {
            return Ok(person.what.clone());
        }
        let mut player = self.client.player(self.player.id)?;
        let zone = match self.club.or(player.club.as_ref().map(|club| club.id)) {
            Some(id) => {
                let (club, zone) = self.client.club(id)?;
                player.club = Some(club);
                zone
            }
            None => Zone::fallback(),
        };
        tracing::info!(
            player = player.name,
            club = player.club.as_ref().map(|club| &*club.name),
            zone = zone.name(),
            "watching"
        );
        self.person = Some(Aged { what: (player.clone(), zone.clone()), at: self.clock.mark() });
        Ok((player, zone))
    }

    fn listings(&mut self, club: u32, today: Date) -> Result<Vec<Listing>, Refusal> {
        let known = self.schedule.as_ref();
        if let Some(schedule) = known.filter(|known| known.lasts(SCHEDULE_LASTS, &self.clock)) {
            return Ok(schedule.what.clone());
        }
        let (from, to) = (today - time::Duration::DAY, today + time::Duration::days(DAYS_AHEAD));
        self.client.take_age();
        let mut listings = self.client.schedule(club, from, to)?;
        if !listings.iter().any(|listing| listing.official == today) {
            let all_star = self.client.all_star_game(today)?;
            listings.extend(all_star.into_iter().filter(|listing| listing.kind == GameKind::AllStar));
        }
        self.schedule_age = self.client.take_age();
        self.schedule = Some(Aged { what: listings.clone(), at: self.clock.mark() });
        Ok(listings)
    }

    /// The feeds of the games that have begun or are about to. Yesterday's are read until they are over.
    fn boxes(
        &mut self,
        listings: &[Listing],
        today: Date,
        now: OffsetDateTime,
    ) -> Result<BTreeMap<u64, GameBox>, Refusal> {
        let unfinished = |feed: &GameBox| feed.status.state != State::Over;
        let wanted = |listing: &&Listing| match listing.status.state {
            State::Postponed | State::Cancelled => false,
            State::On | State::Suspended => listing.official <= today,
            State::Over | State::Unknown => {
                listing.official == today || self.known(listing.pk).is_some_and(unfinished)
            }
            State::Ahead => {
                let near = listing.start.is_some_and(|start| start - now < FEED_BEFORE_START);
                listing.official == today && (near || listing.kind == GameKind::AllStar)
            }
        };
        // By id: a game may be listed under two days.
        let games: BTreeMap<u64, &Listing> =
            listings.iter().filter(wanted).map(|listing| (listing.pk, listing)).collect();
        let read = games.into_iter().take(FEEDS_AT_MOST).map(|(pk, listing)| Ok((pk, self.feed(listing)?)));
        let mut boxes: BTreeMap<_, _> = read.collect::<Result<_, Refusal>>()?;
        // The season's log may lag by a night: yesterday's last word is kept until tomorrow.
        let over = |listing: &&Listing| listing.official < today && listing.status.state == State::Over;
        for feed in listings.iter().filter(over).filter_map(|listing| self.known(listing.pk)) {
            boxes.entry(feed.pk).or_insert_with(|| feed.clone());
        }
        Ok(boxes)
    }

    fn known(&self, pk: u64) -> Option<&GameBox> {
        self.facts.as_ref()?.boxes.get(&pk)
    }

    /// The feed of a game: of the same day, and no older than the one already known. MLB's caches sometimes answer from
    /// the past.
    fn feed(&mut self, listing: &Listing) -> Result<GameBox, Refusal> {
        let pk = listing.pk;
        let fresh = self.client.feed(pk, self.player.id)?;
        let refuse = |what| Err(Refusal { trouble: Trouble::Garbled, status: None, retry_after: None, what });
        if fresh.official.is_some_and(|official| official != listing.official) {
            return refuse(format!(
                "the feed of game {pk} is of another day than its listing, {}",
                listing.official
            ));
        }
        match (self.known(pk).and_then(|known| known.as_of.as_ref()), &fresh.as_of) {
            (Some(known), Some(as_of)) if as_of < known => {
                let what = format!(
                    "the feed of game {pk} is of {as_of}, older than the one of {known} already read"
                );
                let distrust = self.distrust.entry(pk).or_insert_with(|| Distrust::begin(self.clock.mark()));
                if !distrust.ends_with(as_of, &self.clock) {
                    return refuse(what);
                }
                tracing::warn!("{what}; MLB stays with it, so it counts");
            }
            _ => {}
        }
        self.distrust.remove(&pk);
        Ok(fresh)
    }

    /// What could be read; of the season and the calendar, what was known before where it could not.
    fn adornments(&mut self, club: u32, today: Date) -> Adornments {
        let known = self.adornments.as_ref().filter(|known| known.lasts(ROSTER_LASTS, &self.clock));
        if let Some(known) = known {
            return known.what.clone();
        }
        let (player, year) = (self.player.id, today.year());
        let availability = adornment(self.client.availability(club, player)).flatten().unwrap_or_default();
        let season = adornment(self.client.season(player, year)).flatten();
        let calendar = adornment(self.client.calendar(club, year));
        let before = self.facts.as_ref().filter(|facts| facts.zone.local(facts.asked_at).year() == year);
        let what = Adornments {
            availability,
            season: season.or_else(|| before?.season.clone()),
            calendar: calendar.or_else(|| Some(before?.calendar.clone())).unwrap_or_default(),
        };
        self.adornments = Some(Aged { what: what.clone(), at: self.clock.mark() });
        what
    }
}

/// How long the present state can be trusted to last.
fn interval(pace: Pace) -> Duration {
    Duration::from_secs(match pace {
        Pace::Live => 10,
        Pace::Soon => 60,
        Pace::Settling => 2 * 60,
        Pace::Idle => 15 * 60,
    })
}

/// Exponential, with the upper half jittered so that many sites do not return at once. `dice` is in 0..1.
fn backoff(failures: u32, trouble: Trouble, dice: f64) -> Duration {
    let cap = if trouble == Trouble::Refused { REFUSED_BACKOFF_CAP } else { BACKOFF_CAP };
    let full = BACKOFF.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(cap);
    full.mul_f64(0.5 + dice / 2.0)
}

fn adornment<T>(reply: Result<T, Refusal>) -> Option<T> {
    reply.inspect_err(|refusal| tracing::debug!("left out: {refusal}")).ok()
}

fn facts(
    player: Player,
    zone: Zone,
    asked_at: OffsetDateTime,
    listings: Vec<Listing>,
    boxes: BTreeMap<u64, GameBox>,
    Adornments { availability, season, calendar }: Adornments,
) -> Facts {
    Facts { player, zone, listings, boxes, availability, season, calendar, asked_at }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_grows_to_its_cap_and_never_hammers() {
        let outage = [(1, 2), (2, 4), (3, 8), (4, 16), (5, 32), (6, 45), (4_000_000_000, 45)];
        let refusal = [(1, 2), (5, 32), (6, 64), (9, 512), (10, 900), (4_000_000_000, 900)];
        let outage = outage.map(|row| (Trouble::TooSlow, row));
        let refusal = refusal.map(|row| (Trouble::Refused, row));
        for (trouble, (failures, longest)) in outage.into_iter().chain(refusal) {
            let longest = Duration::from_secs(longest);
            assert_eq!(backoff(failures, trouble, 1.0), longest, "{failures} failures, {trouble:?}");
            assert_eq!(backoff(failures, trouble, 0.0), longest / 2, "{failures} failures, {trouble:?}");
        }
    }

    #[test]
    fn every_pace_is_asked_for_well_within_its_promise() {
        for pace in [Pace::Live, Pace::Soon, Pace::Settling, Pace::Idle] {
            assert!(interval(pace) * 3 <= pace.promise(), "{pace:?}");
        }
    }
}
