//! Reading each part of the facts: one question, judged, and put in place of the last good value.

use crate::{
    answer::{Club, GameBox, GameKind, Listing, Part, State, Trouble},
    mlb::{
        distrust::Distrust,
        upstream::Refusal,
        watch::{DAYS_AHEAD, FEED_BEFORE_START, FEEDS_AT_MOST, Watch, attempts::PartKey},
    },
};
use std::collections::BTreeMap;
use time::OffsetDateTime;

impl Watch {
    pub(crate) fn read_player(&mut self, now: OffsetDateTime) -> Result<(), Refusal> {
        let mut player = self.client.player(self.facts.player.value.id)?;
        if let Some(named) = self.club {
            let known = [player.club.take(), self.facts.player.value.club.take()];
            player.club = known.into_iter().flatten().find(|club| club.id == named);
        }
        let before = std::mem::replace(&mut self.facts.player, Part::read(player, now));
        self.change_club(before.value.club);
        Ok(())
    }

    pub(crate) fn read_club(&mut self, now: OffsetDateTime) -> Result<(), Refusal> {
        let Some(id) = self.watched() else { return Ok(()) };
        let (club, zone) = self.client.club(id)?;
        tracing::info!(
            player = self.facts.player.value.name,
            club = club.name,
            zone = zone.name(),
            "watching"
        );
        let before = self.facts.player.value.club.replace(club);
        self.facts.zone = Part::read(zone, now);
        self.change_club(before);
        Ok(())
    }

    /// The schedule, the calendar and the roster are of one club: another club's are asked for at once.
    fn change_club(&mut self, before: Option<Club>) {
        let is_other = |club: &Club| Some(club.id) != self.watched();
        let (is_changed, is_another) =
            (before.as_ref().is_none_or(is_other), before.as_ref().is_some_and(is_other));
        if is_changed {
            for key in [PartKey::Club, PartKey::Schedule, PartKey::Roster, PartKey::Calendar] {
                self.attempts.forget(key);
            }
        }
        if is_another {
            (self.facts.schedule, self.facts.calendar) = (Part::default(), Part::default());
            self.facts.availability = Part::default();
        }
    }

    pub(crate) fn read_schedule(&mut self, now: OffsetDateTime) -> Result<(), Refusal> {
        let Some(club) = self.watched() else { return Ok(()) };
        let today = self.today(now);
        let (from, to) = (today - time::Duration::DAY, today + time::Duration::days(DAYS_AHEAD));
        self.client.take_age();
        let mut listings = self.client.schedule(club, from, to)?;
        if !listings.iter().any(|listing| listing.official == today) {
            let all_star = self.client.all_star_game(today)?;
            listings.extend(all_star.into_iter().filter(|listing| listing.kind == GameKind::AllStar));
        }
        let is_listed = |pk: u64| listings.iter().any(|listing| listing.pk == pk);
        self.facts.feeds.retain(|pk, _| is_listed(*pk));
        self.attempts.keep_feeds(is_listed);
        self.distrust.retain(|pk, _| self.facts.feeds.contains_key(pk));
        self.facts.schedule = Part::read(listings, now - self.client.take_age());
        Ok(())
    }

    /// The games whose feeds are read: those that have begun or are about to. Yesterday's are read until they are over.
    pub(crate) fn wanted_feeds(&self, now: OffsetDateTime) -> BTreeMap<u64, Listing> {
        let today = self.today(now);
        let unfinished = |feed: &GameBox| feed.status.state != State::Over;
        let wanted = |listing: &&Listing| match listing.status.state {
            State::Postponed | State::Cancelled => false,
            State::On | State::Suspended => listing.official <= today,
            State::Over | State::Unknown => {
                listing.official == today || self.facts.feed(listing.pk).is_some_and(unfinished)
            }
            State::Ahead => {
                let near = listing.start.is_some_and(|start| start - now < FEED_BEFORE_START);
                listing.official == today && (near || listing.kind == GameKind::AllStar)
            }
        };
        // By id: a game may be listed under two days.
        let listings = self.facts.schedule.value.iter().filter(wanted);
        let games: BTreeMap<u64, Listing> = listings.map(|listing| (listing.pk, listing.clone())).collect();
        games.into_iter().take(FEEDS_AT_MOST).collect()
    }

    /// The feed of a game: of the same day as its listing, and no older than the one already read. MLB's caches
    /// sometimes answer from the past.
    pub(crate) fn read_feed(&mut self, listing: &Listing, now: OffsetDateTime) -> Result<(), Refusal> {
        let pk = listing.pk;
        self.client.take_age();
        let fresh = self.client.feed(pk, self.facts.player.value.id)?;
        let refuse = |what| Err(Refusal { trouble: Trouble::Garbled, status: None, retry_after: None, what });
        if fresh.official.is_some_and(|official| official != listing.official) {
            return refuse(format!(
                "the feed of game {pk} is of another day than its listing, {}",
                listing.official
            ));
        }
        let known = self.facts.feed(pk).and_then(|known| known.as_of.as_ref());
        if let (Some(known), Some(as_of)) = (known, &fresh.as_of)
            && as_of < known
        {
            let what =
                format!("the feed of game {pk} is of {as_of}, older than the one of {known} already read");
            let distrust = self.distrust.entry(pk).or_insert_with(|| Distrust::begin(self.clock.mark()));
            if !distrust.ends_with(as_of, &self.clock) {
                return refuse(what);
            }
            tracing::warn!("{what}; MLB stays with it, so it counts");
        }
        self.distrust.remove(&pk);
        self.facts.feeds.insert(pk, Part::read(Some(fresh), now - self.client.take_age()));
        Ok(())
    }

    pub(crate) fn read_roster(&mut self, now: OffsetDateTime) -> Result<(), Refusal> {
        let Some(club) = self.watched() else { return Ok(()) };
        let availability = self.client.availability(club, self.facts.player.value.id)?.unwrap_or_default();
        self.facts.availability = Part::read(availability, now);
        Ok(())
    }

    pub(crate) fn read_season(&mut self, now: OffsetDateTime) -> Result<(), Refusal> {
        let year = self.today(now).year();
        if self.facts.season.value.as_ref().is_some_and(|season| season.year != year) {
            self.facts.season = Part::default();
        }
        let season = self.client.season(self.facts.player.value.id, year)?;
        self.facts.season = Part::read(Some(season), now);
        Ok(())
    }

    pub(crate) fn read_calendar(&mut self, now: OffsetDateTime) -> Result<(), Refusal> {
        let Some(club) = self.watched() else { return Ok(()) };
        let calendar = self.client.calendar(club, self.today(now).year())?;
        self.facts.calendar = Part::read(calendar, now);
        Ok(())
    }
}
