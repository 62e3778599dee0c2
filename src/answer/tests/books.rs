//! The games and errors of the year.

use super::*;

#[test]
fn the_books_have_a_resumed_games_error_under_the_day_it_began() {
    let yesterday = date!(2024 - 07 - 01);
    let entry = ScheduleEntry { official: yesterday, start: Some(NOON), ..listing(1, GameState::Over) };
    let mut game = fielded(1, GameState::Over, 1);
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
fn every_game_of_the_year_is_listed_once_with_what_he_did_in_it() {
    let on = |pk, date, state| listed_on(date, pk, state);
    let moved =
        ScheduleEntry { listed: date!(2024 - 06 - 02), ..on(3, date!(2024 - 06 - 10), GameState::Postponed) };
    let mut facts = facts(FIRST_PITCH, [listing(9, GameState::On)], [fielded(9, GameState::On, 1)]);
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
