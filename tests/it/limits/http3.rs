//! The limits of HTTP/3, with aioquic as the peer that reaches them.

use crate::{
    attacks::slow_peers::has_freed_all,
    http::http3::site_with,
    limits::{SLACK, ended, wait_until},
    support::{
        aioquic::{self, Scenario},
        day::EVENING,
        fake_mlb::FakeMlb,
        preload,
        server::{PATIENCE, Server, command},
    },
    tls::handshake,
};
use std::{
    fs,
    io::{Read, Write},
    net::UdpSocket,
    time::{Duration, Instant},
};

/// The most that a server may grow under an attack.
const GROWTH: u64 = 16 * 1024 * 1024;
/// The longest that a visitor may wait during one.
const AT_MOST: Duration = Duration::from_secs(2);

/// Runs a scenario on a site with these limits.
fn on_a_site(limits: &str, scenario: &str) -> (Server, String, impl Sized) {
    let (server, mlb) = site_with(&format!("[limits]\n{limits}\n"));
    let output = aioquic::run(scenario, server.https(), &[]);
    (server, output, mlb)
}

/// Bytes of memory of the server's process.
fn memory(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Asserts that visitors over TCP and over QUIC are served in time. The best of three counts, because other tests may
/// load the machine.
fn serves_visitors(server: &Server, during: &str) {
    let visit = |_| {
        let began = Instant::now();
        let mut stream = handshake::established(server, &["http/1.1"]);
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).unwrap();
        assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
        began.elapsed()
    };
    let times = [0, 1, 2].map(visit);
    assert!(times.iter().any(|time| *time < AT_MOST), "{during}: {times:?}");
    aioquic::run("key_update", server.https(), &[]);
}

#[test]
#[ignore = "needs aioquic"]
fn new_clients_prove_their_address_while_a_worker_is_busy() {
    let (server, how, _mlb) = on_a_site("h3_unvalidated = 0", "semantics");
    let how: serde_json::Value = serde_json::from_str(&how).unwrap();
    assert_eq!(how["connection"]["quic"]["address_validated"], true);
    assert_eq!(server.metric("e6_quic_retries_total"), 1.0);
    assert_eq!(server.metric("e6_quic_handshakes_total{address_validated=\"yes\"}"), 1.0);
    assert_eq!(server.metric("e6_quic_handshakes_total{address_validated=\"no\"}"), 0.0);
}

#[test]
#[ignore = "needs aioquic"]
fn a_connection_without_a_request_ends() {
    let began = Instant::now();
    let (server, _, _mlb) = on_a_site("head = 1", "silent");
    assert!(began.elapsed() < Duration::from_secs(1) + SLACK + PATIENCE / 3);
    assert_eq!(ended(&server, "head"), 1.0);
}

#[test]
#[ignore = "needs aioquic"]
fn pings_are_no_requests_and_keep_no_connection_open() {
    let (server, _, _mlb) = on_a_site("idle = 2", "idle");
    assert_eq!(ended(&server, "idle"), 1.0);
}

#[test]
#[ignore = "needs aioquic"]
fn a_connection_ends_after_its_requests_or_its_age() {
    let (server, answered, _mlb) = on_a_site("requests = 5", "many_requests");
    assert!((5..20).contains(&answered.trim().parse::<u32>().unwrap()), "{answered}");
    assert_eq!(ended(&server, "requests"), 1.0);
    let (server, _, _mlb) = on_a_site("age = 1", "many_requests");
    assert_eq!(ended(&server, "age"), 1.0);
}

#[test]
#[ignore = "needs aioquic"]
fn half_a_head_resets_its_stream_alone() {
    let (server, _, _mlb) = on_a_site("head = 1", "half_a_head");
    assert_eq!(server.metric("e6_http3_streams_reset_total{reason=\"head\"}"), 1.0);
}

#[test]
#[ignore = "needs aioquic"]
fn a_response_that_is_not_taken_resets_its_stream_alone() {
    let (server, _, _mlb) = on_a_site("stall = 1", "slow");
    assert_eq!(server.metric("e6_http3_streams_reset_total{reason=\"stall\"}"), 1.0);
    let (server, _, _mlb) = on_a_site("request = 1", "slow");
    assert_eq!(server.metric("e6_http3_streams_reset_total{reason=\"request\"}"), 1.0);
}

#[test]
#[ignore = "needs aioquic"]
fn a_reader_that_stops_loses_its_connection() {
    let (server, _, _mlb) = on_a_site("stall = 1\nidle = 2", "stopped");
    assert_eq!(server.metric("e6_http3_streams_reset_total{reason=\"stall\"}"), 1.0);
    assert_eq!(ended(&server, "idle"), 1.0);
    has_freed_all(&server);
}

#[test]
#[ignore = "needs aioquic"]
fn streams_without_a_request_end_their_connection() {
    let (server, _, _mlb) = on_a_site("", "resets");
    assert_eq!(ended(&server, "control_frames"), 1.0);
    serves_visitors(&server, "after it");
}

