//! `/events`: server-sent events over real connections.

use crate::{
    http::http2::{
        Client,
        frames::{CANCEL, DATA, WHOLE, get_block_of, headers, reset},
    },
    support::{
        day::{EVENING, Game, IN_PROGRESS},
        fake_mlb::FakeMlb,
        server::{PATIENCE, Server},
    },
};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

fn site() -> (Server, FakeMlb) {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("not_yet");
    (server, mlb)
}

/// An open event stream over HTTP/1.1 with chunked encoding.
pub struct Listener(BufReader<TcpStream>);

#[derive(Debug, Default)]
pub struct Event {
    pub id: String,
    pub kind: String,
    pub data: String,
}

impl Listener {
    /// Sends the request and reads the response's head, which it returns.
    pub fn open(server: &Server, fields: &str) -> (Self, String) {
        let mut stream = TcpStream::connect(server.http()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET /events HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n").unwrap();
        let mut listener = Listener(BufReader::new(stream));
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(listener.0.read_line(&mut head).unwrap(), 0, "{head}");
        }
        (listener, head)
    }

    /// The next line of the stream; `None` at its end.
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            // Sizes and ends of chunks.
            match line.strip_suffix("\r\n") {
                Some("0") => return None,
                Some(_) => {}
                None => return Some(line.trim_end_matches('\n').to_owned()),
            }
        }
    }

    pub fn event(&mut self) -> Option<Event> {
        let mut event = Event::default();
        loop {
            let line = self.line()?;
            match line.split_once(": ") {
                Some(("id", id)) => event.id = id.into(),
                Some(("event", kind)) => event.kind = kind.into(),
                Some(("data", data)) => event.data += data,
                _ if line.is_empty() && !event.data.is_empty() => return Some(event),
                _ => {}
            }
        }
    }
}

#[test]
fn a_new_answer_is_pushed_to_every_listener() {
    let (server, mlb) = site();
    let (mut listener, head) = Listener::open(&server, "");
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    assert!(
        head.contains("content-type: text/event-stream\r\n") && head.contains("cache-control: no-store\r\n")
    );
    assert_eq!(listener.line().as_deref(), Some("retry: 3000"));
    let first = listener.event().unwrap();
    let answer: Value = serde_json::from_str(&first.data).unwrap();
    assert_eq!((first.kind.as_str(), &answer["verdict"]), ("answer", &"not_yet".into()));
    assert!(server.page().contains(&format!("data-version=\"{}\"", first.id)));

    mlb.play(&[Game { stamp: 1, ..Game::new(IN_PROGRESS).charged(1) }]);
    let deadline = Instant::now() + PATIENCE;
    let news = loop {
        let event = listener.event().unwrap();
        assert_ne!(event.id, first.id);
        let answer: Value = serde_json::from_str(&event.data).unwrap();
        if answer["verdict"] == "yes" {
            break event;
        }
        assert!(Instant::now() < deadline);
    };
    assert!(server.page().contains(&format!("data-version=\"{}\"", news.id)), "who is told of it finds it");
    assert_eq!(undated(&news), without_time(server.api()));
}

/// The event's data without `asked_at`, which every poll changes.
fn undated(event: &Event) -> Value {
    without_time(serde_json::from_str(&event.data).unwrap())
}

fn without_time(mut answer: Value) -> Value {
    answer["asked_at"].take();
    answer
}

#[test]
fn a_poll_that_finds_nothing_new_is_not_pushed_and_later_listeners_get_its_time() {
    let (server, mlb) = site();
    let (mut listener, _) = Listener::open(&server, "");
    let first = listener.event().unwrap();
    let asked_at = |event: &Event| serde_json::from_str::<Value>(&event.data).unwrap()["asked_at"].clone();
    for _ in 0..2 {
        let before = server.api()["asked_at"].clone();
        server.wait_for("asked again", |answer| answer["asked_at"] != before);
    }
    let (mut late, _) = Listener::open(&server, "");
    let same = late.event().unwrap();
    assert_eq!((&same.id, undated(&same)), (&first.id, undated(&first)));
    assert_ne!(asked_at(&same), asked_at(&first), "the newest there is");
    assert!(server.page().contains(&format!("data-version=\"{}\"", first.id)));

    mlb.play(&[Game { stamp: 1, ..Game::new(IN_PROGRESS).charged(1) }]);
    server.wait_for_verdict("yes");
    let mut last = undated(&first);
    while last["verdict"] != "yes" {
        let news = undated(&listener.event().unwrap());
        assert_ne!(news, last, "each event says something new");
        last = news;
    }
}

