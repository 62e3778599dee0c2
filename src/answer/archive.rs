//! The seasons that are kept: the league's log, the club's schedule, the feeds of games; and the answer of each of
//! their days.

use crate::answer::{
    Answer, Club, ClubStint, Facts, GameFeed, GameState, Outage, Pace, Part, Player, Reason, Schedule,
    ScheduleEntry, Season, Verdict, decide::decide_on, each_once,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, ops::RangeInclusive, sync::Arc};
use time::{Date, Duration, OffsetDateTime};

/// Limit on the seasons that are kept, the present one included: longer than most careers.
pub const SEASONS_CAP: i32 = 10;

/// Time after which a day is settled: official scorers change a call within days.
const SETTLED_AFTER: Duration = Duration::days(7);

/// The kept seasons by year.
pub type Archive = BTreeMap<i32, Arc<ArchivedSeason>>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedSeason {
    pub log: Season,
    /// The time at which the log was read once the season was over; none before.
    #[serde(default, with = "time::serde::timestamp::option")]
    pub log_read_at: Option<OffsetDateTime>,
    /// The clubs whose schedules are in `games`.
    pub clubs: Vec<u32>,
    pub games: Vec<ScheduleEntry>,
    /// The feeds that were read, by game id (`gamePk`).
    pub feeds: BTreeMap<u64, Part<Option<GameFeed>>>,
}

/// The state of knowledge about a day.
#[derive(Debug, Clone, PartialEq)]
pub enum DayRecord {
    /// The day of the present answer.
    Today,
    Known {
        answer: Box<Answer>,
        /// Whether it is not expected to change.
        is_settled: bool,
    },
    /// These games of the day were never read; none while the season itself was not read.
    Unread(Vec<u64>),
    /// The day is in no season that is kept.
    Outside,
}

impl ArchivedSeason {
    /// A season of which only the log is known.
    pub fn of(log: Season) -> Self {
        ArchivedSeason {
            log,
            log_read_at: None,
            clubs: Vec::new(),
            games: Vec::new(),
            feeds: BTreeMap::new(),
        }
    }

    /// The first and the last day of the season; none without a game.
    pub fn span(&self) -> Option<(Date, Date)> {
        let of_year = |day: &Date| day.year() == self.log.year;
        let days = || self.games.iter().flat_map(|game| [game.listed, game.official]).filter(of_year);
        days().min().zip(days().max())
    }

    /// The clubs that the player was with, by the log: each with its first and last day.
    fn stints(&self) -> Vec<ClubStint> {
        let mut stints: Vec<ClubStint> = Vec::new();
        for (club, date) in self.log.games.iter().filter_map(|game| Some((game.club?, game.date))) {
            match stints.iter_mut().find(|stint| stint.club == club) {
                Some(stint) => {
                    stint.from = stint.from.min(Some(date));
                    stint.until = stint.until.max(Some(date));
                }
                None => stints.push(ClubStint { club, from: Some(date), until: Some(date) }),
            }
        }
        stints
    }

    /// The club of the latest game up to a day.
    fn latest_club(&self, until: Date) -> Option<u32> {
        let games = self.log.games.iter().filter(|game| game.date <= until && game.club.is_some());
        games.max_by_key(|game| game.date)?.club
    }

    fn first_club(&self) -> Option<u32> {
        self.log.games.iter().filter(|game| game.club.is_some()).min_by_key(|game| game.date)?.club
    }

    fn name_of(&self, club: u32) -> Option<&str> {
        let mut sides = self.games.iter().flat_map(|game| [&game.home.club, &game.away.club]);
        sides.find(|side| side.id == club).map(|side| side.name.as_str())
    }
}

/// The years whose seasons are kept: from the player's first, if it is known, to the present one.
pub fn kept_years(player: &Player, today: Date) -> RangeInclusive<i32> {
    let this = today.year();
    let first = player.debut.map_or(this, Date::year);
    first.clamp(this - SEASONS_CAP + 1, this)..=this
}

/// The clubs whose schedules of a year are wanted.
pub fn clubs_of(archive: &Archive, player: &Player, year: i32, today: Date) -> Vec<u32> {
    let logged = archive.get(&year).map(|season| season.stints()).unwrap_or_default();
    let present = player.club_id().filter(|_| year >= today.year());
    let mut clubs = each_once(logged.into_iter().map(|stint| stint.club).chain(present));
    if clubs.is_empty() {
        let summer = Date::from_calendar_date(year, time::Month::July, 1).ok();
        clubs.extend(summer.and_then(|day| club_on(archive, player, day)));
    }
    clubs
}

