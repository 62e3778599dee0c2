//! The poller: when to ask again, and what to publish.
//!
//! One plain thread, one request at a time. It sleeps in short steps and concludes anew after each, so that whatever
//! follows from time alone (a day that turns, data that grows stale) is published without being asked for.

use crate::{
    answer::{
        self, Answer, Availability, Facts, GameBox, GameKind, Listing, Memory, Pace, Player, Season, State,
        Trouble, Zone,
    },
    clock::Clock,
    limits::Limits,
    mlb::{
        client::{Client, Refusal},
        polls::Polls,
        store::{Kept, Saver, Store},
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
    /// When MLB was last heard by this process.
    asked_at: Option<OffsetDateTime>,
    /// How long that took, in real time.
    asking_took: Option<Duration>,
    /// When to try again after a failure.
    retry_at: Option<OffsetDateTime>,
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
    at: OffsetDateTime,
}

impl<T> Aged<T> {
    fn lasts(&self, span: Duration, now: OffsetDateTime) -> bool {
        now - self.at < span
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
            asked_at: None,
            asking_took: None,
            retry_at: None,
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
        let due = match self.retry_at {
            Some(retry_at) => Some(retry_at),
            None => self.asked_at.map(|asked_at| asked_at + interval(pace)),
        };
        let left = due.and_then(|due| Duration::try_from(due - self.clock.now()).ok());
        left.unwrap_or(Duration::ZERO)
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
        let (began, started) = (self.clock.now(), Instant::now());
        match self.round(began) {
            Ok(facts) => {
                self.polls.heard();
                if self.failures > 0 {
                    tracing::info!(failures = self.failures, "MLB is heard again");
                }
                (self.failures, self.trouble, self.retry_at) = (0, Trouble::Starting, None);
                (self.asked_at, self.asking_took) = (Some(began), Some(started.elapsed()));
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
                let wait =
                    backoff(self.failures, fastrand::f64()).max(refusal.retry_after.unwrap_or_default());
                // The first failure is news, the hundredth is not.
                if self.failures.is_power_of_two() {
                    tracing::warn!(failures = self.failures, retry_in = ?wait, "no news from MLB: {refusal}");
                } else {
                    tracing::debug!(failures = self.failures, retry_in = ?wait, "no news from MLB: {refusal}");
                }
                // Whatever did not fit may be our idea of the schedule.
                self.schedule = None;
                self.retry_at = Some(self.clock.now() + wait);
            }
        }
    }

    fn keep(&mut self) {
        if let (Some(saver), Some(facts)) = (&mut self.saver, &self.facts) {
            saver.keep(Kept { facts: facts.clone(), memory: self.memory.clone() });
        }
    }

    fn round(&mut self, now: OffsetDateTime) -> Result<Facts, Refusal> {
        let (player, zone) = self.person(now)?;
        let today = zone.local(now).date();
        let Some(club) = &player.club else {
            return Ok(facts(player, zone, now, Vec::new(), BTreeMap::new(), Adornments::default()));
        };
        let listings = self.listings(club.id, today, now)?;
        let boxes = self.boxes(&listings, today, now)?;
        let adornments = self.adornments(club.id, today, now);
        Ok(facts(player, zone, now, listings, boxes, adornments))
    }

    fn person(&mut self, now: OffsetDateTime) -> Result<(Player, Zone), Refusal> {
        if let Some(person) = self.person.as_ref().filter(|person| person.lasts(PERSON_LASTS, now)) {
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
        self.person = Some(Aged { what: (player.clone(), zone.clone()), at: now });
        Ok((player, zone))
    }

    fn listings(&mut self, club: u32, today: Date, now: OffsetDateTime) -> Result<Vec<Listing>, Refusal> {
        if let Some(schedule) = self.schedule.as_ref().filter(|schedule| schedule.lasts(SCHEDULE_LASTS, now))
        {
            return Ok(schedule.what.clone());
        }
        let (from, to) = (today - time::Duration::DAY, today + time::Duration::days(DAYS_AHEAD));
        let mut listings = self.client.schedule(club, from, to)?;
        if !listings.iter().any(|listing| listing.official == today) {
            let all_star = self.client.all_star_game(today)?;
            listings.extend(all_star.into_iter().filter(|listing| listing.kind == GameKind::AllStar));
        }
        self.schedule = Some(Aged { what: listings.clone(), at: now });
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
            (Some(known), Some(as_of)) if as_of < known => refuse(format!(
                "the feed of game {pk} is of {as_of}, older than the one of {known} already read"
            )),
            _ => Ok(fresh),
        }
    }

    /// What could be read; of the season and the calendar, what was known before where it could not.
    fn adornments(&mut self, club: u32, today: Date, now: OffsetDateTime) -> Adornments {
        let known = self.adornments.as_ref().filter(|known| known.lasts(ROSTER_LASTS, now));
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
        self.adornments = Some(Aged { what: what.clone(), at: now });
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
fn backoff(failures: u32, dice: f64) -> Duration {
    let full = BACKOFF.saturating_mul(1 << failures.saturating_sub(1).min(8)).min(BACKOFF_CAP);
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
        for (failures, longest) in [(1, 2), (2, 4), (3, 8), (4, 16), (5, 32), (6, 45), (4_000_000_000, 45)] {
            assert_eq!(backoff(failures, 1.0), Duration::from_secs(longest), "{failures} failures");
            assert_eq!(backoff(failures, 0.0), Duration::from_secs(longest) / 2, "{failures} failures");
        }
    }

    #[test]
    fn every_pace_is_asked_for_well_within_its_promise() {
        for pace in [Pace::Live, Pace::Soon, Pace::Settling, Pace::Idle] {
            assert!(interval(pace) * 3 <= pace.promise(), "{pace:?}");
        }
    }
}
