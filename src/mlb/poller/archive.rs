//! The archive: keeps what was read of the present season, and looks up the rest, one request at a time.
//!
//! Looking up is paced, so that no number of visitors makes MLB be asked more often.

use crate::{
    answer::{
        Answer, ArchivedSeason, DayRecord, ErrorCount, GameFeed, GameKind, GameState, Outage, Part,
        Participation, ScheduleEntry, Season, clubs_of, kept_years,
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
/// feed that the new log contradicts is read again, too, once.
const RECHECK_AFTER: time::Duration = time::Duration::days(30);

/// Failed attempts before something that MLB does not have is left out.
const TRIES: u32 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ArchiveQuestion {
    Log(i32),
    Games { year: i32, club: u32 },
    Feed { year: i32, pk: u64 },
}

/// The state of looking up.
#[derive(Default)]
pub(crate) struct ArchiveQuestions {
    requests: Arc<DayRequests>,
    /// The time of the latest look-up, in real time.
    latest: Option<Instant>,
    /// The seasons that have changed since they were saved.
    pub(crate) unsaved: BTreeSet<i32>,
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
                self.note_success(PartKey::Archive);
                self.keep_archive();
            }
            Err(refusal) if is_lasting(&refusal) && self.attempts.failures(PartKey::Archive) >= TRIES => {
                tracing::info!(?next, "left out of the archive: {refusal}");
                self.attempts.forget(PartKey::Archive);
                self.leave_out(next, now);
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
                DayRecord::Unread(games) => Some(ArchiveQuestion::Feed { year: day.year(), pk: games[0] }),
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
            let read_at = season.log_read_at.filter(|at| now - *at < RECHECK_AFTER);
            let Some(read_at) = read_at else { return Some(ArchiveQuestion::Log(year)) };
            let is_due = |(_, part): &(&u64, &Part<Option<GameFeed>>)| {
                part.asked_at.is_none_or(|at| at < read_at)
                    && part.value.as_ref().is_some_and(|feed| season.contradicts(feed, today))
            };
            season.feeds.iter().find(is_due).map(|(&pk, _)| ArchiveQuestion::Feed { year, pk })
        })
    }

    /// The part of a season that is missing, except for those that the poller reads anyway.
    fn missing_part(&self, year: i32, today: Date) -> Option<ArchiveQuestion> {
        let (archive, player) = (&self.facts.archive, &self.facts.player.value);
        let Some(season) = archive.get(&year) else {
            return (year != self.facts.season_year(today)).then_some(ArchiveQuestion::Log(year));
        };
        let is_watched = |club: &u32| year == today.year() && Some(*club) == self.watched();
        let mut clubs = clubs_of(archive, player, year, today).into_iter();
        let missing = clubs.find(|club| !season.clubs.contains(club) && !is_watched(club));
        missing.map(|club| ArchiveQuestion::Games { year, club })
    }

    /// A feed of an earlier day of the present season that is not over, or that the log or the schedule contradicts.
    fn feed_to_read_again(&self, today: Date) -> Option<ArchiveQuestion> {
        let (year, now) = (today.year(), self.clock.now());
        let season = self.facts.archive.get(&year)?;
        let is_due = |pk: u64| {
            let Some(Part { value: Some(feed), asked_at, .. }) = season.feeds.get(&pk) else { return false };
            let is_rested = asked_at.is_none_or(|at| now - at > REREAD_AFTER);
            is_rested && !self.facts.feeds.contains_key(&pk) && season.contradicts(feed, today)
        };
        season.feeds.keys().copied().find(|pk| is_due(*pk)).map(|pk| ArchiveQuestion::Feed { year, pk })
    }

    fn read_look_up(&mut self, next: ArchiveQuestion, now: OffsetDateTime) -> Result<(), PollError> {
        let person = self.facts.player.value.id;
        match next {
            ArchiveQuestion::Log(year) => {
                let log = self.client.season(person, year)?;
                self.change_season(year, |season| {
                    season.log_read_at = Some(now);
                    // A correction takes no game away: a log with fewer games is incomplete.
                    if log.games.len() >= season.log.games.len() {
                        season.log = log;
                    }
                });
            }
            ArchiveQuestion::Games { year, club } => {
                let games = self.client.calendar(club, year)?;
                self.change_season(year, |season| {
                    season.clubs.push(club);
                    games.into_iter().for_each(|game| season.put(game));
                });
            }
            ArchiveQuestion::Feed { year, pk } => {
                self.client.take_age();
                let feed = self.client.feed(pk, person)?;
                let part = Part::read(Some(feed), now - self.client.take_age());
                self.change_season(year, |season| drop(season.feeds.insert(pk, part)));
            }
        }
        Ok(())
    }

    /// Leaves out what MLB does not have: the log replaces a feed, and a season is incomplete. This is not saved, so
    /// that MLB is asked again after a restart.
    fn leave_out(&mut self, missing: ArchiveQuestion, now: OffsetDateTime) {
        match missing {
            ArchiveQuestion::Log(year) => {
                let is_known = self.facts.archive.contains_key(&year);
                self.change_season(year, |season| {
                    season.log.is_complete &= is_known;
                    season.log_read_at = Some(now);
                });
            }
            ArchiveQuestion::Games { year, club } => {
                self.change_season(year, |season| season.clubs.push(club))
            }
            ArchiveQuestion::Feed { year, pk } => self.change_season(year, |season| {
                let feed = season.feed_by_log(pk);
                season.feeds.insert(pk, Part::read(feed, now));
            }),
        }
        self.look_ups.unsaved.clear();
    }

    /// Keeps what a round of the poller has read: the season's log, the year's schedule, the feeds.
    pub(crate) fn archive_round(&mut self, now: OffsetDateTime) {
        if let Some(log) = self.facts.season.value.clone() {
            self.change_season(log.year, |season| season.log = log);
        }
        if let Some(club) = self.watched().filter(|_| self.facts.calendar.is_read()) {
            self.archive_games(club);
        }
        self.archive_feeds(self.today(now));
        self.keep_archive();
    }

    /// Keeps the schedule of the watched club.
    fn archive_games(&mut self, club: u32) {
        let mut years: BTreeMap<i32, Vec<ScheduleEntry>> = BTreeMap::new();
        for game in &self.facts.calendar.value {
            years.entry(game.official.year()).or_default().push(game.clone());
        }
        for (year, games) in years {
            self.change_season(year, |season| {
                if !season.clubs.contains(&club) {
                    season.clubs.push(club);
                }
                season.games.retain(|game| !game.has_club(club));
                season.games.extend(games);
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
                    season.feeds.insert(pk, part);
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
        for season in unsaved.iter().filter_map(|year| self.facts.archive.get(year)) {
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

    /// A game's entry under its official date.
    fn listing(&self, pk: u64) -> Option<&ScheduleEntry> {
        self.games.iter().find(|game| game.pk == pk && game.listed == game.official)
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

    /// A game by the schedule and the log, for a game whose feed cannot be read.
    fn feed_by_log(&self, pk: u64) -> Option<GameFeed> {
        let listing = self.listing(pk)?;
        let logged = self.log.games.iter().find(|game| game.pk == pk);
        let is_complete = self.log.is_complete && listing.kind == GameKind::Regular;
        Some(GameFeed {
            pk,
            as_of: None,
            official: Some(listing.official),
            status: listing.status.clone(),
            inning: None,
            score: listing.score(),
            line: None,
            presence: if logged.is_some() { Participation::Fielded } else { Participation::Listed },
            errors: match logged {
                Some(game) => ErrorCount::Read(game.errors),
                None if is_complete => ErrorCount::Read(0),
                None => ErrorCount::AtLeast(0),
            },
            plays: Vec::new(),
            last_play: None,
        })
    }
}
