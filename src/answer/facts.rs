//! MLB's data, part by part.
//!
//! Each part keeps its last good value with its own age, so that an unreadable part does not affect the others.

use crate::answer::{
    Archive, Availability, Game, GameFeed, Leaders, Outage, Player, Schedule, ScheduleEntry, Season, Zone,
    calendar,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::{Date, OffsetDateTime};

/// All of MLB's data that the answer rests on. It is saved to disk, so that a restart answers at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The player, as configured until he was read. His club is the one whose games are watched.
    pub player: Part<Player>,
    /// The time zone of the club's home ballpark.
    pub zone: Part<Zone>,
    /// The ballpark whose time zone that is.
    pub ballpark: Option<Ballpark>,
    /// The schedule of the days around today.
    pub schedule: Part<Schedule>,
    /// The live feeds by game id (`gamePk`). A game whose feed was requested but never read has a part without a value.
    pub feeds: BTreeMap<u64, Part<Option<GameFeed>>>,
    /// The time at which each game was last seen in progress, by game id.
    pub seen_on: BTreeMap<u64, SeenOn>,
    pub availability: Part<Availability>,
    pub season: Part<Option<Season>>,
    /// The club's schedule entries of the whole year, and in the off season of the next, requested less often than
    /// `schedule`.
    pub calendar: Part<Vec<ScheduleEntry>>,
    #[serde(default)]
    pub leaders: Part<Option<Leaders>>,
    /// The seasons that are kept; each has a file of its own.
    #[serde(skip)]
    pub archive: Archive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ballpark {
    pub club: u32,
    /// MLB's id of the ballpark (`venue.id`).
    pub venue: Option<u32>,
}

/// A time, in the state file as seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenOn(#[serde(with = "time::serde::timestamp")] pub OffsetDateTime);

/// One part of MLB's data.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Part<T> {
    /// The last good value; until there is one, a default.
    pub value: T,
    /// The time at which MLB made this value; none if no value was ever read.
    #[serde(with = "time::serde::rfc3339::option")]
    pub asked_at: Option<OffsetDateTime>,
    /// The failure of the latest attempt to read this part; none if it succeeded. Not saved to disk.
    #[serde(skip)]
    pub trouble: Option<Outage>,
}

impl<T> Part<T> {
    /// A default until a value is read.
    pub fn assumed(value: T) -> Self {
        Part { value, asked_at: None, trouble: None }
    }

    /// A value that MLB made at this time.
    pub fn read(value: T, asked_at: OffsetDateTime) -> Self {
        Part { value, asked_at: Some(asked_at), trouble: None }
    }

    /// Records a failed attempt to read this part. The last good value stays.
    pub fn fail(&mut self, trouble: Outage) {
        self.trouble = Some(trouble);
    }

    /// Whether the value was ever read.
    pub fn is_read(&self) -> bool {
        self.asked_at.is_some()
    }
}

impl Facts {
    /// The facts about a player before MLB was asked.
    pub fn unread(player: Player) -> Self {
        Facts {
            player: Part::assumed(player),
            zone: Part::assumed(Zone::fallback()),
            ballpark: None,
            schedule: Part::default(),
            feeds: BTreeMap::new(),
            seen_on: BTreeMap::new(),
            availability: Part::default(),
            season: Part::default(),
            calendar: Part::default(),
            leaders: Part::default(),
            archive: Archive::new(),
        }
    }

    pub fn feed(&self, pk: u64) -> Option<&GameFeed> {
        self.feeds.get(&pk)?.value.as_ref()
    }

    /// The id of the club whose games are watched.
    pub(crate) fn club_id(&self) -> Option<u32> {
        self.player.value.club_id()
    }

    /// Whether the day's games are known: the schedule was read, or the player was read and is with no club.
    pub(crate) fn is_read(&self) -> bool {
        if self.club_id().is_some() { self.schedule.is_read() } else { self.player.is_read() }
    }

    /// The time at which MLB made the newest of schedule, player and feeds.
    pub fn latest(&self) -> Option<OffsetDateTime> {
        let feeds = self.feeds.values().map(|part| part.asked_at);
        feeds.chain([self.schedule.asked_at, self.player.asked_at]).flatten().max()
    }

    /// The reason why the day's games are not known: the first failed part in the chain from player to schedule.
    pub(crate) fn trouble(&self) -> Outage {
        let chain = [
            self.player.trouble.filter(|_| !self.player.is_read()),
            self.schedule.trouble,
            self.zone.trouble,
            self.player.trouble,
        ];
        chain.into_iter().flatten().next().unwrap_or(Outage::Starting)
    }

    /// Whether MLB refused a request that the answer rests on.
    pub(crate) fn is_refused(&self, games: &[Game]) -> bool {
        let feeds = games.iter().map(|game| game.feed_trouble);
        let parts = [self.player.trouble, self.zone.trouble, self.schedule.trouble];
        feeds.chain(parts).any(|trouble| trouble == Some(Outage::Refused))
    }

    /// The year of the season that is shown on a day: before the year's first game, the year before.
    pub fn season_year(&self, day: Date) -> i32 {
        if calendar::is_before_first_game(self, day) { day.year() - 1 } else { day.year() }
    }
}
