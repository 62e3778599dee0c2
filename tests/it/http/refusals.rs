//! Requests that are refused while their body is still being sent: the client receives the whole response.

use crate::{
    http::http2::{
        Client,
        frames::{DATA, END_STREAM, HEADERS, RST_STREAM, block, data, get, headers, post_block},
    },
    support::{
        server::{PATIENCE, Response, Server, parse, site},
        tools,
    },
    tls::handshake,
};
use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// Existing and missing resources, and the status of an upload to each.
const UPLOADS: [(&str, u16); 3] = [("/", 405), ("/robots.txt", 405), ("/nothing", 404)];
/// More bytes than the socket's buffers hold, and fewer than e6 reads and drops.
const LARGE: usize = 200 * 1024;

/// Sends a head and then this body in pieces, and reads the response until the server closes the connection. Reading
/// only after everything is sent is how a client would lose the response to a reset.
fn upload<S: Read + Write>(mut stream: S, head: &str, pieces: &[&[u8]], pause: Duration) -> Response {
    stream.write_all(head.as_bytes()).unwrap();
    for piece in pieces {
        thread::sleep(pause);
        stream
            .write_all(piece)
            .and_then(|()| stream.flush())
            .unwrap_or_else(|error| panic!("{head}: {error}"));
    }
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap_or_else(|error| panic!("{head}: {error}"));
    parse(&reply, true)
}

fn clear(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.http()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

#[test]
fn an_upload_over_http_1_gets_its_refusal_however_the_body_comes() {
    let (server, _mlb) = site();
    let large = vec![b'x'; LARGE];
    let chunk = [format!("{LARGE:x}\r\n").as_bytes(), &large, b"\r\n0\r\n\r\n"].concat();
    let at_once = Duration::ZERO;
    for (path, status) in UPLOADS {
        let head = |fields: &str| format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n");
        let sized = |size: usize, more: &str| head(&format!("Content-Length: {size}\r\n{more}"));
        let cases: [(String, Vec<&[u8]>, Duration); 5] = [
            (sized(1, ""), vec![b"x"], at_once),
            (sized(LARGE, ""), vec![&large], at_once),
            (sized(LARGE, "Expect: 100-continue\r\n"), vec![&large], at_once),
            (head("Transfer-Encoding: chunked\r\n"), vec![&chunk], at_once),
            (sized(4, ""), vec![b"s", b"l", b"o", b"w"], Duration::from_millis(200)),
        ];
        for (head, pieces, pause) in cases {
            let over_tls = handshake::established(&server, &["http/1.1"]);
            for response in
                [upload(clear(&server), &head, &pieces, pause), upload(over_tls, &head, &pieces, pause)]
            {
                assert_eq!((response.status, response.field("connection")), (status, "close"), "{head}");
                let allowed = if status == 405 { "GET, HEAD, OPTIONS" } else { "" };
                assert_eq!(response.field("allow"), allowed, "{head}");
                assert!(!response.body.is_empty(), "{head}");
            }
        }
    }
}

#[test]
fn a_body_that_never_ends_holds_a_connection_for_two_seconds() {
    let (server, _mlb) = site();
    let mut stream = clear(&server);
    let began = Instant::now();
    stream.write_all(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n").unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    assert_eq!(parse(&reply, true).status, 405);
    assert!(began.elapsed() < Duration::from_secs(1), "the refusal waits for nothing");
    server.wait_until("closed", || server.metric("e6_connections{listener=\"http\"}") == 0.0);
    assert!(began.elapsed() >= Duration::from_millis(1900), "it lingers: {:?}", began.elapsed());
}

#[test]
fn a_get_with_a_body_is_refused_only_where_it_would_succeed() {
    let (server, _mlb) = site();
    for (path, status) in [("/", 413), ("/nothing", 404), ("/healthz", 413)] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx");
        assert_eq!(server.send(&request, true).status, status, "{path}");
    }
}

#[test]
fn a_client_that_closes_its_half_reads_its_whole_response() {
    let (server, _mlb) = site();
    for path in ["/", "/api/openapi.json", "/events"] {
        let mut stream = clear(&server);
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).unwrap();
        let reply = String::from_utf8(reply).unwrap();
        assert!(reply.starts_with("HTTP/1.1 200 "), "{path}: {reply}");
        match path {
            "/events" => assert!(reply.contains("event: answer"), "the newest answer: {reply}"),
            _ => assert!(!parse(reply.as_bytes(), true).body.is_empty(), "{path}"),
        }
    }
}

#[test]
fn an_upload_over_http_2_gets_its_refusal_and_then_no_error() {
    let (server, _mlb) = site();
    let mut client = Client::connect(&server);
    client.send(&headers(1, 4, &[post_block(), block(&[("content-length", "1000000")])].concat()));
    let is_end = |frame: &crate::http::http2::frames::Frame| {
        frame.stream == 1 && frame.kind == DATA && frame.flags & END_STREAM == END_STREAM
    };
    assert!(client.wait(is_end), "the whole response");
    assert!(client.has(|frame| frame.stream == 1 && frame.kind == HEADERS && !frame.is_ok()));
    assert!(!client.has(|frame| frame.kind == RST_STREAM), "the body may still come");
    client.send(&data(1, 0, &[0; 1000]));
    assert!(client.wait(|frame| frame.stream == 1 && frame.kind == RST_STREAM && frame.code() == Some(0)));
    // A body that ends in time is read to its end: no reset, and the connection continues.
    client.send(&[headers(3, 4, &post_block()), data(3, END_STREAM, b"x"), get(5)].concat());
    assert!(client.wait(|frame| frame.stream == 5 && frame.is_ok()));
    assert!(!client.has(|frame| frame.stream == 3 && frame.kind == RST_STREAM));
}

#[test]
#[ignore = "needs curl"]
fn curl_shows_the_refusal_of_an_upload() {
    let curl = tools::find("curl");
    let (server, _mlb) = site();
    let file = server.path("large");
    std::fs::write(&file, vec![b'x'; LARGE]).unwrap();
    let file = file.to_str().unwrap();
    for version in ["--http2", "--http1.1"] {
        for upload in [["-d", "x"], ["-T", file], ["--data-binary", &format!("@{file}")]] {
            for (path, status) in UPLOADS {
                let url = format!("https://{}{path}", server.https());
                let mut command = Command::new(&curl);
                command.args(["--insecure", "--silent", "--show-error", version]).args(upload);
                // `-T` appends the file's name to a path that ends in a slash.
                let url = if path == "/" && upload[0] == "-T" { format!("{url}en") } else { url };
                let output = command.args(["--write-out", "\n%{http_code}", &url]).output().unwrap();
                let stdout = String::from_utf8(output.stdout).unwrap();
                let stderr = String::from_utf8(output.stderr).unwrap();
                assert!(output.status.success(), "{version} {upload:?} {path}: {stderr}");
                assert!(stdout.ends_with(&format!("\n{status}")), "{version} {upload:?} {path}: {stdout}");
            }
        }
    }
}
