//! A player and the clubs he is with.

use crate::answer::ScheduleEntry;
use serde::{Deserialize, Serialize};
use time::Date;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Player {
    /// MLB's person id (`people[].id`).
    pub id: u32,
    /// "Fernando Tatis Jr." (`fullName`).
    pub name: String,
    /// "Tatis Jr." (`useLastName`), as the page calls him.
    pub short_name: String,
    /// The club that he is with, if any; for a player on a farm club, its parent.
    pub club: Option<Club>,
    /// The farm club of that club that he plays for, on a rehab assignment or optioned.
    pub farm_club: Option<Club>,
    /// The clubs that he was with on the days around today, as far as MLB's data has them.
    pub stints: Vec<ClubStint>,
    /// His first day in the major leagues (`mlbDebutDate`), if MLB has it.
    #[serde(default)]
    pub debut: Option<Date>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Club {
    pub id: u32,
    /// "San Diego Padres" (`name`).
    pub name: String,
}

/// A player's time with a club.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClubStint {
    pub club: u32,
    /// The first day; none if it is long ago.
    pub from: Option<Date>,
    /// The last day; none while it lasts.
    pub until: Option<Date>,
}

impl Player {
    /// A player of whom only id and names are known.
    pub fn named(id: u32, name: impl Into<String>, short_name: impl Into<String>) -> Self {
        Player {
            id,
            name: name.into(),
            short_name: short_name.into(),
            club: None,
            farm_club: None,
            stints: Vec::new(),
            debut: None,
        }
    }

    pub fn club_id(&self) -> Option<u32> {
        self.club.as_ref().map(|club| club.id)
    }

    /// Every club he was with at some time of a day, the present one first. On the day of a trade there are two.
    pub fn clubs_on(&self, day: Date) -> Vec<u32> {
        let comes_later = |club: u32| {
            let mut stints = self.stints.iter().filter(|stint| stint.club == club).peekable();
            stints.peek().is_some() && stints.all(|stint| stint.from.is_some_and(|from| from > day))
        };
        let stints = self.stints.iter().filter(|stint| stint.covers(day)).map(|stint| stint.club);
        each_once(self.club_id().filter(|club| !comes_later(*club)).into_iter().chain(stints))
    }

    /// Whether one of his clubs of that day plays in this game.
    pub fn plays_in(&self, listing: &ScheduleEntry, day: Date) -> bool {
        self.clubs_on(day).into_iter().any(|club| listing.has_club(club))
    }

    /// Whether his club plays this game at home.
    pub fn is_at_home(&self, listing: &ScheduleEntry) -> bool {
        let mut clubs = self.clubs_on(listing.official).into_iter();
        let ours = clubs.find(|club| listing.has_club(*club)).or(self.club_id());
        ours == Some(listing.home.club.id)
    }
}

impl ClubStint {
    fn covers(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| until >= day)
    }
}

/// The items in their order, each once.
pub fn each_once<T: PartialEq>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut once = Vec::new();
    for item in items {
        if !once.contains(&item) {
            once.push(item);
        }
    }
    once
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn on_the_day_of_a_trade_a_player_has_two_clubs() {
        let stint = |club, from, until| ClubStint { club, from, until };
        let trade = date!(2024 - 07 - 02);
        let club = |id| Some(Club { id, name: String::new() });
        let player = |club, stints| Player { club, stints, ..Player::named(7, "", "") };
        for (what, player, clubs) in [
            (
                "told by both stints",
                player(club(147), vec![stint(135, None, Some(trade)), stint(147, Some(trade), None)]),
                vec![147, 135],
            ),
            (
                "told by the former club's",
                player(club(147), vec![stint(135, None, Some(trade))]),
                vec![147, 135],
            ),
            ("not told", player(club(147), vec![]), vec![147]),
            ("released", player(None, vec![stint(135, None, Some(trade))]), vec![135]),
            ("before", player(club(147), vec![stint(135, None, trade.previous_day())]), vec![147]),
            (
                "tomorrow",
                player(club(147), vec![stint(135, None, None), stint(147, trade.next_day(), None)]),
                vec![135],
            ),
        ] {
            assert_eq!(player.clubs_on(trade), clubs, "{what}");
        }
    }
}
