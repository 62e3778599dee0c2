//! `Cache-Control` and `Vary`: what caches may store, and for how long.

use crate::support::{
    day::{EVENING, Game, IN_PROGRESS, NOON, SCHEDULED},
    fake_mlb::{FakeMlb, Fault},
    server::{OF_THE_MOMENT, Response, Server, site},
};

/// A response without the fields that differ each time.
fn lasting(mut response: Response) -> (u16, Vec<(String, String)>, Vec<u8>) {
    response.fields.retain(|name, _| !OF_THE_MOMENT.contains(&name.as_str()));
    (response.status, response.fields.into_iter().collect(), response.body)
}

#[test]
fn pages_are_kept_no_longer_than_their_data_can_last() {
    let on = || FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let ahead = || FakeMlb::with(&[Game::new(SCHEDULED)]);
    let days = [
        ("a game is on", on(), EVENING, "yes", 5),
        ("a game is about to begin", ahead(), "2024-07-03T01:30:00Z", "not_yet", 30),
        ("nothing is expected", FakeMlb::with(&[]), NOON, "no_game", 300),
    ];
    for (what, mlb, clock, verdict, seconds) in days {
        let server = Server::start(&mlb, clock);
        server.wait_for_verdict(verdict);
        let expected = format!("max-age={seconds}, stale-while-revalidate={seconds}, stale-if-error=600");
        for (path, fields, who) in [
            ("/", "Accept: text/html", "public"),
            ("/", "Accept: */*", "public"),
            ("/", "Accept: text/html\r\nAccept-Language: fr", "public"),
            ("/", "Accept: text/html\r\nAccept-Language: es", "private"),
            ("/", "Accept: text/plain", "private"),
            ("/", "Accept: */*\r\nUser-Agent: curl/8.14.1", "private"),
            ("/", "Accept: text/plain\r\nAccept-Language: es", "private"),
            ("/", "Accept: application/json", "private"),
            ("/en", "Accept: text/html\r\nAccept-Language: es", "public"),
            ("/es", "Accept: text/html", "public"),
            ("/es", "Accept: text/plain", "private"),
            ("/en", "Accept: application/json", "private"),
            ("/api/v1/answer", "Accept: text/plain\r\nUser-Agent: curl/8.14.1", "public"),
        ] {
            let response = server.get(path, &format!("{fields}\r\n"));
            let expected = format!("{who}, {expected}");
            assert_eq!(response.field("cache-control"), expected, "{what}: {path} {fields}");
            let etag = response.field("etag");
            let again = server.get(path, &format!("{fields}\r\nIf-None-Match: {etag}\r\n"));
            // The page may have been rendered again meanwhile.
            assert!([200, 304].contains(&again.status), "{what}: {path} {fields}");
            assert_eq!(again.field("cache-control"), expected, "{what}: {path} {fields}");
        }
    }
    let mlb = on();
    mlb.fault(Fault::Refuse);
    let server = Server::start(&mlb, EVENING);
    assert!(
        server.get("/", "").field("cache-control").starts_with("public, max-age=5, "),
        "nothing is known yet"
    );
}

/// Such a cache stores by URL only, as some large CDNs do, and would serve the stored response to everyone.
#[test]
fn a_shared_cache_that_ignores_vary_keeps_no_form_or_language_that_another_did_not_ask_for() {
    let (server, _mlb) = site();
    for path in ["/", "/en", "/es"] {
        let mut kept = std::collections::BTreeSet::new();
        for accept in ["text/html", "*/*", "text/plain", "application/json"] {
            for agent in ["Mozilla/5.0", "curl/8.14.1", "Slackbot 1.0"] {
                for language in ["en", "es", "fr, es;q=0.5"] {
                    let response = server.get(
                        path,
                        &format!(
                            "Accept: {accept}\r\nUser-Agent: {agent}\r\nAccept-Language: {language}\r\n"
                        ),
                    );
                    let vary = response.field("vary");
                    assert!(vary.contains("accept") && vary.contains("user-agent"), "{path}: {vary}");
                    if response.field("cache-control").starts_with("public, ") {
                        kept.insert((
                            response.field("content-type").to_owned(),
                            response.field("content-language").to_owned(),
                        ));
                    } else {
                        assert!(response.field("cache-control").starts_with("private, "), "{response:?}");
                    }
                }
            }
        }
        let language = if path == "/es" { "es" } else { "en" };
        let only = ("text/html; charset=utf-8".to_owned(), language.to_owned());
        assert_eq!(kept.into_iter().collect::<Vec<_>>(), [only], "{path}");
    }
}

