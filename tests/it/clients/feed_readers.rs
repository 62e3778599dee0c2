//! The feed and the calendar, read by other parsers.

use crate::support::{
    day::{EVENING, FINAL, Game, IN_PROGRESS, NOON, POSTPONED, SCHEDULED, season_log},
    fake_mlb::FakeMlb,
    server::{Response, Server},
};
use atom_syndication::Feed;
use icalendar::{Calendar, Component, Event, EventLike, parser};
use std::collections::BTreeSet;

fn read(server: &Server, path: &str, media_type: &str) -> Response {
    let response = server.get(path, "");
    assert_eq!((response.status, response.field("content-type")), (200, media_type), "{path}");
    assert!(!response.field("etag").is_empty() && !response.field("last-modified").is_empty(), "{path}");
    response
}

fn feed(server: &Server) -> Feed {
    let response = read(server, "/feed.xml", "application/atom+xml; charset=utf-8");
    response.text().parse().unwrap_or_else(|error| panic!("{error}: {}", response.text()))
}

/// The calendar's events, after checking rules that the parser does not check.
fn events(server: &Server) -> Vec<Event> {
    let response = read(server, "/calendar.ics", "text/calendar; charset=utf-8");
    let text = response.text();
    assert!(text.ends_with("END:VCALENDAR\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']));
    assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
    let calendar: Calendar = parser::read_calendar(&parser::unfold(text)).unwrap().into();
    assert!(!calendar.components.is_empty(), "RFC 5545 §3.6 wants a component: {text}");
    let events: Vec<Event> = calendar.iter().filter_map(|component| component.as_event().cloned()).collect();
    let uids: BTreeSet<_> = events.iter().map(|event| event.get_uid().unwrap()).collect();
    assert_eq!(uids.len(), events.len(), "{text}");
    assert!(
        events.iter().all(|event| event.get_timestamp().is_some() && event.get_start().is_some()),
        "{text}"
    );
    events
}

fn summaries(server: &Server) -> Vec<String> {
    events(server).iter().map(|event| event.get_summary().unwrap().to_owned()).collect()
}

#[test]
fn a_day_with_an_error_is_an_entry_that_keeps_its_id_and_its_time() {
    let game = || Game { pk: 3, ..Game::new(IN_PROGRESS) };
    let mlb = FakeMlb::with(&[game()]);
    let log = [("2024-06-20", "Chicago <Cubs>\u{1b}", 2), ("2024-06-21", "Chicago Cubs", 0)];
    mlb.put("/api/v1/people/665487/stats?", season_log(&log));
    let arguments = ["--mlb-url", &mlb.url(), "--clock", EVENING, "--url", "https://example.org"];
    let server = Server::start_with(&arguments);
    server.wait_for_verdict("not_yet");
    let before = feed(&server);
    assert_eq!(before.id(), "tag:example.org,2026:e6/665487");
    assert_eq!(before.links()[0].href(), "https://example.org/feed.xml");
    assert_eq!((before.links()[0].rel(), before.links()[1].href()), ("self", "https://example.org/"));
    assert_eq!((before.authors().len(), before.title().as_str()), (1, "Errors of Tatis Jr."));
    let [june] = before.entries() else { panic!("{before:?}") };
    assert_eq!(june.id(), "tag:example.org,2026:e6/665487/2024-06-20");
    assert_eq!(june.links()[0].href(), "https://example.org/2024-06-20");
    assert_eq!(june.title().as_str(), "Yes: 2 errors vs <Cubs>");
    // e6 did not watch that game, so the time is the end of that day in San Diego.
    assert_eq!(june.updated().to_rfc3339(), "2024-06-21T07:00:00+00:00");
    assert_eq!(before.updated(), june.updated());

    mlb.play(&[Game { stamp: 1, ..game() }.charged(1)]);
    let changed_at = server.wait_for_verdict("yes")["changed_at"].as_str().unwrap().replace('Z', "+00:00");
    let charged = feed(&server);
    let [today, before] = charged.entries() else { panic!("{charged:?}") };
    assert_eq!((today.id(), before), ("tag:example.org,2026:e6/665487/2024-07-02", june));
    assert_eq!(today.updated().to_rfc3339(), changed_at);
    assert_eq!(charged.updated(), today.updated());
    assert!(today.content().unwrap().value().unwrap().contains("1 error on Tuesday, July 2, 2024."));

    let (_, dir) = server.terminate();
    mlb.put("/api/v1/people/665487/stats?", season_log(&[&log[..], &[("2024-07-02", "", 1)]].concat()));
    mlb.play(&[]);
    let server =
        Server::start_in(dir, &[&arguments[..3], &["2024-07-04T19:00:00Z"], &arguments[4..]].concat());
    server.wait_for_verdict("no_game");
    assert_eq!(feed(&server).entries()[0].updated(), today.updated(), "days later, after a restart");
}

#[test]
fn without_an_address_of_its_own_a_site_makes_ids_all_the_same() {
    let server = Server::start(&FakeMlb::with(&[Game::new(FINAL).charged(1)]), EVENING);
    server.wait_for_verdict("yes");
    let feed = feed(&server);
    assert_eq!((feed.id(), feed.links()[0].href()), ("tag:localhost,2026:e6/665487", "/feed.xml"));
    assert_eq!(feed.entries()[0].id(), "tag:localhost,2026:e6/665487/2024-07-02");
}

#[test]
fn a_feed_without_errors_is_a_feed() {
    let mlb = FakeMlb::with(&[]);
    mlb.fault(crate::support::fake_mlb::Fault::Refuse);
    let server = Server::start(&mlb, NOON);
    assert!(feed(&server).entries().is_empty());
    assert!(events(&server).is_empty());
}

#[test]
fn the_calendar_has_every_game_and_its_verdict_once_known() {
    let listed = |pk, day, status| Game { pk, listed: day, official: day, ..Game::new(status) };
    let yesterday = listed(1, "2024-07-01", FINAL);
    let postponed = listed(77, "2024-07-03", POSTPONED);
    let second = Game {
        number: 2,
        double_header: "Y",
        start: "2024-07-05T03:33:00Z",
        ..listed(88, "2024-07-04", SCHEDULED)
    };
    let games = |today| [yesterday.clone(), today, postponed.clone(), second.clone()];
    let mlb = FakeMlb::with(&games(Game::new(IN_PROGRESS)));
    mlb.put("/api/v1/people/665487/stats?", season_log(&[("2024-07-01", "Texas Rangers", 2)]));
    let server =
        Server::start_with(&["--mlb-url", &mlb.url(), "--clock", EVENING, "--url", "https://example.org"]);
    let first = server.wait_for_verdict("not_yet");
    let game = "Texas Rangers at San Diego Padres";
    let yes = format!("Yes (2 errors): {game}");
    assert_eq!(summaries(&server), [&yes, game, game, &format!("{game}, game 2")]);
    let known = events(&server);
    let of = |event: &Event, name: &str| event.property_value(name).map(str::to_owned);
    assert_eq!(known[1].get_uid(), Some("game-1001-player-665487@example.org"));
    assert_eq!(of(&known[1], "DTSTART").as_deref(), Some("20240703T020500Z"));
    assert_eq!(of(&known[1], "LOCATION").as_deref(), Some("Harbour Park"));
    assert_eq!(of(&known[1], "URL").as_deref(), Some("https://example.org/2024-07-02"));
    assert_eq!(of(&known[3], "DTSTART").as_deref(), Some("20240704"), "its start is to be determined");
    let status = |event: &Event| of(event, "STATUS").unwrap();
    assert_eq!(
        known.iter().map(status).collect::<Vec<_>>(),
        ["CONFIRMED", "CONFIRMED", "CANCELLED", "TENTATIVE"]
    );

    let calendar = server.get("/calendar.ics", "");
    server.wait_for("heard again", |answer| answer["asked_at"] != first["asked_at"]);
    assert_eq!(server.get("/calendar.ics", "").field("etag"), calendar.field("etag"), "nothing happened");
    mlb.play(&games(Game { stamp: 1, ..Game::new(FINAL) }));
    server.wait_for_verdict("no");
    assert_eq!(summaries(&server)[..2], [yes, format!("No: {game}")]);
    assert!(events(&server)[1].get_timestamp() > known[1].get_timestamp());
}

#[test]
fn what_mlb_says_adds_no_line_to_the_calendar() {
    let mlb = FakeMlb::with(&[Game::new(SCHEDULED)]);
    let mut schedule = crate::support::day::schedule(&[Game::new(SCHEDULED)]);
    let evil = "Park; of, \\ peace\r\nBEGIN:VALARM";
    schedule["dates"][0]["games"][0]["venue"]["name"] = evil.into();
    mlb.put("/api/v1/schedule?", schedule);
    let server = Server::start(&mlb, NOON);
    server.wait_for_verdict("not_yet");
    let events = events(&server);
    assert_eq!(events[0].get_location(), Some(&*evil.replace("\r\n", "")), "{events:?}");
}
