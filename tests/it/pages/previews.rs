//! Link previews, the badge and the card.

use crate::support::{
    day::{EVENING, FINAL, Game, IN_PROGRESS, NOON, SCHEDULED, season_log},
    fake_mlb::FakeMlb,
    server::Server,
};
use resvg::tiny_skia::Pixmap;

/// The content of a `meta` element.
fn meta<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = page.split_once(&format!("=\"{name}\" content=\""))?;
    after.split('"').next()
}

fn card(server: &Server) -> (Pixmap, String) {
    card_at(server, "/card.png")
}

fn card_at(server: &Server, path: &str) -> (Pixmap, String) {
    let response = server.get(path, "Accept-Encoding: gzip, br, zstd\r\n");
    assert_eq!((response.status, response.field("content-type")), (200, "image/png"));
    assert_eq!(response.field("content-encoding"), "", "it is compressed already");
    assert_eq!(response.field("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(response.field("accept-ranges"), "bytes");
    let etag = response.field("etag").to_owned();
    (Pixmap::decode_png(&response.body).unwrap(), etag)
}

fn tile_corner(server: &Server) -> Option<resvg::tiny_skia::PremultipliedColorU8> {
    card_at(server, "/icon-192.png").0.pixel(0, 0)
}

/// The share of the picture in this colour, in thousandths.
fn part(picture: &Pixmap, colour: (u8, u8, u8)) -> usize {
    let is = |pixel: &&resvg::tiny_skia::PremultipliedColorU8| {
        (pixel.red(), pixel.green(), pixel.blue()) == colour
    };
    picture.pixels().iter().filter(is).count() * 1000 / picture.pixels().len()
}

#[test]
fn a_preview_says_the_word_itself() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    let server =
        Server::start_with(&["--mlb-url", &mlb.url(), "--clock", EVENING, "--url", "https://example.org/"]);
    server.wait_for_verdict("not_yet");
    let (so_far, etag) = card(&server);
    assert_eq!((so_far.width(), so_far.height()), (1200, 630));
    let page = server.page();
    let picture = meta(&page, "og:image").unwrap().to_owned();
    assert!(picture.starts_with("https://example.org/card.png?"), "{picture}");
    assert_eq!(meta(&page, "og:url"), Some("https://example.org/"));
    assert_eq!((meta(&page, "og:image:width"), meta(&page, "og:image:height")), (Some("1200"), Some("630")));
    assert_eq!(meta(&page, "twitter:card"), Some("summary_large_image"));
    assert_eq!(meta(&page, "og:title"), Some("Not so far · Does Tatis Jr. have an error today?"));
    for (language, address) in [("en", "/"), ("es", "/es"), ("x-default", "/")] {
        let link =
            format!("<link rel=\"alternate\" hreflang=\"{language}\" href=\"https://example.org{address}\">");
        assert!(page.contains(&link), "{link}: {page}");
    }
    let spanish = server.get("/es", "Accept: text/html\r\n").text().to_owned();
    assert_eq!(meta(&spanish, "og:url"), Some("https://example.org/es"));
    assert_eq!(meta(&spanish, "og:title"), Some("Por ahora no · ¿Tatis Jr. cometió un error hoy?"));
    let spanish_picture = meta(&spanish, "og:image").unwrap();
    assert!(spanish_picture.starts_with("https://example.org/es/card.png?"), "{spanish_picture}");
    assert_ne!(card_at(&server, "/es/card.png").1, etag, "it says so in Spanish");

    let first = server.api();
    server.wait_for("heard again", |answer| answer["asked_at"] != first["asked_at"]);
    assert_eq!(card(&server).1, etag, "nothing happened");
    mlb.play(&[Game { stamp: 1, ..Game::new(FINAL).charged(1) }]);
    server.wait_for_verdict("yes");
    let (yes, changed) = card(&server);
    assert_ne!(changed, etag);
    assert_ne!(meta(&server.page(), "og:image"), Some(picture.as_str()), "chats keep a picture by its URL");
    // Cream on the outfield's green, and white on blue with the red stamp.
    let red = (0xc8, 0x10, 0x2e);
    for (picture, ground, text, stamp) in [
        (&so_far, (0x1e, 0x4d, 0x2b), (0xff, 0xf6, 0xdf), 0..3),
        (&yes, (0x00, 0x5a, 0x9c), (0xff, 0xff, 0xff), 8..40),
    ] {
        let parts = [ground, text, red].map(|colour| part(picture, colour));
        assert!(parts[0] > 400 && parts[1] > 40 && stamp.contains(&parts[2]), "{parts:?}");
    }
}

#[test]
fn a_link_leads_where_the_operator_says_and_never_where_the_request_does() {
    let mlb = FakeMlb::with(&[Game::new(FINAL).charged(1)]);
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("yes");
    for path in ["/", "/feed.xml", "/calendar.ics", "/badge.svg", "/api/v1/season"] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: evil.example\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
        );
        assert!(!server.send(&request, true).text().contains("evil"), "{path}");
    }
    let page = server.page();
    assert_eq!(
        (meta(&page, "og:image"), meta(&page, "og:url")),
        (None, None),
        "it is not known where that is"
    );
    assert_eq!(meta(&page, "twitter:card"), Some("summary"));
    assert_eq!(meta(&page, "og:title"), Some("Yes · Does Tatis Jr. have an error today?"));
}

