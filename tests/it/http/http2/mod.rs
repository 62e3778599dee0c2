//! HTTP/2 (RFC 9113) and HPACK (RFC 7541): test cases as bytes, each with the allowed outcomes.

pub mod connection;
pub mod control;
pub mod frames;
pub mod messages;
mod responses;

use crate::{
    http::http2::frames::{
        ACK, Frame, GOAWAY, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS, frame, get, ping, settings,
    },
    support::server::{Server, signal, site},
    tls::handshake,
};
use rustls::{ClientConnection, StreamOwned, version::TLS13};
use std::{
    collections::VecDeque,
    io::{Read, Write},
    net::TcpStream,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

/// Timeout for the expected outcome.
const PATIENCE: Duration = Duration::from_secs(8);
/// Cases that run at once.
const WORKERS: usize = 8;

/// Bytes to send after the prefaces, and the outcome that must follow.
pub struct Case {
    /// RFC and section.
    section: &'static str,
    name: &'static str,
    send: Vec<u8>,
    expect: Expect,
}

/// The outcome that must follow.
#[derive(Debug, Clone)]
enum Expect {
    /// A connection error: GOAWAY with one of these codes, or the end of the connection (RFC 9113 §5.4.1).
    Error(&'static [u32]),
    /// A stream error: RST_STREAM with one of these codes, or a connection error (§5.4.2).
    Reset(&'static [u32]),
    /// 200 on this stream, and the connection goes on.
    Served(u32),
    /// Any response on this stream.
    Answered(u32),
    /// Any response or stream error on this stream: an unread body may be refused before it is malformed.
    AnsweredOrReset(u32),
    /// The connection continues as if nothing had happened.
    Alive,
    /// A frame with this kind, flags and payload.
    Frame(u8, u8, &'static [u8]),
    /// A first DATA frame of this length on stream 1.
    Data(usize),
}

fn case(section: &'static str, name: &'static str, send: Vec<u8>, expect: Expect) -> Case {
    Case { section, name, send, expect }
}

/// A client that has sent its preface and acknowledged the server's settings.
pub struct Client {
    stream: StreamOwned<ClientConnection, TcpStream>,
    bytes: Vec<u8>,
    seen: Vec<Frame>,
    ended: bool,
}

impl Client {
    pub fn connect(server: &Server) -> Self {
        Client::raw(server).begun()
    }

    /// As `connect`, after a PROXY protocol header.
    pub fn introduced(server: &Server, header: &str) -> Self {
        let mut socket = TcpStream::connect(server.https()).unwrap();
        socket.write_all(header.as_bytes()).unwrap();
        let config = handshake::client(server, &["h2"], &[&TLS13]);
        Client::over(handshake::handshake_over(socket, "localhost", config).unwrap()).begun()
    }

    fn begun(mut self) -> Self {
        let client = &mut self;
        client.send(&[PREFACE, &settings(&[])].concat());
        let deadline = Instant::now() + PATIENCE;
        while !client.seen.iter().any(|frame| frame.kind == SETTINGS && frame.flags == 0) {
            assert!(client.read(deadline), "no settings: {:?}", client.seen);
        }
        client.send(&frame(SETTINGS, ACK, 0, &[]));
        self
    }

    /// A client that has completed only the TLS handshake.
    pub fn raw(server: &Server) -> Self {
        Client::over(handshake::connect(server, "localhost", &["h2"], &[&TLS13]).unwrap())
    }

    fn over(stream: StreamOwned<ClientConnection, TcpStream>) -> Self {
        stream.sock.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        Client { stream, bytes: Vec::new(), seen: Vec::new(), ended: false }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        // The server may have closed the connection because of the first of several frames.
        let _ = self.stream.write_all(bytes).and_then(|()| self.stream.flush());
    }

    /// Reads once; false at the end of the connection or after the deadline.
    fn read(&mut self, deadline: Instant) -> bool {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => self.ended = true,
            Ok(count) => self.bytes.extend_from_slice(&buffer[..count]),
            Err(error)
                if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
            Err(_) => self.ended = true,
        }
        while let Some((frame, length)) = Frame::parse(&self.bytes) {
            self.bytes.drain(..length);
            if frame.kind == PING && frame.flags & ACK == 0 {
                // Every client acknowledges pings; a draining server waits for it.
                self.send(&frames::frame(PING, ACK, 0, &frame.payload));
            }
            self.seen.push(frame);
        }
        !self.ended && Instant::now() < deadline
    }

    /// Waits for such a frame; false if none arrives in time.
    pub fn wait(&mut self, is_it: impl Fn(&Frame) -> bool) -> bool {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if self.seen.iter().any(&is_it) {
                return true;
            }
            if !self.read(deadline) {
                return self.seen.iter().any(&is_it);
            }
        }
    }

    /// Whether such a frame has arrived.
    pub fn has(&self, is_it: impl Fn(&Frame) -> bool) -> bool {
        self.seen.iter().any(is_it)
    }

    /// Reads once.
    pub fn wait_briefly(&mut self) {
        self.read(Instant::now());
    }

    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Waits for the end of the connection; false if it does not end in time.
    pub fn wait_for_end(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while self.read(deadline) {}
        self.ended
    }

    fn is_alive(&mut self) -> bool {
        self.send(&ping());
        self.wait(|frame| frame.kind == PING && frame.flags == ACK && frame.payload == b"e6 lives")
    }

    /// Whether the server does what is expected.
    fn meets(&mut self, expect: &Expect) -> bool {
        let has_code = |frame: &Frame, codes: &[u32]| frame.code().is_some_and(|code| codes.contains(&code));
        match *expect {
            Expect::Error(codes) => {
                self.wait(|frame| frame.kind == GOAWAY && has_code(frame, codes)) || self.ended_quietly()
            }
            Expect::Reset(codes) => {
                self.wait(|frame| matches!(frame.kind, GOAWAY | RST_STREAM) && has_code(frame, codes))
                    || self.ended_quietly()
            }
            Expect::Served(stream) => {
                self.wait(|frame| frame.stream == stream && frame.is_ok()) && self.is_alive()
            }
            Expect::Answered(stream) => self.wait(|frame| frame.stream == stream && frame.kind == HEADERS),
            Expect::AnsweredOrReset(stream) => self.wait(|frame| {
                frame.kind == GOAWAY || (frame.stream == stream && matches!(frame.kind, HEADERS | RST_STREAM))
            }),
            Expect::Alive => self.is_alive(),
            Expect::Frame(kind, flags, payload) => {
                self.wait(|frame| (frame.kind, frame.flags, &frame.payload[..]) == (kind, flags, payload))
            }
            Expect::Data(length) => {
                self.wait(|frame| frame.kind == frames::DATA)
                    && self
                        .seen
                        .iter()
                        .find(|frame| frame.kind == frames::DATA)
                        .map(|frame| frame.payload.len())
                        == Some(length)
            }
        }
    }

    /// Whether the connection ended without GOAWAY.
    fn ended_quietly(&self) -> bool {
        self.ended && !self.seen.iter().any(|frame| frame.kind == GOAWAY)
    }
}

#[test]
fn every_case_of_rfc_9113_and_7541_has_an_allowed_outcome() {
    let (server, _mlb) = site();
    let cases: VecDeque<_> =
        [connection::cases(), control::cases(), messages::cases()].into_iter().flatten().collect();
    let count = cases.len();
    let (cases, failures) = (Mutex::new(cases), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(case) = { cases.lock().unwrap().pop_front() } {
                    let mut client = Client::connect(&server);
                    client.send(&case.send);
                    if !client.meets(&case.expect) {
                        let seen = format!("{:?}, ended: {}", client.seen, client.ended);
                        failures
                            .lock()
                            .unwrap()
                            .push(format!("{} {}: {:?}, but {seen}\n", case.section, case.name, case.expect));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {count}:\n{}", failures.len(), failures.concat());
    assert!(count >= 143, "{count}");
    assert_eq!(server.page().matches("class=\"verdict\"").count(), 1, "it still serves");
}

#[test]
fn bytes_other_than_the_preface_end_the_connection() {
    let (server, _mlb) = site();
    for preface in
        [&b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"[..], b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", &[0; 64]]
    {
        let mut client = Client::raw(&server);
        client.send(preface);
        assert!(client.wait_for_end(), "{preface:?}");
        assert!(!client.seen.iter().any(|frame| frame.kind == HEADERS), "{preface:?}");
    }
}

#[test]
fn a_drain_says_goaway_and_finishes_what_was_begun() {
    let (server, _mlb) = site();
    let mut idle = Client::connect(&server);
    let mut busy = Client::connect(&server);
    // A window of 0: the response's head arrives, its body waits.
    busy.send(&[settings(&[(4, 0)]), get(1)].concat());
    assert!(busy.wait(|frame| frame.stream == 1 && frame.is_ok()));
    signal(server.pid(), "TERM");
    for client in [&mut idle, &mut busy] {
        assert!(client.wait(|frame| frame.kind == GOAWAY && frame.code() == Some(0)), "{:?}", client.seen);
    }
    assert!(idle.wait_for_end());
    assert!(!busy.ended);
    busy.send(&frames::window_update(1, 65_535));
    assert!(busy.wait(|frame| frame.kind == frames::DATA && frame.flags & 1 == 1), "{:?}", busy.seen);
    let last = busy.seen.iter().rfind(|frame| frame.kind == GOAWAY).unwrap();
    assert_eq!(last.payload[..4], 1_u32.to_be_bytes(), "the last stream that is served");
    assert!(busy.wait_for_end());
    let mut server = server;
    assert!(server.wait_for_exit().success());
}
