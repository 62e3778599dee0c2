//! `/how`: its description of a connection agrees with what the client knows.

use crate::{
    pages::how::{REQUEST, ask, in_all, number_of, trace},
    support::{
        day::NOON,
        fake_mlb::FakeMlb,
        server::{PATIENCE, Server, site},
    },
    tls::handshake::{self, Http2},
};
use rustls::version::{TLS12, TLS13};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpStream,
    os::unix::net::UnixStream,
    thread,
    time::{Duration, Instant},
};

/// Asserts that the parts of the sum are what they say, and that none is longer than the client measured.
fn check_sum(trace: &Value, timing: &str, measured: f64) {
    let spent = &trace["microseconds"];
    let is_first = trace["connection"]["request"] == 1;
    let (round_trip, own) = (number_of(spent, "round_trip"), number_of(spent, "own"));
    assert!(0.0 < round_trip && round_trip <= number_of(spent, "smoothed_round_trip"), "{spent}");
    let opening = if is_first { round_trip + spent["handshake"].as_f64().unwrap_or(0.0) } else { 0.0 };
    assert!((number_of(spent, "network") - opening - round_trip).abs() < 0.2, "{spent}");
    let accept = if is_first { number_of(spent, "accept") } else { 0.0 };
    assert!(number_of(spent, "route") <= own - accept, "{spent}");
    assert!(own - accept <= in_all(timing) + 1.0, "{spent} {timing}");
    assert!(own <= measured, "{spent}, measured {measured} µs");
}

#[test]
fn both_ends_of_a_connection_are_named_as_the_client_knows_them() {
    let (server, _mlb) = site();
    let mut stream = TcpStream::connect(server.http()).unwrap();
    let (own, peer) = (stream.local_addr().unwrap(), stream.peer_addr().unwrap());
    let (_, trace) = ask(&mut stream, REQUEST);
    let connection = &trace["connection"];
    assert_eq!(
        (&connection["client"], &connection["server"]),
        (&json!(own.to_string()), &json!(peer.to_string()))
    );
    for (host, origin) in [
        ("localhost", json!("http://localhost")),
        ("[::1]:8080", json!("http://[::1]:8080")),
        ("$(id)", Value::Null),
        ("-x", Value::Null),
        ("a;b", Value::Null),
    ] {
        let request = REQUEST.replace("Host: localhost", &format!("Host: {host}"));
        assert_eq!(ask(&mut stream, &request).1["connection"]["origin"], origin, "{host}");
    }
}

#[test]
fn a_request_over_a_unix_socket_has_no_network_and_no_addresses() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("e6.sock");
    let mlb = FakeMlb::with(&[]);
    let http = format!("127.0.0.1:0,unix:{}", path.display());
    let _server = Server::start_with(&["--mlb-url", &mlb.url(), "--clock", NOON, "--http", &http]);
    let mut stream = UnixStream::connect(&path).unwrap();
    let (timing, trace) = ask(&mut stream, REQUEST);
    let (connection, spent) = (&trace["connection"], &trace["microseconds"]);
    for absent in [&connection["client"], &connection["server"], &spent["round_trip"], &spent["network"]] {
        assert_eq!(*absent, Value::Null, "{trace}");
    }
    assert!(number_of(spent, "own") - number_of(spent, "accept") <= in_all(&timing) + 1.0, "{spent}");
    let text = REQUEST
        .replace("application/json", "text/plain")
        .replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    let mut shown = String::new();
    stream.read_to_string(&mut shown).unwrap();
    assert!(shown.contains("No network took part: you came over a Unix socket."), "{shown}");
}

#[test]
fn a_request_without_tls_is_described_without_keys_and_a_handshake() {
    let (server, _mlb) = site();
    let mut stream = handshake::connect(&server, "localhost", &["http/1.1"], &[&TLS13]).unwrap();
    let request = REQUEST.replace("/how", "/how?path=/&if=no_tls");
    let (_, trace) = ask(&mut stream, &request);
    let (connection, answer) = (&trace["connection"], &trace["answer"]);
    assert_eq!((&connection["scheme"], &connection["chosen_by"]), (&json!("http"), &json!("clear")));
    assert_eq!((&trace["tls"], &answer["status"]), (&Value::Null, &json!(200)), "every host is served");
    assert_eq!(trace["microseconds"]["handshake"], Value::Null);
}

