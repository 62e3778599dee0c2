//! Command-line clients, each over every protocol that it supports.

use crate::support::{
    day::{EVENING, FINAL, Game},
    fake_mlb::FakeMlb,
    server::{EXPECTED_FIELDS, OF_THE_MOMENT, Server},
    tools,
};
use std::{collections::BTreeMap, process::Command};

/// A day that is over: its pages do not change during a test.
fn site() -> (Server, FakeMlb) {
    let mlb = FakeMlb::with(&[Game::new(FINAL).charged(1)]);
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("yes");
    (server, mlb)
}

/// Runs curl. Returns status, fields, and the body as curl decoded it.
fn curl(url: &str, arguments: &[&str]) -> (u16, BTreeMap<String, String>, Vec<u8>) {
    let output = Command::new("curl")
        .args(["--silent", "--insecure", "--max-time", "20", "--include"])
        .args(arguments)
        .arg(url)
        .output()
        .unwrap();
    assert!(output.status.success(), "{url} {arguments:?}");
    let end = output.stdout.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(output.stdout[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let field =
        |line: &str| line.split_once(": ").map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    let fields: BTreeMap<_, _> = lines.filter_map(field).collect();
    for name in fields.keys() {
        assert!(EXPECTED_FIELDS.contains(&name.as_str()), "unexpected field {name}: {head}");
    }
    (status, fields, output.stdout[end + 4..].to_vec())
}

#[test]
#[ignore = "needs curl"]
fn curl_gets_the_same_over_http_1_1_tls_and_http_2() {
    tools::find("curl");
    let (server, _mlb) = site();
    let (clear, tls) = (format!("http://{}", server.http()), format!("https://{}", server.https()));
    let ways = [(&clear, "--http1.1"), (&clear, "--http1.0"), (&tls, "--http1.1"), (&tls, "--http2")];
    for path in ["/", "/robots.txt", "/site.webmanifest", "/api/v1/answer"] {
        let (_, _, plain) = curl(&format!("{clear}{path}"), &[]);
        for (coding, tag) in [("identity", ""), ("gzip", "-gzip"), ("br", "-br"), ("zstd", "-zstd")] {
            let accept = format!("Accept-Encoding: {coding}");
            let mut etags = Vec::new();
            for (base, way) in ways {
                let url = format!("{base}{path}");
                // curl decodes only if it sent Accept-Encoding itself.
                let decode: &[&str] = if ["gzip", "br"].contains(&coding) { &["--compressed"] } else { &[] };
                let (status, fields, body) = curl(&url, &[decode, &[way, "-H", &accept]].concat());
                let what = format!("{url} {way} {coding}");
                assert_eq!(status, 200, "{what}");
                let used = fields.get("content-encoding").map_or("identity", String::as_str);
                assert!([coding, "identity"].contains(&used), "{what} {used}");
                if used != "zstd" {
                    assert_eq!(body, plain, "{what}");
                }
                if used == "identity" {
                    assert_eq!(fields["content-length"], plain.len().to_string(), "{what}");
                } else {
                    assert!(fields["etag"].ends_with(&format!("{tag}\"")), "{what} {}", fields["etag"]);
                    assert!(fields["vary"].contains("accept-encoding"), "{what}");
                }
                let (status, head, nothing) = curl(&url, &[way, "--head", "-H", &accept]);
                assert_eq!((status, nothing.len()), (200, 0), "{what}");
                let lasting = |fields: &BTreeMap<String, String>| {
                    let kept = fields.iter().filter(|(name, _)| !OF_THE_MOMENT.contains(&name.as_str()));
                    kept.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
                };
                assert_eq!(lasting(&head), lasting(&fields), "{what}");
                let (status, fields, _) = curl(&url, &[way, "--range", "0-3", "-H", &accept]);
                assert_eq!((status, fields["content-length"].as_str()), (206, "4"), "{what}");
                etags.push(fields["etag"].clone());
            }
            assert!(etags.iter().all(|etag| *etag == etags[0]), "{path} {coding}: {etags:?}");
        }
    }
}

#[test]
#[ignore = "needs nghttp"]
fn nghttp_fetches_the_page_and_all_it_needs() {
    tools::find("nghttp");
    let (server, _mlb) = site();
    let url = format!("https://{}/", server.https());
    let said = tools::output(Command::new("nghttp").args([
        "--null-out",
        "--get-assets",
        "--stat",
        "--timeout=20s",
        "--header=accept: text/html",
        &url,
    ]));
    let codes: Vec<_> = said
        .lines()
        .filter_map(|line| line.split_whitespace().nth(4))
        .filter(|word| word.parse::<u16>().is_ok())
        .collect();
    assert!(codes.len() >= 4 && codes.iter().all(|code| *code == "200"), "{said}");
}

#[test]
#[ignore = "needs h2load"]
fn h2load_loses_no_request() {
    tools::find("h2load");
    let (server, _mlb) = site();
    for (base, protocol) in [
        (format!("https://{}/", server.https()), "--npn-list=h2"),
        (format!("https://{}/", server.https()), "--npn-list=http/1.1"),
        (format!("http://{}/", server.http()), "--h1"),
    ] {
        let said = tools::output(
            Command::new("h2load").args(["-n", "2000", "-c", "20", "-m", "16", protocol, &base]),
        );
        let all =
            "requests: 2000 total, 2000 started, 2000 done, 2000 succeeded, 0 failed, 0 errored, 0 timeout";
        assert!(said.contains(all) && said.contains("status codes: 2000 2xx"), "{protocol}: {said}");
    }
}
