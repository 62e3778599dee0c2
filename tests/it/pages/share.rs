//! The box for other sites' pages, the page with snippets, and links to share an answer.

use crate::{
    pages::days::looked_up,
    support::{
        day::{EVENING, FINAL, Game, IN_PROGRESS},
        fake_mlb::{FakeMlb, Fault},
        ports::free_port,
        server::{Server, site},
    },
};
use base64::{Engine, prelude::BASE64_STANDARD};
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};
use std::fs;

const BROWSER: &str = "Accept: text/html\r\n";

/// The text between two others.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).unwrap_or_else(|| panic!("{start} in {text}")).1.split_once(end).unwrap().0
}

/// The text without the escapes of HTML.
fn unescaped(text: &str) -> String {
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'")];
    let numbered = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#38;", "&"), ("&amp;", "&")];
    named.iter().chain(&numbered).fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// The snippets of a page.
pub fn snippets(page: &str) -> Vec<String> {
    let codes = page.split("<code").skip(1);
    codes.map(|code| unescaped(between(code, ">", "</code>"))).collect()
}

/// A site on a day that is over, which knows its URL.
pub fn at_its_url() -> (Server, FakeMlb, String) {
    let mlb = FakeMlb::with(&[Game::new(FINAL).charged(1)]);
    let free = format!("127.0.0.1:{}", free_port());
    let url = format!("http://{free}");
    let server =
        Server::start_with(&["--mlb-url", &mlb.url(), "--clock", EVENING, "--http", &free, "--url", &url]);
    server.wait_for_verdict("yes");
    (server, mlb, url)
}

#[test]
fn every_site_may_frame_the_box_and_no_other_page() {
    let (server, _mlb) = site();
    for path in ["/embed", "/en/embed", "/es/embed"] {
        let response = server.get(path, BROWSER);
        let policy = response.field("content-security-policy");
        assert!(policy.contains("frame-ancestors *") && policy.contains("default-src 'none'"), "{policy}");
        assert_eq!(response.field("cross-origin-resource-policy"), "cross-origin");
        assert_eq!(response.field("refresh"), "60");
        let page = response.text();
        let style = between(page, "<style>", "</style>");
        let hash = BASE64_STANDARD.encode(Sha256::digest(style));
        assert!(policy.contains(&format!("style-src 'sha256-{hash}'")), "{policy}");
        assert!(!page.contains("<script") && !page.contains(" style="), "{page}");
        assert!(page.contains("class=\"yes\"") && page.contains(">E9</text>"), "{page}");
    }
    for path in ["/", "/share", "/how", "/nothing"] {
        let response = server.get(path, BROWSER);
        assert!(response.field("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
    }
}

#[test]
fn the_box_and_the_page_have_the_language_of_their_url_or_of_the_client() {
    let (server, _mlb) = site();
    for page in ["embed", "share"] {
        for (path, accept, language) in [
            (format!("/{page}"), "en", "en"),
            (format!("/{page}"), "es-MX", "es"),
            (format!("/en/{page}"), "es", "en"),
            (format!("/es/{page}"), "en", "es"),
        ] {
            let response = server.get(&path, &format!("{BROWSER}Accept-Language: {accept}\r\n"));
            assert_eq!((response.status, response.field("content-language")), (200, language), "{path}");
            assert!(response.text().contains(&format!("<html lang=\"{language}\"")), "{path}");
            let is_public = response.field("cache-control").starts_with("public, ");
            let is_negotiated = !path.starts_with("/e") || path == "/embed";
            assert_eq!(is_public, !is_negotiated || language == "en", "{path} {accept}");
            assert_eq!(response.field("vary").contains("accept-language"), is_negotiated, "{path}");
        }
    }
    assert!(server.get("/es/embed", "").text().contains("¿Tatis Jr. cometió un error hoy?"));
}

#[test]
fn a_stale_box_says_how_old_it_is() {
    let (server, mlb) = site();
    let (status, dir) = server.terminate();
    assert!(status.success());
    mlb.fault(Fault::Refuse);
    // Twenty-one minutes after the first start.
    let server = Server::start_in(dir, &["--mlb-url", &mlb.url(), "--clock", "2024-07-03T04:26:00Z"]);
    let api = server.api();
    assert_eq!((&api["stale"], &api["verdict"]), (&true.into(), &"yes".into()), "{api}");
    for (path, said) in [
        ("/embed", "This may be out of date. Last update: 20 minutes ago."),
        ("/es/embed", "Puede no estar al día. Última actualización: hace 20 minutos."),
    ] {
        let embed = server.get(path, "").text().to_owned();
        assert!(embed.contains(said) && embed.contains("class=\"yes\""), "{said}: {embed}");
    }
}

#[test]
fn every_url_in_a_snippet_is_this_sites_and_leads_to_what_it_says() {
    let (server, _mlb, url) = at_its_url();
    for (path, prefix) in [("/en/share", ""), ("/es/share", "/es")] {
        let page = server.get(path, BROWSER);
        let snippets = snippets(page.text());
        assert_eq!(snippets.len(), 10, "{snippets:?}");
        let mut seen = std::collections::BTreeMap::new();
        for snippet in &snippets {
            assert!(snippet.contains(&url), "{snippet}");
            for link in snippet.split(&url).skip(1) {
                let end = link.find(['"', '\'', ')', '\n']).unwrap_or(link.len());
                let response = server.get(&link[..end], "User-Agent: curl/8\r\n");
                assert_eq!(response.status, 200, "{link}");
                seen.insert(link[..end].to_owned(), response.field("content-type").to_owned());
            }
        }
        let home = if prefix.is_empty() { "/" } else { prefix };
        for (path, media_type) in [
            ("/badge.svg".to_owned(), "image/svg+xml"),
            (format!("{prefix}/embed"), "text/html; charset=utf-8"),
            ("/api/v1/answer".to_owned(), "application/json"),
            (format!("{home}?color"), "text/x-ansi; charset=utf-8"),
            (format!("{home}?format=1"), "text/plain; charset=utf-8"),
            ("/calendar.ics".to_owned(), "text/calendar; charset=utf-8"),
            ("/feed.xml".to_owned(), "application/atom+xml; charset=utf-8"),
        ] {
            assert_eq!(seen.get(&path).map(String::as_str), Some(media_type), "{path}: {seen:?}");
        }
        assert!(page.text().contains("href=\"webcal://127.0.0.1:"), "{}", page.text());
    }
}

#[test]
fn a_site_that_does_not_know_its_url_says_so_and_never_takes_it_from_a_request() {
    let (server, _mlb) = site();
    let request =
        "GET /share HTTP/1.1\r\nHost: evil.example\r\nAccept: text/html\r\nConnection: close\r\n\r\n";
    let page = server.send(request, true).text().to_owned();
    assert!(page.contains("This site does not know its own URL") && !page.contains("evil"), "{page}");
    let oembed = server.get("/oembed.json", "");
    let oembed: serde_json::Value = serde_json::from_slice(&oembed.body).unwrap();
    assert_eq!((&oembed["type"], oembed.get("html")), (&"link".into(), None));
    assert!(!server.page().contains("oembed"));
}

#[test]
fn a_text_message_to_a_friend_has_the_answer_and_the_url() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let dir = tempfile::tempdir().unwrap();
    let toml = "[words]\nfriend = \"Hal & Sue\"\n[words.es]\nfriend = \"Chuy\"\n";
    fs::write(dir.path().join("e6.toml"), toml).unwrap();
    let arguments = ["--mlb-url", &mlb.url(), "--clock", EVENING, "--url", "https://e6.example"];
    let server = Server::start_in(dir, &arguments);
    server.wait_for_verdict("yes");
    looked_up(&server, "/en/2024-07-02", BROWSER);
    for (path, label, start, end) in [
        (
            "/en",
            ">Text Hal &#38; Sue</a>",
            "Yes. Tatis Jr. has an error against Texas",
            " https://e6.example/2024-07-02",
        ),
        ("/es", ">Mensaje a Chuy</a>", "Sí. Tatis Jr. ", " https://e6.example/es/2024-07-02"),
        ("/en/share", ">Text Hal &#38; Sue</a>", "Yes. Tatis Jr.", " https://e6.example/2024-07-02"),
        (
            "/en/2024-07-02",
            ">Text Hal &#38; Sue</a>",
            "Tuesday, July 2, 2024: Yes. Tatis Jr. has an error against Texas",
            " https://e6.example/2024-07-02",
        ),
    ] {
        let response = server.get(path, BROWSER);
        let page = response.text();
        assert!(page.contains(label), "{path}: {page}");
        let body = between(page, "href=\"sms:?", "\"").split_once("body=").unwrap().1;
        assert!(body.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'%'), "{body}");
        let body = percent_decode_str(body).decode_utf8().unwrap();
        assert!(body.starts_with(start) && body.ends_with(end), "{body}");
    }
}

#[test]
fn sites_that_embed_links_get_the_box() {
    let (server, _mlb, url) = at_its_url();
    for (page, path) in [("/en", "/oembed.json"), ("/es", "/es/oembed.json")] {
        let html = server.get(page, BROWSER).text().to_owned();
        let link = between(&html, "type=\"application/json+oembed\" href=\"", "\"");
        assert_eq!(link, format!("{url}{path}"));
        let oembed: serde_json::Value = serde_json::from_slice(&server.get(path, "").body).unwrap();
        assert_eq!((&oembed["version"], &oembed["type"]), (&"1.0".into(), &"rich".into()));
        assert_eq!((&oembed["width"], &oembed["height"]), (&300.into(), &120.into()));
        let source = between(oembed["html"].as_str().unwrap(), "src=\"", "\"");
        assert_eq!(server.get(source.strip_prefix(&url).unwrap(), "").status, 200, "{source}");
    }
}

#[test]
fn sites_that_embed_a_link_to_a_day_get_its_card() {
    let (server, _mlb, url) = at_its_url();
    for (page, path) in
        [("/en/2024-07-02", "/2024-07-02/oembed.json"), ("/es/2024-07-02", "/es/2024-07-02/oembed.json")]
    {
        let html = looked_up(&server, page, BROWSER).text().to_owned();
        let link = between(&html, "type=\"application/json+oembed\" href=\"", "\"");
        assert_eq!(link, format!("{url}{path}"));
        let oembed: serde_json::Value = serde_json::from_slice(&server.get(path, "").body).unwrap();
        assert_eq!(
            (&oembed["type"], &oembed["width"], &oembed["height"]),
            (&"photo".into(), &1200.into(), &630.into())
        );
        let card = server.get(oembed["url"].as_str().unwrap().strip_prefix(&url).unwrap(), "");
        assert_eq!((card.status, card.field("content-type")), (200, "image/png"), "{oembed}");
        assert!(oembed["title"].as_str().unwrap().contains("2024"), "{oembed}");
    }
}
