//! Certificates from a CA: ordered, stored, renewed, and never ordered too often.

use crate::{
    support::{
        limited_ca::{flags_for, limited_ca},
        pebble::{BLOCKED, NAME, Pebble, Settings},
        ports::free_port,
        proxy::{Proxy, connect},
        server::{PATIENCE, Server, command},
        tools,
    },
    tls::handshake::{BOTH, handshake, trusting},
};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    fs, io,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::Command,
    thread,
    time::{Duration, Instant},
};

const NEW_ORDER: &str = "/order-plz";

fn start(flags: &[String]) -> Server {
    start_in(tempfile::tempdir().unwrap(), flags)
}

fn start_in(dir: tempfile::TempDir, flags: &[String]) -> Server {
    Server::start_in(dir, &flags.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Starts e6 with these variables in its environment.
fn start_with(variables: &[(&str, &str)], flags: &[String]) -> Server {
    let dir = tempfile::tempdir().unwrap();
    let mut command = command(dir.path());
    command.envs(variables.iter().copied());
    Server::start_by(command, dir, &flags.iter().map(String::as_str).collect::<Vec<_>>())
}

fn certificate(server: &Server) -> Value {
    let response = server.get("/healthz", "");
    assert_eq!((response.status, response.field("content-type")), (200, "application/json"));
    serde_json::from_slice::<Value>(&response.body).unwrap()["certificate"].take()
}

/// Waits until the certificate's status meets this condition, and returns it.
fn wait_for(server: &Server, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let status = certificate(server);
        if is_so(&status) {
            return status;
        }
        assert!(Instant::now() < deadline, "not {what}: {status:#}\n{}", server.stderr());
        thread::sleep(Duration::from_millis(50));
    }
}

/// Whether the served certificate is the CA's, without an error.
fn issued(status: &Value) -> bool {
    status["source"] == "acme" && status["last_error"].is_null()
}

fn said(status: &Value) -> &str {
    status["last_error"].as_str().unwrap_or_default()
}

/// The leaf certificate for this name, as a client that trusts this root receives it.
fn leaf(server: &Server, name: &'static str, root: &[u8]) -> io::Result<Vec<u8>> {
    let stream = handshake(server.https(), name, trusting(root, &["h2"], BOTH))?;
    Ok(stream.conn.peer_certificates().unwrap()[0].to_vec())
}

/// All stored files of CAs.
fn kept(server: &Server) -> Vec<PathBuf> {
    let acme = server.path(".local/state/e6/acme");
    let cas = fs::read_dir(acme).unwrap().map(|entry| entry.unwrap().path());
    cas.flat_map(|ca| fs::read_dir(ca).unwrap().map(|entry| entry.unwrap().path())).collect()
}

/// Waits for the file of the CA's certificate: a certificate is served before it is stored.
fn stored_certificate(server: &Server) -> PathBuf {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(file) = kept(server).into_iter().find(|file| file.ends_with("certificate.pem")) {
            return file;
        }
        assert!(Instant::now() < deadline, "no certificate was stored\n{}", server.stderr());
        thread::sleep(Duration::from_millis(20));
    }
}

fn in_seconds(status: &Value) -> f64 {
    let at = status["next_attempt"].as_str().unwrap();
    let at = time::OffsetDateTime::parse(at, &time::format_description::well_known::Rfc3339).unwrap();
    (at - time::OffsetDateTime::now_utc()).as_seconds_f64()
}

