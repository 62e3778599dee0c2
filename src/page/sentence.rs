//! The word and the sentence of an answer. This module selects the facts; `locale` has the wording.

use crate::{
    answer::{
        Answer, Availability, DoubleHeader, Game, GameKind, GameState, Outage, Participation, Reason,
        ScheduleEntry, Score, Verdict,
    },
    page::{
        Words,
        colours::takes_part,
        locale::{GameSides, Phrases, cities, parks, sentence_case},
        times::LocalTime,
    },
};
use std::cmp::Ordering;

pub(crate) fn word<'a>(answer: &Answer, words: &'a Words) -> &'a str {
    word_and_remarks(answer, words).0
}

/// The remark of the day, one of several. All readers of a day see the same.
pub(crate) fn wit<'a>(answer: &Answer, words: &'a Words) -> Option<&'a str> {
    // Nothing is to be said of the fielding of a player who did not field, such as a designated hitter.
    let has_fielded = || answer.games.iter().any(|game| game.presence() == Some(Participation::Fielded));
    if matches!(answer.reason, Reason::NoClub) || (answer.verdict == Verdict::No && !has_fielded()) {
        return None;
    }
    let remarks =
        word_and_remarks(answer, words).1.split('|').map(str::trim).filter(|remark| !remark.is_empty());
    let remarks: Vec<_> = remarks.collect();
    let day = usize::try_from(answer.day.to_julian_day()).unwrap_or_default();
    remarks.get(day.checked_rem(remarks.len())?).copied()
}

fn word_and_remarks<'a>(answer: &Answer, words: &'a Words) -> (&'a str, &'a str) {
    match answer.verdict {
        Verdict::Yes(_) => (&words.yes, &words.wit_yes),
        Verdict::No => (&words.no, &words.wit_no),
        Verdict::NotYet if takes_part(answer) => {
            let between_games = answer.games.iter().any(|game| game.state() == GameState::Over);
            if between_games || matches!(answer.reason, Reason::Playing(_) | Reason::Suspended(_)) {
                (&words.so_far, &words.wit_so_far)
            } else {
                (&words.not_yet, &words.wit_not_yet)
            }
        }
        Verdict::NotYet => match answer.availability {
            Availability::Injured(_) => (&words.injured, &words.wit_injured),
            _ => (&words.suspended, &words.wit_suspended),
        },
        Verdict::NoGame => (&words.no_game, &words.wit_no_game),
        Verdict::Unknown => (&words.unknown, &words.wit_unknown),
    }
}

/// The reason, in a sentence or two; with the answer's day, if that is not the present one.
pub(crate) fn sentence(answer: &Answer, phrases: &dyn Phrases) -> String {
    let reason = reason(answer, phrases);
    let is_read = !matches!(answer.reason, Reason::NeverHeard(_));
    match is_read && answer.day != answer.calendar_day {
        true => format!("{reason} {}", phrases.about_day(answer.day)),
        false => reason,
    }
}

