//! The day that the answer is about, the clubs whose games count for it, and the off season.

use super::*;

/// A game of the evening of `TODAY`, and the answer's day in the night after it.
fn day_at(
    now: OffsetDateTime,
    state: GameState,
    last_play: OffsetDateTime,
    others: Vec<ScheduleEntry>,
) -> Date {
    let evening = GameFeed { last_play: Some(last_play), ..fielded(1, state, 1) };
    let listings = others.into_iter().chain([listing(1, state)]);
    decide(&facts(now, listings, [evening]), now).day
}

#[test]
fn the_last_game_keeps_its_day_for_four_hours_and_until_four() {
    let tomorrow = TODAY.next_day().unwrap();
    // San Diego is seven hours behind UTC.
    for (what, ended, now, day) in [
        ("in the afternoon", datetime!(2024-07-02 23:00 UTC), datetime!(2024-07-03 10:59 UTC), TODAY),
        ("in the afternoon", datetime!(2024-07-02 23:00 UTC), datetime!(2024-07-03 11:00 UTC), tomorrow),
        ("23:59, until four", datetime!(2024-07-03 06:59 UTC), datetime!(2024-07-03 10:59 UTC), TODAY),
        ("23:59, after four", datetime!(2024-07-03 06:59 UTC), datetime!(2024-07-03 11:00 UTC), tomorrow),
        ("at midnight", datetime!(2024-07-03 07:00 UTC), datetime!(2024-07-03 07:30 UTC), TODAY),
        ("00:20, until 04:20", datetime!(2024-07-03 07:20 UTC), datetime!(2024-07-03 11:19 UTC), TODAY),
        ("00:20, after 04:20", datetime!(2024-07-03 07:20 UTC), datetime!(2024-07-03 11:20 UTC), tomorrow),
        ("02:30, until 06:30", datetime!(2024-07-03 09:30 UTC), datetime!(2024-07-03 13:29 UTC), TODAY),
        ("02:30, after 06:30", datetime!(2024-07-03 09:30 UTC), datetime!(2024-07-03 13:30 UTC), tomorrow),
    ] {
        assert_eq!(day_at(now, GameState::Over, ended, vec![]), day, "{what}");
        assert_eq!(day_at(now, GameState::Suspended, ended, vec![]), day, "{what}, suspended");
    }
}

#[test]
fn no_fixed_hour_ends_the_day_of_a_game_that_goes_on() {
    let at = |now: OffsetDateTime| day_at(now, GameState::On, now - Duration::minutes(5), vec![]);
    for now in [datetime!(2024-07-03 07:30 UTC), datetime!(2024-07-03 17:30 UTC)] {
        assert_eq!(at(now), TODAY, "{now}");
    }
}

#[test]
fn a_new_game_and_a_resumed_one_end_the_day_before() {
    let (tomorrow, ended) = (TODAY.next_day().unwrap(), datetime!(2024-07-03 11:00 UTC));
    let morning = datetime!(2024-07-03 14:00 UTC);
    let new = |state| {
        vec![ScheduleEntry {
            listed: tomorrow,
            official: tomorrow,
            start: Some(morning),
            ..listing(2, state)
        }]
    };
    assert_eq!(day_at(morning, GameState::Over, ended, new(GameState::Ahead)), TODAY);
    assert_eq!(day_at(morning, GameState::Over, ended, new(GameState::On)), tomorrow);
    let resumed = vec![ScheduleEntry { listed: tomorrow, ..listing(1, GameState::On) }];
    assert_eq!(day_at(morning, GameState::On, morning, resumed), tomorrow);
}

#[test]
fn the_day_is_kept_by_the_clock_of_the_night_on_which_it_changes() {
    let new_york = || Part::read(Zone::named("America/New_York").unwrap(), FIRST_PITCH);
    for (what, official, ended, turns) in [
        // 00:30 EST; the clocks skip from 02:00 to 03:00, and 04:30 EST is 05:30 EDT.
        ("spring", date!(2026 - 03 - 07), datetime!(2026-03-08 05:30 UTC), datetime!(2026-03-08 09:30 UTC)),
        // 23:59 EST; four hours later it is 04:59 EDT.
        (
            "spring, before midnight",
            date!(2026 - 03 - 07),
            datetime!(2026-03-08 04:59 UTC),
            datetime!(2026-03-08 08:59 UTC),
        ),
        // 00:10 EDT; four hours later it is 03:10 EST, and 04:00 EST comes 50 minutes after that.
        ("autumn", date!(2026 - 10 - 31), datetime!(2026-11-01 04:10 UTC), datetime!(2026-11-01 09:00 UTC)),
        ("leap day", date!(2028 - 02 - 28), datetime!(2028-02-29 05:10 UTC), datetime!(2028-02-29 09:10 UTC)),
        ("new year", date!(2026 - 12 - 31), datetime!(2027-01-01 05:10 UTC), datetime!(2027-01-01 09:10 UTC)),
    ] {
        let game = ScheduleEntry { official, listed: official, ..listing(1, GameState::Over) };
        let feed = GameFeed { last_play: Some(ended), ..fielded(1, GameState::Over, 0) };
        let mut facts = facts(ended, [game], [feed]);
        facts.zone = new_york();
        let day = |now| decide(&facts, now).day;
        assert_eq!(day(turns - Duration::SECOND), official, "{what}");
        assert_eq!(Some(day(turns)), official.next_day(), "{what}");
    }
}

