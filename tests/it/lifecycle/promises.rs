//! Guarantees for operators, one test each. The tests of each module cover the details.

use crate::{
    limits::{SLACK, limited},
    support::{
        client::Kept,
        day::{EVENING, Game, IN_PROGRESS},
        fake_mlb::{FakeMlb, Fault},
        server::{Server, check, signal},
        tools,
    },
    tls::{certificates, handshake},
};
use serde_json::Value;
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

fn site() -> (Server, FakeMlb) {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("yes");
    (server, mlb)
}

/// The process's memory, in KiB.
fn memory(server: &Server) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn nothing_a_peer_sends_ends_the_process_or_grows_its_memory_past_its_bound() {
    /// Open connections, and KiB for each: buffers of both directions, TLS, and the excess of a debug build.
    const CONNECTIONS: usize = 100;
    const EACH: usize = 128;
    let (server, _mlb) = limited(&[("connections", CONNECTIONS as u64)]);
    let mut noise = vec![0; 64 * 1024];
    fastrand::Rng::with_seed(6).fill(&mut noise);
    let head = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}", "x".repeat(64 * 1024));
    let asked = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1000);
    let sent: [&[u8]; 4] = [&noise, head.as_bytes(), asked.as_bytes(), b"\x16\x03\x01\x40\x00\x01"];
    let before = memory(&server);
    let mut open = Vec::new();
    for round in 0..10 * CONNECTIONS {
        let address = if round % 3 == 0 { server.https() } else { server.http() };
        let Ok(mut stream) = TcpStream::connect(address) else { continue };
        stream.set_write_timeout(Some(Duration::from_millis(50))).unwrap();
        // The server may refuse it before everything is sent. The peer never reads.
        let _ = stream.write_all(sent[round % sent.len()]);
        open.push(stream);
    }
    let grown = memory(&server).saturating_sub(before);
    assert!(grown < CONNECTIONS * EACH + 8 * 1024, "{grown} KiB more");
    drop(open);
    assert_eq!(server.get("/healthz", "").status, 200);
    assert!(!server.stderr().contains("panic"), "{}", server.stderr());
}

