//! Peers that send something other than HTTP, too much, or nothing.

use crate::{
    support::{
        day::NOON,
        fake_mlb::FakeMlb,
        server::{PATIENCE, Server, parse},
    },
    tls::handshake,
};
use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

fn site() -> (Server, FakeMlb) {
    let mlb = FakeMlb::with(&[]);
    let server = Server::start(&mlb, NOON);
    (server, mlb)
}

fn alive(server: &Server, after: &str) {
    assert_eq!(server.get("/healthz", "").status, 200, "after {after}");
}

/// The reply to these bytes, until the server closes the connection or a second passes without a byte.
fn reply_to(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    // The server may close the connection before all bytes are sent.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    reply
}

#[test]
fn nonsense_ends_its_own_connection_and_nothing_else() {
    let (server, _mlb) = site();
    let mut random = vec![0; 64 * 1024];
    fastrand::Rng::with_seed(6).fill(&mut random);
    let endless = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(1024 * 1024));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(100_000));
    let nonsense: [(&str, &[u8]); 7] = [
        ("nothing", b""),
        ("NUL", &[0; 100]),
        ("noise", &random),
        ("a TLS hello cut short", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
        ("an HTTP/2 preface in clear", PREFACE),
        ("a field without end", endless.as_bytes()),
        ("fields without end", many.as_bytes()),
    ];
    for (what, bytes) in nonsense {
        let reply = reply_to(server.http(), bytes);
        let status = reply.get(9..12).map(|status| String::from_utf8_lossy(status).into_owned());
        assert!(status.as_deref().is_none_or(|status| status.starts_with('4')), "{what}: {status:?}");
        reply_to(server.https(), bytes);
        alive(&server, what);
    }
    assert!(!server.stderr().contains("panic"), "{}", server.stderr());
}

#[test]
fn http2_without_alpn_is_refused_in_http1_with_the_reason() {
    let (server, _mlb) = site();
    let preface = [PREFACE, &[0, 0, 0, 4, 0, 0, 0, 0, 0]].concat();
    // A client waits for the server's SETTINGS, without closing its half.
    let mut plain = TcpStream::connect(server.http()).unwrap();
    plain.set_read_timeout(Some(PATIENCE)).unwrap();
    plain.write_all(&preface).unwrap();
    let mut replies = [Vec::new(), Vec::new()];
    plain.read_to_end(&mut replies[0]).unwrap();
    let mut tls = handshake::established(&server, &[]);
    tls.write_all(&preface).unwrap();
    tls.read_to_end(&mut replies[1]).unwrap();
    for reply in replies {
        let response = parse(&reply, true);
        assert_eq!((response.status, response.field("connection")), (400, "close"));
        assert!(response.text().contains("HTTP/2 needs TLS"), "{}", response.text());
    }
    assert!(server.access_log(2).iter().all(|line| line.contains(" 400 ")));
}

#[test]
fn hundreds_of_silent_connections_do_not_keep_anyone_out() {
    let (server, _mlb) = site();
    let silent: Vec<_> = (0..300)
        .map(|number| {
            let address = if number % 2 == 0 { server.http() } else { server.https() };
            TcpStream::connect(address).unwrap()
        })
        .collect();
    let began = Instant::now();
    alive(&server, "300 connections");
    handshake::established(&server, &["h2"]);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    drop(silent);
    alive(&server, "their end");
}
