//! Certificates from files, and the self-signed one.

use crate::{
    support::{
        server::{Server, check, run, signal},
        tools,
    },
    tls::handshake::{BOTH, handshake, trusting},
};
use std::{
    fs,
    io::{Read, Write},
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
};

/// Nothing listens there, because these tests do not need MLB.
const NO_MLB: [&str; 2] = ["--mlb-url", "http://127.0.0.1:9"];

/// Writes a certificate and key for this name. Returns the certificate as PEM.
pub fn make(dir: &Path, name: &'static str) -> Vec<u8> {
    // rcgen's default.
    make_until(dir, name, time::macros::datetime!(4096-01-01 0:00 UTC))
}

/// As [`make`], with this expiry.
pub fn make_until(dir: &Path, name: &'static str, end: time::OffsetDateTime) -> Vec<u8> {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
    params.not_after = end;
    let cert = params.self_signed(&key).unwrap();
    fs::write(dir.join("tls.key"), key.serialize_pem()).unwrap();
    fs::set_permissions(dir.join("tls.key"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(dir.join("tls.crt"), cert.pem()).unwrap();
    cert.pem().into_bytes()
}

fn serves(address: SocketAddr, name: &'static str, root: &[u8]) -> bool {
    handshake(address, name, trusting(root, &["h2"], BOTH)).is_ok()
}

#[test]
fn files_are_served_and_followed_and_a_bad_pair_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let first = make(dir.path(), "a.example");
    let (cert, key) = (dir.path().join("tls.crt"), dir.path().join("tls.key"));
    let files = ["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let server = Server::start_with(&[&NO_MLB[..], &files].concat());
    assert!(serves(server.https(), "a.example", &first));
    let end = time::macros::datetime!(4096-01-01 0:00 UTC).unix_timestamp();
    assert_eq!(server.metric("e6_certificate_expiry_timestamp_seconds"), end as f64);
    let good = fs::read(&key).unwrap();
    fs::write(&key, "no key at all").unwrap();
    server.wait_until("said", || server.stderr().contains("the key is no PEM"));
    assert!(serves(server.https(), "a.example", &first));
    fs::write(&key, good).unwrap();
    server.wait_until("well", || server.stderr().contains("nothing is wrong with the certificate any more"));
    let second = make(dir.path(), "b.example");
    server.wait_until("swapped", || serves(server.https(), "b.example", &second));
    assert!(!serves(server.https(), "a.example", &first));
}

#[test]
fn files_that_cannot_be_used_are_refused_at_the_start_with_path_and_reason() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), "a.example");
    fs::write(dir.path().join("empty"), "").unwrap();
    fs::create_dir(dir.path().join("directory")).unwrap();
    for (cert, key, expected) in [
        ("missing.crt", "tls.key", "cannot read the certificate missing.crt: No such file or directory"),
        ("tls.crt", "missing.key", "cannot read the key missing.key: No such file or directory"),
        ("directory", "tls.key", "cannot read the certificate directory: Is a directory"),
        ("empty", "tls.key", "there is no certificate in it (in empty and tls.key)"),
        ("tls.crt", "empty", "(in tls.crt and empty)"),
    ] {
        let listen = ["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--admin", "off"];
        let (code, stdout, stderr) =
            run(dir.path(), &[&listen[..], &["--tls-cert", cert, "--tls-key", key]].concat());
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{cert} {key}: {stderr}");
        assert!(stderr.contains(expected), "{expected}: {stderr}");
    }
}

