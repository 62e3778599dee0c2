//! Timeouts: every connection ends, whatever its peer does.

use crate::{
    http::http2::{
        Client,
        frames::{
            CANCEL, DATA, GOAWAY, HEADERS, RST_STREAM, WHOLE, get, get_block_of, headers, ping, settings,
            window_update,
        },
    },
    limits::{ASKED, SLACK, ask, connect, ended, ends_within, limited, over_tls, wait_until},
    support::server::{PATIENCE, Server},
};
use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn pings_are_no_request() {
    let (server, _mlb) = limited(&[("head", 1)]);
    let mut client = Client::connect(&server);
    let deadline = Instant::now() + 6 * SECOND + SLACK;
    while !client.has_ended() {
        assert!(Instant::now() < deadline, "still open");
        client.send(&ping());
        client.wait_briefly();
    }
}

#[test]
fn a_head_has_its_time_from_its_first_byte_and_idleness_is_not_slowness() {
    let (server, _mlb) = limited(&[("head", 1)]);
    let mut stream = connect(server.http());
    ask(&mut stream);
    thread::sleep(3 * SECOND);
    ask(&mut stream);
    // The limit holds for a head that arrives steadily, too.
    let began = Instant::now();
    stream.write_all(b"GET / HTTP/1.1\r\nX-Slow: ").unwrap();
    while stream.write_all(b"x").is_ok() {
        assert!(began.elapsed() < 2 * SECOND + SLACK, "still read");
        thread::sleep(Duration::from_millis(100));
    }
    wait_until("counted", || ended(&server, "head") == 1.0);
}

#[test]
fn an_idle_connection_ends() {
    let (server, _mlb) = limited(&[("idle", 1)]);
    let mut clear = connect(server.http());
    ask(&mut clear);
    let mut over_tls = over_tls(&server, "http/1.1", ASKED);
    let mut http2 = Client::connect(&server);
    http2.send(&get(1));
    assert!(http2.wait(|frame| frame.stream == 1 && frame.is_ok()));
    assert!(ends_within(&mut clear, SECOND + SLACK), "in clear");
    assert!(ends_within(&mut over_tls, SECOND + SLACK), "over TLS");
    assert!(http2.wait(|frame| frame.kind == GOAWAY && frame.code() == Some(0)), "HTTP/2 is told");
    assert!(http2.wait_for_end());
    wait_until("all counted", || ended(&server, "idle") == 3.0);
}

#[test]
fn an_old_connection_ends_however_busy_it_is_and_loses_no_request() {
    let (server, _mlb) = limited(&[("age", 1)]);
    let mut client = Client::connect(&server);
    let began = Instant::now();
    let mut stream = 1;
    while !client.has(|frame| frame.kind == GOAWAY) {
        assert!(began.elapsed() < SECOND + SLACK, "still open");
        client.send(&[window_update(0, 65_535), get(stream)].concat());
        assert!(client.wait(|frame| frame.stream == stream && frame.is_ok()), "stream {stream}");
        stream += 2;
        thread::sleep(Duration::from_millis(20));
    }
    assert!(client.wait_for_end());
    assert!(stream > 3, "it was busy");
    wait_until("counted", || ended(&server, "age") == 1.0);
}

#[test]
fn requests_per_connection_are_limited_and_the_last_response_announces_the_end() {
    let (server, _mlb) = limited(&[("requests", 3)]);
    let mut stream = connect(server.http());
    assert!(!ask(&mut stream).contains("connection: close"));
    assert!(!ask(&mut stream).contains("connection: close"));
    assert!(ask(&mut stream).contains("connection: close"));
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    let mut client = Client::connect(&server);
    client.send(&[get(1), get(3)].concat());
    assert!(client.wait(|frame| frame.stream == 3 && frame.is_ok()));
    assert!(!client.has(|frame| frame.kind == GOAWAY));
    client.send(&get(5));
    assert!(client.wait(|frame| frame.stream == 5 && frame.is_ok()), "the last is answered");
    assert!(client.wait(|frame| frame.kind == GOAWAY && frame.code() == Some(0)));
    assert!(client.wait_for_end());
    wait_until("counted", || ended(&server, "requests") >= 1.0);
}

#[test]
fn a_response_has_to_be_taken_in_time_also_where_a_window_stays_shut() {
    let (server, _mlb) = limited(&[("request", 1), ("stall", 300)]);
    let mut client = Client::connect(&server);
    client.send(&[settings(&[(4, 0)]), get(1)].concat());
    assert!(client.wait(|frame| frame.kind == HEADERS && frame.is_ok()), "its head needs no window");
    assert!(
        client.wait(|frame| frame.stream == 1 && frame.kind == RST_STREAM && frame.code() == Some(CANCEL))
    );
    assert!(!client.has(|frame| frame.kind == DATA));
    assert_eq!(streams_reset(&server, "request"), 1.0);
    // Only the stream that was blocked ends.
    client.send(&[settings(&[(4, 65_535)]), get(3)].concat());
    assert!(client.wait(|frame| frame.stream == 3 && frame.kind == DATA && frame.flags & 1 == 1));
    assert!(!client.has(|frame| frame.kind == GOAWAY));
    let mut stream = hoarder(server.http(), 2000);
    wait_until("counted", || ended(&server, "request") == 1.0);
    assert!(ends_within(&mut stream, SLACK));
}

