//! Requests to MLB through the configured proxy or, as with curl, the environment's.

use crate::support::{
    day::NOON,
    fake_mlb::FakeMlb,
    proxy::{Proxy, connect, socks},
    server::{Server, command, run},
};
use std::fs;

/// A name that DNS cannot resolve, so that only a proxy can connect.
const NOWHERE: &str = "mlb.invalid";

fn port(mlb: &FakeMlb) -> String {
    mlb.url().rsplit(':').next().unwrap().to_owned()
}

#[test]
fn a_configured_proxy_leads_to_mlb_with_credentials_from_a_file() {
    let mlb = FakeMlb::with(&[]);
    let url = format!("http://{NOWHERE}:{}", port(&mlb));
    let dir = tempfile::tempdir().unwrap();
    let credentials = dir.path().join("credentials");
    fs::write(&credentials, "user:se:cret\n").unwrap();
    let credentials = credentials.to_str().unwrap().to_owned();
    for (scheme, proxy) in
        [("http", Proxy::start(&mlb.url(), connect)), ("socks5h", Proxy::start(&mlb.url(), socks))]
    {
        let dir = tempfile::tempdir().unwrap();
        let mut starting = command(dir.path());
        starting.env("E6_MLB_PROXY_CREDENTIALS", &credentials);
        let proxy_url = format!("{scheme}://{}", proxy.address);
        let arguments = ["--mlb-url", &url, "--mlb-proxy", &proxy_url, "--clock", NOON];
        let server = Server::start_by(starting, dir, &arguments);
        server.wait_for_verdict("no_game");
        let asked = proxy.asked().remove(0);
        match scheme {
            "http" => {
                assert!(
                    asked.starts_with(&format!("CONNECT {NOWHERE}:{} HTTP/1.1\r\n", port(&mlb))),
                    "{asked}"
                );
                // "user:se:cret"
                assert!(asked.contains("Proxy-Authorization: Basic dXNlcjpzZTpjcmV0\r\n"), "{asked}");
            }
            _ => assert_eq!(asked, format!("user se:cret {NOWHERE}")),
        }
        assert!(!server.stderr().contains("cret"), "{}", server.stderr());
    }
}

#[test]
fn the_environments_proxy_is_used_but_for_the_hosts_of_no_proxy() {
    let mlb = FakeMlb::with(&[]);
    let proxy = Proxy::start(&mlb.url(), connect);
    let nowhere = format!("http://{NOWHERE}:{}", port(&mlb));
    let start = |url: &str, variables: &[(&str, &str)]| {
        let dir = tempfile::tempdir().unwrap();
        let mut starting = command(dir.path());
        starting.envs(variables.iter().copied());
        let server = Server::start_by(starting, dir, &["--mlb-url", url, "--clock", NOON]);
        server.wait_for_verdict("no_game");
    };
    let through = proxy.address.to_string();
    start(&nowhere, &[("all_proxy", &through), ("NO_PROXY", "other.invalid, 127.0.0.1")]);
    assert!(!proxy.asked().is_empty());
    let before = proxy.asked().len();
    start(&mlb.url(), &[("http_proxy", &through), ("NO_PROXY", "other.invalid, 127.0.0.0/8")]);
    start(&mlb.url(), &[("HTTP_PROXY", &through), ("HTTPS_PROXY", &through)]);
    assert_eq!(proxy.asked().len(), before, "neither is for this");
}

#[test]
fn a_proxy_that_cannot_be_used_is_a_mistake_and_credentials_are_never_shown() {
    let dir = tempfile::tempdir().unwrap();
    let check =
        ["check", "--offline", "--all", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--admin", "off"];
    for proxy in
        ["ftp://user:hunter2@proxy.example", "http://user:hunter2@", "socks://user:hunter2@proxy.example"]
    {
        let (code, stdout, stderr) = run(dir.path(), &[&check[..], &["--mlb-proxy", proxy]].concat());
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains("mlb.proxy: ") && !(stdout + &stderr).contains("hunter2"), "{stderr}");
        let said = command(dir.path()).args(check).env("HTTPS_PROXY", proxy).output().unwrap();
        let stderr = String::from_utf8(said.stderr).unwrap();
        assert_eq!(said.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("HTTPS_PROXY: ") && !stderr.contains("hunter2"), "{stderr}");
    }
    let good = "socks5://user:hunter2@127.0.0.1:9";
    let (code, stdout, stderr) = run(dir.path(), &[&check[..], &["--mlb-proxy", good]].concat());
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("\"socks5://127.0.0.1:9\"") && !stdout.contains("hunter2"), "{stdout}");
    fs::write(dir.path().join("e6.toml"), "[mlb]\nproxy_credentials = \"missing\"\n").unwrap();
    let (code, _, stderr) = run(dir.path(), &[&check[..], &["--mlb-proxy", good]].concat());
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("mlb.proxy_credentials: cannot use missing: No such file"), "{stderr}");
}

#[test]
fn a_proxy_that_is_gone_is_named_in_the_log_without_credentials() {
    let arguments = [
        "--mlb-url",
        "http://mlb.invalid",
        "--mlb-proxy",
        "http://user:secret@127.0.0.1:9",
        "--log-level",
        "debug",
    ];
    let server = Server::start_with(&arguments);
    server.wait_until("logged", || server.stderr().contains("through the proxy http://127.0.0.1:9"));
    assert!(!server.stderr().contains("secret"), "{}", server.stderr());
}