#[test]
fn a_request_without_tls_to_a_site_with_a_domain_is_described_as_the_redirect_that_it_gets() {
    let mlb = FakeMlb::with(&[]);
    let server = Server::start_with(&["--mlb-url", &mlb.url(), "--clock", NOON, "--domain", "example.org"]);
    let mut stream = handshake::connect(&server, "localhost", &["http/1.1"], &[&TLS13]).unwrap();
    let request =
        |path: &str| format!("GET {path} HTTP/1.1\r\nHost: example.org\r\nAccept: application/json\r\n\r\n");
    for path in ["/", "/feed.xml", "/nothing"] {
        let (_, trace) = ask(&mut stream, &request(&format!("/how?path={path}&if=no_tls")));
        let real = server.send(&request(path).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"), true);
        assert_eq!(
            (real.status, real.field("location")),
            (308, format!("https://example.org{path}").as_str())
        );
        let answer = &trace["answer"];
        assert_eq!((&answer["status"], &answer["location"]), (&json!(308), &json!(real.field("location"))));
        assert_eq!(trace["connection"]["scheme"], "http");
    }
}

#[test]
fn a_request_without_tls_is_described_as_it_was() {
    let (server, _mlb) = site();
    let trace = trace(&server, "", "");
    assert_eq!((&trace["path"], &trace["own"], &trace["tls"]), (&json!("/how"), &json!(true), &Value::Null));
    let connection = &trace["connection"];
    assert_eq!(
        (
            &connection["protocol"],
            &connection["chosen_by"],
            &connection["ip_version"],
            &connection["request"]
        ),
        (&json!("HTTP/1.1"), &json!("clear"), &json!(4), &json!(1))
    );
    let workers = thread::available_parallelism().unwrap().get() as u64;
    assert!(connection["worker"].as_u64().unwrap() < workers, "{connection}");
    let answer = &trace["answer"];
    assert_eq!(
        (&answer["status"], &answer["made"], &answer["coding"]),
        (&json!(200), &json!("request"), &json!("identity"))
    );
    assert_eq!(trace["microseconds"]["handshake"], Value::Null);
    assert!(trace["microseconds"]["wait"].is_null(), "idle time is no step");
    assert_eq!(trace["mlb"]["asked_at"], server.api()["asked_at"]);
    assert!(trace["mlb"]["seconds_ago"].as_f64().unwrap() < 30.0, "{trace}");
    assert!((0.0..30e3).contains(&trace["mlb"]["took_ms"].as_f64().unwrap()), "{trace}");
}

#[test]
fn requests_on_one_connection_are_counted_and_their_waits_are_true() {
    let (server, _mlb) = site();
    // A request cannot arrive before the client sends it, nor be answered after the client has read the response.
    let mut since = Instant::now();
    let mut stream = TcpStream::connect(server.http()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let pause = Duration::from_millis(60);
    for number in 1..=3 {
        thread::sleep(pause);
        let sent = Instant::now();
        let (timing, trace) = ask(&mut stream, REQUEST);
        let measured = since.elapsed().as_micros() as f64;
        since = sent;
        assert_eq!(trace["connection"]["request"], number);
        let spent = &trace["microseconds"];
        let accept = if number == 1 { number_of(spent, "accept") } else { 0.0 };
        let idle = 1e3 * number_of(&trace["connection"], "idle_ms");
        // The first one starts when the connection is ready, which may be late on a busy machine.
        assert!(number == 1 || accept + idle >= pause.as_micros() as f64 * 0.95, "{trace}");
        assert!(accept + idle + in_all(&timing) <= measured, "{trace} {timing}, measured {measured} µs");
        let waited = sent.elapsed().as_micros() as f64;
        check_sum(&trace, &timing, waited + accept);
    }
}

#[test]
fn a_request_over_tls_is_described_as_the_client_knows_it() {
    let (server, _mlb) = site();
    for (version, name) in [(&TLS13, "TLSv1.3"), (&TLS12, "TLSv1.2")] {
        for (offer, chosen_by) in [(&["http/1.1"][..], "alpn"), (&[], "no_alpn")] {
            for (host, server_name) in [("localhost", json!("localhost")), ("127.0.0.1", Value::Null)] {
                let began = Instant::now();
                let mut stream = handshake::connect(&server, host, offer, &[version]).unwrap();
                let (timing, trace) = ask(&mut stream, REQUEST);
                let measured = began.elapsed().as_micros() as f64;
                let suite = stream.conn.negotiated_cipher_suite().unwrap().suite();
                let group = stream.conn.negotiated_key_exchange_group().unwrap().name();
                assert_eq!(
                    trace["tls"],
                    json!({
                        "version": name,
                        "cipher": suite.as_str().unwrap().replace("TLS13_", "TLS_"),
                        "group": group.as_str().unwrap(),
                        "post_quantum": version.version == rustls::ProtocolVersion::TLSv1_3,
                        "resumed": false,
                        "server_name": server_name,
                        "self_signed": true,
                    })
                );
                assert_eq!(trace["connection"]["chosen_by"], chosen_by);
                let spent = &trace["microseconds"];
                let idle = 1e3 * number_of(&trace["connection"], "idle_ms");
                let sum = number_of(spent, "accept") + number_of(spent, "handshake") + idle;
                assert!(sum + in_all(&timing) <= measured, "{trace} {timing}, measured {measured} µs");
                assert!(number_of(spent, "handshake") > 0.0, "{spent}");
                check_sum(&trace, &timing, measured);
            }
        }
    }
}

#[test]
fn a_resumed_session_is_described_as_resumed() {
    let (server, _mlb) = site();
    for version in [&TLS13, &TLS12] {
        let client = handshake::client(&server, &["http/1.1"], &[version]);
        let connect = || handshake::handshake(server.https(), "localhost", client.clone()).unwrap();
        let ask = || ask(&mut connect(), REQUEST).1["tls"].clone();
        assert_eq!(ask()["resumed"], false, "{version:?}");
        let again = ask();
        assert_eq!(again["resumed"], true, "{version:?}");
        assert_eq!(again["group"].is_null(), version.version == rustls::ProtocolVersion::TLSv1_2, "{again}");
    }
}

#[tokio::test]
async fn a_request_over_http_2_is_described_as_it_was() {
    let (server, _mlb) = site();
    let mut h2 = Http2::open(&server).await;
    for number in 1..=2 {
        let (status, fields, body) = h2.ask("GET", "/how", &[("accept", "application/json")]).await;
        let trace: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((status, &trace["request_id"]), (200, &json!(fields["x-request-id"])));
        assert_eq!(
            (
                &trace["connection"]["protocol"],
                &trace["connection"]["chosen_by"],
                &trace["connection"]["request"]
            ),
            (&json!("HTTP/2.0"), &json!("alpn"), &json!(number))
        );
        assert_eq!(
            (&trace["tls"]["group"], &trace["tls"]["post_quantum"]),
            (&json!("X25519MLKEM768"), &json!(true))
        );
    }
}
