//! The word and the sentence: what an answer says in English.

use super::{Words, when};
use crate::answer::{
    Answer, Availability, ErrorKind, ErrorPlay, Game, GameKind, Half, Inning, Listing, Presence, Reason,
    Score, State, Trouble, Verdict,
};

/// The big word.
pub fn word<'a>(answer: &Answer, words: &'a Words) -> &'a str {
    match answer.verdict {
        Verdict::Yes(_) => &words.yes,
        Verdict::No => &words.no,
        Verdict::NotYet if takes_part(answer) => {
            let between_games = answer.games.iter().any(|game| game.state() == State::Over);
            if between_games || matches!(answer.reason, Reason::Playing(_) | Reason::Suspended(_)) {
                &words.so_far
            } else {
                &words.not_yet
            }
        }
        Verdict::NotYet => match answer.availability {
            Availability::Injured(_) => &words.injured,
            _ => &words.suspended,
        },
        Verdict::NoGame => &words.no_game,
        Verdict::Unknown => &words.unknown,
    }
}

/// He is in a line-up, or nothing keeps him from being in one.
fn takes_part(answer: &Answer) -> bool {
    let barred = matches!(answer.availability, Availability::Injured(_) | Availability::Suspended(_));
    !barred || answer.games.iter().any(|game| game.presence() >= Some(Presence::Lineup))
}

/// The reason, in one sentence (now and then two).
pub fn sentence(answer: &Answer) -> String {
    let name = &answer.player.short_name;
    let against = |listing: &Listing| against(answer, listing);
    match &answer.reason {
        Reason::NeverHeard(Trouble::NoSuchPlayer) => {
            format!("MLB knows no player with the number {}.", answer.player.id)
        }
        Reason::NeverHeard(trouble) => heard_nothing(*trouble).into(),
        Reason::NoClub => format!("{name} belongs to no club at the moment."),
        Reason::Charged { over } => charged(answer, *over),
        Reason::Clean { played: true } => {
            format!("{name} was charged with no error {}.", todays_games(answer))
        }
        Reason::Clean { played: false } => match absence(answer) {
            Some(absence) => format!("{absence} He did not play {}.", todays_games(answer)),
            None => format!("{name} did not play {}.", todays_games(answer)),
        },
        Reason::Playing(index) => playing(answer, &answer.games[*index]),
        Reason::Waiting(index) => waiting(answer, &answer.games[*index]),
        Reason::Suspended(index) => format!(
            "The game {} was interrupted and will be finished on another day. No error so far.",
            against(&answer.games[*index].listing)
        ),
        Reason::BoxUnread(index) => format!(
            "The game {} has begun, but its box score cannot be read at the moment.",
            against(&answer.games[*index].listing)
        ),
        Reason::Postponed(listing) => postponed(answer, listing),
        Reason::Cancelled(listing) => {
            format!("The game {} was cancelled{}.", against(listing), because(&listing.status.words))
        }
        Reason::Resumed(listing) => format!(
            "Today the game of {} {} is finished; it counts for the day it began.",
            when::short_date(listing.official),
            against(listing)
        ),
        Reason::OffDay { next } => off_day(answer, next.as_deref()),
    }
}

/// "Throwing error, bottom of the 3rd, RF".
pub(super) fn play_title(play: &ErrorPlay) -> String {
    let kind = match play.kind {
        ErrorKind::Fielding => "Fielding error",
        ErrorKind::Throwing => "Throwing error",
        ErrorKind::Other => "Error",
    };
    let inning = play.inning.map(|inning| format!(", {}", inning_words(inning))).unwrap_or_default();
    let position = play.position.as_ref().map(|position| format!(", playing {position}")).unwrap_or_default();
    let batter = play.batter.as_ref().map(|batter| format!(", {batter} batting")).unwrap_or_default();
    format!("{kind}{inning}{position}{batter}")
}

/// "Padres 1, Mariners 6", with what is known of the score.
pub(super) fn game_teams(game: &Game) -> String {
    let (away, home) = (&game.listing.away.club.name, &game.listing.home.club.name);
    match score(game) {
        Some(score) => format!("{away} {}, {home} {}", score.away, score.home),
        None => format!("{away} at {home}"),
    }
}

/// "Bottom of the 3rd · Seattle's park · no error by him".
pub(super) fn game_state(game: &Game) -> String {
    let mut parts = Vec::new();
    let inning = game.feed.as_ref().and_then(|feed| feed.inning);
    match (game.state(), inning) {
        (State::On, Some(inning)) => parts.push(sentence_case(&inning_words(inning))),
        _ => parts.push(game.status_words().to_owned()),
    }
    if !game.listing.venue.is_empty() {
        parts.push(game.listing.venue.clone());
    }
    match (game.presence(), game.errors()) {
        (_, 1) => parts.push("1 error".into()),
        (_, errors @ 2..) => parts.push(format!("{errors} errors")),
        (Some(Presence::Bench), _) if game.state() != State::Over => parts.push("not in the line-up".into()),
        (Some(Presence::Fielded), _) => parts.push("no error".into()),
        _ => {}
    }
    parts.join(" · ")
}

/// What the official scorer took back today.
pub(super) fn taken_back(answer: &Answer) -> Option<String> {
    match answer.taken_back {
        0 => None,
        1 => Some(
            "The official scorer has taken an error back: this page said otherwise earlier today.".into(),
        ),
        n => Some(format!(
            "The official scorer has taken {n} errors back: this page said otherwise earlier today."
        )),
    }
}

