//! `e6 check`.

use crate::{
    support::{
        day::{Game, IN_PROGRESS},
        fake_mlb::{FakeMlb, Fault},
        server::{Server, check, run},
        user::{by_root, nobodys},
    },
    tls::certificates,
};
use std::{
    fs,
    net::TcpListener,
    path::Path,
    time::{Duration, Instant, SystemTime},
};

const FREE: [&str; 6] = ["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
const HOUR: Duration = Duration::from_secs(3600);

/// Runs `e6 check` with this MLB. Returns the exit code and all output.
fn asked(dir: &Path, mlb: &str, more: &[&str]) -> (Option<i32>, String) {
    let (code, stdout, stderr) = run(dir, &[&["check", "--mlb-url", mlb][..], &FREE, more].concat());
    (code, stdout + &stderr)
}

fn files(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_pair_of_colours_that_is_hard_to_read_is_a_warning() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    mlb.date(SystemTime::now());
    let dir = nobodys_or_own();
    let pairs = "[colours]\nno = \"#777777 on #ffffff\"\nyes = \"#767676 on #ffffff\"\n";
    fs::write(dir.path().join("e6.toml"), pairs).unwrap();
    let (code, said) = asked(dir.path(), &mlb.url(), &[]);
    let warning = "colours.no     #777777 on #ffffff has a contrast of 4.4:1, which is hard to read";
    assert!(code == Some(0) && said.contains(warning), "{code:?} {said}");
    assert!(!said.contains("#767676 on #ffffff has"), "4.54:1 is enough: {said}");
}

#[test]
fn check_of_a_good_configuration_passes_and_leaves_nothing_behind() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    mlb.date(SystemTime::now());
    let dir = nobodys_or_own();
    fs::create_dir(dir.path().join("data")).unwrap();
    fs::write(dir.path().join("access.log"), "kept\n").unwrap();
    give(&dir.path().join("data"));
    give(&dir.path().join("access.log"));
    let user: &[&str] = if by_root() { &["--user", "nobody"] } else { &[] };
    let log = ["--data-dir", "data", "--access-log", "access.log"];
    let (code, said) = asked(dir.path(), &mlb.url(), &[user, &log].concat());
    for line in [
        "fine     listen.http    127.0.0.1:0 can be listened on",
        "fine     tls            The certificate is signed by itself",
        "fine     certificate    there is none yet",
        "fine     tls.certs      certs can be made",
        "fine     data.dir       data can be written",
        "fine     log.access     access.log can be written",
        "and knows Fernando Tatis Jr.",
        "fine     clock          it agrees with MLB's to the minute",
        "all is well",
    ] {
        assert!(code == Some(0) && said.contains(line), "{line} is not in {code:?} {said}");
    }
    assert_eq!(files(dir.path()), ["access.log", "data"]);
    assert!(files(&dir.path().join("data")).is_empty());
    assert_eq!(fs::read_to_string(dir.path().join("access.log")).unwrap(), "kept\n");
    for kind in ["/api/v1/people/", "/api/v1/teams/", "/api/v1/schedule?", "/api/v1.1/game/"] {
        assert_eq!(mlb.count(kind), 1, "one question of each kind: {:?}", mlb.asked());
    }
}

/// A directory for the unprivileged user if root runs the test, else for the user.
fn nobodys_or_own() -> tempfile::TempDir {
    if by_root() { nobodys() } else { tempfile::tempdir().unwrap() }
}

fn give(path: &Path) {
    if by_root() {
        std::os::unix::fs::chown(path, Some(65534), Some(65534)).unwrap();
    }
}

#[test]
fn an_address_of_a_stranger_is_an_error_and_one_of_e6_is_none() {
    let server = Server::start_with(&["--mlb-url", "http://127.0.0.1:9"]);
    let (http, https, admin) =
        (server.http().to_string(), server.https().to_string(), server.admin().to_string());
    let certs = server.path("certs").display().to_string();
    let dir = tempfile::tempdir().unwrap();
    let listen = ["--http", &http, "--https", &https, "--admin", &admin, "--certs", &certs];
    let (code, stdout, stderr) = run(dir.path(), &[&["check", "--offline"][..], &listen].concat());
    assert_eq!(code, Some(0), "{stderr}");
    for (kind, address) in [("http", http), ("https", https), ("admin", admin)] {
        let line = format!("fine     {:<14} e6 listens on {address} already", format!("listen.{kind}"));
        assert!(stdout.contains(&line), "{stdout}");
    }
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = stranger.local_addr().unwrap().to_string();
    let (code, _, stderr) = check(dir.path(), &["--https", &taken]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains(&format!("error    listen.https   cannot listen on {taken}: ")), "{stderr}");
    assert!(stderr.lines().last().unwrap().starts_with("1 error"), "{stderr}");
}

