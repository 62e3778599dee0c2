//! The players with the most errors, for programs.

use crate::{
    answer::{Answer, Leader},
    page::{Theme, json::pretty},
};
use serde::Serialize;

/// The players with the most errors, and the player's rank.
pub(crate) fn leaders(answer: &Answer, theme: &Theme) -> String {
    let leaders = answer.leaders.as_ref();
    pretty(&LeadersPage {
        year: leaders.map(|leaders| leaders.year),
        player: leaders.and_then(|leaders| leaders.player.as_ref()).map(LeaderBody::new),
        leaders: leaders.into_iter().flat_map(|leaders| &leaders.top).map(LeaderBody::new).collect(),
        replay: theme.replay.is_some(),
    })
}

#[derive(Serialize)]
struct LeadersPage<'a> {
    year: Option<i32>,
    player: Option<LeaderBody<'a>>,
    leaders: Vec<LeaderBody<'a>>,
    replay: bool,
}

#[derive(Serialize)]
struct LeaderBody<'a> {
    rank: u32,
    tied: bool,
    id: u32,
    name: &'a str,
    team: &'a str,
    errors: u32,
}

impl<'a> LeaderBody<'a> {
    fn new(leader: &'a Leader) -> Self {
        let Leader { id, name, club, errors, rank, is_tied } = leader;
        LeaderBody { rank: *rank, tied: *is_tied, id: *id, name, team: club, errors: *errors }
    }
}
