//! The shape of MLB's JSON: the fields we read, named as MLB names them. What they mean is in `model`.

mod feed;
mod people;
mod schedule;
mod season;

pub(super) use feed::*;
pub(super) use people::*;
pub(super) use schedule::*;
pub(super) use season::*;

use serde::{Deserialize, de::IgnoredAny};
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// The day of a date or of a time.
pub(super) fn day(text: &str) -> Option<Date> {
    Date::parse(text.get(..10)?, format_description!("[year]-[month]-[day]")).ok()
}

/// A time as MLB writes it: RFC 3339.
pub(super) fn instant(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// A part that may have another shape than expected, and is then left out.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Lenient<T> {
    Good(T),
    Odd(IgnoredAny),
}

impl<T> Lenient<T> {
    pub(super) fn get(self) -> Option<T> {
        match self {
            Lenient::Good(value) => Some(value),
            Lenient::Odd(_) => None,
        }
    }

    pub(super) fn good(&self) -> Option<&T> {
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
pub(super) struct Team {
    pub(super) id: u32,
    #[serde(default)]
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct Id {
    pub(super) id: u32,
}
