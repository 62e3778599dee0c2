//! Responses checked by httplint, a linter for HTTP.

use crate::support::{
    day::{EVENING, Game, IN_PROGRESS},
    fake_mlb::FakeMlb,
    server::Server,
    tools,
};
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

/// Findings that are intended.
const KNOWN: &[(&str, &str, &str)] = &[
    // `public` has no effect without Authorization, but makes the contrast to `private` forms clear.
    ("/", "STORE_PUBLIC_UNNECESSARY", "public"),
    // The form of `/` depends on User-Agent, to recognize terminal clients.
    ("/", "VARY_USER_AGENT", "cache inefficiency"),
    ("/", "VARY_COMPLEX", "varies in"),
    // This request is meant to be bad.
    ("/%00", "STATUS_BAD_REQUEST", "understand"),
];

#[test]
#[ignore = "needs httplint"]
fn httplint_finds_nothing_on_any_route() {
    let python = tools::python_with("httplint");
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = Server::start(&mlb, EVENING);
    server.wait_for_verdict("yes");
    let page = server.page();
    let assets = page.split('"').filter(|part| part.starts_with("/static/"));
    let mut requests = Vec::new();
    // Event streams have no end; a pattern with a star is a folder.
    let routes = e6::internals::ROUTES.iter().map(|route| route.pattern);
    let routes = routes.filter(|path| *path != "/events" && !path.contains('*'));
    for path in
        routes.chain(["/how?path=/", "/favicon.ico", "/robots.txt", "/site.webmanifest"]).chain(assets)
    {
        let etag = server.get(path, "").field("etag").to_owned();
        requests.push(format!("GET\t{path}"));
        requests.push(format!("HEAD\t{path}"));
        for fields in [
            "Accept: text/html\tAccept-Encoding: br",
            "Accept: application/json\tAccept-Encoding: gzip",
            "Range: bytes=0-1",
            "Range: bytes=0-1, 4-5",
            "Range: bytes=9999999-",
            "Accept-Encoding: identity;q=0",
            "If-Match: \"other\"",
            &format!("If-None-Match: {etag}"),
        ] {
            requests.push(format!("GET\t{path}\t{fields}"));
        }
        requests.push(format!("POST\t{path}"));
        requests.push(format!("OPTIONS\t{path}"));
    }
    requests.extend(["GET\t/nothing", "GET\t/healthz/", "GET\t/%00", "GET\t//static/../"].map(String::from));
    assert!(requests.len() > 100, "{}", requests.len());

    let mut child = Command::new(python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint.py"))
        .arg(server.http().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(requests.join("\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let found = String::from_utf8(output.stdout).unwrap();
    let is_known = |line: &&str| {
        KNOWN
            .iter()
            .any(|(path, name, words)| line.contains(path) && line.contains(name) && line.contains(words))
    };
    assert!(found.lines().any(|line| is_known(&line)), "it looks at what it is given: {found}");
    let new: Vec<_> = found.lines().filter(|line| !is_known(line)).collect();
    assert!(new.is_empty(), "{new:#?}");
}
