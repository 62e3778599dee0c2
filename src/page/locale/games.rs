//! Errors by kind, and what cannot be read.

use crate::{
    answer::{ErrorKind, Outage},
    page::locale::{Phrases, sentence_case},
};

impl dyn Phrases + '_ {
    /// "Throwing error".
    pub(crate) fn kind(&self, kind: ErrorKind) -> &'static str {
        let (english, spanish) = match kind {
            ErrorKind::Fielding => ("Fielding error", "Error de fildeo"),
            ErrorKind::Throwing => ("Throwing error", "Error en el tiro"),
            ErrorKind::MissedCatch => ("Missed catch", "Tiro no atrapado"),
            ErrorKind::DroppedBall => ("Dropped ball", "Bola caída"),
            ErrorKind::Foul => ("Dropped foul ball", "Elevado de foul no atrapado"),
            ErrorKind::CatcherInterference => ("Catcher's interference", "Interferencia del receptor"),
            ErrorKind::Interference => ("Interference", "Interferencia"),
            ErrorKind::ShiftViolation => ("Defensive shift violation", "Formación defensiva ilegal"),
            ErrorKind::Other => ("Error", "Error"),
        };
        self.language().pick(english, spanish)
    }

    pub(crate) fn never_heard(&self, trouble: Outage, player: u32) -> String {
        let labels = self.labels();
        match trouble {
            Outage::Starting => labels.starting,
            Outage::Unreachable => labels.unreachable,
            Outage::TooSlow => labels.too_slow,
            Outage::TurnedAway => labels.turned_away,
            Outage::Refused => labels.refused,
            Outage::Garbled => labels.garbled,
            Outage::NoSuchPlayer => return self.no_such_player(player),
        }
        .into()
    }

    /// "One of today's two games can't be read right now."
    pub(crate) fn games_unread(&self, unread: usize, games: usize) -> String {
        let all = self.number(games);
        match (unread, games) {
            (_, 1) => self.labels().game_unread.into(),
            (1, _) => self.one_unread(&all),
            (unread, games) if unread == games => self.all_unread(&all),
            (unread, _) => self.some_unread(&sentence_case(&self.number(unread)), &all),
        }
    }

    fn number(&self, number: usize) -> String {
        let (english, spanish) = match number {
            2 => ("two", "dos"),
            3 => ("three", "tres"),
            4 => ("four", "cuatro"),
            number => return number.to_string(),
        };
        self.language().pick(english, spanish).into()
    }
}
