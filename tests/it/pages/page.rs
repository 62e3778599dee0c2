//! The answer's page, and how it is served.

use crate::support::{
    day::{EVENING, Game, IN_PROGRESS},
    fake_mlb::FakeMlb,
    server::{OF_THE_MOMENT, Response, Server, site},
    tools,
};
use std::{io::Read, process::Command};

/// The URLs of assets in the page.
pub fn assets(page: &str) -> Vec<String> {
    let quoted = page.split('"').filter(|text| text.starts_with("/static/") || text.starts_with("/favicon"));
    quoted.map(str::to_owned).collect()
}

#[test]
fn the_answer_comes_in_the_form_that_is_asked_for() {
    let (server, _mlb) = site();
    for (fields, media_type, sign) in [
        ("Accept: text/html\r\n", "text/html; charset=utf-8", "<p class=\"verdict\">Yes</p>"),
        ("Accept: */*\r\n", "text/html; charset=utf-8", "<p class=\"verdict\">Yes</p>"),
        ("", "text/html; charset=utf-8", "<p class=\"verdict\">Yes</p>"),
        ("Accept: text/plain\r\n", "text/plain; charset=utf-8", "\nYes\n"),
        ("Accept: */*\r\nUser-Agent: curl/8.14.1\r\n", "text/plain; charset=utf-8", "\nYes\n"),
        (
            "Accept: text/html\r\nUser-Agent: curl/8.14.1\r\n",
            "text/html; charset=utf-8",
            "<p class=\"verdict\">Yes</p>",
        ),
        ("Accept: application/json\r\n", "application/json", "\"verdict\": \"yes\""),
    ] {
        let response = server.get("/", fields);
        assert_eq!((response.status, response.field("content-type")), (200, media_type), "{fields}");
        assert!(response.text().contains(sign), "{}", response.text());
        assert!(response.field("vary").contains("accept"), "{fields}");
    }
    let api = server.get("/api/v1/answer", "Accept: text/html\r\n");
    assert_eq!(api.field("content-type"), "application/json");
    let mut keys = api
        .text()
        .lines()
        .filter_map(|line| line.strip_prefix("  \""))
        .map(|line| line.split('"').next().unwrap());
    let first = [
        "verdict",
        "errors",
        "date",
        "stale",
        "asked_at",
        "changed_at",
        "answer",
        "reason",
        "player",
        "games",
        "plays",
    ];
    assert!(first.iter().all(|key| keys.next() == Some(key)), "{}", api.text());
}

#[test]
fn the_answer_comes_in_the_language_that_is_asked_for_or_that_the_url_says() {
    let (server, _mlb) = site();
    let (english, spanish) =
        (("en", "Does Tatis Jr. have an error today?"), ("es", "¿Tatis Jr. cometió un error hoy?"));
    for accept in ["text/html", "text/plain"] {
        for (path, wish, (tag, question)) in [
            ("/", "", english),
            ("/", "fr", english),
            ("/", "es-MX,es;q=0.9,en;q=0.8", spanish),
            ("/", "en;q=0.4, es;q=0.5", spanish),
            ("/", "es;q=0.4, en;q=0.5", english),
            ("/es", "", spanish),
            ("/es", "en", spanish),
            ("/en", "es", english),
        ] {
            let fields = format!("Accept: {accept}\r\nAccept-Language: {wish}\r\nAccept-Encoding: br\r\n");
            let what = format!("{path} {fields}");
            let vary = match path {
                "/" => "accept, accept-encoding, accept-language, user-agent",
                _ => "accept, accept-encoding, user-agent",
            };
            let response = server.get(path, &fields);
            assert_eq!((response.status, response.field("vary")), (200, vary), "{what}");
            assert_eq!(response.field("content-language"), tag, "{what}");
            let plain = server.get(path, &fields.replace("br", "identity"));
            assert!(plain.text().contains(question), "{what}: {}", plain.text());
            if accept == "text/html" {
                assert!(plain.text().contains(&format!("<html lang=\"{tag}\"")), "{what}: {}", plain.text());
                let other = if tag == "en" {
                    "<a href=\"/es\" lang=\"es\" hreflang=\"es\">Español</a>"
                } else {
                    "<a href=\"/en\" lang=\"en\" hreflang=\"en\">English</a>"
                };
                assert!(plain.text().contains(other), "{what}: {}", plain.text());
            }
            let etag = response.field("etag");
            for (more, status) in [
                (format!("If-None-Match: {etag}\r\n"), 304),
                ("Range: bytes=0-9\r\n".into(), 206),
                ("If-Match: \"other\"\r\n".into(), 412),
            ] {
                let other = server.get(path, &format!("{fields}{more}"));
                // The page may have been rendered again meanwhile.
                assert!(other.status == status || (status == 304 && other.status == 200), "{what}{more}");
                assert_eq!(
                    other.field("vary"),
                    if status == 412 { "accept, accept-encoding, accept-language, user-agent" } else { vary },
                    "{what}{more}"
                );
            }
        }
    }
    let refused = server.get("/", "Accept-Encoding: identity;q=0\r\n");
    assert_eq!(
        (refused.status, refused.field("vary")),
        (406, "accept, accept-encoding, accept-language, user-agent")
    );
}

