//! What is below the fold: the line score as a board, and signs with a number.

use crate::{
    answer::{Answer, Game, TeamLine},
    page::{
        LocalizedTheme,
        locale::{Phrases, cities},
        season::brief_span,
        sentence,
    },
};

/// Innings on a board without extra ones.
const INNINGS: usize = 9;
/// Innings that a phone has room for.
pub(crate) const INNINGS_ON_A_PHONE: usize = 12;

/// The line score of a game.
pub(crate) struct Board {
    /// The numbers of the innings that are shown.
    pub innings: Vec<usize>,
    /// Away and home.
    pub rows: [BoardRow; 2],
}

/// The line of one club.
pub(crate) struct BoardRow {
    pub club: String,
    pub short: String,
    /// The runs of each inning; empty where the club has not batted.
    pub runs: Vec<String>,
    /// Runs and hits; empty where they are not known.
    pub totals: [String; 2],
    pub errors: String,
    /// Whether the club is his and has errors.
    pub is_charged: bool,
}

impl Board {
    /// The board of a game, of a long one with the last innings only; none before its first inning, and if the line
    /// score cannot be read.
    pub(crate) fn of(
        answer: &Answer,
        game: &Game,
        phrases: &dyn Phrases,
        most_innings: usize,
    ) -> Option<Self> {
        let line = game.feed.as_ref()?.line.as_ref()?;
        let played = line.away.innings.len().max(line.home.innings.len());
        if played == 0 {
            return None;
        }
        let last = played.max(INNINGS);
        let innings: Vec<usize> = (last.saturating_sub(most_innings) + 1..=last).collect();
        let at_home = answer.player.is_at_home(&game.listing);
        let row = |club: &str, line: &TeamLine, is_ours: bool| BoardRow {
            club: phrases.club(club),
            short: cities::abbreviation(club),
            runs: innings
                .iter()
                .map(|inning| number(line.innings.get(inning - 1).copied().flatten()))
                .collect(),
            totals: [number(line.runs), number(line.hits)],
            errors: number(line.errors),
            is_charged: is_ours && line.errors > Some(0),
        };
        let rows = [
            row(&game.listing.away.club.name, &line.away, !at_home),
            row(&game.listing.home.club.name, &line.home, at_home),
        ];
        Some(Board { innings, rows })
    }
}

fn number(number: Option<u32>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

/// A sign as in a workshop: a title, a large number, and a line below it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sign {
    pub title: &'static str,
    pub number: String,
    pub line: Option<String>,
    /// The path of the same sign as a picture.
    pub picture: Option<String>,
}

impl Sign {
    /// The days since the last error, and the record; none if no game is known.
    pub(crate) fn since_error(answer: &Answer, localized: LocalizedTheme) -> Option<Self> {
        let phrases = localized.phrases;
        let since = answer.since_error.as_ref()?;
        let labels = phrases.labels();
        let title = if since.record_at_least { labels.longest_known_run } else { labels.record };
        let record = since.record.map(|streak| {
            let (games, span) = (phrases.games(streak.games), brief_span(streak, answer.day, phrases));
            format!("{title}: {games}, {span}")
        });
        let more = if since.at_least { "+" } else { "" };
        Some(Sign {
            title: labels.days_since_error,
            number: format!("{}{more}", since.days),
            line: record,
            // The picture is of the present.
            picture: (!answer.is_another_day)
                .then(|| format!("{}/days-since-error.png", localized.language.prefix())),
        })
    }

    /// The days to the next game, on a day without one; none if the next game is not known.
    pub(crate) fn to_next_game(answer: &Answer, localized: LocalizedTheme) -> Option<Self> {
        let phrases = localized.phrases;
        let next = answer.next_game.as_ref().filter(|next| next.official > answer.day)?;
        Some(Sign {
            title: phrases.labels().days_to_next_game,
            number: (next.official - answer.day).whole_days().to_string(),
            line: Some(sentence::next_game(answer, next, phrases)),
            picture: None,
        })
    }
}