fn reason(answer: &Answer, phrases: &dyn Phrases) -> String {
    let name = &answer.player.short_name;
    let meeting = |listing| meeting(answer, listing);
    match &answer.reason {
        Reason::NeverHeard(trouble) => phrases.never_heard(*trouble, answer.player.id),
        Reason::NoClub => phrases.no_club(name),
        Reason::Charged { over, unread } => {
            let games = todays_games(answer, phrases);
            let rest = if *over { "" } else { phrases.labels().day_not_over };
            let charged = phrases.charged(name, answer.verdict.errors(), &games, rest);
            let unread = (!unread.is_empty()).then(|| phrases.games_unread(unread.len(), answer.games.len()));
            [Some(charged), resumed_errors(answer, phrases), unread]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" ")
        }
        Reason::Clean { played: true } => phrases.clean(name, &todays_games(answer, phrases)),
        Reason::Clean { played: false } => {
            let games = todays_games(answer, phrases);
            match absence(answer, phrases) {
                Some(absence) => format!("{absence} {}", phrases.nor_played(&games)),
                None => phrases.did_not_play(name, &games),
            }
        }
        Reason::Playing(index) => playing(answer, &answer.games[*index], phrases),
        Reason::Waiting(index) | Reason::Overdue(index) => waiting(answer, &answer.games[*index], phrases),
        Reason::Suspended(index) => {
            let listing = &answer.games[*index].listing;
            let suspended = match listing.resumes_on.filter(|day| *day > answer.day) {
                Some(day) => phrases.suspended_until(&meeting(listing), day),
                None => phrases.suspended_game(&meeting(listing)),
            };
            format!("{suspended} {}", phrases.labels().no_error_so_far)
        }
        Reason::BoxUnread(unread) => match (unread.as_slice(), answer.games.len()) {
            ([only], 1) => phrases.box_unread(&meeting(&answer.games[*only].listing)),
            (unread, games) => phrases.games_unread(unread.len(), games),
        },
        Reason::Postponed(listing) => {
            let cause = cause(&listing.status.words, phrases);
            match listing.moved_to {
                Some(day) => phrases.postponed_to(&meeting(listing), day, &cause),
                None => phrases.postponed(&meeting(listing), &cause),
            }
        }
        Reason::Cancelled(listing) => {
            phrases.cancelled(&meeting(listing), &cause(&listing.status.words, phrases))
        }
        Reason::EntryUnread => phrases.labels().entry_unread.into(),
        Reason::OffSeason { .. } | Reason::OffDay { .. } if answer.is_another_day => {
            phrases.no_game_on(answer.day)
        }
        Reason::OffSeason { next } => off_season(answer, next.as_deref(), phrases),
        Reason::OffDay { next } => {
            let off = match next {
                None => phrases.labels().no_game_this_week.into(),
                Some(next) => phrases.next_game(&meeting(next), next.official, start(answer, next).as_ref()),
            };
            // An injury is no news on an off day, but a stay with a farm club is.
            let is_away = answer.player.farm_club.is_some();
            match absence(answer, phrases).filter(|_| is_away) {
                Some(absence) => format!("{off} {absence}"),
                None => off,
            }
        }
    }
}

fn off_season(answer: &Answer, next: Option<&ScheduleEntry>, phrases: &dyn Phrases) -> String {
    let season = answer.season.as_ref().filter(|season| !season.games.is_empty());
    let figures = season.map(|season| phrases.season_figures(season.errors, season.games.len() as u32));
    let labels = phrases.labels();
    let next = next.map(|next| {
        let game = match next.kind {
            GameKind::Spring => labels.spring_training.into(),
            _ => phrases.against(&meeting(answer, next)),
        };
        format!("{}, {game}", phrases.month_day(next.official))
    });
    phrases.season_over(&figures.unwrap_or_default(), &next.unwrap_or_else(|| labels.not_announced.into()))
}

/// "March 26, against Texas, 1:10 PM PDT."
pub(crate) fn next_game(answer: &Answer, next: &ScheduleEntry, phrases: &dyn Phrases) -> String {
    let kind = match next.kind {
        GameKind::Spring => format!(", {}", phrases.labels().spring_training),
        _ => String::new(),
    };
    let (day, against) = (phrases.month_day(next.official), phrases.against(&meeting(answer, next)));
    format!("{day}, {against}{kind}{}", phrases.and_time(start(answer, next).as_ref()))
}

/// The time of day in the sentence, if it has one.
pub(crate) fn moment(answer: &Answer) -> Option<LocalTime> {
    match &answer.reason {
        Reason::Waiting(index) | Reason::Overdue(index) => start(answer, &answer.games[*index].listing),
        Reason::OffDay { next: Some(next) } => start(answer, next),
        _ => None,
    }
}

/// "Padres 1, Mariners 6", with what is known of the score.
pub(crate) fn game_teams(game: &Game, phrases: &dyn Phrases) -> String {
    let (away, home) = (&game.listing.away.club.name, &game.listing.home.club.name);
    match score(game) {
        Some(score) => {
            format!("{} {}, {} {}", phrases.club(away), score.away, phrases.club(home), score.home)
        }
        None => phrases.pairing(away, home),
    }
}