/// The number of streams that this limit has reset.
fn streams_reset(server: &Server, limit: &str) -> f64 {
    server.metric(&format!("e6_http2_streams_reset_total{{reason=\"{limit}\"}}"))
}

#[test]
fn a_stream_whose_window_stays_shut_is_reset_alone() {
    let (server, _mlb) = limited(&[("stall", 1)]);
    let mut client = Client::connect(&server);
    client.send(&[settings(&[(4, 0)]), get(1)].concat());
    assert!(
        client.wait(|frame| frame.stream == 1 && frame.kind == RST_STREAM && frame.code() == Some(CANCEL))
    );
    assert_eq!(streams_reset(&server, "stall"), 1.0);
    client.send(&[settings(&[(4, 65_535)]), get(3)].concat());
    assert!(client.wait(|frame| frame.stream == 3 && frame.kind == DATA && frame.flags & 1 == 1));
}

#[test]
fn a_stream_that_waits_for_its_turn_is_not_slow() {
    let (server, _mlb) = limited(&[("stall", 1), ("stall_rate", 100)]);
    let mut client = Client::connect(&server);
    // The first stream's window stays closed, but the connection is not slow: the second stream's window keeps opening.
    let long = headers(3, WHOLE, &get_block_of("/api/openapi.json"));
    client.send(&[settings(&[(4, 0)]), get(1), long].concat());
    for _ in 0..15 {
        client.send(&window_update(3, 50));
        thread::sleep(Duration::from_millis(200));
        client.wait_briefly();
    }
    assert!(!client.has(|frame| frame.kind == RST_STREAM));
    client.send(&window_update(1, 65_535));
    assert!(client.wait(|frame| frame.stream == 1 && frame.kind == DATA && frame.flags & 1 == 1));
}

#[test]
fn a_response_that_is_taken_in_time_is_whole_however_late_it_begins() {
    let (server, _mlb) = limited(&[("request", 6)]);
    let mut client = Client::connect(&server);
    client.send(&[settings(&[(4, 0)]), get(1)].concat());
    assert!(client.wait(|frame| frame.kind == HEADERS && frame.is_ok()));
    thread::sleep(2 * SECOND);
    client.send(&window_update(1, 65_535));
    assert!(client.wait(|frame| frame.kind == DATA && frame.flags & 1 == 1));
}

#[test]
fn a_stream_of_events_ends_by_itself() {
    let (server, _mlb) = limited(&[("event_stream", 1), ("request", 1)]);
    let mut stream = connect(server.http());
    stream.write_all(b"GET /events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut events = String::new();
    stream.read_to_string(&mut events).unwrap();
    assert!(events.starts_with("HTTP/1.1 200") && events.ends_with("\r\n0\r\n\r\n"), "{events}");
}

/// A client that requests more than the buffers hold, and reads nothing.
pub fn hoarder(address: std::net::SocketAddr, requests: usize) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&address.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    let request = b"GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut writer = stream.try_clone().unwrap();
    // The server stops reading as well, once it cannot write.
    thread::spawn(move || drop(writer.write_all(&request.repeat(requests))));
    stream.flush().unwrap();
    stream
}

#[test]
fn a_client_that_reads_nothing_is_cut_off() {
    let (server, _mlb) = limited(&[("stall", 1), ("request", 3600)]);
    let _stream = hoarder(server.http(), 2000);
    wait_until("counted", || ended(&server, "stall") == 1.0);
}

#[test]
fn a_client_that_reads_too_slowly_is_cut_off_and_one_that_reads_fast_enough_is_not() {
    let (server, _mlb) = limited(&[("stall", 2), ("stall_rate", 100_000), ("request", 3600)]);
    let mut slow = hoarder(server.http(), 2000);
    slow.set_read_timeout(Some(PATIENCE)).unwrap();
    let began = Instant::now();
    // About 10 KB/s.
    while slow.read(&mut [0; 1000]).is_ok_and(|count| count > 0) {
        assert!(began.elapsed() < PATIENCE, "still served");
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(ended(&server, "stall"), 1.0);
    let mut steady = hoarder(server.http(), 200);
    let mut taken = 0;
    while taken < 200 * 22_000 {
        // More than 100 KB/s.
        taken += steady.read(&mut [0; 64 * 1024]).unwrap();
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(ended(&server, "stall"), 1.0);
}

#[test]
fn a_drain_waits_so_long_and_no_longer() {
    let (mut server, _mlb) = limited(&[("drain", 1), ("request", 3600)]);
    let mut client = Client::connect(&server);
    client.send(&[settings(&[(4, 0)]), get(1)].concat());
    assert!(client.wait(|frame| frame.kind == HEADERS && frame.is_ok()));
    let began = Instant::now();
    crate::support::server::signal(server.pid(), "TERM");
    assert!(server.wait_for_exit().success());
    assert!((SECOND..SECOND + SLACK).contains(&began.elapsed()), "{:?}", began.elapsed());
}
