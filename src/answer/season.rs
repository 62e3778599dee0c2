//! The player's season: the fielding log with today's box scores added, and the figures computed from them.

use crate::answer::{Club, Facts, GameFeed, GameKind, Participation, Player, ScheduleEntry, calendar};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::Date;

/// Games of the club before a pace is given, an eighth of a season: earlier, a single error would project to more than
/// eight over the year.
const PACE_FROM: usize = 20;

/// The player's fielding log of one regular season, as MLB lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Season {
    pub year: i32,
    /// The games that the player fielded in, each once.
    pub games: Vec<SeasonGame>,
    /// False if a row of the log could not be read and was left out.
    pub is_complete: bool,
}

/// A game that the player fielded in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeasonGame {
    pub pk: u64,
    /// The day it counts for.
    pub date: Date,
    /// The number of the game in a doubleheader, from 1.
    pub number: u8,
    /// The opponent of the player's club of that day, if the log has it.
    pub opponent: Option<Club>,
    /// Whether his club was the home team, as scheduled: on neutral ground, the designated home team.
    pub at_home: bool,
    /// Errors charged to the player, at all positions together.
    pub errors: u32,
    /// The id of the player's club, if the log has it.
    #[serde(default)]
    pub club: Option<u32>,
    /// The errors at each position in the field, in the log's order, if the log has the positions.
    #[serde(default)]
    pub positions: Vec<PositionErrors>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionErrors {
    /// The position, as the scorer writes it: "RF".
    pub position: String,
    pub errors: u32,
}

/// The season until now, today included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeasonSoFar {
    pub year: i32,
    /// The games that the player fielded in, in playing order. A game in progress counts once he has taken the field.
    pub games: Vec<SeasonGame>,
    pub errors: u32,
    /// False if a row of the log could not be read: there may be more games and errors.
    pub is_complete: bool,
    pub last_error: Option<LastError>,
    /// The longest run of games without an error, the latest of equals; none without such a game.
    pub longest_clean: Option<Streak>,
    /// The errors projected over the whole season, rounded; by his club's games, so that games he misses count as
    /// clean. None while it is too early to say, once the season is over, and if the schedule is unknown.
    pub on_pace_for: Option<u32>,
}

/// The latest error, with the days and games since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastError {
    pub date: Date,
    /// Calendar days from then to today; 0 if it was today.
    pub days: u32,
    /// Games that the player has fielded in since.
    pub games: u32,
}

/// A run of games without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streak {
    /// The number of games; at least 1.
    pub games: u32,
    /// The day of the first game.
    pub from: Date,
    /// The day of the last game.
    pub to: Date,
}

pub(crate) fn days_between(from: Date, to: Date) -> u32 {
    u32::try_from((to - from).whole_days()).unwrap_or(0)
}

/// The season as of this day, if the log could be read.
pub(crate) fn so_far(facts: &Facts, day: Date) -> Option<SeasonSoFar> {
    let season = facts.season.value.as_ref()?;
    let games = games(facts, season, day);
    let errors = games.iter().map(|game| game.errors).sum();
    Some(SeasonSoFar {
        year: season.year,
        errors,
        is_complete: season.is_complete,
        last_error: last_error(&games, day),
        longest_clean: longest_clean(&games),
        on_pace_for: on_pace_for(errors, calendar::progress(facts, day)),
        games,
    })
}

/// Each game once. Today's games are taken from the box scores, whether or not the log has them; so is an earlier game
/// that the log lacks. Later games, which a replay's log has, do not count.
fn games(facts: &Facts, season: &Season, day: Date) -> Vec<SeasonGame> {
    let logged = season.games.iter().filter(|game| game.date < day);
    let mut games: BTreeMap<u64, SeasonGame> = logged.map(|game| (game.pk, game.clone())).collect();
    for listing in facts.schedule.value.listings.iter().filter(|listing| counts(listing, season.year, day)) {
        if let Some(feed) = facts.feed(listing.pk)
            && feed.presence == Participation::Fielded
            && feed.errors.is_known()
        {
            let by_box_score = || SeasonGame {
                positions: PositionErrors::of(feed),
                ..SeasonGame::of(listing, &facts.player.value, feed.errors.known())
            };
            games.entry(listing.pk).or_insert_with(by_box_score);
        }
    }
    let mut games: Vec<_> = games.into_values().collect();
    games.sort_by_key(SeasonGame::order);
    games
}

