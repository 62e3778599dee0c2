//! The access log: one line per response, in every format and destination.

use crate::{
    http::http2::{
        Client,
        frames::{DATA, END_STREAM, WHOLE, get, get_block_of, headers, settings, window_update},
    },
    support::{
        day::NOON,
        fake_mlb::FakeMlb,
        server::{PATIENCE, Server, command, lines, run, signal},
    },
    tls::handshake,
};
use rustls::version::TLS13;
use serde_json::Value;
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

fn serving(arguments: &[&str]) -> (Server, FakeMlb) {
    let mlb = FakeMlb::with(&[]);
    let url = mlb.url();
    let arguments: Vec<_> =
        ["--mlb-url", &url, "--clock", NOON].into_iter().chain(arguments.iter().copied()).collect();
    (Server::start_with(&arguments), mlb)
}

#[test]
fn every_response_is_one_line() {
    let (server, _mlb) = serving(&["--log-format", "json"]);
    let whole = server.get("/robots.txt?q=1", "Referer: https://example.org/\r\nUser-Agent: test/1\r\n");
    server.head("/robots.txt", "");
    server.get("/robots.txt", &format!("If-None-Match: {}\r\n", whole.field("etag")));
    server.get("/nothing", "");
    server.send("BREW / HTTP/1.0\r\n\r\n", true);
    server.send("GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n", true);
    let mut stream = handshake::connect(&server, "localhost", &["http/1.1"], &[&TLS13]).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();

    let lines: Vec<Value> = lines(&server.path("access.log"), 7)
        .iter()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let expected = [
        ("GET", "/robots.txt?q=1", "HTTP/1.1", 200, whole.body.len()),
        ("HEAD", "/robots.txt", "HTTP/1.1", 200, 0),
        ("GET", "/robots.txt", "HTTP/1.1", 304, 0),
    ];
    for (line, (method, target, protocol, status, bytes)) in lines.iter().zip(expected) {
        assert_eq!(
            (&line["method"], &line["target"], &line["protocol"], &line["status"], &line["bytes"]),
            (&method.into(), &target.into(), &protocol.into(), &status.into(), &bytes.into()),
            "{line}"
        );
        assert_eq!((&line["peer"], &line["host"]), (&"127.0.0.1".into(), &"localhost".into()), "{line}");
        assert!(line["duration_us"].as_u64().unwrap() < 10_000_000 && line["tls"].is_null(), "{line}");
    }
    assert_eq!(
        (&lines[0]["referer"], &lines[0]["agent"]),
        (&"https://example.org/".into(), &"test/1".into())
    );
    assert_ne!(lines[0]["request_id"], lines[1]["request_id"]);
    assert_eq!(lines[3]["status"], 404);
    assert_eq!((&lines[4]["method"], &lines[4]["protocol"]), (&"BREW".into(), &"HTTP/1.0".into()));
    assert_eq!((&lines[5]["method"], &lines[5]["status"]), (&Value::Null, &400.into()), "what hyper refused");
    assert_eq!(lines[6]["tls"], "TLSv1.3");
}

