//! The default words on the page, with the remarks: they tease the fielding, never the man.

use crate::page::Words;

pub(crate) fn english() -> Words {
    Words {
        question: "Does {player} have an error today?".into(),
        day_question: "An error for {player} on {date}?".into(),
        yes: "Yes".into(),
        no: "No".into(),
        not_yet: "Not yet".into(),
        so_far: "Not so far".into(),
        no_game: "No game".into(),
        unknown: "Can't tell yet".into(),
        injured: "No. Injured.".into(),
        suspended: "No. Suspended.".into(),
        friend: "Barry".into(),
        wit_yes: "The ball had other plans. | Scorers keep a pen just for this. | The scoreboard has a column for it. | \
                  The scorer did not blink."
            .into(),
        wit_no: "The leather did its job. | Every ball found leather. | The E column can go home.".into(),
        wit_not_yet: "The glove is still spotless. | Plenty of grass, plenty of time. | The E column is empty. For now."
            .into(),
        wit_so_far: "There’s still time. | Nobody in the dugout says a word. | Every inning is another chance.".into(),
        wit_no_game: "You can’t drop what nobody hits. | Even a glove needs a day off. | The grass rests, too.".into(),
        wit_unknown: "The scorer is looking for a pencil. | The play is under review. | \
                      Somewhere, a press box has lost its Wi-Fi."
            .into(),
        wit_injured: "The E column will wait for him. | Get well soon: the seats miss their souvenirs.".into(),
        wit_suspended: "You can’t drop what you can’t field. | The glove is clean: it is in the locker.".into(),
    }
}

pub(crate) fn spanish() -> Words {
    Words {
        question: "¿{player} cometió un error hoy?".into(),
        day_question: "¿Un error de {player} el {date}?".into(),
        yes: "Sí".into(),
        no: "No".into(),
        not_yet: "Todavía no".into(),
        so_far: "Por ahora no".into(),
        no_game: "No hay juego".into(),
        unknown: "Aún no se sabe".into(),
        injured: "No. Lesionado.".into(),
        suspended: "No. Suspendido.".into(),
        friend: "Barry".into(),
        wit_yes: "La bola tenía otros planes. | El anotador guarda una pluma para esto. | La pizarra tiene una columna \
                  para esto. | El anotador ni parpadeó."
            .into(),
        wit_no: "El guante cumplió. | Cada bola encontró guante. | La columna de errores ya se puede ir a casa.".into(),
        wit_not_yet: "El guante sigue impecable. | Mucho pasto y mucho tiempo. | La columna de errores está vacía. Por ahora."
            .into(),
        wit_so_far: "Todavía hay tiempo. | En la banca nadie dice nada. | Cada entrada es otra oportunidad.".into(),
        wit_no_game: "No se cae lo que nadie batea. | Hasta un guante necesita un día libre. | El pasto también descansa."
            .into(),
        wit_unknown: "El anotador busca su lápiz. | La jugada está en revisión. | En algún palco de prensa se cayó el wifi."
            .into(),
        wit_injured: "La columna de errores lo espera. | Que se mejore: las gradas extrañan sus recuerdos.".into(),
        wit_suspended: "No se cae lo que no se fildea. | El guante está limpio: está guardado.".into(),
    }
}
