//! The answer for terminals: big letters, colour on request, and one line.

use crate::support::server::{Response, site};

const CURL: &str = "Accept: */*\r\nUser-Agent: curl/8.14.1\r\n";
const BROWSER: &str = "Accept: text/html,*/*;q=0.8\r\nUser-Agent: Mozilla/5.0\r\n";
const PLAIN: &str = "text/plain; charset=utf-8";
const ANSI: &str = "text/x-ansi; charset=utf-8";

#[test]
fn curl_gets_big_letters_and_colour_only_on_request() {
    let (server, _mlb) = site();
    for (path, fields, media_type, is_coloured) in [
        ("/", CURL, PLAIN, false),
        ("/en", CURL, PLAIN, false),
        ("/?color", CURL, ANSI, true),
        ("/es?a=b&color=1", CURL, ANSI, true),
        ("/?color=0", CURL, PLAIN, false),
        ("/", "Accept: text/x-ansi\r\n", ANSI, true),
        ("/es", "Accept: text/x-ansi, text/plain;q=0.5\r\n", ANSI, true),
        ("/?color", BROWSER, "text/html; charset=utf-8", false),
    ] {
        let response = server.get(path, fields);
        assert_eq!((response.status, response.field("content-type")), (200, media_type), "{path}");
        assert_eq!(response.text().contains('\x1b'), is_coloured, "{path}");
        if media_type != "text/html; charset=utf-8" {
            assert!(response.text().contains("██"), "{path}: {}", response.text());
            assert!(response.field("cache-control").starts_with("private, "), "{response:?}");
        }
        for name in ["accept", "user-agent"] {
            assert!(response.field("vary").contains(name), "{path}: {}", response.field("vary"));
        }
        assert_eq!(response.field("vary").contains("accept-language"), path.starts_with("/?") || path == "/");
    }
}

#[test]
fn one_line_is_for_prompts_whoever_asks() {
    let (server, _mlb) = site();
    for fields in [CURL, BROWSER, "Accept: application/json\r\n", ""] {
        for (path, line) in [("/?format=1", "Yes (1 error)\n"), ("/es?format=1", "Sí (1 error)\n")] {
            let response = server.get(path, fields);
            assert_eq!((response.text(), response.field("content-type")), (line, PLAIN), "{path} {fields}");
            assert!(response.field("cache-control").starts_with("private, "), "{response:?}");
        }
    }
    let spanish = server.get("/?format=1", "Accept-Language: es\r\n");
    assert_eq!((spanish.text(), spanish.field("content-language")), ("Sí (1 error)\n", "es"));
    assert_eq!(spanish.field("vary"), "accept-language");
    let coloured = server.get("/en?format=1&color", CURL);
    assert!(coloured.text().starts_with("\x1b[48;5;"), "{}", coloured.text());
    assert!(coloured.text().ends_with("\x1b[0m (1 error)\n"), "{}", coloured.text());
}

#[test]
fn every_form_has_a_tag_of_its_own_and_another_query_changes_nothing() {
    let (server, _mlb) = site();
    let tag = |response: &Response| response.field("etag").to_owned();
    let plain = server.get("/", CURL);
    for query in ["?", "?format=2", "?colour", "?color=no", "?utm_source=x"] {
        let response = server.get(&format!("/{query}"), CURL);
        assert_eq!((response.text(), tag(&response)), (plain.text(), tag(&plain)), "{query}");
    }
    for path in ["/?color", "/?format=1", "/?format=1&color"] {
        let response = server.get(path, CURL);
        assert_ne!(tag(&response), tag(&plain), "{path}");
        let fields = format!("{CURL}If-None-Match: {}\r\n", tag(&response));
        assert_eq!(server.get(path, &fields).status, 304, "{path}");
        assert_eq!(server.head(path, CURL).field("content-length"), response.field("content-length"));
    }
}

#[test]
fn pages_without_colour_answer_a_terminal_that_asks_for_it_in_plain_text() {
    let (server, _mlb) = site();
    for path in ["/how", "/nothing"] {
        let response = server.get(path, "Accept: text/x-ansi, */*;q=0.1\r\n");
        assert_eq!(response.field("content-type"), PLAIN, "{path}");
        assert!(!response.text().contains('\x1b'), "{path}");
    }
}
