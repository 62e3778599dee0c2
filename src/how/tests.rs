use crate::{
    how::{
        commands,
        figures::span,
        files, html, json, production,
        stations::{self, StationState},
        text,
    },
    language::Language,
    page::{self, Theme},
    site::trace::*,
};
use Language::{English, Spanish};
use time::macros::datetime;

fn row(pattern: &'static str, outcome: RouteOutcome) -> RouteTrace {
    RouteTrace { pattern, about: "what is there", outcome }
}

/// The first request on a connection over HTTP/2, for this page.
fn own() -> Trace {
    Trace {
        request_id: "00000000000000e6".into(),
        path: Some("/how".into()),
        own: true,
        connection: ConnectionTrace {
            protocol: "HTTP/2.0",
            chosen_by: ChosenBy::Alpn,
            ip_version: Some(4),
            worker: 1,
            quic: None,
            request: 1,
            scheme: "https",
            proxied: false,
            client: Some("203.0.113.7:51234".into()),
            server: Some("198.51.100.1:443".into()),
            origin: Some("https://example.org".into()),
            clear_origin: Some("http://example.org".into()),
            idle_ms: 627.0,
            self_signed: false,
        },
        tls: Some(TlsTrace {
            version: "TLSv1.3",
            cipher: Some("TLS_AES_256_GCM_SHA384".into()),
            group: Some("X25519MLKEM768"),
            post_quantum: true,
            resumed: false,
            server_name: Some("example.org".into()),
            self_signed: false,
        }),
        routes: vec![
            row("/", RouteOutcome::Passed),
            row("/events", RouteOutcome::Passed),
            row("/how", RouteOutcome::Matched),
            row("/*", RouteOutcome::NotTried),
        ],
        answer: ResponseTrace {
            status: 200,
            location: None,
            made: Made::Request,
            made_at: Some(datetime!(2024-07-03 03:00 UTC)),
            media_type: Some("text/html".into()),
            acceptable: vec!["br", "gzip", "identity"],
            coding: "identity",
            bytes_before: None,
            bytes_after: None,
            cache_control: Some("no-store".into()),
            etag: None,
            content_range: None,
            language: None,
        },
        mlb: MlbTrace { asked_at: None, seconds_ago: Some(12.0), took_ms: Some(84.0) },
        microseconds: Timings {
            accept: 4.0,
            handshake: Some(25e3),
            route: 0.4,
            answer: None,
            round_trip: Some(22e3),
            smoothed_round_trip: Some(23e3),
            own: 16.0,
            network: Some(69e3),
            arrived: None,
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
            subject: Some("Fix errors"),
            committed_at: Some(datetime!(2024-07-01 12:00 UTC)),
            changed: Some(false),
            release: Some("v0.1.0"),
            deployed_at: Some(datetime!(2024-07-01 13:00 UTC)),
            minutes_since_commit: Some(94),
        },
        what_if: None,
    }
}

/// A request for the answer that is only asked about, as the third one on its connection.
fn page() -> Trace {
    Trace {
        path: Some("/".into()),
        own: false,
        connection: ConnectionTrace { request: 3, ..own().connection },
        routes: vec![row("/", RouteOutcome::Matched), row("/*", RouteOutcome::NotTried)],
        answer: ResponseTrace {
            made: Made::Answer,
            coding: "br",
            bytes_before: Some(5130),
            bytes_after: Some(1211),
            etag: Some("\"e6-br\"".into()),
            language: Some("en".into()),
            ..own().answer
        },
        microseconds: Timings { answer: Some(2.0), own: 2.4, network: Some(22e3), ..own().microseconds },
        ..own()
    }
}

fn proxied(client: Option<&str>) -> Trace {
    let connection = ConnectionTrace {
        proxied: true,
        chosen_by: ChosenBy::Clear,
        protocol: "HTTP/1.1",
        client: client.map(str::to_owned),
        server: None,
        ..own().connection
    };
    let microseconds = Timings {
        round_trip: None,
        smoothed_round_trip: None,
        network: None,
        handshake: None,
        ..own().microseconds
    };
    Trace { tls: None, connection, microseconds, ..own() }
}