#[test]
fn e6_knows_itself_whatever_certificate_it_serves() {
    let server = Server::start_with(&["--mlb-url", "http://127.0.0.1:9"]);
    let https = server.https().to_string();
    let dir = tempfile::tempdir().unwrap();
    certificates::make(dir.path(), "a.example");
    let [cert, key] = ["tls.crt", "tls.key"].map(|name| dir.path().join(name).display().to_string());
    let acme = ["--acme", "me@a.example", "--domain", "a.example"];
    let other_pair = ["--tls-cert", &cert, "--tls-key", &key, "--domain", "a.example"];
    let other_certificate = ["--certs", "elsewhere"];
    for settings in [&acme[..], &other_pair, &other_certificate] {
        let (_, stdout, stderr) = check(dir.path(), &[&["--https", &https][..], settings].concat());
        let line = format!("fine     listen.https   e6 listens on {https} already");
        assert!(stdout.contains(&line), "{settings:?}: {stdout} {stderr}");
    }
}

#[test]
fn paths_that_cannot_be_written_are_reported_with_the_consequence() {
    let dir = tempfile::tempdir().unwrap();
    let checked = |more: &[&str]| check(dir.path(), &[&["--https", "127.0.0.1:0"], more].concat());
    let (code, _, stderr) = checked(&["--data-dir", "/dev/null/data", "--certs", "/dev/null/certs"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stderr.contains("warning  data.dir       cannot write /dev/null/data: ")
            && stderr.contains("a restart will begin without an answer")
            && stderr.contains("warning  tls.certs      cannot write /dev/null/certs: "),
        "{stderr}"
    );
    let acme = ["--domain", "a.example", "--acme", "a@a.example", "--data-dir", "/dev/null/data"];
    let (code, _, stderr) = checked(&acme);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("certificates have to be kept"), "{stderr}");
    let (code, _, stderr) = checked(&["--access-log", "/dev/null/access.log"]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("error    log.access     cannot write /dev/null/access.log: "), "{stderr}");
}

#[test]
fn a_user_that_does_not_exist_is_a_mistake_among_the_others() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("e6.toml"), "[security]\nuser = \"e6-nowhere\"\nlandlock = \"maybe\"\n")
        .unwrap();
    let (code, _, stderr) = run(dir.path(), &["--player", "me"]);
    assert_eq!(code, Some(2));
    assert!(
        stderr
            .contains("e6.toml:2: security.user: this machine has no user \"e6-nowhere\": make one: useradd")
            && stderr.contains("e6.toml:3: security.landlock")
            && stderr.contains("3 mistakes"),
        "{stderr}"
    );
}

#[test]
fn mlb_that_cannot_be_heard_is_a_warning_and_a_player_it_does_not_know_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let (code, said) = asked(dir.path(), "http://127.0.0.1:9", &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("warning  mlb.url        MLB cannot be heard: http://127.0.0.1:9"), "{said}");
    let (code, said) = asked(dir.path(), "http://no-such-host.invalid", &[]);
    assert!(code == Some(0) && said.contains("warning  mlb.url        MLB cannot be heard: "), "{said}");
    let mlb = FakeMlb::with(&[]);
    let (code, said) = asked(dir.path(), &mlb.url(), &["--player", "12"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("error    player.id      MLB has no player with the number 12"), "{said}");
    mlb.fault(Fault::Hang);
    fs::write(dir.path().join("e6.toml"), "[limits]\nmlb_total = 1\n").unwrap();
    let began = Instant::now();
    let (code, said) = asked(dir.path(), &mlb.url(), &[]);
    assert!(code == Some(0) && said.contains("MLB cannot be heard"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    let before = mlb.asked().len();
    let (_, said) = asked(dir.path(), &mlb.url(), &["--offline"]);
    assert!(!said.contains("warning  mlb.url") && mlb.asked().len() == before, "{said}");
}

#[test]
fn any_kind_of_question_that_mlb_refuses_is_an_error_with_the_ways_out() {
    let dir = tempfile::tempdir().unwrap();
    for kind in ["/api/v1/people/", "/api/v1/teams/", "/api/v1/schedule?", "/api/v1.1/game/"] {
        for fault in [Fault::Status(406), Fault::Status(403), Fault::StatusHtml(406), Fault::StatusHtml(403)]
        {
            let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
            mlb.fault_at(kind, fault);
            let (code, said) = asked(dir.path(), &mlb.url(), &[]);
            assert_eq!(code, Some(2), "{kind} {fault:?}: {said}");
            for text in [
                "error    mlb.url        MLB refuses this server's network",
                kind,
                "mlb.proxy",
                "relay.token_file",
            ] {
                assert!(said.contains(text), "{text}: {kind} {fault:?}: {said}");
            }
        }
    }
}

#[test]
fn a_wrong_clock_is_reported() {
    let (dir, mlb) = (tempfile::tempdir().unwrap(), FakeMlb::with(&[]));
    for (theirs, direction) in [(SystemTime::now() - HOUR, "ahead of"), (SystemTime::now() + HOUR, "behind")]
    {
        mlb.date(theirs);
        let (code, said) = asked(dir.path(), &mlb.url(), &[]);
        let line =
            said.lines().find(|line| line.starts_with("warning  clock")).unwrap_or_else(|| panic!("{said}"));
        assert!(code == Some(0) && line.contains(&format!(" s {direction} MLB's")), "{said}");
    }
}
