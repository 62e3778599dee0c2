//! The players with the most errors.

use serde::{Deserialize, Serialize};

/// Limit on the leaders that are kept.
const TOP: usize = 10;

/// The players with the most errors of a regular season in the major leagues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaders {
    pub year: i32,
    /// The first ten, the most errors first.
    pub top: Vec<Leader>,
    /// The player himself, if the list has him.
    pub player: Option<Leader>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leader {
    pub id: u32,
    pub name: String,
    /// His club's name; empty if it is not known.
    pub club: String,
    pub errors: u32,
    /// His rank, from 1: one more than the number of players with more errors.
    pub rank: u32,
    /// Whether another player has as many errors.
    pub is_tied: bool,
}

impl Leaders {
    /// Ranks players by their errors. None if the list is not sorted by them: then it is of something else.
    pub(crate) fn ranked(year: i32, person: u32, mut list: Vec<Leader>) -> Option<Self> {
        if !list.is_sorted_by(|before, after| before.errors >= after.errors) {
            return None;
        }
        let errors: Vec<u32> = list.iter().map(|leader| leader.errors).collect();
        for leader in &mut list {
            leader.rank = errors.iter().filter(|errors| **errors > leader.errors).count() as u32 + 1;
            leader.is_tied = errors.iter().filter(|errors| **errors == leader.errors).count() > 1;
        }
        let player = list.iter().find(|leader| leader.id == person).cloned();
        list.truncate(TOP);
        Some(Leaders { year, top: list, player })
    }
}
