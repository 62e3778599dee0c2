//! Every verdict and reason, for every kind of day that MLB's data has shown.

mod days;
mod random_days;

use crate::answer::*;
use std::collections::BTreeMap;
use time::{
    Duration,
    macros::{date, datetime},
};

pub(crate) const TODAY: Date = date!(2024 - 07 - 02);
/// 19:05 in San Diego.
const FIRST_PITCH: OffsetDateTime = datetime!(2024-07-03 02:05 UTC);
/// Noon in San Diego.
const NOON: OffsetDateTime = datetime!(2024-07-02 19:00 UTC);

fn club(id: u32, name: &str) -> Club {
    Club { id, name: name.into() }
}

pub(crate) fn listing(pk: u64, state: GameState) -> ScheduleEntry {
    ScheduleEntry {
        pk,
        listed: TODAY,
        official: TODAY,
        start: Some(FIRST_PITCH),
        kind: GameKind::Regular,
        number: 1,
        double_header: DoubleHeader::No,
        status: GameStatus { state, words: format!("{state:?}") },
        away: Side { club: club(140, "Texas Rangers"), runs: None },
        home: Side { club: club(135, "San Diego Padres"), runs: None },
        venue: "Petco Park".into(),
        moved_to: None,
        resumes_on: None,
        resumes_at: None,
    }
}

pub(crate) fn feed(pk: u64, state: GameState, presence: Participation, errors: u32) -> GameFeed {
    GameFeed {
        pk,
        as_of: Some("20240703_040000".into()),
        official: Some(TODAY),
        status: GameStatus { state, words: format!("{state:?}") },
        inning: Some(Inning { number: 5, half: Half::Top }),
        score: Some(Score { away: 1, home: 2 }),
        line: None,
        presence,
        errors: ErrorCount::Read(errors),
        plays: (0..errors).map(|_| error_play(pk)).collect(),
        last_play: Some(FIRST_PITCH + Duration::hours(2)),
    }
}

fn error_play(game: u64) -> ErrorPlay {
    ErrorPlay {
        game,
        inning: Some(Inning { number: 3, half: Half::Bottom }),
        at: None,
        kind: ErrorKind::Throwing,
        position: Some("RF".into()),
        batter: None,
        text: String::new(),
    }
}

pub(crate) fn facts(
    asked_at: OffsetDateTime,
    listings: impl IntoIterator<Item = ScheduleEntry>,
    boxes: impl IntoIterator<Item = GameFeed>,
) -> Facts {
    let player = Player {
        club: Some(club(135, "San Diego Padres")),
        ..Player::named(665487, "Fernando Tatis Jr.", "Tatis Jr.")
    };
    Facts {
        player: Part::read(player, asked_at),
        zone: Part::read(Zone::named("America/Los_Angeles").unwrap(), asked_at),
        ballpark: None,
        schedule: Part::read(
            Schedule { clubs: vec![135], listings: listings.into_iter().collect(), unread: Vec::new() },
            asked_at,
        ),
        feeds: boxes.into_iter().map(|feed| (feed.pk, Part::read(Some(feed), asked_at))).collect(),
        seen_on: BTreeMap::new(),
        availability: Part::read(Availability::Active, asked_at),
        season: Part::default(),
        calendar: Part::default(),
        leaders: Part::default(),
        archive: Archive::new(),
    }
}

fn answer(
    now: OffsetDateTime,
    listings: impl IntoIterator<Item = ScheduleEntry>,
    boxes: impl IntoIterator<Item = GameFeed>,
) -> Answer {
    decide(&facts(now, listings, boxes), now)
}

