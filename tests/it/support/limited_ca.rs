//! A CA that answers every order with a rate limit.

use serde_json::json;
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener},
    thread,
};

/// e6's flags for this CA, without TLS.
pub fn flags_for(ca: SocketAddr) -> Vec<String> {
    let directory = format!("http://{ca}/dir");
    ["--acme", "you@example.org", "--domain", "example.org", "--acme-directory", &directory]
        .into_iter()
        .chain(["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--mlb-url", "http://127.0.0.1:9"])
        .map(str::to_owned)
        .collect()
}

/// A CA that answers every order with a rate limit.
pub fn limited_ca(until: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).unwrap() > 0 {}
            // Closing a connection with unread bytes resets it, and the reply would be lost.
            let length = head
                .to_lowercase()
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            io::copy(&mut (&mut stream).take(length.unwrap_or(0)), &mut io::sink()).unwrap();
            let base = format!("http://{address}");
            let (status, body) = match head.split(' ').nth(1).unwrap() {
                "/dir" => {
                    let url = |path: &str| format!("{base}/{path}");
                    (
                        200,
                        json!({"newNonce": url("nonce"), "newAccount": url("account"), "newOrder": url("order")}),
                    )
                }
                "/order" => {
                    let detail = format!("too many, retry after {until} UTC: see the page");
                    (429, json!({"type": "urn:ietf:params:acme:error:rateLimited", "detail": detail}))
                }
                _ => (200, json!({})),
            };
            let body = if head.starts_with("HEAD") { String::new() } else { body.to_string() };
            let _ = write!(
                stream.get_mut(),
                "HTTP/1.1 {status} x\r\nReplay-Nonce: abc\r\nLocation: {base}/account/1\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    address
}