#[test]
fn nothing_that_is_sent_ends_a_field_or_a_line() {
    let (server, _mlb) = serving(&[]);
    let mut stream = TcpStream::connect(server.http()).unwrap();
    stream.write_all(b"GET /\"a HTTP/1.1\r\nHost: localhost\r\nUser-Agent: \" 200 \t\\\x9b31m\xff\r\nConnection: close\r\n\r\n").unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
    let line = &lines(&server.path("access.log"), 1)[0];
    assert!(line.contains(r#""GET /\x22a HTTP/1.1" 4"#), "{line}");
    assert!(line.contains(r#" "\x22 200 \x09\x5C\x9B31m\xFF" "localhost" "#), "{line}");
}

#[test]
fn a_log_that_was_moved_away_is_opened_again() {
    let (server, _mlb) = serving(&[]);
    server.get("/healthz", "");
    let (log, moved) = (server.path("access.log"), server.path("access.log.1"));
    lines(&log, 1);
    fs::rename(&log, &moved).unwrap();
    server.get("/readyz", "");
    lines(&moved, 2);
    signal(server.pid(), "USR1");
    let deadline = Instant::now() + PATIENCE;
    while !log.exists() {
        assert!(Instant::now() < deadline, "not opened again");
        thread::sleep(Duration::from_millis(10));
    }
    server.get("/robots.txt", "");
    assert!(lines(&log, 1)[0].contains("/robots.txt"));
    lines(&moved, 2);
}

#[test]
fn a_full_disk_costs_lines_and_is_logged_once() {
    let (server, _mlb) = serving(&["--access-log", "/dev/full"]);
    for _ in 0..5 {
        assert_eq!(server.get("/healthz", "").status, 200);
        thread::sleep(Duration::from_millis(30));
    }
    let deadline = Instant::now() + PATIENCE;
    while server.metric("e6_access_log_dropped_total") < 5.0 {
        assert!(Instant::now() < deadline, "{}", server.metrics());
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(server.stderr().matches("cannot write the access log").count(), 1, "{}", server.stderr());
}

#[test]
fn a_log_that_nobody_reads_costs_lines_and_no_request() {
    /// More lines than the queue, one batch of the writer and the pipe hold together.
    const REQUESTS: usize = 20_000;
    let mlb = FakeMlb::with(&[]);
    let dir = tempfile::tempdir().unwrap();
    let mut generous = command(dir.path());
    generous.env("E6_LIMIT_REQUESTS", "1000000");
    let arguments = ["--mlb-url", &mlb.url(), "--clock", NOON, "--access-log", "stdout"];
    let server = Server::start_by(generous, dir, &arguments);
    let mut stream = TcpStream::connect(server.http()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut reader = stream.try_clone().unwrap();
    let writer = thread::spawn(move || {
        let request =
            format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {}\r\n\r\n", "a".repeat(100));
        for _ in 0..REQUESTS - 1 {
            stream.write_all(request.as_bytes()).unwrap();
        }
        stream.write_all(request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
    });
    let mut responses = Vec::new();
    reader.read_to_end(&mut responses).unwrap();
    writer.join().unwrap();
    let answered = responses.windows(12).filter(|window| window == b"HTTP/1.1 200").count();
    assert_eq!(answered, REQUESTS);
    assert!(server.metric("e6_access_log_dropped_total") > 0.0);
    let began = Instant::now();
    let (status, _) = server.terminate();
    assert!(status.success() && began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn the_last_lines_are_written_before_the_end() {
    let (server, _mlb) = serving(&[]);
    for _ in 0..50 {
        server.get("/healthz", "");
    }
    let (status, dir) = server.terminate();
    assert!(status.success());
    lines(&dir.path().join("access.log"), 50);
}

#[test]
fn a_log_that_cannot_be_opened_is_named_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let free = "127.0.0.1:0";
    let (code, _, stderr) = run(
        dir.path(),
        &["--http", free, "--https", "off", "--admin", "off", "--access-log", "/dev/null/access.log"],
    );
    assert_eq!(code, Some(1));
    assert!(stderr.contains("cannot write the access log to /dev/null/access.log"), "{stderr}");
}

#[test]
fn requests_of_operators_are_not_in_the_log() {
    let (server, _mlb) = serving(&[]);
    server.metrics();
    server.get("/healthz", "");
    assert!(lines(&server.path("access.log"), 1)[0].contains("/healthz"));
}

#[test]
fn a_duration_lasts_until_the_last_byte_has_left() {
    let (server, _mlb) = serving(&["--log-format", "json"]);
    let request = b"GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let last = b"GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    // More than the system buffers for a connection, so that some response must wait for the client.
    let requests = [request.repeat(800), last.to_vec()].concat();
    let mut clear = TcpStream::connect(server.http()).unwrap();
    let mut over_tls = handshake::connect(&server, "localhost", &["http/1.1"], &[&TLS13]).unwrap();
    let streams: [(Value, &mut dyn Exchange); 2] =
        [(Value::Null, &mut clear), ("TLSv1.3".into(), &mut over_tls)];
    for (version, stream) in streams {
        stream.write_all(&requests).unwrap();
        thread::sleep(Duration::from_millis(1500));
        std::io::copy(stream, &mut std::io::sink()).unwrap();
        let waited = || {
            let log = fs::read_to_string(server.path("access.log")).unwrap();
            let durations = log
                .lines()
                .filter_map(|line| serde_json::from_str::<Value>(line).ok())
                .filter(|line| line["tls"] == version);
            durations.filter_map(|line| line["duration_us"].as_u64()).max()
        };
        server.wait_until("logged", || waited().is_some_and(|longest| longest > 1_000_000));
    }
}

/// A connection with or without TLS.
trait Exchange: Read + Write {}
impl<T: Read + Write> Exchange for T {}

#[test]
fn a_response_over_http_2_is_logged_when_its_last_byte_has_left_while_the_connection_stays() {
    let (server, _mlb) = serving(&["--log-format", "json"]);
    let mut client = Client::connect(&server);
    let head = headers(3, WHOLE, &[&[0x02, 4][..], b"HEAD", &get_block_of("/robots.txt")[1..]].concat());
    client.send(&[settings(&[(4, 0)]), get(1), head].concat());
    assert!(client.wait(|frame| frame.stream == 1 && frame.is_ok()));
    thread::sleep(Duration::from_millis(1100));
    client.send(&window_update(1, 65_535));
    assert!(
        client
            .wait(|frame| frame.stream == 1 && frame.kind == DATA && frame.flags & END_STREAM == END_STREAM)
    );
    let durations: Vec<_> = lines(&server.path("access.log"), 2)
        .iter()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            (line["method"].as_str().unwrap().to_owned(), line["duration_us"].as_u64().unwrap())
        })
        .collect();
    assert_eq!((durations[0].0.as_str(), durations[1].0.as_str()), ("HEAD", "GET"), "{durations:?}");
    assert!(durations[0].1 < 1_000_000 && durations[1].1 >= 1_000_000, "{durations:?}");
    assert!(!client.has_ended());
}
