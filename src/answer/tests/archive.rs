//! The days of the seasons that are kept.

use super::*;

const NOW: OffsetDateTime = datetime!(2024-07-03 04:00 UTC);

fn played(pk: u64, day: Date) -> ScheduleEntry {
    let start = Some(day.midnight().assume_utc() + Duration::hours(26));
    ScheduleEntry { listed: day, official: day, start, ..listing(pk, GameState::Over) }
}

fn logged(pk: u64, date: Date, club: u32, errors: u32) -> SeasonGame {
    SeasonGame { club: Some(club), ..super::logged(pk, date, errors) }
}

/// The answer of `TODAY`, with this season of 2023.
fn with_2023(
    games: Vec<ScheduleEntry>,
    log: Vec<SeasonGame>,
    feeds: Vec<GameFeed>,
    clubs: Vec<u32>,
) -> Answer {
    let mut facts = facts(NOW, [listing(1, GameState::Ahead)], []);
    facts.player.value.debut = Some(date!(2023 - 04 - 01));
    let log = Season { year: 2023, games: log, is_complete: true };
    let feeds = feeds.into_iter().map(|feed| (feed.pk, Part::read(Some(feed), NOW))).collect();
    facts.archive.insert(2023, ArchivedSeason { clubs, games, feeds, ..ArchivedSeason::of(log) }.into());
    decide(&facts, NOW)
}

fn errors_on(answer: &Answer, day: Date) -> Option<(Verdict, bool)> {
    match answer.on(day, NOW) {
        DayRecord::Known { answer, is_settled } => Some((answer.verdict, is_settled)),
        _ => None,
    }
}

#[test]
fn a_day_is_known_unread_or_outside() {
    let (first, second, last) = (date!(2023 - 08 - 09), date!(2023 - 08 - 10), date!(2023 - 08 - 12));
    let games = vec![played(11, first), played(12, last)];
    let feeds = vec![feed(11, GameState::Over, Participation::Fielded, 1)];
    let log = vec![logged(11, first, 135, 1)];
    let answer = with_2023(games, log, feeds, vec![135]);
    assert_eq!(errors_on(&answer, first), Some((Verdict::Yes(1), true)));
    assert_eq!(errors_on(&answer, second), Some((Verdict::NoGame, true)));
    assert_eq!(answer.on(last, NOW), DayRecord::Unread(vec![12]));
    assert_eq!(answer.on(TODAY, NOW), DayRecord::Today);
    for outside in
        [date!(2023 - 08 - 08), date!(2023 - 08 - 13), date!(2022 - 08 - 09), date!(2025 - 01 - 01)]
    {
        assert_eq!(answer.on(outside, NOW), DayRecord::Outside, "{outside}");
    }
    assert_eq!(answer.neighbours(first), (None, Some(second)));
    assert_eq!(
        answer.on(date!(2024 - 04 - 01), NOW),
        DayRecord::Unread(vec![]),
        "its season is not read yet"
    );
    let DayRecord::Known { answer: then, .. } = answer.on(first, NOW) else { panic!("{answer:?}") };
    assert_eq!(then.next_game.map(|next| next.pk), Some(12), "the next game as of that day");
    assert!(!then.stale && then.since_error.is_some_and(|since| since.days == 0));
}

#[test]
fn each_error_of_a_game_that_was_resumed_is_of_the_day_of_its_play() {
    let (begun, resumed) = (date!(2023 - 05 - 11), date!(2023 - 05 - 12));
    let first = played(11, begun);
    let second =
        ScheduleEntry { listed: resumed, start: Some(datetime!(2023-05-12 20:00 UTC)), ..first.clone() };
    let mut game = feed(11, GameState::Over, Participation::Fielded, 2);
    game.plays[0].at = Some(datetime!(2023-05-12 03:00 UTC));
    game.plays[1].at = Some(datetime!(2023-05-12 20:30 UTC));
    let answer = with_2023(vec![first, second], vec![logged(11, begun, 135, 2)], vec![game], vec![135]);
    for day in [begun, resumed] {
        assert_eq!(errors_on(&answer, day), Some((Verdict::Yes(1), true)), "{day}");
    }
}

