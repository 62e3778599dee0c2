//! The season in the page, the text and the JSON.

use crate::support::{
    day::{self, EVENING, FINAL, Game, IN_PROGRESS, season_log},
    fake_mlb::FakeMlb,
    server::Server,
};
use serde_json::json;

/// A season with two errors in three games, and a third error today.
fn season() -> FakeMlb {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let games =
        [("2024-06-20", "Chicago <Cubs>", 2), ("2024-06-21", "", 0), ("2024-06-30", "Boston Red Sox", 0)];
    mlb.put("/api/v1/people/665487/stats?", season_log(&games));
    mlb
}

#[test]
fn a_season_is_a_strip_and_its_figures() {
    let mlb = season();
    let server = Server::start(&mlb, EVENING);
    let answer = server.wait_for_verdict("yes");
    assert_eq!(
        answer["season"],
        json!({
            "year": 2024, "games": 4, "errors": 3, "last_error": "2024-07-02", "days_since_error": 0,
            "games_since_error": 0, "on_pace_for": null,
            "longest_clean_streak": {"games": 2, "from": "2024-06-21", "to": "2024-06-30"}, "complete": true,
        })
    );
    let page = server.page();
    let (_, strip) = page.split_once("class=\"strip\"").unwrap();
    let (strip, _) = strip.split_once("</section>").unwrap();
    assert_eq!(
        (strip.matches("title=").count(), strip.matches("class=\"error\"").count()),
        (4, 2),
        "{strip}"
    );
    for label in
        ["Jun 20 vs &#60;Cubs&#62;: 2 errors", "Jun 30 vs Boston: no errors", "Jul 2 vs Texas: 1 error"]
    {
        assert!(strip.contains(&format!("title=\"{label}\"")), "{label}: {strip}");
    }
    assert!(!page.contains("style=\""), "the policy forbids it");
    let text = server.get("/", "Accept: text/plain\r\n").text().replace('\n', " ");
    assert!(
        text.contains(
            "In 2024: 3 errors in 4 games in the field. The latest on Tuesday, July 2. The longest"
        ),
        "{text}"
    );
}

#[test]
fn the_log_with_todays_game_in_it_counts_it_once() {
    let mlb = FakeMlb::with(&[Game { pk: 2, ..Game::new(FINAL) }.charged(1)]);
    mlb.put("/api/v1/people/665487/stats?", season_log(&[("2024-07-01", "", 0), ("2024-07-02", "", 1)]));
    let server = Server::start(&mlb, EVENING);
    let season = &server.wait_for_verdict("yes")["season"];
    assert_eq!((&season["games"], &season["errors"]), (&json!(2), &json!(1)), "{season}");
}

#[test]
fn a_pace_needs_a_part_of_the_season_and_its_schedule() {
    let mlb = season();
    let days = |month: u32| (1..=28).map(move |day| format!("2024-{month:02}-{day:02}"));
    let dates: Vec<_> = (4..=9).flat_map(days).enumerate().collect();
    let games = dates.iter().map(|(index, date)| {
        let pk = if date == "2024-07-02" { 1001 } else { 5000 + *index as u64 };
        let mut listing =
            Game { pk, ..Game::new(if **date < *"2024-07-02" { FINAL } else { day::SCHEDULED }) }.listing();
        listing["officialDate"] = json!(date);
        json!({"date": date, "games": [listing]})
    });
    let year = json!({"dates": games.collect::<Vec<_>>()});
    mlb.put("/api/v1/schedule?sportId=1&teamId=135&startDate=2024-01-01&endDate=2024-12-31&fields=", year);
    let server = Server::start(&mlb, EVENING);
    // 3 errors in 85 of 168 games; today's is in progress.
    assert_eq!(server.wait_for_verdict("yes")["season"]["on_pace_for"], 6);
}

#[test]
fn a_season_that_cannot_be_read_any_more_stays_as_it_was_and_a_restart_has_it() {
    let mlb = season();
    let server = Server::start(&mlb, EVENING);
    let season = server.wait_for_verdict("yes")["season"].clone();
    let (_, dir) = server.terminate();
    mlb.fault_at("/api/v1/people/665487/stats?", crate::support::fake_mlb::Fault::Status(500));
    let before = mlb.asked().len();
    let server = Server::start_in(dir, &["--mlb-url", &mlb.url(), "--clock", "2024-07-03T04:06:00Z"]);
    let asked = || mlb.asked()[before..].iter().any(|path| path.contains("/stats?"));
    server
        .wait_for("heard again", |answer| asked() && answer["asked_at"].as_str() >= Some("2024-07-03T04:06"));
    assert_eq!(server.api()["season"], season);
}

#[test]
fn last_nights_game_counts_before_the_log_has_it() {
    let mlb = FakeMlb::with(&[Game::new(FINAL).charged(2)]);
    mlb.put("/api/v1/people/665487/stats?", season_log(&[("2024-06-30", "", 0)]));
    // Ten seconds before four in the morning in San Diego, when the day turns.
    let server = Server::start(&mlb, "2024-07-03T10:59:50Z");
    assert_eq!(server.wait_for_verdict("yes")["date"], "2024-07-02");
    let answer = server.wait_for("the next day", |answer| answer["date"] == "2024-07-03");
    let season = &answer["season"];
    assert_eq!((&season["games"], &season["errors"]), (&json!(2), &json!(2)), "{season}");
    assert_eq!(season["last_error"], "2024-07-02");
}
