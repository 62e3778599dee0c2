//! The season at a glance: its figures, and a strip with a link to the day of each game.

use crate::{
    answer::{Answer, SeasonGame, SeasonSoFar, Streak},
    page::{LocalizedTheme, Place, locale::Phrases},
    site::routes::{ROUTES, RouteTarget, RoutedPath},
};
use time::Date;

pub(crate) struct SeasonView {
    pub title: String,
    /// The path of the season's page; none on that page.
    pub path: Option<String>,
    pub figures: Vec<SeasonFigure>,
    pub months: Vec<SeasonMonth>,
    /// The note that rows of the log are missing.
    pub incomplete: Option<&'static str>,
    /// The note on the source of these games.
    pub note: Option<String>,
}

pub(crate) struct SeasonFigure {
    pub label: &'static str,
    pub value: String,
    pub more: String,
}

/// A month's part of the strip.
pub(crate) struct SeasonMonth {
    pub name: String,
    pub games: Vec<GameMark>,
}

pub(crate) struct GameMark {
    /// The page of its day, if there are such pages.
    pub link: Option<String>,
    pub errors: u32,
    /// "Jul 2 vs Texas: 1 error".
    pub label: String,
}

impl SeasonView {
    pub(crate) fn of(answer: &Answer, localized: LocalizedTheme, place: &Place) -> Option<Self> {
        let season = answer.season.as_ref().filter(|season| !season.games.is_empty())?;
        let phrases = localized.phrases;
        let mark = |game: &SeasonGame| GameMark {
            link: page(&format!("{}/{}", localized.language.prefix(), game.date)),
            errors: game.errors,
            label: format!(
                "{} {}: {}",
                phrases.brief_date(game.date),
                phrases.matchup(game),
                phrases.errors(game.errors)
            ),
        };
        let months = season.games.chunk_by(|one, next| one.date.month() == next.date.month());
        let months = months.map(|games| SeasonMonth {
            name: games.first().map(|game| phrases.month(game.date)).unwrap_or_default(),
            games: games.iter().map(mark).collect(),
        });
        Some(SeasonView {
            title: phrases.season_title(season.year),
            path: page(&Place::season(season.year, None, None).in_language(&localized.language))
                .filter(|path| *path != place.in_language(&localized.language)),
            figures: figures(season, phrases),
            months: months.collect(),
            incomplete: (!season.is_complete).then_some(phrases.labels().season_incomplete),
            note: localized.season_note().map(str::to_owned),
        })
    }
}

/// The path, if this site has a page there.
pub(crate) fn page(path: &str) -> Option<String> {
    let route = RoutedPath::of(ROUTES, path).route;
    route.filter(|route| route.target != RouteTarget::Asset).map(|_| path.to_owned())
}

/// "In 2023: 4 errors in 95 games in the field, on pace for 6. The latest on Sunday, July 30, 10 days and 9 games ago.
/// The longest streak without one: 40 games."
pub(crate) fn line(answer: &Answer, phrases: &dyn Phrases) -> Option<String> {
    let season = answer.season.as_ref().filter(|season| !season.games.is_empty() || !season.is_complete)?;
    let pace = season.on_pace_for.map(|errors| phrases.on_pace(errors)).unwrap_or_default();
    let mut line = phrases.in_season(season.year, season.errors, season.games.len() as u32, &pace);
    if let Some(last) = season.last_error {
        let ago = (last.days > 0).then(|| phrases.days_and_games_ago(last.days, last.games));
        line += &phrases.latest_error(last.date, &ago.unwrap_or_default());
    }
    if let Some(streak) = season.longest_clean.filter(|_| season.errors > 0) {
        line += &phrases.longest_streak(streak.games);
    }
    if !season.is_complete {
        line += &format!(" {}", phrases.labels().season_incomplete);
    }
    Some(line)
}

/// "May 7 to Jun 10", with the year if it is not that of `day`.
pub(crate) fn brief_span(streak: Streak, day: Date, phrases: &dyn Phrases) -> String {
    let span = phrases.span(streak.from, streak.to);
    if streak.to.year() == day.year() { span } else { format!("{span}, {}", streak.to.year()) }
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