#[test]
fn a_badge_is_in_the_usual_shape_with_the_word_of_now() {
    let mlb = FakeMlb::with(&[Game::new(SCHEDULED)]);
    let server = Server::start(&mlb, NOON);
    server.wait_for_verdict("not_yet");
    let response = server.get("/badge.svg", "");
    assert_eq!(response.field("content-type"), "image/svg+xml");
    assert_eq!(response.field("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(server.get("/", "").field("cross-origin-resource-policy"), "same-origin");
    let badge = response.text();
    assert!(
        badge.contains("aria-label=\"Tatis Jr. error today: Not yet\"") && badge.contains("height=\"20\"")
    );
    let tree = resvg::usvg::Tree::from_str(badge, &resvg::usvg::Options::default()).unwrap();
    assert!((140.0..220.0).contains(&tree.size().width()), "{badge}");
    assert!(!badge.contains("script") && !badge.contains("href"), "{badge}");
}

#[test]
fn the_icon_the_badge_and_the_sign_have_the_colours_of_the_state() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    mlb.put("/api/v1/people/665487/stats?", season_log(&[("2024-06-20", "Boston Red Sox", 1)]));
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("not_yet");
    let look = || {
        let icon = server.page().split('"').find(|text| text.starts_with("/favicon-")).unwrap().to_owned();
        let pictures =
            ["/favicon.svg", &icon, "/badge.svg"].map(|path| server.get(path, "").text().to_owned());
        let [english, spanish] =
            ["/days-since-error.png", "/es/days-since-error.png"].map(|path| card_at(&server, path).0);
        assert_eq!((english.width(), english.height()), (1200, 630));
        assert_ne!(english, spanish, "each is in its language");
        for (path, width) in [("/apple-touch-icon.png", 180), ("/icon-192.png", 192), ("/icon-512.png", 512)]
        {
            let (tile, _) = card_at(&server, path);
            let ground = tile.pixel(0, 0).unwrap();
            assert_eq!((tile.width(), tile.height(), ground.alpha()), (width, width, 255), "{path}");
            assert!(
                pictures[0].contains(&format!(
                    "#{:02x}{:02x}{:02x}",
                    ground.red(),
                    ground.green(),
                    ground.blue()
                )),
                "{path}"
            );
        }
        // An icon file: the header, one entry of 32 by 32 pixels, and a PNG.
        let ico = server.get("/favicon.ico", "").body;
        assert_eq!(
            (&ico[..8], &ico[14..22]),
            (
                &[0, 0, 1, 0, 1, 0, 32, 32][..],
                &[(ico.len() - 22) as u8, ((ico.len() - 22) >> 8) as u8, 0, 0, 22, 0, 0, 0][..]
            )
        );
        let small = Pixmap::decode_png(&ico[22..]).unwrap();
        assert_eq!(small.pixel(0, 0), tile_corner(&server), "the same colours");
        (icon, pictures, english)
    };
    let (icon, pictures, sign) = look();
    assert_eq!(icon, "/favicon-game.svg");
    assert!(
        pictures.iter().all(|picture| picture.contains("#1e4d2b") && picture.contains("#fff6df")),
        "{pictures:?}"
    );
    let (green, blue) = ((0x1e, 0x4d, 0x2b), (0x00, 0x5a, 0x9c));
    assert!(part(&sign, green) > 300 && part(&sign, blue) == 0);
    mlb.play(&[Game { stamp: 1, ..Game::new(FINAL).charged(1) }]);
    server.wait_for_verdict("yes");
    let (icon, pictures, sign) = look();
    assert_eq!(icon, "/favicon-yes.svg", "browsers keep an icon by its URL");
    assert!(
        pictures.iter().all(|picture| picture.contains("#005a9c") && picture.contains("#ffffff")),
        "{pictures:?}"
    );
    assert!(part(&sign, blue) > 300 && part(&sign, green) == 0);
}

#[test]
fn what_mlb_says_does_not_break_the_pictures() {
    let evil = "<b>&\u{1b}\u{0}\"'\u{ffff}";
    let mlb = FakeMlb::with(&[Game::new(FINAL).charged(1)]);
    let person = serde_json::json!({"people": [{
        "id": 665487, "fullName": evil, "useLastName": evil, "currentTeam": {"id": 135, "name": evil},
    }]});
    mlb.put("/api/v1/people/665487?", person);
    mlb.put("/api/v1/people/665487/stats?", season_log(&[("2024-06-20", evil, 2)]));
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("yes");
    card(&server);
    let badge = server.get("/badge.svg", "");
    assert!(badge.text().contains("&#60;b&#62;&#38;&#34;&#39; error today"), "{}", badge.text());
    let feed: atom_syndication::Feed = server.get("/feed.xml", "").text().parse().unwrap();
    assert_eq!(feed.entries().len(), 2);
    assert!(!server.stderr().contains("picture"), "{}", server.stderr());
}

/// A first visit is the page and all that it loads, in the best coding.
#[test]
fn a_first_visit_in_a_long_season_is_below_thirty_kilobytes() {
    let mlb = FakeMlb::with(&[Game::new(FINAL).charged(2)]);
    let clubs =
        ["Arizona Diamondbacks", "Philadelphia Phillies", "Los Angeles Dodgers", "San Francisco Giants"];
    let dates: Vec<_> =
        (1..=6).flat_map(|month| (1..=27).map(move |day| format!("2024-{month:02}-{day:02}"))).collect();
    let games: Vec<_> =
        (0..161).map(|n| (dates[n].as_str(), clubs[n / 3 % 4], u32::from(n % 7 == 0))).collect();
    mlb.put("/api/v1/people/665487/stats?", season_log(&games));
    let server =
        Server::start_with(&["--mlb-url", &mlb.url(), "--clock", EVENING, "--url", "https://example.org"]);
    let answer = server.wait_for_verdict("yes");
    assert_eq!(answer["season"]["games"], 162);
    let coded = |path: &str| server.get(path, "Accept: text/html\r\nAccept-Encoding: br\r\n").body.len();
    let page = server.page();
    let is_loaded = |text: &&str| {
        ["/static/", "/favicon", "/apple-touch-icon", "/site."].iter().any(|start| text.starts_with(start))
    };
    let linked = page.split('"').filter(is_loaded);
    assert_eq!(page.matches("href=\"/2024-").count(), 162, "the day of each game is linked");
    let sizes: Vec<_> = ["/"].into_iter().chain(linked).map(|path| (path.to_owned(), coded(path))).collect();
    assert!(sizes.len() >= 5, "{sizes:?}");
    let total: usize = sizes.iter().map(|(_, size)| size).sum();
    assert!(total < 30_000, "{total}: {sizes:?}");
    for path in ["/feed.xml", "/calendar.ics", "/api/v1/season", "/api/openapi.json"] {
        assert!(coded(path) < 30_000, "{path}: {}", coded(path));
    }
    println!("a first visit: {total} bytes: {sizes:?}");
}

#[test]
fn every_route_is_answered() {
    let mlb = FakeMlb::with(&[Game::new(FINAL)]);
    mlb.put("/api/v1/people/665487/stats?", season_log(&[("2024-06-20", "Chicago Cubs", 1)]));
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("no");
    // An event stream has no end.
    let exact = e6::internals::ROUTES
        .iter()
        .filter(|route| !["*", "/events"].iter().any(|part| route.pattern.contains(part)));
    for pattern in exact.map(|route| route.pattern) {
        let segments = [("{day}", "2024-07-02"), ("{year}", "2024"), ("{language}", "es")];
        let path = segments.iter().fold(pattern.to_owned(), |path, (name, value)| path.replace(name, value));
        assert_eq!(server.get(&path, "").status, 200, "{path}");
    }
}

/// The rules that Facebook, X, Slack and Discord publish for previews of links.
#[test]
fn a_preview_keeps_the_rules_of_chats_also_with_long_words() {
    let mlb = FakeMlb::with(&[Game::new(FINAL).charged(2)]);
    let dir = tempfile::tempdir().unwrap();
    let (long, question) =
        ("Afraid so, and it was a long one ".repeat(2), "Is {player} charged with it? ".repeat(6));
    std::fs::write(dir.path().join("e6.toml"), format!("[words]\nyes = {long:?}\nquestion = {question:?}\n"))
        .unwrap();
    let arguments = ["--mlb-url", &mlb.url(), "--clock", EVENING, "--url", "https://example.org"];
    let server = Server::start_in(dir, &arguments);
    server.wait_for_verdict("yes");
    for path in ["/", "/es"] {
        // As a previewer asks: any type, no cookies, an agent of its own.
        let fields = "Accept: */*\r\nUser-Agent: facebookexternalhit/1.1\r\n";
        let page = server.get(path, fields);
        assert_eq!((page.status, page.field("content-type")), (200, "text/html; charset=utf-8"), "{path}");
        assert_eq!(server.head(path, fields).field("content-length"), page.field("content-length"));
        let page = page.text();
        assert!(page.find("twitter:card").unwrap() < 32_768, "previewers read the beginning only");
        let value = |name: &str| meta(page, name).unwrap_or_else(|| panic!("{path} has no {name}"));
        for (name, cap) in [
            ("og:title", 70),
            ("og:description", 200),
            ("description", 200),
            ("og:image:alt", 420),
            ("twitter:image:alt", 420),
        ] {
            let length = value(name).chars().count();
            assert!((3..=cap).contains(&length), "{path} {name}: {}", value(name));
        }
        assert_eq!((value("og:type"), value("twitter:card")), ("website", "summary_large_image"));
        assert_eq!((value("og:image:width"), value("og:image:height")), ("1200", "630"));
        let picture = value("og:image").strip_prefix("https://example.org").unwrap();
        let card = server.get(picture, fields);
        assert_eq!((card.status, card.field("content-type")), (200, value("og:image:type")));
        assert!(card.body.len() < 5 * 1024 * 1024, "{}", card.body.len());
        let pixels = Pixmap::decode_png(&card.body).unwrap();
        assert_eq!((pixels.width(), pixels.height()), (1200, 630));
        assert_eq!(server.head(picture, fields).status, 200);
    }
}
