use super::*;
use crate::answer::*;
use std::time::Duration;
use time::macros::{date, datetime};

fn club(id: u32, name: &str) -> Club {
    Club { id, name: name.into() }
}

fn listing(state: State, words: &str) -> Listing {
    Listing {
        pk: 1,
        listed: date!(2024 - 07 - 02),
        official: date!(2024 - 07 - 02),
        start: Some(datetime!(2024-07-03 02:05 UTC)),
        kind: GameKind::Regular,
        number: 1,
        double_header: DoubleHeader::No,
        status: Status { state, words: words.into() },
        away: Side { club: club(140, "Texas Rangers"), runs: None },
        home: Side { club: club(135, "San Diego Padres"), runs: None },
        venue: "Petco Park".into(),
        moved_to: None,
    }
}

fn game(state: State, words: &str, presence: Presence) -> Game {
    let listing = listing(state, words);
    let feed = GameBox {
        pk: 1,
        as_of: None,
        official: None,
        status: listing.status.clone(),
        inning: Some(Inning { number: 3, half: Half::Bottom }),
        score: Some(Score { away: 4, home: 2 }),
        presence,
        errors: 0,
        plays: Vec::new(),
        last_play: None,
    };
    Game { listing, feed: Some(feed) }
}

fn answer(verdict: Verdict, reason: Reason, games: Vec<Game>) -> Answer {
    Answer {
        verdict,
        reason,
        day: date!(2024 - 07 - 02),
        zone: Zone::named("America/Los_Angeles").unwrap(),
        player: Player {
            id: 665487,
            name: "Fernando Tatis Jr.".into(),
            short_name: "Tatis Jr.".into(),
            club: Some(club(135, "San Diego Padres")),
        },
        availability: Availability::Active,
        games,
        plays: Vec::new(),
        plays_complete: true,
        season: None,
        error_days: Vec::new(),
        fixtures: Vec::new(),
        taken_back: 0,
        asked_at: Some(datetime!(2024-07-03 03:00 UTC)),
        asking_took: None,
        changed_at: None,
        fresh_until: None,
        stale: false,
        pace: Pace::Live,
    }
}

fn look() -> Look {
    Look {
        words: Words::default(),
        ground: "#2f241d".into(),
        accent: "#ffc425".into(),
        stylesheet: "/static/e6.css",
        script: "/static/e6.js",
        artwork: "/static/throw.svg",
        drawings: "/static/how.css",
        url: None,
        replay: None,
        season_note: None,
    }
}

