//! Invented replies, in `tests/fixtures/mlb`.

use crate::{
    answer::{
        Absence, Availability, DoubleHeader, ErrorCount, ErrorKind, GameFeed, GameKind, GameState, Half,
        Injury, Inning, Participation, ScheduleEntry,
    },
    mlb::{
        model,
        tests::{counts_equal_the_box_score, every_schedule_is_read, every_status_has_a_state, read},
    },
};
use std::path::PathBuf;
use time::macros::{date, datetime};

const RIGHT_FIELDER: u32 = 900001;
const CATCHER: u32 = 900002;
const DESIGNATED_HITTER: u32 = 900004;
const STRANGER: u32 = 900099;

fn fixtures() -> PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/mlb").into()
}

fn fixture(name: &str) -> Vec<u8> {
    read(&fixtures().join(name))
}

fn final_game(person: u32) -> GameFeed {
    model::feed(&fixture("feed_live/800001-final-3-errors.json"), 800001, person).unwrap()
}

fn schedule(name: &str) -> Vec<ScheduleEntry> {
    model::schedule(&fixture(&format!("schedule/{name}.json"))).unwrap().listings
}

#[test]
fn the_count_of_each_player_in_each_feed_equals_the_box_score() {
    assert_eq!(counts_equal_the_box_score(&fixtures()), (36, 4));
}

#[test]
fn an_error_is_read_with_its_play() {
    let game = final_game(RIGHT_FIELDER);
    assert_eq!(
        (game.errors, game.status.state, game.presence),
        (ErrorCount::Read(1), GameState::Over, Participation::Fielded)
    );
    let score = game.score.unwrap();
    assert_eq!((score.away, score.home), (1, 6));
    let play = &game.plays[0];
    assert_eq!(play.inning, Some(Inning { number: 3, half: Half::Bottom }));
    assert_eq!((play.kind, play.position.as_deref()), (ErrorKind::Throwing, Some("RF")));
    assert_eq!(play.batter.as_deref(), Some("Abe Farrow"));
}

#[test]
fn an_error_on_a_strikeout_counts() {
    let game = final_game(CATCHER);
    assert_eq!((game.errors, game.plays[0].kind), (ErrorCount::Read(1), ErrorKind::Throwing));
    assert!(game.plays[0].text.starts_with("Hank Willis strikes out"), "{}", game.plays[0].text);
}

#[test]
fn a_feed_of_another_game_is_refused() {
    let json = fixture("feed_live/800001-final-3-errors.json");
    assert!(model::feed(&json, 800002, RIGHT_FIELDER).unwrap_err().0.contains("800001"));
}

#[test]
fn a_player_without_fielding_has_no_error_and_a_stranger_is_absent() {
    assert_eq!(final_game(DESIGNATED_HITTER).presence, Participation::Lineup);
    assert_eq!(final_game(STRANGER).presence, Participation::Absent);
    let before = |person| model::feed(&fixture("feed_live/800003-scheduled.json"), 800003, person).unwrap();
    let game = before(RIGHT_FIELDER);
    assert_eq!(
        (game.status.state, game.presence, game.errors),
        (GameState::Ahead, Participation::Listed, ErrorCount::Read(0))
    );
    assert_eq!((game.score, game.last_play), (None, None));
    assert_eq!(before(STRANGER).presence, Participation::Absent);
}

#[test]
fn every_schedule_is_read_and_its_states_are_known() {
    every_schedule_is_read(&fixtures());
}

#[test]
fn every_state_of_a_game_is_known() {
    let day = schedule("2024-07-02-every-state");
    let states: Vec<_> = day.iter().map(|game| game.status.state).collect();
    assert_eq!(
        states,
        [
            GameState::Ahead,
            GameState::Ahead,
            GameState::Ahead,
            GameState::On,
            GameState::On,
            GameState::On,
            GameState::Suspended,
            GameState::Over,
            GameState::Over,
            GameState::Over,
            GameState::Cancelled
        ]
    );
    assert_eq!(day[4].status.words, "Delayed: Rain");
    assert_eq!(day[10].status.words, "Cancelled: Inclement Weather");
    every_status_has_a_state(&fixtures());
}

