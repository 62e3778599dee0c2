//! English.

use crate::{
    answer::{Club, GameKind, Half, Inning, Leader, SeasonGame},
    language::Language,
    page::{
        locale::{Age, GameSides, Phrases, cities},
        times::LocalTime,
    },
};
use time::{Date, macros::format_description};

pub(crate) struct English;

impl Phrases for English {
    fn language(&self) -> Language {
        Language::English
    }

    fn clock(&self, at: &LocalTime) -> String {
        let format = format_description!("[hour repr:12 padding:none]:[minute] [period]");
        format!("{} {}", at.local.format(format).unwrap_or_default(), at.zone)
    }

    fn at(&self, at: &LocalTime) -> String {
        format!("at {}", self.clock(at))
    }

    fn long_date(&self, date: Date) -> String {
        let format = format_description!("[weekday], [month repr:long] [day padding:none], [year]");
        date.format(format).unwrap_or_default()
    }

    fn brief_date(&self, date: Date) -> String {
        date.format(format_description!("[month repr:short] [day padding:none]")).unwrap_or_default()
    }

    fn month(&self, date: Date) -> String {
        date.format(format_description!("[month repr:short]")).unwrap_or_default()
    }

    fn short_date(&self, date: Date) -> String {
        let format = format_description!("[weekday], [month repr:long] [day padding:none]");
        date.format(format).unwrap_or_default()
    }

    fn month_day(&self, date: Date) -> String {
        date.format(format_description!("[month repr:long] [day padding:none]")).unwrap_or_default()
    }

    fn ago(&self, age: Age) -> String {
        let (count, unit) = match age {
            Age::Moments => return "less than a minute ago".into(),
            Age::Minutes(count) => (count, "minute"),
            Age::Hours(count) => (count, "hour"),
            Age::Days(count) => (count, "day"),
        };
        format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
    }

    fn errors(&self, count: u32) -> String {
        counted(count, "error")
    }

    fn games(&self, count: u32) -> String {
        counted(count, "game")
    }

    fn days(&self, count: u32) -> String {
        counted(count, "day")
    }

    fn club(&self, name: &str) -> String {
        name.to_owned()
    }

    fn pairing(&self, away: &str, home: &str) -> String {
        format!("{away} at {home}")
    }

    fn matchup(&self, game: &SeasonGame) -> String {
        let at = if game.at_home { "vs" } else { "at" };
        let second = if game.number > 1 { format!(", game {}", game.number) } else { String::new() };
        let club = |club: &Club| format!("{at} {}{second}", opponent(&club.name).trim_start_matches("the "));
        game.opponent.as_ref().map(club).unwrap_or_default()
    }

    fn against(&self, meeting: &GameSides) -> String {
        let place = match (cities::city(meeting.opponent), meeting.place) {
            _ if meeting.kind == GameKind::AllStar => return "in the All-Star Game".into(),
            (Some(city), Some(place)) if city == place && !meeting.at_home => {
                match cities::has_two_clubs(city) {
                    true => format!("in {city} against {}", opponent(meeting.opponent)),
                    false => format!("in {city}"),
                }
            }
            (_, Some(place)) => format!("against {} in {place}", opponent(meeting.opponent)),
            (_, None) => format!("against {}", opponent(meeting.opponent)),
        };
        let second = if meeting.number > 1 { format!(" in game {}", meeting.number) } else { String::new() };
        let begun =
            meeting.begun.map(|day| format!(" in the game of {}, resumed today", self.short_date(day)));
        format!("{place}{second}{}", begun.unwrap_or_default())
    }

    fn inning(&self, Inning { number, half }: Inning) -> String {
        let half = match half {
            Half::Top => "top",
            Half::Bottom => "bottom",
            Half::Middle => "middle",
            Half::End => "end",
        };
        format!("{half} of the {}", ordinal(number.into()))
    }

    fn status(&self, words: &str) -> String {
        words.to_owned()
    }

    fn cause(&self, words: &str) -> String {
        words.to_lowercase()
    }

    fn position<'a>(&self, abbreviation: &'a str) -> &'a str {
        abbreviation
    }

    fn joke(&self, club: Option<&str>) -> String {
        let fan = club.map_or("hometown", cities::nickname);
        format!("Sailing home, if you ask a {fan} fan. Into the seats, if you ask anyone else.")
    }

    fn rank(&self, leader: &Leader) -> String {
        match (leader.rank, leader.is_tied) {
            (1, false) => "leads the major leagues in errors".into(),
            (1, true) => "tied for the lead in errors in the major leagues".into(),
            (rank, true) => format!("tied for {} in errors in the major leagues", ordinal(rank)),
            (rank, false) => format!("{} in errors in the major leagues", ordinal(rank)),
        }
    }

    fn place(&self, rank: u32) -> String {
        ordinal(rank)
    }
}

/// "Texas", or "the Mets" where the city alone does not name the club.
fn opponent(club: &str) -> String {
    match cities::city(club) {
        Some(city) if !cities::has_two_clubs(city) => city.to_owned(),
        _ => format!("the {}", cities::nickname(club)),
    }
}

/// "14th".
fn ordinal(number: u32) -> String {
    let suffix = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}

fn counted(count: u32, noun: &str) -> String {
    match count {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        n => format!("{n} {noun}s"),
    }
}
