//! A season in a few sentences, in each language.

use crate::{
    answer::SeasonSoFar,
    language::Language,
    page::locale::{
        Phrases,
        english::{self, English},
        labels::PageLabels,
        spanish::{self, Spanish},
    },
};

pub(crate) fn english(season: &SeasonSoFar) -> String {
    let pace = season.on_pace_for.map(|errors| format!(", on pace for {errors}")).unwrap_or_default();
    let (errors, games) = (English.errors(season.errors), English.games(season.games.len() as u32));
    let mut line = format!("In {}: {errors} in {games} in the field{pace}.", season.year);
    if let Some(last) = season.last_error {
        line += &format!(" The latest on {}", english::terms::short_date(last.date));
        if last.days > 0 {
            line += &format!(", {} and {} ago", English.days(last.days), English.games(last.games));
        }
        line += ".";
    }
    if let Some(streak) = season.longest_clean.filter(|_| season.errors > 0) {
        line += &format!(" The longest streak without one: {}.", English.games(streak.games));
    }
    if !season.is_complete {
        line += &format!(" {}", PageLabels::of(Language::English).season_incomplete);
    }
    line
}

pub(crate) fn spanish(season: &SeasonSoFar) -> String {
    let pace = season.on_pace_for.map(|errors| format!(", a paso de {errors}")).unwrap_or_default();
    let (errors, games) = (Spanish.errors(season.errors), Spanish.games(season.games.len() as u32));
    let mut line = format!("En {}: {errors} en {games} a la defensiva{pace}.", season.year);
    if let Some(last) = season.last_error {
        line += &format!(" El más reciente, el {}", spanish::terms::short_date(last.date));
        if last.days > 0 {
            line += &format!(", hace {} y {}", Spanish.days(last.days), Spanish.games(last.games));
        }
        line += ".";
    }
    if let Some(streak) = season.longest_clean.filter(|_| season.errors > 0) {
        line += &format!(" La racha más larga sin error: {}.", Spanish.games(streak.games));
    }
    if !season.is_complete {
        line += &format!(" {}", PageLabels::of(Language::Spanish).season_incomplete);
    }
    line
}