fn theme() -> Theme {
    Theme { url: Some("https://example.org".into()), ..page::tests::theme() }
}

/// The text without line breaks and lines of the picture.
fn told(trace: &Trace, language: Language) -> String {
    let text = text(trace.clone(), language);
    text.split_whitespace().filter(|word| *word != "┃").collect::<Vec<_>>().join(" ")
}

#[test]
fn the_answer_comes_first_and_then_the_sum_of_the_request() {
    let loopback = |mut trace: Trace| {
        trace.connection.client = Some("127.0.0.1:51234".into());
        trace
    };
    let later = |mut trace: Trace| {
        trace.connection.request = 3;
        trace
    };
    let unix = Trace {
        connection: ConnectionTrace { client: None, ip_version: None, proxied: false, ..own().connection },
        ..proxied(None)
    };
    for (trace, sum) in [
        (own(), "In 16 µs. The internet and the TLS handshake took the other 69 ms."),
        (later(own()), "In 16 µs. The internet took the other 69 ms."),
        (loopback(later(own())), "In 16 µs. The network took the other 69 ms."),
        (page(), "It would take 2.4 µs. The internet would take the other 22 ms."),
        (
            proxied(Some("203.0.113.7")),
            "In 16 µs. The rest is the way by the proxy in front, which e6 cannot see.",
        ),
        (unix, "In 16 µs. No network took part: you came over a Unix socket."),
    ] {
        let told = told(&trace, English);
        let start = format!("The simple answer is e6. The complete answer is also e6. {sum}");
        assert!(told.contains(&start), "{start}: {told}");
    }
    let spanish = told(&own(), Spanish);
    assert!(
        spanish.contains("La respuesta completa también es e6. En 16 µs. Internet y el saludo TLS tardaron"),
        "{spanish}"
    );
}

#[test]
fn the_facts_of_a_request_are_told_and_idle_time_is_no_step() {
    let told = told(&own(), English);
    for sentence in [
        "Your end of the connection is 203.0.113.7:51234, this server's is 198.51.100.1:443.",
        "e6 cannot see that, so there is no figure.",
        "takes 22 ms: the shortest that the kernel measured",
        "Its average is 23 ms",
        "X25519MLKEM768 agreed on the keys. It resists quantum computers, too.",
        "The connection was ready for 627 ms before: your client's own time, which is no part of the answer.",
        "2 patterns before, no; /how, yes.",
        "22 ms TCP, a round trip 4.0 µs waiting for a thread 25 ms TLS handshake 22 ms request and response, a round \
         trip 12 µs e6",
        "94 minutes from the commit to this byte.",
        "“Fix errors” (0123456789).",
        "Tagged v0.1.0.",
    ] {
        assert!(told.contains(sentence), "{sentence}\n{told}");
    }
    assert_eq!(told.matches("627 ms").count(), 1, "{told}");
    let about = self::told(&page(), English);
    for sentence in [
        "1,211 bytes as br instead of 5,130 bytes: 76 % less. Your client accepts br and gzip.",
        "MLB's data is 12 s old.",
        "The last round of questions took 84 ms. No reader waited for it.",
        "This is request 3 on the connection.",
    ] {
        assert!(about.contains(sentence), "{sentence}\n{about}");
    }
}

#[test]
fn the_bar_is_to_scale() {
    let html = html(own(), &theme(), English);
    for shape in [
        // Of 2.2 s.
        "<rect class=\"opening\" x=\"0.0000%\" width=\"1.0000%\"",
        "<rect class=\"waiting\" x=\"1.0000%\" width=\"0.0002%\"",
        "<rect class=\"own\" x=\"3.1365%\" width=\"0.0005%\"",
        "<line x1=\"6.8182%\"",
        "<line x1=\"90.9091%\"",
    ] {
        assert!(html.contains(shape), "{shape}: {html}");
    }
    let hidden = proxied(Some("203.0.113.7"));
    let html = self::html(hidden, &theme(), English);
    assert!(html.contains("The network is missing") && !html.contains("class=\"opening\""), "{html}");
}

