//! HTTP semantics (RFC 9110) as a client sees them.

use crate::support::server::site;

#[test]
fn a_part_is_cut_from_the_coding_that_was_chosen() {
    let (server, _mlb) = site();
    let path = "/site.webmanifest";
    for coding in ["identity", "br"] {
        let ask = |fields: &str| server.get(path, &format!("Accept-Encoding: {coding}\r\n{fields}"));
        let whole = ask("");
        assert_eq!(whole.field("accept-ranges"), "bytes");
        let length = whole.body.len();
        for (range, part) in [("0-9", 0..10), ("10-", 10..length), ("-5", length - 5..length)] {
            let response = ask(&format!("Range: bytes={range}\r\n"));
            assert_eq!(
                (response.status, &response.body[..]),
                (206, &whole.body[part.clone()]),
                "{coding} {range}"
            );
            let expected = format!("bytes {}-{}/{length}", part.start, part.end - 1);
            assert_eq!(response.field("content-range"), expected);
            for field in
                ["etag", "vary", "cache-control", "content-type", "content-encoding", "last-modified"]
            {
                assert_eq!(response.field(field), whole.field(field), "{field}");
            }
        }
        let etag = whole.field("etag");
        assert_eq!(ask(&format!("Range: bytes=0-9\r\nIf-Range: {etag}\r\n")).status, 206);
        assert_eq!(
            ask(&format!("Range: bytes=0-9\r\nIf-Range: {}\r\n", whole.field("last-modified"))).status,
            206
        );
        assert_eq!(ask("Range: bytes=0-9\r\nIf-Range: \"other\"\r\n").status, 200);
        assert_eq!(ask("Range: bytes=9-0\r\n").status, 200);
        let outside = ask(&format!("Range: bytes={length}-\r\n"));
        assert_eq!(
            (outside.status, outside.field("content-range")),
            (416, format!("bytes */{length}").as_str())
        );
        let head = server.head(path, "Range: bytes=0-9\r\n");
        assert_eq!(head.status, 200, "only a GET has ranges");
    }
}

#[test]
fn several_parts_come_as_multipart() {
    let (server, _mlb) = site();
    let whole = server.get("/icon-512.png", "");
    let response = server.get("/icon-512.png", "Range: bytes=1000-1009, 0-3\r\n");
    assert_eq!(response.status, 206);
    let boundary = response.field("content-type").strip_prefix("multipart/byteranges; boundary=").unwrap();
    let length = whole.body.len();
    let mut expected = Vec::new();
    for part in [0..4, 1000..1010] {
        let head = format!(
            "\r\n--{boundary}\r\ncontent-type: image/png\r\ncontent-range: bytes {}-{}/{length}\r\n\r\n",
            part.start,
            part.end - 1
        );
        expected.extend_from_slice(head.as_bytes());
        expected.extend_from_slice(&whole.body[part]);
    }
    expected.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    assert_eq!(response.body, expected);
}

#[test]
fn ranges_that_add_up_to_more_than_the_whole_get_the_whole_once() {
    let (server, _mlb) = site();
    let path = "/icon-512.png";
    let whole = server.get(path, "");
    let ask = |ranges: &str| server.get(path, &format!("Range: bytes={ranges}\r\n"));
    let nine = (0..9).map(|part| format!("{}-{}", part * 20, part * 20 + 3)).collect::<Vec<_>>().join(",");
    for ranges in ["0-,0-,0-,0-,0-,0-", &"0-,".repeat(500), &nine] {
        let response = ask(ranges);
        assert_eq!((response.status, response.body.len()), (200, whole.body.len()), "{ranges:.40}");
    }
    // Adjacent ranges are merged.
    for ranges in ["0-9,10-19", "10-19,0-9", "0-12,5-19"] {
        let response = ask(ranges);
        assert_eq!((response.status, &response.body[..]), (206, &whole.body[..20]), "{ranges}");
        assert!(response.field("content-range").starts_with("bytes 0-19/"), "{ranges}");
    }
}