#[test]
fn a_late_start_keeps_its_day_before_the_first_pitch() {
    // A game on the West Coast of a club in the East, at 00:40 by that club's clock.
    let night = datetime!(2024-07-03 07:10 UTC);
    let late = |start| ScheduleEntry { start: Some(start), ..listing(1, GameState::Ahead) };
    let day = |now, start| decide(&facts(now, [late(start)], []), now).day;
    assert_eq!(day(night, night + Duration::minutes(30)), TODAY);
    assert_eq!(day(night, night - Duration::hours(3)), TODAY, "delayed");
    assert_eq!(day(datetime!(2024-07-03 19:00 UTC), FIRST_PITCH), date!(2024 - 07 - 03), "never begun");
}

#[test]
fn a_game_on_the_other_side_of_the_date_line_is_todays_once_it_is_on() {
    // Noon in Tokyo is 20:00 of the day before in San Diego.
    let tomorrow = TODAY.next_day().unwrap();
    let start = datetime!(2024-07-03 03:00 UTC);
    let at = |now: OffsetDateTime, state, errors| {
        let game =
            ScheduleEntry { official: tomorrow, listed: tomorrow, start: Some(start), ..listing(1, state) };
        let answer = answer(now, [game], [fielded(1, state, errors)]);
        (answer.day, answer.verdict, answer.pace)
    };
    let on = start + Duration::HOUR;
    assert_eq!(at(start - Duration::minutes(30), GameState::Ahead, 0), (TODAY, Verdict::NoGame, Pace::Soon));
    assert_eq!(at(on, GameState::On, 1), (TODAY, Verdict::Yes(1), Pace::Live));
    assert_eq!((at(on, GameState::Over, 1).0, at(on, GameState::Over, 1).1), (TODAY, Verdict::Yes(1)));
    let undated =
        ScheduleEntry { official: tomorrow, listed: tomorrow, start: None, ..listing(1, GameState::On) };
    let undated = answer(on, [undated], [fielded(1, GameState::On, 1)]);
    assert_eq!((undated.day, undated.verdict), (TODAY, Verdict::Yes(1)));
}

#[test]
fn on_the_day_of_a_trade_the_games_of_both_clubs_count() {
    let of = |pk, home| {
        let side = |id| Side { club: club(id, "Club"), runs: None };
        ScheduleEntry { home: side(home), away: side(1), ..listing(pk, GameState::Over) }
    };
    let (padres, yankees, others) = (of(1, 135), of(2, 147), of(3, 999));
    let box_ = |pk, presence, errors| feed(pk, GameState::Over, presence, errors);
    let boxes = [
        box_(1, Participation::Fielded, 1),
        box_(2, Participation::Absent, 0),
        box_(3, Participation::Absent, 0),
    ];
    let mut facts = facts(FIRST_PITCH, [padres, yankees, others], boxes);
    facts.schedule.value.clubs = vec![135, 147];
    let player = &mut facts.player.value;
    player.club = Some(club(147, "New York Yankees"));
    player.stints = vec![ClubStint { club: 135, from: None, until: Some(TODAY) }];
    let answer = decide(&facts, FIRST_PITCH);
    assert_eq!((answer.verdict, answer.games.len()), (Verdict::Yes(1), 2));

    facts.player.value.club = None;
    assert_eq!(decide(&facts, FIRST_PITCH).verdict, Verdict::Yes(1), "released after the game");
    facts.schedule.value.clubs = vec![147];
    facts.schedule.value.listings.remove(0);
    assert_eq!(decide(&facts, FIRST_PITCH).verdict, Verdict::Unknown, "no schedule of his former club");
}

