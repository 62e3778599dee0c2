//! Spanish, as broadcasters in San Diego and Tijuana speak it.

pub(crate) mod terms;

use crate::{
    answer::{Club, GameKind, Half, Inning, Leader, SeasonGame},
    language::Language,
    page::{
        locale::{Age, GameSides, Phrases, cities, spanish::terms::ClubCity},
        times::LocalTime,
    },
};
use time::{Date, macros::format_description};

const MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];
const WEEKDAYS: [&str; 7] = ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"];

pub(crate) struct Spanish;

impl Phrases for Spanish {
    fn language(&self) -> Language {
        Language::Spanish
    }

    fn clock(&self, at: &LocalTime) -> String {
        let time = at.local.format(format_description!("[hour repr:12 padding:none]:[minute]"));
        let period = if at.local.hour() >= 12 { "p. m." } else { "a. m." };
        format!("{} {period} {}", time.unwrap_or_default(), at.zone)
    }

    fn at(&self, at: &LocalTime) -> String {
        let clock = self.clock(at);
        format!("{} {clock}", if clock.starts_with("1:") { "a la" } else { "a las" })
    }

    fn long_date(&self, date: Date) -> String {
        format!("{} de {}", self.short_date(date), date.year())
    }

    fn brief_date(&self, date: Date) -> String {
        format!("{} {}", date.day(), self.month(date))
    }

    fn month(&self, date: Date) -> String {
        month(date).chars().take(3).collect()
    }

    fn short_date(&self, date: Date) -> String {
        let weekday = WEEKDAYS[usize::from(date.weekday().number_days_from_monday())];
        format!("{weekday} {}", self.month_day(date))
    }

    fn month_day(&self, date: Date) -> String {
        format!("{} de {}", date.day(), month(date))
    }

    fn ago(&self, age: Age) -> String {
        let (count, one, more) = match age {
            Age::Moments => return "hace menos de un minuto".into(),
            Age::Minutes(count) => (count, "minuto", "minutos"),
            Age::Hours(count) => (count, "hora", "horas"),
            Age::Days(count) => (count, "día", "días"),
        };
        format!("hace {count} {}", if count == 1 { one } else { more })
    }

    fn errors(&self, count: u32) -> String {
        match count {
            0 => "sin errores".into(),
            1 => "1 error".into(),
            n => format!("{n} errores"),
        }
    }

    fn games(&self, count: u32) -> String {
        format!("{count} juego{}", if count == 1 { "" } else { "s" })
    }

    fn days(&self, count: u32) -> String {
        format!("{count} día{}", if count == 1 { "" } else { "s" })
    }

    fn club(&self, name: &str) -> String {
        terms::club(name).unwrap_or(name).to_owned()
    }

    fn pairing(&self, away: &str, home: &str) -> String {
        format!("{} en casa de {}", self.club(away), terms::the_club(home))
    }

    fn matchup(&self, game: &SeasonGame) -> String {
        let at = if game.at_home { "vs." } else { "en" };
        let second = if game.number > 1 { format!(", juego {}", game.number) } else { String::new() };
        let place = |club: &Club| match ClubCity::of(&club.name).filter(|_| !game.at_home) {
            Some(ClubCity { city, nickname, has_two_clubs: true }) => format!("{city}, {nickname}"),
            _ => terms::opponent(&club.name).trim_start_matches("los ").to_owned(),
        };
        game.opponent.as_ref().map(|club| format!("{at} {}{second}", place(club))).unwrap_or_default()
    }

    fn against(&self, meeting: &GameSides) -> String {
        let name = meeting.opponent;
        let place = match (ClubCity::of(name), meeting.place) {
            _ if meeting.kind == GameKind::AllStar => return "en el Juego de Estrellas".into(),
            (Some(ClubCity { city, has_two_clubs, .. }), place)
                if place.is_some() && place == cities::city(name) && !meeting.at_home =>
            {
                if has_two_clubs {
                    format!("en {city} contra {}", terms::opponent(name))
                } else {
                    format!("en {city}")
                }
            }
            (_, Some(place)) => format!("contra {} en {}", terms::opponent(name), terms::place(place)),
            (_, None) => format!("contra {}", terms::opponent(name)),
        };
        let second =
            if meeting.number > 1 { format!(" en el juego {}", meeting.number) } else { String::new() };
        let begun =
            meeting.begun.map(|day| format!(" en el juego del {}, reanudado hoy", self.short_date(day)));
        format!("{place}{second}{}", begun.unwrap_or_default())
    }

    fn inning(&self, Inning { number, half }: Inning) -> String {
        let half = match half {
            Half::Top => "alta de la",
            Half::Bottom => "baja de la",
            Half::Middle => "mitad de la",
            Half::End => "fin de la",
        };
        format!("{half} {number}.ª entrada")
    }

    fn status(&self, words: &str) -> String {
        let known = |words| terms::status(words).unwrap_or(words);
        match words.split_once(": ") {
            Some((status, cause)) => format!("{}: {}", known(status), self.cause(cause)),
            None => known(words).to_owned(),
        }
    }

    fn cause(&self, words: &str) -> String {
        terms::cause(words).map_or_else(|| words.to_lowercase(), str::to_owned)
    }

    fn position<'a>(&self, abbreviation: &'a str) -> &'a str {
        terms::position(abbreviation).unwrap_or(abbreviation)
    }

    fn joke(&self, club: Option<&str>) -> String {
        let fan = club.map_or_else(|| "casa".into(), |club| format!("los {}", cities::nickname(club)));
        format!("Va directo al plato, según un aficionado de {fan}. Va a las gradas, según todos los demás.")
    }

    fn rank(&self, leader: &Leader) -> String {
        match (leader.rank, leader.is_tied) {
            (1, false) => "líder en errores de las Grandes Ligas".into(),
            (rank, true) => format!("empatado en el lugar {rank} en errores de las Grandes Ligas"),
            (rank, false) => format!("lugar {rank} en errores de las Grandes Ligas"),
        }
    }

    fn place(&self, rank: u32) -> String {
        format!("Lugar {rank}")
    }
}

fn month(date: Date) -> &'static str {
    MONTHS[usize::from(u8::from(date.month())) - 1]
}
