//! Reading each part of the facts: request it, check it, and replace the last good value.

use crate::{
    answer::{
        self, GameFeed, GameKind, GameState, Outage, Part, Schedule, ScheduleEntry, SeenOn,
        begins_the_day_before, day_of,
    },
    mlb::{
        distrust::Distrust,
        poller::{DAYS_AHEAD, FEED_BEFORE_START, FEEDS_CAP, Poller, attempts::PartKey},
        upstream::PollError,
    },
};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// The hour at the ballpark until which the feeds of the evening before are read even if they were never read before.
const MORNING_ENDS: u8 = 12;

impl Poller {
    /// Sends the question of a part, and takes the reply into the facts.
    pub(crate) fn read(&mut self, key: PartKey, now: OffsetDateTime) -> Result<(), PollError> {
        match key {
            PartKey::Player => self.read_player(now),
            PartKey::Club => self.read_club(now),
            PartKey::Schedule => self.read_schedule(now),
            PartKey::Feed(pk) => self.read_feed(pk, now),
            PartKey::Roster => self.read_roster(now),
            PartKey::Season => self.read_season(now),
            PartKey::Calendar => self.read_calendar(now),
            PartKey::Leaders => self.read_leaders(now),
            // It has questions of its own.
            PartKey::Archive => Ok(()),
        }
    }

    fn read_schedule(&mut self, now: OffsetDateTime) -> Result<(), PollError> {
        let today = self.today(now);
        let (from, to) = (today - time::Duration::DAY, today + time::Duration::days(DAYS_AHEAD));
        self.client.take_age();
        let mut schedule = Schedule::default();
        for (index, club) in self.clubs(now).into_iter().enumerate() {
            match self.client.schedule(club, from, to) {
                Ok(read) => schedule.extend(read),
                Err(refusal) if index == 0 => return Err(refusal),
                // The player has left this club: its games of the last schedule stay.
                Err(refusal) => {
                    tracing::warn!(
                        club,
                        "the schedule of the player's former club cannot be read: {refusal}"
                    );
                    schedule.extend(self.facts.schedule.value.of_club(club));
                }
            }
        }
        let zone = &self.facts.zone.value;
        if !schedule.listings.iter().any(|listing| day_of(listing, listing.status.state, zone) == today) {
            let all_star = self.client.all_star_game(today)?;
            let all_star = all_star.into_iter().filter(|listing| listing.kind == GameKind::AllStar);
            schedule.listings.extend(all_star);
        }
        schedule.fill_in(&self.facts.schedule.value);
        self.warn_of_unread(&schedule);
        let is_listed = |pk: u64| schedule.listings.iter().any(|listing| listing.pk == pk);
        self.facts.feeds.retain(|pk, _| is_listed(*pk));
        self.facts.seen_on.retain(|pk, _| is_listed(*pk));
        self.attempts.keep_feeds(is_listed);
        self.distrust.retain(|pk, _| self.facts.feeds.contains_key(pk));
        self.facts.schedule = Part::read(schedule, now - self.client.take_age());
        Ok(())
    }

    /// Logs each unreadable entry once.
    fn warn_of_unread(&self, schedule: &Schedule) {
        let known = &self.facts.schedule.value.unread;
        for entry in schedule.unread.iter().filter(|entry| !known.contains(entry)) {
            tracing::warn!(
                game = entry.pk,
                day = entry.day(&self.facts.zone.value).map(|day| day.to_string()),
                why = entry.why,
                "a schedule entry cannot be read and is left out"
            );
        }
    }

    /// The games whose feeds are read: those that have begun or are about to. Yesterday's are read until they are over.
    pub(crate) fn wanted_feeds(&self, now: OffsetDateTime) -> BTreeMap<u64, ScheduleEntry> {
        let zone = &self.facts.zone.value;
        let today = self.today(now);
        // After midnight the answer may still be about the evening's games.
        let about = answer::today(&self.facts, now);
        let in_the_morning = zone.local(now).hour() < MORNING_ENDS;
        let unfinished = |feed: &GameFeed| feed.status.state != GameState::Over;
        let wanted = |listing: &&ScheduleEntry| {
            let day = match listing.is_resumption() {
                true => listing.listed,
                false => day_of(listing, listing.status.state, zone),
            };
            let feed = self.facts.feed(listing.pk);
            match listing.status.state {
                GameState::Postponed | GameState::Cancelled => false,
                GameState::On => day <= today.next_day().unwrap_or(today),
                GameState::Suspended => day <= today,
                // The day of the answer depends on when this game ended.
                GameState::Over if feed.is_none() && day < today => in_the_morning,
                GameState::Over | GameState::Unknown => {
                    [today, about].contains(&day) || feed.is_some_and(unfinished)
                }
                GameState::Ahead => {
                    let near = listing.start.is_some_and(|start| start - now < FEED_BEFORE_START);
                    let is_due =
                        day == today || (near && (day < today || begins_the_day_before(listing, zone)));
                    is_due && (near || listing.kind == GameKind::AllStar)
                }
            }
        };
        // By id: a game may be listed under two days.
        let listings = self.facts.schedule.value.listings.iter().filter(wanted);
        let games: BTreeMap<u64, ScheduleEntry> =
            listings.map(|listing| (listing.pk, listing.clone())).collect();
        games.into_iter().take(FEEDS_CAP).collect()
    }

