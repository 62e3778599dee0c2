//! Metrics, in Prometheus's text format.

use crate::{
    support::{
        day::{EVENING, Game, IN_PROGRESS},
        fake_mlb::Fault,
        server::{PATIENCE, Server, site},
        tools,
    },
    tls::handshake,
};
use rustls::version::{TLS12, TLS13};
use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    net::TcpStream,
    path::Path,
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

/// Names of metrics in a text: words that begin like ours.
fn metric_names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("e6_") || word.starts_with("process_")).collect()
}

#[test]
fn alerts_and_dashboard_ask_for_metrics_that_exist() {
    let (server, _mlb) = site();
    server.page();
    let metrics = server.metrics();
    let exist = metric_names(&metrics);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    for file in ["prometheus/alerts.yml", "prometheus/alerts_test.yml", "grafana/dashboard.json"] {
        let text = fs::read_to_string(root.join(file)).unwrap();
        let asked = metric_names(&text);
        assert!(asked.len() >= 5, "{file}: {asked:?}");
        assert_eq!(asked.difference(&exist).collect::<Vec<_>>(), Vec::<&&str>::new(), "{file}");
    }
    let dashboard = fs::read_to_string(root.join("grafana/dashboard.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&dashboard).unwrap();
}

#[test]
#[ignore = "needs promtool"]
fn promtool_passes_the_tests_of_the_alerts() {
    let promtool = tools::find("promtool");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/prometheus");
    for arguments in [["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]] {
        let output = Command::new(&promtool).args(arguments).current_dir(&folder).output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
    }
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
    // Bytes that are not a request are counted when the connection has ended.
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
fn the_answer_and_its_age_are_among_the_metrics() {
    let (server, mlb) = site();
    let verdicts = |server: &Server| {
        ["yes", "no", "not_yet", "no_game", "unknown"]
            .map(|verdict| server.metric(&format!("e6_answer{{verdict=\"{verdict}\"}}")))
    };
    assert_eq!(verdicts(&server), [1.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(server.metric("e6_errors_today"), 1.0);
    assert_eq!((server.metric("e6_game_in_progress"), server.metric("e6_answer_stale")), (1.0, 0.0));
    let last_success = |server: &Server| server.metric("e6_mlb_last_success_timestamp_seconds");
    let rfc3339 = &time::format_description::well_known::Rfc3339;
    let asked_at = server.api()["asked_at"].as_str().unwrap().to_owned();
    let asked_at = time::OffsetDateTime::parse(&asked_at, rfc3339).unwrap().unix_timestamp() as f64;
    assert!((asked_at - 1.0..asked_at + 60.0).contains(&last_success(&server)), "{asked_at}");

    mlb.play(&[Game { stamp: 2, ..Game::new(IN_PROGRESS) }]);
    wait_for(&server, "e6_answer{verdict=\"not_yet\"}", |value| value == 1.0);
    assert_eq!((verdicts(&server), server.metric("e6_errors_today")), ([0.0, 0.0, 1.0, 0.0, 0.0], 0.0));
    assert!(server.metrics().contains("\ne6_errors_today 0\n"), "zero errors are known");
    assert_eq!((server.metric("e6_game_in_progress"), server.metric("e6_answer_stale")), (1.0, 0.0));

    mlb.fault(Fault::Refuse);
    wait_for(&server, "e6_mlb_polls_total{outcome=\"unreachable\"}", |count| count >= 1.0);
    let before = last_success(&server);
    wait_for(&server, "e6_mlb_polls_total{outcome=\"unreachable\"}", |count| count >= 2.0);
    assert_eq!(last_success(&server), before);

    let server = Server::start(&mlb, EVENING);
    let metrics = server.metrics();
    assert_eq!(verdicts(&server), [0.0, 0.0, 0.0, 0.0, 1.0]);
    assert_eq!(server.metric("e6_game_in_progress"), 0.0);
    assert!(metrics.contains("\ne6_mlb_last_success_timestamp_seconds 0\n"), "never: {metrics}");
    assert!(!metrics.contains("e6_errors_today"), "an unknown number is not zero: {metrics}");
    assert!(!metrics.contains("NaN"), "{metrics}");
}

#[test]
fn every_labelled_series_is_there_from_the_start_with_help() {
    let (server, _mlb) = site();
    let metrics = server.metrics();
    let has = |series: &str| metrics.lines().any(|line| line.starts_with(series));
    for (family, label, values) in [
        ("e6_connections", "listener", "http https admin"),
        ("e6_connections_accepted_total", "listener", "http https admin"),
        (
            "e6_connections_refused_total",
            "reason",
            "handshake_deadline handshake_failed cleartext proxy_header address unfinished_handshakes",
        ),
        ("e6_connections_ended_total", "reason", "head idle age requests request stall room"),
        ("e6_http2_streams_reset_total", "reason", "request stall memory"),
        ("e6_http_requests_refused_total", "reason", "address_rate event_streams"),
        (
            "e6_mlb_polls_total",
            "outcome",
            "heard unreachable too_slow turned_away refused garbled no_such_player",
        ),
        ("e6_answer", "verdict", "yes no not_yet no_game unknown"),
        ("e6_restarts_total", "thread", "poller worker-0"),
    ] {
        for value in values.split(' ') {
            assert!(has(&format!("{family}{{{label}=\"{value}\"}} ")), "{family} {value}: {metrics}");
        }
    }
    for route in e6::internals::ROUTES.iter().map(|route| route.pattern).chain(["none"]) {
        for protocol in ["HTTP/1.1", "HTTP/2.0"] {
            for status in [200, 404, 500] {
                assert!(
                    has(&format!(
                        "e6_http_requests_total{{method=\"GET\",protocol=\"{protocol}\",route=\"{route}\",status=\"{status}\"}} "
                    )),
                    "{route} {protocol} {status}: {metrics}"
                );
            }
        }
    }
    for (group, resumed, version) in [
        ("X25519MLKEM768", "no", "TLSv1.3"),
        ("X25519", "yes", "TLSv1.3"),
        ("secp256r1", "no", "TLSv1.2"),
        ("none", "yes", "TLSv1.2"),
        ("unknown", "unknown", "TLSv1.3"),
    ] {
        let labels = format!("group=\"{group}\",resumed=\"{resumed}\",version=\"{version}\"");
        assert!(has(&format!("e6_tls_handshakes_total{{{labels}}} ")), "{labels}: {metrics}");
    }
    for line in metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let family = line.split(' ').next().unwrap();
        let help = metrics.lines().find_map(|line| line.strip_prefix(&format!("# HELP {family} ")));
        assert!(help.is_some_and(|help| help.len() > 20 && help.ends_with('.')), "{family}: {help:?}");
        assert!(
            has(&format!("{family}{{")) || has(&format!("{family} ")) || has(&format!("{family}_sum")),
            "{family}"
        );
    }
}

#[test]
fn the_process_tells_what_it_uses() {
    let (server, _mlb) = site();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    let started = server.metric("process_start_time_seconds");
    assert!((now - 120.0..now + 5.0).contains(&started), "{started} at {now}");
    assert!(server.metric("process_cpu_seconds_total") > 0.0);
    assert!(server.metric("process_resident_memory_bytes") > 1e6);
    assert!(server.metric("process_virtual_memory_bytes") > 1e6);
    assert!(server.metric("process_threads") >= 3.0, "two workers at least, and the poller");
    let open = server.metric("process_open_fds");
    assert!(open > 5.0 && open < server.metric("process_max_fds"));
    let more: Vec<_> = (0..20).map(|_| TcpStream::connect(server.http()).unwrap()).collect();
    wait_for(&server, "process_open_fds", |now| now >= open + 20.0);
    drop(more);
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
