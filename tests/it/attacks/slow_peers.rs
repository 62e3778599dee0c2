//! Peers that send or read slowly, or not at all: each is cut off at its limit, and its permit is freed. Readers that stop
//! over HTTP/1.1 are in `limits::deadlines`, those of HTTP/3 in `limits::http3`.

use crate::{
    attacks::{cheap_visit, handshakes::hello, header, proxied},
    http::http2::{
        Client,
        frames::{
            END_STREAM, PREFACE, REFUSED, RST_STREAM, WHOLE, data, get, get_block, get_block_of, headers,
            post, settings, window_update,
        },
    },
    limits::{SLACK, connect, deadlines::hoarder, ends_within, limited, over_tls, wait_until},
    support::{fake_mlb::FakeMlb, server::Server},
    tls::handshake,
};
use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

/// Time between two bytes of a slow peer: ten times shorter than its usual second, as are the limits of the tests.
const PACE: Duration = Duration::from_millis(100);
/// The limits of the tests.
const SECOND: Duration = Duration::from_secs(1);
/// Time that an HTTP/2 connection has to say goodbye.
const FAREWELL: Duration = Duration::from_secs(5);

/// A server whose limits on time are a second each.
fn hurried() -> (Server, FakeMlb) {
    limited(&["handshake", "head", "idle", "stall"].map(|limit| (limit, 1)))
}

/// Sends a byte at a time until the server ends the connection; false if it has not after a limit and some.
fn drips_until_ended(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    let deadline = Instant::now() + SECOND + SLACK;
    bytes.iter().cycle().take_while(|_| Instant::now() < deadline).any(|byte| {
        // A write fails once the server has closed the socket.
        stream.write_all(&[*byte]).is_err() || ends_within(stream, PACE)
    })
}

/// Asserts that one connection was ended for this reason, and none is open.
fn has_ended_one(server: &Server, reason: &str) {
    let family = if reason.starts_with("handshake") { "refused" } else { "ended" };
    let series = format!("e6_connections_{family}_total{{reason=\"{reason}\"}}");
    wait_until(&format!("counted as {reason}"), || server.metric(&series) == 1.0);
    has_freed_all(server);
}

/// Asserts that no connection holds a permit any more.
pub fn has_freed_all(server: &Server) {
    let open = |listener| server.metric(&format!("e6_connections{{listener=\"{listener}\"}}"));
    wait_until("freed", || ["http", "https", "http3"].into_iter().all(|listener| open(listener) == 0.0));
}

#[test]
fn a_silent_connection() {
    let (server, _mlb) = hurried();
    assert!(ends_within(&mut connect(server.http()), SECOND + SLACK));
    has_ended_one(&server, "head");
}

#[test]
fn a_silent_connection_before_tls() {
    let (server, _mlb) = hurried();
    assert!(ends_within(&mut connect(server.https()), SECOND + SLACK));
    has_ended_one(&server, "handshake_deadline");
}

#[test]
fn a_silent_connection_after_tls() {
    let (server, _mlb) = hurried();
    assert!(ends_within(&mut over_tls(&server, "http/1.1", b""), SECOND + SLACK));
    has_ended_one(&server, "head");
}

#[test]
fn half_a_client_hello() {
    let (server, _mlb) = hurried();
    let mut stream = connect(server.https());
    let hello = hello(&server);
    stream.write_all(&hello[..hello.len() / 2]).unwrap();
    assert!(ends_within(&mut stream, SECOND + SLACK));
    has_ended_one(&server, "handshake_deadline");
}

#[test]
fn a_client_hello_at_a_byte_a_second() {
    let (server, _mlb) = hurried();
    assert!(drips_until_ended(&mut connect(server.https()), &hello(&server)));
    has_ended_one(&server, "handshake_deadline");
}

#[test]
fn half_a_head() {
    let half = b"GET / HTTP/1.1\r\nHost: lo";
    for over in ["clear", "TLS"] {
        let (server, _mlb) = hurried();
        let mut stream = match over {
            "TLS" => over_tls(&server, "http/1.1", half),
            _ => connect(server.http()),
        };
        if over == "clear" {
            stream.write_all(half).unwrap();
        }
        assert!(ends_within(&mut stream, SECOND + SLACK), "{over}");
        has_ended_one(&server, "head");
    }
}

/// Slowloris.
#[test]
fn a_head_at_a_byte_a_second() {
    let (server, _mlb) = hurried();
    assert!(drips_until_ended(
        &mut connect(server.http()),
        b"GET / HTTP/1.1\r\nX-Slow: xxxxxxxxxxxxxxxxxxxxxx"
    ));
    has_ended_one(&server, "head");
}

