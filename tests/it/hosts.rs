//! The names of the site: which are answered, which are sent elsewhere, and what browsers are told to insist on.

use crate::{
    pebble::{Pebble, Settings},
    server::{Response, Server, parse},
    tls::{BOTH, handshake, trusting},
    tools,
};
use std::{
    fs,
    io::{Read, Write},
};

const NAMES: [&str; 4] = ["--domain", "example.org,www.example.org", "--mlb-url", "http://127.0.0.1:9"];

fn ask(host: &str, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
}

fn clear(server: &Server, host: &str, path: &str) -> Response {
    server.send(&ask(host, path), true)
}

fn over_tls(server: &Server, host: &str, path: &str) -> Response {
    let root = fs::read(server.path("certs/cert.pem")).unwrap();
    let mut stream = handshake(server.https(), "localhost", trusting(&root, &["http/1.1"], BOTH)).unwrap();
    stream.write_all(ask(host, path).as_bytes()).unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    parse(&reply, true)
}

#[test]
fn clear_requests_are_sent_to_https_on_the_canonical_name() {
    let server = Server::start_with(&NAMES);
    let port = server.https().port();
    for (host, location) in [
        ("example.org", "https://example.org/a?b=c".to_owned()),
        ("www.example.org", "https://example.org/a?b=c".to_owned()),
        (&format!("Example.org:{}", server.http().port()), format!("https://example.org:{port}/a?b=c")),
    ] {
        let response = clear(&server, host, "/a?b=c");
        assert_eq!((response.status, response.field("location")), (308, location.as_str()), "{host}");
        assert_eq!(response.field("strict-transport-security"), "");
    }
    for path in ["/healthz", "/readyz", "/.well-known/acme-challenge/x"] {
        for host in ["example.org", "10.0.0.1", "evil.example"] {
            let response = clear(&server, host, path);
            assert!(response.status != 308 && response.field("location").is_empty(), "{host} {path}");
        }
    }
    let post = "POST / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n";
    assert_eq!(server.send(post, true).status, 308);
}

#[test]
fn over_tls_the_canonical_name_is_answered_and_browsers_are_told_to_stay() {
    let server = Server::start_with(&NAMES);
    let port = server.https().port();
    let canonical = over_tls(&server, &format!("example.org:{port}"), "/");
    assert_eq!((canonical.status, canonical.field("strict-transport-security")), (200, "max-age=300"));
    let other = over_tls(&server, &format!("www.example.org:{port}"), "/x");
    assert_eq!(
        (other.status, other.field("location")),
        (308, format!("https://example.org:{port}/x").as_str())
    );
    assert_eq!(other.field("strict-transport-security"), "max-age=300");
}

#[test]
fn other_hosts_are_sent_away_without_an_echo() {
    let server = Server::start_with(&NAMES);
    for host in ["evil.example", "evil.example:443", "127.0.0.1", "[::1]"] {
        for (response, status) in [(clear(&server, host, "/"), 404), (over_tls(&server, host, "/"), 421)] {
            assert_eq!((response.status, response.field("location")), (status, ""), "{host}");
            assert_eq!(response.field("strict-transport-security"), "");
            let echoed =
                response.fields.values().any(|value| value.contains(host)) || response.text().contains(host);
            assert!(!echoed, "{host}: {response:?}");
        }
    }
}

#[test]
fn behind_another_proxy_only_the_name_is_canonical() {
    let server = Server::start_with(&[&NAMES[..], &["--tls", "off", "--https", "off"]].concat());
    assert_eq!(clear(&server, "example.org", "/").status, 200);
    let other = clear(&server, "www.example.org", "/x");
    assert_eq!((other.status, other.field("location")), (308, "//example.org/x"));
    assert_eq!(clear(&server, "evil.example", "/").status, 404);
}

#[test]
#[ignore = "needs Pebble"]
fn nobody_is_sent_to_https_before_there_is_a_certificate_to_trust() {
    let mut ca = Pebble::prepare(Settings::default());
    let flags = ca.flags("example.org", "http-01");
    let server = Server::start_with(&flags.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(clear(&server, "example.org", "/").status, 200);
    ca.run();
    let deadline = std::time::Instant::now() + crate::server::PATIENCE;
    while clear(&server, "example.org", "/").status != 308 {
        assert!(std::time::Instant::now() < deadline, "{}", server.stderr());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
#[ignore = "needs curl"]
fn http_2_names_its_host_in_the_target() {
    tools::find("curl");
    let server = Server::start_with(&NAMES);
    let port = server.https().port();
    let curl = |host: &str| {
        tools::output(
            std::process::Command::new("curl")
                .args(["--silent", "--http2", "--cacert", server.path("certs/cert.pem").to_str().unwrap()])
                .args(["--resolve", &format!("{host}:{port}:127.0.0.1"), "--output", "/dev/null"])
                .args(["--write-out", "%{http_version} %{http_code} %header{location}"])
                .arg(format!("https://{host}:{port}/x")),
        )
    };
    assert_eq!(curl("example.org"), "2 404 ");
    assert_eq!(curl("www.example.org"), format!("2 308 https://example.org:{port}/x"));
    assert_eq!(curl("localhost"), "2 421 ");
}
