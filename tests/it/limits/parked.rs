//! Idle HTTP/1.1 connections, which are parked: they hold no buffers, and behave as before in every other way.

use crate::{
    limits::{ASKED, SLACK, ask, complete, connect, ended, ends_within, limited, over_tls, wait_until},
    support::{
        client::Kept,
        server::{Server, signal},
    },
};
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

/// Idle connections that are open at once, far more than keep their buffers for a moment.
const MANY: usize = 2_000;
/// Memory limit for an idle connection without TLS in a debug build. hyper's buffers alone are 16 KiB.
const KIB: u64 = 5;
/// Memory limit for one with TLS, which has state and a buffer of its own.
const KIB_WITH_TLS: u64 = 20;

fn idle(server: &Server, count: usize) -> Vec<TcpStream> {
    e6::internals::take_all_descriptors();
    let asked = |_| {
        let mut stream = connect(server.http());
        ask(&mut stream);
        stream
    };
    (0..count).map(asked).collect()
}

#[test]
fn thousands_of_idle_connections_cost_a_few_kibibytes_each_and_serve_their_next_request() {
    let (mut server, _mlb) = limited(&[("idle", 300)]);
    complete(&server, "");
    let before = server.memory();
    let mut connections = idle(&server, MANY);
    wait_until("parked", || server.memory() < before + MANY as u64 * KIB);
    for stream in &mut connections {
        assert!(ask(stream).starts_with("HTTP/1.1 200"));
    }
    let (requests, half) = ([ASKED, ASKED].concat(), ASKED.len() / 2);
    let mut last = connections.pop().unwrap();
    last.write_all(&requests[..ASKED.len() + half]).unwrap();
    let mut kept = Kept::over(last.try_clone().unwrap());
    assert_eq!(kept.response().unwrap().status, 200);
    wait_until("parked again", || server.memory() < before + MANY as u64 * KIB);
    last.write_all(&requests[ASKED.len() + half..]).unwrap();
    assert_eq!(kept.response().unwrap().status, 200, "the half that came with the request before is kept");
    let drain = Instant::now();
    signal(server.pid(), "TERM");
    for stream in &mut connections {
        assert!(ends_within(stream, SLACK), "parked connections delay a drain");
    }
    assert!(server.wait_for_exit().success() && drain.elapsed() < 2 * SLACK);
}

#[test]
fn thousands_of_idle_tls_connections_cost_less_than_hypers_buffers() {
    let (server, _mlb) = limited(&[("idle", 300)]);
    e6::internals::take_all_descriptors();
    complete(&server, "");
    let asked = |_| {
        let mut stream = over_tls(&server, "http/1.1", ASKED);
        assert!(stream.read(&mut [0; 16 * 1024]).unwrap() > 0);
        stream
    };
    // The first ones make what all share.
    let _first: Vec<_> = (0..20).map(asked).collect();
    let before = server.memory();
    let _connections: Vec<_> = (0..MANY / 4).map(asked).collect();
    wait_until("parked", || server.memory() < before + MANY as u64 / 4 * KIB_WITH_TLS);
}

#[test]
fn a_parked_connection_ends_at_the_idle_timeout_and_not_before() {
    let (server, _mlb) = limited(&[("idle", 3)]);
    let mut stream = connect(server.http());
    ask(&mut stream);
    let asked = Instant::now();
    assert!(ends_within(&mut stream, Duration::from_secs(3) + SLACK));
    assert!(asked.elapsed() >= Duration::from_millis(2_900));
    wait_until("counted", || ended(&server, "idle") == 1.0);
}

#[test]
fn a_full_server_closes_the_longest_parked_connection() {
    let (server, _mlb) = limited(&[("connections", 600)]);
    let mut connections = idle(&server, 600);
    // Now the second connection is the longest idle.
    ask(&mut connections[0]);
    assert!(ask(&mut connect(server.http())).starts_with("HTTP/1.1 200"));
    assert!(ends_within(&mut connections[1], SLACK));
    assert!(ask(&mut connections[0]).starts_with("HTTP/1.1 200"));
    assert!(ask(&mut connections[599]).starts_with("HTTP/1.1 200"));
    assert_eq!(ended(&server, "room"), 6.0, "a hundredth of all");
}

#[test]
fn a_request_that_begins_on_a_parked_connection_has_its_time() {
    let (server, _mlb) = limited(&[("head", 2)]);
    let mut stream = connect(server.http());
    ask(&mut stream);
    // Half of a second request arrives with the first one, and is read before the connection is parked.
    stream.write_all(&[ASKED, &ASKED[..10]].concat()).unwrap();
    assert!(ends_within(&mut stream, Duration::from_secs(4) + SLACK), "idle for a minute");
    wait_until("counted", || ended(&server, "head") == 1.0);
}

#[test]
fn a_connection_that_its_client_ends_is_closed_without_waiting_for_the_client() {
    let (server, _mlb) = limited(&[]);
    let mut stream = connect(server.http());
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Close\r\n\r\n")
        .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 200") && response.ends_with("}\n"), "{response}");
    // A socket that is only shut down would take these bytes for two seconds.
    let ended = Instant::now();
    while stream.write_all(b"x").is_ok() {
        assert!(ended.elapsed() < Duration::from_secs(1), "still open");
    }
}