#[test]
fn a_station_is_passed_skipped_or_out_of_sight() {
    let tls = |trace: &Trace| stations::of(trace, English)[3].state;
    assert_eq!(tls(&own()), StationState::Passed);
    assert_eq!(tls(&proxied(None)), StationState::Unseen);
    let clear = ConnectionTrace { scheme: "http", ..own().connection };
    assert_eq!(tls(&Trace { tls: None, connection: clear, ..own() }), StationState::Skipped);
    assert_eq!(stations::of(&own(), English)[1].state, StationState::Unseen, "DNS");
}

#[test]
fn production_has_only_the_stages_that_are_known() {
    let names = |process: &ProcessTrace| {
        production::stages(process, English).iter().map(|stage| stage.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&own().server), ["Commit", "Build", "Release", "Deploy", "Start", "This byte"]);
    let unknown = ProcessTrace {
        subject: None,
        committed_at: None,
        changed: None,
        release: None,
        deployed_at: None,
        minutes_since_commit: None,
        ..own().server
    };
    assert_eq!(names(&unknown), ["Build", "Start"]);
}

#[test]
fn both_languages_say_the_same_without_words_of_the_other() {
    for trace in [own(), page(), proxied(None)] {
        let (english, spanish) =
            (html(trace.clone(), &theme(), English), html(trace.clone(), &theme(), Spanish));
        for (page, language, path) in [(&english, "en", "/how"), (&spanish, "es", "/es/how")] {
            assert!(page.contains(&format!("<html lang=\"{language}\"")), "{page}");
            let canonical = format!("<link rel=\"canonical\" href=\"https://example.org{path}\">");
            assert!(page.contains(&canonical) && !page.contains("noindex"), "{canonical}: {page}");
        }
        assert_eq!(english.matches("<li").count(), spanish.matches("<li").count());
        for word in [" the ", " your ", " is ", "What if", "took"] {
            assert!(!told(&trace, Spanish).contains(word), "{word}: {}", told(&trace, Spanish));
        }
    }
}

#[test]
fn values_of_a_request_are_no_markup_no_command_and_fit() {
    let evil = format!("/<script>&\"'$(id)`id`;{}", "x".repeat(2000));
    let mut trace = page();
    trace.path = Some(evil.clone());
    trace.answer.location = Some(evil.clone());
    trace.tls.as_mut().unwrap().server_name = Some("x".repeat(253));
    let html = html(trace.clone(), &theme(), English);
    assert!(!html.contains("<script"), "{html}");
    for command in commands::http(&trace) {
        let quoted = format!("'https://example.org/%3Cscript%3E&%22'\\''$(id)%60id%60;{}'", "x".repeat(2000));
        assert!(command.to_string().ends_with(&quoted), "{command}");
    }
    assert!(text(trace.clone(), English).lines().all(|line| line.chars().count() <= 80));
    assert!(json(trace).contains("$(id)"));
}

#[test]
fn drawings_have_no_figures_stand_alone_and_are_dark_at_night() {
    for (name, content) in files(["/", "/*"].into_iter()) {
        assert!(!content.contains(env!("BUILD_COMMIT")) && content.ends_with("</svg>\n"), "{name}");
        assert!(
            content.contains("--paper: #fffdf8") && content.contains("prefers-color-scheme: dark"),
            "{name}"
        );
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
        (999_600.0, "1.0 s"),
        (119e6, "119 s"),
        (120e6, "2 min"),
        (7_300e6, "2 h"),
        (1e12, "12 days"),
    ] {
        assert_eq!(span(micros, English).replace('\u{a0}', " "), words);
    }
    assert_eq!(span(1e12, Spanish), "12\u{a0}días", "the line does not break there");
}