#[test]
fn an_entry_of_today_that_cannot_be_read_is_no_reason_for_no() {
    let entry = |listed: Option<Date>, clubs: &[u32]| UnreadEntry {
        pk: Some(9),
        listed,
        clubs: clubs.to_vec(),
        ..UnreadEntry::default()
    };
    let at = |state: Option<GameState>, errors, entry| {
        let listings = state.map(|state| listing(1, state));
        let boxes = state.map(|state| fielded(1, state, errors));
        let mut facts = facts(FIRST_PITCH, listings, boxes);
        facts.schedule.value.unread = vec![entry];
        let answer = decide(&facts, FIRST_PITCH);
        (answer.verdict, answer.reason == Reason::EntryUnread)
    };
    let (today, later) = (Some(TODAY), Some(date!(2024 - 07 - 05)));
    assert_eq!(at(None, 0, entry(today, &[135])), (Verdict::Unknown, true));
    assert_eq!(at(None, 0, entry(None, &[])), (Verdict::Unknown, true), "it may be today's");
    assert_eq!(at(None, 0, entry(later, &[135])), (Verdict::NoGame, false));
    assert_eq!(at(None, 0, entry(today, &[1, 2])), (Verdict::NoGame, false), "two other clubs");
    assert_eq!(at(Some(GameState::Over), 0, entry(today, &[135])), (Verdict::Unknown, true));
    assert_eq!(at(Some(GameState::Over), 0, entry(None, &[135])), (Verdict::No, false));
    assert_eq!(at(Some(GameState::Over), 1, entry(today, &[135])), (Verdict::Yes(1), false));
    let same = UnreadEntry { pk: Some(1), ..entry(today, &[135]) };
    assert_eq!(at(Some(GameState::Over), 0, same), (Verdict::No, false), "the game is read elsewhere");
}

#[test]
fn the_off_season_lasts_from_a_week_after_the_last_game_to_the_first() {
    let on =
        |date, kind| ScheduleEntry { listed: date, official: date, kind, ..listing(1, GameState::Ahead) };
    let last = ScheduleEntry { pk: 2, ..on(date!(2025 - 09 - 28), GameKind::Regular) };
    let last = ScheduleEntry { status: GameStatus { state: GameState::Over, words: "Final".into() }, ..last };
    let spring = on(date!(2026 - 02 - 21), GameKind::Spring);
    let opener = ScheduleEntry { pk: 3, ..on(date!(2026 - 03 - 26), GameKind::Regular) };
    let (both, alone) = (vec![last.clone(), spring.clone()], vec![last]);
    let (next, no_next) = (Some(date!(2026 - 02 - 21)), None);
    for (what, calendar, now, expected) in [
        ("the week after", both.clone(), datetime!(2025-10-04 19:00 UTC), None),
        ("a week after", both.clone(), datetime!(2025-10-05 19:00 UTC), Some(next)),
        ("November", both, datetime!(2025-11-20 19:00 UTC), Some(next)),
        ("no schedule of next year", alone, datetime!(2025-11-20 19:00 UTC), Some(no_next)),
        ("new year's day", vec![spring.clone(), opener.clone()], datetime!(2026-01-01 08:00 UTC), Some(next)),
        ("January", vec![spring.clone(), opener.clone()], datetime!(2026-01-20 19:00 UTC), Some(next)),
        ("the day before", vec![spring, opener.clone()], datetime!(2026-02-20 19:00 UTC), Some(next)),
        ("days before a first game that counts", vec![opener], datetime!(2026-03-24 19:00 UTC), None),
        ("nothing known", vec![], datetime!(2026-01-20 19:00 UTC), None),
    ] {
        let mut facts = facts(now, [], []);
        facts.calendar = Part::read(calendar, now);
        let answer = decide(&facts, now);
        let next = match answer.reason {
            Reason::OffSeason { next } => Some(next.map(|next| next.official)),
            Reason::OffDay { .. } => None,
            other => panic!("{what}: {other:?}"),
        };
        assert_eq!((answer.verdict, next), (Verdict::NoGame, expected), "{what}");
    }
}

#[test]
fn the_season_shown_before_the_first_game_is_last_years() {
    let spring = ScheduleEntry {
        listed: date!(2026 - 02 - 21),
        official: date!(2026 - 02 - 21),
        kind: GameKind::Spring,
        ..listing(1, GameState::Ahead)
    };
    let mut facts = facts(FIRST_PITCH, [], []);
    assert_eq!(facts.season_year(date!(2026 - 01 - 01)), 2025, "no schedule yet");
    assert_eq!(facts.season_year(date!(2025 - 12 - 31)), 2025);
    facts.calendar.value = vec![spring];
    assert_eq!(facts.season_year(date!(2026 - 02 - 20)), 2025);
    assert_eq!(facts.season_year(date!(2026 - 02 - 21)), 2026);
}
