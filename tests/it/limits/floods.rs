//! Floods of silent peers (handshakes that stop after the hello, unread responses) do not delay other visitors.

use crate::{
    http::http2::{
        Client,
        frames::{
            CANCEL, DATA, ENHANCE_YOUR_CALM, Frame, GOAWAY, HEADERS, PRIORITY, RST_STREAM, frame, get, ping,
            settings, window_update,
        },
    },
    limits::{PROXIED, connect, ended, ends_within, limited, limited_with, wait_until},
    support::server::{PATIENCE, Server},
    tls::handshake::{self, BOTH},
};
use rustls::{ClientConnection, pki_types::ServerName};
use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    time::{Duration, Instant},
};

/// The longest that a visitor may wait during a flood.
const AT_MOST: Duration = Duration::from_secs(1);
/// The default limit of streams on an HTTP/2 connection.
const STREAMS: usize = 64;

/// A PROXY protocol header that names one of many clients.
fn header(client: usize) -> String {
    format!("PROXY TCP4 198.51.{}.{} 192.0.2.1 4711 443\r\n", client / 200, client % 200 + 1)
}

/// A TLS client hello.
fn hello(server: &Server) -> Vec<u8> {
    let config = Arc::new(handshake::client(server, &["h2"], BOTH));
    let mut hello = Vec::new();
    let name = ServerName::try_from("localhost").unwrap();
    ClientConnection::new(config, name).unwrap().write_tls(&mut hello).unwrap();
    hello
}

/// Fetches the page over TLS as a new visitor. Returns the time from connecting to the last byte.
fn visit(server: &Server, client: usize) -> Duration {
    let began = Instant::now();
    let mut socket = connect(server.https());
    socket.write_all(header(client).as_bytes()).unwrap();
    let mut stream =
        handshake::handshake_over(socket, "localhost", handshake::client(server, &["http/1.1"], BOTH))
            .unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    began.elapsed()
}

/// Asserts that a visitor is served in time. The best of three counts, because other tests may load the machine.
fn serves_visitors(server: &Server, during: &str) {
    let times = [0, 1, 2].map(|client| visit(server, 40_000 + client));
    assert!(times.iter().any(|time| *time < AT_MOST), "{during}: {times:?}");
}

/// A client whose window stays closed, which blocks the responses to this many requests.
fn blocked(server: &Server, client: usize, streams: usize) -> Client {
    let mut blocked = Client::introduced(server, &header(client));
    let requests: Vec<u8> = (1..).step_by(2).take(streams).flat_map(get).collect();
    blocked.send(&[settings(&[(4, 0)]), requests].concat());
    let last = 2 * streams as u32 - 1;
    assert!(
        blocked.wait(|frame| frame.stream == last && frame.kind == HEADERS && frame.is_ok()),
        "all are 200"
    );
    blocked
}

#[test]
fn stalled_handshakes_delay_nobody() {
    let (server, _mlb) = limited_with(&[], PROXIED);
    let hello = hello(&server);
    let stalled: Vec<TcpStream> = (0..256)
        .map(|client| {
            let mut stream = connect(server.https());
            stream.write_all(&[header(client).as_bytes(), &hello].concat()).unwrap();
            stream
        })
        .collect();
    serves_visitors(&server, "right after 256 hellos");
    // Each has the server's part of the handshake, so none waits for another.
    for stream in &stalled {
        assert!(stream.peek(&mut [0]).is_ok_and(|count| count > 0), "an answer to the hello");
    }
    serves_visitors(&server, "while 256 handshakes are stalled");
}

#[test]
fn too_many_unfinished_handshakes_close_the_oldest() {
    let (server, _mlb) = limited(&[("connections", 8)]);
    let mut finished = handshake::established(&server, &["http/1.1"]);
    // Several workers accept, so connect one after the other: the first is the oldest.
    let connected = |number: usize| {
        let stream = connect(server.https());
        let accepted = || server.metric("e6_connections_accepted_total{listener=\"https\"}");
        wait_until("accepted", || accepted() == (number + 1) as f64);
        stream
    };
    let mut silent: Vec<TcpStream> = (1..=5).map(connected).collect();
    assert!(ends_within(&mut silent[0], PATIENCE / 6), "the oldest");
    let evicted = || server.metric("e6_connections_refused_total{reason=\"unfinished_handshakes\"}");
    wait_until("counted", || evicted() == 1.0);
    finished.write_all(crate::limits::ASKED).unwrap();
    assert_eq!(finished.read(&mut [0]).unwrap(), 1, "a finished one stays");
    assert!(!ends_within(&mut silent[4], Duration::from_millis(300)), "the newest stays");
}

