//! Draining: a stopping process finishes its responses, and no peer can delay it for long.

use crate::{
    http::http2::{
        Client,
        frames::{get, settings},
    },
    support::{
        client::Kept,
        day::{EVENING, Game, IN_PROGRESS},
        fake_mlb::FakeMlb,
        server::{PATIENCE, Server, send_to, signal, site},
    },
    tls::handshake::established,
};
use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

/// Well below the limit of a drain, with room for a busy machine.
const SOON: Duration = Duration::from_secs(12);

fn ended_soon(mut server: Server) {
    let began = Instant::now();
    assert!(server.wait_for_exit().success());
    assert!(began.elapsed() < SOON, "{:?}: {}", began.elapsed(), server.stderr());
    assert!(!server.stderr().contains("have been cut"), "{}", server.stderr());
}

/// A client with a response in progress that it does not read.
fn holding(server: &Server) -> Client {
    let mut client = Client::connect(server);
    client.send(&[settings(&[(4, 0)]), get(1)].concat());
    assert!(client.wait(|frame| frame.stream == 1 && frame.is_ok()));
    client
}

fn end(server: &Server) {
    signal(server.pid(), "TERM");
    let deadline = Instant::now() + PATIENCE;
    while !server.stderr().contains("draining") {
        assert!(Instant::now() < deadline);
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_connection_that_was_just_used_ends_with_its_next_response() {
    // A busy machine may miss the short time that such a connection has; then the test tries again.
    for _ in 0..5 {
        let (server, _mlb) = site();
        let mut kept = Kept::open(server.http()).unwrap();
        assert_eq!(kept.get("/").unwrap().field("connection"), "");
        let mut used = Instant::now();
        end(&server);
        loop {
            match kept.get("/") {
                Ok(last) if last.field("connection") == "close" => {
                    assert_eq!(last.status, 200);
                    return ended_soon(server);
                }
                // The drain begins a little after its log line.
                Ok(more) => {
                    assert_eq!(more.status, 200);
                    used = Instant::now();
                }
                Err(error) => {
                    assert!(used.elapsed() > Duration::from_millis(900), "{error}");
                    break;
                }
            }
        }
    }
    panic!("never within a moment");
}

#[test]
fn silent_and_idle_connections_do_not_delay_the_end() {
    let (server, _mlb) = site();
    let mut silent = TcpStream::connect(server.http()).unwrap();
    let mut idle = Kept::open(server.http()).unwrap();
    idle.get("/").unwrap();
    // Now neither connection counts as just opened or used.
    thread::sleep(Duration::from_millis(1100));
    end(&server);
    silent.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(silent.read(&mut [0]).unwrap(), 0);
    ended_soon(server);
}

#[test]
fn peers_that_are_silent_in_or_after_a_handshake_do_not_delay_the_end() {
    let (server, _mlb) = site();
    let _hello = TcpStream::connect(server.https()).unwrap();
    let _preface = established(&server, &["h2"]);
    let mut half = TcpStream::connect(server.http()).unwrap();
    half.write_all(b"GET / HTTP/1.1\r\nHost: loc").unwrap();
    // Wait until the connection is accepted, so that its handshake is in progress.
    while server.metric("e6_connections{listener=\"https\"}") < 2.0 {
        thread::sleep(Duration::from_millis(10));
    }
    end(&server);
    ended_soon(server);
}

#[test]
fn a_draining_server_accepts_no_new_connections() {
    let (server, _mlb) = site();
    let (address, _held) = (server.http(), holding(&server));
    end(&server);
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect(address).is_ok() {
        assert!(Instant::now() < deadline, "{}", server.stderr());
        thread::sleep(Duration::from_millis(10));
    }
    signal(server.pid(), "TERM");
    let mut server = server;
    server.wait_for_exit();
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let (mut server, _mlb) = site();
    let _held = holding(&server);
    end(&server);
    let began = Instant::now();
    signal(server.pid(), "TERM");
    assert!(server.wait_for_exit().success());
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    let said = server.stderr();
    assert!(said.contains("connections=1"), "how many were cut is said: {said}");
}

#[test]
fn connections_still_open_at_the_limit_are_cut_and_counted() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let url = mlb.url();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("e6.toml"), "[limits]\ndrain = 2\n").unwrap();
    let mut server = Server::start_in(dir, &["--mlb-url", &url, "--clock", EVENING]);
    let _held = [holding(&server), holding(&server)];
    end(&server);
    assert!(server.wait_for_exit().success());
    let said = server.stderr();
    assert!(
        said.lines().any(|line| line.contains("have been cut") && line.contains("connections=2")),
        "{said}"
    );
}

#[test]
fn connections_in_the_accept_queue_are_served() {
    let (server, _mlb) = site();
    let address = server.http();
    // A stopped process accepts nothing, so connections wait in the kernel's queue.
    signal(server.pid(), "STOP");
    let waiting: Vec<_> = (0..8)
        .map(|_| {
            let request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
            thread::spawn(move || send_to(address, request, true))
        })
        .collect();
    thread::sleep(Duration::from_millis(500));
    signal(server.pid(), "TERM");
    signal(server.pid(), "CONT");
    for waiting in waiting {
        assert_eq!(waiting.join().unwrap().status, 200);
    }
    ended_soon(server);
}
