//! The limit on connections: the longest idle one is closed to make room.

use crate::limits::{ASKED, ask, connect, ended, ends_within, limited, wait_until};
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

/// A connection with an open event stream, which is never idle.
pub fn listener(address: std::net::SocketAddr) -> TcpStream {
    let mut stream = connect(address);
    stream.write_all(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
    stream
}

pub fn is_open(stream: &mut TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let open = !matches!(stream.peek(&mut [0]), Ok(0)) || stream.take_error().unwrap().is_some();
    stream.set_nonblocking(false).unwrap();
    open
}

#[test]
fn a_full_server_closes_the_longest_idle_connection_and_keeps_busy_ones() {
    let (server, _mlb) = limited(&[("connections", 4)]);
    let mut busy = listener(server.http());
    let mut idle: Vec<_> = (0..3)
        .map(|_| {
            let mut stream = connect(server.http());
            ask(&mut stream);
            // The worker notes the end of the response a little after the client reads it.
            std::thread::sleep(Duration::from_millis(50));
            stream
        })
        .collect();
    // Now the second connection is the longest idle.
    ask(&mut idle[0]);
    let mut newest = connect(server.http());
    assert!(ask(&mut newest).starts_with("HTTP/1.1 200"));
    assert!(ends_within(&mut idle[1], Duration::from_secs(8)), "the longest idle");
    assert!(is_open(&mut busy) && is_open(&mut idle[0]) && is_open(&mut idle[2]));
    assert_eq!(ended(&server, "room"), 1.0);
}

#[test]
fn a_new_connection_waits_while_all_others_are_busy() {
    let (server, _mlb) = limited(&[("connections", 2)]);
    let busy = [listener(server.http()), listener(server.http())];
    let mut waiting = connect(server.http());
    waiting.write_all(ASKED).unwrap();
    waiting.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    assert!(waiting.read(&mut [0]).is_err(), "there is no room");
    assert!(server.metric("e6_event_streams") == 2.0, "operators have room of their own");
    drop(busy);
    waiting.set_read_timeout(Some(crate::support::server::PATIENCE)).unwrap();
    assert_eq!(waiting.read(&mut [0]).unwrap(), 1);
}

#[test]
fn idle_connections_of_operators_keep_no_operator_out() {
    let (server, _mlb) = limited(&[]);
    let mut idle: Vec<_> = (0..16).map(|_| connect(server.admin())).collect();
    for stream in &mut idle {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
    }
    let began = std::time::Instant::now();
    assert_eq!(server.metric("e6_event_streams"), 0.0);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(ends_within(&mut idle[0], Duration::from_secs(5)), "the longest idle");
    assert!(is_open(&mut idle[15]));
}

#[test]
fn a_flood_of_connections_keeps_nobody_out() {
    let (server, _mlb) = limited(&[("connections", 50)]);
    let flood: Vec<_> = (0..500).map(|_| connect(server.http())).collect();
    assert!(ask(&mut connect(server.http())).starts_with("HTTP/1.1 200"));
    wait_until("made room for", || ended(&server, "room") >= 400.0);
    drop(flood);
}

#[test]
fn idleness_ends_sooner_when_there_is_hardly_room() {
    let (server, _mlb) = limited(&[("connections", 10), ("idle", 10)]);
    let began = std::time::Instant::now();
    let _idle: Vec<_> = (0..9)
        .map(|_| {
            let mut stream = connect(server.http());
            ask(&mut stream);
            stream
        })
        .collect();
    while ended(&server, "idle") < 1.0 {
        assert!(began.elapsed() < Duration::from_secs(9), "half of the time and some");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(ended(&server, "room"), 0.0);
}