#[test]
fn files_that_go_while_the_site_runs_are_logged_with_their_path_and_followed_again() {
    let dir = tempfile::tempdir().unwrap();
    let first = make(dir.path(), "a.example");
    let (cert, key) = (dir.path().join("tls.crt"), dir.path().join("tls.key"));
    let files = ["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let server = Server::start_with(&[&NO_MLB[..], &files].concat());
    fs::remove_file(&cert).unwrap();
    let missing = format!("cannot read the certificate {}", cert.display());
    server.wait_until("logged", || server.stderr().contains(&missing));
    assert!(serves(server.https(), "a.example", &first));
    let told = server.get("/healthz", "").text().to_owned();
    assert!(told.contains("cannot read the file of the certificate") && !told.contains("tls.crt"), "{told}");
    let late = make(dir.path(), "late.example");
    server.wait_until("served", || serves(server.https(), "late.example", &late));
}

#[test]
fn a_good_certificate_stays_in_service_when_a_worse_one_comes() {
    let dir = tempfile::tempdir().unwrap();
    let good = make(dir.path(), "a.example");
    let (cert, key) = (dir.path().join("tls.crt"), dir.path().join("tls.key"));
    let files = ["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let server = Server::start_with(&[&NO_MLB[..], &files, &["--domain", "a.example"]].concat());
    for (name, end, expected) in [
        ("a.example", time::macros::datetime!(2020-01-01 0:00 UTC), "has expired on 2020-01-01"),
        ("b.example", time::macros::datetime!(4000-01-01 0:00 UTC), "is not for a.example but for b.example"),
    ] {
        make_until(dir.path(), name, end);
        signal(server.pid(), "HUP");
        server.wait_until(expected, || server.stderr().contains(expected));
        assert!(server.stderr().contains("the one before it stays in service"), "{}", server.stderr());
        assert!(serves(server.https(), "a.example", &good), "{expected}");
    }
    assert!(!server.stderr().contains("the configuration stays as it was"), "{}", server.stderr());
    let fresh = make(dir.path(), "a.example");
    server.wait_until("served", || serves(server.https(), "a.example", &fresh));
}

#[test]
fn sessions_are_resumed_after_a_reload() {
    let dir = tempfile::tempdir().unwrap();
    let root = make(dir.path(), "a.example");
    let (cert, key) = (dir.path().join("tls.crt"), dir.path().join("tls.key"));
    let files = ["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let server = Server::start_with(&[&NO_MLB[..], &files].concat());
    // Clones share session tickets.
    let client = trusting(&root, &["http/1.1"], BOTH);
    let resumed = || {
        let mut stream = handshake(server.https(), "a.example", client.clone()).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n").unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
        stream.conn.handshake_kind() == Some(rustls::HandshakeKind::Resumed)
    };
    assert!(!resumed() && resumed());
    for times in 1..=2 {
        assert_eq!(server.command(&["reload"]).0, Some(0));
        assert!(resumed(), "after reload {times}");
    }
}

#[test]
fn a_self_signed_certificate_is_renewed_while_the_site_runs() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("certs")).unwrap();
    let soon = time::OffsetDateTime::now_utc() + time::Duration::days(30) + time::Duration::seconds(8);
    let names = ["localhost", "127.0.0.1", "::1"].map(String::from);
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(names).unwrap();
    params.not_after = soon;
    fs::write(dir.path().join("certs/key.pem"), key.serialize_pem()).unwrap();
    fs::write(dir.path().join("certs/cert.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    let server = Server::start_in(dir, &NO_MLB);
    assert!(server.metric("e6_certificate_expiry_timestamp_seconds") > 0.0);
    server.wait_until("renewed", || {
        server.metric("e6_certificate_expiry_timestamp_seconds")
            > (soon + time::Duration::days(700)).unix_timestamp() as f64
    });
    let kept = fs::read(server.path("certs/cert.pem")).unwrap();
    assert!(serves(server.https(), "localhost", &kept), "the one that is kept is served");
}

#[test]
#[ignore = "needs openssl"]
fn every_usual_form_of_a_key_is_read() {
    tools::find("openssl");
    let dir = tempfile::tempdir().unwrap();
    let openssl = |arguments: &str| {
        tools::output(Command::new("openssl").args(arguments.split(' ')).current_dir(dir.path()))
    };
    for (make, header) in [
        ("genrsa -traditional -out key.pem 2048", "BEGIN RSA PRIVATE KEY"),
        ("genrsa -out key.pem 2048", "BEGIN PRIVATE KEY"),
        ("ecparam -genkey -noout -name prime256v1 -out key.pem", "BEGIN EC PRIVATE KEY"),
        ("genpkey -algorithm ed25519 -out key.pem", "BEGIN PRIVATE KEY"),
    ] {
        openssl(make);
        assert!(fs::read_to_string(dir.path().join("key.pem")).unwrap().contains(header), "{make}");
        openssl(
            "req -x509 -key key.pem -subj /CN=a.example -addext subjectAltName=DNS:a.example -days 90 -out cert.pem",
        );
        let (code, stdout, stderr) = check(
            dir.path(),
            &[
                "--https",
                "127.0.0.1:0",
                "--tls-cert",
                "cert.pem",
                "--tls-key",
                "key.pem",
                "--domain",
                "a.example",
            ],
        );
        assert!(code == Some(0) && !stderr.contains("certificate"), "{make}: {stderr}");
        assert!(stdout.contains("The certificate is read from cert.pem"), "{stdout}");
        assert!(stdout.contains("for a.example, until ") && stdout.contains(" days from now"), "{stdout}");
    }
}

#[test]
fn check_says_what_is_wrong_with_the_files() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), "a.example");
    let files = ["--https", "127.0.0.1:0", "--tls-cert", "tls.crt", "--tls-key", "tls.key"];
    let checked = |more: &[&str]| check(dir.path(), &[&files[..], more].concat());
    let (code, _, stderr) = checked(&["--domain", "b.example"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stderr.contains("warning  certificate    the certificate is not for b.example but for a.example"),
        "{stderr}"
    );
    fs::set_permissions(dir.path().join("tls.key"), fs::Permissions::from_mode(0o604)).unwrap();
    assert!(checked(&[]).2.contains("everyone on this machine can read the key's file"));
    fs::write(dir.path().join("tls.key"), rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let (code, _, stderr) = checked(&[]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("error    certificate    the key belongs to another certificate"), "{stderr}");
    let (code, _, stderr) = check(dir.path(), &["--tls-cert", "tls.crt"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("name both tls.cert and tls.key"), "{stderr}");
}

#[test]
fn check_explains_where_certificates_come_from() {
    let dir = tempfile::tempdir().unwrap();
    let explained = |flags: &str| check(dir.path(), &flags.split(' ').collect::<Vec<_>>()).1;
    let said =
        explained("--domain example.org --domain www.example.org --acme you@example.org --acme-staging");
    assert!(
        said.contains("Certificates for example.org, www.example.org come from https://acme-staging"),
        "{said}"
    );
    assert!(said.contains("port 443 of each name") && said.contains("\"[::]:443\""), "{said}");
    let said = explained("--domain example.org --acme you@example.org --acme-challenge http-01");
    assert!(said.contains("port 80 of each name"), "{said}");
    assert!(explained("--https 127.0.0.1:0").contains("signed by itself and kept in certs"));
}

#[test]
fn without_tls_only_the_http_port_is_open() {
    let dir = tempfile::tempdir().unwrap();
    let (code, stdout, _) = check(dir.path(), &["--tls", "off"]);
    assert_eq!(code, Some(0));
    assert!(stdout.contains("\"off\"") && stdout.contains("TLS is off"), "{stdout}");
    let (code, _, stderr) = check(dir.path(), &["--tls", "off", "--https", "127.0.0.1:1"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("tls.mode is off"), "{stderr}");
}
