//! Pages in Chromium.

use crate::support::{
    day::{EVENING, Game, IN_PROGRESS, NOON, SCHEDULED, season_log},
    devtools::{Browser, DESKTOP},
    fake_mlb::FakeMlb,
    ports::free_port,
    server::Server,
};
use serde_json::{Value, json};
use std::fs;

/// A season of games against clubs with long names, with an error in every fifth game.
pub fn long_season() -> Value {
    let clubs = ["Arizona Diamondbacks", "Philadelphia Phillies", "Los Angeles Dodgers", "Chicago White Sox"];
    let days = (4..=6).flat_map(|month| (1..=28).map(move |day| format!("2024-{month:02}-{day:02}")));
    let days: Vec<_> = days.collect();
    let game = |(index, date): (usize, &String)| {
        (date.clone(), clubs[index / 3 % 4], index % 5 / 4 * (1 + index % 2))
    };
    let games: Vec<_> = days.iter().enumerate().map(game).collect();
    let rows: Vec<_> =
        games.iter().map(|(date, club, errors)| (date.as_str(), *club, *errors as u32)).collect();
    let mut log = season_log(&rows);
    // The longest text: the second game of a day, away.
    for row in log["stats"][0]["splits"].as_array_mut().unwrap().iter_mut().step_by(10) {
        row["game"]["gameNumber"] = json!(2);
        row["isHome"] = json!(false);
    }
    log
}

/// A game with an error, in the middle of a season with more errors.
pub fn charged() -> (FakeMlb, Server) {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    mlb.put("/api/v1/people/665487/stats?", long_season());
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("yes");
    (mlb, server)
}

pub fn at(server: &Server, path: &str) -> String {
    format!("http://{}{path}", server.http())
}

#[test]
#[ignore = "needs Chromium"]
fn an_open_page_follows_the_answer_and_the_ball_flies_once() {
    let mut browser = Browser::open();
    for (path, [so_far, yes, announced]) in [
        ("/", ["Not so far", "Yes", "Yes. Tatis Jr. has an error"]),
        ("/es", ["Por ahora no", "Sí", "Sí. Tatis Jr. tiene un error"]),
    ] {
        let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
        let server = Server::start(&mlb, EVENING);
        server.wait_for_verdict("not_yet");
        browser.visit(&at(&server, path));
        assert_eq!((browser.text(".verdict"), browser.text("#news")), (so_far.into(), String::new()));
        mlb.play(&[Game { stamp: 1, ..Game::new(IN_PROGRESS).charged(1) }]);
        browser.wait_until(&format!("document.querySelector('.verdict').textContent === '{yes}'"));
        assert!(browser.text("title").starts_with(&format!("{yes} · ")));
        assert!(browser.text("#news").starts_with(announced), "{}", browser.text("#news"));
        let flying = "document.getAnimations().some(({ animationName }) => animationName === 'fly')";
        assert_eq!(browser.evaluate(flying), true);
        assert_eq!(browser.evaluate("document.documentElement.className"), "yes", "the ground is the state");
        browser.evaluate("document.querySelector('.flight').flown = 'once'");
        mlb.play(&[Game { stamp: 2, text: "Another account of it.", ..Game::new(IN_PROGRESS).charged(1) }]);
        browser.wait_until("document.querySelector('main').textContent.includes('Another account of it.')");
        assert_eq!(browser.evaluate("document.querySelector('.flight').flown"), "once");
        assert_eq!(browser.complaints(), Vec::<String>::new());
        browser.leave();
    }
}

