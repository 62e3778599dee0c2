//! Attacks and a machine that runs out of something: one test each, named after it. Limits that a peer reaches without
//! malice have their tests in `limits`. docs/attacks.md has the limit that stops each, and figures beside other servers.

pub mod exhaustion;
pub mod handshakes;
pub mod http2_floods;
pub mod http2_streams;
pub mod needs_root;
pub mod slow_peers;
pub mod slowhttptest;

use crate::{
    limits::{PROXIED, complete, connect, limited_with},
    support::{fake_mlb::FakeMlb, server::Server},
    tls::handshake::{self, BOTH},
};
use std::{
    fs,
    io::{Read, Write},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// The longest that a visitor may wait during an attack: far more than the figures in docs/attacks.md, because other
/// tests may load the machine.
const AT_MOST: Duration = Duration::from_secs(2);
/// KiB that an attack may add to the server's memory.
const GROWTH: u64 = 16 * 1024;
/// Processor time that an attack may cost the server, in a debug build.
const CPU: Duration = Duration::from_secs(2);
/// Pause between two visits during an attack.
const PAUSE: Duration = Duration::from_millis(20);

/// A server with its default limits. Its clients introduce themselves with a PROXY header, so that they can be many.
fn proxied() -> (Server, FakeMlb) {
    limited_with(&[], PROXIED)
}

/// A PROXY protocol header that names one of many clients.
fn header(client: usize) -> String {
    format!("PROXY TCP4 198.51.{}.{} 192.0.2.1 4711 443\r\n", client / 200, client % 200 + 1)
}

/// The header of this client, if the server expects one.
fn introduction(server: &Server, client: usize) -> String {
    let settings = fs::read_to_string(server.path("e6.toml")).unwrap_or_default();
    if settings.contains(PROXIED) { header(client) } else { String::new() }
}

/// Fetches the page over TLS as a new visitor. Returns the time from connecting to the last byte.
fn visit(server: &Server, client: usize) -> Duration {
    let began = Instant::now();
    let mut socket = connect(server.https());
    socket.write_all(introduction(server, client).as_bytes()).unwrap();
    let config = handshake::client(server, &["http/1.1"], BOTH);
    let mut stream = handshake::handshake_over(socket, "localhost", config).unwrap();
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

/// Runs an attack while a visitor comes again and again. Asserts that he is served in time, and that the server's memory
/// and processor time stay bounded.
fn attack<T>(server: &Server, attack: impl FnOnce() -> T) -> T {
    complete(server, &introduction(server, 40_000));
    // What the first connection makes is shared by all.
    visit(server, 40_000);
    let (memory, cpu) = (server.memory(), server.cpu_time());
    let over = AtomicBool::new(false);
    let (done, times, most) = thread::scope(|scope| {
        let visitor = scope.spawn(|| visit_until(&over, server));
        let over = SetOnDrop(&over);
        let done = attack();
        drop(over);
        let (times, most) = visitor.join().unwrap();
        (done, times, most)
    });
    let cpu = server.cpu_time() - cpu;
    eprintln!("{} KiB more, {cpu:?} of processor time", most.saturating_sub(memory));
    let late = times.iter().filter(|time| **time > AT_MOST).count();
    assert!(late <= 1 + times.len() / 20, "{late} of {} visits were late: {times:?}", times.len());
    assert!(most < memory + GROWTH, "{} KiB more", most - memory);
    assert!(cpu < CPU, "{cpu:?}");
    done
}

/// Visits the server until the attack is over, and at least once. Returns the time of each visit, and the most memory of
/// the server.
fn visit_until(over: &AtomicBool, server: &Server) -> (Vec<Duration>, u64) {
    let (mut times, mut most) = (Vec::new(), 0);
    loop {
        times.push(cheap_visit(server, 40_001));
        most = most.max(server.memory());
        if over.load(Ordering::Relaxed) {
            return (times, most);
        }
        thread::sleep(PAUSE);
    }
}

/// Fetches the page without TLS, which costs the server little processor time.
fn cheap_visit(server: &Server, client: usize) -> Duration {
    let began = Instant::now();
    let header = introduction(server, client);
    let page =
        server.send(&format!("{header}GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), true);
    assert_eq!(page.status, 200);
    began.elapsed()
}

/// Tells the visitor that the attack is over, also if the attack fails.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
