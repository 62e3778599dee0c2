//! The log of a season.

use crate::{
    answer::{Season, SeasonGame},
    mlb::{
        model::{Surprise, parse},
        wire::{SeasonReply, Team, day},
    },
};
use std::collections::BTreeMap;

/// `/api/v1/people/{id}/stats?stats=gameLog&group=fielding`: one row per game and position, summed by game.
pub fn season(json: &[u8], year: i32) -> Result<Season, Surprise> {
    let reply: SeasonReply = parse(json)?;
    let mut games: BTreeMap<u64, SeasonGame> = BTreeMap::new();
    for row in reply.stats.into_iter().flat_map(|stat| stat.splits) {
        let pk = row.game.game_pk;
        let game = SeasonGame {
            pk,
            date: day(&row.date).ok_or_else(|| Surprise(format!("not a date: {:?}", row.date)))?,
            number: row.game.game_number.get().unwrap_or(1),
            opponent: row.opponent.get().map(Team::into_club),
            at_home: row.is_home.get().unwrap_or(false),
            errors: 0,
        };
        games.entry(pk).or_insert(game).errors += row.stat.errors;
    }
    Ok(Season { year, games: games.into_values().collect() })
}