#[test]
fn one_game_from_morning_to_midnight() {
    use Participation::{Fielded, Lineup};
    let late = FIRST_PITCH + Duration::hours(2);
    for (what, now, state, box_, verdict, reason) in [
        ("morning", NOON, GameState::Ahead, None, Verdict::NotYet, Reason::Waiting(0)),
        (
            "line-up posted",
            FIRST_PITCH,
            GameState::Ahead,
            Some((GameState::Ahead, Lineup, 0)),
            Verdict::NotYet,
            Reason::Waiting(0),
        ),
        (
            "first pitch",
            late,
            GameState::On,
            Some((GameState::On, Lineup, 0)),
            Verdict::NotYet,
            Reason::Playing(0),
        ),
        (
            "clean so far",
            late,
            GameState::On,
            Some((GameState::On, Fielded, 0)),
            Verdict::NotYet,
            Reason::Playing(0),
        ),
        (
            "error",
            late,
            GameState::On,
            Some((GameState::On, Fielded, 1)),
            Verdict::Yes(1),
            Reason::Charged { over: false, unread: vec![] },
        ),
        (
            "schedule ahead of the feed",
            late,
            GameState::Over,
            Some((GameState::On, Fielded, 0)),
            Verdict::NotYet,
            Reason::Playing(0),
        ),
        (
            "feed ahead of the schedule",
            late,
            GameState::On,
            Some((GameState::Over, Fielded, 0)),
            Verdict::No,
            Reason::Clean { played: true },
        ),
        (
            "final",
            late,
            GameState::Over,
            Some((GameState::Over, Fielded, 2)),
            Verdict::Yes(2),
            Reason::Charged { over: true, unread: vec![] },
        ),
        (
            "he sat",
            late,
            GameState::Over,
            Some((GameState::Over, Participation::Bench, 0)),
            Verdict::No,
            Reason::Clean { played: false },
        ),
        (
            "absent",
            late,
            GameState::Over,
            Some((GameState::Over, Participation::Absent, 0)),
            Verdict::No,
            Reason::Clean { played: false },
        ),
        ("begun, no box", late, GameState::On, None, Verdict::Unknown, Reason::BoxUnread(vec![0])),
        ("over, no box", late, GameState::Over, None, Verdict::Unknown, Reason::BoxUnread(vec![0])),
        (
            "suspended",
            late,
            GameState::Suspended,
            Some((GameState::Suspended, Fielded, 0)),
            Verdict::NotYet,
            Reason::Suspended(0),
        ),
        (
            "suspended after an error",
            late,
            GameState::Suspended,
            Some((GameState::Suspended, Fielded, 1)),
            Verdict::Yes(1),
            Reason::Charged { over: false, unread: vec![] },
        ),
        (
            "a code nobody knows",
            late,
            GameState::Unknown,
            Some((GameState::Unknown, Fielded, 0)),
            Verdict::NotYet,
            Reason::Playing(0),
        ),
        (
            "a code nobody knows, no box",
            late,
            GameState::Unknown,
            None,
            Verdict::Unknown,
            Reason::BoxUnread(vec![0]),
        ),
    ] {
        let feed = box_.map(|(state, presence, errors)| feed(1, state, presence, errors));
        let answer = answer(now, [listing(1, state)], feed);
        assert_eq!((answer.verdict, answer.reason, answer.stale), (verdict, reason, false), "{what}");
        assert_eq!(answer.day, TODAY, "{what}");
    }
}

#[test]
fn a_day_without_a_game_says_why() {
    let tomorrow = ScheduleEntry {
        listed: date!(2024 - 07 - 03),
        official: date!(2024 - 07 - 03),
        ..listing(2, GameState::Ahead)
    };
    let all_star = ScheduleEntry {
        kind: GameKind::AllStar,
        official: date!(2024 - 07 - 03),
        ..listing(3, GameState::Ahead)
    };
    let moved = ScheduleEntry {
        official: date!(2024 - 08 - 26),
        moved_to: Some(date!(2024 - 08 - 26)),
        ..listing(1, GameState::Postponed)
    };
    let cancelled = listing(1, GameState::Cancelled);
    for (listings, reason) in [
        (vec![], Reason::OffDay { next: None }),
        (vec![all_star, tomorrow.clone()], Reason::OffDay { next: Some(Box::new(tomorrow)) }),
        (vec![moved.clone()], Reason::Postponed(Box::new(moved))),
        (vec![cancelled.clone()], Reason::Cancelled(Box::new(cancelled))),
    ] {
        let answer = answer(NOON, listings, [feed(1, GameState::On, Participation::Fielded, 1)]);
        assert_eq!((answer.verdict, &answer.reason), (Verdict::NoGame, &reason));
        assert!(answer.games.is_empty());
    }
}

#[test]
fn a_player_without_a_club_has_no_game() {
    let mut facts = facts(NOON, [], []);
    facts.player.value.club = None;
    let answer = decide(&facts, NOON);
    assert_eq!((answer.verdict, answer.reason), (Verdict::NoGame, Reason::NoClub));
}

#[test]
fn a_postponed_game_does_not_count_although_mlb_calls_it_final() {
    let made_up =
        ScheduleEntry { number: 2, double_header: DoubleHeader::Split, ..listing(1, GameState::Over) };
    let old_entry = ScheduleEntry { listed: date!(2024 - 06 - 05), ..listing(1, GameState::Postponed) };
    let answer = answer(
        FIRST_PITCH + Duration::hours(4),
        [old_entry, made_up],
        [feed(1, GameState::Over, Participation::Fielded, 0)],
    );
    assert_eq!(answer.verdict, Verdict::No);
    assert_eq!(answer.games.len(), 1, "one game, though it is listed twice");
}