    /// Reads a game's feed. It must be of the same day as the schedule entry and no older than the feed already read,
    /// because MLB's caches sometimes send old feeds.
    fn read_feed(&mut self, pk: u64, now: OffsetDateTime) -> Result<(), PollError> {
        let Some(listing) = self.wanted_feeds(now).remove(&pk) else { return Ok(()) };
        self.client.take_age();
        let mut fresh = self.client.feed(pk, self.facts.player.value.id)?;
        if fresh.official.is_some_and(|official| official != listing.official) {
            let what =
                format!("the feed of game {pk} is of another day than its listing, {}", listing.official);
            return Err(PollError::new(Outage::Garbled, what));
        }
        self.refuse_older(pk, fresh.as_of.as_deref())?;
        if let Some(known) = self.facts.feed(pk) {
            fresh.keep_from(known);
        }
        if fresh.status.state == GameState::On {
            self.facts.seen_on.insert(pk, SeenOn(now));
        }
        self.facts.feeds.insert(pk, Part::read(Some(fresh), now - self.client.take_age()));
        Ok(())
    }

    /// Refuses a feed that is older than the one already read, unless MLB stays with it.
    fn refuse_older(&mut self, pk: u64, as_of: Option<&str>) -> Result<(), PollError> {
        let known = self.facts.feed(pk).and_then(|known| known.as_of.as_deref());
        if let (Some(known), Some(as_of)) = (known, as_of)
            && as_of < known
        {
            let what =
                format!("the feed of game {pk} is of {as_of}, older than the one of {known} already read");
            let distrust = self.distrust.entry(pk).or_insert_with(|| Distrust::begin(self.clock.mark()));
            if !distrust.ends_with(as_of, &self.clock) {
                return Err(PollError::new(Outage::Garbled, what));
            }
            tracing::warn!("{what}; MLB stays with it, so it counts");
        }
        self.distrust.remove(&pk);
        Ok(())
    }

    fn read_roster(&mut self, now: OffsetDateTime) -> Result<(), PollError> {
        let Some(club) = self.watched() else { return Ok(()) };
        let availability = self.client.availability(club, self.facts.player.value.id)?;
        if availability.is_none() {
            self.player_may_have_left(now);
        }
        self.facts.availability = Part::read(availability.unwrap_or_default(), now);
        Ok(())
    }

    fn read_season(&mut self, now: OffsetDateTime) -> Result<(), PollError> {
        let year = self.facts.season_year(self.today(now));
        if self.facts.season.value.as_ref().is_some_and(|season| season.year != year) {
            self.facts.season = Part::default();
        }
        let season = self.client.season(self.facts.player.value.id, year)?;
        self.facts.season = Part::read(Some(season), now);
        Ok(())
    }

    fn read_leaders(&mut self, now: OffsetDateTime) -> Result<(), PollError> {
        let year = self.facts.season_year(self.today(now));
        let leaders = self.client.leaders(self.facts.player.value.id, year)?;
        self.facts.leaders = Part::read(Some(leaders), now);
        Ok(())
    }

    /// Reads the year's games; once the last of them is over, next year's too.
    fn read_calendar(&mut self, now: OffsetDateTime) -> Result<(), PollError> {
        let Some(club) = self.watched() else { return Ok(()) };
        let today = self.today(now);
        let mut calendar = self.client.calendar(club, today.year())?;
        let is_to_come = |listing: &ScheduleEntry| listing.official >= today && !listing.is_off();
        if !calendar.iter().any(is_to_come) {
            calendar.extend(self.client.calendar(club, today.year() + 1)?);
        }
        self.facts.calendar = Part::read(calendar, now);
        let year = self.facts.season_year(today);
        if self.facts.season.value.as_ref().is_some_and(|season| season.year != year) {
            self.attempts.forget(PartKey::Season);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        answer::{
            Participation,
            tests::{facts, feed, listing},
        },
        mlb::poller::tests::poller,
    };
    use time::macros::datetime;

    #[test]
    fn an_old_feed_that_comes_between_newer_ones_is_refused_each_time() {
        let now = datetime!(2024-07-03 02:00 UTC);
        let mut watch = poller(now);
        let newer = GameFeed {
            as_of: Some("20240703_015900".into()),
            ..feed(1, GameState::On, Participation::Fielded, 1)
        };
        watch.facts = facts(now, [listing(1, GameState::On)], [newer]);
        for round in 0..10 {
            assert!(watch.refuse_older(1, Some("20240703_015800")).is_err(), "round {round}");
            assert!(watch.refuse_older(1, Some("20240703_015900")).is_ok(), "round {round}");
        }
        let older = ["20240703_015800", "20240703_015810", "20240703_015820"];
        let believed = older.map(|as_of| watch.refuse_older(1, Some(as_of)).is_ok());
        assert_eq!(believed, [false, false, true], "MLB stays with an older one");
    }

    #[test]
    fn the_feed_of_a_game_that_ended_after_midnight_is_read_while_the_answer_is_about_it() {
        // 00:30 in San Diego.
        let ended = datetime!(2024-07-03 07:30 UTC);
        let mut watch = poller(ended);
        let over = GameFeed { last_play: Some(ended), ..feed(1, GameState::Over, Participation::Fielded, 1) };
        watch.facts = facts(ended, [listing(1, GameState::Over)], [over]);
        for (hours, is_wanted) in [(1, true), (3, true), (5, false)] {
            let wanted = watch.wanted_feeds(ended + time::Duration::hours(hours));
            assert_eq!(wanted.contains_key(&1), is_wanted, "{hours} hours after the end");
        }
    }
}
