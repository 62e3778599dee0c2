//! The seasons that are kept: the league's log, the club's schedule, the feeds of games; and the answer of each of
//! their days.

use crate::answer::{
    Answer, Club, ClubStint, ErrorCount, Facts, Game, GameFeed, GameKind, GameState, Outage, Pace, Part,
    Participation, Player, Reason, Schedule, ScheduleEntry, Season, Verdict, decide::decide_on, each_once,
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
    /// The parts that MLB does not have. They are not saved, so that MLB is asked again after a restart.
    #[serde(skip)]
    pub left_out: BTreeMap<SeasonPart, LeftOut>,
}

/// A part of a season; each is read by its own request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SeasonPart {
    Log,
    /// The schedule of the club with this id.
    Games(u32),
    /// The feed of the game with this id.
    Feed(u64),
}

/// MLB's last refusal of a part that it does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOut {
    pub at: OffsetDateTime,
    pub trouble: Outage,
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
            left_out: BTreeMap::new(),
        }
    }

    /// Whether the log was read. An empty one stands in for one that was left out.
    pub fn has_log(&self) -> bool {
        !self.log.games.is_empty() || !self.left_out.contains_key(&SeasonPart::Log)
    }

    /// The trouble with a part that was left out, so that games of his may be missing.
    fn gap(&self) -> Option<Outage> {
        let is_gap = |part: &SeasonPart| match part {
            SeasonPart::Log => !self.has_log(),
            SeasonPart::Games(_) => true,
            SeasonPart::Feed(_) => false,
        };
        self.left_out.iter().find(|(part, _)| is_gap(part)).map(|(_, left_out)| left_out.trouble)
    }

    /// The first and the last day of the season; none without a game.
    pub fn span(&self) -> Option<(Date, Date)> {
        let of_year = |day: &Date| day.year() == self.log.year;
        let listed = || self.games.iter().flat_map(|game| [game.listed, game.official]);
        let days = || listed().chain(self.log.games.iter().map(|game| game.date)).filter(of_year);
        days().min().zip(days().max())
    }

    /// A game's entry under its official date.
    pub(crate) fn listing(&self, pk: u64) -> Option<&ScheduleEntry> {
        self.games.iter().find(|game| game.pk == pk && game.listed == game.official)
    }

    /// The feeds, with the log in place of those that were left out.
    fn feeds_or_log(&self) -> BTreeMap<u64, Part<Option<GameFeed>>> {
        let mut feeds = self.feeds.clone();
        feeds.extend(self.left_out.iter().filter_map(|(part, left_out)| match part {
            SeasonPart::Feed(pk) => Some((*pk, Part::read(self.feed_by_log(*pk), left_out.at))),
            _ => None,
        }));
        feeds
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
        let is_left_out = |game: &Game| season.left_out.contains_key(&SeasonPart::Feed(game.listing.pk));
        let unread = answer.games.iter().filter(|game| is_past && game.feed.is_none() && !is_left_out(game));
        let unread: Vec<u64> = unread.map(|game| game.listing.pk).collect();
        if !unread.is_empty() {
            return DayRecord::Unread(unread);
        }
        let is_over = answer.games.iter().all(|game| game.state() == GameState::Over);
        let is_known = answer.verdict != Verdict::Unknown;
        let is_settled = is_past && is_over && is_known && self.day - date >= SETTLED_AFTER;
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
                Some((_, last)) if last < self.day && season.has_log() => {
                    // The games of the last day count once it is over.
                    let answer = self.as_of(season, last.next_day().unwrap_or(last), now);
                    DayRecord::Known { answer: Box::new(answer), is_settled: true }
                }
                _ => DayRecord::Outside,
            },
        }
    }

    /// A season with the schedules of all his clubs, except for those that MLB does not have; otherwise its state.
    fn season_record(&self, year: i32) -> Result<&ArchivedSeason, DayRecord> {
        if !kept_years(&self.player, self.day).contains(&year) {
            return Err(DayRecord::Outside);
        }
        let season = self.archive.get(&year).ok_or(DayRecord::Unread(Vec::new()))?;
        let clubs = clubs_of(&self.archive, &self.player, year, self.day);
        let is_asked = |club: &u32| {
            season.clubs.contains(club) || season.left_out.contains_key(&SeasonPart::Games(*club))
        };
        clubs.iter().all(is_asked).then_some(&**season).ok_or(DayRecord::Unread(Vec::new()))
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
        let gap = season.gap();
        // No later game is the next one for certain if others may be missing.
        let games = season.games.iter().filter(|game| gap.is_none() || game.listed <= date);
        let listings: Vec<ScheduleEntry> = games.map(|game| game.before(date)).collect();
        // Without a log his club is a guess, so that no schedule is known to be that of his games.
        let clubs = if season.has_log() { season.clubs.clone() } else { Vec::new() };
        let schedule = Schedule { clubs, listings: listings.clone(), unread: Vec::new() };
        let earlier = self.archive.range(..season.log.year);
        Facts {
            zone: Part::read(self.zone.clone(), now),
            schedule: Part { trouble: gap, ..Part::read(schedule, now) },
            feeds: season.feeds_or_log(),
            season: Part::read(season.has_log().then(|| season.log.clone()), now),
            calendar: if gap.is_none() { Part::read(listings, now) } else { Part::default() },
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