#[test]
fn doubleheaders_and_split_squads_are_summed() {
    let second = |double_header, start| ScheduleEntry {
        number: 2,
        double_header,
        start,
        ..listing(2, GameState::Over)
    };
    for (what, second) in [
        ("split", second(DoubleHeader::Split, Some(FIRST_PITCH + Duration::hours(4)))),
        ("traditional, start to be determined", second(DoubleHeader::Traditional, None)),
        ("split squad", ScheduleEntry { number: 1, ..second(DoubleHeader::No, Some(FIRST_PITCH)) }),
    ] {
        let over = |pk, errors| feed(pk, GameState::Over, Participation::Fielded, errors);
        let answer = answer(
            FIRST_PITCH + Duration::HOUR,
            [
                second.clone(),
                ScheduleEntry { double_header: second.double_header, ..listing(1, GameState::Over) },
            ],
            [over(1, 1), over(2, 2)],
        );
        assert_eq!(answer.verdict, Verdict::Yes(3), "{what}");
        assert_eq!(answer.plays.len(), 3, "{what}");
        assert_eq!(answer.games[0].listing.pk, 1, "{what}: the game to be determined comes last");
    }
}

#[test]
fn between_the_games_of_a_doubleheader_no_is_not_yet_said() {
    let second = ScheduleEntry {
        number: 2,
        double_header: DoubleHeader::Traditional,
        start: None,
        ..listing(2, GameState::Ahead)
    };
    let answer = answer(
        FIRST_PITCH + Duration::hours(3),
        [listing(1, GameState::Over), second],
        [feed(1, GameState::Over, Participation::Fielded, 0)],
    );
    assert_eq!((answer.verdict, answer.reason), (Verdict::NotYet, Reason::Waiting(1)));
    assert_eq!(answer.pace, Pace::Soon);
}

#[test]
fn the_day_turns_at_four_in_the_morning_after_a_game_but_not_during_one() {
    let after_midnight = datetime!(2024-07-03 07:30 UTC);
    let tomorrow = ScheduleEntry {
        official: date!(2024 - 07 - 03),
        listed: date!(2024 - 07 - 03),
        ..listing(2, GameState::Ahead)
    };
    let day = |state, now| {
        let listings = [listing(1, state), tomorrow.clone()];
        answer(now, listings, [feed(1, state, Participation::Fielded, 1)]).day
    };
    assert_eq!(day(GameState::On, after_midnight), TODAY);
    for state in [GameState::Over, GameState::Suspended] {
        let four = datetime!(2024-07-03 11:00 UTC);
        assert_eq!(day(state, after_midnight), TODAY);
        assert_eq!(day(state, four - Duration::SECOND), TODAY);
        assert_eq!(day(state, four), date!(2024 - 07 - 03));
    }
    let off_day = |now| answer(now, [tomorrow.clone()], []).day;
    assert_eq!(off_day(after_midnight), date!(2024 - 07 - 03), "no game, no answer to keep");
    let resumed_at_noon = datetime!(2024-07-03 19:30 UTC);
    assert_eq!(day(GameState::On, resumed_at_noon), date!(2024 - 07 - 03));
    assert_eq!(day(GameState::On, after_midnight - Duration::HOUR), TODAY);
}

#[test]
fn the_all_star_game_counts_only_with_him_in_it() {
    let all_star = ScheduleEntry {
        kind: GameKind::AllStar,
        away: Side { club: club(159, "American League All-Stars"), runs: None },
        home: Side { club: club(160, "National League All-Stars"), runs: None },
        ..listing(1, GameState::On)
    };
    let with = |presence, errors| {
        answer(FIRST_PITCH, [all_star.clone()], [feed(1, GameState::On, presence, errors)]).verdict
    };
    assert_eq!(with(Participation::Fielded, 1), Verdict::Yes(1));
    assert_eq!(with(Participation::Bench, 0), Verdict::NotYet);
    assert_eq!(with(Participation::Absent, 0), Verdict::NoGame);
}

#[test]
fn the_box_score_decides_when_the_plays_disagree() {
    let mut game = feed(1, GameState::Over, Participation::Fielded, 2);
    game.plays.truncate(1);
    let answer = answer(FIRST_PITCH, [listing(1, GameState::Over)], [game]);
    assert_eq!((answer.verdict, answer.plays_complete), (Verdict::Yes(2), false));
}