/// R.U.D.Y. No request body is waited for.
#[test]
fn a_body_at_a_byte_a_second() {
    let (server, _mlb) = hurried();
    let mut stream = connect(server.http());
    stream.write_all(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n").unwrap();
    assert!(drips_until_ended(&mut stream, b"x"));
    has_freed_all(&server);
}

#[test]
fn a_body_at_a_byte_a_second_over_http_2() {
    let (server, _mlb) = hurried();
    let mut client = Client::connect(&server);
    client.send(&post(1));
    let deadline = Instant::now() + SECOND + FAREWELL + SLACK;
    while !client.has_ended() {
        assert!(Instant::now() < deadline, "still open");
        client.send(&data(1, 0, b"x"));
        client.wait_briefly();
    }
    has_freed_all(&server);
}

#[test]
fn alpn_h2_and_then_nothing() {
    let (server, _mlb) = hurried();
    assert!(ends_within(&mut over_tls(&server, "h2", b""), SECOND + FAREWELL + SLACK));
    has_ended_one(&server, "head");
}

#[test]
fn an_http_2_preface_and_then_nothing() {
    let (server, _mlb) = hurried();
    assert!(ends_within(&mut over_tls(&server, "h2", PREFACE), SECOND + FAREWELL + SLACK));
    has_ended_one(&server, "head");
}

/// The block's end, in CONTINUATION, never comes.
#[test]
fn half_an_http_2_head() {
    let (server, _mlb) = hurried();
    let half = [PREFACE, &settings(&[]), &headers(1, END_STREAM, &get_block())].concat();
    assert!(ends_within(&mut over_tls(&server, "h2", &half), SECOND + FAREWELL + SLACK));
    has_ended_one(&server, "head");
}

/// RFC 9113 §6.5.3 lets a server wait for the acknowledgement. Its limits hold without one, too.
#[test]
fn settings_that_are_never_acknowledged() {
    let (server, _mlb) = limited(&[("idle", 1), ("h2_streams", 3)]);
    let mut client = Client::raw(&server);
    client.send(&[PREFACE, &settings(&[(4, 0)]), &[1, 3, 5, 7].map(get).concat()].concat());
    assert!(client.wait(|frame| frame.stream == 5 && frame.is_ok()));
    assert!(
        client
            .wait(|frame| { frame.stream == 7 && frame.kind == RST_STREAM && frame.code() == Some(REFUSED) })
    );
    client.send(&[1, 3, 5].map(|stream| window_update(stream, 65_535)).concat());
    assert!(client.wait_for_end());
    has_ended_one(&server, "idle");
}

/// The kernel would keep its unsent bytes for minutes, if the connection were not reset.
#[test]
fn a_reader_that_stops() {
    let (server, _mlb) = hurried();
    let mut stream = hoarder(server.http(), 2000);
    has_ended_one(&server, "stall");
    let ended = stream.read_to_end(&mut Vec::new());
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

/// Its windows are open, but it leaves the bytes in its socket.
#[test]
fn an_http_2_reader_that_stops() {
    let (server, _mlb) = hurried();
    let mut stream = handshake::established(&server, &["h2"]);
    socket2::SockRef::from(&stream.sock).set_recv_buffer_size(4096).unwrap();
    let large: Vec<u8> = (0..60)
        .flat_map(|number| headers(2 * number + 1, WHOLE, &get_block_of("/api/openapi.json")))
        .collect();
    let open = [settings(&[(4, 0x7fff_ffff)]), window_update(0, 0x7fff_0000 - 65_535)].concat();
    stream.write_all(&[PREFACE, &open, &large].concat()).unwrap();
    has_ended_one(&server, "stall");
}

#[test]
fn five_thousand_slow_connections() {
    /// Connections of each kind.
    const EACH: usize = 1250;
    e6::internals::take_all_descriptors();
    let (server, _mlb) = proxied();
    let before = slowest_of_a_hundred(&server);
    let hello = hello(&server);
    let (half_hello, half_head) = (&hello[..hello.len() / 2], &b"GET / HTTP/1.1\r\nHost: lo"[..]);
    let kinds = [
        (server.http(), &b""[..]),
        (server.http(), half_head),
        (server.https(), &b""[..]),
        (server.https(), half_hello),
    ];
    let mut open = Vec::new();
    for client in 0..EACH {
        for (address, bytes) in kinds {
            let mut stream = connect(address);
            stream.write_all(&[header(client).as_bytes(), bytes].concat()).unwrap();
            open.push(stream);
        }
    }
    let present = |listener| server.metric(&format!("e6_connections{{listener=\"{listener}\"}}"));
    wait_until("accepted", || present("http") + present("https") >= 4.0 * EACH as f64 * 0.9);
    let during = slowest_of_a_hundred(&server);
    eprintln!("99 of 100 visits took at most {before:?} before, and {during:?} meanwhile");
    let most = (2 * before).clamp(Duration::from_millis(20), Duration::from_millis(50));
    assert!(during < most, "{during:?}; before, {before:?}");
    // The limits end them, not the peers.
    has_freed_all(&server);
    let [handshakes, heads] = [
        "e6_connections_refused_total{reason=\"handshake_deadline\"}",
        "e6_connections_ended_total{reason=\"head\"}",
    ]
    .map(|series| server.metric(series));
    assert_eq!((handshakes, heads), (2.0 * EACH as f64, 2.0 * EACH as f64));
    drop(open);
}

/// The 99th percentile of the time that a visit takes; the best of three, because the machine may pause.
fn slowest_of_a_hundred(server: &Server) -> Duration {
    let percentile = |_| {
        let mut times: Vec<_> = (40_000..40_200).map(|client| cheap_visit(server, client)).collect();
        times.sort();
        times[times.len() * 99 / 100]
    };
    (0..3).map(percentile).min().unwrap_or_default()
}