#[test]
fn programs_are_told_the_same_in_every_language() {
    let (server, _mlb) = site();
    for path in ["/", "/es", "/api/v1/answer"] {
        let response = server.get(path, "Accept: application/json\r\nAccept-Language: es\r\n");
        assert_eq!(
            (response.field("content-type"), response.field("content-language")),
            ("application/json", "")
        );
        assert!(response.text().contains("\"answer\": \"Yes\""), "{}", response.text());
    }
}

#[test]
fn a_spanish_page_has_no_english_but_what_mlb_says() {
    let (server, _mlb) = site();
    let page = server.get("/es", "Accept: text/html\r\n").text().to_owned();
    for said in [
        "<p class=\"verdict\">Sí</p>",
        "Tatis Jr. tiene un error contra Texas, y la jornada no ha terminado.",
        "Error en el tiro, baja de la 3.ª entrada, como jardinero derecho, Sam Batter al bate",
        "<p lang=\"en\">A grounder goes through.</p>",
        "Rangers de Texas 1, Padres de San Diego 2",
        "Alta de la 4.ª entrada",
        "Martes 2 de julio de 2024",
        "Actualizado: <time datetime=\"2024-07-02T21:05",
        "hace menos de un minuto",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    for english in [" the ", "error today", " heard ", "Texas Rangers"] {
        assert!(!page.contains(english), "{english}: {page}");
    }
    let lost = server.get("/nothing", "Accept: text/html\r\nAccept-Language: es\r\n");
    assert!(
        lost.text().contains("Fuera del parque") && lost.text().contains("<html lang=\"es\""),
        "{}",
        lost.text()
    );
    assert_eq!((lost.status, lost.field("content-language")), (404, "es"));
}

#[test]
fn the_words_of_each_language_are_the_operators() {
    let dir = tempfile::tempdir().unwrap();
    let words = "[words]\nyes = \"Afraid so\"\n[words.es]\nyes = \"Ni modo, sí\"\n";
    std::fs::write(dir.path().join("e6.toml"), words).unwrap();
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = Server::start_in(dir, &["--mlb-url", &mlb.url(), "--clock", EVENING]);
    assert_eq!(server.wait_for_verdict("yes")["answer"], "Afraid so");
    assert!(server.get("/en", "Accept: text/plain\r\n").text().contains("\nAfraid so\n"));
    assert!(server.get("/es", "Accept: text/plain\r\n").text().contains("\nNi modo, sí\n"));
}

#[test]
fn a_terminal_gets_plain_lines_that_fit() {
    let (server, _mlb) = site();
    let text = server.get("/", "User-Agent: curl/8\r\n");
    let text = text.text();
    assert!(text.lines().all(|line| line.chars().count() <= 80) && text.ends_with('\n'), "{text}");
    assert!(text.contains("Throwing error, bottom of the 3rd, playing RF, Sam Batter batting."), "{text}");
    assert!(!text.contains('\x1b'));
}

#[test]
fn what_mlb_says_is_text_and_never_markup() {
    let evil = "<script>alert(1)</script>\u{1b}[31m & \"quotes\"";
    let mlb = FakeMlb::with(&[Game { text: evil, ..Game::new(IN_PROGRESS).charged(1) }]);
    mlb.put(
        "/api/v1/people/665487?",
        serde_json::json!({"people": [{
            "id": 665487, "fullName": evil, "useLastName": evil, "currentTeam": {"id": 135, "name": evil},
        }]}),
    );
    let server = Server::start(&mlb, EVENING);
    let answer = server.wait_for_verdict("yes");
    assert_eq!(answer["plays"][0]["text"], evil);
    let page = server.page();
    assert!(!page.contains("<script>alert") && page.contains("&#60;script&#62;alert"), "{page}");
    assert!(!server.get("/", "Accept: text/plain\r\n").text().contains('\x1b'));
}

#[test]
fn head_has_the_fields_of_get_and_no_body() {
    let (server, _mlb) = site();
    for path in
        ["/", "/api/v1/answer", "/healthz", "/readyz", "/robots.txt", "/nothing", "/static/nothing.css"]
    {
        let mut get = server.get(path, "Accept-Encoding: br\r\n");
        let mut head = server.head(path, "Accept-Encoding: br\r\n");
        for response in [&mut get, &mut head] {
            for of_the_moment in OF_THE_MOMENT {
                response.fields.remove(*of_the_moment);
            }
        }
        assert_eq!((head.status, &head.fields), (get.status, &get.fields), "{path}");
        assert!(!get.body.is_empty(), "{path}");
    }
}

#[test]
fn every_coding_is_the_same_bytes_with_an_entity_tag_of_its_own() {
    let (server, _mlb) = site();
    let page = server.page();
    let mut paths = assets(&page);
    assert!(paths.len() >= 5, "{paths:?}");
    paths.extend(
        ["/", "/api/v1/answer", "/robots.txt", "/site.webmanifest", "/apple-touch-icon.png"]
            .map(String::from),
    );
    for path in paths {
        let get =
            |coding: &str| server.get(&path, &format!("Accept: text/html\r\nAccept-Encoding: {coding}\r\n"));
        let identity = get("identity");
        assert_eq!(identity.status, 200, "{path}");
        let mut tags = vec![identity.field("etag").to_owned()];
        for coding in ["gzip", "br", "zstd"] {
            let encoded = get(coding);
            match encoded.field("content-encoding") {
                "" => assert_eq!(encoded.body, identity.body, "{path}"),
                named => {
                    assert_eq!(named, coding, "{path}");
                    assert_eq!(decoded(&encoded, coding), identity.body, "{path} {coding}");
                    assert!(encoded.body.len() < identity.body.len(), "{path} {coding}");
                    assert!(encoded.field("vary").contains("accept-encoding"), "{path}");
                    tags.push(encoded.field("etag").to_owned());
                }
            }
        }
        let count = tags.len();
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), count, "{path}: {tags:?}");
    }
}