#[test]
#[ignore = "needs Pebble"]
fn two_names_get_one_certificate_by_handshake_and_a_restart_orders_nothing() {
    let ca = Pebble::start(Settings::default());
    let flags = ca.flags("One.example.org,two.example.org", "tls-alpn-01");
    let server = start(&flags);
    let status = wait_for(&server, "issued", issued);
    let names: HashSet<_> =
        status["names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(names, ["one.example.org", "two.example.org"].into());
    let days = in_seconds(&status) / 86_400.0;
    assert!((57.0..60.1).contains(&days), "renewal in {days} days");
    let root = ca.root();
    let one = leaf(&server, "one.example.org", &root).unwrap();
    assert_eq!(leaf(&server, "two.example.org", &root).unwrap(), one);
    assert!(leaf(&server, "three.example.org", &root).is_err());
    stored_certificate(&server);
    for file in kept(&server) {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        let dir = fs::metadata(file.parent().unwrap()).unwrap();
        assert_eq!(dir.permissions().mode() & 0o777, 0o700);
    }
    assert_eq!(ca.asked(NEW_ORDER), 1);
    let (_, dir) = server.terminate();
    let server = start_in(dir, &flags);
    assert!(issued(&certificate(&server)), "from the first handshake on");
    assert_eq!(leaf(&server, "one.example.org", &root).unwrap(), one);
    thread::sleep(Duration::from_secs(1));
    assert_eq!(ca.asked(NEW_ORDER), 1);
    // Another name causes a new order; until it is done, the old certificate is served.
    let (_, dir) = server.terminate();
    let server = start_in(dir, &ca.flags("one.example.org,three.example.org", "tls-alpn-01"));
    assert!(issued(&certificate(&server)));
    wait_for(&server, "issued anew", |status| status["names"].to_string().contains("three.example.org"));
    assert!(leaf(&server, "three.example.org", &root).is_ok());
}

#[test]
#[ignore = "needs Pebble"]
fn a_name_is_validated_by_a_request_without_tls() {
    let ca = Pebble::start(Settings::default());
    let server = start(&ca.flags("example.org", "http-01"));
    wait_for(&server, "issued", issued);
    assert!(leaf(&server, "example.org", &ca.root()).is_ok());
    // The challenge is removed afterwards.
    assert_eq!(server.get("/.well-known/acme-challenge/x", "").status, 404);
}

#[test]
#[ignore = "needs Pebble"]
fn a_nonce_that_is_not_taken_is_no_failure() {
    let settings = Settings { refused_nonces: 40, ..Settings::default() };
    let ca = Pebble::start(settings);
    let server = start(&ca.flags("example.org", "tls-alpn-01"));
    wait_for(&server, "issued", issued);
    // An order takes ten requests. Without retries, one in two hundred orders would succeed.
    assert_eq!(ca.asked("reject 40% of good nonces"), 1);
    assert!(!server.stderr().contains("ERROR"), "{}", server.stderr());
}

#[test]
#[ignore = "needs Pebble"]
fn a_ca_that_is_down_at_start_is_asked_again_and_meanwhile_handshakes_succeed() {
    let mut ca = Pebble::prepare(Settings::default());
    let server = start(&ca.flags("example.org", "tls-alpn-01"));
    let status = wait_for(&server, "told", |status| !status["last_error"].is_null());
    assert_eq!((&status["source"], &status["names"][0]), (&json!("self-signed"), &json!("example.org")));
    assert_eq!(said(&status), "the CA cannot be reached: Connection refused");
    assert!(in_seconds(&status) < 31.0, "{status:#}");
    ca.run();
    wait_for(&server, "issued", issued);
}

#[test]
fn a_ca_that_never_answers_holds_up_neither_the_site_nor_its_end() {
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = start(&flags_for(hanging.local_addr().unwrap()));
    // The kernel accepts the connection, but the CA never reads it.
    thread::sleep(Duration::from_millis(500));
    assert_eq!(certificate(&server)["source"], "self-signed");
    let began = Instant::now();
    let (status, _dir) = server.terminate();
    assert!(status.success() && began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
#[ignore = "needs Pebble"]
fn a_refusal_is_reported_in_the_cas_words_and_restarts_do_not_order_more_often() {
    let ca = Pebble::start(Settings::default());
    let flags = ca.flags(BLOCKED, "tls-alpn-01");
    let mut server = start(&flags);
    for restart in 1..=6 {
        let status = wait_for(&server, "told", |status| !status["last_error"].is_null());
        match restart {
            1..=4 => assert!(said(&status).contains(BLOCKED), "{restart}: {status:#}"),
            _ => assert!(said(&status).contains("several orders were refused"), "{restart}: {status:#}"),
        }
        assert!(in_seconds(&status) > 30.0, "{restart}: {status:#}");
        let (_, dir) = server.terminate();
        server = start_in(dir, &flags);
    }
    assert_eq!(ca.asked(NEW_ORDER), 4);
}

#[test]
#[ignore = "needs Pebble"]
fn a_name_that_leads_elsewhere_is_reported() {
    let elsewhere = Settings { https: free_port(), ..Settings::default() };
    let ca = Pebble::start(elsewhere);
    let mut flags = ca.flags("example.org", "tls-alpn-01");
    let https = flags.iter().position(|flag| flag == "--https").unwrap() + 1;
    flags[https] = "127.0.0.1:0".into();
    let server = start(&flags);
    let status = wait_for(&server, "told", |status| !status["last_error"].is_null());
    assert!(said(&status).starts_with("the CA could not find example.org here: "), "{status:#}");
    assert!(in_seconds(&status) > 30.0);
}

#[test]
fn a_rate_limit_is_kept() {
    let until = "2099-01-01 00:00:00";
    let ca = limited_ca(until);
    let server = start(&flags_for(ca));
    let status = wait_for(&server, "told", |status| !status["last_error"].is_null());
    assert_eq!(
        said(&status),
        format!("the CA answered 429: too many, retry after {until} UTC: see the page")
    );
    assert!(in_seconds(&status) > 86_000.0, "{status:#}");
}

#[test]
#[ignore = "needs Pebble"]
fn an_order_goes_through_the_environments_proxy_unless_no_proxy_names_the_ca() {
    let ca = Pebble::start(Settings::default());
    let proxy = Proxy::start(&ca.address().to_string(), connect);
    let through = format!("http://user:secret@{}", proxy.address);
    let variables = [("HTTPS_PROXY", through.as_str()), ("NO_PROXY", "other.invalid, 127.0.0.0/8")];
    let server = start_with(&variables, &ca.flags_by_name("example.org", "tls-alpn-01"));
    wait_for(&server, "issued", issued);
    assert!(leaf(&server, "example.org", &ca.root()).is_ok());
    let target = format!("CONNECT {NAME}:{} HTTP/1.1\r\n", ca.address().port());
    let asked = proxy.asked();
    assert!(!asked.is_empty() && asked.iter().all(|head| head.starts_with(&target)), "{asked:?}");
    // "user:secret"
    assert!(asked[0].contains("Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n"), "{asked:?}");
    let log = server.stderr();
    assert!(log.contains(&format!("proxy=http://{}", proxy.address)) && !log.contains("secret"), "{log}");
    drop(server);
    let server = start_with(&variables, &ca.flags("example.org", "tls-alpn-01"));
    wait_for(&server, "issued", issued);
    assert_eq!((proxy.asked().len(), ca.asked(NEW_ORDER)), (asked.len(), 2), "not for this address");
}

#[test]
fn every_request_to_a_ca_goes_through_the_environments_proxy_and_none_through_that_for_mlb() {
    let ca = limited_ca("2099-01-01 00:00:00");
    let proxy = Proxy::start(&ca.to_string(), connect);
    let through = proxy.address.to_string();
    let is_limited = |status: &Value| said(status).starts_with("the CA answered 429");
    let targets = || -> HashSet<String> {
        let asked = proxy.asked();
        asked.iter().map(|head| head.split(' ').nth(1).unwrap().to_owned()).collect()
    };
    // Without its exception, MLB's address would be asked through this proxy too.
    let mut flags = flags_for(ca);
    flags.iter_mut().for_each(|flag| *flag = flag.replace(&format!("{ca}/dir"), "localhost:1/dir"));
    let server = start_with(&[("all_proxy", &through), ("NO_PROXY", "127.0.0.1:9")], &flags);
    wait_for(&server, "limited", is_limited);
    assert_eq!(targets(), ["localhost:1".to_owned(), ca.to_string()].into());
    drop(server);
    let before = proxy.asked().len();
    let server = start_with(&[("http_proxy", &through), ("NO_PROXY", "127.0.0.1")], &flags_for(ca));
    wait_for(&server, "limited", is_limited);
    drop(server);
    let mlb = ["--mlb-proxy".to_owned(), format!("http://{through}")];
    let server = start_with(&[("HTTPS_PROXY", "127.0.0.1:9")], &[&flags_for(ca)[..], &mlb].concat());
    wait_for(&server, "limited", is_limited);
    server.wait_until("MLB asked", || targets().contains("127.0.0.1:9"));
    let is_mlb = |head: &String| head.starts_with("CONNECT 127.0.0.1:9 ");
    assert!(proxy.asked()[before..].iter().all(is_mlb), "{:?}", proxy.asked());
}

#[test]
fn a_proxy_that_is_gone_is_reported_and_only_the_log_names_it() {
    let gone = "http://user:secret@127.0.0.1:9";
    let directory = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = start_with(&[("http_proxy", gone)], &flags_for(directory));
    let status = wait_for(&server, "told", |status| !status["last_error"].is_null());
    assert_eq!(said(&status), "the CA cannot be reached through the proxy: Connection refused");
    assert!(in_seconds(&status) < 31.0, "no refusal: {status:#}");
    let log = server.stderr();
    assert!(log.contains("proxy=http://127.0.0.1:9") && !log.contains("secret"), "{log}");
}

#[test]
#[ignore = "needs Pebble"]
fn a_short_lived_certificate_is_renewed_under_load_without_one_failed_handshake() {
    let settings = Settings { lifetime: 15, ..Settings::default() };
    let ca = Pebble::start(settings);
    let server = start(&ca.flags("example.org", "tls-alpn-01"));
    wait_for(&server, "issued", issued);
    let root = ca.root();
    let began = Instant::now();
    let shown: HashSet<_> = thread::scope(|scope| {
        let clients = [(); 3].map(|()| {
            scope.spawn(|| {
                let mut shown = HashSet::new();
                while began.elapsed() < Duration::from_secs(25) {
                    shown.insert(leaf(&server, "example.org", &root).expect("every handshake succeeds"));
                }
                shown
            })
        });
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    // A new certificate every ten seconds: the first, and two or three renewals.
    assert!((3..=4).contains(&shown.len()), "{} certificates in 25 s", shown.len());
    assert_eq!(ca.asked(NEW_ORDER), shown.len());
}

#[test]
#[ignore = "needs Pebble"]
fn an_unreadable_stored_certificate_is_reported_and_causes_no_order() {
    let ca = Pebble::start(Settings::default());
    let flags = ca.flags("example.org", "tls-alpn-01");
    let server = start(&flags);
    wait_for(&server, "issued", issued);
    let file = stored_certificate(&server);
    let (_, dir) = server.terminate();
    fs::write(&file, "not a certificate").unwrap();
    let server = start_in(dir, &flags);
    let status = certificate(&server);
    assert_eq!(status["source"], "self-signed");
    assert!(
        said(&status).starts_with("the kept certificate cannot be used, and none is ordered"),
        "{status:#}"
    );
    thread::sleep(Duration::from_secs(1));
    assert_eq!(ca.asked(NEW_ORDER), 1);
}

#[test]
#[ignore = "needs Pebble"]
fn without_a_place_to_keep_it_no_certificate_is_ordered() {
    let ca = Pebble::start(Settings::default());
    let mut flags = ca.flags("example.org", "tls-alpn-01");
    // No user can create anything there.
    flags.extend(["--data-dir".into(), "/dev/null/state".into()]);
    let server = start(&flags);
    let status = wait_for(&server, "told", |status| !status["last_error"].is_null());
    assert_eq!(status["source"], "self-signed");
    assert!(said(&status).contains("annot be used") || said(&status).contains("cannot keep"), "{status:#}");
    thread::sleep(Duration::from_secs(1));
    assert_eq!(ca.asked(NEW_ORDER), 0);
}

#[test]
#[ignore = "needs Pebble"]
fn a_certificate_that_cannot_be_stored_is_served_and_reported() {
    let ca = Pebble::start(Settings::default());
    let dir = tempfile::tempdir().unwrap();
    // The limit on file size leaves room for a key, not for a certificate, as on a full disk.
    let mut command = Command::new("sh");
    command
        .args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"", tools::e6()])
        .current_dir(&dir)
        .env_clear()
        .env("HOME", dir.path());
    let flags = ca.flags("example.org", "tls-alpn-01");
    let flags: Vec<_> = flags.iter().map(String::as_str).chain(["--access-log", "off"]).collect();
    let server = Server::start_by(command, dir, &flags);
    let status = wait_for(&server, "issued and told", |status| {
        status["source"] == "acme" && !status["last_error"].is_null()
    });
    assert!(said(&status).starts_with("cannot keep the new certificate: "), "{status:#}");
    assert!(!said(&status).contains('/'), "a path is not for visitors: {status:#}");
    assert!(leaf(&server, "example.org", &ca.root()).is_ok());
    assert_eq!(ca.asked(NEW_ORDER), 1);
    assert!(!kept(&server).iter().any(|file| file.ends_with("certificate.pem")), "no half file");
}
