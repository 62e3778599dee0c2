//! The look of the page in every state, language, width and colour scheme, with screenshots in `target/screenshots`.

use crate::{
    clients::browser::{SHIFTED, at, long_season},
    mlb::off_season::winter,
    pages::days::looked_up,
    support::{
        day::{EVENING, FINAL, Game, IN_PROGRESS, NOON, POSTPONED, SCHEDULED},
        devtools::Browser,
        fake_mlb::{FakeMlb, Fault},
        seasons::after_a_long_season,
        server::Server,
        tools,
    },
};
use serde_json::{Value, json};
use std::process::Command;

/// A state of the page: its name, the fake MLB, the clock, and the ground by day.
pub struct Look {
    pub name: &'static str,
    pub mlb: FakeMlb,
    pub clock: &'static str,
    /// The word in both languages.
    pub words: [&'static str; 2],
    pub ground: &'static str,
}

const YES: &str = "rgb(0, 90, 156)";
const NO: &str = "rgb(47, 36, 29)";
const GAME: &str = "rgb(30, 77, 43)";
const OFF: &str = "rgb(22, 29, 51)";
pub const BENCH: &str = "rgb(217, 207, 189)";
const UNKNOWN: &str = "rgb(75, 85, 95)";

pub fn looks() -> Vec<Look> {
    let out = |code: &str, words: &str| {
        let mlb = FakeMlb::with(&[Game { fielded: false, ..Game::new(SCHEDULED) }]);
        let status = json!({"code": code, "description": words});
        mlb.put(
            "/api/v1/teams/135/roster?",
            json!({"roster": [{"person": {"id": 665487}, "status": status}]}),
        );
        mlb
    };
    let silent = FakeMlb::with(&[]);
    silent.fault(Fault::Status(500));
    let tomorrow = Game {
        listed: "2024-07-03",
        official: "2024-07-03",
        start: "2024-07-04T01:40:00Z",
        ..Game::new(SCHEDULED)
    };
    let delayed = ("Live", "I", "Delayed: Rain");
    let look = |name, mlb, clock, words, ground| Look { name, mlb, clock, words, ground };
    let far = ["Not so far", "Por ahora no"];
    let looks = vec![
        look("yes", FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]), EVENING, ["Yes", "Sí"], YES),
        look("yes-3", FakeMlb::with(&[Game::new(FINAL).charged(3)]), EVENING, ["Yes", "Sí"], YES),
        look("no", FakeMlb::with(&[Game::new(FINAL)]), EVENING, ["No", "No"], NO),
        look("before", FakeMlb::with(&[Game::new(SCHEDULED)]), NOON, ["Not yet", "Todavía no"], GAME),
        look("during", FakeMlb::with(&[Game::new(IN_PROGRESS)]), EVENING, far, GAME),
        look("delayed", FakeMlb::with(&[Game::new(delayed)]), EVENING, far, GAME),
        look("off", FakeMlb::with(&[tomorrow]), NOON, ["No game", "No hay juego"], OFF),
        look("postponed", FakeMlb::with(&[Game::new(POSTPONED)]), NOON, ["No game", "No hay juego"], OFF),
        look("winter", winter(), "2024-11-20T20:00:00Z", ["No game", "No hay juego"], OFF),
        look("injured", out("D10", "Injured 10-Day"), NOON, ["No. Injured.", "No. Lesionado."], BENCH),
        look("suspended", out("SU", "Suspended"), NOON, ["No. Suspended.", "No. Suspendido."], BENCH),
        look("unknown", silent, NOON, ["Can't tell yet", "Aún no se sabe"], UNKNOWN),
    ];
    for look in looks.iter().filter(|look| !["unknown", "winter"].contains(&look.name)) {
        look.mlb.put("/api/v1/people/665487/stats?", long_season());
    }
    looks
}

/// The word as drawn: its lines, whether it is within the screen, and its share of the line's width and of the screen's
/// height.
const WORD: &str = "(() => {
    const word = document.querySelector('.word');
    const line = word.parentElement.clientWidth - 2 * parseFloat(getComputedStyle(word).marginLeft);
    const texts = [...word.querySelectorAll(':scope > text')].map((text) => text.getBoundingClientRect());
    const all = [...word.querySelectorAll('*')].map((part) => part.getBoundingClientRect());
    return {
        text: [...word.querySelectorAll(':scope > text')].map((text) => text.textContent).join(' '),
        lines: texts.length,
        fits: all.every(({ left, right }) => left >= 0 && right <= innerWidth),
        wide: (Math.max(...all.map(({ right }) => right)) - Math.min(...all.map(({ left }) => left))) / line,
        high: word.getBoundingClientRect().height / innerHeight,
        top: word.getBoundingClientRect().top,
        stamps: word.querySelectorAll('.stamp').length,
    };
})()";