#[test]
#[ignore = "needs Chromium"]
fn an_open_page_counts_its_age_and_fetches_nothing_while_nothing_changes() {
    let mut browser = Browser::open();
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("not_yet");
    browser.visit(&at(&server, "/"));
    let fetches = || {
        let log = fs::read_to_string(server.path("access.log")).unwrap();
        log.lines().filter(|line| line.contains("\"GET / ")).count()
    };
    server.wait_until("logged", || fetches() == 1);
    for _ in 0..2 {
        let before = server.api()["asked_at"].clone();
        server.wait_for("asked again", |answer| answer["asked_at"] != before);
    }
    assert_eq!(fetches(), 1, "polls that find nothing new");
    assert_eq!(browser.text(".age"), "less than a minute ago");
    let later = "(() => { const now = Date.now; Date.now = () => now() + 20 * 60000; age(); })()";
    browser.evaluate(later);
    assert_eq!(browser.text(".age"), "20 minutes ago");
    // The page is fetched again after a while, also without an event.
    browser.wait_until("document.querySelector('.age').textContent === 'less than a minute ago'");
    server.wait_until("fetched once more", || fetches() == 2);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
#[ignore = "needs Chromium"]
fn a_page_that_loses_contact_says_so_and_follows_again() {
    let mut browser = Browser::open();
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    let (url, address) = (mlb.url(), format!("127.0.0.1:{}", free_port()));
    let start = || Server::start_with(&["--mlb-url", &url, "--clock", EVENING, "--http", &address]);
    let server = start();
    server.wait_for_verdict("not_yet");
    browser.visit(&at(&server, "/"));
    drop(server);
    browser.wait_until("document.querySelector('#contact').textContent.startsWith('Connection lost')");
    assert_eq!(browser.text(".verdict"), "Not so far", "the last answer stays");
    browser.shoot("lost");

    mlb.play(&[Game { stamp: 1, ..Game::new(IN_PROGRESS).charged(1) }]);
    let _again = start();
    browser.wait_until("document.querySelector('.verdict').textContent === 'Yes'");
    browser.wait_until("document.querySelector('#contact').textContent === ''");

    let network =
        |offline| json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
    browser.call("Network.emulateNetworkConditions", network(true));
    browser.wait_until("document.querySelector('#contact').textContent !== ''");
    browser.call("Network.emulateNetworkConditions", network(false));
    browser.wait_until("document.querySelector('#contact').textContent === ''");
}

#[test]
#[ignore = "needs Chromium"]
fn without_a_script_the_page_comes_again_once_it_is_old() {
    let mut browser = Browser::open();
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("not_yet");
    let page = server.get("/", "Accept: text/html\r\n");
    let lasts = page.field("cache-control").split_once("max-age=").unwrap().1.split(',').next().unwrap();
    let refresh = format!("<noscript><meta http-equiv=\"refresh\" content=\"{lasts}\"></noscript>");
    assert!(page.text().contains(&refresh), "{refresh}: {}", page.text());
    browser.call("Emulation.setScriptExecutionDisabled", json!({"value": true}));
    browser.visit(&at(&server, "/"));
    mlb.play(&[Game { stamp: 1, ..Game::new(IN_PROGRESS).charged(1) }]);
    browser.wait_until("document.querySelector('.verdict').textContent === 'Yes'");
}

/// The sum of layout shifts since the page started, in thousandths: less is a fraction of a pixel, by rounding.
pub const SHIFTED: &str = "new Promise((resolve) => {
    let sum = 0, moved = new Set();
    const watch = (list) => list.forEach((shift) => {
        sum += shift.value;
        shift.sources.forEach(({ node }) => moved.add((node?.outerHTML ?? node?.data ?? '?').slice(0, 80)));
    });
    const observer = new PerformanceObserver((list) => watch(list.getEntries()));
    observer.observe({ type: 'layout-shift', buffered: true });
    requestAnimationFrame(() => setTimeout(() => {
        watch(observer.takeRecords());
        const rounded = Math.floor(sum * 1000) / 1000;
        resolve(rounded === 0 ? 0 : `${rounded} at ${Math.round(performance.now())} ms: ${[...moved].join(', ')}`);
    }, 300));
})";