#[test]
fn every_connection_ends() {
    let (server, _mlb) = limited(&[("handshake", 1), ("head", 1), ("idle", 1), ("request", 1)]);
    let clear = |sent: &[u8]| {
        let mut stream = TcpStream::connect(server.http()).unwrap();
        stream.write_all(sent).unwrap();
        stream
    };
    let open = [
        ("silent before TLS", TcpStream::connect(server.https()).unwrap()),
        ("silent after it", handshake::established(&server, &["h2"]).sock),
        ("silent in clear", clear(b"")),
        ("half a head", clear(b"GET / HTTP/1.1\r\nHo")),
        ("idle", clear(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")),
    ];
    for (what, mut stream) in open {
        // One second, and five more for the end of an HTTP/2 connection.
        stream.set_read_timeout(Some(Duration::from_secs(6) + SLACK)).unwrap();
        let ended = stream.read_to_end(&mut Vec::new());
        assert!(!ended.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "{what}");
    }
}

/// A server without access to CA, MLB, disk or DNS.
fn cut_off() -> Server {
    let nowhere = "https://nowhere.invalid";
    Server::start_with(
        &[
            ["--mlb-url", nowhere],
            ["--acme-directory", &format!("{nowhere}/dir")],
            ["--acme", "you@example.org"],
            ["--domain", "localhost"],
            ["--data-dir", "/dev/null/state"],
        ]
        .concat(),
    )
}

#[test]
fn a_valid_page_is_served_from_the_first_second_with_or_without_ca_mlb_disk_or_dns() {
    let page = cut_off().page();
    assert!(page.contains("</html>") && page.contains("Can&#39;t tell yet"), "{page}");
}

#[test]
#[ignore = "needs curl"]
fn curl_gets_a_valid_page_over_tls_without_ca_mlb_disk_or_dns() {
    tools::find("curl");
    let server = cut_off();
    let url = format!("https://localhost:{}/", server.https().port());
    // The certificate is self-signed.
    let page = tools::output(Command::new("curl").args(["--silent", "--insecure", "--fail", &url]));
    assert!(page.contains("Can't tell yet"), "{page}");
}

#[test]
fn a_reload_or_an_upgrade_refuses_no_connection_and_cuts_no_response() {
    let (server, _mlb) = site();
    let (over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let visit = || {
        while !over.load(Ordering::Relaxed) {
            let mut kept = Kept::open(server.http()).expect("no connection is refused");
            loop {
                let response = kept.get("/").expect("no response is cut");
                assert_eq!(response.status, 200);
                answered.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(2));
                if response.field("connection") == "close" || over.load(Ordering::Relaxed) {
                    break;
                }
            }
        }
    };
    thread::scope(|scope| {
        let visitors = [(); 3].map(|()| scope.spawn(visit));
        let done = ["reload", "upgrade", "reload", "upgrade"].map(|what| server.command(&[what]));
        over.store(true, Ordering::Relaxed);
        for visitor in visitors {
            visitor.join().unwrap();
        }
        assert!(done.iter().all(|(code, _)| *code == Some(0)), "{done:?}");
    });
    assert!(answered.load(Ordering::Relaxed) > 50);
}

#[test]
fn a_certificate_problem_is_visible_weeks_before_a_browser_sees_it() {
    let dir = tempfile::tempdir().unwrap();
    let end = (time::OffsetDateTime::now_utc() + time::Duration::days(13)).replace_nanosecond(0).unwrap();
    certificates::make_until(dir.path(), "localhost", end);
    let files = ["--tls-cert", "tls.crt", "--tls-key", "tls.key"];
    let (code, _, said) = check(dir.path(), &files);
    assert!(code == Some(0) && said.contains("the certificate expires on "), "{code:?} {said}");
    let server = Server::start_in(dir, &[&files[..], &["--mlb-url", "http://127.0.0.1:9"]].concat());
    assert_eq!(server.metric("e6_certificate_expiry_timestamp_seconds"), end.unix_timestamp() as f64);
    let health: Value = serde_json::from_slice(&server.get("/healthz", "").body).unwrap();
    let health = &health["certificate"];
    let told = health["not_after"].as_str().unwrap();
    assert!(told.starts_with(&end.date().to_string()), "{told}");
    assert!(health["last_error"].as_str().unwrap().contains("expires on "), "{health:#}");
    assert!(server.stderr().contains("ERROR certificate"), "{}", server.stderr());
}

#[test]
fn wrong_configuration_never_replaces_a_running_one_and_all_its_mistakes_are_listed() {
    let (server, _mlb) = site();
    fs::write(
        server.path("e6.toml"),
        "[words]\nyes = \"\"\n[player]\nid = \"me\"\n[log]\nfromat = \"json\"\n",
    )
    .unwrap();
    let (code, said) = server.command(&["reload"]);
    assert_eq!(code, Some(2), "{said}");
    for mistake in ["e6.toml:2: words.yes", "e6.toml:4: player.id", "did you mean log.format?"] {
        assert!(said.contains(mistake) && server.stderr().contains(mistake), "{mistake}: {said}");
    }
    assert!(server.page().contains("Yes") && server.api()["player"]["id"] == 665_487);
    let (code, said) = server.command(&["upgrade"]);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(server.found(), Some(server.pid()));
}

#[test]
fn kill_9_at_any_moment_loses_nothing_but_the_requests_in_flight() {
    let (mut server, mlb) = site();
    let before = server.api();
    server.wait_until("kept", || server.path(".local/state/e6/last-good.e6").exists());
    signal(server.pid(), "KILL");
    assert!(!server.wait_for_exit().success());
    mlb.fault(Fault::Refuse);
    let again = Server::start_in(server.kill(), &["--mlb-url", &mlb.url(), "--clock", EVENING]);
    let after = again.api();
    for field in ["verdict", "errors", "changed_at", "games", "plays"] {
        assert_eq!(after[field], before[field], "{field}");
    }
}