#[test]
fn a_game_that_cannot_be_read_hides_no_error_and_is_named() {
    let second =
        || ScheduleEntry { number: 2, double_header: DoubleHeader::Split, ..listing(2, GameState::Over) };
    let first = || ScheduleEntry { double_header: DoubleHeader::Split, ..listing(1, GameState::Over) };
    let over = |pk, errors| feed(pk, GameState::Over, Participation::Fielded, errors);
    let lost = |pk, known| GameFeed { errors: ErrorCount::AtLeast(known), ..over(pk, known) };
    let charged = |unread| Reason::Charged { over: true, unread };
    for (what, boxes, verdict, reason) in [
        ("an error and an unread game", vec![over(1, 1)], Verdict::Yes(1), charged(vec![1])),
        ("no error and an unread game", vec![over(1, 0)], Verdict::Unknown, Reason::BoxUnread(vec![1])),
        ("no game read", vec![], Verdict::Unknown, Reason::BoxUnread(vec![0, 1])),
        ("no count", vec![over(1, 0), lost(2, 0)], Verdict::Unknown, Reason::BoxUnread(vec![1])),
        ("no count but a play", vec![over(1, 0), lost(2, 1)], Verdict::Yes(1), charged(vec![1])),
        ("both", vec![over(1, 1), lost(2, 1)], Verdict::Yes(2), charged(vec![1])),
    ] {
        let answer = answer(FIRST_PITCH + Duration::hours(3), [first(), second()], boxes);
        assert_eq!((answer.verdict, answer.reason), (verdict, reason), "{what}");
    }
}

#[test]
fn a_feed_that_stays_behind_the_schedule_is_not_taken_for_the_end() {
    let mut facts = facts(
        FIRST_PITCH,
        [listing(1, GameState::Over)],
        [feed(1, GameState::On, Participation::Fielded, 0)],
    );
    assert_eq!(decide(&facts, FIRST_PITCH).reason, Reason::Playing(0), "the feed is about to follow");
    facts.feeds.get_mut(&1).unwrap().fail(Outage::Refused);
    assert_eq!(decide(&facts, FIRST_PITCH).reason, Reason::BoxUnread(vec![0]));
    facts.feeds.get_mut(&1).unwrap().value = Some(feed(1, GameState::On, Participation::Fielded, 1));
    let answer = decide(&facts, FIRST_PITCH);
    assert_eq!(answer.verdict, Verdict::Yes(1), "an error that was read stands");
}

#[test]
fn a_box_score_that_is_lost_takes_no_error_back() {
    let known = feed(1, GameState::On, Participation::Fielded, 1);
    let mut lost =
        GameFeed { errors: ErrorCount::AtLeast(0), ..feed(1, GameState::Over, Participation::Absent, 0) };
    lost.keep_from(&known);
    assert_eq!((lost.errors, lost.presence), (ErrorCount::AtLeast(1), Participation::Fielded));
    assert_eq!((lost.plays.len(), lost.status.state), (1, GameState::Over));
    let mut cleared = feed(1, GameState::Over, Participation::Fielded, 0);
    cleared.keep_from(&lost);
    assert_eq!((cleared.errors, cleared.plays.len()), (ErrorCount::Read(0), 0));
}

#[test]
fn only_a_games_own_data_takes_its_error_back() {
    let second = || ScheduleEntry { number: 2, ..listing(2, GameState::On) };
    let on = |pk, errors| feed(pk, GameState::On, Participation::Fielded, errors);
    let both =
        |one, two| answer(FIRST_PITCH, [listing(1, GameState::On), second()], [on(1, one), on(2, two)]);
    let mut charged = both(1, 0);
    let memory = charged.follow(None, FIRST_PITCH);

    let mut gone = answer(FIRST_PITCH, [second()], [on(2, 0)]);
    let without = gone.follow(memory.as_ref(), FIRST_PITCH);
    assert_eq!(gone.taken_back, 0, "the game with the error is missing");
    let mut back = both(0, 0);
    back.follow(without.as_ref(), FIRST_PITCH);
    assert_eq!(back.taken_back, 1, "it is there again, without the error");

    let mut lost = both(1, 0);
    lost.games[0].feed.as_mut().unwrap().errors = ErrorCount::AtLeast(0);
    lost.follow(memory.as_ref(), FIRST_PITCH);
    assert_eq!(lost.taken_back, 0, "its count cannot be read");

    let mut moved = both(0, 1);
    moved.follow(memory.as_ref(), FIRST_PITCH);
    assert_eq!(
        (moved.verdict, moved.taken_back),
        (Verdict::Yes(1), 1),
        "one game's error is not the other's"
    );
}

