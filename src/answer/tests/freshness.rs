//! When to ask again, and how long an answer can be trusted.

use super::*;

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
    let over = || fielded(1, GameState::Over, 0);
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
        answer(FIRST_PITCH + Duration::hours(3), [listed], [fielded(1, GameState::Suspended, 0)]).pace
    };
    assert_eq!(pace(None), Pace::Soon);
    assert_eq!(pace(Some(TODAY)), Pace::Soon);
    assert_eq!(pace(TODAY.next_day()), Pace::Idle);
}

#[test]
fn stale_data_is_said_to_be_stale_and_about_another_day_is_not_shown() {
    let mut live = facts(FIRST_PITCH, [listing(1, GameState::On)], [fielded(1, GameState::On, 0)]);
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
    let over = |now| answer(now, [listing(1, GameState::Over)], [fielded(1, GameState::Over, 0)]).pace;
    let last_play = FIRST_PITCH + Duration::hours(2);
    assert_eq!(over(last_play + Duration::minutes(59)), Pace::Settling);
    assert_eq!(over(last_play + Duration::minutes(60)), Pace::Idle);
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