/// Whether a game counts for the log: of the regular season of that year, up to this day, and not called off.
fn counts(listing: &ScheduleEntry, year: i32, day: Date) -> bool {
    let official = listing.official;
    listing.kind == GameKind::Regular && official.year() == year && official <= day && !listing.is_off()
}

pub(crate) fn last_error(games: &[SeasonGame], day: Date) -> Option<LastError> {
    let latest = games.iter().rposition(|game| game.errors > 0)?;
    let date = games[latest].date;
    Some(LastError { date, days: days_between(date, day), games: (games.len() - 1 - latest) as u32 })
}

pub(crate) fn longest_clean(games: &[SeasonGame]) -> Option<Streak> {
    let runs = games.split(|game| game.errors > 0);
    let longest = runs.max_by_key(|run| run.len())?;
    let (first, last) = longest.first().zip(longest.last())?;
    Some(Streak { games: longest.len() as u32, from: first.date, to: last.date })
}

/// The projection from the number of his club's games that are over and the number of all its games.
fn on_pace_for(errors: u32, (over, all): (usize, usize)) -> Option<u32> {
    let rate = f64::from(errors) / over as f64;
    (PACE_FROM..all).contains(&over).then(|| (rate * all as f64).round() as u32)
}

impl PositionErrors {
    /// The errors of the plays in a feed, by position.
    fn of(feed: &GameFeed) -> Vec<Self> {
        let mut positions: Vec<PositionErrors> = Vec::new();
        for position in feed.plays.iter().filter_map(|play| play.position.as_ref()) {
            match positions.iter_mut().find(|known| known.position == *position) {
                Some(known) => known.errors += 1,
                None => positions.push(PositionErrors { position: position.clone(), errors: 1 }),
            }
        }
        positions
    }
}

impl SeasonGame {
    /// The key that sorts games in playing order.
    pub(crate) fn order(&self) -> (Date, u8, u64) {
        (self.date, self.number, self.pk)
    }

