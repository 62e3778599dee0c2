//! The words on the page that can be configured, with the remarks: they tease the fielding, never the man.

use crate::language::Language;

/// Hands these rows to another macro: each word with its variable, its kind of value, its help, and its default in
/// English and in Spanish.
macro_rules! each_word {
    ($then:ident! $($with:tt)*) => {
        $then! { $($with)*
            question "QUESTION" QUESTION "The question; {player} is his name":
                "Does {player} have an error today?", "¿{player} cometió un error hoy?";
            day_question "DAY_QUESTION" DAY_QUESTION "The question of a day's page; {player} is his name, {date} the day":
                "An error for {player} on {date}?", "¿Un error de {player} el {date}?";
            yes "YES" WORD "After an error": "Yes", "Sí";
            no "NO" WORD "Without an error, once the day's games are over": "No", "No";
            not_yet "NOT_YET" WORD "Before the first pitch": "Not yet", "Todavía no";
            so_far "SO_FAR" WORD "From the first pitch on, without an error": "Not so far", "Por ahora no";
            no_game "NO_GAME" WORD "On a day without a game": "No game", "No hay juego";
            unknown "UNKNOWN" WORD "While MLB does not answer": "Can't tell yet", "Aún no se sabe";
            injured "INJURED" WORD "In place of not_yet, while he is injured": "No. Injured.", "No. Lesionado.";
            suspended "SUSPENDED" WORD "In place of not_yet, while he is suspended": "No. Suspended.", "No. Suspendido.";
            friend "FRIEND" WORD "The friend whom the page offers to text": "Barry", "Barry";
            wit_yes "WIT_YES" REMARKS "Remarks, separated by |; the date chooses one":
                "The ball had other plans. | Scorers keep a pen just for this. | The scoreboard has a column for it. | The \
                 scorer did not blink.",
                "La bola tenía otros planes. | El anotador guarda una pluma para esto. | La pizarra tiene una columna para \
                 esto. | El anotador ni parpadeó.";
            wit_no "WIT_NO" REMARKS "Remarks, separated by |; the date chooses one":
                "The leather did its job. | Every ball found leather. | The E column can go home.",
                "El guante cumplió. | Cada bola encontró guante. | La columna de errores ya se puede ir a casa.";
            wit_not_yet "WIT_NOT_YET" REMARKS "Remarks, separated by |; the date chooses one":
                "The glove is still spotless. | Plenty of grass, plenty of time. | The E column is empty. For now.",
                "El guante sigue impecable. | Mucho pasto y mucho tiempo. | La columna de errores está vacía. Por ahora.";
            wit_so_far "WIT_SO_FAR" REMARKS "Remarks, separated by |; the date chooses one":
                "There’s still time. | Nobody in the dugout says a word. | Every inning is another chance.",
                "Todavía hay tiempo. | En la banca nadie dice nada. | Cada entrada es otra oportunidad.";
            wit_no_game "WIT_NO_GAME" REMARKS "Remarks, separated by |; the date chooses one":
                "You can’t drop what nobody hits. | Even a glove needs a day off. | The grass rests, too.",
                "No se cae lo que nadie batea. | Hasta un guante necesita un día libre. | El pasto también descansa.";
            wit_unknown "WIT_UNKNOWN" REMARKS "Remarks, separated by |; the date chooses one":
                "The scorer is looking for a pencil. | The play is under review. | Somewhere, a press box has lost its Wi-Fi.",
                "El anotador busca su lápiz. | La jugada está en revisión. | En algún palco de prensa se cayó el wifi.";
            wit_injured "WIT_INJURED" REMARKS "Remarks, separated by |; the date chooses one":
                "The E column will wait for him. | Get well soon: the seats miss their souvenirs.",
                "La columna de errores lo espera. | Que se mejore: las gradas extrañan sus recuerdos.";
            wit_suspended "WIT_SUSPENDED" REMARKS "Remarks, separated by |; the date chooses one":
                "You can’t drop what you can’t field. | The glove is clean: it is in the locker.",
                "No se cae lo que no se fildea. | El guante está limpio: está guardado.";
        }
    };
}
pub(crate) use each_word;

macro_rules! words {
    ($($name:ident $variable:literal $kind:ident $help:literal: $english:literal, $spanish:literal;)*) => {
        /// The words on the page; each can be configured.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Words {
            $(#[doc = $help] pub $name: String,)*
        }

        impl Words {
            /// The default words of a language.
            pub fn of(language: Language) -> Self {
                Words { $($name: language.pick($english, $spanish).into(),)* }
            }
        }
    };
}
each_word! { words! }
