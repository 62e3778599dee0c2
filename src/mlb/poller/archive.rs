//! The archive: keeps what was read of the present season, and looks up the rest, one request at a time.
//!
//! Looking up is paced, so that no number of visitors makes MLB be asked more often.

use crate::{
    answer::{
        Answer, ArchivedSeason, DayRecord, ErrorCount, GameFeed, GameState, LeftOut, Outage, Part,
        ScheduleEntry, Season, SeasonPart, clubs_of, kept_years,
    },
    mlb::{
        day_requests::DayRequests,
        poller::{Poller, attempts::PartKey},
        upstream::PollError,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};
use time::{Date, OffsetDateTime};
use ureq::http::StatusCode;

/// Time between two look-ups: at most 30 requests a minute.
const INTERVAL: Duration = Duration::from_secs(2);

/// The shortest interval to read a feed again that the log or the schedule contradicts.
const REREAD_AFTER: time::Duration = time::Duration::hours(6);

/// Time after which the log of a season that is over is read again: the league corrects a call even later at times. A
/// feed that the new log contradicts is read again, too, once; and MLB is asked again for what it did not have.
const RECHECK_AFTER: time::Duration = time::Duration::days(30);

/// Lasting refusals of a part after which it is left out.
const TRIES: u32 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct ArchiveQuestion {
    year: i32,
    part: SeasonPart,
}

/// The state of looking up.
#[derive(Default)]
pub(crate) struct ArchiveQuestions {
    requests: Arc<DayRequests>,
    /// The time of the latest look-up, in real time.
    latest: Option<Instant>,
    /// The number of lasting refusals of each question that has no usable reply yet.
    refusals: BTreeMap<ArchiveQuestion, u32>,
    /// The seasons that have changed since they were saved.
    pub(crate) unsaved: BTreeSet<i32>,
}

impl ArchiveQuestions {
    /// Counts a lasting refusal. Returns the number of this question's.
    fn refuse(&mut self, question: ArchiveQuestion) -> u32 {
        let count = self.refusals.entry(question).or_default();
        *count += 1;
        *count
    }
}

impl Poller {
    /// Looks up the days that are requested here.
    pub fn looking_up(mut self, requests: Arc<DayRequests>) -> Self {
        self.look_ups.requests = requests;
        self
    }

    /// The real time until the next look-up; none if nothing is to be looked up.
    pub(crate) fn left_to_look_up(&self, answer: &Answer) -> Option<Duration> {
        self.next_look_up(answer)?;
        let since = self.look_ups.latest.map_or(INTERVAL, |latest| latest.elapsed());
        let failed = self.attempts.left(PartKey::Archive, Duration::ZERO, &self.clock);
        Some(INTERVAL.saturating_sub(since).max(self.clock.real(failed.max(self.left_of_hold()))))
    }

    pub(crate) fn look_up(&mut self, answer: &Answer) {
        let Some(next) = self.next_look_up(answer) else { return };
        self.look_ups.latest = Some(Instant::now());
        self.hold = None;
        let now = self.clock.now();
        match self.read_look_up(next, now) {
            Ok(()) => {
                self.look_ups.refusals.remove(&next);
                self.note_success(PartKey::Archive);
                self.keep_archive();
            }
            Err(refusal) if is_lasting(&refusal) && self.look_ups.refuse(next) >= TRIES => {
                self.look_ups.refusals.remove(&next);
                tracing::info!(?next, "left out of the archive: {refusal}");
                self.attempts.forget(PartKey::Archive);
                self.leave_out(next, LeftOut { at: now, trouble: refusal.trouble });
            }
            Err(refusal) => self.note_failure(PartKey::Archive, answer.pace, &refusal),
        }
    }

    /// The days that visitors asked for first, then the missing seasons, then what is to be read again.
    fn next_look_up(&self, answer: &Answer) -> Option<ArchiveQuestion> {
        if !self.facts.is_read() || !self.facts.player.is_read() {
            return None;
        }
        let today = self.today(self.clock.now());
        while let Some(day) = self.look_ups.requests.first() {
            let next = match answer.on(day, self.clock.now()) {
                DayRecord::Unread(games) if games.is_empty() => self.missing_part(day.year(), today),
                DayRecord::Unread(games) => {
                    Some(ArchiveQuestion { year: day.year(), part: SeasonPart::Feed(games[0]) })
                }
                _ => None,
            };
            if next.is_some() {
                return next;
            }
            // It is known by now, or it waits for a part that the poller reads anyway.
            self.look_ups.requests.remove(day);
        }
        let years = kept_years(&self.facts.player.value, today).rev();
        let missing = years.into_iter().find_map(|year| self.missing_part(year, today));
        missing.or_else(|| self.feed_to_read_again(today)).or_else(|| self.season_to_check_again(today))
    }

    /// A season that is over and was not checked for a long time, or one of its feeds that its newer log contradicts.
    fn season_to_check_again(&self, today: Date) -> Option<ArchiveQuestion> {
        let (now, present) = (self.clock.now(), self.facts.season_year(today));
        self.facts.archive.range(..present).find_map(|(&year, season)| {
            let is_recent = season.log_read_at.is_some_and(|at| now - at < RECHECK_AFTER);
            if !is_recent && !season.is_left_out(SeasonPart::Log, now) {
                return Some(ArchiveQuestion { year, part: SeasonPart::Log });
            }
            let is_due = |(pk, part): &(&u64, &Part<Option<GameFeed>>)| {
                part.asked_at < season.log_read_at
                    && !season.is_left_out(SeasonPart::Feed(**pk), now)
                    && part.value.as_ref().is_some_and(|feed| season.contradicts(feed, today))
            };
            let due = season.feeds.iter().find(is_due);
            due.map(|(&pk, _)| ArchiveQuestion { year, part: SeasonPart::Feed(pk) })
        })
    }

    /// The part of a season that is missing, except for those that the poller reads anyway.
    fn missing_part(&self, year: i32, today: Date) -> Option<ArchiveQuestion> {
        let (archive, player, now) = (&self.facts.archive, &self.facts.player.value, self.clock.now());
        let Some(season) = archive.get(&year) else {
            return (year != self.facts.season_year(today))
                .then_some(ArchiveQuestion { year, part: SeasonPart::Log });
        };
        let is_watched = |club: &u32| year == today.year() && Some(*club) == self.watched();
        let is_missing = |club: &u32| {
            let is_left_out = season.is_left_out(SeasonPart::Games(*club), now);
            !season.clubs.contains(club) && !is_watched(club) && !is_left_out
        };
        let missing = clubs_of(archive, player, year, today).into_iter().find(is_missing);
        missing.map(|club| ArchiveQuestion { year, part: SeasonPart::Games(club) })
    }

    /// A feed of an earlier day of the present season that is not over, or that the log or the schedule contradicts.
    fn feed_to_read_again(&self, today: Date) -> Option<ArchiveQuestion> {
        let (year, now) = (today.year(), self.clock.now());
        let season = self.facts.archive.get(&year)?;
        let is_due = |pk: u64| {
            let Some(Part { value: Some(feed), asked_at, .. }) = season.feeds.get(&pk) else { return false };
            let is_rested = asked_at.is_none_or(|at| now - at > REREAD_AFTER);
            let is_left_out = season.is_left_out(SeasonPart::Feed(pk), now);
            let is_watched = self.facts.feeds.contains_key(&pk);
            is_rested && !is_left_out && !is_watched && season.contradicts(feed, today)
        };
        let due = season.feeds.keys().copied().find(|pk| is_due(*pk));
        due.map(|pk| ArchiveQuestion { year, part: SeasonPart::Feed(pk) })
    }

    fn read_look_up(&mut self, next: ArchiveQuestion, now: OffsetDateTime) -> Result<(), PollError> {
        let (ArchiveQuestion { year, part }, person) = (next, self.facts.player.value.id);
        match part {
            SeasonPart::Log => {
                let log = self.client.season(person, year)?;
                self.change_season(year, |season| {
                    season.log_read_at = Some(now);
                    // A correction takes no game away: a log with fewer games is incomplete.
                    if log.games.len() >= season.log.games.len() {
                        season.log = log;
                    }
                    season.left_out.remove(&part);
                });
            }
            SeasonPart::Games(club) => {
                let games = self.client.calendar(club, year)?;
                self.change_season(year, |season| season.put_games(club, games));
            }
            SeasonPart::Feed(pk) => {
                self.client.take_age();
                let feed = self.client.feed(pk, person)?;
                let read = Part::read(Some(feed), now - self.client.take_age());
                self.change_season(year, |season| season.put_feed(pk, read));
            }
        }
        Ok(())
    }

    /// Leaves out what MLB does not have: the log replaces a feed, and a season is incomplete.
    fn leave_out(&mut self, ArchiveQuestion { year, part }: ArchiveQuestion, left_out: LeftOut) {
        let is_known = self.facts.archive.contains_key(&year);
        self.change_season(year, |season| {
            season.log.is_complete &= is_known;
            season.left_out.insert(part, left_out);
        });
    }

    /// Keeps what a round of the poller has read: the season's log, the year's schedule, the feeds.
    pub(crate) fn archive_round(&mut self, now: OffsetDateTime) {
        let today = self.today(now);
        if let Some(log) = self.facts.season.value.clone() {
            self.change_season(log.year, |season| {
                season.log = log;
                season.left_out.remove(&SeasonPart::Log);
            });
        }
        if let Some(club) = self.watched().filter(|_| self.facts.calendar.is_read()) {
            self.archive_games(club, today);
        }
        self.archive_feeds(today);
        self.keep_archive();
    }

    /// Keeps the schedule of the watched club. That of the present season waits for the log, which tells his clubs.
    fn archive_games(&mut self, club: u32, today: Date) {
        let mut years: BTreeMap<i32, Vec<ScheduleEntry>> = BTreeMap::new();
        for game in &self.facts.calendar.value {
            years.entry(game.official.year()).or_default().push(game.clone());
        }
        let present = self.facts.season_year(today);
        years.retain(|year, _| *year != present || self.facts.archive.contains_key(year));
        for (year, games) in years {
            self.change_season(year, |season| {
                season.games.retain(|game| !game.has_club(club));
                season.put_games(club, games);
            });
        }
    }

    /// Keeps the feeds of games that have ended.
    fn archive_feeds(&mut self, today: Date) {
        for (pk, part) in self.facts.feeds.clone() {
            let mut listings = self.facts.schedule.value.listings.iter();
            let Some(listing) = listings.find(|listing| listing.pk == pk).cloned() else { continue };
            let has_ended = part.value.as_ref().is_some_and(|feed| feed.status.state == GameState::Over);
            // The season of the year may not be known yet; then the feed waits for it.
            let year = listing.official.year();
            if !has_ended || listing.official > today || !self.facts.archive.contains_key(&year) {
                continue;
            }
            self.change_season(year, |season| {
                if !season.games.iter().any(|game| game.pk == pk) {
                    season.put(listing);
                }
                if season.feeds.get(&pk).is_none_or(|known| known.value != part.value) {
                    season.put_feed(pk, part);
                }
            });
        }
    }

    /// Changes a season, if the change makes a difference.
    fn change_season(&mut self, year: i32, change: impl FnOnce(&mut ArchivedSeason)) {
        let known = self.facts.archive.get(&year);
        let empty = || ArchivedSeason::of(Season { year, games: Vec::new(), is_complete: true });
        let mut season = known.map_or_else(empty, |season| ArchivedSeason::clone(season));
        change(&mut season);
        if known.is_none_or(|known| **known != season) {
            self.facts.archive.insert(year, Arc::new(season));
            self.look_ups.unsaved.insert(year);
        }
    }

    fn keep_archive(&mut self) {
        let unsaved = std::mem::take(&mut self.look_ups.unsaved);
        let Some(saver) = &mut self.saver else { return };
        let seasons = unsaved.iter().filter_map(|year| self.facts.archive.get(year));
        for season in seasons.filter(|season| season.has_log()) {
            saver.keep_season(self.facts.player.value.id, ArchivedSeason::clone(season));
        }
    }
}

/// Whether MLB will give the same reply again.
fn is_lasting(refusal: &PollError) -> bool {
    refusal.trouble == Outage::Garbled || refusal.status == Some(StatusCode::NOT_FOUND)
}

impl ArchivedSeason {
    /// Adds a schedule entry, in place of the one under the same day.
    fn put(&mut self, entry: ScheduleEntry) {
        self.games.retain(|known| (known.pk, known.listed) != (entry.pk, entry.listed));
        self.games.push(entry);
    }

    fn put_games(&mut self, club: u32, games: Vec<ScheduleEntry>) {
        if !self.clubs.contains(&club) {
            self.clubs.push(club);
        }
        games.into_iter().for_each(|game| self.put(game));
        self.left_out.remove(&SeasonPart::Games(club));
    }

    fn put_feed(&mut self, pk: u64, feed: Part<Option<GameFeed>>) {
        self.feeds.insert(pk, feed);
        self.left_out.remove(&SeasonPart::Feed(pk));
    }

    /// Whether a part was left out lately, so that MLB is not asked for it again.
    fn is_left_out(&self, part: SeasonPart, now: OffsetDateTime) -> bool {
        self.left_out.get(&part).is_some_and(|left_out| now - left_out.at < RECHECK_AFTER)
    }

    /// Whether the log or the schedule says something else about a game than its feed.
    fn contradicts(&self, feed: &GameFeed, today: Date) -> bool {
        let Some(listing) = self.listing(feed.pk) else { return false };
        let logged = self.log.games.iter().find(|game| game.pk == feed.pk);
        let has_other_errors = logged.is_some_and(|logged| feed.errors != ErrorCount::Read(logged.errors));
        let has_other_score = listing.score().zip(feed.score).is_some_and(|(listed, score)| listed != score);
        let is_unfinished =
            listing.official < today && feed.status.state != GameState::Over && !listing.is_off();
        has_other_errors || has_other_score || is_unfinished
    }
}