fn decoded(response: &Response, coding: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut body = &response.body[..];
    match coding {
        "gzip" => flate2::read::GzDecoder::new(body).read_to_end(&mut bytes).map(drop).unwrap(),
        "br" => brotli::BrotliDecompress(&mut body, &mut bytes).unwrap(),
        "zstd" => bytes = zstd::decode_all(body).unwrap(),
        other => panic!("{other}"),
    }
    bytes
}

#[test]
fn a_client_that_already_has_the_resource_gets_304() {
    let (server, _mlb) = site();
    let css = assets(&server.page()).into_iter().find(|path| path.ends_with(".css")).unwrap();
    for path in [css.as_str(), "/robots.txt", "/healthz"] {
        let etag = server.get(path, "Accept-Encoding: br\r\n").field("etag").to_owned();
        for tags in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".into()] {
            let again = server.get(path, &format!("Accept-Encoding: br\r\nIf-None-Match: {tags}\r\n"));
            assert_eq!((again.status, again.field("etag")), (304, etag.as_str()), "{path} {tags}");
            assert!(!again.field("cache-control").is_empty() && again.field("content-type").is_empty());
        }
        assert_eq!(server.get(path, "If-None-Match: \"other\"\r\n").status, 200);
    }
}

#[test]
fn assets_have_types_and_hashed_ones_last_forever() {
    let (server, _mlb) = site();
    let mut seen = 0;
    for (path, media_type) in assets(&server.page()).iter().map(|path| (path.as_str(), "")).chain([
        ("/favicon.ico", "image/x-icon"),
        ("/apple-touch-icon.png", "image/png"),
        ("/robots.txt", "text/plain; charset=utf-8"),
        ("/site.webmanifest", "application/manifest+json"),
    ]) {
        let response = server.get(path, "");
        assert_eq!(response.status, 200, "{path}");
        assert!(media_type.is_empty() || response.field("content-type") == media_type, "{path} {response:?}");
        let immutable = response.field("cache-control") == "public, max-age=31536000, immutable";
        assert_eq!(immutable, path.starts_with("/static/"), "{path}");
        seen += usize::from(immutable);
    }
    assert_eq!(seen, 3, "style sheet, script and typeface");
}