#[test]
fn files_published_with_the_page_may_be_cached_too() {
    let (server, _mlb) = site();
    for path in ["/api/v1/season", "/feed.xml", "/calendar.ics", "/badge.svg", "/card.png"] {
        let response = server.get(path, "");
        let control = response.field("cache-control");
        let seconds =
            control.strip_prefix("public, max-age=").and_then(|rest| rest.split(',').next()).unwrap();
        assert!((60..=3600).contains(&seconds.parse::<u32>().unwrap()), "{path}: {control}");
        assert!(
            control.ends_with(&format!(", stale-while-revalidate={seconds}, stale-if-error=600")),
            "{path}: {control}"
        );
        assert!(!response.field("last-modified").is_empty() && !response.field("etag").is_empty(), "{path}");
    }
}

#[test]
fn a_query_makes_no_other_resource() {
    let (server, _mlb) = site();
    for path in ["/", "/api/v1/answer", "/robots.txt", "/feed.xml", "/nothing"] {
        let (plain, asked) = (server.get(path, ""), server.get(&format!("{path}?utm_source=x&y"), ""));
        let etag = plain.field("etag").to_owned();
        assert_eq!(lasting(plain), lasting(asked), "{path}");
        if path != "/nothing" {
            let again = server.get(&format!("{path}?z"), &format!("If-None-Match: {etag}\r\n"));
            assert_eq!(again.status, 304, "{path}");
        }
    }
}

#[test]
fn vary_is_the_same_whatever_comes_of_a_request() {
    let (server, _mlb) = site();
    let css = server.page();
    let css = css.split('"').find(|text| text.starts_with("/static/e6.")).unwrap();
    for path in ["/", "/api/v1/answer", css] {
        let ok = server.get(path, "");
        let (etag, vary) = (ok.field("etag"), ok.field("vary"));
        assert!(vary.contains("accept-encoding"), "{path}");
        assert_eq!(vary.contains("accept, "), path == "/", "{path}");
        for (fields, status) in [
            ("Range: bytes=0-3\r\n".to_owned(), 206),
            (format!("If-None-Match: {etag}\r\n"), 304),
            ("Accept-Encoding: identity;q=0\r\n".into(), 406),
        ] {
            let response = server.get(path, &fields);
            assert_eq!(response.status, status, "{path} {fields}");
            let names = response.field("vary");
            assert!(
                vary.split(", ").all(|name| names.contains(name)),
                "{path} {status}: {names}, not {vary}"
            );
        }
    }
}

#[test]
fn errors_are_not_kept() {
    let server = Server::start_with(&["--domain", "example.org", "--mlb-url", "http://127.0.0.1:9"]);
    let send = |line: &str, fields: &str| {
        server.send(&format!("{line} HTTP/1.1\r\n{fields}Connection: close\r\n\r\n"), true)
    };
    let ours = "Host: example.org\r\n";
    let long = format!("GET /{}", "x".repeat(3000));
    let big = format!("{ours}X-Long: {}\r\n", "x".repeat(20_000));
    for (status, line, fields) in [
        (308, "GET /", ours.to_owned()),
        (400, "GET /", String::new()),
        (404, "GET /", "Host: elsewhere.example\r\n".into()),
        (405, "POST /healthz", format!("{ours}Content-Length: 3\r\n")),
        (413, "GET /healthz", format!("{ours}Content-Length: 3\r\n")),
        (414, &long, ours.into()),
        (431, "GET /", big),
        (503, "GET /readyz", ours.into()),
    ] {
        let response = send(line, &fields);
        assert_eq!((response.status, response.field("cache-control")), (status, "no-store"), "{line}");
    }
    let (server, _mlb) = site();
    for (status, fields) in [
        (406, "Accept-Encoding: identity;q=0\r\n"),
        (412, "If-Match: \"other\"\r\n"),
        (416, "Range: bytes=9999999-\r\n"),
    ] {
        let response = server.get("/", fields);
        assert_eq!((response.status, response.field("cache-control")), (status, "no-store"), "{fields}");
    }
    for line in ["DELETE /", "GET /%00", "GET /nothing"] {
        let request = format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let response = server.send(&request, true);
        assert_eq!(response.field("cache-control"), "no-store", "{line}");
    }
}

#[test]
fn every_response_is_dated_and_no_version_is_told() {
    let (server, _mlb) = site();
    for request in [
        "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /nothing HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
        "DELETE / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ] {
        let response = server.send(request, true);
        assert!(response.field("date").ends_with(" GMT"), "{request}: {response:?}");
        assert!(["", "e6"].contains(&response.field("server")), "{request}: {response:?}");
    }
    assert_eq!(server.get("/", "").field("server"), "e6");
}