#[test]
fn every_reason_has_its_sentence() {
    use Presence::{Bench, Fielded, Lineup};
    let away = |mut game: Game| {
        std::mem::swap(&mut game.listing.home, &mut game.listing.away);
        game
    };
    let in_all_star = |mut game: Game| {
        game.listing.kind = GameKind::AllStar;
        game
    };
    let second = |mut game: Game| {
        game.listing.number = 2;
        game.listing.start = None;
        game
    };
    let on = |presence| game(State::On, "In Progress", presence);
    let ahead = |words, presence| game(State::Ahead, words, presence);
    let moved =
        Listing { moved_to: Some(date!(2024 - 08 - 26)), ..listing(State::Postponed, "Postponed: Rain") };
    let begun = Listing { official: date!(2024 - 06 - 30), ..listing(State::On, "In Progress") };
    for (reason, games, sentence_expected) in [
        (Reason::NeverHeard(Trouble::Starting), vec![], "MLB has just been asked; the reply is on its way."),
        (Reason::NeverHeard(Trouble::Unreachable), vec![], "MLB cannot be reached at the moment."),
        (Reason::NeverHeard(Trouble::TooSlow), vec![], "MLB did not reply in time."),
        (Reason::NeverHeard(Trouble::TurnedAway), vec![], "MLB turned the question away; we will ask again."),
        (Reason::NeverHeard(Trouble::Garbled), vec![], "MLB's reply made no sense; we will ask again."),
        (Reason::NeverHeard(Trouble::NoSuchPlayer), vec![], "MLB knows no player with the number 665487."),
        (Reason::NoClub, vec![], "Tatis Jr. belongs to no club at the moment."),
        (
            Reason::Clean { played: true },
            vec![game(State::Over, "Final", Fielded)],
            "Tatis Jr. was charged with no error against the Texas Rangers.",
        ),
        (
            Reason::Clean { played: false },
            vec![on(Bench), on(Bench)],
            "Tatis Jr. did not play in today's 2 games.",
        ),
        (
            Reason::Playing(0),
            vec![on(Fielded)],
            "Bottom of the 3rd against the Texas Rangers, behind 4 to 2. No error so far.",
        ),
        (
            Reason::Playing(0),
            vec![away(on(Bench))],
            "Bottom of the 3rd at the Texas Rangers, ahead 4 to 2. Tatis Jr. is not in the line-up.",
        ),
        (
            Reason::Playing(0),
            vec![game(State::On, "Delayed: Rain", Fielded)],
            "Bottom of the 3rd against the Texas Rangers, behind 4 to 2 (Delayed: Rain). No error so far.",
        ),
        (
            Reason::Waiting(0),
            vec![ahead("Scheduled", Lineup)],
            "First pitch against the Texas Rangers is at 7:05 PM PDT.",
        ),
        (
            Reason::Waiting(0),
            vec![second(ahead("Scheduled", Lineup))],
            "The start against the Texas Rangers in game 2 is still to be announced.",
        ),
        (
            Reason::Waiting(0),
            vec![ahead("Delayed Start: Rain", Bench)],
            "The start against the Texas Rangers is delayed (rain). Tatis Jr. is not in the line-up.",
        ),
        (
            Reason::Waiting(0),
            vec![in_all_star(ahead("Warmup", Lineup))],
            "First pitch in the All-Star Game is at 7:05 PM PDT.",
        ),
        (
            Reason::Suspended(0),
            vec![on(Fielded)],
            "The game against the Texas Rangers was interrupted and will be finished on another day. No error so far.",
        ),
        (
            Reason::BoxUnread(0),
            vec![on(Fielded)],
            "The game against the Texas Rangers has begun, but its box score cannot be read at the moment.",
        ),
        (
            Reason::Postponed(Box::new(moved)),
            vec![],
            "The game against the Texas Rangers was postponed to Monday, August 26 (rain).",
        ),
        (
            Reason::Postponed(Box::new(listing(State::Postponed, "Postponed"))),
            vec![],
            "The game against the Texas Rangers was postponed to a day not yet set.",
        ),
        (
            Reason::Cancelled(Box::new(listing(State::Cancelled, "Cancelled: Inclement Weather"))),
            vec![],
            "The game against the Texas Rangers was cancelled (inclement weather).",
        ),
        (
            Reason::Resumed(Box::new(begun)),
            vec![],
            "Today the game of Sunday, June 30 against the Texas Rangers is finished; it counts for the day it began.",
        ),
        (Reason::OffDay { next: None }, vec![], "No game today, and none in the next seven days."),
        (
            Reason::OffDay { next: Some(Box::new(listing(State::Ahead, "Scheduled"))) },
            vec![],
            "No game today. The next one is against the Texas Rangers on Tuesday, July 2, at 7:05 PM PDT.",
        ),
    ] {
        assert_eq!(sentence(&answer(Verdict::Unknown, reason, games)), sentence_expected);
    }
    let charged =
        |errors, over| sentence(&answer(Verdict::Yes(errors), Reason::Charged { over }, vec![on(Fielded)]));
    assert_eq!(charged(1, true), "Tatis Jr. has been charged with an error against the Texas Rangers.");
    assert_eq!(
        charged(2, false),
        "Tatis Jr. has been charged with 2 errors against the Texas Rangers, and the day is not over."
    );
}

#[test]
fn the_word_follows_the_verdict_and_what_keeps_him_from_playing() {
    let words = Words::default();
    let on = game(State::On, "In Progress", Presence::Bench);
    let injured = Availability::Injured("Injured 10-Day".into());
    let suspended = Availability::Suspended("Suspended".into());
    for (verdict, reason, availability, presence, expected) in [
        (Verdict::Yes(2), Reason::Charged { over: true }, Availability::Active, Presence::Fielded, "Yes"),
        (Verdict::No, Reason::Clean { played: false }, injured.clone(), Presence::Absent, "No"),
        (Verdict::NotYet, Reason::Waiting(0), Availability::Active, Presence::Listed, "Not yet"),
        (Verdict::NotYet, Reason::Playing(0), Availability::Active, Presence::Bench, "No, so far"),
        (Verdict::NotYet, Reason::Waiting(0), injured.clone(), Presence::Absent, "Injured"),
        (Verdict::NotYet, Reason::Playing(0), injured, Presence::Lineup, "No, so far"),
        (Verdict::NotYet, Reason::Playing(0), suspended, Presence::Absent, "Suspended"),
        (Verdict::NoGame, Reason::OffDay { next: None }, Availability::Active, Presence::Absent, "No game"),
        (
            Verdict::Unknown,
            Reason::NeverHeard(Trouble::Starting),
            Availability::Unknown,
            Presence::Absent,
            "Can't tell yet",
        ),
    ] {
        let mut game = on.clone();
        game.feed.as_mut().unwrap().presence = presence;
        let answer = Answer { availability, ..answer(verdict, reason.clone(), vec![game]) };
        assert_eq!(word(&answer, &words), expected, "{reason:?}");
    }
}

#[test]
fn between_the_games_of_a_day_the_word_is_of_what_has_been() {
    let games = vec![
        game(State::Over, "Final", Presence::Fielded),
        game(State::Ahead, "Scheduled", Presence::Listed),
    ];
    let between = answer(Verdict::NotYet, Reason::Waiting(1), games);
    assert_eq!(word(&between, &Words::default()), "No, so far");
}