#[test]
fn a_game_resumed_today_counts_for_what_happens_today() {
    let yesterday = date!(2024 - 07 - 01);
    let resumes = NOON + Duration::HOUR;
    let begun = |state| ScheduleEntry { listed: yesterday, official: yesterday, ..listing(1, state) };
    let entry = |state| ScheduleEntry { listed: TODAY, start: Some(resumes), ..begun(state) };
    let own = || ScheduleEntry { start: Some(FIRST_PITCH), ..listing(2, GameState::Ahead) };
    let (last_night, tonight) = (NOON - Duration::hours(15), resumes + Duration::HOUR);
    let played = |state, at: Option<OffsetDateTime>| {
        let mut game = feed(1, state, Participation::Fielded, u32::from(at.is_some()));
        game.plays.iter_mut().for_each(|play| play.at = at);
        (game.official, game.last_play) = (Some(yesterday), at.or(Some(last_night)));
        game
    };
    let charged = |over| Reason::Charged { over, unread: vec![] };
    use GameState::{On, Over, Suspended};
    for (what, now, entries, game, verdict, reason) in [
        (
            "to come",
            NOON,
            vec![entry(Suspended)],
            played(Suspended, Some(last_night)),
            Verdict::NotYet,
            Reason::Waiting(0),
        ),
        ("on", tonight, vec![entry(On)], played(On, Some(last_night)), Verdict::NotYet, Reason::Playing(0)),
        (
            "an error tonight",
            tonight,
            vec![entry(On)],
            played(On, Some(tonight)),
            Verdict::Yes(1),
            charged(false),
        ),
        (
            "over",
            tonight,
            vec![entry(Over)],
            played(Over, Some(last_night)),
            Verdict::No,
            Reason::Clean { played: true },
        ),
        (
            "over with an error",
            tonight,
            vec![entry(Over)],
            played(Over, Some(tonight)),
            Verdict::Yes(1),
            charged(true),
        ),
        (
            "on before today's game",
            tonight,
            vec![own(), entry(On)],
            played(On, None),
            Verdict::NotYet,
            Reason::Playing(0),
        ),
        (
            "over before today's game",
            tonight,
            vec![own(), entry(Over)],
            played(Over, None),
            Verdict::NotYet,
            Reason::Waiting(1),
        ),
        (
            "told by the entry of the day it began only",
            tonight,
            vec![ScheduleEntry { resumes_on: Some(TODAY), resumes_at: Some(resumes), ..begun(On) }],
            played(On, Some(tonight)),
            Verdict::Yes(1),
            charged(false),
        ),
    ] {
        let listings = [vec![begun(entries[0].status.state)], entries].concat();
        let answer = answer(now, listings, [game]);
        assert_eq!((answer.verdict, &answer.reason, answer.day), (verdict, &reason, TODAY), "{what}");
        assert_eq!(answer.plays.len() as u32, verdict.errors(), "{what}");
    }
}

#[test]
fn the_books_have_a_resumed_games_error_under_the_day_it_began() {
    let yesterday = date!(2024 - 07 - 01);
    let entry = ScheduleEntry { official: yesterday, start: Some(NOON), ..listing(1, GameState::Over) };
    let mut game = feed(1, GameState::Over, Participation::Fielded, 1);
    game.plays[0].at = Some(NOON + Duration::HOUR);
    let mut facts = facts(FIRST_PITCH, [entry], [game]);
    facts.season.value = Some(Season { year: 2024, games: vec![], is_complete: true });
    let answer = decide(&facts, FIRST_PITCH);
    assert_eq!(answer.verdict, Verdict::Yes(1));
    let season = answer.season.unwrap();
    assert_eq!((season.errors, season.games[0].date), (1, yesterday));
    assert_eq!(answer.error_days.last().unwrap().date, TODAY);
}

#[test]
fn a_game_is_called_off_by_its_feed_or_by_the_schedule_whichever_tells_first() {
    let off = |state| GameFeed {
        status: GameStatus { state, words: "Postponed: Rain".into() },
        ..feed(1, state, Participation::Bench, 0)
    };
    let postponed = |state, words: &str| {
        Reason::Postponed(Box::new(ScheduleEntry {
            status: GameStatus { state, words: words.into() },
            ..listing(1, state)
        }))
    };
    let told = |listing, feed| {
        let answer = answer(FIRST_PITCH, [listing], [feed]);
        assert_eq!(answer.verdict, Verdict::NoGame);
        answer.reason
    };
    for state in [GameState::Ahead, GameState::On, GameState::Over, GameState::Unknown] {
        let reason = told(listing(1, state), off(GameState::Postponed));
        assert_eq!(reason, postponed(GameState::Postponed, "Postponed: Rain"), "{state:?}");
        assert!(
            matches!(told(listing(1, state), off(GameState::Cancelled)), Reason::Cancelled(_)),
            "{state:?}"
        );
        let reason = told(listing(1, GameState::Postponed), feed(1, state, Participation::Bench, 0));
        assert_eq!(reason, postponed(GameState::Postponed, "Postponed"), "{state:?}");
    }
    // A feed of the day on which the game was called off does not count on the day it is made up.
    let mut facts = facts(FIRST_PITCH, [listing(1, GameState::Ahead)], [off(GameState::Postponed)]);
    facts.feeds.get_mut(&1).unwrap().asked_at = Some(FIRST_PITCH - Duration::hours(20));
    assert_eq!(decide(&facts, FIRST_PITCH - Duration::MINUTE).verdict, Verdict::NotYet);
    // One half of a doubleheader is called off, the other is not.
    let second = ScheduleEntry { number: 2, ..listing(2, GameState::Over) };
    let over = feed(2, GameState::Over, Participation::Fielded, 1);
    let answer =
        answer(FIRST_PITCH, [listing(1, GameState::Ahead), second], [off(GameState::Postponed), over]);
    assert_eq!((answer.verdict, answer.games.len()), (Verdict::Yes(1), 1));
}

