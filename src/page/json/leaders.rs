//! The players with the most errors, for programs.

use crate::{
    answer::{Answer, Leader},
    page::{Theme, json::pretty},
};

/// The players with the most errors, and the player's rank.
pub(crate) fn leaders(answer: &Answer, theme: &Theme) -> String {
    pretty(&LeadersBody::new(answer, theme))
}

body! {
    struct LeadersBody<'a>(answer: &'a Answer, theme: &Theme) with { leaders = answer.leaders.as_ref(); } {
        year: Option<i32> = leaders.map(|leaders| leaders.year);
        player: Option<LeaderBody<'a>> = leaders.and_then(|leaders| leaders.player.as_ref()).map(LeaderBody::new);
        leaders: Vec<LeaderBody<'a>> = leaders.into_iter().flat_map(|leaders| &leaders.top).map(LeaderBody::new).collect();
        replay: bool = theme.replay.is_some();
    }
}

body! {
    struct LeaderBody<'a>(leader: &'a Leader) {
        rank: u32 = leader.rank;
        tied: bool = leader.is_tied;
        id: u32 = leader.id;
        name: &'a str = &leader.name;
        team: &'a str = &leader.club;
        errors: u32 = leader.errors;
    }
}