/// Asserts that the word is on one line, within the screen, and as large as width and height allow.
fn assert_word(word: &Value, lines: usize, what: &str) {
    assert_eq!((&word["lines"], &word["fits"]), (&json!(lines), &json!(true)), "{what}: {word}");
    let (wide, high) = (word["wide"].as_f64().unwrap(), word["high"].as_f64().unwrap());
    assert!(wide > 0.94 || high > 0.41, "{what}: {word}");
    assert!(wide < 1.07 && high < 0.43, "{what}: {word}");
}

#[test]
#[ignore = "needs Chromium"]
fn the_page_looks_right_in_every_state_language_width_and_scheme() {
    let mut browser = Browser::open();
    for look in looks() {
        let server = Server::start(&look.mlb, look.clock);
        server.wait_for(look.name, |answer| answer["answer"] == look.words[0]);
        for (path, expected) in ["/", "/es"].iter().zip(look.words) {
            for scheme in ["light", "dark"] {
                browser.media(
                    "screen",
                    &[("prefers-color-scheme", scheme), ("prefers-reduced-motion", "reduce")],
                );
                for size in [(320, 640), (390, 844), (768, 1024), (1440, 900)] {
                    let what = format!("{} {path} {scheme} {size:?}", look.name);
                    browser.size(size);
                    browser.visit(&at(&server, path));
                    let widest = browser.evaluate("document.documentElement.scrollWidth");
                    assert_eq!(widest, size.0, "{what}: something is wider than the screen");
                    let word = browser.evaluate(WORD);
                    assert_eq!(
                        (&word["text"], browser.text(".verdict")),
                        (&json!(expected), expected.into())
                    );
                    assert_word(&word, 1, &what);
                    let stamps = if look.name == "yes" {
                        1
                    } else if look.name == "yes-3" {
                        3
                    } else {
                        0
                    };
                    assert_eq!(word["stamps"], stamps, "{what}");
                    let ground =
                        browser.evaluate("getComputedStyle(document.querySelector('.hero')).backgroundColor");
                    assert_eq!(
                        ground == look.ground,
                        scheme == "light" || look.ground != BENCH,
                        "{what}: {ground}"
                    );
                    let scene =
                        browser.evaluate("document.querySelector('.scene').getBoundingClientRect().height");
                    assert!(scene.as_f64() > Some(200.0), "{what}: {scene}");
                    let language = if *path == "/" { "en" } else { "es" };
                    browser.shoot(&format!("look-{}-{language}-{}-{scheme}", look.name, size.0));
                }
            }
        }
        browser.leave();
    }
}

/// The pages beside the home page, with their state and their words in both languages.
pub const OTHER_PAGES: [(&str, &str, [&str; 2]); 7] = [
    ("2023-08-09", "no", ["No", "No"]),
    ("2023-08-10", "yes", ["Yes", "Sí"]),
    ("2023", "yes", ["26 errors", "26 errores"]),
    ("2024", "no", ["No errors", "Sin errores"]),
    ("leaders", "yes", ["3rd", "Lugar 3"]),
    ("nothing", "game", ["Out of the park", "Fuera del parque"]),
    ("2024-07-03", "game", ["Not yet", "Todavía no"]),
];

/// A site with these pages.
pub fn with_other_pages() -> (FakeMlb, Server) {
    let mlb = after_a_long_season();
    let server =
        Server::start_with(&["--mlb-url", &mlb.url(), "--clock", EVENING, "--url", "https://example.org"]);
    server.wait_for("ranked", |answer| answer["error_rank"]["rank"] == 3);
    for (page, ..) in OTHER_PAGES {
        looked_up(&server, &format!("/{page}"), "Accept: text/html\r\n");
    }
    (mlb, server)
}