#[test]
fn a_flood_of_control_frames_ends_its_connection_and_delays_nobody() {
    let (server, _mlb) = limited_with(&[], PROXIED);
    let before = server.cpu_time();
    let floods = [
        ("SETTINGS", settings(&[(4, 65_535)])),
        ("PING", ping()),
        ("PRIORITY", frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 15])),
        ("WINDOW_UPDATE", window_update(0, 1)),
        ("GOAWAY", frame(GOAWAY, 0, 0, &[0; 8])),
        ("an unknown frame", frame(0xee, 0, 0, b"unknown")),
    ];
    for (client, (name, flood)) in floods.iter().enumerate() {
        let mut client = Client::introduced(&server, &header(client));
        let batch = flood.repeat(1000);
        for _ in 0..200 {
            if client.has_ended() {
                break;
            }
            client.send(&batch);
            client.wait_briefly();
        }
        assert!(client.wait_for_end(), "{name}");
        let goaway = |frame: &Frame| frame.kind == GOAWAY && frame.code() == Some(ENHANCE_YOUR_CALM);
        assert!(client.has(goaway) || *name == "GOAWAY", "{name}");
    }
    wait_until("counted", || ended(&server, "control_frames") >= floods.len() as f64 - 1.0);
    assert!(server.cpu_time() - before < Duration::from_secs(2 * floods.len() as u64));
    serves_visitors(&server, "after floods of control frames");
}

#[test]
fn frames_that_go_with_requests_are_no_flood() {
    let (server, _mlb) = limited(&[("h2_control_frames", 100)]);
    let mut client = Client::connect(&server);
    for number in 0..60 {
        let stream = 2 * number + 1;
        client.send(&[get(stream), window_update(0, 1).repeat(60), ping().repeat(20)].concat());
        assert!(client.wait(|frame| frame.stream == stream && frame.is_ok()), "{stream}");
    }
    client.send(&ping().repeat(200));
    assert!(client.wait_for_end(), "the limit is as configured");
}

#[test]
fn blocked_responses_delay_nobody() {
    let (server, _mlb) = limited_with(&[], PROXIED);
    let mut held = Vec::new();
    for (from, to) in [(0, 1024), (1024, 4096)] {
        held.extend((from / STREAMS..to / STREAMS).map(|client| blocked(&server, client, STREAMS)));
        serves_visitors(&server, &format!("while {to} streams are blocked"));
    }
}

#[test]
fn too_much_memory_in_blocked_responses_resets_the_longest_blocked() {
    // 20 connections at 8 KiB make 160 KiB: room for 80 blocked responses of 2 KiB.
    let (server, _mlb) = limited_with(&[("connections", 20)], PROXIED);
    let mut first = blocked(&server, 1, STREAMS);
    let mut newest = blocked(&server, 2, STREAMS);
    let evicted = || server.metric("e6_http2_streams_reset_total{reason=\"memory\"}");
    wait_until("reset", || evicted() == 48.0);
    let cancelled = |stream: u32| {
        move |frame: &Frame| {
            frame.stream == stream && frame.kind == RST_STREAM && frame.code() == Some(CANCEL)
        }
    };
    assert!(first.wait(cancelled(95)), "the 48th");
    newest.send(&window_update(1, 65_535));
    assert!(newest.wait(|frame| frame.stream == 1 && frame.kind == DATA), "the newest are let be");
    first.send(&window_update(127, 65_535));
    assert!(
        first.wait(|frame| frame.stream == 127 && frame.kind == DATA),
        "so are others of the same connection"
    );
    assert!(first.has(cancelled(1)) && !first.has(cancelled(97)));
    serves_visitors(&server, "while blocked responses hold as much as they may");
}