#[test]
fn a_stale_page_says_how_old_it_is_and_a_replay_that_it_is_one() {
    let stale = Answer { stale: true, ..answer(Verdict::No, Reason::Clean { played: true }, vec![]) };
    let look = Look { replay: Some("June 1".into()), ..look() };
    let rendered = render(&stale, &look, Duration::from_secs(9), datetime!(2024-07-03 05:00 UTC));
    assert!(rendered.html.contains("MLB was last heard 2 hours ago."), "{}", rendered.html);
    assert!(rendered.html.contains("This is a replay of June 1, not today."));
    assert!(rendered.html.contains("data-refresh=\"9\""));
    let text = rendered.text.replace('\n', " ");
    assert!(text.contains("2 hours ago. This may be out of date."), "{text}");
    assert!(text.contains("A replay of June 1."), "{text}");
}

#[test]
fn everything_from_outside_is_escaped() {
    let evil = "<img src=x onerror=alert(1)>\" & '";
    let mut answer = answer(
        Verdict::Yes(1),
        Reason::Charged { over: true },
        vec![game(State::Over, evil, Presence::Fielded)],
    );
    answer.player.short_name = evil.into();
    answer.plays = vec![ErrorPlay {
        game: 1,
        inning: None,
        kind: ErrorKind::Other,
        position: Some(evil.into()),
        batter: Some(evil.into()),
        text: evil.into(),
    }];
    let mut look = look();
    look.words.yes = evil.into();
    look.replay = Some(evil.into());
    let html = render(&answer, &look, Duration::ZERO, datetime!(2024-07-03 05:00 UTC)).html;
    assert!(!html.contains("<img src=x") && !html.contains("\" & '"), "{html}");
}

#[test]
fn ages_are_said_in_words() {
    for (seconds, words) in [
        (-5, "less than a minute ago"),
        (59, "less than a minute ago"),
        (60, "1 minute ago"),
        (7199, "1 hour ago"),
        (7200, "2 hours ago"),
        (200_000, "2 days ago"),
    ] {
        assert_eq!(when::ago(time::Duration::seconds(seconds)), words);
    }
}

#[test]
fn a_season_is_told_in_a_line() {
    let games = |count: u64| {
        let game = |pk| SeasonGame {
            pk,
            date: date!(2024 - 04 - 30),
            number: 1,
            opponent: None,
            at_home: false,
            errors: 0,
        };
        (0..count).map(game).collect()
    };
    let clean = SeasonSoFar {
        year: 2024,
        games: games(1),
        errors: 0,
        last_error: None,
        longest_clean: Some(Streak { games: 1, from: date!(2024 - 04 - 30), to: date!(2024 - 04 - 30) }),
        on_pace_for: None,
    };
    let last = |days, games| Some(LastError { date: date!(2024 - 06 - 30), days, games });
    for (season, expected) in [
        (SeasonSoFar { games: vec![], ..clean.clone() }, None),
        (clean.clone(), Some("In 2024: no errors in 1 game in the field.")),
        (
            SeasonSoFar {
                games: games(2),
                errors: 1,
                last_error: last(2, 1),
                on_pace_for: Some(3),
                ..clean.clone()
            },
            Some(
                "In 2024: 1 error in 2 games in the field, on pace for 3. The latest on Sunday, June 30, 2 days and 1 \
                 game ago. The longest streak without one: 1 game.",
            ),
        ),
        (
            SeasonSoFar { errors: 2, last_error: last(0, 0), longest_clean: None, ..clean },
            Some("In 2024: 2 errors in 1 game in the field. The latest on Sunday, June 30."),
        ),
    ] {
        let answer = Answer { season: Some(season), ..answer(Verdict::No, Reason::NoClub, vec![]) };
        assert_eq!(super::season::line(&answer).as_deref(), expected);
    }
}

/// WCAG 2.2 §1.4.3: text against what it stands on, in both colour schemes.
#[test]
fn every_colour_of_text_has_contrast_enough() {
    let css = include_str!("../../assets/static/e6.css");
    let (light, dark) = css.split_once("@media (prefers-color-scheme: dark)").unwrap();
    let colour = |scheme: &str, name: &str| {
        let (_, value) = scheme.split_once(&format!("--{name}: ")).unwrap();
        let digits = value[value.find('#').unwrap() + 1..].get(..6).unwrap();
        u32::from_str_radix(digits, 16).unwrap()
    };
    let luminance = |colour: u32| {
        let channel = |shift: u32| {
            let part = f64::from(colour >> shift & 0xff) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
    };
    for (what, scheme) in [("light", light), ("dark", dark)] {
        let paper = luminance(colour(scheme, "paper"));
        for name in ["ink", "soft", "mark", "error"] {
            let text = luminance(colour(scheme, name));
            let ratio = (paper.max(text) + 0.05) / (paper.min(text) + 0.05);
            assert!(ratio >= 4.5, "{what} {name}: {ratio:.2}");
        }
    }
}