    /// The game of a schedule entry, with the player's errors.
    pub(crate) fn of(listing: &ScheduleEntry, player: &Player, errors: u32) -> Self {
        let at_home = player.is_at_home(listing);
        let opponent = if at_home { &listing.away } else { &listing.home };
        SeasonGame {
            pk: listing.pk,
            date: listing.official,
            number: listing.number,
            opponent: Some(opponent.club.clone()),
            at_home,
            errors,
            club: Some(if at_home { listing.home.club.id } else { listing.away.club.id }),
            positions: Vec::new(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::answer::{
        GameFeed, GameState,
        tests::{TODAY, facts, feed, listing, logged},
    };
    use time::{Duration, macros::datetime};

    /// Games on the days before today, the last of them yesterday, with these errors.
    pub(crate) fn log(errors: &[u32]) -> Vec<SeasonGame> {
        let days = (1..=errors.len() as i64).rev().map(|ago| TODAY - Duration::days(ago));
        let games = (100..).zip(days).zip(errors);
        games.map(|((pk, day), errors)| logged(pk, day, *errors)).collect()
    }

    fn season(games: Vec<SeasonGame>, listings: Vec<ScheduleEntry>, boxes: Vec<GameFeed>) -> SeasonSoFar {
        let mut facts = facts(datetime!(2024-07-03 04:00 UTC), listings, boxes);
        facts.season.value = Some(Season { year: 2024, games, is_complete: true });
        so_far(&facts, TODAY).unwrap()
    }

    #[test]
    fn a_season_comes_to_its_figures() {
        let days_ago = |days| TODAY - Duration::days(days);
        let last = |days, games| Some(LastError { date: days_ago(days), days: days as u32, games });
        let streak = |games, from, to| Some(Streak { games, from: days_ago(from), to: days_ago(to) });
        for (what, errors, total, last_error, longest_clean) in [
            ("empty", &[][..], 0, None, None),
            ("no errors", &[0, 0, 0], 0, None, streak(3, 3, 1)),
            ("nothing but errors", &[1, 1], 2, last(1, 0), None),
            ("two in a game", &[0, 2, 0, 0], 2, last(3, 2), streak(2, 2, 1)),
            ("the latest of equal streaks", &[0, 0, 1, 0, 0], 1, last(3, 2), streak(2, 2, 1)),
            ("an early streak", &[0, 0, 0, 1, 0, 1], 2, last(1, 0), streak(3, 6, 4)),
        ] {
            let so_far = season(log(errors), vec![], vec![]);
            assert_eq!((so_far.games.len(), so_far.errors), (errors.len(), total), "{what}");
            assert_eq!((so_far.last_error, so_far.longest_clean), (last_error, longest_clean), "{what}");
        }
    }

    #[test]
    fn todays_box_score_decides_for_today_and_no_game_counts_twice() {
        let on = || vec![listing(1, GameState::On)];
        let boxed = |presence, errors| vec![feed(1, GameState::On, presence, errors)];
        let spring = || vec![ScheduleEntry { kind: GameKind::Spring, ..listing(1, GameState::On) }];
        let yesterday =
            || vec![ScheduleEntry { official: TODAY - Duration::DAY, ..listing(1, GameState::Over) }];
        let off = || vec![listing(1, GameState::Postponed)];
        for (what, log, listings, boxes, errors) in [
            ("not logged yet", vec![], on(), boxed(Participation::Fielded, 1), &[1][..]),
            ("logged", vec![logged(1, TODAY, 1)], on(), boxed(Participation::Fielded, 1), &[1]),
            ("taken back", vec![logged(1, TODAY, 1)], on(), boxed(Participation::Fielded, 0), &[0]),
            ("not in the field yet", vec![], on(), boxed(Participation::Lineup, 0), &[]),
            ("on the bench", vec![], on(), boxed(Participation::Bench, 0), &[]),
            ("box unread", vec![logged(1, TODAY, 1)], on(), vec![], &[]),
            ("a log of days to come", vec![logged(9, TODAY + Duration::DAY, 1)], vec![], vec![], &[]),
            ("spring", vec![], spring(), boxed(Participation::Fielded, 1), &[]),
            ("yesterday, not logged yet", vec![], yesterday(), boxed(Participation::Fielded, 1), &[1]),
            (
                "yesterday, changed in the log since",
                vec![logged(1, TODAY - Duration::DAY, 2)],
                yesterday(),
                boxed(Participation::Fielded, 1),
                &[2],
            ),
            ("postponed after it began", vec![], off(), boxed(Participation::Fielded, 1), &[]),
        ] {
            let games = season(log, listings, boxes).games;
            assert_eq!(games.iter().map(|game| game.errors).collect::<Vec<_>>(), errors, "{what}");
        }
    }

    #[test]
    fn a_doubleheader_is_two_games_in_playing_order() {
        let second = ScheduleEntry { number: 2, ..listing(1, GameState::On) };
        let boxes = vec![
            feed(1, GameState::On, Participation::Fielded, 2),
            feed(2, GameState::Over, Participation::Fielded, 1),
        ];
        let so_far = season(log(&[0]), vec![second, listing(2, GameState::Over)], boxes);
        assert_eq!(so_far.games.iter().map(|game| game.errors).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(so_far.last_error.map(|last| (last.days, last.games)), Some((0, 0)));
    }

    #[test]
    fn a_traded_player_keeps_the_games_for_his_old_club() {
        let mut games = log(&[1, 0]);
        games[0].opponent = Some(Club { id: 135, name: "San Diego Padres".into() });
        let today = season(
            games,
            vec![listing(1, GameState::On)],
            vec![feed(1, GameState::On, Participation::Fielded, 0)],
        );
        let opponents: Vec<_> =
            today.games.iter().map(|game| game.opponent.as_ref().map(|club| club.id)).collect();
        assert_eq!((opponents, today.errors), (vec![Some(135), None, Some(140)], 1));
    }

    #[test]
    fn a_pace_is_by_the_clubs_games_and_neither_early_nor_late() {
        for (errors, over, all, expected) in [
            (1, 19, 162, None),
            (1, 20, 162, Some(8)),
            (0, 20, 162, Some(0)),
            (4, 115, 162, Some(6)),
            (4, 161, 162, Some(4)),
            (4, 162, 162, None),
            (1, 0, 0, None),
        ] {
            assert_eq!(on_pace_for(errors, (over, all)), expected, "{errors} in {over} of {all}");
        }
    }

    #[test]
    fn without_a_log_there_is_no_season() {
        assert_eq!(so_far(&facts(datetime!(2024-07-03 04:00 UTC), [], []), TODAY), None);
    }
}