/// The path of a page in a language; of an error page, the client's language decides.
pub fn in_language(page: &str, language: &str) -> String {
    if page == "nothing" { "/nothing".into() } else { format!("/{language}/{page}") }
}

#[test]
#[ignore = "needs Chromium"]
fn days_seasons_and_leaders_look_right_in_every_language_width_and_scheme() {
    let mut browser = Browser::open();
    let (_mlb, server) = with_other_pages();
    for (index, language) in ["en", "es"].into_iter().enumerate() {
        let fields = json!({"headers": {"Accept-Language": language}});
        browser.call("Network.setExtraHTTPHeaders", fields);
        for scheme in ["light", "dark"] {
            browser
                .media("screen", &[("prefers-color-scheme", scheme), ("prefers-reduced-motion", "reduce")]);
            for (page, state, words) in OTHER_PAGES {
                for size in [(320, 640), (390, 844), (768, 1024), (1440, 900)] {
                    let what = format!("{page} {language} {scheme} {size:?}");
                    browser.size(size);
                    browser.visit(&at(&server, &in_language(page, language)));
                    assert_eq!(browser.evaluate("document.documentElement.scrollWidth"), size.0, "{what}");
                    assert_eq!(browser.evaluate(SHIFTED), 0, "{what}");
                    assert_eq!(browser.evaluate("document.documentElement.className"), state, "{what}");
                    let word = browser.evaluate(WORD);
                    assert_eq!(word["text"], words[index], "{what}");
                    assert_word(&word, 1, &what);
                    let icon = browser.evaluate(
                        "fetch(document.querySelector('link[type=\"image/svg+xml\"]').href).then((icon) => icon.text())",
                    );
                    let ground = browser.evaluate("document.querySelector('meta[name=theme-color]').content");
                    assert!(icon.as_str().unwrap().contains(ground.as_str().unwrap()), "{what}: {icon}");
                    browser.shoot(&format!("page-{page}-{language}-{}-{scheme}", size.0));
                }
            }
        }
    }
    for (look, medium, feature) in [
        ("print", "print", ("prefers-color-scheme", "light")),
        ("forced", "screen", ("forced-colors", "active")),
    ] {
        browser.media(medium, &[feature]);
        browser.size((768, 1024));
        for (page, ..) in OTHER_PAGES {
            browser.visit(&at(&server, &in_language(page, "en")));
            let [word, ground] =
                ["document.querySelector('.word')).fill", "document.querySelector('.hero')).backgroundColor"]
                    .map(|style| browser.evaluate(&format!("getComputedStyle({style}")));
            assert_ne!(word, ground, "{look} {page}");
            browser.shoot(&format!("page-{page}-{look}"));
        }
    }
    browser.complaints();
}

#[test]
#[ignore = "needs the Nu HTML Checker and Java"]
fn the_html_is_valid_in_every_state() {
    let (jar, java) = (tools::npm("vnu-jar/build/dist/vnu.jar"), tools::find("java"));
    let dir = tempfile::tempdir().unwrap();
    for look in looks() {
        let server = Server::start(&look.mlb, look.clock);
        server.wait_for(look.name, |answer| answer["answer"] == look.words[0]);
        for (name, path) in [
            ("en", "/"),
            ("es", "/es"),
            ("404", "/nothing"),
            ("share", "/share"),
            ("embed", "/es/embed"),
            ("leaders", "/leaders"),
        ] {
            let page = server.get(path, "Accept: text/html\r\n");
            std::fs::write(dir.path().join(format!("{}-{name}.html", look.name)), page.text()).unwrap();
        }
    }
    let (_mlb, server) = with_other_pages();
    for (page, ..) in OTHER_PAGES {
        for language in ["en", "es"] {
            let html = server.get(&in_language(page, language), "Accept: text/html\r\n");
            std::fs::write(dir.path().join(format!("{page}-{language}.html")), html.text()).unwrap();
        }
    }
    for path in ["/how", "/es/how"] {
        let html = server.get(path, "Accept: text/html\r\n");
        std::fs::write(dir.path().join(format!("{}.html", path.replace('/', "-"))), html.text()).unwrap();
    }
    let broken = dir.path().join("broken.html");
    let check =
        || Command::new(&java).arg("-jar").arg(&jar).arg("--errors-only").arg(dir.path()).output().unwrap();
    let found = check();
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    std::fs::write(broken, "<!doctype html><p><table><li>").unwrap();
    assert!(!check().status.success(), "the checker finds what is wrong");
}

