//! A club's schedule, with the entries that could not be read.

use crate::answer::{ScheduleEntry, Zone};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

/// The schedule entries of some days.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Schedule {
    pub clubs: Vec<u32>,
    /// The entries, as listed (a game may be listed under two days).
    pub listings: Vec<ScheduleEntry>,
    /// The entries that could not be read.
    pub unread: Vec<UnreadEntry>,
}

/// A schedule entry that could not be read, with those of its fields that could.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct UnreadEntry {
    pub pk: Option<u64>,
    pub listed: Option<Date>,
    pub official: Option<Date>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub start: Option<OffsetDateTime>,
    /// The ids of the clubs that the entry names.
    pub clubs: Vec<u32>,
    /// The reason, for the log.
    pub why: String,
}

impl Schedule {
    /// Adds the entries of another club's schedule, each once.
    pub fn extend(&mut self, other: Schedule) {
        self.clubs.extend(other.clubs);
        for listing in other.listings {
            if !self.listings.iter().any(|known| (known.pk, known.listed) == (listing.pk, listing.listed)) {
                self.listings.push(listing);
            }
        }
        for entry in other.unread {
            if !self.unread.contains(&entry) {
                self.unread.push(entry);
            }
        }
    }

    pub fn of_club(&self, club: u32) -> Schedule {
        Schedule {
            clubs: self.clubs.iter().copied().filter(|known| *known == club).collect(),
            listings: self.listings.iter().filter(|listing| listing.has_club(club)).cloned().collect(),
            unread: Vec::new(),
        }
    }

    /// Whether this is the schedule of all these clubs.
    pub(crate) fn covers(&self, clubs: &[u32]) -> bool {
        clubs.iter().all(|club| self.clubs.contains(club))
    }

    /// Replaces each unread entry with the game's entry of an earlier reply, if there is one.
    pub fn fill_in(&mut self, earlier: &Schedule) {
        let Schedule { listings, unread, .. } = self;
        unread.retain(|entry| {
            let known = earlier.listings.iter().filter(|known| Some(known.pk) == entry.pk);
            let known: Vec<_> =
                known.filter(|known| entry.listed.is_none_or(|listed| known.listed == listed)).collect();
            listings.extend(known.iter().copied().cloned());
            known.is_empty()
        });
    }
}

impl UnreadEntry {
    /// Whether this may be a game of one of these clubs: true unless it names two others.
    pub fn may_concern(&self, clubs: &[u32]) -> bool {
        self.clubs.len() < 2 || self.clubs.iter().any(|club| clubs.contains(club))
    }

    /// The day of the game; none if no field has it.
    pub fn day(&self, zone: &Zone) -> Option<Date> {
        self.official.or(self.listed).or_else(|| self.start.map(|start| zone.local(start).date()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{GameState, tests::listing};

    #[test]
    fn what_was_read_before_stands_in_for_what_cannot_be_read() {
        let earlier =
            Schedule { clubs: vec![135], listings: vec![listing(1, GameState::On)], unread: vec![] };
        let unread = |pk, listed| UnreadEntry { pk, listed, ..UnreadEntry::default() };
        let day = earlier.listings[0].listed;
        for (entry, filled) in [
            (unread(Some(1), Some(day)), true),
            (unread(Some(1), None), true),
            (unread(Some(1), day.next_day()), false),
            (unread(Some(2), Some(day)), false),
            (unread(None, Some(day)), false),
        ] {
            let mut schedule = Schedule { unread: vec![entry.clone()], ..Schedule::default() };
            schedule.fill_in(&earlier);
            assert_eq!(
                (schedule.listings.len(), schedule.unread.len()),
                (filled.into(), (!filled).into()),
                "{entry:?}"
            );
        }
        assert_eq!(earlier.of_club(135), earlier);
        assert_eq!(earlier.of_club(147), Schedule::default());
        let mut twice = earlier.clone();
        twice.extend(earlier.clone());
        assert_eq!(twice.listings, earlier.listings);
    }
}
