//! Reloads of the configuration.

use crate::{
    http::events::Listener,
    support::{
        client::Kept,
        day::{EVENING, Game, IN_PROGRESS},
        fake_mlb::FakeMlb,
        server::{PID_FILE, Server, signal},
    },
    tls::handshake::{BOTH, handshake, trusting},
};
use serde_json::{Value, json};
use std::{fs, net::TcpStream, thread, time::Duration};

/// A site with this `e6.toml`, during a game with an error.
fn site(toml: &str, arguments: &[&str]) -> (Server, FakeMlb) {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("e6.toml"), toml).unwrap();
    let url = mlb.url();
    let server = Server::start_in(dir, &[&["--mlb-url", &url, "--clock", EVENING][..], arguments].concat());
    server.wait_for_verdict("yes");
    (server, mlb)
}

fn write(server: &Server, toml: &str) {
    fs::write(server.path("e6.toml"), toml).unwrap();
    signal(server.pid(), "HUP");
}

#[test]
fn words_and_colours_change_without_an_end_to_any_connection() {
    let (server, _mlb) = site("[words]\nyes = \"Afraid so\"\n", &[]);
    let (mut stream, _) = Listener::open(&server, "");
    assert!(stream.event().unwrap().data.contains("Afraid so"));
    let mut kept = Kept::open(server.http()).unwrap();
    assert!(kept.get("/").unwrap().text().contains("Afraid so"));

    write(&server, "[words]\nyes = \"Oh dear\"\n[colours]\nyes = \"#ffffff on #123456\"\n");
    assert!(stream.event().unwrap().data.contains("Oh dear"), "whoever has the page open sees the new words");
    assert!(kept.get("/").unwrap().text().contains("Oh dear"));
    assert!(server.page().contains("#123456"));
    assert_eq!(server.metric("e6_restarts_total{thread=\"poller\"}"), 0.0);
}

#[test]
fn a_wrong_configuration_changes_nothing_and_all_its_mistakes_are_logged() {
    let (server, _mlb) = site("[words]\nyes = \"Afraid so\"\n", &[]);
    write(&server, "[words]\nyes = \"Oh dear\"\n[player]\nid = \"me\"\n[log]\nfromat = \"json\"\n");
    server.wait_until("said", || server.stderr().contains("the configuration stays as it was"));
    let said = server.stderr();
    assert!(said.contains("e6.toml:4: player.id") && said.contains("did you mean log.format?"), "{said}");
    assert!(server.page().contains("Afraid so"));
    // A corrected configuration is accepted.
    write(&server, "[words]\nyes = \"Oh dear\"\n");
    server.wait_until("taken", || server.page().contains("Oh dear"));
}

#[test]
fn another_player_is_asked_about_from_then_on() {
    let (server, mlb) = site("", &[]);
    mlb.put(
        "/api/v1/people/4?",
        json!({"people": [{"id": 4, "fullName": "Ann Other", "useLastName": "Other", "currentTeam": {"id": 135, "name": "San Diego Padres"}}]}),
    );
    write(&server, "[player]\nid = 4\n");
    let answer = server.wait_for("about the other", |answer| answer["player"]["name"] == "Ann Other");
    assert_eq!(answer["player"]["id"], 4);
    // e6 no longer asks about the player before, nor shows him.
    let asked = mlb.asked().len();
    let later = |mlb: &FakeMlb| mlb.asked()[asked..].iter().any(|path| path.contains("665487"));
    for _ in 0..20 {
        thread::sleep(Duration::from_millis(50));
        assert_eq!(server.api()["player"]["id"], 4);
    }
    assert!(!later(&mlb));
}

#[test]
fn the_log_changes_its_place_format_and_level() {
    let (server, _mlb) = site("[log]\naccess = \"first.log\"\n", &["--access-log", "first.log"]);
    write(&server, "[log]\nformat = \"json\"\nlevel = \"debug\"\n");
    server.wait_until("json", || {
        let said = server.stderr();
        said.lines().last().is_some_and(|line| serde_json::from_str::<Value>(line).is_ok())
    });
    server.wait_until("logged as JSON", || {
        assert_eq!(server.get("/healthz", "").status, 200);
        let log = fs::read_to_string(server.path("first.log")).unwrap();
        log.lines().last().is_some_and(|line| serde_json::from_str::<Value>(line).is_ok())
    });
    drop(TcpStream::connect(server.https()).unwrap());
    server.wait_until("told of a connection that ended", || server.stderr().contains("\"level\":\"DEBUG\""));
}

#[test]
fn settings_that_need_a_restart_are_named_at_every_reload_until_they_are_changed_back() {
    let (server, _mlb) = site("", &[]);
    let reload = |toml: &str| {
        fs::write(server.path("e6.toml"), toml).unwrap();
        // The data directory in the file is no longer the one with the pid file.
        server.command(&["reload", "--pid-file", server.path(PID_FILE).to_str().unwrap()])
    };
    let waits = |key: &str| format!("{key} waits until e6 is started again\n");
    let changed = "[data]\ndir = \"elsewhere\"\n[limits]\nmlb_total = 60\n[words]\nyes = ";
    for yes in ["Oh dear", "Afraid so", "Alas"] {
        let (code, said) = reload(&format!("{changed}{yes:?}\n"));
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(said, [waits("data.dir"), waits("limits.mlb_total")].concat(), "{yes}");
        assert!(server.page().contains(yes), "the rest is taken");
    }
    assert_eq!(reload("[words]\nyes = \"Alas\"\n"), (Some(0), String::new()));
}

