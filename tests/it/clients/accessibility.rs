//! Pages in Chromium for readers with a keyboard, a thumb or a screen reader.

use crate::{
    clients::{
        browser::{SHIFTED, at, charged, long_season, name},
        looks::{OTHER_PAGES, in_language, with_other_pages},
    },
    support::{
        day::{EVENING, FINAL, Game, IN_PROGRESS, NOON, SCHEDULED},
        devtools::{Browser, DESKTOP},
        fake_mlb::{FakeMlb, Fault},
        server::Server,
        tools,
    },
};
use serde_json::json;
use std::fs;

/// All elements that can have the focus, in order.
const FOCUSABLE: &str = "[...document.querySelectorAll('a[href]:not([tabindex]), summary, [tabindex=\"0\"]')].filter((part) => part.checkVisibility())";

#[test]
#[ignore = "needs Chromium"]
fn a_keyboard_reaches_everything_and_shows_where_it_is() {
    let mut browser = Browser::open();
    let (_mlb, server) = charged();
    for path in ["/", "/es", "/how", "/es/how?path=/", "/nothing"] {
        browser.visit(&at(&server, path));
        let count = browser.evaluate(&format!("{FOCUSABLE}.length")).as_u64().unwrap();
        assert!(count >= if path == "/nothing" { 1 } else { 5 }, "{path}: {count}");
        for index in 0..count {
            browser.press("Tab");
            let place = browser.evaluate(&format!("{FOCUSABLE}.indexOf(document.activeElement)"));
            assert_eq!(place, index, "{path}");
            let seen = browser.evaluate(
                "(() => {
                    const focused = document.activeElement;
                    const drawn = getComputedStyle(focused.querySelector('circle') ?? focused);
                    const outlined = drawn.outlineStyle !== 'none' && parseFloat(drawn.outlineWidth) >= 2;
                    const stroked = drawn.stroke !== 'none' && parseFloat(drawn.strokeWidth) >= 2;
                    const { top, bottom } = focused.getBoundingClientRect();
                    return focused.matches(':focus-visible') && (outlined || stroked) && top >= 0 && bottom <= innerHeight;
                })()",
            );
            assert_eq!(seen, true, "{path}: the focus is not seen at {index}");
        }
    }
}

#[test]
#[ignore = "needs Chromium"]
fn a_keyboard_reaches_and_a_screen_reader_names_every_day_of_the_strip_or_skips_them() {
    let mut browser = Browser::open();
    browser.call("Emulation.setFocusEmulationEnabled", json!({"enabled": true}));
    let (_mlb, server) = with_other_pages();
    for path in ["/en/2023", "/es/2023", "/en/2023-08-09"] {
        browser.visit(&at(&server, path));
        let days = browser.evaluate("document.querySelectorAll('.strip a').length");
        assert!(days.as_u64() >= Some(100), "{path}: {days}");
        browser.evaluate("document.querySelector('.skip').focus()");
        assert_eq!(
            browser.evaluate("document.querySelector('.skip').getBoundingClientRect().width > 40"),
            true
        );
        let tree = browser.call("Accessibility.getFullAXTree", json!({}));
        let nodes = tree["nodes"].as_array().unwrap();
        let named = nodes.iter().filter(|node| {
            let name = node["name"]["value"].as_str().unwrap_or_default();
            node["role"]["value"] == "link" && (name.contains(": no errors") || name.contains(" error"))
                || name.contains(": sin errores")
        });
        assert!(named.count() as u64 >= days.as_u64().unwrap(), "{path}");
        for index in 0..days.as_u64().unwrap() {
            browser.press("Tab");
            let place = "[...document.querySelectorAll('.strip a')].indexOf(document.activeElement)";
            assert_eq!(browser.evaluate(place), index, "{path}");
        }
        browser.evaluate("document.querySelector('.skip').focus()");
        browser.press("Enter");
        browser.press("Tab");
        let beyond = "document.activeElement.matches('a') && !document.activeElement.closest('.strip')";
        assert_eq!(browser.evaluate(beyond), true, "{path}: the games are skipped");
    }
}

#[test]
#[ignore = "needs Chromium"]
fn a_thumb_hits_every_game_of_the_strip_and_every_button() {
    let mut browser = Browser::open();
    let (_mlb, server) = charged();
    for width in [320, 390, 1440] {
        browser.size((width, 844));
        browser.visit(&at(&server, "/"));
        // WCAG 2.2 §2.5.8: 24 pixels; of a button 44, as §2.5.5 has it.
        for (what, least) in [(".strip > :not(b)", 24), (".buttons a", 44)] {
            let sizes = format!(
                "[...document.querySelectorAll('{what}')].map((part) => part.getBoundingClientRect())
                    .map(({{ width, height }}) => Math.floor(Math.min(width, height)))"
            );
            let sizes = browser.evaluate(&sizes);
            let sizes = sizes.as_array().unwrap();
            assert!(
                sizes.len() >= 4 && sizes.iter().all(|size| size.as_u64() >= Some(least)),
                "{what}: {sizes:?}"
            );
        }
    }
}