#[test]
fn a_feed_that_does_not_follow_the_game_is_no_word_about_it() {
    let at = |listed, after| {
        let now = FIRST_PITCH + after;
        answer(now, [listing(1, listed)], [feed(1, GameState::Ahead, Participation::Lineup, 0)]).reason
    };
    assert_eq!(at(GameState::On, Duration::minutes(5)), Reason::Playing(0));
    assert_eq!(at(GameState::On, Duration::minutes(16)), Reason::BoxUnread(vec![0]));
    assert_eq!(at(GameState::Over, Duration::hours(3)), Reason::BoxUnread(vec![0]));
}

#[test]
fn a_first_pitch_that_is_late_was_to_be() {
    let at = |now| {
        answer(now, [listing(1, GameState::Ahead)], [feed(1, GameState::Ahead, Participation::Lineup, 0)])
            .reason
    };
    assert_eq!(at(FIRST_PITCH), Reason::Waiting(0));
    assert_eq!(at(FIRST_PITCH + Duration::MINUTE), Reason::Overdue(0));
}

#[test]
fn a_game_without_a_start_is_looked_for_every_minute_from_when_it_can_begin() {
    let unset = |pk| ScheduleEntry { start: None, number: 2, ..listing(pk, GameState::Ahead) };
    let pace = |now, listings: Vec<ScheduleEntry>, boxes: Vec<GameFeed>| answer(now, listings, boxes).pace;
    let nine = datetime!(2024-07-02 16:00 UTC);
    assert_eq!(pace(nine, vec![unset(1)], vec![]), Pace::Idle);
    assert_eq!(pace(nine + Duration::HOUR, vec![unset(1)], vec![]), Pace::Soon);
    assert_eq!(pace(FIRST_PITCH + Duration::hours(3), vec![unset(1)], vec![]), Pace::Soon);
    let first = |state| ScheduleEntry { start: Some(NOON + Duration::hours(2)), ..listing(1, state) };
    assert_eq!(pace(NOON, vec![first(GameState::Ahead), unset(2)], vec![]), Pace::Idle);
    let over = || feed(1, GameState::Over, Participation::Fielded, 0);
    assert_eq!(
        pace(FIRST_PITCH + Duration::hours(4), vec![first(GameState::Over), unset(2)], vec![over()]),
        Pace::Soon
    );
    let untimed = GameFeed { last_play: None, ..over() };
    assert_eq!(pace(FIRST_PITCH, vec![first(GameState::Over), unset(2)], vec![untimed]), Pace::Soon);
}

#[test]
fn a_suspended_game_is_looked_for_unless_it_goes_on_another_day() {
    let pace = |resumes_on| {
        let listed = ScheduleEntry { resumes_on, ..listing(1, GameState::Suspended) };
        answer(
            FIRST_PITCH + Duration::hours(3),
            [listed],
            [feed(1, GameState::Suspended, Participation::Fielded, 0)],
        )
        .pace
    };
    assert_eq!(pace(None), Pace::Soon);
    assert_eq!(pace(Some(TODAY)), Pace::Soon);
    assert_eq!(pace(TODAY.next_day()), Pace::Idle);
}

#[test]
fn stale_data_is_said_to_be_stale_and_about_another_day_is_not_shown() {
    let mut live =
        facts(FIRST_PITCH, [listing(1, GameState::On)], [feed(1, GameState::On, Participation::Fielded, 0)]);
    live.schedule.fail(Outage::TooSlow);
    let at = |after: Duration| decide(&live, FIRST_PITCH + after);
    assert!(!at(Duration::seconds(60)).stale);
    let stale = at(Duration::seconds(61));
    assert_eq!((stale.verdict, stale.stale), (Verdict::NotYet, true));
    let next_noon = at(Duration::hours(17));
    assert_eq!(next_noon.verdict, Verdict::Unknown);
    assert_eq!(next_noon.reason, Reason::NeverHeard(Outage::TooSlow));
    assert_eq!(next_noon.day, date!(2024 - 07 - 03));
}

