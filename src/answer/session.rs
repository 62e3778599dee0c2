//! The part of a game that is played on one day: a suspended game is played on two.

use crate::answer::{ErrorCount, ErrorPlay, Facts, GameFeed, ScheduleEntry, Zone};
use time::{Date, Duration, OffsetDateTime, macros::time};

/// Time by which a game may be resumed earlier than planned.
const EARLY: Duration = Duration::HOUR;

/// The time span of a part of a game; open where the game begins or ends in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Session {
    from: Option<OffsetDateTime>,
    to: Option<OffsetDateTime>,
}

impl Session {
    /// The part of the game that this schedule entry covers.
    pub(crate) fn of(facts: &Facts, listing: &ScheduleEntry) -> Self {
        let zone = &facts.zone.value;
        let entries = facts.schedule.value.listings.iter().filter(|entry| entry.pk == listing.pk);
        let mut begins: Vec<OffsetDateTime> = entries
            .filter_map(ScheduleEntry::resumption)
            .chain(listing.resumption())
            .map(|(day, start)| begin(day, start, zone))
            .collect();
        begins.sort_unstable();
        let from = listing.is_resumption().then(|| begin(listing.listed, listing.start, zone));
        let to = begins.into_iter().find(|begin| from.is_none_or(|from| *begin > from));
        Session { from, to }
    }

    /// The errors charged to the player in this part. Errors of a play without a time count for the first part.
    pub fn errors(&self, feed: &GameFeed) -> ErrorCount {
        let timed = feed.plays.iter().filter(|play| play.at.is_some()).count() as u32;
        let here = feed.plays.iter().filter(|play| play.at.is_some_and(|at| self.holds(at))).count() as u32;
        let total = feed.errors.known();
        match (feed.errors, self.from) {
            _ if *self == Session::default() => feed.errors,
            (ErrorCount::Read(_), None) => ErrorCount::Read(total.saturating_sub(timed - here)),
            (ErrorCount::AtLeast(_), None) => ErrorCount::AtLeast(total.saturating_sub(timed - here)),
            // Errors without a timed play may be of this part.
            (ErrorCount::Read(_), Some(_)) if total <= timed => ErrorCount::Read(here.min(total)),
            (_, Some(_)) => ErrorCount::AtLeast(here.min(total)),
        }
    }

    /// The plays of this part on which the player was charged.
    pub fn plays<'a>(&'a self, feed: &'a GameFeed) -> impl Iterator<Item = &'a ErrorPlay> {
        let is_here = |play: &&ErrorPlay| match play.at {
            Some(at) => self.holds(at),
            None => self.from.is_none(),
        };
        feed.plays.iter().filter(is_here)
    }

    fn holds(&self, at: OffsetDateTime) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
}

/// The earliest time at which a game resumed on this day can go on.
fn begin(day: Date, start: Option<OffsetDateTime>, zone: &Zone) -> OffsetDateTime {
    match start {
        Some(start) if zone.local(start).date() == day => start.saturating_sub(EARLY),
        _ => zone.at(day, time!(06:00)),
    }
}

impl ScheduleEntry {
    /// Whether this is a game's entry under the day it is resumed.
    pub fn is_resumption(&self) -> bool {
        self.listed > self.official && !self.is_off()
    }

    /// The day, and the time if known, at which a suspended game is resumed.
    fn resumption(&self) -> Option<(Date, Option<OffsetDateTime>)> {
        if self.is_resumption() {
            return Some((self.listed, self.start));
        }
        self.resumes_on.filter(|day| *day > self.official).map(|day| (day, self.resumes_at))
    }

    /// The game's entry under this day, if it is resumed on it; derived from this entry.
    pub(crate) fn resumed_on(&self, day: Date) -> Option<ScheduleEntry> {
        let (resumed, start) = self.resumption().filter(|_| self.official < day)?;
        (resumed == day).then(|| ScheduleEntry { listed: day, start, ..self.clone() })
    }

    /// Whether a suspended game may be resumed on this day.
    pub(crate) fn may_go_on(&self, day: Date) -> bool {
        self.resumes_on.is_none_or(|resumes| resumes <= day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::tests::{TODAY, facts, feed, listing};
    use crate::answer::{ErrorKind, GameState, Participation};
    use time::macros::datetime;

    #[test]
    fn each_error_of_a_resumed_game_is_of_the_day_of_its_play() {
        let (last_night, tonight) = (datetime!(2024-07-02 04:00 UTC), datetime!(2024-07-02 20:30 UTC));
        let yesterday = TODAY.previous_day().unwrap();
        let begun = ScheduleEntry { listed: yesterday, official: yesterday, ..listing(1, GameState::Over) };
        let resumed =
            ScheduleEntry { listed: TODAY, start: Some(datetime!(2024-07-02 20:00 UTC)), ..begun.clone() };
        let facts = facts(tonight, [begun.clone(), resumed.clone()], []);
        let (first, second) = (Session::of(&facts, &begun), Session::of(&facts, &resumed));
        let game = |errors, times: &[Option<OffsetDateTime>]| {
            let play = |at: &Option<OffsetDateTime>| ErrorPlay {
                at: *at,
                kind: ErrorKind::Throwing,
                ..feed(1, GameState::Over, Participation::Fielded, 1).plays.remove(0)
            };
            GameFeed {
                errors,
                plays: times.iter().map(play).collect(),
                ..feed(1, GameState::Over, Participation::Fielded, 0)
            }
        };
        let (old, new) = (Some(last_night), Some(tonight));
        use ErrorCount::{AtLeast, Read};
        for (what, errors, times, before, today) in [
            ("none", Read(0), &[][..], Read(0), Read(0)),
            ("last night's", Read(1), &[old], Read(1), Read(0)),
            ("tonight's", Read(1), &[new], Read(0), Read(1)),
            ("both", Read(2), &[old, new], Read(1), Read(1)),
            ("without a time", Read(1), &[None], Read(1), AtLeast(0)),
            ("without its play", Read(2), &[new], Read(1), AtLeast(1)),
            ("box score lost", AtLeast(1), &[new], AtLeast(0), AtLeast(1)),
            ("the box score decides", Read(0), &[new], Read(0), Read(0)),
        ] {
            let game = game(errors, times);
            assert_eq!((first.errors(&game), second.errors(&game)), (before, today), "{what}");
        }
        let both = game(Read(2), &[old, new]);
        assert_eq!(second.plays(&both).map(|play| play.at).collect::<Vec<_>>(), [new]);
        assert_eq!(first.plays(&both).count(), 1);
    }

    #[test]
    fn a_game_of_one_day_is_whole_even_past_midnight() {
        let after_midnight = datetime!(2024-07-03 08:30 UTC);
        let facts = facts(after_midnight, [listing(1, GameState::On)], []);
        let session = Session::of(&facts, &listing(1, GameState::On));
        assert!(session == Session::default() && session.holds(after_midnight));
    }
}
