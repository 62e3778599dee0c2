//! Responses: how their fields are compressed (RFC 7541), and how their bytes leave.

use crate::{
    http::http2::{
        Client, PATIENCE,
        frames::{
            Coding, DATA, END_STREAM, Frame, HEADERS, Name, PREFACE, WHOLE, fields, get, get_block_of,
            get_with, headers, huffman, settings, window_update,
        },
    },
    limits::limited,
    pages::days::looked_up,
    support::{
        day::EVENING,
        seasons::after_a_long_season,
        server::{Server, site},
    },
    tls::handshake,
};
use rustls::{ClientConnection, StreamOwned, pki_types::ServerName, version::TLS13};
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Instant,
};

/// Streams whose responses of 22 KB do not fit into the sockets' buffers.
const STREAMS: u32 = 1000;

/// The indexes of fields in the static table (RFC 7541 appendix A).
const CONTENT_LENGTH: usize = 28;
const CONTENT_RANGE: usize = 30;
const DATE: usize = 33;
const ETAG: usize = 34;

/// Sends a request and returns the header block of its response, once the response is complete.
fn block_of(client: &mut Client, stream: u32, request: &[u8]) -> Vec<u8> {
    client.send(request);
    assert!(client.wait(|frame| frame.stream == stream && frame.flags & END_STREAM != 0), "{stream}");
    let head = client.seen.iter().find(|frame| frame.stream == stream && frame.kind == HEADERS).unwrap();
    head.payload.clone()
}

#[test]
fn a_page_that_is_rendered_first_holds_up_no_other_request_of_its_worker() {
    let mlb = after_a_long_season();
    let server = Server::start(&mlb, EVENING);
    for day in ["/2023-08-09", "/2023-08-10"] {
        assert_eq!(looked_up(&server, day, "").status, 200, "{day}");
    }
    let mut client = Client::connect(&server);
    // One connection is served by one worker, one request after the other.
    let paths = ["/2023-08-09/card.png", "/es/2023-08-10/card.png", "/2023", "/healthz"];
    let requests: Vec<_> = [1, 3, 5, 7]
        .into_iter()
        .zip(paths)
        .map(|(stream, path)| headers(stream, WHOLE, &get_block_of(path)))
        .collect();
    client.send(&requests.concat());
    for stream in [1, 3, 5, 7] {
        assert!(client.wait(|frame| frame.stream == stream && frame.kind == HEADERS), "{stream}");
    }
    let heads: Vec<_> =
        client.seen.iter().filter(|frame| frame.kind == HEADERS).map(|frame| frame.stream).collect();
    assert_eq!(heads, [7, 1, 3, 5], "the other request first, and the pages in their order");
}

#[test]
fn a_response_repeats_no_field_that_an_earlier_one_had() {
    let (server, _mlb) = site();
    let mut client = Client::connect(&server);
    client.send(&window_update(0, 1 << 30));
    let unique = [huffman("x-request-id"), huffman("server-timing")];
    let mut block = Vec::new();
    for stream in (1..).step_by(2).take(100) {
        block = block_of(&mut client, stream, &get(stream));
        let never: Vec<_> = fields(&block)
            .into_iter()
            .filter(|field| field.0 == Coding::NeverIndexed)
            .map(|field| field.1)
            .collect();
        assert_eq!(never, unique, "of stream {stream}");
        if stream > 1 {
            for (coding, name) in fields(&block) {
                let may_change = match coding {
                    Coding::Indexed | Coding::NeverIndexed => true,
                    Coding::Indexing => name == Name::Index(DATE),
                    Coding::NotIndexed => [ETAG, CONTENT_LENGTH].map(Name::Index).contains(&name),
                };
                assert!(may_change, "{coding:?} {name:?} of stream {stream}");
            }
        }
    }
    assert!(block.len() <= 128, "{} bytes: {block:x?}", block.len());
}

#[test]
fn fields_that_differ_in_every_response_are_never_indexed() {
    let (server, _mlb) = site();
    let mut client = Client::connect(&server);
    for (stream, range) in [(1, "bytes=0-9"), (3, "bytes=1-9"), (5, "bytes=999999-")] {
        let block = block_of(&mut client, stream, &get_with(stream, &[("range", range)]));
        assert!(
            fields(&block).contains(&(Coding::NeverIndexed, Name::Index(CONTENT_RANGE))),
            "{range}: {block:x?}"
        );
    }
}

/// The `http` crate cuts a fragment from `:path` before `h2` hands the request over, so it cannot be refused
/// (docs/http2.md).
#[test]
fn a_fragment_in_a_path_is_dropped_and_neither_routed_on_nor_logged() {
    let (server, _mlb) = site();
    let mut client = Client::connect(&server);
    for (stream, path) in
        [(1, "/robots.txt#/how"), (3, "/robots.txt?q#?r"), (5, "/robots.txt/#x"), (7, "#/how")]
    {
        block_of(&mut client, stream, &headers(stream, WHOLE, &get_block_of(path)));
    }
    let is_logged =
        || fs::read_to_string(server.path("access.log")).is_ok_and(|log| log.contains("GET / HTTP/2"));
    server.wait_until("logged", is_logged);
    let log = fs::read_to_string(server.path("access.log")).unwrap();
    let targets: Vec<_> =
        log.lines().filter_map(|line| line.split_once("\"GET ")?.1.split_once(" HTTP/2.0")).collect();
    let targets: Vec<_> = targets.into_iter().map(|(target, _)| target).collect();
    assert_eq!(targets, ["/robots.txt", "/robots.txt?q", "/robots.txt/", "/"]);
}

