//! HTTP/1.1 message framing (RFC 9112): raw bytes, and the outcomes that are allowed.
//!
//! A file in `tests/corpus` is one case: a line with the allowed outcomes and the reason, then the bytes to send, with
//! `\\r`, `\\n`, `\\0` and `\\xHH` for themselves and line ends left out.

use crate::support::{
    day::NOON,
    fake_mlb::FakeMlb,
    server::{PATIENCE, Server},
};
use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    time::Duration,
};

#[test]
fn every_case_of_the_corpus_ends_as_it_may() {
    let server = Server::start(&FakeMlb::with(&[]), NOON);
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut cases: Vec<_> = fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 30, "{} cases", cases.len());
    let mut failures = Vec::new();
    for case in cases {
        let text = fs::read_to_string(&case).unwrap();
        let (allowed, bytes) = text.split_once('\n').unwrap();
        let allowed = allowed.split(" -- ").next().unwrap();
        let got = statuses(server.http(), &unescaped(bytes));
        if !allowed.split(" or ").any(|outcome| outcome == got) {
            failures.push(format!("{}: {got:?}, allowed {allowed:?}", case.file_name().unwrap().display()));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
    assert_eq!(server.get("/healthz", "").status, 200);
}

/// The statuses of all responses, then "close" if the server ended the connection or "open" if it did not.
fn statuses(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    let (mut received, mut buffer) = (Vec::new(), [0; 4096]);
    let end = loop {
        match stream.read(&mut buffer) {
            Ok(0) => break "close",
            Ok(count) => {
                received.extend_from_slice(&buffer[..count]);
                // The next response follows directly.
                stream.set_read_timeout(Some(Duration::from_millis(400))).unwrap();
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break "open",
            Err(_) => break "close",
        }
    };
    let text = String::from_utf8_lossy(&received);
    let mut statuses: Vec<&str> = text.split("HTTP/1.").skip(1).filter_map(|part| part.get(2..5)).collect();
    statuses.push(end);
    statuses.join(" ")
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut letters = text.bytes().filter(|byte| *byte != b'\n');
    while let Some(letter) = letters.next() {
        bytes.push(match letter {
            b'\\' => match letters.next().unwrap() {
                b'r' => b'\r',
                b'n' => b'\n',
                b'0' => 0,
                b'x' => {
                    let digits = [letters.next().unwrap(), letters.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                other => panic!("no escape \\{}", char::from(other)),
            },
            plain => plain,
        });
    }
    bytes
}