#[test]
#[ignore = "needs Chromium"]
fn a_reader_elsewhere_is_told_their_own_time_and_nothing_moves() {
    let mut browser = Browser::open();
    let mlb = FakeMlb::with(&[Game::new(SCHEDULED)]);
    let server = Server::start(&mlb, NOON);
    server.wait_for_verdict("not_yet");
    for (zone, path, expected) in [
        ("America/Los_Angeles", "/", "Texas: 7:05 PM PDT."),
        ("America/New_York", "/", "Texas: 7:05 PM PDT (10:05 PM EDT where you are)."),
        ("Europe/Madrid", "/", "Texas: 7:05 PM PDT (Wednesday, 4:05 AM GMT+2 where you are)."),
        ("America/Tijuana", "/es", "Texas: 7:05 p. m. PDT."),
        ("America/Mexico_City", "/es", "Texas: 7:05 p. m. PDT (8:05 p. m. GMT-6 donde estás)."),
    ] {
        browser.call("Emulation.setTimezoneOverride", json!({"timezoneId": zone}));
        for size in [(320, 640), DESKTOP] {
            browser.size(size);
            browser.visit(&at(&server, path));
            let reason = browser.text(".reason").replace(['\u{202f}', '\u{a0}'], " ");
            assert!(reason.ends_with(expected), "{zone}: {reason}");
            assert_eq!(browser.evaluate(SHIFTED), 0, "{zone} {size:?}");
        }
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
#[ignore = "needs Chromium"]
fn nothing_is_wider_than_the_screen() {
    let mut browser = Browser::open();
    let (_mlb, server) = charged();
    browser.media("screen", &[("prefers-reduced-motion", "reduce")]);
    for path in ["/", "/es", "/how", "/es/how?path=/", "/nothing"] {
        browser.visit(&at(&server, path));
        browser.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))");
        for width in [320, 375, 768, 1280, 2560] {
            browser.size((width, 900));
            let widest = browser.evaluate("document.documentElement.scrollWidth");
            assert!(widest.as_u64() <= Some(width.into()), "{path} at {width}: {widest}");
            let cut = browser.evaluate(
                "[...document.querySelectorAll('body *')]
                    .filter((part) => !part.closest('.scene') && part.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
                    .map((part) => part.outerHTML.slice(0, 80))",
            );
            assert_eq!(cut, json!([]), "{path} at {width}");
            if [320, 2560].contains(&width) {
                browser.shoot(&format!("{}-{width}", name(path)));
            }
        }
    }
}

/// The file name for a path.
pub fn name(path: &str) -> &str {
    match path {
        "/" => "answer",
        "/es" => "respuesta",
        "/nothing" => "error",
        "/how" => "how",
        "/es/how" => "how-spanish",
        _ => "how-path",
    }
}

#[test]
#[ignore = "needs Chromium"]
fn it_looks_right_by_day_by_night_in_forced_colours_and_on_paper() {
    let mut browser = Browser::open();
    let (_mlb, server) = charged();
    let background = "getComputedStyle(document.body).backgroundColor";
    for (look, medium, feature, paper) in [
        ("light", "screen", ("prefers-color-scheme", "light"), "rgb(255, 253, 248)"),
        ("dark", "screen", ("prefers-color-scheme", "dark"), "rgb(23, 17, 13)"),
        ("forced", "screen", ("forced-colors", "active"), "rgb(255, 255, 255)"),
        ("print", "print", ("prefers-color-scheme", "light"), "rgb(255, 255, 255)"),
    ] {
        browser.media(medium, &[feature]);
        for path in ["/", "/es", "/how", "/es/how?path=/", "/nothing"] {
            browser.visit(&at(&server, path));
            assert_eq!(browser.evaluate(background), paper, "{look} {path}");
            for (device, size) in [("phone", (390, 844)), ("desktop", DESKTOP)] {
                browser.size(size);
                browser.shoot(&format!("{}-{look}-{device}", name(path)));
            }
        }
        browser.visit(&at(&server, "/"));
        let [word, ground] =
            ["document.querySelector('.word')).fill", "document.querySelector('.hero')).backgroundColor"]
                .map(|style| browser.evaluate(&format!("getComputedStyle({style}")));
        assert_ne!(word, ground, "{look}");
    }
    let hidden = browser.evaluate("getComputedStyle(document.querySelector('figure')).display");
    assert_eq!(hidden, "none", "ink is for words");
}

#[test]
#[ignore = "needs Chromium"]
fn the_play_is_over_in_four_seconds_and_stands_still_for_readers_who_prefer_that() {
    let mut browser = Browser::open();
    let (_mlb, server) = charged();
    for (motion, moves) in [("no-preference", true), ("reduce", false)] {
        browser.media("screen", &[("prefers-reduced-motion", motion)]);
        browser.visit(&at(&server, "/"));
        let names = browser.evaluate(
            "[...new Set(document.getAnimations().map(({ animationName }) => animationName))].sort()",
        );
        let all = json!(["drop", "fly", "jump", "show", "stamp"]);
        assert_eq!(names, if moves { all } else { json!([]) }, "{motion}");
        let longest = browser.evaluate(
            "Math.max(0, ...document.getAnimations().map(({ effect }) => effect.getComputedTiming().endTime))",
        );
        assert!(longest.as_f64() <= Some(4000.0), "{motion}: {longest} ms");
        assert_eq!(browser.evaluate(SHIFTED), 0, "{motion}");
    }
}
