//! The site's names: requests that are served, redirected or refused, and HSTS.

use crate::{
    support::{
        pebble::{Pebble, Settings},
        server::{Response, Server, parse},
        tools,
    },
    tls::handshake::{BOTH, handshake, trusting},
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
fn requests_without_tls_redirect_to_https_on_the_canonical_name() {
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
fn an_invalid_request_is_refused_before_any_redirect() {
    let server = Server::start_with(&NAMES);
    for path in ["/%zz", "/%", "/a%2fb", "/%00", "/%5c", "/%ff", "/a%0d%0ab"] {
        for host in ["example.org", "www.example.org"] {
            let response = clear(&server, host, path);
            assert_eq!((response.status, response.field("location")), (400, ""), "{host} {path}");
        }
        let response = over_tls(&server, "www.example.org", path);
        assert_eq!((response.status, response.field("location")), (400, ""), "{path} over TLS");
    }
    for method in ["X".repeat(10_000).as_str(), "PROPFIND", "get"] {
        for (path, status) in [("/", 405), ("/nothing", 404), ("/%zz", 400)] {
            let request =
                format!("{method} {path} HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n");
            let response = server.send(&request, true);
            assert_eq!((response.status, response.field("location")), (status, ""), "{method:.10} {path}");
        }
    }
}

/// Whether this has only characters of a URI reference without fragment, and complete escapes (RFC 3986 appendix A).
fn is_uri_reference(text: &str) -> bool {
    let bytes = text.as_bytes();
    (0..bytes.len()).all(|at| match bytes[at] {
        b'%' => bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
        byte => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(&byte),
    })
}

/// The segments of a path, decoded once, with dot segments applied.
fn meaning(path: &str) -> Vec<Vec<u8>> {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        let decoded: Vec<u8> = percent_encoding::percent_decode_str(segment).collect();
        match decoded.as_slice() {
            b"" | b"." => {}
            b".." => drop(segments.pop()),
            _ => segments.push(decoded),
        }
    }
    segments
}

#[test]
fn following_location_never_changes_what_a_target_means() {
    let assets = tempfile::tempdir().unwrap();
    for name in ["root/a b", "root/caf\u{e9}", "root/%2f", "root/x.css ", "root/100%", "root/a?b#c"] {
        let path = assets.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }
    // With TLS, redirects change the scheme; without TLS, they change the name or the path.
    let plain = ["--tls", "off", "--https", "off", "--assets", assets.path().to_str().unwrap()];
    let servers = [Server::start_with(&NAMES), Server::start_with(&[&NAMES[..], &plain].concat())];
    let parts = [
        "/",
        "/",
        "/",
        ".",
        "..",
        "healthz",
        "api/v1/answer",
        "events",
        "es",
        "a%20b",
        "caf%C3%A9",
        "%252f",
        "x.css%20",
        "100%25",
        "a%3Fb%23c",
        "%61",
        "%2e",
        "%3d",
        "=",
        ":",
        "@",
        "\"",
        "|",
        "[",
        "^",
        "evil.example",
    ];
    let queries = ["", "", "?", "?a=b&c=%2F", "?\"|^[]{}", "?%zz", "?//evil.example/?"];
    let mut random = fastrand::Rng::with_seed(11);
    let mut redirects = 0;
    for round in 0..400 {
        let server = &servers[round % 2];
        let mut path = String::from("/");
        for _ in 0..random.usize(..5) {
            path += random.choice(parts).unwrap();
        }
        let query = random.choice(queries).unwrap();
        let host = random.choice(["example.org", "www.example.org"]).unwrap();
        let response = clear(server, host, &format!("{path}{query}"));
        if response.status != 308 {
            assert_eq!(response.field("location"), "", "{path}{query}");
            continue;
        }
        redirects += 1;
        let location = response.field("location");
        assert!(is_uri_reference(location), "{path}{query} -> {location}");
        let target = match location.split_once("//example.org") {
            Some(("https:" | "", target)) => target,
            _ => {
                assert!(location.starts_with('/') && !location.starts_with("//"), "{path} -> {location}");
                location
            }
        };
        let (target, kept) = target.split_once('?').unwrap_or((target, ""));
        assert_eq!(meaning(target), meaning(&path), "{path} -> {location}");
        let decoded = |query: &str| percent_encoding::percent_decode_str(query).collect::<Vec<u8>>();
        assert_eq!(decoded(kept), decoded(query.trim_start_matches('?')), "{path}{query} -> {location}");
    }
    assert!(redirects > 100, "{redirects}");
    // Each file is served at its canonical path, and other spellings redirect there.
    for (path, name) in [
        ("/a%20b", "root/a b"),
        ("/caf%C3%A9", "root/caf\u{e9}"),
        ("/%252f", "root/%2f"),
        ("/x.css%20", "root/x.css "),
        ("/100%25", "root/100%"),
        ("/a%3Fb%23c", "root/a?b#c"),
    ] {
        let found = clear(&servers[1], "example.org", path);
        assert_eq!((found.status, found.text()), (200, name), "{path}");
        let slash = clear(&servers[1], "example.org", &format!("/{path}/"));
        assert_eq!((slash.status, slash.field("location")), (308, path));
    }
}

#[test]
fn http_1_0_without_host_is_for_the_canonical_name() {
    let old = "GET / HTTP/1.0\r\n\r\n";
    let server = Server::start_with(&[&NAMES[..], &["--tls", "off", "--https", "off"]].concat());
    assert_eq!(server.send(old, true).status, 200);
    let server = Server::start_with(&NAMES);
    let response = server.send(old, true);
    assert_eq!((response.status, response.field("location")), (308, "https://example.org/"));
    let root = fs::read(server.path("certs/cert.pem")).unwrap();
    let mut stream = handshake(server.https(), "localhost", trusting(&root, &["http/1.1"], BOTH)).unwrap();
    stream.write_all(old.as_bytes()).unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    let response = parse(&reply, true);
    assert_eq!((response.status, response.field("strict-transport-security")), (200, "max-age=300"));
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
fn redirects_to_https_begin_once_there_is_a_certificate_to_trust() {
    let mut ca = Pebble::prepare(Settings::default());
    let flags = ca.flags("example.org", "http-01");
    let server = Server::start_with(&flags.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(clear(&server, "example.org", "/").status, 200);
    ca.run();
    let deadline = std::time::Instant::now() + crate::support::server::PATIENCE;
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
