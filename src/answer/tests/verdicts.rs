//! The verdict and its reason, by the state of the games and the player's part in them.

use super::*;

#[test]
fn one_game_from_morning_to_midnight() {
    use GameState::{Ahead, On, Over, Suspended, Unknown};
    use Participation::{Absent, Bench, Fielded, Lineup};
    use Verdict::{No, NotYet, Yes};
    let late = FIRST_PITCH + Duration::hours(2);
    let unread = || Reason::BoxUnread(vec![0]);
    let charged = |over| Reason::Charged { over, unread: vec![] };
    for (what, now, state, box_, verdict, reason) in [
        ("morning", NOON, Ahead, None, NotYet, Reason::Waiting(0)),
        ("line-up posted", FIRST_PITCH, Ahead, Some((Ahead, Lineup, 0)), NotYet, Reason::Waiting(0)),
        ("first pitch", late, On, Some((On, Lineup, 0)), NotYet, Reason::Playing(0)),
        ("clean so far", late, On, Some((On, Fielded, 0)), NotYet, Reason::Playing(0)),
        ("error", late, On, Some((On, Fielded, 1)), Yes(1), charged(false)),
        ("schedule ahead of the feed", late, Over, Some((On, Fielded, 0)), NotYet, Reason::Playing(0)),
        ("feed ahead of it", late, On, Some((Over, Fielded, 0)), No, Reason::Clean { played: true }),
        ("final", late, Over, Some((Over, Fielded, 2)), Yes(2), charged(true)),
        ("he sat", late, Over, Some((Over, Bench, 0)), No, Reason::Clean { played: false }),
        ("absent", late, Over, Some((Over, Absent, 0)), No, Reason::Clean { played: false }),
        ("begun, no box", late, On, None, Verdict::Unknown, unread()),
        ("over, no box", late, Over, None, Verdict::Unknown, unread()),
        ("suspended", late, Suspended, Some((Suspended, Fielded, 0)), NotYet, Reason::Suspended(0)),
        ("suspended, an error", late, Suspended, Some((Suspended, Fielded, 1)), Yes(1), charged(false)),
        ("a code nobody knows", late, Unknown, Some((Unknown, Fielded, 0)), NotYet, Reason::Playing(0)),
        ("a code nobody knows, no box", late, Unknown, None, Verdict::Unknown, unread()),
    ] {
        let feed = box_.map(|(state, presence, errors)| feed(1, state, presence, errors));
        let answer = answer(now, [listing(1, state)], feed);
        assert_eq!((answer.verdict, answer.reason, answer.stale), (verdict, reason, false), "{what}");
        assert_eq!(answer.day, TODAY, "{what}");
    }
}

#[test]
fn a_day_without_a_game_says_why() {
    let tomorrow = listed_on(date!(2024 - 07 - 03), 2, GameState::Ahead);
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
        let answer = answer(NOON, listings, [fielded(1, GameState::On, 1)]);
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
    let answer =
        answer(FIRST_PITCH + Duration::hours(4), [old_entry, made_up], [fielded(1, GameState::Over, 0)]);
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
        let over = |pk, errors| fielded(pk, GameState::Over, errors);
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
        [fielded(1, GameState::Over, 0)],
    );
    assert_eq!((answer.verdict, answer.reason), (Verdict::NotYet, Reason::Waiting(1)));
    assert_eq!(answer.pace, Pace::Soon);
}

#[test]
fn the_day_turns_at_four_in_the_morning_after_a_game_but_not_during_one() {
    let after_midnight = datetime!(2024-07-03 07:30 UTC);
    let tomorrow = listed_on(date!(2024 - 07 - 03), 2, GameState::Ahead);
    let day = |state, now| {
        let listings = [listing(1, state), tomorrow.clone()];
        answer(now, listings, [fielded(1, state, 1)]).day
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
fn the_next_turn_is_when_another_day_follows() {
    let tomorrow = listed_on(date!(2024 - 07 - 03), 2, GameState::Ahead);
    let evening = datetime!(2024-07-03 05:30 UTC);
    let (midnight, four) = (datetime!(2024-07-03 07:00 UTC), datetime!(2024-07-03 11:00 UTC));
    let turn = |now, listings: &[ScheduleEntry], feeds: &[GameFeed]| {
        let facts = facts(now, listings.to_vec(), feeds.to_vec());
        let turn = next_turn(&facts, now);
        assert_ne!(today(&facts, turn - Duration::SECOND), today(&facts, turn), "{now}");
        turn
    };
    assert_eq!(turn(evening, std::slice::from_ref(&tomorrow), &[]), midnight, "no game");
    let played = [listing(1, GameState::Over), tomorrow];
    let over = [fielded(1, GameState::Over, 0)];
    assert_eq!(turn(midnight, &played, &over), four);
    assert_eq!(turn(four, &played, &over), midnight + Duration::DAY);
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
    let mut game = fielded(1, GameState::Over, 2);
    game.plays.truncate(1);
    let answer = answer(FIRST_PITCH, [listing(1, GameState::Over)], [game]);
    assert_eq!((answer.verdict, answer.plays_complete), (Verdict::Yes(2), false));
}

#[test]
fn a_game_that_cannot_be_read_hides_no_error_and_is_named() {
    let second =
        || ScheduleEntry { number: 2, double_header: DoubleHeader::Split, ..listing(2, GameState::Over) };
    let first = || ScheduleEntry { double_header: DoubleHeader::Split, ..listing(1, GameState::Over) };
    let over = |pk, errors| fielded(pk, GameState::Over, errors);
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
    let mut facts = facts(FIRST_PITCH, [listing(1, GameState::Over)], [fielded(1, GameState::On, 0)]);
    assert_eq!(decide(&facts, FIRST_PITCH).reason, Reason::Playing(0), "the feed is about to follow");
    facts.feeds.get_mut(&1).unwrap().fail(Outage::Refused);
    assert_eq!(decide(&facts, FIRST_PITCH).reason, Reason::BoxUnread(vec![0]));
    facts.feeds.get_mut(&1).unwrap().value = Some(fielded(1, GameState::On, 1));
    let answer = decide(&facts, FIRST_PITCH);
    assert_eq!(answer.verdict, Verdict::Yes(1), "an error that was read stands");
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
    use Verdict::{No, NotYet, Yes};
    let night = Some(last_night);
    let told = || ScheduleEntry { resumes_on: Some(TODAY), resumes_at: Some(resumes), ..begun(On) };
    for (what, now, entries, game, verdict, reason) in [
        ("to come", NOON, vec![entry(Suspended)], played(Suspended, night), NotYet, Reason::Waiting(0)),
        ("on", tonight, vec![entry(On)], played(On, night), NotYet, Reason::Playing(0)),
        ("an error tonight", tonight, vec![entry(On)], played(On, Some(tonight)), Yes(1), charged(false)),
        ("over", tonight, vec![entry(Over)], played(Over, night), No, Reason::Clean { played: true }),
        ("over, an error", tonight, vec![entry(Over)], played(Over, Some(tonight)), Yes(1), charged(true)),
        ("on first", tonight, vec![own(), entry(On)], played(On, None), NotYet, Reason::Playing(0)),
        ("over first", tonight, vec![own(), entry(Over)], played(Over, None), NotYet, Reason::Waiting(1)),
        (
            "only its first entry tells",
            tonight,
            vec![told()],
            played(On, Some(tonight)),
            Yes(1),
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
    let over = fielded(2, GameState::Over, 1);
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
