//! `e6 health`.

use crate::{
    support::{
        day::NOON,
        fake_mlb::{FakeMlb, Fault},
        ports::free_port,
        server::{Server, run},
    },
    tls::certificates,
};
use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

const NO_MLB: [&str; 2] = ["--mlb-url", "http://127.0.0.1:9"];

/// Runs `e6 health`. Returns whether it succeeded, and its output.
fn health(arguments: &[&str]) -> (bool, String) {
    let dir = tempfile::tempdir().unwrap();
    let (code, stdout, stderr) = run(dir.path(), &[&["health"], arguments].concat());
    match code {
        Some(0) => (true, stdout),
        Some(1) => (false, stderr),
        _ => panic!("{code:?}: {stderr}"),
    }
}

#[test]
fn health_asks_the_first_listener_of_the_configuration() {
    let server = Server::start_with(&NO_MLB);
    let (http, https, admin) =
        (server.http().to_string(), server.https().to_string(), server.admin().to_string());
    let certs = server.path("certs");
    let certs = certs.to_str().unwrap();
    let (nowhere, elsewhere) = ("127.0.0.1:9", "127.0.0.1:10");
    for (asked, listeners) in [
        (format!("http://{http}/healthz"), [&http[..], nowhere, elsewhere]),
        (format!("http://{admin}/healthz"), ["off", nowhere, &admin]),
        (format!("https://{https}/healthz"), ["127.0.0.1:0", &https, "off"]),
    ] {
        let [http, https, admin] = listeners;
        let (well, said) = health(&["--http", http, "--https", https, "--admin", admin, "--certs", certs]);
        assert!(well && said.starts_with(&format!("{asked} answered 200 OK in ")), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    // A server on every address is reachable at loopback.
    let everywhere = format!(":{}", server.http().port());
    assert!(health(&["--http", &everywhere]).0);
}

#[test]
fn health_says_what_is_wrong() {
    let mlb = FakeMlb::with(&[]);
    mlb.fault(Fault::Refuse);
    let server = Server::start(&mlb, NOON);
    let (well, said) = health(&[&format!("http://{}/readyz", server.http())]);
    assert!(!well && said.contains("/readyz answered 503"), "{said}");
    assert!(health(&[&format!("http://{}", server.http())]).0);
    let free = format!("127.0.0.1:{}", free_port());
    let (well, said) = health(&["--http", &free]);
    assert!(!well && said.contains(&free) && said.contains("refused"), "{said}");
    for url in ["127.0.0.1:8080", "ftp://127.0.0.1", "http://"] {
        let (well, said) = health(&[url]);
        assert!(!well && said.contains("is no URL"), "{said}");
    }
    let (well, said) = health(&["--http", "127.0.0.1:0", "--https", "off", "--admin", "off"]);
    assert!(!well && said.contains("name the URL"), "{said}");
}

#[test]
fn health_accepts_the_self_signed_certificate_of_its_own_server_only() {
    let [server, other] = [(); 2].map(|()| Server::start_with(&NO_MLB));
    let url = format!("https://{}", server.https());
    let own = server.path("certs");
    let others = other.path("certs");
    assert!(health(&[&url, "--certs", own.to_str().unwrap()]).0);
    let (well, said) = health(&[&url, "--certs", others.to_str().unwrap()]);
    assert!(!well && said.contains("certificate"), "{said}");
    // In a directory without a certificate.
    let (well, said) = health(&[&url]);
    assert!(!well && said.contains("cannot read the certificate certs/cert.pem"), "{said}");
}

#[test]
fn health_holds_a_certificate_from_files_against_the_name_of_the_site() {
    let dir = tempfile::tempdir().unwrap();
    certificates::make(dir.path(), "a.example");
    let [cert, key] = ["tls.crt", "tls.key"].map(|name| dir.path().join(name).display().to_string());
    let files = ["--tls-cert", &cert, "--tls-key", &key];
    let server = Server::start_with(&[&NO_MLB[..], &files, &["--domain", "a.example"]].concat());
    let https = server.https().to_string();
    let asked = |domain: &str| {
        health(
            &[&files[..], &["--http", "off", "--admin", "off", "--https", &https, "--domain", domain]]
                .concat(),
        )
    };
    assert!(asked("a.example").0);
    let (well, said) = asked("b.example");
    assert!(!well && said.contains("certificate"), "{said}");
}

#[test]
fn health_asks_on_a_unix_socket() {
    let dir = tempfile::tempdir().unwrap();
    let socket = format!("unix:{}", dir.path().join("e6.sock").display());
    let free = format!("127.0.0.1:{}", free_port());
    let both = format!("{free},{socket}");
    let _server = Server::start_with(&[&NO_MLB[..], &["--http", &both]].concat());
    for asked in [&["--http", &socket][..], &[&socket]] {
        let (well, said) = health(asked);
        assert!(well && said.starts_with(&socket), "{said}");
    }
    let (well, said) = health(&["unix:/nowhere"]);
    assert!(!well && said.contains("unix:/nowhere: No such file"), "{said}");
}

#[test]
fn health_sends_a_proxy_header_if_this_machine_is_a_trusted_proxy() {
    let free = format!("127.0.0.1:{}", free_port());
    let dir = tempfile::tempdir().unwrap();
    let toml =
        format!("[proxy]\ntrusted = \"127.0.0.0/8\"\nprotocol = \"true\"\n[listen]\nhttp = {free:?}\n");
    fs::write(dir.path().join("e6.toml"), &toml).unwrap();
    let file = dir.path().join("e6.toml").display().to_string();
    let server = Server::start_in(dir, &[&NO_MLB[..], &["--http", &free]].concat());
    assert!(health(&["--config", &file]).0, "{}", server.stderr());
    let admin = server.admin().to_string();
    assert!(health(&["--config", &file, "--http", "off", "--admin", &admin]).0);
}

#[test]
fn whoever_does_not_answer_is_ill_within_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    // The first connection gets no reply, the second one a slow reply.
    thread::spawn(move || {
        let silent = listener.accept().unwrap();
        let (mut slow, _) = listener.accept().unwrap();
        slow.read_exact(&mut [0; 16]).unwrap();
        slow.write_all(b"HTTP/1.1 200 OK\r\nX-Slow: ").unwrap();
        while slow.write_all(b"y").is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
        drop(silent);
    });
    for _ in 0..2 {
        let began = Instant::now();
        let (well, said) = health(&["--http", &address]);
        assert!(!well && said.contains("no answer within 2 s"), "{said}");
        assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    }
}