#[test]
fn errors_have_a_page_in_the_same_style() {
    let (server, _mlb) = site();
    let long = "x".repeat(2048);
    let head = format!("X-Long: {}\r\n", "x".repeat(20 * 1024));
    let many = "X-Many: 1\r\n".repeat(81);
    for (request, status, title) in [
        ("GET /nothing HTTP/1.1\r\n".into(), 404, "Out of the park"),
        ("GET /static/../Cargo.toml HTTP/1.1\r\n".into(), 404, "Out of the park"),
        ("GET /static/e6.css HTTP/1.1\r\n".into(), 404, "Out of the park"),
        ("DELETE / HTTP/1.1\r\n".into(), 405, "Interference"),
        ("PUT /robots.txt HTTP/1.1\r\n".into(), 405, "Interference"),
        ("POST /nothing HTTP/1.1\r\n".into(), 404, "Out of the park"),
        ("POST / HTTP/1.1\r\nContent-Length: 3\r\n".into(), 405, "Interference"),
        ("GET / HTTP/1.1\r\nContent-Length: 3\r\n".into(), 413, "Over the wall"),
        (format!("GET /{long} HTTP/1.1\r\n"), 414, "Way too long"),
        (format!("GET / HTTP/1.1\r\n{head}"), 431, "Too much windup"),
        (format!("GET / HTTP/1.1\r\n{many}"), 431, "Too much windup"),
    ] {
        let line = request.lines().next().unwrap().chars().take(40).collect::<String>();
        let send = |accept: &str| {
            server.send(
                &format!("{request}Host: localhost\r\nAccept: {accept}\r\nConnection: close\r\n\r\n"),
                true,
            )
        };
        let page = send("text/html");
        assert_eq!((page.status, page.field("cache-control")), (status, "no-store"), "{line}");
        assert!(
            page.text().contains(title) && page.text().contains("/static/e6."),
            "{line}: {}",
            page.text()
        );
        assert_eq!(page.field("allow"), if status == 405 { "GET, HEAD, OPTIONS" } else { "" }, "{line}");
        let text = send("text/plain");
        assert!(text.text().starts_with(&format!("{status} {title}\n")), "{line}: {}", text.text());
    }
    let options = server.send("OPTIONS / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", true);
    assert_eq!((options.status, options.field("allow")), (204, "GET, HEAD, OPTIONS"));
}

#[test]
fn a_page_may_only_load_what_this_site_serves() {
    let (server, _mlb) = site();
    let response = server.get("/", "Accept: text/html\r\n");
    let policy = response.field("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'") && policy.contains("style-src 'self' 'sha256-"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"), "{policy}");
    assert_eq!(response.field("referrer-policy"), "strict-origin-when-cross-origin");
    assert_eq!(response.field("x-content-type-options"), "nosniff");
    assert_eq!(response.field("cross-origin-opener-policy"), "same-origin");
    assert_eq!(response.field("cross-origin-resource-policy"), "same-origin");
    assert!(response.field("permissions-policy").contains("geolocation=()"));
}

#[test]
fn several_requests_are_answered_in_order_on_one_connection() {
    let (server, _mlb) = site();
    let request = |path: &str, close: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{close}\r\n");
    let mut stream = std::net::TcpStream::connect(server.http()).unwrap();
    stream.set_read_timeout(Some(crate::support::server::PATIENCE)).unwrap();
    let all =
        request("/healthz", "") + &request("/nothing", "") + &request("/robots.txt", "Connection: close\r\n");
    std::io::Write::write_all(&mut stream, all.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let signs = ["\"status\":\"ok\"", "404 · Out of the park", "User-agent"];
    let places = signs.map(|sign| text.find(sign));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{text}");
}

#[test]
#[ignore = "needs curl"]
fn curl_reads_it_over_tls_by_http_2_and_http_1() {
    tools::find("curl");
    let (server, _mlb) = site();
    let cert = server.path("certs/cert.pem");
    let port = server.https().port();
    for (flag, version) in [("--http2", "2"), ("--http1.1", "1.1")] {
        let output = tools::output(
            Command::new("curl")
                .args(["-sS", "--max-time", "20", flag, "--compressed"])
                .args(["-w", "%{http_version} %{response_code}", "--cacert"])
                .arg(&cert)
                .arg(format!("https://localhost:{port}/")),
        );
        assert!(output.contains("\nYes\n") && output.ends_with(&format!("{version} 200")), "{output}");
    }
}