/// The club that the player was with on a day: that of his latest game, else that of his next, else the present one.
fn club_on(archive: &Archive, player: &Player, date: Date) -> Option<u32> {
    let before = archive.range(..=date.year()).rev().find_map(|(_, season)| season.latest_club(date));
    let after = || archive.range(date.year()..).find_map(|(_, season)| season.first_club());
    before.or_else(after).or(player.club_id())
}

impl Answer {
    /// The answer of a day of the seasons that are kept.
    pub fn on(&self, date: Date, now: OffsetDateTime) -> DayRecord {
        if date == self.day {
            return DayRecord::Today;
        }
        let season = match self.season_record(date.year()) {
            Ok(season) => season,
            Err(record) => return record,
        };
        if !season.span().is_some_and(|(first, last)| (first..=last).contains(&date)) {
            return DayRecord::Outside;
        }
        let answer = self.as_of(season, date, now);
        let is_past = date < self.day;
        let unread = answer.games.iter().filter(|game| is_past && game.feed.is_none());
        let unread: Vec<u64> = unread.map(|game| game.listing.pk).collect();
        if !unread.is_empty() {
            return DayRecord::Unread(unread);
        }
        let is_over = answer.games.iter().all(|game| game.state() == GameState::Over);
        let is_settled = is_past && is_over && self.day - date >= SETTLED_AFTER;
        DayRecord::Known { answer: Box::new(answer), is_settled }
    }

    /// The answer at the end of a season, for its page; for the present season this answer itself.
    pub fn season_of(&self, year: i32, now: OffsetDateTime) -> DayRecord {
        if self.season.as_ref().is_some_and(|season| season.year == year) {
            return DayRecord::Today;
        }
        match self.season_record(year) {
            Err(record) => record,
            Ok(season) => match season.span() {
                Some((_, last)) if last < self.day => {
                    // The games of the last day count once it is over.
                    let answer = self.as_of(season, last.next_day().unwrap_or(last), now);
                    DayRecord::Known { answer: Box::new(answer), is_settled: true }
                }
                _ => DayRecord::Outside,
            },
        }
    }

    /// A season with the schedules of all his clubs; otherwise its state.
    fn season_record(&self, year: i32) -> Result<&ArchivedSeason, DayRecord> {
        if !kept_years(&self.player, self.day).contains(&year) {
            return Err(DayRecord::Outside);
        }
        let season = self.archive.get(&year).ok_or(DayRecord::Unread(Vec::new()))?;
        let clubs = clubs_of(&self.archive, &self.player, year, self.day);
        let is_read = clubs.iter().all(|club| season.clubs.contains(club));
        is_read.then_some(&**season).ok_or(DayRecord::Unread(Vec::new()))
    }

    /// The part of this answer that its season's page shows: it stays the same while nothing happens.
    pub fn of_season(self) -> Answer {
        Answer {
            verdict: Verdict::Unknown,
            reason: Reason::NeverHeard(Outage::Starting),
            games: Vec::new(),
            plays: Vec::new(),
            taken_back: 0,
            fixtures: Vec::new(),
            error_days: Vec::new(),
            asked_at: None,
            asking_took: None,
            changed_at: None,
            fresh_until: None,
            pace: Pace::Idle,
            is_refused: false,
            archive: Archive::new(),
            stale: false,
            ..self
        }
    }

    /// The day before and the day after, in the same season.
    pub fn neighbours(&self, date: Date) -> (Option<Date>, Option<Date>) {
        let span = self.archive.get(&date.year()).and_then(|season| season.span());
        let within =
            |day: &Date| *day == self.day || span.is_some_and(|(first, last)| (first..=last).contains(day));
        (date.previous_day().filter(within), date.next_day().filter(within))
    }

    fn as_of(&self, season: &ArchivedSeason, date: Date, now: OffsetDateTime) -> Answer {
        let answer = decide_on(&self.facts_of(season, date, now), date, now);
        Answer {
            asked_at: answer.games.iter().filter_map(|game| game.feed_asked_at).min(),
            calendar_day: date,
            is_another_day: true,
            fresh_until: None,
            stale: false,
            pace: Pace::Idle,
            fixtures: Vec::new(),
            error_days: Vec::new(),
            ..answer
        }
    }

