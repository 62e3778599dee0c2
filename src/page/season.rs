//! The season at a glance: its figures, a strip with a mark for each game, and the same as a table.

use crate::{
    answer::{Answer, SeasonGame, SeasonSoFar},
    page::{LocalizedTheme, locale::Phrases},
};

/// A club's games in a full season: the strip is as long as that, so that it fills as the year goes on.
const FULL_SEASON: usize = 162;

/// Width of a month's name on the narrowest screens, in per cent of the strip.
const MONTH_WIDTH: f64 = 9.0;

/// The season for the templates. Positions and widths of the strip are in per cent of its width.
pub(crate) struct SeasonView {
    pub title: String,
    pub figures: Vec<SeasonFigure>,
    pub marks: Vec<GameMark>,
    pub months: Vec<MonthLabel>,
    /// Width of a game's place, in per cent.
    pub place: String,
    /// Width of the mark in it.
    pub tick: String,
    /// The note that rows of the log are missing.
    pub incomplete: Option<&'static str>,
    /// The note on the source of these games.
    pub note: Option<String>,
}

/// A figure of the season, with its label.
pub(crate) struct SeasonFigure {
    pub label: &'static str,
    pub value: String,
    pub more: String,
}

/// One game of the strip, and one row of the table.
pub(crate) struct GameMark {
    /// The start of its place.
    pub x: String,
    /// The middle of its place.
    pub middle: String,
    pub errors: u32,
    pub date: String,
    pub opponent: String,
    /// "1 error".
    pub count: String,
}

/// The start of a month in the strip.
pub(crate) struct MonthLabel {
    pub x: String,
    pub name: String,
}

impl SeasonView {
    pub(crate) fn of(answer: &Answer, localized: LocalizedTheme) -> Option<Self> {
        let season = played(answer)?;
        let phrases = localized.phrases;
        let places = season.games.len().max(FULL_SEASON) as f64;
        let per_cent = |games: f64| per_cent(games / places);
        let mark = |(index, game): (usize, &SeasonGame)| GameMark {
            x: per_cent(index as f64),
            middle: per_cent(index as f64 + 0.5),
            errors: game.errors,
            date: phrases.brief_date(game.date),
            opponent: phrases.matchup(game),
            count: phrases.errors(game.errors),
        };
        Some(SeasonView {
            title: phrases.season_title(season.year),
            figures: figures(season, phrases),
            marks: season.games.iter().enumerate().map(mark).collect(),
            months: months(&season.games, places, phrases),
            place: per_cent(1.0),
            tick: per_cent(0.6),
            incomplete: (!season.is_complete).then_some(phrases.labels().season_incomplete),
            note: localized.season_note().map(str::to_owned),
        })
    }
}

/// "In 2023: 4 errors in 95 games in the field, on pace for 6. The latest on Sunday, July 30, 10 days and 9 games ago.
/// The longest streak without one: 40 games."
pub(crate) fn line(answer: &Answer, phrases: &dyn Phrases) -> Option<String> {
    let season = answer.season.as_ref().filter(|season| !season.games.is_empty() || !season.is_complete)?;
    Some(phrases.season(season))
}

/// The season; none before its first game.
fn played(answer: &Answer) -> Option<&SeasonSoFar> {
    answer.season.as_ref().filter(|season| !season.games.is_empty())
}

fn per_cent(part: f64) -> String {
    format!("{:.2}", part * 100.0)
}

/// The start of each month. A month without room for its name before the next is omitted.
fn months(games: &[SeasonGame], places: f64, phrases: &dyn Phrases) -> Vec<MonthLabel> {
    let mut months: Vec<(f64, MonthLabel)> = Vec::new();
    let mut last = None;
    for (index, game) in games.iter().enumerate() {
        if last.replace(game.date.month()) == Some(game.date.month()) {
            continue;
        }
        let begins = index as f64 / places;
        months.pop_if(|(before, _)| (begins - *before) * 100.0 < MONTH_WIDTH);
        months.push((begins, MonthLabel { x: per_cent(begins), name: phrases.month(game.date) }));
    }
    months.into_iter().map(|(_, month)| month).collect()
}

fn figures(season: &SeasonSoFar, phrases: &dyn Phrases) -> Vec<SeasonFigure> {
    let labels = phrases.labels();
    let mut figures = vec![SeasonFigure {
        label: labels.figure_errors,
        value: season.errors.to_string(),
        more: phrases.in_games(season.games.len() as u32),
    }];
    if let Some(last) = season.last_error {
        let (value, more) = match last.days {
            0 => (labels.today.into(), phrases.brief_date(last.date)),
            days => (phrases.days(days), phrases.games(last.games)),
        };
        figures.push(SeasonFigure { label: labels.figure_last, value, more });
    }
    if let Some(streak) = season.longest_clean {
        figures.push(SeasonFigure {
            label: labels.figure_streak,
            value: phrases.games(streak.games),
            more: phrases.span(streak.from, streak.to),
        });
    }
    if let Some(errors) = season.on_pace_for {
        figures.push(SeasonFigure {
            label: labels.figure_pace,
            value: errors.to_string(),
            more: labels.by_the_end.into(),
        });
    }
    figures
}
