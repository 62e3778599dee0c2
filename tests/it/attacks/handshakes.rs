//! TLS handshakes that are never finished.

use crate::{
    attacks::{header, proxied, serves_visitors},
    limits::{ASKED, connect, ends_within, limited, wait_until},
    support::server::{PATIENCE, Server},
    tls::handshake::{self, BOTH},
};
use rustls::{ClientConnection, pki_types::ServerName};
use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

/// A TLS client hello.
pub fn hello(server: &Server) -> Vec<u8> {
    let config = Arc::new(handshake::client(server, &["h2"], BOTH));
    let mut hello = Vec::new();
    let name = ServerName::try_from("localhost").unwrap();
    ClientConnection::new(config, name).unwrap().write_tls(&mut hello).unwrap();
    hello
}

#[test]
fn stalled_handshakes_delay_nobody() {
    let (server, _mlb) = proxied();
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
    finished.write_all(ASKED).unwrap();
    assert_eq!(finished.read(&mut [0]).unwrap(), 1, "a finished one stays");
    assert!(!ends_within(&mut silent[4], Duration::from_millis(300)), "the newest stays");
}