#[test]
fn a_fresh_schedule_from_before_midnight_still_answers_after_it() {
    let now = datetime!(2024-07-03 07:05 UTC);
    let asked_at = now - Duration::minutes(10);
    let answer = decide(&facts(asked_at, [], []), now);
    assert_eq!((answer.verdict, answer.day), (Verdict::NoGame, date!(2024 - 07 - 03)));
}

#[test]
fn a_game_that_must_have_begun_since_mlb_was_heard_is_unknown() {
    let morning = facts(NOON, [listing(1, GameState::Ahead)], []);
    let at = |now| decide(&morning, now);
    assert_eq!(at(NOON + Duration::hours(2)).verdict, Verdict::NotYet);
    let answer = at(FIRST_PITCH + Duration::HOUR);
    assert_eq!((answer.verdict, answer.reason), (Verdict::Unknown, Reason::BoxUnread(vec![0])));
}

#[test]
fn the_last_hour_before_a_game_does_not_begin_stale() {
    let asked_at = FIRST_PITCH - Duration::minutes(70);
    let quiet = facts(asked_at, [listing(1, GameState::Ahead)], []);
    let at = |now| decide(&quiet, now);
    assert_eq!(at(FIRST_PITCH - Duration::minutes(61)).pace, Pace::Idle);
    let soon = at(FIRST_PITCH - Duration::minutes(60));
    assert_eq!((soon.pace, soon.stale), (Pace::Soon, false));
    assert!(at(FIRST_PITCH - Duration::minutes(54)).stale);
}

#[test]
fn scorers_are_watched_for_an_hour_after_the_last_play() {
    let over = |now| {
        answer(now, [listing(1, GameState::Over)], [feed(1, GameState::Over, Participation::Fielded, 0)]).pace
    };
    let last_play = FIRST_PITCH + Duration::hours(2);
    assert_eq!(over(last_play + Duration::minutes(59)), Pace::Settling);
    assert_eq!(over(last_play + Duration::minutes(60)), Pace::Idle);
}

#[test]
fn an_error_that_is_taken_back_is_remembered() {
    let with = |errors, now| {
        answer(now, [listing(1, GameState::On)], [feed(1, GameState::On, Participation::Fielded, errors)])
    };
    let (first, later) = (FIRST_PITCH, FIRST_PITCH + Duration::minutes(20));
    let mut charged = with(1, first);
    let memory = charged.follow(None, first);
    assert_eq!((charged.changed_at, charged.taken_back), (Some(first), 0));

    let mut cleared = with(0, later);
    let memory = cleared.follow(memory.as_ref(), later);
    assert_eq!((cleared.verdict, cleared.taken_back, cleared.changed_at), (Verdict::NotYet, 1, Some(later)));

    let mut unchanged = with(0, later + Duration::MINUTE);
    let memory = unchanged.follow(memory.as_ref(), later + Duration::MINUTE);
    assert_eq!((unchanged.taken_back, unchanged.changed_at), (1, Some(later)));

    let mut next_day = answer(datetime!(2024-07-03 19:00 UTC), [], []);
    next_day.follow(memory.as_ref(), datetime!(2024-07-03 19:00 UTC));
    assert_eq!(next_day.taken_back, 0, "a new day begins clean");
}

#[test]
fn not_knowing_is_no_conclusion() {
    let mut known =
        answer(FIRST_PITCH, [listing(1, GameState::On)], [feed(1, GameState::On, Participation::Fielded, 1)]);
    let memory = known.follow(None, FIRST_PITCH);
    let mut unknown = answer(FIRST_PITCH, [listing(1, GameState::On)], []);
    assert_eq!(unknown.follow(memory.as_ref(), FIRST_PITCH + Duration::MINUTE), memory);
    assert_eq!(unknown.taken_back, 0);

    let mut unheard = decide(&Facts::unread(known.player), FIRST_PITCH);
    assert_eq!(unheard.follow(None, FIRST_PITCH), None);
    assert_eq!((unheard.changed_at, unheard.asked_at, unheard.stale), (None, None, false));
}