/// "Bottom of the 3rd, Padres 1, Mariners 6".
pub(crate) fn game_on_a_line(game: &Game, phrases: &dyn Phrases) -> String {
    let inning = game.feed.as_ref().and_then(|feed| feed.inning);
    let state = match (game.state(), inning) {
        (GameState::On, Some(inning)) => sentence_case(&phrases.inning(inning)),
        _ => phrases.status(game.status_words()),
    };
    format!("{state}, {}", game_teams(game, phrases))
}

/// "Bottom of the 3rd · Seattle's park · no error by him".
pub(crate) fn game_state(game: &Game, phrases: &dyn Phrases) -> String {
    let mut parts = Vec::new();
    let inning = game.feed.as_ref().and_then(|feed| feed.inning);
    match (game.state(), inning) {
        (GameState::On, Some(inning)) => parts.push(sentence_case(&phrases.inning(inning))),
        _ => parts.push(phrases.status(game.status_words())),
    }
    if !game.listing.venue.is_empty() {
        parts.push(game.listing.venue.clone());
    }
    match (game.presence(), game.errors()) {
        (_, errors @ 1..) => parts.push(phrases.errors(errors)),
        (Some(Participation::Bench), _) if game.state() != GameState::Over => {
            parts.push(phrases.labels().not_in_line_up.into());
        }
        (Some(Participation::Fielded), _) => parts.push(phrases.labels().no_error.into()),
        _ => {}
    }
    parts.join(" · ")
}

/// The reason to add to the note on a stale answer, if MLB refuses this server's network.
pub(crate) fn refusal(answer: &Answer, phrases: &dyn Phrases) -> String {
    match answer.is_refused {
        true => format!(" {}", phrases.never_heard(Outage::Refused, answer.player.id)),
        false => String::new(),
    }
}

/// The note on errors that the official scorer took back today.
pub(crate) fn taken_back(answer: &Answer, phrases: &dyn Phrases) -> Option<String> {
    (answer.taken_back > 0).then(|| phrases.taken_back(answer.taken_back))
}

fn playing(answer: &Answer, game: &Game, phrases: &dyn Phrases) -> String {
    let meeting = meeting(answer, &game.listing);
    let mut at = match game.feed.as_ref().and_then(|feed| feed.inning) {
        Some(inning) => {
            format!("{} {}", sentence_case(&phrases.inning(inning)), phrases.against(&meeting))
        }
        None => phrases.is_on(&meeting),
    };
    if let Some(score) = score(game) {
        let (ours, theirs) =
            if meeting.at_home { (score.home, score.away) } else { (score.away, score.home) };
        let standing = match ours.cmp(&theirs) {
            Ordering::Greater => phrases.ahead(ours, theirs),
            Ordering::Less => phrases.behind(ours, theirs),
            Ordering::Equal => phrases.tied(ours),
        };
        at += &format!(", {standing}");
    }
    let words = game.status_words();
    if !matches!(words, "In Progress" | "") {
        at += &format!(" ({})", phrases.status(words));
    }
    let remark = remark(answer, game, phrases);
    format!("{at}. {}", remark.as_deref().unwrap_or(phrases.labels().no_error_so_far))
}

fn waiting(answer: &Answer, game: &Game, phrases: &dyn Phrases) -> String {
    let meeting = meeting(answer, &game.listing);
    let is_overdue = matches!(answer.reason, Reason::Overdue(_));
    let sentence = match start(answer, &game.listing) {
        _ if game.status_words().starts_with("Delayed") => {
            phrases.start_delayed(&meeting, &cause(game.status_words(), phrases))
        }
        start if game.listing.is_resumption() => {
            let today = || phrases.labels().today.to_lowercase();
            let at = start.map_or_else(today, |at| phrases.at(&at));
            match is_overdue {
                true => phrases.was_due_to_resume(&meeting, &at),
                false => phrases.resumes(&meeting, &at),
            }
        }
        Some(start) if is_overdue => phrases.first_pitch_was_due(&meeting, &start),
        Some(start) => phrases.first_pitch(&meeting, &start),
        None => phrases.start_unknown(&meeting),
    };
    match remark(answer, game, phrases) {
        Some(remark) => format!("{sentence} {remark}"),
        None => sentence,
    }
}