#[test]
fn a_postponed_game_names_the_day_it_was_moved_to() {
    let rain = &schedule("2024-06-05-postponed")[0];
    assert_eq!((rain.listed, rain.official), (date!(2024 - 06 - 05), date!(2024 - 08 - 26)));
    assert_eq!((rain.status.state, rain.moved_to), (GameState::Postponed, Some(date!(2024 - 08 - 26))));
    assert_eq!(rain.status.words, "Postponed: Inclement Weather");

    let old = schedule("2018-09-27-no-official-date");
    assert!(old.iter().all(|game| game.official == game.listed));
    assert_eq!((old[0].status.state, old[0].moved_to), (GameState::Over, None));
    assert_eq!((old[1].status.state, old[1].moved_to), (GameState::Postponed, Some(date!(2018 - 09 - 29))));
}

#[test]
fn a_resumed_game_is_listed_twice_and_a_second_game_may_have_no_time() {
    let games = schedule("2022-05-resumed-and-doubleheader");
    let of = |pk| games.iter().filter(move |game| game.pk == pk).collect::<Vec<_>>();
    let resumed = of(810030);
    assert_eq!(resumed.len(), 2);
    assert!(resumed.iter().all(|game| game.official == date!(2022 - 05 - 11)));
    let moved = of(810031);
    assert_eq!([moved[0].status.state, moved[1].status.state], [GameState::Postponed, GameState::Over]);
    assert_eq!(
        (moved[1].double_header, moved[1].number, moved[1].start),
        (DoubleHeader::Traditional, 2, None)
    );
    assert_eq!((of(810032)[0].number, of(810032)[0].start), (1, Some(datetime!(2022-05-04 17:10 UTC))));
}

#[test]
fn spring_all_star_and_postseason_games_are_told_apart() {
    let spring = schedule("2026-03-14-split-squad");
    assert_eq!(spring.len(), 2);
    assert!(spring.iter().all(|game| {
        [game.home.club.id, game.away.club.id].contains(&135)
            && game.number == 1
            && game.kind == GameKind::Spring
    }));
    assert_eq!(schedule("2021-07-13-all-star")[0].kind, GameKind::AllStar);
    let series = &schedule("2024-10-26-postseason")[0];
    assert_eq!((series.kind, series.official), (GameKind::Postseason, date!(2024 - 10 - 26)));
    assert_eq!(series.start, Some(datetime!(2024-10-27 00:08 UTC)));
}

#[test]
fn people_and_clubs_are_read() {
    let plain = model::person(&fixture("people/900001.json"), RIGHT_FIELDER).unwrap();
    assert_eq!((plain.name.as_str(), plain.short_name.as_str()), ("Ramón Ibarra Jr.", "Ibarra Jr."));
    assert_eq!(plain.current_team, None, "not hydrated");
    let hydrated = model::person(&fixture("people/900001-hydrate-currentTeam.json"), RIGHT_FIELDER).unwrap();
    assert_eq!(hydrated.current_team.unwrap().id, 135);
    let padres = model::team(&fixture("teams/135-hydrate-venue-timezone.json"), 135).unwrap();
    assert_eq!(
        (padres.club.name.as_str(), padres.zone.unwrap().name()),
        ("San Diego Padres", "America/Los_Angeles")
    );
}

#[test]
fn a_roster_says_who_can_play() {
    let roster = fixture("roster/135-40Man.json");
    let of = |person| model::availability(&roster, person).unwrap();
    assert_eq!(of(RIGHT_FIELDER), Some(Availability::Active));
    assert_eq!(of(CATCHER), Some(Availability::Injured(Injury::Days(10))));
    assert_eq!(of(900003), Some(Availability::Injured(Injury::Days(60))));
    assert_eq!(of(900005), Some(Availability::Away(Absence::Restricted)));
    assert_eq!(of(900011), Some(Availability::Away(Absence::Bereavement)));
    assert_eq!(of(STRANGER), None);
}

#[test]
fn the_rows_of_a_game_are_summed_and_a_doubleheader_is_two_games() {
    let season = model::season(&fixture("people_stats/900001-gameLog-fielding.json"), 2024).unwrap();
    let errors: Vec<_> = season.games.iter().map(|game| (game.pk, game.errors, game.number)).collect();
    // In game 820003 he was the designated hitter.
    assert_eq!(errors, [(820001, 0, 1), (820002, 2, 1), (820004, 2, 1), (820005, 0, 2)]);
    assert_eq!((season.games[0].date, season.games[0].at_home), (date!(2024 - 03 - 28), false));
    assert!(season.games.iter().all(|game| game.opponent.is_some()));
}