#[test]
fn every_game_of_the_year_is_listed_once_with_what_he_did_in_it() {
    let on = |pk, date, state| ScheduleEntry { listed: date, official: date, ..listing(pk, state) };
    let moved =
        ScheduleEntry { listed: date!(2024 - 06 - 02), ..on(3, date!(2024 - 06 - 10), GameState::Postponed) };
    let logged = |pk, date, errors| SeasonGame {
        pk,
        date,
        number: 1,
        opponent: None,
        at_home: true,
        errors,
        club: None,
        positions: vec![],
    };
    let mut facts =
        facts(FIRST_PITCH, [listing(9, GameState::On)], [feed(9, GameState::On, Participation::Fielded, 1)]);
    facts.calendar.value = vec![
        ScheduleEntry { kind: GameKind::Spring, ..on(1, date!(2024 - 03 - 01), GameState::Over) },
        on(2, date!(2024 - 06 - 01), GameState::Over),
        moved.clone(),
        on(3, date!(2024 - 06 - 10), GameState::Over),
        on(4, date!(2024 - 06 - 11), GameState::Over),
        on(5, date!(2024 - 06 - 12), GameState::Cancelled),
        on(6, date!(2024 - 07 - 01), GameState::Over),
        listing(9, GameState::Ahead),
        on(10, date!(2024 - 07 - 03), GameState::Ahead),
    ];
    facts.season.value = Some(Season {
        year: 2024,
        games: vec![logged(2, date!(2024 - 06 - 01), 2), logged(3, date!(2024 - 06 - 10), 0)],
        is_complete: true,
    });
    let answer = decide(&facts, FIRST_PITCH);
    let fixtures: Vec<_> =
        answer.fixtures.iter().map(|fixture| (fixture.listing.pk, fixture.outcome)).collect();
    let expected = [
        (1, None),
        (2, Some(GameOutcome::Charged(2))),
        (3, Some(GameOutcome::Clean)),
        (4, Some(GameOutcome::Absent)),
        (5, None),
        // The log may not have last night's game yet.
        (6, None),
        (9, Some(GameOutcome::Charged(1))),
        (10, None),
    ];
    assert_eq!(fixtures, expected);
    assert_eq!(calendar::progress(&facts, TODAY), (4, 6), "spring and the cancelled one do not count");
    assert_eq!(calendar::progress(&facts, date!(2024 - 06 - 10)).0, 2, "later days are no news yet");
}

#[test]
fn an_error_day_stands_since_it_was_first_seen_so() {
    let charged = |errors, now| {
        let mut facts =
            facts(now, [listing(1, GameState::On)], [feed(1, GameState::On, Participation::Fielded, errors)]);
        let date = date!(2024 - 06 - 01);
        let game = SeasonGame {
            pk: 7,
            date,
            number: 1,
            opponent: None,
            at_home: true,
            errors: 1,
            club: None,
            positions: vec![],
        };
        facts.season.value = Some(Season { year: 2024, games: vec![game], is_complete: true });
        decide(&facts, now)
    };
    let since = |answer: &Answer| answer.error_days.iter().map(|day| day.since).collect::<Vec<_>>();
    // The end of June 1 in San Diego: it was not watched.
    let june = datetime!(2024-06-02 07:00 UTC);
    let mut first = charged(1, FIRST_PITCH);
    let memory = first.follow(None, FIRST_PITCH);
    assert_eq!(since(&first), [june, FIRST_PITCH]);

    let later = FIRST_PITCH + Duration::HOUR;
    let mut same = charged(1, later);
    let memory = same.follow(memory.as_ref(), later);
    assert_eq!(since(&same), [june, FIRST_PITCH]);

    let mut more = charged(2, later);
    more.follow(memory.as_ref(), later);
    assert_eq!((since(&more), more.error_days[1].errors()), (vec![june, later], 2));

    let mut unread = decide(&crate::answer::tests::facts(later, [], []), later);
    let lagging = unread.follow(memory.as_ref(), later);
    let mut again = charged(1, later);
    again.follow(lagging.as_ref(), later);
    assert_eq!(
        (since(&unread), since(&again)),
        (vec![], vec![june, later]),
        "today's was taken back between"
    );

    let mut cleared = charged(0, later);
    cleared.follow(memory.as_ref(), later);
    assert_eq!(since(&cleared), [june]);
}

#[test]
fn data_from_the_future_is_stale_and_of_another_day_it_is_no_answer() {
    let decided = |asked_at| {
        let mut facts = facts(asked_at, [], []);
        facts.schedule.fail(Outage::Unreachable);
        decide(&facts, FIRST_PITCH)
    };
    let same_clock = decided(FIRST_PITCH + Duration::seconds(30));
    assert_eq!((same_clock.verdict, same_clock.stale), (Verdict::NoGame, false));
    let set_back = decided(FIRST_PITCH + Duration::HOUR);
    assert_eq!((set_back.verdict, set_back.stale), (Verdict::NoGame, true));
    let tomorrow = decided(FIRST_PITCH + Duration::DAY);
    assert_eq!(
        (tomorrow.verdict, tomorrow.reason),
        (Verdict::Unknown, Reason::NeverHeard(Outage::Unreachable))
    );
}