    /// The facts as they were on that day: later games had not been played.
    fn facts_of(&self, season: &ArchivedSeason, date: Date, now: OffsetDateTime) -> Facts {
        let club = club_on(&self.archive, &self.player, date);
        let name = |id| season.name_of(id).unwrap_or_default().to_owned();
        let player = Player {
            club: club.map(|id| Club { id, name: name(id) }),
            farm_club: None,
            stints: season.stints(),
            ..self.player.clone()
        };
        let listings: Vec<ScheduleEntry> = season.games.iter().map(|game| game.before(date)).collect();
        let schedule =
            Schedule { clubs: season.clubs.clone(), listings: listings.clone(), unread: Vec::new() };
        let earlier = self.archive.range(..season.log.year);
        Facts {
            zone: Part::read(self.zone.clone(), now),
            schedule: Part::read(schedule, now),
            feeds: season.feeds.clone(),
            season: Part::read(Some(season.log.clone()), now),
            calendar: Part::read(listings, now),
            archive: earlier.map(|(year, season)| (*year, season.clone())).collect(),
            ..Facts::unread(player)
        }
    }
}

impl ScheduleEntry {
    /// The entry as it was on this day: a game of a later day was still to be played.
    fn before(&self, date: Date) -> ScheduleEntry {
        let mut entry = self.clone();
        if entry.official > date && !entry.is_off() {
            entry.status.state = GameState::Ahead;
            (entry.home.runs, entry.away.runs) = (None, None);
        }
        entry
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{
        ErrorCount, Participation, SeasonGame, decide,
        tests::{self, TODAY, facts, feed, listing},
    };
    use time::macros::{date, datetime};

    const NOW: OffsetDateTime = datetime!(2024-07-03 04:00 UTC);

    fn played(pk: u64, day: Date) -> ScheduleEntry {
        let start = Some(day.midnight().assume_utc() + Duration::hours(26));
        ScheduleEntry { listed: day, official: day, start, ..listing(pk, GameState::Over) }
    }

    fn logged(pk: u64, date: Date, club: u32, errors: u32) -> SeasonGame {
        SeasonGame { club: Some(club), ..tests::logged(pk, date, errors) }
    }

    /// The answer of `TODAY`, with this season of 2023.
    fn with_2023(
        games: Vec<ScheduleEntry>,
        log: Vec<SeasonGame>,
        feeds: Vec<GameFeed>,
        clubs: Vec<u32>,
    ) -> Answer {
        let mut facts = facts(NOW, [listing(1, GameState::Ahead)], []);
        facts.player.value.debut = Some(date!(2023 - 04 - 01));
        let log = Season { year: 2023, games: log, is_complete: true };
        let feeds = feeds.into_iter().map(|feed| (feed.pk, Part::read(Some(feed), NOW))).collect();
        facts.archive.insert(2023, ArchivedSeason { clubs, games, feeds, ..ArchivedSeason::of(log) }.into());
        decide(&facts, NOW)
    }

    fn errors_on(answer: &Answer, day: Date) -> Option<(Verdict, bool)> {
        match answer.on(day, NOW) {
            DayRecord::Known { answer, is_settled } => Some((answer.verdict, is_settled)),
            _ => None,
        }
    }

    #[test]
    fn a_day_is_known_unread_or_outside() {
        let (first, second, last) = (date!(2023 - 08 - 09), date!(2023 - 08 - 10), date!(2023 - 08 - 12));
        let games = vec![played(11, first), played(12, last)];
        let feeds = vec![feed(11, GameState::Over, Participation::Fielded, 1)];
        let log = vec![logged(11, first, 135, 1)];
        let answer = with_2023(games, log, feeds, vec![135]);
        assert_eq!(errors_on(&answer, first), Some((Verdict::Yes(1), true)));
        assert_eq!(errors_on(&answer, second), Some((Verdict::NoGame, true)));
        assert_eq!(answer.on(last, NOW), DayRecord::Unread(vec![12]));
        assert_eq!(answer.on(TODAY, NOW), DayRecord::Today);
        for outside in
            [date!(2023 - 08 - 08), date!(2023 - 08 - 13), date!(2022 - 08 - 09), date!(2025 - 01 - 01)]
        {
            assert_eq!(answer.on(outside, NOW), DayRecord::Outside, "{outside}");
        }
        assert_eq!(answer.neighbours(first), (None, Some(second)));
        assert_eq!(
            answer.on(date!(2024 - 04 - 01), NOW),
            DayRecord::Unread(vec![]),
            "its season is not read yet"
        );
        let DayRecord::Known { answer: then, .. } = answer.on(first, NOW) else { panic!("{answer:?}") };
        assert_eq!(then.next_game.map(|next| next.pk), Some(12), "the next game as of that day");
        assert!(!then.stale && then.since_error.is_some_and(|since| since.days == 0));
    }

    #[test]
    fn each_error_of_a_game_that_was_resumed_is_of_the_day_of_its_play() {
        let (begun, resumed) = (date!(2023 - 05 - 11), date!(2023 - 05 - 12));
        let first = played(11, begun);
        let second =
            ScheduleEntry { listed: resumed, start: Some(datetime!(2023-05-12 20:00 UTC)), ..first.clone() };
        let mut game = feed(11, GameState::Over, Participation::Fielded, 2);
        game.plays[0].at = Some(datetime!(2023-05-12 03:00 UTC));
        game.plays[1].at = Some(datetime!(2023-05-12 20:30 UTC));
        let answer = with_2023(vec![first, second], vec![logged(11, begun, 135, 2)], vec![game], vec![135]);
        for day in [begun, resumed] {
            assert_eq!(errors_on(&answer, day), Some((Verdict::Yes(1), true)), "{day}");
        }
    }

    #[test]
    fn a_game_that_was_called_off_or_is_not_over_is_not_settled_as_no() {
        let day = date!(2023 - 08 - 09);
        let off = ScheduleEntry { official: date!(2023 - 08 - 20), ..played(11, day) };
        let off = ScheduleEntry { status: listing(11, GameState::Postponed).status, ..off };
        let answer = with_2023(vec![off], vec![], vec![], vec![135]);
        let DayRecord::Known { answer, .. } = answer.on(day, NOW) else { panic!("{answer:?}") };
        assert!(matches!(answer.reason, Reason::Postponed(_)), "{:?}", answer.reason);
        let lost = GameFeed {
            errors: ErrorCount::AtLeast(0),
            ..feed(11, GameState::Over, Participation::Fielded, 0)
        };
        let answer = with_2023(vec![played(11, day)], vec![], vec![lost], vec![135]);
        assert_eq!(
            errors_on(&answer, day).map(|(verdict, _)| verdict),
            Some(Verdict::Unknown),
            "no count is no No"
        );
    }

    #[test]
    fn a_traded_player_has_the_games_of_the_club_of_that_day() {
        let (before, after) = (date!(2023 - 05 - 01), date!(2023 - 08 - 01));
        let rangers = |pk, day| {
            let mut game = played(pk, day);
            game.home.club.id = 999;
            game
        };
        let mut games = vec![rangers(11, before), played(12, before), rangers(13, after), played(14, after)];
        let log = vec![logged(11, before, 140, 1), logged(14, after, 135, 0)];
        let feeds = vec![
            feed(11, GameState::Over, Participation::Fielded, 1),
            feed(14, GameState::Over, Participation::Fielded, 0),
        ];
        // The Rangers were in San Diego on neither day.
        for game in games.iter_mut().filter(|game| [12, 14].contains(&game.pk)) {
            game.away.club.id = 888;
        }
        let answer = with_2023(games, log, feeds, vec![140, 135]);
        assert_eq!(errors_on(&answer, before), Some((Verdict::Yes(1), true)));
        assert_eq!(errors_on(&answer, after), Some((Verdict::No, true)));
    }

    #[test]
    fn the_seasons_from_his_debut_on_are_kept_ten_at_most() {
        let years = |debut: Option<i32>| {
            let debut = debut.and_then(|year| Date::from_ordinal_date(year, 90).ok());
            kept_years(&Player { debut, ..Player::named(7, "", "") }, TODAY)
        };
        assert_eq!(years(Some(2019)), 2019..=2024);
        assert_eq!(years(Some(1999)), 2015..=2024);
        assert_eq!(years(None), 2024..=2024, "an unknown debut");
    }
}
