//! The time since the player's last error, over the seasons that are kept.

use crate::answer::{
    Facts, Season, SeasonGame, SeasonSoFar, Streak,
    season::{LastError, days_between, last_error, longest_clean},
};
use time::Date;

/// The time since the player's last error, and his longest run of games without one, over all seasons that are kept.
/// Seasons are those of the regular season's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SinceError {
    /// The day of the last error; none if no error is known.
    pub last: Option<Date>,
    /// Calendar days from then to today; if no error is known, from the first game that is known.
    pub days: u32,
    /// Games that the player has fielded in since then.
    pub games: u32,
    /// Whether `days` and `games` are lower bounds: no error is known, or games since the last known error may be
    /// missing.
    pub at_least: bool,
    /// The longest run of games without an error, the present one included; none without such a game.
    pub record: Option<Streak>,
    /// Whether seasons are missing, so that the longest run may be longer.
    pub record_at_least: bool,
}

/// The seasons until this day, from the last gap between them on.
///
/// Errors of the day count whatever kind of game they were made in: the log has only the regular season.
pub(crate) fn since_error(
    facts: &Facts,
    season: &SeasonSoFar,
    day: Date,
    errors_today: u32,
) -> Option<SinceError> {
    let years_before = (i32::MIN..season.year).rev();
    let past: Vec<&Season> = years_before.map_while(|year| Some(&facts.archive.get(&year)?.log)).collect();
    let logged = past.iter().rev().flat_map(|log| &log.games);
    let mut games: Vec<SeasonGame> = logged.cloned().collect();
    games.sort_by_key(SeasonGame::order);
    games.extend_from_slice(&season.games);
    let first = games.first()?;
    let debut = facts.player.value.debut.map(Date::year);
    let is_whole = debut.is_some_and(|debut| season.year - past.len() as i32 <= debut)
        && season.is_complete
        && past.iter().all(|log| log.is_complete);
    let today = LastError { date: day, days: 0, games: 0 };
    let last = if errors_today > 0 { Some(today) } else { last_error(&games, day) };
    let is_read_since =
        |date: Date| season.is_complete && past.iter().all(|log| log.year < date.year() || log.is_complete);
    Some(SinceError {
        last: last.map(|last| last.date),
        days: last.map_or_else(|| days_between(first.date, day), |last| last.days),
        games: last.map_or(games.len() as u32, |last| last.games),
        at_least: !last.is_some_and(|last| is_read_since(last.date)),
        record: longest_clean(&games),
        record_at_least: !is_whole,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{
        ArchivedSeason,
        season::{so_far, tests::log},
        tests::{TODAY, facts, logged},
    };
    use time::macros::{date, datetime};

    #[test]
    fn the_time_since_an_error_reaches_over_the_seasons_that_are_kept() {
        let on = |year: i32, day: u8, errors: u32| {
            let date = Date::from_calendar_date(year, time::Month::April, day).unwrap();
            logged(year as u64 * 100 + u64::from(day), date, errors)
        };
        // An error on April 2, 2022; four games without one in 2023; in 2024 the games of `now`.
        let since = |kept: &[i32], incomplete: Option<i32>, debut: Option<i32>, now: &[u32], today: u32| {
            let mut facts = facts(datetime!(2024-07-03 04:00 UTC), [], []);
            facts.season.value =
                Some(Season { year: 2024, games: log(now), is_complete: incomplete != Some(2024) });
            facts.player.value.debut = debut.and_then(|year| Date::from_ordinal_date(year, 100).ok());
            for year in kept {
                let errors: &[u32] = if *year == 2022 { &[0, 1, 0] } else { &[0, 0, 0, 0] };
                let games = (1..).zip(errors).map(|(day, errors)| on(*year, day, *errors)).collect();
                let log = Season { year: *year, games, is_complete: incomplete != Some(*year) };
                facts.archive.insert(*year, ArchivedSeason::of(log).into());
            }
            let so_far = so_far(&facts, TODAY).unwrap();
            let since = since_error(&facts, &so_far, TODAY, today).unwrap();
            let record = since.record.map_or(0, |streak| streak.games);
            (since.days, since.games, since.at_least, record, since.record_at_least)
        };
        let days = |from: Date| (TODAY - from).whole_days() as u32;
        let (error, first_2023) = (days(date!(2022 - 04 - 02)), days(date!(2023 - 04 - 01)));
        let all = &[2022, 2023];
        for (what, found, expected) in [
            ("exact", since(all, None, Some(2022), &[0, 0], 0), (error, 7, false, 7, false)),
            ("the record may be older", since(all, None, Some(2019), &[0, 0], 0), (error, 7, false, 7, true)),
            ("the debut is not known", since(all, None, None, &[0, 0], 0), (error, 7, false, 7, true)),
            ("2022 is missing", since(&[2023], None, Some(2022), &[0, 0], 0), (first_2023, 6, true, 6, true)),
            ("2023 is missing", since(&[2022], None, Some(2022), &[0, 0], 0), (2, 2, true, 2, true)),
            ("2023 is incomplete", since(all, Some(2023), Some(2022), &[0, 0], 0), (error, 7, true, 7, true)),
            ("2022 is incomplete", since(all, Some(2022), Some(2022), &[1, 0], 0), (2, 1, false, 5, true)),
            ("this season", since(all, None, Some(2022), &[0, 1, 0], 0), (2, 1, false, 6, false)),
            ("none this season yet", since(all, None, Some(2022), &[], 0), (error, 5, false, 5, false)),
            ("today, in the postseason", since(all, None, Some(2022), &[0, 0], 1), (0, 0, false, 7, false)),
        ] {
            assert_eq!(found, expected, "{what}");
        }
    }
}
