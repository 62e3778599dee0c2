//! The shape of MLB's JSON: the fields we read, named as MLB names them. Module `model` interprets them.

pub(crate) mod feed;
pub(crate) mod leaders;
pub(crate) mod people;
pub(crate) mod schedule;
pub(crate) mod season;

pub(crate) use crate::mlb::wire::feed::*;
pub(crate) use crate::mlb::wire::leaders::*;
pub(crate) use crate::mlb::wire::people::*;
pub(crate) use crate::mlb::wire::schedule::*;
pub(crate) use crate::mlb::wire::season::*;

use serde::{Deserialize, de::IgnoredAny};
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// The day of a date or of a time.
pub(crate) fn day(text: &str) -> Option<Date> {
    Date::parse(text.get(..10)?, format_description!("[year]-[month]-[day]")).ok()
}

/// A time as MLB writes it: RFC 3339.
pub(crate) fn instant(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// A part that is left out if it has another shape than expected.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Lenient<T> {
    Good(T),
    Odd(IgnoredAny),
}

impl<T> Lenient<T> {
    pub(crate) fn get(self) -> Option<T> {
        match self {
            Lenient::Good(value) => Some(value),
            Lenient::Odd(_) => None,
        }
    }

    pub(crate) fn good(&self) -> Option<&T> {
        match self {
            Lenient::Good(value) => Some(value),
            Lenient::Odd(_) => None,
        }
    }
}

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Lenient::Odd(IgnoredAny)
    }
}

#[derive(Deserialize)]
pub(crate) struct Team {
    pub(crate) id: u32,
    #[serde(default)]
    pub(crate) name: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Id {
    pub(crate) id: u32,
}