/// A fake MLB for each state, with the verdict's name.
fn states() -> Vec<(&'static str, FakeMlb, &'static str)> {
    let silent = FakeMlb::with(&[]);
    silent.fault(Fault::Status(500));
    let states = vec![
        ("yes", FakeMlb::with(&[Game::new(IN_PROGRESS).charged(2)]), EVENING),
        ("no", FakeMlb::with(&[Game::new(FINAL)]), EVENING),
        ("not_yet", FakeMlb::with(&[Game::new(SCHEDULED)]), NOON),
        ("no_game", FakeMlb::with(&[]), NOON),
        ("unknown", silent, NOON),
    ];
    for (_, mlb, _) in &states {
        mlb.put("/api/v1/people/665487/stats?", long_season());
    }
    states
}

#[test]
#[ignore = "needs Chromium and axe-core"]
fn every_page_is_accessible_quiet_and_still_in_every_state() {
    let axe = fs::read_to_string(tools::npm("axe-core/axe.min.js")).unwrap();
    let mut browser = Browser::open();
    browser.call("Emulation.setTimezoneOverride", json!({"timezoneId": "Europe/Madrid"}));
    for (verdict, mlb, clock) in states() {
        let server = Server::start(&mlb, clock);
        server.wait_for_verdict(verdict);
        // A page that is opened before the first reply changes its text with it.
        server.wait_for("a reply", |answer| !answer["reason"].as_str().unwrap().starts_with("Asking MLB"));
        let more: &[&str] = if verdict == "yes" {
            &["/how", "/how?path=/", "/es/how", "/nothing", "/share", "/embed"]
        } else {
            &[]
        };
        for path in ["/", "/es"].iter().chain(more) {
            for (scheme, size) in [("light", DESKTOP), ("dark", (320, 640))] {
                let what = format!("{verdict} {path} {scheme}");
                browser.media("screen", &[("prefers-color-scheme", scheme)]);
                browser.size(size);
                browser.visit(&at(&server, path));
                assert_eq!(browser.evaluate(SHIFTED), 0, "{what}");
                let mut complaints = browser.complaints();
                // Chromium reports every 404 on the console.
                complaints.retain(|complaint| *path != "/nothing" || !complaint.contains("404"));
                assert_eq!(complaints, Vec::<String>::new(), "{what}");
                browser.shoot(&format!("state-{verdict}-{}-{scheme}", name(path)));
                assert_accessible(&mut browser, &axe, &what);
            }
        }
        browser.leave();
    }
}

/// Asserts that axe finds nothing on the page, with all details open.
pub fn assert_accessible(browser: &mut Browser, axe: &str, what: &str) {
    browser.evaluate(axe);
    browser.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))");
    let found = browser.evaluate(
        "axe.run({ resultTypes: ['violations'] }).then(({ violations, passes }) => ({
            passes: passes.length,
            violations: violations.map(({ id, nodes }) => [id, ...nodes.map((node) => node.html)]),
        }))",
    );
    assert!(found["passes"].as_u64() > Some(10), "{what}: {found:#}");
    assert_eq!(found["violations"], json!([]), "{what}");
}

#[test]
#[ignore = "needs Chromium and axe-core"]
fn days_seasons_and_leaders_are_accessible_and_quiet() {
    let axe = fs::read_to_string(tools::npm("axe-core/axe.min.js")).unwrap();
    let mut browser = Browser::open();
    let (_mlb, server) = with_other_pages();
    for (page, ..) in OTHER_PAGES {
        for language in ["en", "es"] {
            for (scheme, size) in [("light", DESKTOP), ("dark", (320, 640))] {
                let what = format!("{page} {language} {scheme}");
                browser.media("screen", &[("prefers-color-scheme", scheme)]);
                browser.size(size);
                browser.visit(&at(&server, &in_language(page, language)));
                let mut complaints = browser.complaints();
                complaints.retain(|complaint| page != "nothing" || !complaint.contains("404"));
                assert_eq!(complaints, Vec::<String>::new(), "{what}");
                assert_accessible(&mut browser, &axe, &what);
            }
        }
    }
}

#[test]
#[ignore = "needs Chromium and axe-core"]
fn axe_finds_what_is_wrong() {
    let axe = fs::read_to_string(tools::npm("axe-core/axe.min.js")).unwrap();
    let mut browser = Browser::open();
    browser.visit("data:text/html,<p>no title, no language</p><img src=x>");
    browser.evaluate(&axe);
    let found = browser.evaluate("axe.run().then(({ violations }) => violations.map(({ id }) => id))");
    for id in ["document-title", "html-has-lang", "image-alt"] {
        assert!(found.as_array().unwrap().contains(&json!(id)), "{id}: {found}");
    }
}
