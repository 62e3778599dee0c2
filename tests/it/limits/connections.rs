//! The limit on connections: the longest idle one is closed to make room.

use crate::limits::{ASKED, ask, connect, ended, ends_within, limited, wait_until};
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

/// A connection with an open event stream, which is never idle.
fn listener(address: std::net::SocketAddr) -> TcpStream {
    let mut stream = connect(address);
    stream.write_all(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
    stream
}

fn is_open(stream: &mut TcpStream) -> bool {
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

#[test]
fn a_lack_of_descriptors_closes_no_busy_connection_and_passes() {
    let dir = tempfile::tempdir().unwrap();
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", "ulimit -n 48 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_e6")])
        .current_dir(dir.path())
        .env_clear()
        .env("HOME", dir.path())
        .env("PATH", std::env::var("PATH").unwrap())
        .stdin(std::process::Stdio::null());
    let mlb = crate::support::fake_mlb::FakeMlb::with(&[]);
    let arguments = ["--mlb-url", &mlb.url(), "--clock", crate::support::day::NOON];
    let server = crate::support::server::Server::start_by(shell, dir, &arguments);
    let mut busy: Vec<_> = (0..8).map(|_| listener(server.http())).collect();
    let others: Vec<_> = (0..100).map(|_| connect(server.http())).collect();
    wait_until("said", || server.stderr().contains("cannot accept connections"));
    assert!(busy.iter_mut().all(is_open));
    // A new connection is served, because idle ones are closed for it.
    assert!(ask(&mut connect(server.http())).starts_with("HTTP/1.1 200"));
    let complaints = server.stderr().matches("cannot accept connections").count();
    assert!(complaints < 20, "it is said once in a while, not {complaints} times");
    drop(others);
    assert!(ask(&mut connect(server.http())).starts_with("HTTP/1.1 200"));
    assert!(busy.iter_mut().all(is_open));
}