#[test]
fn a_game_that_was_called_off_or_is_not_over_is_not_settled_as_no() {
    let day = date!(2023 - 08 - 09);
    let off = ScheduleEntry { official: date!(2023 - 08 - 20), ..played(11, day) };
    let off = ScheduleEntry { status: listing(11, GameState::Postponed).status, ..off };
    let answer = with_2023(vec![off], vec![], vec![], vec![135]);
    let DayRecord::Known { answer, .. } = answer.on(day, NOW) else { panic!("{answer:?}") };
    assert!(matches!(answer.reason, Reason::Postponed(_)), "{:?}", answer.reason);
    let lost =
        GameFeed { errors: ErrorCount::AtLeast(0), ..feed(11, GameState::Over, Participation::Fielded, 0) };
    let answer = with_2023(vec![played(11, day)], vec![], vec![lost], vec![135]);
    assert_eq!(
        errors_on(&answer, day).map(|(verdict, _)| verdict),
        Some(Verdict::Unknown),
        "no count is no No"
    );
}

#[test]
fn a_traded_player_has_the_games_of_the_club_of_that_day() {
    let (before, after) = (date!(2023 - 05 - 01), date!(2023 - 08 - 01));
    let rangers = |pk, day| {
        let mut game = played(pk, day);
        game.home.club.id = 999;
        game
    };
    let mut games = vec![rangers(11, before), played(12, before), rangers(13, after), played(14, after)];
    let log = vec![logged(11, before, 140, 1), logged(14, after, 135, 0)];
    let feeds = vec![
        feed(11, GameState::Over, Participation::Fielded, 1),
        feed(14, GameState::Over, Participation::Fielded, 0),
    ];
    // The Rangers were in San Diego on neither day.
    for game in games.iter_mut().filter(|game| [12, 14].contains(&game.pk)) {
        game.away.club.id = 888;
    }
    let answer = with_2023(games, log, feeds, vec![140, 135]);
    assert_eq!(errors_on(&answer, before), Some((Verdict::Yes(1), true)));
    assert_eq!(errors_on(&answer, after), Some((Verdict::No, true)));
}

#[test]
fn the_seasons_from_his_debut_on_are_kept_ten_at_most() {
    let years = |debut: Option<i32>| {
        let debut = debut.and_then(|year| Date::from_ordinal_date(year, 90).ok());
        kept_years(&Player { debut, ..Player::named(7, "", "") }, TODAY)
    };
    assert_eq!(years(Some(2019)), 2019..=2024);
    assert_eq!(years(Some(1999)), 2015..=2024);
    assert_eq!(years(None), 2024..=2024, "an unknown debut");
}

/// The answer of a day if this part of the season is left out.
fn without(answer: &Answer, part: SeasonPart, day: Date) -> DayRecord {
    let mut answer = answer.clone();
    let mut season = ArchivedSeason::clone(&answer.archive[&2023]);
    match part {
        SeasonPart::Log => (season.log.games, season.log.is_complete) = (vec![], false),
        SeasonPart::Games(club) => {
            season.clubs.retain(|known| *known != club);
            season.games.retain(|game| !game.has_club(club));
        }
        SeasonPart::Feed(pk) => drop(season.feeds.remove(&pk)),
    }
    season.left_out.insert(part, LeftOut { at: NOW, trouble: Outage::TurnedAway });
    answer.archive.insert(2023, season.into());
    answer.on(day, NOW)
}

#[test]
fn a_day_whose_games_may_be_missing_is_unknown_and_not_settled() {
    let (before, free, after) = (date!(2023 - 05 - 01), date!(2023 - 05 - 02), date!(2023 - 08 - 01));
    let mut first = played(11, before);
    (first.home.club.id, first.away.club.id) = (888, 999);
    let last = played(12, after);
    let log = vec![logged(11, before, 888, 1), logged(12, after, 135, 0)];
    let feeds = vec![
        feed(11, GameState::Over, Participation::Fielded, 1),
        feed(12, GameState::Over, Participation::Fielded, 0),
    ];
    let answer = with_2023(vec![first, last], log, feeds, vec![888, 135]);
    let unknown = Some((Verdict::Unknown, false));
    for (what, part, day, expected) in [
        ("the club of that day", SeasonPart::Games(888), before, unknown),
        ("the club of the day before", SeasonPart::Games(888), free, unknown),
        ("another club", SeasonPart::Games(888), after, Some((Verdict::No, true))),
        ("the next club", SeasonPart::Games(135), before, Some((Verdict::Yes(1), true))),
        ("the log, without a feed with him", SeasonPart::Log, free, unknown),
        ("the feed, which the log replaces", SeasonPart::Feed(11), before, Some((Verdict::Yes(1), true))),
    ] {
        let record = match without(&answer, part, day) {
            DayRecord::Known { answer, is_settled } => {
                assert!(answer.next_game.is_none() || matches!(part, SeasonPart::Feed(_)), "{what}");
                Some((answer.verdict, is_settled))
            }
            _ => None,
        };
        assert_eq!(record, expected, "{what}");
    }
}
