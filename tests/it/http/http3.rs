//! HTTP/3 (RFC 9114) and QUIC (RFC 9000) as aioquic sees them.

use crate::{
    support::{
        aioquic::{self, Scenario},
        day::{EVENING, Game, IN_PROGRESS},
        devtools::Browser,
        fake_mlb::FakeMlb,
        ports::free_port,
        server::{Server, send_to},
        tools,
    },
    tls::handshake::{BOTH, client, handshake},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};
use std::{
    fs,
    io::{Read, Write},
    net::UdpSocket,
    path::Path,
    process::Command,
    time::Duration,
};

/// A site with HTTP/3 during a game with an error, with these lines in `e6.toml`.
pub fn site_with(toml: &str) -> (Server, FakeMlb) {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("e6.toml"), toml).unwrap();
    let server = Server::start_in(dir, &["--mlb-url", &mlb.url(), "--clock", EVENING, "--http3", "on"]);
    server.wait_for_verdict("yes");
    (server, mlb)
}

/// Runs a scenario on a site of its own.
fn on_a_site(scenario: &str) -> String {
    let (server, _mlb) = site_with("");
    aioquic::run(scenario, server.https(), &[])
}

/// The value of a field in a response over HTTPS.
pub fn field_over_tls(server: &Server, name: &str) -> String {
    let mut stream = handshake(server.https(), "localhost", client(server, &["http/1.1"], BOTH)).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    crate::support::server::parse(&bytes, true).field(name).to_owned()
}

#[test]
#[ignore = "needs aioquic"]
fn responses_are_those_of_other_protocols_and_are_logged_and_counted() {
    let (server, _mlb) = site_with("");
    let how: serde_json::Value =
        serde_json::from_str(&aioquic::run("semantics", server.https(), &[])).unwrap();
    let connection = &how["connection"];
    assert_eq!((&connection["protocol"], &connection["chosen_by"]), (&"HTTP/3.0".into(), &"alpn".into()));
    assert_eq!(connection["quic"], serde_json::json!({ "address_validated": false, "migrations": 0 }));
    assert_eq!(connection["server"], server.https().to_string());
    assert_eq!(how["tls"]["version"], "TLSv1.3");
    assert!(how["microseconds"]["round_trip"].as_f64().unwrap() > 0.0, "{how}");
    let log = fs::read_to_string(server.path("access.log")).unwrap();
    let line = log
        .lines()
        .find(|line| line.contains("\"HEAD / HTTP/3.0\" 200 0 "))
        .unwrap_or_else(|| panic!("{log}"));
    assert!(line.starts_with("127.0.0.1 - - ") && line.contains(" TLSv1.3 "), "{line}");
    let counted = |route: &str, status: u16, method: &str| {
        server.metric(&format!(
            "e6_http_requests_total{{method=\"{method}\",protocol=\"HTTP/3.0\",route=\"{route}\",status=\"{status}\"}}"
        ))
    };
    assert_eq!(
        (counted("/", 206, "GET"), counted("/", 304, "GET"), counted("/", 200, "HEAD")),
        (1.0, 1.0, 1.0)
    );
    server.wait_until("closed", || server.metric("e6_connections{listener=\"http3\"}") == 0.0);
    assert_eq!(server.metric("e6_connections_accepted_total{listener=\"http3\"}"), 1.0);
    assert_eq!(server.metric("e6_quic_handshakes_total{address_validated=\"no\"}"), 1.0);
    let handshakes = "e6_tls_handshakes_total{group=\"unknown\",resumed=\"unknown\",version=\"TLSv1.3\"}";
    assert_eq!(server.metric(handshakes), 1.0);
}

#[test]
#[ignore = "needs aioquic"]
fn more_requests_than_streams_are_all_answered() {
    on_a_site("streams");
}

#[test]
#[ignore = "needs aioquic"]
fn a_response_larger_than_every_window_arrives_whole() {
    on_a_site("picture");
}

#[test]
#[ignore = "needs aioquic"]
fn events_arrive_while_other_requests_are_answered() {
    on_a_site("events_stream");
}

#[test]
#[ignore = "needs aioquic"]
fn a_malformed_request_resets_its_stream_alone() {
    on_a_site("malformed");
}

#[test]
#[ignore = "needs aioquic"]
fn a_field_section_that_is_too_large_is_refused_and_not_collected() {
    let (server, _mlb) = site_with("");
    aioquic::run("large", server.https(), &[]);
    let log = fs::read_to_string(server.path("access.log")).unwrap();
    assert!(log.lines().filter(|line| line.contains(" 431 ")).count() == 2, "{log}");
}

#[test]
#[ignore = "needs aioquic"]
fn a_frame_where_it_is_not_allowed_ends_the_connection_with_its_code() {
    on_a_site("frames");
}

