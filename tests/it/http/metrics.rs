//! What is counted, as Prometheus reads it.

use crate::{
    support::{
        day::EVENING,
        fake_mlb::{FakeMlb, Fault},
        server::{PATIENCE, Server, site},
        tools,
    },
    tls::handshake,
};
use rustls::version::{TLS12, TLS13};
use std::{
    io::Write,
    net::TcpStream,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

fn wait_for(server: &Server, series: &str, is_so: impl Fn(f64) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so(server.metric(series)) {
        assert!(Instant::now() < deadline, "{series}:\n{}", server.metrics());
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
#[ignore = "needs promtool"]
fn promtool_finds_nothing_to_say() {
    tools::find("promtool");
    let (server, _mlb) = site();
    server.page();
    handshake::connect(&server, "localhost", &["h2"], &[&TLS13]).unwrap();
    let _ = TcpStream::connect(server.https()).unwrap().write_all(b"not TLS at all\r\n\r\n");
    wait_for(&server, "e6_connections_refused_total{reason=\"handshake_failed\"}", |count| count == 1.0);
    let mut child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(server.metrics().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && said.is_empty(), "{said}\n{}", server.metrics());
}

#[test]
fn requests_are_counted_by_route_method_status_and_protocol() {
    let (server, _mlb) = site();
    let home = "e6_http_requests_total{method=\"GET\",protocol=\"HTTP/1.1\",route=\"/\",status=\"200\"}";
    let (requests, bytes) = (server.metric(home), server.metric("e6_http_response_bytes_total"));
    let durations = server.metric("e6_http_request_duration_seconds_count");
    let length: usize = (0..3).map(|_| server.get("/", "").body.len()).sum();
    assert_eq!(server.metric(home), requests + 3.0);
    assert_eq!(server.metric("e6_http_response_bytes_total"), bytes + length as f64);
    assert_eq!(server.metric("e6_http_request_duration_seconds_count"), durations + 3.0);
}

#[test]
fn nothing_a_peer_makes_up_becomes_a_label() {
    let (server, _mlb) = site();
    let strange = |round: usize| {
        let method = "X".repeat(round + 1);
        server.send(
            &format!("{method} /{round} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
            true,
        );
        server.get(&format!("/static/{round}"), "");
        server.send(&format!("GET / HTTP/1.1\r\nHost: localhost\r\n{round}\r\n\r\n"), true);
    };
    let series = || server.metrics().lines().count();
    // What was no request is counted once its connection has ended.
    let unread =
        "e6_http_requests_total{method=\"none\",protocol=\"HTTP/1.1\",route=\"none\",status=\"400\"}";
    strange(0);
    wait_for(&server, unread, |count| count == 1.0);
    let before = series();
    (1..20).for_each(strange);
    wait_for(&server, unread, |count| count == 20.0);
    assert_eq!(series(), before, "{}", server.metrics());
}

#[test]
fn connections_and_handshakes_are_counted() {
    let (server, _mlb) = site();
    let group = "X25519MLKEM768";
    let new = format!("e6_tls_handshakes_total{{group=\"{group}\",resumed=\"no\",version=\"TLSv1.3\"}}");
    let first = handshake::connect(&server, "localhost", &["h2"], &[&TLS13]).unwrap();
    wait_for(&server, &new, |count| count == 1.0);
    let old = "e6_tls_handshakes_total{group=\"X25519\",resumed=\"no\",version=\"TLSv1.2\"}";
    let second = handshake::connect(&server, "localhost", &["http/1.1"], &[&TLS12]).unwrap();
    wait_for(&server, old, |count| count == 1.0);
    let open = "e6_connections{listener=\"https\"}";
    assert_eq!(server.metric(open), 2.0);
    drop((first, second));
    wait_for(&server, open, |count| count == 0.0);
    assert_eq!(server.metric("e6_connections_accepted_total{listener=\"https\"}"), 2.0);
}

#[test]
fn polls_and_the_age_of_the_answer_are_told() {
    let (server, mlb) = site();
    assert!(server.metric("e6_mlb_polls_total{outcome=\"heard\"}") >= 1.0);
    assert!((0.0..60.0).contains(&server.metric("e6_answer_age_seconds")));
    mlb.fault(Fault::Refuse);
    wait_for(&server, "e6_mlb_polls_total{outcome=\"unreachable\"}", |count| count >= 1.0);
    assert!(server.metrics().contains("e6_build_info{commit="));
}

#[test]
fn an_answer_that_was_never_heard_has_no_age() {
    let mlb = FakeMlb::with(&[]);
    mlb.fault(Fault::Refuse);
    let server = Server::start(&mlb, EVENING);
    assert!(server.metrics().contains("\ne6_answer_age_seconds NaN\n"), "{}", server.metrics());
}

#[test]
fn visitors_do_not_see_metrics_and_operators_see_nothing_else() {
    let (server, _mlb) = site();
    assert_eq!(server.get("/metrics", "").status, 404);
    let ask = |path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        crate::support::server::send_to(server.admin(), &request, true).status
    };
    for (path, status) in
        [("/metrics", 200), ("/healthz", 200), ("/readyz", 200), ("/", 404), ("/static/e6.css", 404)]
    {
        assert_eq!(ask(path), status, "{path}");
    }
}
