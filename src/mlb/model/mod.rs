//! MLB's replies, read into the types of the answer.
//!
//! Data that the answer rests on must have the expected shape, or the whole reply is rejected. Other data (plays,
//! rosters) is read leniently: an invalid part is left out.

pub(crate) mod feed;
pub(crate) mod leaders;
pub(crate) mod names;
pub(crate) mod people;
pub(crate) mod roster;
pub(crate) mod schedule;
pub(crate) mod season;
pub(crate) mod teams;

pub use crate::mlb::model::feed::{FEED_FIELDS, feed};
pub use crate::mlb::model::leaders::{LEADERS_FIELDS, leaders};
pub use crate::mlb::model::people::{PlayerProfile, person};
pub use crate::mlb::model::roster::availability;
pub use crate::mlb::model::schedule::{SCHEDULE_FIELDS, schedule};
pub use crate::mlb::model::season::season;
pub use crate::mlb::model::teams::{TeamProfile, team};

use crate::{
    answer::Club,
    mlb::json::{self, Json},
};
use serde_json::Value;

/// An unexpected reply: a sentence for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnexpectedReply(pub String);

fn parse(json: &[u8]) -> Result<Value, UnexpectedReply> {
    json::parse(json).map_err(|error| UnexpectedReply(format!("not JSON: {error}")))
}

/// A part that must be readable.
fn needed<T>(part: Option<T>, name: &str) -> Result<T, UnexpectedReply> {
    part.ok_or_else(|| UnexpectedReply(format!("{name} is missing or of another shape than expected")))
}

/// A number of errors. One that no player can have counts as unreadable, because sums of such numbers would not fit.
fn errors(number: &Value) -> Option<u32> {
    number.number::<u16>().map(u32::from)
}

/// Whether a position is in the field. Designated hitters, pinch hitters and pinch runners do not field.
fn is_in_the_field(abbreviation: &str) -> bool {
    !matches!(abbreviation, "DH" | "PH" | "PR")
}

/// A club, by its id and name.
fn club(team: &Value) -> Option<Club> {
    Some(Club { id: team["id"].number()?, name: team.text_or_missing("name")?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_of_another_shape_is_refused() {
        for json in ["", "<html>", "[]", "{}", "null"] {
            let json = json.as_bytes();
            assert!(feed(json, 1, 7).is_err() && schedule(json).is_err(), "{json:?}");
            assert!(person(json, 7).is_err() && team(json, 7).is_err(), "{json:?}");
            assert!(availability(json, 7).is_err() && season(json, 2024).is_err(), "{json:?}");
        }
    }
}
