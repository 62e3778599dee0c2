//! The page of a season: its figures and games, the errors by position and by opponent, the days with an error.

use crate::{
    answer::{Answer, Club, SeasonGame},
    language::{Language, PerLanguage},
    name::Named,
    page::{
        LocalizedTheme, PageState, Place, Theme,
        hero::Hero,
        html::{FooterButtons, rendered},
        json,
        locale::{labels::PageLabels, sentence_case},
        scene::Scene,
        season::{self, SeasonView},
        text::{WIDTH, wrapped},
    },
    site::page::{PageContent, PageText},
};
use serde::Serialize;

/// Games and errors at a position or against a club.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct ErrorSum {
    pub games: u32,
    pub errors: u32,
}

pub fn season_page(answer: &Answer, theme: &Theme, place: &Place) -> PageContent {
    let json = json::season(answer, theme);
    let mut answer = answer.clone();
    // Of a season that is over, the latest error is not counted in days and games up to now.
    if let Some(season) = answer.season.as_mut().filter(|_| answer.is_another_day) {
        season.last_error = None;
    }
    let answer = &answer;
    let page = |language: Language| {
        let localized = theme.localized(language);
        PageText { html: html(answer, localized, place), text: text(answer, localized) }
    };
    PageContent { pages: PerLanguage::of(page), terminal: None, json }
}

/// The sums by position, the most errors first. A game counts at each of his positions in it.
pub(crate) fn by_position(answer: &Answer) -> Vec<(&str, ErrorSum)> {
    let mut sums: Vec<(&str, ErrorSum)> = Vec::new();
    for at in games(answer).iter().flat_map(|game| &game.positions) {
        add(&mut sums, &at.position, at.errors);
    }
    most_errors_first(sums)
}

/// The sums by opponent, the most errors first.
pub(crate) fn by_opponent(answer: &Answer) -> Vec<(&Club, ErrorSum)> {
    let mut sums: Vec<(&Club, ErrorSum)> = Vec::new();
    for game in games(answer) {
        if let Some(club) = &game.opponent {
            add(&mut sums, club, game.errors);
        }
    }
    most_errors_first(sums)
}

fn games(answer: &Answer) -> &[SeasonGame] {
    answer.season.as_ref().map_or(&[], |season| &season.games)
}

fn add<K: PartialEq>(sums: &mut Vec<(K, ErrorSum)>, key: K, errors: u32) {
    let index = sums.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
        sums.push((key, ErrorSum::default()));
        sums.len() - 1
    });
    sums[index].1.games += 1;
    sums[index].1.errors += errors;
}

fn most_errors_first<K>(mut sums: Vec<(K, ErrorSum)>) -> Vec<(K, ErrorSum)> {
    sums.sort_by_key(|(_, sum)| std::cmp::Reverse((sum.errors, sum.games)));
    sums
}

fn html(answer: &Answer, localized: LocalizedTheme, place: &Place) -> String {
    let LocalizedTheme { language, phrases, theme, .. } = localized;
    let labels = phrases.labels();
    let table = |title, column, rows: Vec<(String, ErrorSum)>| SumTable { title, column, rows };
    let positions = by_position(answer).into_iter().map(|(name, sum)| (name.to_owned(), sum));
    let opponents = by_opponent(answer).into_iter().map(|(club, sum)| (phrases.club(&club.name), sum));
    let tables = [
        table(labels.by_position, labels.column_position, positions.collect()),
        table(labels.by_opponent, labels.column_opponent, opponents.collect()),
    ];
    let error_day = |game: &SeasonGame| ErrorDayRow {
        path: Place::day(game.date, (None, None)).in_language(&language),
        date: phrases.brief_date(game.date),
        game: format!("{}: {}", phrases.matchup(game), phrases.errors(game.errors)),
    };
    rendered(&SeasonTemplate {
        theme,
        language,
        place,
        labels,
        buttons: FooterButtons::new(localized, &place.in_language(&language)),
        hero: hero(answer, localized),
        season: SeasonView::of(answer, localized, place),
        error_days: games(answer).iter().filter(|game| game.errors > 0).map(error_day).collect(),
        tables: tables.into_iter().filter(|table| !table.rows.is_empty()).collect(),
    })
}

fn hero(answer: &Answer, localized: LocalizedTheme) -> Hero {
    let phrases = localized.phrases;
    let (year, errors) =
        answer.season.as_ref().map_or((answer.day.year(), 0), |season| (season.year, season.errors));
    let look = match errors {
        _ if games(answer).is_empty() => (PageState::Off, Scene::Night),
        0 => (PageState::No, Scene::Glove),
        _ => (PageState::Yes, Scene::Stands),
    };
    let title = format!("{} · {}", answer.player.short_name, phrases.season_title(year));
    let word = match games(answer).len() {
        0 => phrases.games(0),
        _ => phrases.errors(errors),
    };
    let line = season::line(answer, phrases).unwrap_or_else(|| phrases.labels().no_games.into());
    Hero::new(look, [title, sentence_case(&word), line], localized)
}

fn text(answer: &Answer, localized: LocalizedTheme) -> String {
    let phrases = localized.phrases;
    let labels = phrases.labels();
    let mut lines = vec![answer.player.name.clone(), String::new()];
    lines.push(season::line(answer, phrases).unwrap_or_else(|| labels.no_games.into()));
    lines.extend(localized.season_note().map(str::to_owned));
    let row = |name: &str, sum: ErrorSum| {
        format!("- {name}: {} {}", phrases.errors(sum.errors), phrases.in_games(sum.games))
    };
    let positions: Vec<_> = by_position(answer).into_iter().map(|(name, sum)| row(name, sum)).collect();
    let with_errors = by_opponent(answer).into_iter().filter(|(_, sum)| sum.errors > 0);
    let opponents: Vec<_> = with_errors.map(|(club, sum)| row(&phrases.club(&club.name), sum)).collect();
    for (title, rows) in [(labels.by_position, positions), (labels.by_opponent, opponents)] {
        if !rows.is_empty() {
            lines.extend([String::new(), format!("{title}:")]);
            lines.extend(rows);
        }
    }
    lines.iter().flat_map(|line| wrapped(line, WIDTH)).map(|line| line + "\n").collect()
}

/// Games and errors by position or by opponent.
struct SumTable {
    title: &'static str,
    /// The heading of the first column.
    column: &'static str,
    rows: Vec<(String, ErrorSum)>,
}

struct ErrorDayRow {
    path: String,
    date: String,
    game: String,
}

template! {
#[derive(Template)]
#[template(path = "season_page.html")]
struct SeasonTemplate<'a> {
    theme: &'a Theme,
    language: Language,
    place: &'a Place,
    labels: &'static PageLabels,
    buttons: FooterButtons,
    hero: Hero,
    season: Option<SeasonView>,
    error_days: Vec<ErrorDayRow>,
    tables: Vec<SumTable>,
}
}