#[test]
#[ignore = "needs Chromium"]
fn any_configured_word_fills_the_line_and_none_jumps_without_the_typeface() {
    let mut browser = Browser::open();
    browser.media("screen", &[("prefers-reduced-motion", "reduce")]);
    let long = "He dropped it, he picked it up, and then he threw it to nobody in particular";
    for (word, lines) in [
        ("Y", 1),
        ("👎", 1),
        ("👩‍👩‍👧‍👦 Ouch 👎", 1),
        ("はい、また", 1),
        ("Ωραία Ж", 1),
        ("Absolutely, yes, again", 1),
        (long, 2),
    ] {
        let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("e6.toml"), format!("[words]\nyes = '{word}'\n")).unwrap();
        let server = Server::start_in(dir, &["--mlb-url", &mlb.url(), "--clock", EVENING]);
        server.wait_for_verdict("yes");
        for blocked in [&[][..], &["*.woff2"][..]] {
            browser.call("Network.setBlockedURLs", json!({"urls": blocked}));
            for size in [(320, 640), (1440, 900), (3840, 2160)] {
                let what = format!("{word} at {size:?}, blocked: {blocked:?}");
                browser.size(size);
                browser.visit(&at(&server, "/"));
                assert_eq!(browser.evaluate("document.documentElement.scrollWidth"), size.0, "{what}");
                assert_eq!(browser.evaluate(SHIFTED), 0, "{what}");
                assert_word(&browser.evaluate(WORD), lines, &what);
            }
        }
        browser.leave();
    }
}

#[test]
#[ignore = "needs Chromium"]
fn no_name_and_no_configured_text_is_wider_than_the_screen() {
    let mut browser = Browser::open();
    browser.media("screen", &[("prefers-reduced-motion", "reduce")]);
    let (long, word) = ("Wolfeschlegelsteinhausenbergerdorff".repeat(2), "n".repeat(80));
    let mlb = after_a_long_season();
    mlb.play(&[Game {
        text: "A_very_long_word_of_MLB_".repeat(9).leak(),
        ..Game::new(IN_PROGRESS).charged(12)
    }]);
    mlb.put(
        "/api/v1/people/665487?",
        json!({"people": [{
            "id": 665487, "fullName": format!("Hubert {long} Sr."), "useLastName": long, "mlbDebutDate": "2023-03-30",
            "currentTeam": {"id": 135, "name": long},
        }]}),
    );
    let dir = tempfile::tempdir().unwrap();
    let words = |section: &str| {
        format!(
            "[{section}]\nyes = '{word}'\nno = '{word}'\nfriend = '{word}'\nquestion = '{{player}}{0}?'\nday_question = '{{player}}{{date}}{0}?'\nwit_yes = '{0}'\n",
            "q".repeat(180)
        )
    };
    std::fs::write(dir.path().join("e6.toml"), words("words") + &words("words.es")).unwrap();
    let arguments = ["--mlb-url", &mlb.url(), "--clock", EVENING, "--url", "https://example.org"];
    let server = Server::start_in(dir, &arguments);
    server.wait_for_verdict("yes");
    let pages = ["", "/2023-08-10", "/2023", "/leaders", "/share", "/embed"];
    for page in pages {
        looked_up(&server, &format!("/en{page}"), "Accept: text/html\r\n");
    }
    for language in ["en", "es"] {
        for page in pages {
            for size in [(320, 640), (1440, 900), (3840, 2160)] {
                let what = format!("{page} {language} {size:?}");
                browser.size(size);
                browser.visit(&at(&server, &format!("/{language}{page}")));
                assert_eq!(browser.evaluate("document.documentElement.scrollWidth"), size.0, "{what}");
                assert_eq!(browser.evaluate(SHIFTED), 0, "{what}");
                let cut = browser.evaluate(
                    "[...document.querySelectorAll('body *')]
                        .filter((part) => !part.closest('.scene, .unseen, .verdict') && part.getBoundingClientRect().right > innerWidth + 1)
                        .map((part) => part.outerHTML.slice(0, 80))",
                );
                assert_eq!(cut, json!([]), "{what}");
                browser.shoot(&format!("long{}-{language}-{}", page.replace('/', "-"), size.0));
            }
        }
    }
}