fn heard_nothing(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Starting => "MLB has just been asked; the reply is on its way.",
        Trouble::Unreachable => "MLB cannot be reached at the moment.",
        Trouble::TooSlow => "MLB did not reply in time.",
        Trouble::TurnedAway => "MLB turned the question away; we will ask again.",
        Trouble::Garbled | Trouble::NoSuchPlayer => "MLB's reply made no sense; we will ask again.",
    }
}

fn charged(answer: &Answer, over: bool) -> String {
    let still = if over { "" } else { ", and the day is not over" };
    let errors = count(answer.verdict.errors());
    format!("{} has been charged with {errors} {}{still}.", answer.player.short_name, todays_games(answer))
}

fn playing(answer: &Answer, game: &Game) -> String {
    let feed = game.feed.as_ref();
    let mut at = match feed.and_then(|feed| feed.inning) {
        Some(inning) => {
            format!("{} {}", sentence_case(&inning_words(inning)), against(answer, &game.listing))
        }
        None => format!("The game {} is on", against(answer, &game.listing)),
    };
    if let Some(score) = score(game) {
        let (ours, theirs) =
            if is_home(answer, &game.listing) { (score.home, score.away) } else { (score.away, score.home) };
        at += &match ours.cmp(&theirs) {
            std::cmp::Ordering::Greater => format!(", ahead {ours} to {theirs}"),
            std::cmp::Ordering::Less => format!(", behind {theirs} to {ours}"),
            std::cmp::Ordering::Equal => format!(", tied at {ours}"),
        };
    }
    let words = game.status_words();
    if !matches!(words, "In Progress" | "") {
        at += &format!(" ({words})");
    }
    format!("{at}. {}", remark(answer, game).unwrap_or_else(|| "No error so far.".into()))
}

fn waiting(answer: &Answer, game: &Game) -> String {
    let against = against(answer, &game.listing);
    let mut sentence = match game.listing.start {
        Some(start) => format!("First pitch {against} is at {}.", when::clock(start, &answer.zone)),
        None => format!("The start {against} is still to be announced."),
    };
    if game.status_words().starts_with("Delayed") {
        sentence = format!("The start {against} is delayed{}.", because(game.status_words()));
    }
    match remark(answer, game) {
        Some(remark) => format!("{sentence} {remark}"),
        None => sentence,
    }
}

fn postponed(answer: &Answer, listing: &Listing) -> String {
    let to = match listing.moved_to {
        Some(date) => format!("to {}", when::short_date(date)),
        None => "to a day not yet set".into(),
    };
    format!("The game {} was postponed {to}{}.", against(answer, listing), because(&listing.status.words))
}

fn off_day(answer: &Answer, next: Option<&Listing>) -> String {
    let Some(next) = next else { return "No game today, and none in the next seven days.".into() };
    let at = next.start.map(|start| format!(", at {}", when::clock(start, &answer.zone))).unwrap_or_default();
    format!(
        "No game today. The next one is {} on {}{at}.",
        against(answer, next),
        when::short_date(next.official)
    )
}

/// What keeps him out of a game that is on or to come.
fn remark(answer: &Answer, game: &Game) -> Option<String> {
    if game.presence() >= Some(Presence::Lineup) {
        return None;
    }
    absence(answer).or_else(|| {
        let name = &answer.player.short_name;
        (game.presence() == Some(Presence::Bench)).then(|| format!("{name} is not in the line-up."))
    })
}

fn absence(answer: &Answer) -> Option<String> {
    let name = &answer.player.short_name;
    match &answer.availability {
        Availability::Injured(words) => Some(format!("{name} is on the injured list ({words}).")),
        Availability::Suspended(words) => Some(format!("{name} is suspended ({words}).")),
        Availability::Away(words) => Some(format!("{name} is away from the club ({words}).")),
        Availability::Active | Availability::Unknown => None,
    }
}

fn todays_games(answer: &Answer) -> String {
    match answer.games.as_slice() {
        [only] => against(answer, &only.listing),
        games => format!("in today's {} games", games.len()),
    }
}

fn against(answer: &Answer, listing: &Listing) -> String {
    if listing.kind == GameKind::AllStar {
        return "in the All-Star Game".into();
    }
    let second = if listing.number > 1 { format!(" in game {}", listing.number) } else { String::new() };
    if is_home(answer, listing) {
        format!("against the {}{second}", listing.away.club.name)
    } else {
        format!("at the {}{second}", listing.home.club.name)
    }
}

fn is_home(answer: &Answer, listing: &Listing) -> bool {
    answer.player.club.as_ref().is_some_and(|club| club.id == listing.home.club.id)
}

fn score(game: &Game) -> Option<Score> {
    let listed = || Some(Score { away: game.listing.away.runs?, home: game.listing.home.runs? });
    game.feed.as_ref().and_then(|feed| feed.score).or_else(listed).filter(|_| game.state() != State::Ahead)
}

/// MLB's reason, from "Postponed: Rain".
fn because(words: &str) -> String {
    words.split_once(": ").map(|(_, reason)| format!(" ({})", reason.to_lowercase())).unwrap_or_default()
}

fn inning_words(Inning { number, half }: Inning) -> String {
    let half = match half {
        Half::Top => "top",
        Half::Bottom => "bottom",
        Half::Middle => "middle",
        Half::End => "end",
    };
    format!("{half} of the {number}{}", ordinal_suffix(number))
}

fn ordinal_suffix(number: u8) -> &'static str {
    match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    }
}

fn count(errors: u32) -> String {
    if errors == 1 { "an error".into() } else { format!("{errors} errors") }
}

pub(super) fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
