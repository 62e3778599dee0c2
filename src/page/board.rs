//! The scoreboard for terminals.

use crate::{
    answer::{Answer, Game},
    page::{
        ansi::Paint,
        locale::Phrases,
        plain,
        scoreboard::{Board, BoardRow},
    },
};

/// Columns of a number.
const CELL: usize = 3;
/// Columns of the totals: a gap, R, H and E.
const TOTALS: usize = 2 + 3 * CELL;
/// Maximum columns of a club's name.
const NAME: usize = 24;

/// The scoreboard of a game in this width, with the errors of the player's club in red; empty without one.
pub(crate) fn board(
    answer: &Answer,
    game: &Game,
    phrases: &dyn Phrases,
    paint: Paint,
    width: usize,
) -> Vec<String> {
    let sides = [&game.listing.away, &game.listing.home];
    let names =
        sides.map(|side| plain(&phrases.club(&side.club.name)).chars().take(NAME).collect::<String>());
    let column = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    let room = width.saturating_sub(column + TOTALS) / CELL;
    let Some(Board { innings, rows }) = Board::of(answer, game, phrases, room) else { return Vec::new() };
    let numbers: String = innings.iter().map(|inning| format!("{inning:>CELL$}")).collect();
    let head = format!("{:column$}{numbers}  {:>CELL$}{:>CELL$}{:>CELL$}", "", "R", "H", "E");
    let row =
        |(name, BoardRow { runs, totals: [scored, hits], errors, is_charged, .. }): (String, BoardRow)| {
            let runs: String = runs.iter().map(|runs| format!("{runs:>CELL$}")).collect();
            let total = |number: &str| format!("{:>CELL$}", if number.is_empty() { "-" } else { number });
            let errors = if is_charged { paint.alarm(&total(&errors)) } else { total(&errors) };
            format!("{name:column$}{runs}  {}{}{errors}", total(&scored), total(&hits))
        };
    [head].into_iter().chain(names.into_iter().zip(rows).map(row)).collect()
}
