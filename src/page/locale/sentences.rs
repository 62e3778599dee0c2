//! Sentences that follow the same pattern in every language.

use crate::{
    language::Language,
    page::locale::{Phrases, labels::PageLabels},
};

/// Each sentence in English and in Spanish.
macro_rules! sentences {
    ($($(#[$doc:meta])* fn $name:ident($($value:ident: $type:ty),*): $english:literal, $spanish:literal;)*) => {
        impl dyn Phrases + '_ {
            pub(crate) fn labels(&self) -> &'static PageLabels {
                PageLabels::of(self.language())
            }

            $($(#[$doc])* pub(crate) fn $name(&self, $($value: $type),*) -> String {
                match self.language() {
                    Language::English => format!($english),
                    Language::Spanish => format!($spanish),
                }
            })*
        }
    };
}

sentences! {
    fn no_club(name: &str): "{name} isn't with a club.", "{name} no está con ningún equipo.";
    fn clean(name: &str, games: &str): "No errors for {name} {games}.", "Sin errores de {name} {games}.";
    fn did_not_play(name: &str, games: &str): "{name} didn't play {games}.", "{name} no jugó {games}.";
    /// The same after a sentence that names him.
    fn nor_played(games: &str): "He didn't play {games}.", "No jugó {games}.";
    fn not_in_line_up(name: &str): "{name} isn't in the lineup.", "{name} no está en la alineación.";
    fn plays_disagree(counted: u32, shown: usize):
        "The box score counts {counted}; MLB's list of plays shows {shown}. The box score is right.",
        "El box score cuenta {counted}; la lista de jugadas de MLB muestra {shown}. El que vale es el box score.";
    fn out_of_date(age: &str):
        "This may be out of date. Last update: {age}.",
        "Puede no estar al día. Última actualización: {age}.";
    fn replay(about: &str): "A replay of {about}", "Repetición: {about}";
    fn replay_not_today(about: &str):
        "This is a replay of {about}, not today.",
        "Esto es una repetición, no es hoy: {about}.";
    fn season_title(year: i32): "The {year} season", "La temporada de {year}";
}