#[test]
#[ignore = "needs aioquic"]
fn a_flood_of_control_frames_ends_its_connection() {
    let (server, _, _mlb) = on_a_site("", "control_flood");
    assert_eq!(ended(&server, "control_frames"), 1.0);
}

/// An address of this machine that is not exempt from limits.
fn own_address() -> String {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    // Sends nothing: it only asks for the way.
    socket.connect("192.0.2.1:9").expect("a network besides loopback");
    socket.local_addr().unwrap().ip().to_string()
}

#[test]
#[ignore = "needs aioquic and a network"]
fn an_address_has_so_many_connections() {
    let address = own_address();
    let listen = format!("[listen]\nhttps = \"{address}:0\"\n[limits]\naddress_connections = 3\n");
    let (server, _mlb) = site_with(&listen);
    Scenario::start_at("crowd", &server.https().to_string(), &["3"]).finish();
    assert_eq!(server.metric("e6_connections_refused_total{reason=\"address\"}"), 1.0);
}

/// Runs a flood on a site, and returns the server once the flood has ended. Memory is flat, and visitors are served.
fn floods(scenario: &str, arguments: &[&str]) -> (Server, impl Sized) {
    let (server, mlb) = site_with("");
    serves_visitors(&server, "before");
    let before = memory(&server);
    let mut flood = Scenario::start(scenario, server.https(), arguments);
    serves_visitors(&server, "during the flood");
    flood.wait_until_ready();
    let after = memory(&server);
    assert!(after < before + GROWTH, "{before} {after}");
    serves_visitors(&server, "after the flood");
    flood.finish();
    (server, mlb)
}

#[test]
#[ignore = "needs aioquic"]
fn a_flood_of_stop_sending_costs_little_memory_and_keeps_nobody_out() {
    floods("given_up", &["stop", "3000"]);
}

#[test]
#[ignore = "needs aioquic"]
fn a_flood_of_resets_costs_little_memory_and_keeps_nobody_out() {
    floods("given_up", &["reset", "3000"]);
}

#[test]
#[ignore = "needs aioquic"]
fn streams_that_come_and_go_cost_little_memory_and_keep_nobody_out() {
    floods("churn", &["", "5000"]);
    floods("churn", &["!", "5000"]);
}

#[test]
#[ignore = "needs aioquic"]
fn a_flood_on_the_stream_of_qpacks_encoder_ends_its_connection() {
    let (server, _mlb) = site_with("");
    let before = memory(&server);
    aioquic::run("qpack_flood", server.https(), &[]);
    assert!(memory(&server) < before + GROWTH);
    serves_visitors(&server, "after the flood");
}

/// What clients send first: the smallest datagram that QUIC allows, larger ones, two datagrams because of a large key
/// exchange, and several clients with one address.
const FIRST_DATAGRAMS: [&str; 6] = ["1200", "1201", "1250", "1350", "1250x2", "1200+1250x2+1200"];
/// Bytes of certificates. With that of 2,480, quinn would send its connection IDs beyond the limit, which have a short
/// header.
const CERTIFICATES: [usize; 5] = [1024, 2048, 2480, 4096, 8192];
/// The connections that they begin.
const CONNECTIONS: f64 = 8.0;

/// A site whose certificate has about this many bytes.
fn with_a_certificate_of(bytes: usize) -> (Server, FakeMlb) {
    let mlb = FakeMlb::with(&[]);
    let dir = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    let padding = rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 311, 1], vec![4; bytes]);
    params.custom_extensions.push(padding);
    for (name, text) in
        [("tls.pem", params.self_signed(&key).unwrap().pem()), ("tls.key", key.serialize_pem())]
    {
        fs::write(dir.path().join(name), text).unwrap();
    }
    fs::write(dir.path().join("e6.toml"), "[limits]\nhandshake = 4\n").unwrap();
    let files = ["--tls-cert", "tls.pem", "--tls-key", "tls.key"];
    let flags = ["--mlb-url", &mlb.url(), "--clock", EVENING, "--http3", "on"];
    (Server::start_in(dir, &[&flags[..], &files].concat()), mlb)
}

/// RFC 9000 §8.1.
#[test]
#[ignore = "needs aioquic"]
fn a_client_that_never_answers_gets_at_most_three_times_its_bytes() {
    let sites: Vec<_> = CERTIFICATES.map(|bytes| (bytes, with_a_certificate_of(bytes))).into();
    let attacks = sites.iter().map(|(certificate, (server, _))| {
        let mut clients = Scenario::start("unanswered", server.https(), &FIRST_DATAGRAMS);
        clients.wait_until_ready();
        (certificate, server, clients)
    });
    for (certificate, server, clients) in attacks.collect::<Vec<_>>() {
        // By then quinn has sent again twice.
        let refused = || server.metric("e6_connections_refused_total{reason=\"handshake_deadline\"}");
        server.wait_until("the handshakes' deadline", || refused() == CONNECTIONS);
        for (first, line) in FIRST_DATAGRAMS.iter().zip(clients.finish().lines()) {
            let (sent, received) = line.split_once(' ').unwrap();
            let (sent, received): (u32, u32) = (sent.parse().unwrap(), received.parse().unwrap());
            let times = f64::from(received) / f64::from(sent);
            eprintln!("{certificate} bytes, {first}: {received} bytes for {sent}, {times:.2} times");
            assert!(received > sent && received <= 3 * sent, "{received} bytes for {sent}");
        }
    }
}

