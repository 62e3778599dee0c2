//! TLS as openssl and testssl.sh see it.

use crate::support::{server::Server, tools};
use serde_json::Value;
use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

/// A server with a certificate for localhost, issued by a test CA.
fn server(dir: &Path) -> Server {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(["Test root".to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "Test root");
    let root = params.self_signed(&key).unwrap();
    let leaf_key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, "localhost");
    params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let now = time::OffsetDateTime::now_utc();
    (params.not_before, params.not_after) = (now - time::Duration::HOUR, now + time::Duration::days(90));
    let leaf = params.signed_by(&leaf_key, &root, &key).unwrap();
    fs::write(dir.join("root.pem"), root.pem()).unwrap();
    fs::write(dir.join("tls.crt"), leaf.pem()).unwrap();
    fs::write(dir.join("tls.key"), leaf_key.serialize_pem()).unwrap();
    fs::set_permissions(dir.join("tls.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let path = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let (cert, key) = (path("tls.crt"), path("tls.key"));
    Server::start_with(
        &[
            ["--tls-cert", &cert, "--tls-key", &key],
            ["--domain", "localhost", "--hsts", "31536000"],
            ["--mlb-url", "http://127.0.0.1:9", "--log-level", "error"],
        ]
        .concat(),
    )
}

/// The output of `openssl s_client` for one connection with a request, with these arguments.
fn s_client(server: &Server, dir: &Path, arguments: &str) -> String {
    let mut child = Command::new("openssl")
        .args(["s_client", "-connect", &server.https().to_string(), "-servername", "localhost"])
        .args(["-CAfile", "root.pem", "-ign_eof", "-alpn", "http/1.1"])
        .args(arguments.split_whitespace())
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let request =
        format!("GET / HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n", server.https().port());
    // The server may refuse the connection before openssl reads its input.
    let _ = child.stdin.take().unwrap().write_all(request.as_bytes());
    let output = child.wait_with_output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
#[ignore = "needs openssl"]
fn openssl_resumes_its_sessions_and_sends_no_early_data() {
    tools::find("openssl");
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    for version in ["-tls1_3", "-tls1_2"] {
        let first = s_client(&server, dir.path(), &format!("{version} -sess_out session.pem"));
        assert!(first.contains("Verify return code: 0 (ok)") && first.contains("HTTP/1.1 200 OK"), "{first}");
        assert!(first.contains("New, TLSv1.") && first.contains("ALPN protocol: http/1.1"), "{first}");
        assert!(first.contains("Peer signature type: ECDSA"), "{first}");
        assert!(version == "-tls1_2" || first.contains("Max Early Data: 0"), "{first}");
        let second = s_client(&server, dir.path(), &format!("{version} -sess_in session.pem"));
        assert!(second.contains("Reused, TLSv1.") && second.contains("HTTP/1.1 200 OK"), "{second}");
    }
    let metrics = server.metrics();
    for version in ["version=\"TLSv1.3\"", "version=\"TLSv1.2\""] {
        let resumed = |line: &str| line.contains("resumed=\"yes\"") && line.contains(version);
        assert!(metrics.lines().any(resumed), "{version}: {metrics}");
    }
}

#[test]
#[ignore = "needs openssl"]
fn openssl_is_refused_what_is_old_and_what_is_unknown() {
    tools::find("openssl");
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    for (arguments, said) in [
        ("-tls1_1 -cipher DEFAULT@SECLEVEL=0", "alert handshake failure"),
        ("-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA256", "alert handshake failure"),
        ("-tls1_3 -alpn spdy/3", "no application protocol"),
        ("-tls1_3 -groups X448", "alert handshake failure"),
    ] {
        let said_by_openssl = s_client(&server, dir.path(), arguments);
        assert!(said_by_openssl.contains(said), "{arguments}: {said_by_openssl}");
    }
    let unknown = s_client(&server, dir.path(), "-servername unknown.example");
    assert!(unknown.contains("subject=CN = localhost"), "the one certificate there is: {unknown}");
}

/// Findings of testssl.sh that are intended or not e6's, with the reason.
const ACCEPTED: &[(&str, &str)] = &[
    ("cipher_order", "six AEAD suites, all good: a phone without AES in hardware knows best"),
    ("cert_revocation", "the CA's; this one exists for the test"),
    ("sessionresumption_ID", "its check does not wait for the ticket; openssl does, above"),
    ("sessionresumption_ticket", "likewise"),
    ("DNS_CAArecord", "the domain's owner's"),
    ("engine_problem", "of the openssl that it runs: the ciphers of GOST, which are not offered anyway"),
    ("BREACH", "no page holds a secret or repeats what was sent"),
];

#[test]
#[ignore = "needs testssl"]
fn testssl_finds_nothing_to_mend() {
    tools::find("testssl");
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    let port = server.https().port();
    let output = Command::new("testssl")
        .args(["--quiet", "--color", "0", "--warnings", "off", "--ip", "127.0.0.1"])
        .args(["--add-ca", "root.pem", "--jsonfile", "findings.json"])
        .args(["--protocols", "--std", "--pfs", "--server-preference", "--server-defaults", "--headers"])
        .arg("--vulnerable")
        .arg(format!("localhost:{port}"))
        .current_dir(dir.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let findings: Value =
        serde_json::from_slice(&fs::read(dir.path().join("findings.json")).expect(&text)).expect(&text);
    let findings = findings.as_array().unwrap();
    let severity =
        |id: &str| findings.iter().find(|finding| finding["id"] == id).map(|finding| &finding["severity"]);
    for looked_at in ["TLS1_3", "PFS", "heartbleed", "cert_chain_of_trust", "HSTS_time"] {
        assert_eq!(severity(looked_at).and_then(Value::as_str), Some("OK"), "{looked_at}: {text}");
    }
    let wrong: Vec<_> = findings
        .iter()
        .filter(|finding| !matches!(finding["severity"].as_str(), Some("OK" | "INFO" | "DEBUG")))
        .filter(|finding| !ACCEPTED.iter().any(|(id, _)| finding["id"] == *id))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