#[test]
#[ignore = "needs aioquic"]
fn no_noise_on_any_stream_stops_a_worker_or_stays_in_memory() {
    let (server, _mlb) = site_with("");
    for seed in ["1", "2", "3"] {
        let ended: u32 = aioquic::run("noise", server.https(), &[seed]).trim().parse().unwrap();
        assert!(ended > 10, "much of it violates the protocol: {ended}");
    }
    server.wait_until("closed", || server.metric("e6_connections{listener=\"http3\"}") == 0.0);
    for worker in 0..workers() {
        assert_eq!(server.metric(&format!("e6_restarts_total{{thread=\"worker-{worker}\"}}")), 0.0);
    }
    assert!(!server.stderr().contains("panic"), "{}", server.stderr());
}

#[test]
#[ignore = "needs aioquic"]
fn clients_that_leave_early_leave_nothing_behind() {
    let (server, _mlb) = site_with("");
    aioquic::run("early_close", server.https(), &[]);
    server.wait_until("closed", || server.metric("e6_connections{listener=\"http3\"}") == 0.0);
}

#[test]
#[ignore = "needs aioquic"]
fn an_unknown_version_is_answered_with_the_known_ones() {
    on_a_site("versions");
}

#[test]
#[ignore = "needs aioquic"]
fn keys_are_updated_on_the_clients_request() {
    on_a_site("key_update");
}

#[test]
#[ignore = "needs aioquic"]
fn a_connection_goes_on_from_other_ports_on_whichever_worker_they_lead_to() {
    let (server, _mlb) = site_with("");
    let how: serde_json::Value =
        serde_json::from_str(&aioquic::run("migration", server.https(), &["24"])).unwrap();
    assert!(how["connection"]["quic"]["migrations"].as_u64() == Some(0), "{how}");
    assert_eq!(server.metric("e6_connections_accepted_total{listener=\"http3\"}"), 1.0);
    // With two workers, one port in 2^24 cases leads to the same worker each time.
    if workers() > 1 {
        assert!(server.metric("e6_quic_datagrams_handed_over_total{to=\"worker\"}") > 0.0);
    }
    assert_eq!(server.metric("e6_quic_datagrams_handed_over_total{to=\"dropped\"}"), 0.0);
}

fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[test]
#[ignore = "needs aioquic"]
fn migration_can_be_switched_off() {
    let (server, _mlb) = site_with("[listen]\nhttp3_migration = false\n");
    aioquic::run("no_migration", server.https(), &[]);
}

#[test]
#[ignore = "needs aioquic"]
fn a_draining_server_names_the_last_request_and_closes_without_an_error() {
    let (server, _mlb) = site_with("");
    let pid = server.pid().to_string();
    aioquic::run("goaway", server.https(), &[&pid]);
    let (status, _) = server.terminate();
    assert!(status.success());
}

#[test]
#[ignore = "needs aioquic"]
fn a_restart_after_a_crash_resets_old_connections_at_once() {
    let (server, mlb) = site_with(&format!("[listen]\nhttps = \"127.0.0.1:{}\"\n", free_port()));
    let address = server.https();
    let mut client = Scenario::start("stateless_reset", address, &[]);
    client.wait_until_ready();
    let key = server.path(".local/state/e6/quic.key");
    let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(&key).unwrap());
    assert_eq!(mode & 0o777, 0o600);
    let dir = server.kill();
    let server = Server::start_in(dir, &["--mlb-url", &mlb.url(), "--clock", EVENING, "--http3", "on"]);
    assert_eq!(server.https(), address);
    client.finish();
}

#[test]
#[ignore = "needs curl_cffi"]
fn libcurl_gets_pages_over_http3_alone() {
    let (server, _mlb) = site_with("");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http3_curl.py");
    let port = server.https().port().to_string();
    tools::output(Command::new(tools::python_with("curl_cffi")).arg(script).arg(port));
    server.wait_until("closed", || server.metric("e6_connections{listener=\"http3\"}") == 0.0);
}

/// The hash of the certificate's public key, by which Chromium can be told to trust it.
fn key_hash(server: &Server) -> String {
    let mut stream = handshake(server.https(), "localhost", client(server, &["http/1.1"], BOTH)).unwrap();
    stream.flush().unwrap();
    let certificate = stream.conn.peer_certificates().unwrap()[0].to_vec();
    let (_, certificate) = x509_parser::parse_x509_certificate(&certificate).unwrap();
    BASE64_STANDARD.encode(Sha256::digest(certificate.public_key().raw))
}

#[test]
#[ignore = "needs Chromium"]
fn chromium_loads_the_page_and_all_of_its_parts_over_http3() {
    let (server, _mlb) = site_with("");
    let port = server.https().port();
    let force = format!("--origin-to-force-quic-on=127.0.0.1:{port}");
    let trust = format!("--ignore-certificate-errors-spki-list={}", key_hash(&server));
    let mut browser = Browser::open_with(&["--enable-quic", &force, &trust]);
    browser.visit(&format!("https://127.0.0.1:{port}/"));
    assert_eq!(browser.text(".verdict"), "Yes");
    let protocols = "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]\
                     .map(({ nextHopProtocol }) => nextHopProtocol).filter(Boolean).join()";
    let protocols = browser.evaluate(protocols);
    let protocols: Vec<_> = protocols.as_str().unwrap().split(',').collect();
    assert!(protocols.len() > 2 && protocols.iter().all(|protocol| *protocol == "h3"), "{protocols:?}");
    assert_eq!(browser.complaints(), Vec::<String>::new());
    assert!(server.metric("e6_quic_handshakes_total{address_validated=\"no\"}") >= 1.0);
}