#[test]
#[ignore = "needs aioquic"]
fn a_client_that_answers_gets_a_certificate_of_any_size() {
    for certificate in CERTIFICATES {
        let (server, _mlb) = with_a_certificate_of(certificate);
        aioquic::run("answered", server.https(), &FIRST_DATAGRAMS[..5]);
    }
}

#[test]
#[ignore = "needs aioquic"]
fn first_packets_that_others_send_with_a_clients_address_do_not_slow_it() {
    let (server, _mlb) = with_a_certificate_of(1024);
    let slowest: f64 = aioquic::run("forged", server.https(), &[]).trim().parse().unwrap();
    assert!(slowest < AT_MOST.as_secs_f64(), "{slowest}");
}

#[test]
#[ignore = "needs aioquic"]
fn a_client_may_send_as_much_as_the_window_says() {
    let (_server, output, _mlb) = on_a_site("h3_window = 20000", "windows");
    assert_eq!(output.trim(), "20000 40000");
}

#[test]
#[ignore = "needs aioquic"]
fn no_more_than_the_send_window_is_sent_without_an_acknowledgement() {
    let sent = |limits: &str, expected: &str| {
        let (server, _mlb) = site_with(&format!("[limits]\n{limits}\n"));
        aioquic::run("unacknowledged", server.https(), &[expected])
    };
    assert_eq!(sent("h3_send_window = 16384", "16384").trim(), "16384 part");
    let with_the_default = sent("", "1000000");
    assert!(with_the_default.ends_with(" whole\n"), "it has room for the whole picture: {with_the_default}");
}

/// Starts a server to which the kernel says that its sockets have buffers of this many bytes. Returns its log.
fn log_with_buffers_of(bytes: usize) -> String {
    let dir = tempfile::tempdir().unwrap();
    let source = format!(
        "#define _GNU_SOURCE\n#include <sys/socket.h>\n#include <sys/syscall.h>\n#include <unistd.h>\n\
         int getsockopt(int socket, int level, int name, void *value, socklen_t *length) {{\n\
         int result = syscall(SYS_getsockopt, socket, level, name, value, length);\n\
         if (level == SOL_SOCKET && (name == SO_RCVBUF || name == SO_SNDBUF)) *(int *)value = {bytes};\n\
         return result; }}\n"
    );
    let mut command = command(dir.path());
    command.env("LD_PRELOAD", preload::library(dir.path(), &source));
    // On loopback nothing gets lost.
    let flags = ["--mlb-url", "http://127.0.0.1:9", "--https", "0.0.0.0:0", "--http3", "on"];
    Server::start_by(command, dir, &flags).stderr()
}

#[test]
#[ignore = "needs cc"]
fn small_buffers_of_the_kernel_are_logged_with_the_command_to_type() {
    let says = "type: sysctl -w net.core.rmem_max=2097152 net.core.wmem_max=2097152";
    // The kernel doubles what it grants. 208 KiB is its default.
    let log = log_with_buffers_of(2 * 208 * 1024);
    assert!(log.contains(says) && log.contains("received=212992 sent=212992"), "{log}");
    let log = log_with_buffers_of(2 * 2 * 1024 * 1024);
    assert!(!log.contains("sysctl"), "{log}");
}

#[test]
#[ignore = "needs aioquic"]
fn first_packets_from_many_ports_cost_little_memory_and_keep_nobody_out() {
    let (server, _mlb) = site_with("");
    serves_visitors(&server, "before");
    let before = memory(&server);
    let mut flood = Scenario::start("initials", server.https(), &["1500"]);
    flood.wait_until_ready();
    let after = memory(&server);
    assert!(after < before + GROWTH, "{before} {after}");
    serves_visitors(&server, "while handshakes are unfinished");
    assert!(server.metric("e6_quic_retries_total") > 1000.0, "most were answered with Retry");
    flood.finish();
}

#[test]
#[ignore = "needs aioquic"]
fn responses_that_nobody_reads_cost_little_memory_and_keep_nobody_out() {
    let (server, _mlb) = site_with("");
    serves_visitors(&server, "before");
    let before = memory(&server);
    let mut flood = Scenario::start("blocked", server.https(), &["20"]);
    flood.wait_until_ready();
    let asked = || server.metric("e6_connections_accepted_total{listener=\"http3\"}");
    wait_until("connected", || asked() >= 20.0);
    let after = memory(&server);
    assert!(after < before + GROWTH, "{before} {after}");
    serves_visitors(&server, "while 1800 responses are blocked");
    flood.finish();
}