/// The errors in a game of another day that was resumed today, if it is one of several games.
fn resumed_errors(answer: &Answer, phrases: &dyn Phrases) -> Option<String> {
    let charged = |game: &&Game| game.listing.is_resumption() && game.errors() > 0;
    let game = answer.games.iter().find(charged).filter(|_| answer.games.len() > 1)?;
    let errors = sentence_case(&phrases.errors(game.errors()));
    Some(format!("{errors} {}.", phrases.against(&meeting(answer, &game.listing))))
}

/// The reason why he is not in a game that is on or to come.
fn remark(answer: &Answer, game: &Game, phrases: &dyn Phrases) -> Option<String> {
    if game.presence() >= Some(Participation::Lineup) {
        return None;
    }
    absence(answer, phrases).or_else(|| {
        let name = &answer.player.short_name;
        (game.presence() == Some(Participation::Bench)).then(|| phrases.not_in_line_up(name))
    })
}

fn absence(answer: &Answer, phrases: &dyn Phrases) -> Option<String> {
    let farm_club = answer.player.farm_club.as_ref().map(|club| club.name.as_str());
    let status = phrases.absence(&answer.availability, farm_club)?;
    Some(format!("{} {status}.", answer.player.short_name))
}

fn todays_games(answer: &Answer, phrases: &dyn Phrases) -> String {
    match answer.games.as_slice() {
        [only] => phrases.against(&meeting(answer, &only.listing)),
        games => {
            let is_one = |game: &Game| game.listing.double_header != DoubleHeader::No;
            let is_doubleheader = games.len() == 2 && games.iter().all(is_one);
            match (is_doubleheader, answer.is_another_day) {
                (true, true) => phrases.labels().doubleheader.into(),
                (true, false) => phrases.labels().todays_doubleheader.into(),
                (false, true) => phrases.games_of_day(games.len()),
                (false, false) => phrases.todays_games(games.len()),
            }
        }
    }
}

fn meeting<'a>(answer: &Answer, listing: &'a ScheduleEntry) -> GameSides<'a> {
    let home = &listing.home.club.name;
    let at_home = answer.player.is_at_home(listing);
    // Nobody says "in Peoria" of spring training.
    let is_named = matches!(listing.kind, GameKind::Regular | GameKind::Postseason);
    let place = is_named.then(|| parks::place(&listing.venue)).flatten();
    GameSides {
        kind: listing.kind,
        at_home,
        opponent: if at_home { &listing.away.club.name } else { home },
        place: place.filter(|place| !at_home || cities::city(home) != Some(place)),
        number: listing.number,
        begun: listing.is_resumption().then_some(listing.official),
    }
}

/// The start of a game by the ballpark's clock; with its local day, if readers would assume another one.
fn start(answer: &Answer, listing: &ScheduleEntry) -> Option<LocalTime> {
    let known_day = if listing.official > answer.day { listing.official } else { answer.calendar_day };
    listing.start.map(|start| LocalTime::at(start, &answer.zone).unless_on(known_day))
}

fn score(game: &Game) -> Option<Score> {
    let score = game.feed.as_ref().and_then(|feed| feed.score).or_else(|| game.listing.score());
    score.filter(|_| game.state() != GameState::Ahead)
}

/// MLB's reason in parentheses, after a space, from "Postponed: Rain"; empty without one.
fn cause(status: &str, phrases: &dyn Phrases) -> String {
    let cause = status.split_once(": ").map(|(_, words)| format!(" ({})", phrases.cause(words)));
    cause.unwrap_or_default()
}
