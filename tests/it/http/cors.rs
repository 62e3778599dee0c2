//! Cross-origin requests: which responses pages of other sites may read.

use crate::support::server::{Response, Server, site};

const ORIGIN: &str = "Origin: https://other.example\r\n";
/// The paths of the JSON, the feed, the calendar and the pictures.
const PUBLIC: [&str; 8] = [
    "/api/v1/answer",
    "/api/v1/season",
    "/api/openapi.json",
    "/feed.xml",
    "/calendar.ics",
    "/badge.svg",
    "/card.png",
    "/es/card.png",
];

fn sharing(response: &Response) -> (&str, &str) {
    (response.field("access-control-allow-origin"), response.field("cross-origin-resource-policy"))
}

const OPEN: (&str, &str) = ("*", "cross-origin");
const CLOSED: (&str, &str) = ("", "same-origin");

fn options(server: &Server, path: &str, fields: &str) -> Response {
    server.send(
        &format!("OPTIONS {path} HTTP/1.1\r\nHost: localhost\r\n{fields}Connection: close\r\n\r\n"),
        true,
    )
}

#[test]
fn every_site_may_read_public_data_and_no_pages() {
    let (server, _mlb) = site();
    for path in PUBLIC {
        let whole = server.get(path, ORIGIN);
        assert_eq!((whole.status, sharing(&whole)), (200, OPEN), "{path}");
        assert_eq!(whole.field("access-control-expose-headers"), "*", "{path}");
        assert!(!whole.field("vary").contains("origin"), "the same for every origin");
        let etag = whole.field("etag");
        for (fields, status) in [
            ("Accept-Encoding: identity;q=0\r\n".to_owned(), 406),
            ("If-Match: \"other\"\r\n".into(), 412),
            ("Range: bytes=0-3\r\n".into(), 206),
            (format!("If-None-Match: {etag}\r\n"), 304),
        ] {
            let response = server.get(path, &format!("{ORIGIN}{fields}"));
            assert!(
                response.status == status || (status == 304 && response.status == 200),
                "{path} {fields}"
            );
            assert_eq!(sharing(&response), OPEN, "{path} {fields}");
        }
        let moved = server.get(&format!("{path}/"), ORIGIN);
        assert_eq!((moved.status, sharing(&moved)), (308, OPEN), "{path}/");
        assert_eq!(sharing(&server.head(path, "")), OPEN, "{path}");
    }
    let events = server.head("/events", ORIGIN);
    assert_eq!((events.status, sharing(&events)), (200, OPEN));
    assert_eq!(events.field("x-accel-buffering"), "no");
    for path in ["/", "/en", "/es"] {
        for (accept, expected) in [("application/json", OPEN), ("text/html", CLOSED), ("text/plain", CLOSED)]
        {
            let response = server.get(path, &format!("{ORIGIN}Accept: {accept}\r\n"));
            assert_eq!(sharing(&response), expected, "{path} {accept}");
        }
    }
    for path in ["/how", "/healthz", "/readyz", "/robots.txt", "/site.webmanifest", "/nothing", "/%zz"] {
        let response = server.get(path, &format!("{ORIGIN}Accept: application/json\r\n"));
        assert_eq!(sharing(&response), CLOSED, "{path}");
    }
}

#[test]
fn a_preflight_is_answered_where_the_request_would_be() {
    let (server, _mlb) = site();
    let preflight = format!(
        "{ORIGIN}Access-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: if-none-match\r\n"
    );
    for path in PUBLIC.into_iter().chain(["/events", "/", "/en", "/feed.xml/"]) {
        let response = options(&server, path, &preflight);
        assert_eq!((response.status, sharing(&response)), (204, OPEN), "{path}");
        for (name, value) in [
            ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
            ("access-control-allow-headers", "*"),
            ("access-control-max-age", "86400"),
            ("allow", "GET, HEAD, OPTIONS"),
        ] {
            assert_eq!(response.field(name), value, "{path}");
        }
    }
    for path in ["/healthz", "/how", "/robots.txt"] {
        let response = options(&server, path, &preflight);
        assert_eq!((response.status, sharing(&response)), (204, CLOSED), "{path}");
        assert_eq!(response.field("access-control-allow-methods"), "", "{path}");
    }
    let plain = options(&server, "/api/v1/answer", "");
    assert_eq!((plain.status, plain.field("allow")), (204, "GET, HEAD, OPTIONS"));
    assert_eq!(plain.field("access-control-allow-methods"), "");
}

#[test]
fn a_preflight_is_not_redirected_for_no_browser_would_follow() {
    let server = Server::start_with(&["--domain", "example.org", "--mlb-url", "http://127.0.0.1:9"]);
    let ask = |method: &str, host: &str| {
        let fields = format!("{ORIGIN}Access-Control-Request-Method: GET\r\nConnection: close\r\n\r\n");
        server.send(&format!("{method} /api/v1/answer HTTP/1.1\r\nHost: {host}\r\n{fields}"), true)
    };
    let preflight = ask("OPTIONS", "example.org");
    assert_eq!((preflight.status, sharing(&preflight)), (204, OPEN));
    let request = ask("GET", "example.org");
    assert_eq!((request.status, sharing(&request)), (308, OPEN));
    assert_eq!(request.field("location"), "https://example.org/api/v1/answer");
    assert_eq!(ask("OPTIONS", "evil.example").status, 404);
}
