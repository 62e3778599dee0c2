//! Snippets as people use them, and the box in a page of another site.

use crate::{
    clients::looks::{BENCH, looks},
    pages::share::{at_its_url, snippets},
    support::{devtools::Browser, server::Server, tools},
};
use std::{
    io::{Read, Write},
    net::TcpListener,
    process::Command,
    thread,
};

/// Serves this page at an origin of its own; returns its URL.
fn other_site(page: String) -> String {
    let listener = TcpListener::bind("127.0.0.2:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let length = page.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
            );
            let _ = stream.write_all((head + &page).as_bytes());
        }
    });
    url
}

#[test]
#[ignore = "needs curl"]
fn the_commands_of_the_snippets_print_the_answer() {
    tools::find("curl");
    let (server, _mlb, _) = at_its_url();
    let page = server.get("/en/share", "Accept: text/html\r\n").text().to_owned();
    let commands: Vec<_> = snippets(&page).into_iter().filter(|code| code.starts_with("curl")).collect();
    assert_eq!(commands.len(), 3, "{commands:?}");
    for (command, expected) in commands.iter().zip(["\x1b[48;5;", "Yes (1 error)\n", "\"verdict\": \"yes\""])
    {
        let output = Command::new("sh").args(["-c", command]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.contains(expected), "{command}: {text}");
    }
}

#[test]
#[ignore = "needs Chromium"]
fn badge_box_and_script_work_in_a_page_of_another_site() {
    let (server, _mlb, url) = at_its_url();
    let page = server.get("/en/share", "Accept: text/html\r\n").text().to_owned();
    let all = snippets(&page);
    let with = |start: &str| all.iter().find(|code| code.starts_with(start)).unwrap().clone();
    let script = with("fetch").replace(
        "console.log(answer.verdict, answer.errors)",
        "document.title = answer.verdict + answer.errors",
    );
    let html = format!(
        "<!doctype html><title>other</title>{}{}<script>{script}</script>",
        with("<a href"),
        with("<iframe")
    );
    let mut browser = Browser::open();
    browser.visit(&other_site(html));
    browser.wait_until("document.title === 'yes1'");
    browser.wait_until("document.querySelector('img').naturalHeight === 20");
    // A frame of another origin hides its content: its own count of requests shows that it was loaded.
    server.wait_until("framed", || {
        std::fs::read_to_string(server.path("access.log")).unwrap().contains("\"GET /embed ")
    });
    assert_eq!(browser.complaints(), Vec::<String>::new(), "{url}");
    browser.shoot("embed-in-a-page");
}

#[test]
#[ignore = "needs Chromium"]
fn the_box_fits_its_size_in_every_state_and_language() {
    let mut browser = Browser::open();
    for look in looks() {
        let server = Server::start(&look.mlb, look.clock);
        server.wait_for(look.name, |answer| answer["answer"] == look.words[0]);
        for (language, word) in ["en", "es"].into_iter().zip(look.words) {
            for scheme in ["light", "dark"] {
                browser.media("screen", &[("prefers-color-scheme", scheme)]);
                for (width, height) in [(300, 120), (240, 100), (600, 200)] {
                    browser.size((width, height));
                    browser.visit(&format!("http://{}/{language}/embed", server.http()));
                    let what = format!("{} {language} {width} {scheme}", look.name);
                    let fits = "document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight";
                    assert_eq!(browser.evaluate(fits), true, "{what}");
                    let inside = "[...document.querySelectorAll('.question, .word, .reason')].every((part) => { const box = part.getBoundingClientRect(); return box.height > 10 && box.top >= 0 && box.bottom <= innerHeight && box.left >= 0 && box.right <= innerWidth; })";
                    assert_eq!(browser.evaluate(inside), true, "{what}");
                    assert_eq!(browser.text(".unseen"), word, "{what}");
                    let ground = browser.evaluate("getComputedStyle(document.body).backgroundColor");
                    assert_eq!(
                        ground == look.ground,
                        scheme == "light" || look.ground != BENCH,
                        "{what}: {ground}"
                    );
                    if width == 300 {
                        browser.shoot(&format!("embed-{}-{language}-{scheme}", look.name));
                    }
                }
            }
        }
        assert_eq!(browser.complaints(), Vec::<String>::new());
        browser.leave();
    }
}

#[test]
#[ignore = "needs Chromium"]
fn the_share_page_fits_phones_and_copies() {
    let (server, _mlb, url) = at_its_url();
    let mut browser = Browser::open();
    for (width, height) in [(320, 640), (1440, 900)] {
        for language in ["en", "es"] {
            browser.size((width, height));
            browser.visit(&format!("{url}/{language}/share"));
            let fits = "document.documentElement.scrollWidth <= innerWidth";
            assert_eq!(browser.evaluate(fits), true, "{language} {width}");
            assert_eq!(browser.evaluate("document.querySelectorAll('pre + button').length"), 10);
            browser.shoot(&format!("share-{language}-{width}"));
        }
    }
    let origin =
        serde_json::json!({"origin": url, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]});
    browser.call("Browser.grantPermissions", origin);
    browser.visit(&format!("{url}/en"));
    browser.call("Emulation.setFocusEmulationEnabled", serde_json::json!({"enabled": true}));
    browser.evaluate("document.querySelector('a[data-copied]').click()");
    browser.wait_until("document.querySelector('a[data-copied]').textContent === 'Copied'");
    assert_eq!(
        browser.evaluate("location.pathname + ' ' + document.querySelector('a[data-copied]').href"),
        format!("/en {url}/2024-07-02")
    );
    browser.visit(&format!("{url}/es/share"));
    browser.evaluate("document.querySelector('#badge ~ pre + button').click()");
    browser.wait_until("document.querySelector('#badge ~ pre + button').textContent === 'Copiado'");
    assert_eq!(browser.complaints(), Vec::<String>::new());
    drop(server);
}