/// Tests that need IPv6: ignored by default, run by `.ci/run` if the kernel has it.
mod needs_ipv6 {
    use super::*;

    #[test]
    #[ignore = "needs aioquic and IPv6"]
    fn a_client_is_served_over_ipv6_and_its_connection_goes_on_from_other_ports() {
        let (server, _mlb) = site_with("[listen]\nhttps = \"[::1]:0\"\n");
        let address = server.https().to_string();
        let how = Scenario::start_at("semantics", &address, &[]).finish();
        let how: serde_json::Value = serde_json::from_str(&how).unwrap();
        assert_eq!(how["connection"]["protocol"], "HTTP/3.0");
        assert_eq!(how["connection"]["server"], address);
        Scenario::start_at("migration", &address, &["6"]).finish();
        let log = fs::read_to_string(server.path("access.log")).unwrap();
        assert!(log.lines().any(|line| line.starts_with("::1 - - ")), "{log}");
    }

    #[test]
    #[ignore = "needs aioquic and IPv6"]
    fn a_listener_on_every_address_serves_ipv6_and_ipv4() {
        let (server, _mlb) = site_with("[listen]\nhttps = \"[::]:0\"\n");
        let port = server.https().port();
        for host in ["[::1]", "127.0.0.1"] {
            Scenario::start_at("key_update", &format!("{host}:{port}"), &[]).finish();
        }
    }
}

#[test]
fn browsers_are_told_of_http3_unless_the_certificate_is_self_signed() {
    let mlb = FakeMlb::with(&[]);
    let alternative = |arguments: &[&str], toml: &str| {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("e6.toml"), toml).unwrap();
        let url = mlb.url();
        let server = Server::start_in(dir, &[&["--mlb-url", &url], arguments].concat());
        let port = server.https().port().to_string();
        assert_eq!(server.get("/healthz", "").field("alt-svc"), "", "never without TLS");
        field_over_tls(&server, "alt-svc").replace(&port, "PORT")
    };
    assert_eq!(alternative(&["--http3", "auto"], ""), "", "self-signed");
    assert_eq!(alternative(&["--http3", "off"], ""), "");
    assert_eq!(alternative(&["--http3", "on"], ""), "h3=\":PORT\"; ma=86400");
    assert_eq!(alternative(&["--http3", "on"], "[listen]\nhttp3_max_age = 60\n"), "h3=\":PORT\"; ma=60");
    assert_eq!(alternative(&["--http3", "off"], "[listen]\nhttp3_max_age = 0\n"), "clear");
}

#[test]
fn a_udp_port_that_is_taken_turns_http3_off_or_fails_as_configured() {
    // The TCP port of the same number is free.
    let taken = UdpSocket::bind(("127.0.0.1", free_port())).unwrap();
    let https = taken.local_addr().unwrap().to_string();
    let start = ["--mlb-url", "http://127.0.0.1:9", "--https", &https, "--http3"];
    let server = Server::start_with(&[&start[..], &["auto"]].concat());
    assert!(server.stderr().contains("cannot listen on UDP"), "{}", server.stderr());
    assert_eq!(field_over_tls(&server, "alt-svc"), "", "it has no HTTP/3 to announce");
    assert_eq!(
        send_to(server.http(), "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", true).status,
        200
    );
    drop(server);
    let dir = tempfile::tempdir().unwrap();
    let free = ["--http", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    let (code, _, stderr) = crate::support::server::run(dir.path(), &[&start[..], &["on"], &free].concat());
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("another process has that UDP port: stop it, or type --http3 off"), "{stderr}");
}

#[test]
fn a_datagram_that_is_no_quic_packet_is_dropped() {
    let (server, _mlb) = site_with("");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let garbage: Vec<u8> = (0..1400).map(|byte| (byte * 7) as u8).collect();
    for length in (0..1400).step_by(7) {
        for first in [0x00, 0x40, 0x80, 0xc0, 0xff] {
            let mut datagram = garbage[..length].to_vec();
            if let Some(byte) = datagram.first_mut() {
                *byte = first;
            }
            socket.send_to(&datagram, server.https()).unwrap();
        }
    }
    assert_eq!(server.get("/healthz", "").status, 200);
    assert_eq!(server.metric("e6_restarts_total{thread=\"worker-0\"}"), 0.0);
    assert_eq!(server.metric("e6_connections_accepted_total{listener=\"http3\"}"), 0.0);
}
