//! Each limit, tested with a small value.

pub mod connections;
pub mod deadlines;
pub mod http3;
pub mod mlb;
pub mod parked;
pub mod requests;
pub mod table;
pub mod waiting;

use crate::{
    support::{
        day::NOON,
        fake_mlb::FakeMlb,
        server::{PATIENCE, Server},
    },
    tls::handshake,
};
use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

/// Time that tests allow beyond a limit, because the suite may run on two cores.
pub const SLACK: Duration = Duration::from_secs(8);
/// Settings for tests that act as many clients, over the PROXY protocol.
pub const PROXIED: &str = "[proxy]\ntrusted = \"127.0.0.0/8\"\nprotocol = true\n";
pub const ASKED: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A server with these limits and the defaults of all others.
pub fn limited(limits: &[(&str, u64)]) -> (Server, FakeMlb) {
    limited_with(limits, "")
}

/// As `limited`, with more lines in `e6.toml`.
pub fn limited_with(limits: &[(&str, u64)], more: &str) -> (Server, FakeMlb) {
    let mlb = FakeMlb::with(&[]);
    let rows: String = limits.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("e6.toml"), format!("[limits]\n{rows}\n{more}")).unwrap();
    (Server::start_in(dir, &["--mlb-url", &mlb.url(), "--clock", NOON]), mlb)
}

/// Waits until MLB has answered and the pictures are drawn: memory that grows after that is not of the start.
pub fn complete(server: &Server, introduction: &str) {
    wait_until("answered", || server.metric("e6_mlb_last_success_timestamp_seconds") > 0.0);
    let request = "GET /card.png HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(server.send(&format!("{introduction}{request}"), true).status, 200);
}

/// The number of connections that this limit has ended.
pub fn ended(server: &Server, limit: &str) -> f64 {
    server.metric(&format!("e6_connections_ended_total{{reason=\"{limit}\"}}"))
}

pub fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "not {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// A TLS connection after its handshake, with these bytes sent.
pub fn over_tls(server: &Server, alpn: &str, begun: &[u8]) -> TcpStream {
    let mut stream = handshake::established(server, &[alpn]);
    stream.write_all(begun).unwrap();
    stream.sock
}

/// Sends a request for `/healthz` and reads the whole response.
pub fn ask(stream: &mut TcpStream) -> String {
    stream.write_all(ASKED).unwrap();
    let mut response = Vec::new();
    let mut byte = [0; 512];
    while !response.ends_with(b"}\n") {
        let count = stream.read(&mut byte).unwrap();
        assert!(count > 0, "ended after {:?}", String::from_utf8_lossy(&response));
        response.extend_from_slice(&byte[..count]);
    }
    String::from_utf8(response).unwrap()
}

/// Whether the server closes or resets the connection within this time.
pub fn ends_within(stream: &mut TcpStream, patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    let mut bytes = [0; 16 * 1024];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        stream.set_read_timeout(Some(left)).unwrap();
        match stream.read(&mut bytes) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    }
}