/// Writes a certificate and key that expire in this year to the server's directory.
fn pair(server: &Server, file: &str, year: i32) -> Vec<u8> {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut cert = rcgen::CertificateParams::new(["a.example".to_owned()]).unwrap();
    cert.not_after = rcgen::date_time_ymd(year, 1, 1);
    let cert = cert.self_signed(&key).unwrap();
    fs::write(server.path(&format!("{file}.key")), key.serialize_pem()).unwrap();
    fs::write(server.path(&format!("{file}.crt")), cert.pem()).unwrap();
    cert.pem().into_bytes()
}

#[test]
fn a_reload_that_fails_half_way_leaves_no_trace() {
    let (server, _mlb) = site("[log]\naccess = \"off\"\n", &[]);
    let toml = |file: &str, log: &str| {
        let tls = format!("[tls]\nmode = \"files\"\ncert = \"{file}.crt\"\nkey = \"{file}.key\"\n");
        format!("{tls}[site]\ndomains = [\"a.example\"]\n[log]\naccess = {log:?}\n")
    };
    let reload = |toml: &str| {
        fs::write(server.path("e6.toml"), toml).unwrap();
        server.command(&["reload"])
    };
    let (first, _second) = (pair(&server, "first", 2040), pair(&server, "second", 2041));
    let (code, said) = reload(&toml("first", "off"));
    assert_eq!(code, Some(0), "{said}");
    let end = || server.metric("e6_certificate_expiry_timestamp_seconds");
    let serves = || handshake(server.https(), "a.example", trusting(&first, &["h2"], BOTH)).is_ok();
    let before = end();
    assert!(before > 0.0 && serves());
    let said_before = server.stderr().matches("serving this certificate").count();

    // Valid certificates, and a log that cannot be written.
    let (code, said) = reload(&toml("second", "/dev/null/access.log"));
    assert!(code == Some(2) && said.contains("cannot write the access log"), "{said}");
    assert!(serves() && end() == before, "{} is not {before}", end());
    assert_eq!(
        server.stderr().matches("serving this certificate").count(),
        said_before,
        "{}",
        server.stderr()
    );

    // A writable log, and invalid certificates.
    fs::write(server.path("broken.crt"), "none").unwrap();
    fs::write(server.path("broken.key"), "none").unwrap();
    let (code, said) = reload(&toml("broken", "new.log"));
    assert!(code == Some(2) && said.contains("broken"), "{said}");
    assert!(serves() && end() == before);
    assert!(!server.path("new.log").exists(), "the file of a log that is not to be");
}

#[test]
fn the_certificate_is_another_from_the_next_handshake_on() {
    let (server, _mlb) = site("", &[]);
    let pair = |name: &'static str| {
        let key = rcgen::KeyPair::generate().unwrap();
        let cert = rcgen::CertificateParams::new([name.to_owned()]).unwrap().self_signed(&key).unwrap();
        fs::write(server.path("tls.key"), key.serialize_pem()).unwrap();
        fs::write(server.path("tls.crt"), cert.pem()).unwrap();
        cert.pem().into_bytes()
    };
    let serves = |name, root: &[u8]| handshake(server.https(), name, trusting(root, &["h2"], BOTH)).is_ok();
    let root = pair("a.example");
    let toml =
        "[tls]\nmode = \"files\"\ncert = \"tls.crt\"\nkey = \"tls.key\"\n[site]\ndomains = [\"a.example\"]\n";
    write(&server, toml);
    server.wait_until("from files", || serves("a.example", &root));
    let page = "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n";
    server.wait_until("sent to HTTPS", || server.send(page, true).status == 308);

    fs::write(server.path("tls.crt"), "nothing of the kind").unwrap();
    write(&server, &format!("{toml}[words]\nyes = \"Oh dear\"\n"));
    server.wait_until("said", || server.stderr().contains("the configuration stays as it was"));
    assert!(serves("a.example", &root), "{}", server.stderr());
}

#[test]
fn the_command_reports_the_outcome_and_its_exit_code_agrees() {
    let (server, _mlb) = site("", &[]);
    fs::write(server.path("e6.toml"), "[words]\nyes = \"Oh dear\"\n").unwrap();
    assert_eq!(server.command(&["reload"]), (Some(0), String::new()));
    assert!(server.page().contains("Oh dear"));

    fs::write(server.path("e6.toml"), "[data]\ndir = \"elsewhere\"\n").unwrap();
    let place = server.path(PID_FILE);
    let (code, said) = server.command(&["reload", "--pid-file", place.to_str().unwrap()]);
    assert_eq!((code, &*said), (Some(0), "data.dir waits until e6 is started again\n"));

    fs::write(server.path("e6.toml"), "[player]\nid = \"me\"\n[words]\nyse = \"?\"\n").unwrap();
    let (code, said) = server.command(&["reload"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("e6.toml:2: player.id") && said.contains("did you mean words.yes?"), "{said}");

    fs::remove_file(server.path("e6.toml")).unwrap();
    let other = server.path("nobody");
    let (code, said) = server.command(&["reload", "--data-dir", other.to_str().unwrap()]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("no e6 to be found by"), "{said}");

    signal(server.pid(), "STOP");
    let (code, said) = server.command(&["reload"]);
    signal(server.pid(), "CONT");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("has not said within 15 s"), "{said}");
}
