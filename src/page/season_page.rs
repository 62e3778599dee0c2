//! The page of a season: its figures and games, the errors by position and by opponent, the days with an error.

use crate::{
    answer::{Answer, Club, SeasonGame},
    language::{Language, PerLanguage},
    page::{
        LocalizedTheme, Place, Theme,
        html::{rendered, style},
        json,
        locale::PageLabels,
        season::{self, SeasonView},
        text::{WIDTH, wrapped},
    },
    site::page::{PageContent, PageText},
};
use askama::Template;

/// Games and errors at a position or against a club.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ErrorSum {
    pub games: u32,
    pub errors: u32,
}

/// Renders the season of this answer.
pub fn season_page(answer: &Answer, theme: &Theme, place: &Place) -> PageContent {
    let page = |language: Language| {
        let localized = theme.localized(language);
        PageText { html: html(answer, localized, place), text: text(answer, localized) }
    };
    PageContent { pages: PerLanguage::of(page), terminal: None, json: json::season(answer, theme) }
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
    let errors = |game: &&SeasonGame| game.errors > 0;
    rendered(&SeasonTemplate {
        theme,
        language,
        place,
        labels: phrases.labels(),
        style: style(theme),
        refresh: 0,
        title: answer.season.as_ref().map(|season| phrases.season_title(season.year)).unwrap_or_default(),
        name: &answer.player.short_name,
        line: season::line(answer, phrases).unwrap_or_default(),
        season: SeasonView::of(answer, localized),
        by_position: by_position(answer),
        by_opponent: by_opponent(answer)
            .into_iter()
            .map(|(club, sum)| (phrases.club(&club.name), sum))
            .collect(),
        error_days: games(answer)
            .iter()
            .filter(errors)
            .map(|game| ErrorDayRow {
                path: Place::day(game.date, (None, None)).in_language(&language),
                date: phrases.brief_date(game.date),
                game: format!("{}: {}", phrases.matchup(game), phrases.errors(game.errors)),
            })
            .collect(),
    })
}

fn text(answer: &Answer, localized: LocalizedTheme) -> String {
    let phrases = localized.phrases;
    let labels = phrases.labels();
    let mut lines = vec![answer.player.name.clone(), String::new()];
    lines.extend(season::line(answer, phrases));
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

struct ErrorDayRow {
    path: String,
    date: String,
    game: String,
}

#[derive(Template)]
#[template(path = "season_page.html", config = "src/page/askama.toml")]
struct SeasonTemplate<'a> {
    theme: &'a Theme,
    language: Language,
    place: &'a Place,
    labels: &'static PageLabels,
    style: String,
    refresh: u64,
    title: String,
    name: &'a str,
    line: String,
    season: Option<SeasonView>,
    by_position: Vec<(&'a str, ErrorSum)>,
    by_opponent: Vec<(String, ErrorSum)>,
    error_days: Vec<ErrorDayRow>,
}