#[test]
fn a_client_that_reconnects_gets_only_what_it_missed() {
    let (server, mlb) = site();
    let (mut listener, _) = Listener::open(&server, "");
    let seen = listener.event().unwrap();
    let (mut again, _) = Listener::open(&server, &format!("Last-Event-ID: {}\r\n", seen.id));
    mlb.play(&[Game { stamp: 1, ..Game::new(IN_PROGRESS).charged(1) }]);
    assert_ne!(again.event().unwrap().id, seen.id);
    let (mut late, _) = Listener::open(&server, "Last-Event-ID: older\r\n");
    assert!(!late.event().unwrap().data.is_empty());
}

#[test]
fn streams_end_when_the_server_does() {
    let (server, _mlb) = site();
    let mut listeners: Vec<_> = (0..3).map(|_| Listener::open(&server, "").0).collect();
    for listener in &mut listeners {
        listener.event().unwrap();
    }
    assert_eq!(server.metric("e6_event_streams"), 3.0);
    let began = Instant::now();
    let (status, dir) = server.terminate();
    assert!(status.success() && began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    for listener in &mut listeners {
        while listener.line().is_some() {}
    }
    let log = std::fs::read_to_string(dir.path().join("access.log")).unwrap();
    assert_eq!(log.matches("\"GET /events HTTP/1.1\" 200 ").count(), 3, "{log}");
}

#[test]
fn a_stream_that_is_left_is_given_back() {
    let (server, _mlb) = site();
    let (mut listener, _) = Listener::open(&server, "");
    listener.event().unwrap();
    assert_eq!(server.metric("e6_event_streams"), 1.0);
    drop(listener);
    is_given_back(&server);
    // An HTTP/2 client leaves by resetting the stream or by closing the connection.
    let mut client = Client::connect(&server);
    let events = get_block_of("/events");
    client.send(&[headers(1, WHOLE, &events), headers(3, WHOLE, &events)].concat());
    for stream in [1, 3] {
        assert!(client.wait(|frame| frame.stream == stream && frame.kind == DATA), "the newest answer");
    }
    assert_eq!(server.metric("e6_event_streams"), 2.0);
    client.send(&reset(1, CANCEL));
    server.wait_until("one given back", || server.metric("e6_event_streams") == 1.0);
    drop(client);
    is_given_back(&server);
}

/// Waits until no stream is open. The deadline is before the next heartbeat, which would notice the closed connection.
fn is_given_back(server: &Server) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while server.metric("e6_event_streams") > 0.0 {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Streams that are open at once; fewer than a test has descriptors.
const MANY: u64 = 300;
/// Memory limit for one stream and its connection in a debug build: twice of what they use.
const KIB_PER_STREAM: u64 = 40;

#[test]
fn an_open_stream_costs_kilobytes_and_gives_them_back() {
    let (server, _mlb) = site();
    let open_many = || {
        let open = |_| {
            let (mut listener, _) = Listener::open(&server, "");
            listener.event().unwrap();
            listener
        };
        let listeners: Vec<_> = (0..MANY).map(open).collect();
        assert_eq!(server.metric("e6_event_streams"), MANY as f64);
        (server.memory(), listeners)
    };
    let before = server.memory();
    let (with_many, listeners) = open_many();
    let grown = with_many.saturating_sub(before);
    assert!(grown < MANY * KIB_PER_STREAM, "{before} KiB before, {with_many} with {MANY} streams");
    drop(listeners);
    let deadline = Instant::now() + PATIENCE;
    while server.metric("e6_event_streams") > 0.0 {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
    let (again, _listeners) = open_many();
    assert!(again.saturating_sub(with_many) < MANY * KIB_PER_STREAM / 4, "{with_many} KiB, then {again}");
}

#[test]
fn the_head_alone_is_no_stream_and_events_are_only_read() {
    let (server, _mlb) = site();
    let head = server.head("/events", "");
    assert_eq!((head.status, head.field("content-type")), (200, "text/event-stream"));
    assert_eq!(server.get("/events/", "").status, 308);
    let post = "POST /events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(server.send(post, true).status, 405);
    assert_eq!(server.metric("e6_event_streams"), 0.0);
}
