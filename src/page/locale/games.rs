//! Errors by kind, and games that cannot be read, in each language.

use crate::{answer::ErrorKind, page::locale::sentence_case};

/// "Throwing error".
pub(crate) fn english_kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Fielding => "Fielding error",
        ErrorKind::Throwing => "Throwing error",
        ErrorKind::MissedCatch => "Missed catch",
        ErrorKind::DroppedBall => "Dropped ball",
        ErrorKind::Foul => "Dropped foul ball",
        ErrorKind::CatcherInterference => "Catcher's interference",
        ErrorKind::Interference => "Interference",
        ErrorKind::ShiftViolation => "Defensive shift violation",
        ErrorKind::Other => "Error",
    }
}

/// "Error en el tiro".
pub(crate) fn spanish_kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Fielding => "Error de fildeo",
        ErrorKind::Throwing => "Error en el tiro",
        ErrorKind::MissedCatch => "Tiro no atrapado",
        ErrorKind::DroppedBall => "Bola caída",
        ErrorKind::Foul => "Elevado de foul no atrapado",
        ErrorKind::CatcherInterference => "Interferencia del receptor",
        ErrorKind::Interference => "Interferencia",
        ErrorKind::ShiftViolation => "Formación defensiva ilegal",
        ErrorKind::Other => "Error",
    }
}

/// "One of today's two games can't be read right now."
pub(crate) fn english_unread(unread: usize, games: usize) -> String {
    match (unread, games) {
        (_, 1) => "The box score can't be read right now; there may be more.".into(),
        (1, _) => format!("One of today's {} games can't be read right now.", english_number(games)),
        (unread, games) if unread == games => {
            format!("Today's {} games can't be read right now.", english_number(games))
        }
        (unread, games) => {
            let (unread, games) = (english_number(unread), english_number(games));
            format!("{} of today's {games} games can't be read right now.", sentence_case(&unread))
        }
    }
}

/// "Uno de los dos juegos de hoy no se puede leer por el momento."
pub(crate) fn spanish_unread(unread: usize, games: usize) -> String {
    match (unread, games) {
        (_, 1) => "Por el momento no se puede leer el box score; puede haber más.".into(),
        (1, _) => {
            format!("Uno de los {} juegos de hoy no se puede leer por el momento.", spanish_number(games))
        }
        (unread, games) if unread == games => {
            format!("Los {} juegos de hoy no se pueden leer por el momento.", spanish_number(games))
        }
        (unread, games) => {
            let (unread, games) = (spanish_number(unread), spanish_number(games));
            format!(
                "{} de los {games} juegos de hoy no se pueden leer por el momento.",
                sentence_case(&unread)
            )
        }
    }
}

fn english_number(number: usize) -> String {
    match number {
        2 => "two".into(),
        3 => "three".into(),
        4 => "four".into(),
        number => number.to_string(),
    }
}

fn spanish_number(number: usize) -> String {
    match number {
        2 => "dos".into(),
        3 => "tres".into(),
        4 => "cuatro".into(),
        number => number.to_string(),
    }
}
