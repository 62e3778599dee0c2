//! The words on the page that can be configured, with the remarks: they tease the fielding, never the man.

use crate::language::Language;

/// Each word with its default in English and in Spanish.
macro_rules! words {
    ($($(#[$about:meta])* $name:ident: $english:literal, $spanish:literal;)*) => {
        /// The words on the page; each can be configured.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Words {
            $($(#[$about])* pub $name: String,)*
        }

        impl Words {
            /// The default words of a language.
            pub fn of(language: Language) -> Self {
                Words { $($name: language.pick($english, $spanish).into(),)* }
            }
        }
    };
}

words! {
    /// With `{player}` for his name.
    question: "Does {player} have an error today?", "¿{player} cometió un error hoy?";
    /// The question of another day, with `{date}` too.
    day_question: "An error for {player} on {date}?", "¿Un error de {player} el {date}?";
    /// After an error.
    yes: "Yes", "Sí";
    /// Without an error, once the day's games are over.
    no: "No", "No";
    /// Before the first pitch.
    not_yet: "Not yet", "Todavía no";
    /// From the first pitch on, without an error.
    so_far: "Not so far", "Por ahora no";
    /// On a day without a game.
    no_game: "No game", "No hay juego";
    /// While MLB does not answer.
    unknown: "Can't tell yet", "Aún no se sabe";
    /// Instead of "not yet" while he is on the injured list.
    injured: "No. Injured.", "No. Lesionado.";
    /// Instead of "not yet" while he is suspended.
    suspended: "No. Suspended.", "No. Suspendido.";
    /// The friend to text the answer to.
    friend: "Barry", "Barry";
    /// Remarks after the fact, with `yes`: several, separated by `|`.
    wit_yes:
        "The ball had other plans. | Scorers keep a pen just for this. | The scoreboard has a column for it. | The \
         scorer did not blink.",
        "La bola tenía otros planes. | El anotador guarda una pluma para esto. | La pizarra tiene una columna para \
         esto. | El anotador ni parpadeó.";
    /// With `no`.
    wit_no:
        "The leather did its job. | Every ball found leather. | The E column can go home.",
        "El guante cumplió. | Cada bola encontró guante. | La columna de errores ya se puede ir a casa.";
    /// With `not_yet`.
    wit_not_yet:
        "The glove is still spotless. | Plenty of grass, plenty of time. | The E column is empty. For now.",
        "El guante sigue impecable. | Mucho pasto y mucho tiempo. | La columna de errores está vacía. Por ahora.";
    /// With `so_far`.
    wit_so_far:
        "There’s still time. | Nobody in the dugout says a word. | Every inning is another chance.",
        "Todavía hay tiempo. | En la banca nadie dice nada. | Cada entrada es otra oportunidad.";
    /// With `no_game`.
    wit_no_game:
        "You can’t drop what nobody hits. | Even a glove needs a day off. | The grass rests, too.",
        "No se cae lo que nadie batea. | Hasta un guante necesita un día libre. | El pasto también descansa.";
    /// With `unknown`.
    wit_unknown:
        "The scorer is looking for a pencil. | The play is under review. | Somewhere, a press box has lost its Wi-Fi.",
        "El anotador busca su lápiz. | La jugada está en revisión. | En algún palco de prensa se cayó el wifi.";
    /// With `injured`.
    wit_injured:
        "The E column will wait for him. | Get well soon: the seats miss their souvenirs.",
        "La columna de errores lo espera. | Que se mejore: las gradas extrañan sus recuerdos.";
    /// With `suspended`.
    wit_suspended:
        "You can’t drop what you can’t field. | The glove is clean: it is in the locker.",
        "No se cae lo que no se fildea. | El guante está limpio: está guardado.";
}
