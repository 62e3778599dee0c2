//! The line score as a scoreboard for terminals.

use crate::{
    answer::{Answer, Game, LineScore, TeamLine},
    page::{ansi::Paint, locale::Phrases, plain},
};

/// Columns of a number.
const CELL: usize = 3;
/// Columns of the totals: a gap, R, H and E.
const TOTALS: usize = 2 + 3 * CELL;
/// Maximum columns of a club's name.
const NAME: usize = 24;
/// Innings of a game that is not shortened.
const INNINGS: usize = 9;

/// The scoreboard of a game in this width, with the errors of the player's club in red; empty without a line score.
pub(crate) fn board(
    answer: &Answer,
    game: &Game,
    phrases: &dyn Phrases,
    paint: Paint,
    width: usize,
) -> Vec<String> {
    let Some(LineScore { away, home }) = game.feed.as_ref().and_then(|feed| feed.line.as_ref()) else {
        return Vec::new();
    };
    let is_at_home = answer.player.is_at_home(&game.listing);
    let names = [&game.listing.away.club.name, &game.listing.home.club.name];
    let names = names.map(|name| plain(&phrases.club(name)).chars().take(NAME).collect::<String>());
    let column = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    let innings = away.innings.len().max(home.innings.len()).max(INNINGS);
    // The last innings, where a long game has more than there is room for.
    let first = innings - innings.min(width.saturating_sub(column + TOTALS) / CELL);
    let numbers: String = (first..innings).map(|inning| format!("{:>CELL$}", inning + 1)).collect();
    let head = format!("{:column$}{numbers}  {:>CELL$}{:>CELL$}{:>CELL$}", "", "R", "H", "E");
    let row = |name: &str, line: &TeamLine, is_ours: bool| {
        let runs: String = (first..innings)
            .map(|inning| format!("{:>CELL$}", shown(line.innings.get(inning).copied().flatten(), "")))
            .collect();
        let total = |number| format!("{:>CELL$}", shown(number, "-"));
        let errors = match line.errors {
            Some(1..) if is_ours => paint.alarm(&total(line.errors)),
            _ => total(line.errors),
        };
        format!("{name:column$}{runs}  {}{}{errors}", total(line.runs), total(line.hits))
    };
    vec![head, row(&names[0], away, !is_at_home), row(&names[1], home, is_at_home)]
}

/// A number, or this text where it is not known.
fn shown(number: Option<u32>, unknown: &str) -> String {
    number.map_or(unknown.into(), |number| number.to_string())
}
