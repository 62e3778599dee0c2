//! Certificates from files, and the one that this machine signs for itself.

use crate::{
    server::{Server, check},
    tls::{BOTH, handshake, trusting},
    tools,
};
use std::{fs, net::SocketAddr, os::unix::fs::PermissionsExt, path::Path, process::Command};

/// Nothing listens there: MLB is not what these tests are about.
const NO_MLB: [&str; 2] = ["--mlb-url", "http://127.0.0.1:9"];

/// Writes a pair for this name; gives the certificate as PEM.
pub fn make(dir: &Path, name: &'static str) -> Vec<u8> {
    // rcgen's own default.
    make_until(dir, name, time::macros::datetime!(4096-01-01 0:00 UTC))
}

/// The same, with an end.
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
fn files_that_cannot_be_used_do_not_keep_the_site_from_starting() {
    let dir = tempfile::tempdir().unwrap();
    let (cert, key) = (dir.path().join("tls.crt"), dir.path().join("tls.key"));
    let files = ["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let server = Server::start_with(&[&NO_MLB[..], &files].concat());
    assert!(server.stderr().contains("cannot read "), "{}", server.stderr());
    assert_eq!(server.get("/healthz", "").status, 200);
    let late = make(dir.path(), "late.example");
    server.wait_until("served", || serves(server.https(), "late.example", &late));
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
fn without_tls_only_the_clear_port_is_open() {
    let dir = tempfile::tempdir().unwrap();
    let (code, stdout, _) = check(dir.path(), &["--tls", "off"]);
    assert_eq!(code, Some(0));
    assert!(stdout.contains("\"off\"") && stdout.contains("TLS is off"), "{stdout}");
    let (code, _, stderr) = check(dir.path(), &["--tls", "off", "--https", "127.0.0.1:1"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("tls.mode is off"), "{stderr}");
}
