use crate::{
    how::{figures, *},
    site::trace::*,
};
use time::macros::datetime;

fn row(pattern: &'static str, outcome: RouteOutcome) -> RouteTrace {
    RouteTrace { pattern, about: "what is there", outcome }
}

/// A request for a page, over HTTP/2.
fn page() -> Trace {
    Trace {
        request_id: "00000000000000e6".into(),
        path: Some("/".into()),
        own: false,
        connection: ConnectionTrace {
            protocol: "HTTP/2.0",
            chosen_by: ChosenBy::Alpn,
            ip_version: Some(6),
            worker: 1,
            request: 3,
            scheme: "https",
            proxied: false,
        },
        tls: Some(TlsTrace {
            version: "TLSv1.3",
            cipher: "TLS_AES_256_GCM_SHA384".into(),
            group: Some("X25519MLKEM768"),
            post_quantum: true,
            resumed: false,
            server_name: Some("example.org".into()),
        }),
        routes: vec![row("/", RouteOutcome::Matched), row("/*", RouteOutcome::NotTried)],
        answer: ResponseTrace {
            status: 200,
            location: None,
            made: Made::Answer,
            made_at: Some(datetime!(2024-07-03 03:00 UTC)),
            media_type: Some("text/html".into()),
            acceptable: vec!["br", "gzip", "identity"],
            coding: "br",
            bytes_before: Some(5130),
            bytes_after: Some(1211),
            cache_control: Some("no-store".into()),
        },
        mlb: MlbTrace { asked_at: None, seconds_ago: Some(12.0), took_ms: Some(84.0) },
        microseconds: Timings {
            accept: 35.0,
            handshake: Some(2900.0),
            wait: 120.0,
            route: 0.4,
            answer: Some(21.0),
        },
        server: ProcessTrace {
            version: "0.1.0",
            commit: "0123456789",
            rustc: "rustc 1.95.0 (0123456789 2026-04-14)",
            target: "x86_64-unknown-linux-gnu",
            built_at: datetime!(2024-07-01 12:00 UTC),
            started_at: datetime!(2024-07-02 12:00 UTC),
            answered: 1234,
            upgrades: 2,
        },
    }
}

fn drawn(trace: &Trace) -> String {
    Drawing::of_request(&RequestPath::of(trace)).inline()
}

/// The text of every word of a drawing.
fn words(drawing: &str) -> Vec<&str> {
    let ends = drawing.split("</text>").filter_map(|part| Some(part.rsplit_once('>')?.1));
    ends.filter(|word| !word.trim().is_empty()).collect()
}

#[test]
fn a_way_is_told_in_words() {
    let text = text(&page()).replace('\n', " ");
    let text = text.split_whitespace().filter(|word| *word != "┃").collect::<Vec<_>>().join(" ");
    for sentence in [
        "How does the answer get to you? Like this Over HTTP/2 in TLS 1.3. It was ready before you asked, and goes \
         out as 1,211 bytes instead of 5,130.",
        "A connection over IPv6; the kernel gave it to the thread worker-1, which took it up 35 µs later.",
        "X25519MLKEM768, which withstands quantum computers too. The session is new.",
        "HTTP/2, the best that both sides offered in the TLS handshake (ALPN). This is request 3 on the connection, \
         120 µs after the one before.",
        "The first pattern, /, matched: what is there.",
        "You accept br and gzip; br was chosen, which saves 76 %.",
        "It last did 12 s ago.",
        "took 84 ms to reply",
        "July 2, 2024, 12:00 UTC, upgraded 2 times without a pause; 1,234 requests answered since.",
    ] {
        assert!(text.contains(sentence), "{sentence}\n{text}");
    }
}

#[test]
fn the_word_is_what_became_of_the_request() {
    for (status, made, word, lane) in [
        (200, Made::Answer, "Like this", "Answer"),
        (200, Made::Build, "Like this", "Static asset"),
        (200, Made::Request, "Like this", "The rest"),
        (308, Made::Start, "Round the bases", "The rest"),
        (400, Made::Start, "Illegal pitch", "The rest"),
        (404, Made::Start, "Out of the park", "The rest"),
    ] {
        let trace = Trace { answer: ResponseTrace { status, made, ..page().answer }, ..page() };
        let path = RequestPath::of(&trace);
        let lit: Vec<_> = path.lanes.iter().filter(|lane| lane.step.taken == story::StepState::Yes).collect();
        assert_eq!(
            (story::headline(&trace).1, lit[0].step.name, lit.len()),
            (word, lane, 1),
            "{status} {made:?}"
        );
    }
}

#[test]
fn a_base_that_is_not_touched_is_passed_by() {
    let lit = |trace: &Trace| drawn(trace).matches("class=\"base lit\"").count();
    let clear = ConnectionTrace { scheme: "http", ..page().connection };
    let clear = Trace { tls: None, connection: clear, ..page() };
    assert_eq!(lit(&clear), lit(&page()) - 1);
    assert!(drawn(&clear).contains("none: you came in clear"));
}

#[test]
fn a_proxy_before_us_is_told_of_and_its_tls_is_not_called_clear() {
    let connection = ConnectionTrace { proxied: true, chosen_by: ChosenBy::Clear, ..page().connection };
    let drawn = drawn(&Trace { tls: None, connection, ..page() });
    assert!(drawn.contains("by the proxy before us") && !drawn.contains("you came in clear"), "{drawn}");
}

#[test]
fn whatever_is_asked_about_fits_and_is_no_markup() {
    let evil = format!("/<script>&\"'{}", "x".repeat(2000));
    let trace = Trace {
        path: Some(evil.clone()),
        tls: Some(TlsTrace { server_name: Some("x".repeat(253)), ..page().tls.unwrap() }),
        answer: ResponseTrace { location: Some(evil), ..page().answer },
        mlb: MlbTrace { seconds_ago: Some(1e7), ..page().mlb },
        ..page()
    };
    let drawing = drawn(&trace);
    assert!(!drawing.contains("<script"), "{drawing}");
    // An escaped character is longer in the source than in the drawing.
    let longest = words(&drawing).into_iter().max_by_key(|word| word.len()).unwrap();
    assert!(longest.chars().count() <= 60, "{longest}");
    assert!(text(&trace).lines().all(|line| line.chars().count() <= 80), "{}", text(&trace));
}

#[test]
fn drawings_without_a_request_have_no_figures_and_stand_alone() {
    let files = files(vec![row("/", RouteOutcome::NotTried), row("/*", RouteOutcome::NotTried)]);
    assert_eq!(
        files.each_ref().map(|(name, _)| name.rsplit_once('.').unwrap().1),
        ["svg", "dot", "svg", "dot"]
    );
    for (name, content) in &files {
        assert!(!content.contains(env!("BUILD_COMMIT")) && !content.contains(" lit\""), "{name}");
        assert!(content.ends_with(if name.ends_with("svg") { "</svg>\n" } else { "}\n" }), "{name}");
        assert!(name.ends_with("dot") || content.contains("--paper: #fffdf8"), "{name}");
    }
}

#[test]
fn spans_have_two_digits_or_three() {
    for (micros, words) in [
        (0.04, "0.0 µs"),
        (0.4, "0.4 µs"),
        (9.96, "10 µs"),
        (999.4, "999 µs"),
        (999.6, "1.0 ms"),
        (9_960.0, "10 ms"),
        (999_600.0, "1 s"),
        (119e6, "119 s"),
        (120e6, "2 min"),
        (7_300e6, "2 h"),
        (1e12, "12 days"),
    ] {
        assert_eq!(figures::span(micros), words);
    }
}
