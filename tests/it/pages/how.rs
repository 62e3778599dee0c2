//! `/how`: its description of a request agrees with what the client knows.

use crate::support::{
    server::{PATIENCE, Server, run, site},
    tools,
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::fs::MetadataExt,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// The trace of `/how` with this query, for a request with these fields.
pub fn trace(server: &Server, query: &str, fields: &str) -> Value {
    let response = server.get(&format!("/how{query}"), &format!("Accept: application/json\r\n{fields}"));
    assert_eq!((response.status, response.field("content-type")), (200, "application/json"), "{query}");
    serde_json::from_slice(&response.body).unwrap()
}

pub const REQUEST: &str = "GET /how HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n";

/// Sends a request on an open connection. Returns the value of Server-Timing and the trace.
pub fn ask(stream: &mut (impl Read + Write), request: &str) -> (String, Value) {
    stream.write_all(request.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    let (mut timing, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim_end().split_once(": ") {
            Some(("server-timing", value)) => timing = value.to_owned(),
            Some(("content-length", value)) => length = value.parse().unwrap(),
            None if line == "\r\n" => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (timing, serde_json::from_slice(&body).unwrap())
}

/// The sum of durations in `route;dur=0.004, answer;dur=0.021`, in microseconds.
pub fn in_all(timing: &str) -> f64 {
    let metrics: Vec<_> = timing.split(", ").map(|metric| metric.split_once(";dur=").unwrap()).collect();
    assert_eq!((metrics[0].0, metrics[1].0, metrics.len()), ("route", "answer", 2), "{timing}");
    metrics.iter().map(|metric| metric.1.parse::<f64>().unwrap() * 1e3).sum()
}

/// A number of the trace.
pub fn number_of(part: &Value, name: &str) -> f64 {
    part[name].as_f64().unwrap_or_else(|| panic!("no {name} in {part}"))
}

#[test]
fn a_change_to_a_request_is_described_as_it_would_be_answered() {
    let (server, _mlb) = site();
    let offer = "Accept-Encoding: br, gzip\r\nAccept-Language: en\r\n";
    let html = format!("Accept: text/html\r\n{offer}");
    let etag = server.get("/", &html).field("etag").to_owned();
    for (change, fields) in [
        ("unchanged", format!("{html}If-None-Match: {etag}\r\n")),
        ("range", format!("{html}Range: bytes=0-99\r\n")),
        ("gzip", "Accept: text/html\r\nAccept-Encoding: gzip\r\nAccept-Language: en\r\n".into()),
        ("spanish", "Accept: text/html\r\nAccept-Encoding: br, gzip\r\nAccept-Language: es\r\n".into()),
        ("http1", html.clone()),
    ] {
        let real = server.get("/", &fields);
        // The form is that of the question, so the question is asked with the fields of a browser.
        let page = server.get(&format!("/how?if={change}"), &html).text().to_owned();
        assert!(page.contains(&format!("Status {}: ", real.status)), "{change}: {page}");
        let trace = trace(&server, &format!("?path=/&if={change}"), offer);
        let answer = &trace["answer"];
        assert_eq!((&trace["what_if"], &answer["status"]), (&json!(change), &json!(real.status)), "{trace}");
        let json_fields = fields.replace("text/html", "application/json");
        let json_fields = json_fields.replace(&etag, answer["etag"].as_str().unwrap());
        let same = server.get("/", &json_fields);
        let text = |name: &str| same.fields.get(name).map_or(Value::Null, |value| json!(value));
        assert_eq!(answer["etag"], text("etag"), "{change}");
        assert_eq!(answer["content_range"], text("content-range"), "{change}");
        assert_eq!(answer["language"], text("content-language"), "{change}");
        assert_eq!(answer["coding"] == "gzip", same.field("content-encoding") == "gzip", "{change}");
    }
    assert_eq!(trace(&server, "?if=nothing", "")["what_if"], Value::Null);
}

#[test]
fn another_url_is_explained_as_it_would_be_answered() {
    let (server, _mlb) = site();
    let page = server.page();
    let css = page.split('"').find(|text| text.starts_with("/static/e6.")).unwrap();
    for (path, pattern, made) in [
        ("/", "/", "answer"),
        (css, "/static/*", "build"),
        ("/robots.txt", "/*", "build"),
        ("/api/v1/answer", "/api/v1/answer", "answer"),
        ("/api/v1/season", "/api/v1/season", "answer"),
        ("/feed.xml", "/feed.xml", "answer"),
        ("/card.png", "/card.png", "answer"),
        ("/api/openapi.json", "/api/openapi.json", "build"),
        ("/healthz", "/healthz", "request"),
        ("/readyz", "/readyz", "start"),
        ("/nothing", "/*", "start"),
        ("/static/nothing.css", "/static/*", "start"),
    ] {
        for coding in ["br", "zstd, gzip;q=0.5", "gzip", "identity", "br;q=0"] {
            let offer = format!("Accept-Encoding: {coding}\r\n");
            let real = server.get(path, &format!("Accept: application/json\r\n{offer}"));
            let plain = server.get(path, "Accept: application/json\r\n");
            let trace = trace(&server, &format!("?path={path}"), &offer);
            let (answer, context) = (&trace["answer"], format!("{path} {coding}"));
            assert_eq!((&trace["own"], &trace["path"]), (&json!(false), &json!(path)));
            assert_eq!(
                (&answer["status"], &answer["made"]),
                (&json!(real.status), &json!(made)),
                "{context}"
            );
            let chosen = if real.field("content-encoding").is_empty() {
                "identity"
            } else {
                real.field("content-encoding")
            };
            assert_eq!(answer["coding"], chosen, "{context}");
            assert_eq!(answer["bytes_after"], real.body.len(), "{context}");
            assert_eq!(answer["bytes_before"], plain.body.len(), "{context}");
            assert_eq!(answer["media_type"], real.field("content-type"), "{context}");
            assert_eq!(answer["cache_control"], real.field("cache-control"), "{context}");
            assert_eq!(matched(&trace), pattern, "{context}");
        }
    }
    let offered = trace(&server, "?path=/", "Accept-Encoding: gzip, deflate, br;q=0, zstd\r\n");
    assert_eq!(offered["answer"]["acceptable"], json!(["zstd", "gzip", "identity"]));
    let refused = trace(&server, "?path=/", "Accept-Encoding: gzip\r\n");
    assert_eq!(refused["answer"]["coding"], "gzip");
}

/// The pattern that matched. Asserts that all before it were tried, and none after it.
fn matched(trace: &Value) -> &str {
    let routes = trace["routes"].as_array().unwrap();
    let place = routes.iter().position(|route| route["outcome"] == "matched").unwrap();
    assert!(routes[..place].iter().all(|route| route["outcome"] == "passed"), "{trace}");
    assert!(routes[place + 1..].iter().all(|route| route["outcome"] == "not_tried"), "{trace}");
    routes[place]["pattern"].as_str().unwrap()
}

#[test]
fn a_url_with_another_spelling_or_not_ours_is_described_as_such() {
    let (server, _mlb) = site();
    for (query, path, status, location) in [
        ("?path=/healthz/", json!("/healthz/"), 308, json!("/healthz")),
        ("?path=%2Fhealthz", json!("/healthz"), 200, Value::Null),
        ("?path=/%2568ealthz", json!("/%68ealthz"), 308, json!("/healthz")),
        ("?path=//api/./v1/answer", json!("//api/./v1/answer"), 308, json!("/api/v1/answer")),
        ("?path=/readyz?x=1", json!("/readyz"), 200, Value::Null),
        ("?x=1&path=/readyz%23x&path=/", json!("/readyz"), 200, Value::Null),
        ("?path=/how", json!("/how"), 200, Value::Null),
        ("?path=/how?path=/how", json!("/how"), 200, Value::Null),
        ("?path=/metrics", json!("/metrics"), 404, Value::Null),
        ("?path=/%3Cscript%3Ealert(1)%3C/script%3E", json!("/<script>alert(1)</script>"), 404, Value::Null),
        ("?path=/%00", Value::Null, 400, Value::Null),
        ("?path=/%2500", Value::Null, 400, Value::Null),
        ("?path=/a%0d%0ab", Value::Null, 400, Value::Null),
        ("?path=/%1b[2J", Value::Null, 400, Value::Null),
        ("?path=/%ff", Value::Null, 400, Value::Null),
        ("?path=healthz", Value::Null, 400, Value::Null),
        ("?path=https://example.org/", Value::Null, 400, Value::Null),
    ] {
        let trace = trace(&server, query, "");
        let answer = &trace["answer"];
        assert_eq!(
            (&answer["status"], &answer["location"], &trace["path"]),
            (&json!(status), &location, &path),
            "{query}"
        );
        let tried = trace["routes"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|route| route["outcome"] != "not_tried")
            .count();
        assert_eq!(tried == 0, status == 400, "{query}");
        for accept in ["text/html", "text/plain"] {
            let response = server.get(&format!("/how{query}"), &format!("Accept: {accept}\r\n"));
            assert_eq!(response.status, 200, "{query}");
            assert!(response.text().chars().all(|char| char == '\n' || !char.is_control()), "{query}");
            assert!(!response.text().contains("<script>alert") || accept == "text/plain", "{query}");
        }
    }
    for own in ["?path=", "?", "?paths=/", "?other=1"] {
        assert_eq!(trace(&server, own, "")["own"], true, "{own}");
    }
    let long = format!("/how?path=/{}", "x".repeat(3 * 1024));
    assert_eq!(server.get(&long, "").status, 414);
    let longest = format!("/how?path=/{}", "x".repeat(2000));
    assert_eq!(server.get(&longest, "Accept: text/html\r\n").status, 200);
}

#[test]
fn header_fields_of_a_client_are_not_shown() {
    let (server, _mlb) = site();
    let evil = "<script>alert(1)</script>\"'&{{7*7}}\\u0000";
    let fields = format!(
        "User-Agent: {evil}\r\nReferer: {evil}\r\nAccept-Encoding: {evil}, br;q={evil}\r\nAccept-Language: {evil}\r\n\
         Cookie: {evil}\r\nX-Forwarded-For: 203.0.113.9\r\nForwarded: for=203.0.113.9\r\nX-Request-Id: {evil}\r\n"
    );
    for accept in ["text/html", "text/plain", "application/json"] {
        for query in ["", "?path=/"] {
            let response = server.get(&format!("/how{query}"), &format!("Accept: {accept}\r\n{fields}"));
            assert_eq!(response.status, 200, "{accept}");
            let text = response.text();
            for part in ["alert", "{{7", "u0000", "203.0.113"] {
                assert!(!text.contains(part), "{part} in {text}");
            }
            assert!(!response.field("x-request-id").contains('<'));
        }
    }
}

#[test]
fn a_terminal_gets_both_ways_in_80_columns() {
    let (server, _mlb) = site();
    for query in ["", "?path=/", "?path=/robots.txt", "?path=/nothing", "?path=/%00"] {
        let response = server.get(&format!("/how{query}"), "User-Agent: curl/8.14.1\r\n");
        assert_eq!(response.field("content-type"), "text/plain; charset=utf-8");
        assert_eq!(
            (response.field("cache-control"), response.field("vary")),
            ("no-store", "accept, user-agent")
        );
        let text = response.text();
        assert!(text.lines().all(|line| line.chars().count() <= 80 && line.trim_end() == line), "{text}");
        for part in
            ["DNS", "TCP", "TLS", "Router", "Nginx", "Gunicorn", "Django", "The way to production", "Commit"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
        let id = response.field("x-request-id");
        assert!(text.contains(id) && id.len() == 16, "{id}: {text}");
    }
}

#[test]
fn one_request_can_be_followed_from_response_to_log() {
    let (server, _mlb) = site();
    let css = server.page().split('"').find(|text| text.starts_with("/static/e6.")).unwrap().to_owned();
    for path in ["/", "/api/v1/answer", "/how", "/healthz", "/readyz", "/nothing", "/healthz/", "/%00"] {
        let response = server.get(path, "");
        let id = response.field("x-request-id").to_owned();
        assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{path}: {id}");
        assert!(in_all(response.field("server-timing")) < 1e6, "{path}");
        let deadline = Instant::now() + PATIENCE;
        while !fs::read_to_string(server.path("access.log")).unwrap().contains(&format!(" {id}\n")) {
            assert!(Instant::now() < deadline, "{path}: {id} is not in the log");
            thread::sleep(Duration::from_millis(10));
        }
    }
    for asset in ["/robots.txt", &css] {
        let fields = server.get(asset, "").fields;
        let both = ["x-request-id", "server-timing"];
        assert!(both.iter().all(|name| !fields.contains_key(*name)), "{asset}");
    }
}

#[test]
fn the_process_is_described_as_it_is() {
    let (server, _mlb) = site();
    let first = trace(&server, "", "")["server"].clone();
    for _ in 0..3 {
        server.get("/healthz", "");
    }
    let second = trace(&server, "", "")["server"].clone();
    assert_eq!(second["answered"].as_u64(), first["answered"].as_u64().map(|answered| answered + 4));
    assert_eq!(first["version"], env!("CARGO_PKG_VERSION"));
    let metrics = server.metrics();
    for (label, fact) in [("commit", "commit"), ("rustc", "rustc")] {
        assert!(metrics.contains(&format!("{label}={}", first[fact])), "{metrics}");
    }
    assert_eq!(first["started_at"], second["started_at"]);
    let method = |method: &str| {
        server.send(&format!("{method} /how HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), true)
    };
    assert_eq!(
        (method("POST").status, method("OPTIONS").status, server.head("/how", "").status),
        (405, 204, 200)
    );
}

#[test]
fn the_way_to_production_is_that_of_the_binary() {
    let (server, _mlb) = site();
    let process = trace(&server, "", "")["server"].clone();
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        let output =
            command.args(arguments).env("TZ", "UTC").current_dir(env!("CARGO_MANIFEST_DIR")).output();
        let output = output.ok().filter(|output| output.status.success());
        output.map(|output| String::from_utf8(output.stdout).unwrap().trim().to_owned()).unwrap_or_default()
    };
    let commit = process["commit"].as_str().unwrap();
    let shown = |format: &str| match commit {
        "" | "unknown" => String::new(),
        commit => {
            let date = "--date=format-local:%Y-%m-%dT%H:%M:%SZ";
            git(&["show", "--no-patch", date, &format!("--format={format}"), commit])
        }
    };
    assert_eq!(process["subject"].as_str().unwrap_or_default(), shown("%s"), "{process}");
    assert_eq!(process["committed_at"].as_str().unwrap_or_default(), shown("%cd"), "{process}");
    let tags = if commit.is_empty() { String::new() } else { git(&["tag", "--points-at", commit]) };
    let release = process["release"].as_str().unwrap_or_default();
    assert!(release.is_empty() == tags.is_empty() && tags.contains(release), "{release}, not of {tags}");
    let placed = fs::metadata(tools::e6()).unwrap().ctime();
    let placed = time::OffsetDateTime::from_unix_timestamp(placed).unwrap();
    let placed = placed.format(&time::format_description::well_known::Rfc3339).unwrap();
    assert_eq!(process["deployed_at"], placed);
}

#[test]
fn the_table_of_routes_is_printed() {
    let dir = tempfile::tempdir().unwrap();
    let (code, stdout, stderr) = run(dir.path(), &["routes"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let (server, _mlb) = site();
    let trace = trace(&server, "", "");
    let mut lines = stdout.lines().skip(1);
    for route in trace["routes"].as_array().unwrap() {
        let (pattern, about) = lines.next().unwrap().trim().split_once(' ').unwrap();
        assert_eq!(
            (pattern, about.trim()),
            (route["pattern"].as_str().unwrap(), route["about"].as_str().unwrap())
        );
    }
    assert!(stdout.contains("/metrics"), "{stdout}");
}

#[test]
fn the_drawings_of_the_readme_are_those_of_the_code() {
    let dir = tempfile::tempdir().unwrap();
    let (code, _, stderr) = run(dir.path(), &["render", "."]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github");
    for name in ["request-path.svg", "production.svg"] {
        let drawn = fs::read_to_string(dir.path().join(name)).unwrap();
        let kept = fs::read_to_string(kept.join(name)).unwrap_or_default();
        assert!(drawn == kept, "{name} is not what the code draws: cargo run -- render .github");
    }
    let (code, _, stderr) = run(dir.path(), &["render", "nowhere"]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("nowhere/request-path.svg"), "{stderr}");
}
