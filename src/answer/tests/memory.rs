//! Errors that are taken back, and since when an error has stood.

use super::*;

#[test]
fn only_a_games_own_data_takes_its_error_back() {
    let second = || ScheduleEntry { number: 2, ..listing(2, GameState::On) };
    let on = |pk, errors| fielded(pk, GameState::On, errors);
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
fn a_box_score_that_is_lost_takes_no_error_back() {
    let known = fielded(1, GameState::On, 1);
    let mut lost =
        GameFeed { errors: ErrorCount::AtLeast(0), ..feed(1, GameState::Over, Participation::Absent, 0) };
    lost.keep_from(&known);
    assert_eq!((lost.errors, lost.presence), (ErrorCount::AtLeast(1), Participation::Fielded));
    assert_eq!((lost.plays.len(), lost.status.state), (1, GameState::Over));
    let mut cleared = fielded(1, GameState::Over, 0);
    cleared.keep_from(&lost);
    assert_eq!((cleared.errors, cleared.plays.len()), (ErrorCount::Read(0), 0));
}

#[test]
fn an_error_that_is_taken_back_is_remembered() {
    let with = |errors, now| answer(now, [listing(1, GameState::On)], [fielded(1, GameState::On, errors)]);
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
    let mut known = answer(FIRST_PITCH, [listing(1, GameState::On)], [fielded(1, GameState::On, 1)]);
    let memory = known.follow(None, FIRST_PITCH);
    let mut unknown = answer(FIRST_PITCH, [listing(1, GameState::On)], []);
    assert_eq!(unknown.follow(memory.as_ref(), FIRST_PITCH + Duration::MINUTE), memory);
    assert_eq!(unknown.taken_back, 0);

    let mut unheard = decide(&Facts::unread(known.player), FIRST_PITCH);
    assert_eq!(unheard.follow(None, FIRST_PITCH), None);
    assert_eq!((unheard.changed_at, unheard.asked_at, unheard.stale), (None, None, false));
}

#[test]
fn an_error_day_stands_since_it_was_first_seen_so() {
    let charged = |errors, now| {
        let mut facts = facts(now, [listing(1, GameState::On)], [fielded(1, GameState::On, errors)]);
        let game = logged(7, date!(2024 - 06 - 01), 1);
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