/// Sends requests for a path on this many streams at once, with open windows.
fn ask_at_once(client: &mut Client, path: &str, streams: u32) {
    let open = [settings(&[(4, 1 << 30)]), window_update(0, 1 << 30)].concat();
    let requests = (0..streams).flat_map(|n| headers(2 * n + 1, WHOLE, &get_block_of(path)));
    client.send(&open.into_iter().chain(requests).collect::<Vec<_>>());
}

/// Reads until this many streams have ended, and returns the number of TLS records that this took.
fn records_until(client: &mut Client, streams: usize) -> usize {
    let (mut bytes, mut ended) = (Vec::new(), 0);
    let deadline = Instant::now() + PATIENCE;
    while ended < streams {
        assert!(Instant::now() < deadline, "{ended} streams have ended");
        let mut chunk = [0; 16 * 1024];
        let Ok(count) = client.stream.sock.read(&mut chunk) else { continue };
        bytes.extend_from_slice(&chunk[..count]);
        let mut unread = &chunk[..count];
        while !unread.is_empty() {
            client.stream.conn.read_tls(&mut unread).unwrap();
            client.stream.conn.process_new_packets().unwrap();
            // Ends with an error, because the connection stays open.
            let _ = client.stream.conn.reader().read_to_end(&mut client.bytes);
        }
        while let Some((frame, length)) = Frame::parse(&client.bytes) {
            client.bytes.drain(..length);
            ended += usize::from(matches!(frame.kind, DATA | HEADERS) && frame.flags & END_STREAM != 0);
        }
    }
    let mut records = 0;
    while let Some(head) = bytes.get(..5) {
        bytes.drain(..5 + usize::from(u16::from_be_bytes([head[3], head[4]])));
        records += 1;
    }
    records
}

#[test]
fn responses_to_requests_that_come_together_leave_together() {
    let (server, _mlb) = site();
    for (path, most) in [("/robots.txt", 2), ("/api/v1/answer", 6)] {
        let mut client = Client::connect(&server);
        assert!(client.is_alive(), "everything before the responses has arrived");
        ask_at_once(&mut client, path, 32);
        let records = records_until(&mut client, 32);
        assert!(records <= most, "{path}: {records} records");
    }
}

#[test]
fn a_request_that_comes_with_the_end_of_the_handshake_is_answered() {
    let (server, _mlb) = site();
    let config = Arc::new(handshake::client(&server, &["h2"], &[&TLS13]));
    let mut session = ClientConnection::new(config, ServerName::try_from("localhost").unwrap()).unwrap();
    // rustls sends these bytes right behind its Finished message.
    session.writer().write_all(&[PREFACE, &settings(&[]), &get(1)].concat()).unwrap();
    let mut socket = TcpStream::connect(server.https()).unwrap();
    socket.set_nodelay(true).unwrap();
    while session.is_handshaking() {
        let mut last = Vec::new();
        while session.wants_write() {
            session.write_tls(&mut last).unwrap();
        }
        socket.write_all(&last).unwrap();
        if session.is_handshaking() {
            session.read_tls(&mut socket).unwrap();
            session.process_new_packets().unwrap();
        }
    }
    let mut client = Client::over(StreamOwned::new(session, socket));
    assert!(client.wait(|frame| frame.stream == 1 && frame.is_ok()), "{:?}", client.seen);
}

/// A client that has asked for more than the buffers hold, and reads nothing.
fn hoarder(server: &Server) -> Client {
    let mut client = Client::connect(server);
    ask_at_once(&mut client, "/api/openapi.json", STREAMS);
    client
}

#[test]
fn a_client_that_reads_nothing_is_cut_off() {
    let (server, _mlb) = limited(&[("stall", 1), ("request", 3600), ("h2_streams", u64::from(STREAMS))]);
    let _client = hoarder(&server);
    server.wait_until("cut off", || server.metric("e6_connections_ended_total{reason=\"stall\"}") == 1.0);
    server.wait_until("closed", || server.metric("e6_connections{listener=\"https\"}") == 0.0);
}

#[test]
fn a_failed_write_ends_the_connection_at_once() {
    let (server, _mlb) = limited(&[("stall", 300), ("request", 3600), ("h2_streams", u64::from(STREAMS))]);
    let mut client = hoarder(&server);
    // The server does not report the end of the client's bytes while responses wait, so that only a write can fail.
    client.stream.conn.send_close_notify();
    client.stream.flush().unwrap();
    client.stream.sock.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(
        client.stream.sock.peek(&mut [0]).is_ok_and(|count| count > 0),
        "unread bytes reset the connection"
    );
    drop(client);
    server.wait_until("closed", || server.metric("e6_connections{listener=\"https\"}") == 0.0);
}