#[test]
fn preconditions_are_kept_on_pages_and_assets_alike() {
    let (server, _mlb) = site();
    for path in ["/", "/api/v1/answer", "/robots.txt"] {
        let whole = server.get(path, "");
        let (etag, modified) = (whole.field("etag"), whole.field("last-modified"));
        assert!(!modified.is_empty(), "{path}");
        for (fields, status) in [
            (format!("If-Match: {etag}\r\n"), 200),
            ("If-Match: \"other\"\r\n".into(), 412),
            (format!("If-Modified-Since: {modified}\r\n"), 304),
            (format!("If-Unmodified-Since: {modified}\r\n"), 200),
            ("If-Unmodified-Since: Mon, 01 Jan 2001 00:00:00 GMT\r\n".into(), 412),
            (format!("If-None-Match: \"other\"\r\nIf-Modified-Since: {modified}\r\n"), 200),
        ] {
            assert_eq!(server.get(path, &fields).status, status, "{path} {fields}");
        }
        let not_modified = server.get(path, &format!("If-None-Match: {etag}\r\n"));
        for field in ["etag", "vary", "cache-control", "last-modified"] {
            assert_eq!(not_modified.field(field), whole.field(field), "{path} {field}");
        }
        assert!(not_modified.field("content-length").is_empty() && not_modified.body.is_empty());
    }
}

/// A cache keeps those of the stored response (RFC 9111 §4.3.4); what another site may read is about each response.
#[test]
fn a_304_omits_the_fields_that_say_what_to_do_with_the_body() {
    let (server, _mlb) = site();
    for path in ["/", "/embed", "/api/v1/answer", "/robots.txt"] {
        let asked = "Accept: text/html, application/json;q=0.5\r\n";
        let whole = server.get(path, asked);
        let again = server.get(path, &format!("{asked}If-None-Match: {}\r\n", whole.field("etag")));
        assert_eq!((whole.status, again.status), (200, 304), "{path}");
        assert_eq!(whole.field("x-content-type-options"), "nosniff", "{path}");
        for field in [
            "content-security-policy",
            "cross-origin-opener-policy",
            "permissions-policy",
            "referrer-policy",
            "refresh",
            "x-content-type-options",
        ] {
            assert_eq!(again.field(field), "", "{path} {field}");
        }
        for field in ["server", "cross-origin-resource-policy", "access-control-allow-origin"] {
            assert_eq!(again.field(field), whole.field(field), "{path} {field}");
        }
    }
}

#[test]
fn a_client_that_refuses_every_coding_is_told_so() {
    let (server, _mlb) = site();
    let refused = server.get("/", "Accept-Encoding: identity;q=0\r\n");
    assert_eq!(
        (refused.status, refused.field("vary")),
        (406, "accept, accept-encoding, accept-language, user-agent")
    );
    let only_gzip = server.get("/", "Accept-Encoding: gzip, *;q=0\r\n");
    assert_eq!((only_gzip.status, only_gzip.field("content-encoding")), (200, "gzip"));
    for (accepted, coding) in [
        ("gzip, zstd, br", "br"),
        ("gzip, zstd", "zstd"),
        ("gzip, br;q=0.5", "gzip"),
        ("identity, br;q=0.5", ""),
    ] {
        let response = server.get("/", &format!("Accept: text/html\r\nAccept-Encoding: {accepted}\r\n"));
        assert_eq!(response.field("content-encoding"), coding, "{accepted}");
    }
}

#[test]
fn a_path_has_one_way_to_write_it() {
    let (server, _mlb) = site();
    for (path, location) in [
        ("/healthz/", "/healthz"),
        ("//healthz", "/healthz"),
        ("/%68ealthz", "/healthz"),
        ("/static/%2e%2e/robots.txt", "/robots.txt"),
        ("/api//v1/./answer/?a=/b/", "/api/v1/answer?a=/b/"),
    ] {
        let response = server.get(path, "");
        assert_eq!((response.status, response.field("location")), (308, location), "{path}");
    }
    for (path, status) in [
        ("//evil.example/", 404),
        ("/%2e%2e/%2e%2e/etc/passwd", 404),
        ("/%2fhealthz", 400),
        ("/%00", 400),
        ("/%5c..%5cetc", 400),
        ("/%c0%ae%c0%ae/", 400),
        ("/%zz", 400),
        ("/healthz?%zz", 200),
    ] {
        let response = server.get(path, "");
        assert_eq!((response.status, response.field("location")), (status, ""), "{path}");
    }
}

#[test]
fn only_reading_is_allowed() {
    let (server, _mlb) = site();
    let send = |line: &str| {
        server.send(&format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), true)
    };
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "get"] {
        let response = send(&format!("{method} /"));
        assert_eq!((response.status, response.field("allow")), (405, "GET, HEAD, OPTIONS"), "{method}");
    }
    for target in ["/", "/robots.txt", "*"] {
        let response = send(&format!("OPTIONS {target}"));
        assert_eq!((response.status, response.field("allow")), (204, "GET, HEAD, OPTIONS"), "{target}");
    }
    assert_eq!(send("CONNECT localhost:80").status, 405);
    assert_eq!(send("GET http://localhost/healthz").status, 200);
}
