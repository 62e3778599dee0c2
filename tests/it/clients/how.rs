//! `/how` in a browser, and its commands in a shell.

use crate::{
    http::http3::site_with,
    support::{
        devtools::{Browser, DESKTOP},
        server::{Server, site},
        tools,
    },
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use std::{fs, path::Path, process::Command};

/// A page over HTTP/1.1 or HTTP/2.
fn page(url: &str) -> String {
    let mut curl = Command::new("curl");
    let fields = ["--header", "Accept: text/html"];
    tools::output(curl.args(["--silent", "--insecure", "--globoff"]).args(fields).arg(url))
}

/// The commands of a page, as they are copied.
fn commands(page: &str) -> Vec<String> {
    let copied = page.split("<pre").skip(1).map(|rest| {
        let code = rest.split_once("<code>").unwrap().1.split_once("</code>").unwrap().0;
        let entities = [("&#39;", "'"), ("&#34;", "\""), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
        entities.iter().fold(code.to_owned(), |code, (entity, char)| code.replace(entity, char))
    });
    copied.collect()
}

/// Runs a command as a reader's shell would. Returns everything that it prints.
fn run(command: &str, dir: &Path) -> String {
    // A reader may capture packets; this test checks the filter only.
    let sudo = "sudo() { [ \"$1 $2 $3 $4\" = 'tcpdump -n -i any' ] && tcpdump -y EN10MB -d \"$5\"; }";
    let script = format!("{sudo}\n{command}");
    let output = Command::new("sh").args(["-c", &script]).current_dir(dir).output().unwrap();
    let shown =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    // 9: no name server answers.
    let is_well = output.status.success() || command.starts_with("dig ") && output.status.code() == Some(9);
    assert!(is_well, "{command}: {shown}");
    shown
}

#[test]
#[ignore = "needs curl, dig, nghttp, OpenSSL and tcpdump"]
fn a_copied_command_runs_and_shows_its_step() {
    for tool in ["curl", "dig", "nghttp", "openssl", "tcpdump"] {
        tools::find(tool);
    }
    let (server, _mlb) = site();
    let dir = tempfile::tempdir().unwrap();
    let (http, https) = (server.http().port(), server.https().port());
    let name = format!("https://localhost:{https}");
    let evil = "/a';touch$IFS'pwned;`touch$IFS'pwned`;$(id)\"&*";
    for (origin, path, tools) in [
        (name.as_str(), "/how", "dig sudo openssl curl nghttp curl curl"),
        (&name, "/es/how?path=/", "dig sudo openssl curl nghttp curl curl curl"),
        (&name, "/how?path=/&if=unchanged", "dig sudo openssl curl nghttp curl curl curl"),
        (&name, "/how?path=/&if=range", "dig sudo openssl curl nghttp curl curl curl"),
        (&name, "/how?path=/&if=http1", "dig sudo openssl curl curl curl curl"),
        (&name, "/how?path=/&if=no_tls", "dig sudo curl curl curl curl"),
        (
            &name,
            &format!("/how?path={}", utf8_percent_encode(evil, NON_ALPHANUMERIC)),
            "dig sudo openssl curl nghttp curl curl",
        ),
        (&format!("https://127.0.0.1:{https}"), "/how", "sudo openssl curl nghttp curl curl"),
        (&format!("http://localhost:{http}"), "/how", "dig sudo curl curl curl"),
    ] {
        let commands = commands(&page(&format!("{origin}{path}")));
        let found: Vec<_> = commands.iter().map(|command| command.split(' ').next().unwrap()).collect();
        assert_eq!(found.join(" "), tools, "{path}: {commands:#?}");
        for command in &commands {
            shows_its_step(command, dir.path());
        }
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing else ran");
}

fn shows_its_step(command: &str, dir: &Path) {
    let shown = run(command, dir);
    let proof = match command.split(' ').next().unwrap() {
        "sudo" => "ret",
        "openssl" => "CONNECTION ESTABLISHED",
        "nghttp" => ":status: ",
        "curl" if command.contains(" -v ") => "< HTTP/",
        "curl" if command.contains("If-None-Match") => " 304",
        "curl" if command.contains("Range: ") => " 206",
        "curl" if command.contains(" -D ") => "HTTP/",
        "curl" => "{",
        _ => "",
    };
    assert!(shown.contains(proof), "{command}: {shown}");
}

#[test]
#[ignore = "needs curl, curl_cffi, dig, OpenSSL and tcpdump"]
fn a_command_of_a_page_over_http_3_runs_and_shows_its_step() {
    for tool in ["curl", "dig", "openssl", "tcpdump"] {
        tools::find(tool);
    }
    let (server, _mlb) = site_with("");
    let dir = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http3_curl.py");
    let port = server.https().port().to_string();
    let mut libcurl = Command::new(tools::python_with("curl_cffi"));
    let page = tools::output(libcurl.arg(script).args([&port, "/how?path=/"]));
    assert!(page.contains("QUIC") && page.contains("if=http1"), "{page}");
    let commands = commands(&page);
    let found: Vec<_> = commands.iter().map(|command| command.split(' ').next().unwrap()).collect();
    assert_eq!(found.join(" "), "dig sudo openssl curl curl curl curl", "{commands:#?}");
    assert!(commands[1].contains("udp and host"), "{commands:#?}");
    let has_http3 = tools::output(Command::new("curl").arg("--version")).contains("HTTP3");
    for command in &commands {
        if has_http3 || !command.contains("--http3-only") {
            shows_its_step(command, dir.path());
        } else {
            eprintln!("skipped: this curl has no HTTP/3: {command}");
        }
    }
}

fn tls(server: &Server, path: &str) -> String {
    format!("https://localhost:{}{path}", server.https().port())
}

#[test]
#[ignore = "needs Chromium"]
fn the_first_screen_of_a_small_phone_has_the_whole_answer() {
    let (server, _mlb) = site();
    let mut browser = Browser::open();
    browser.size((320, 568));
    for (path, answer, own) in [
        ("/how", "The complete answer is also e6. In ", "took the other"),
        ("/es/how", "La respuesta completa también es e6. En ", "tardaron los otros"),
        ("/how?path=/", "The complete answer is also e6. It would take ", "would take the other"),
    ] {
        // A new connection each, so that the sum is the longest.
        browser.visit(&tls(&server, path));
        let text = browser.text(".why");
        assert!(text.contains(answer) && (text.contains(own) || text.contains("tardó")), "{text}");
        let bottom = browser.evaluate("document.querySelector('.why').getBoundingClientRect().bottom");
        assert!(bottom.as_f64() <= Some(568.0), "{path}: {bottom}");
    }
}

#[test]
#[ignore = "needs Chromium"]
fn the_way_of_a_static_and_of_a_dynamic_request_unfolds() {
    let mut browser = Browser::open();
    let (server, _mlb) = site();
    let page = server.page();
    assert!(page.contains("<a href=\"/how\">"), "{page}");
    let css = page.split('"').find(|text| text.starts_with("/static/e6.")).unwrap();
    for (path, last, pattern) in [("/", "MLB", "/"), (css, "File", "/static/*")] {
        browser.visit(&tls(&server, &format!("/how?path={path}")));
        let names = "[...document.querySelectorAll('.way > li > details > summary b')].map((name) => name.textContent)";
        let names = browser.evaluate(names);
        let names: Vec<_> = names.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert_eq!(names[..6], ["You", "DNS", "TCP", "TLS", "HTTP", "Router"]);
        assert_eq!(names.last(), Some(&last));
        assert_eq!(browser.text(".patterns .matched code"), pattern);
        let is_open = "document.querySelector('.way > li:nth-child(4) pre').checkVisibility()";
        assert_eq!(browser.evaluate(is_open), false, "folded");
        browser.evaluate("document.querySelector('.way > li:nth-child(4) summary').click()");
        assert_eq!(browser.evaluate(is_open), true, "unfolded");
        assert!(browser.text(".way > li:nth-child(4)").contains("X25519MLKEM768"));
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}

#[test]
#[ignore = "needs Chromium"]
fn the_picture_moves_once_and_not_for_readers_who_prefer_reduced_motion() {
    let mut browser = Browser::open();
    let (server, _mlb) = site();
    let moves = "document.getAnimations().map((move) => move.effect.getComputedTiming().iterations)";
    for (size, expected) in [(DESKTOP, json!([1, 1])), ((390, 844), json!([1]))] {
        browser.size(size);
        for (motion, expected) in [("no-preference", expected), ("reduce", json!([]))] {
            browser.media("screen", &[("prefers-reduced-motion", motion)]);
            browser.visit("about:blank");
            browser.visit(&tls(&server, "/how"));
            assert_eq!(browser.evaluate(moves), expected, "{size:?} {motion}");
        }
    }
}

#[test]
#[ignore = "needs Chromium"]
fn the_drawings_of_the_readme_are_dark_on_a_dark_page() {
    let mut browser = Browser::open();
    for name in ["request-path.svg", "production.svg"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github").join(name);
        for (scheme, paper, ink) in [
            ("light", "rgb(255, 253, 248)", "rgb(47, 36, 29)"),
            ("dark", "rgb(23, 17, 13)", "rgb(246, 239, 228)"),
        ] {
            browser.media("screen", &[("prefers-color-scheme", scheme)]);
            browser.visit(&format!("file://{}", file.display()));
            let fill = |of: &str| format!("getComputedStyle(document.querySelector('{of}')).fill");
            assert_eq!(
                (browser.evaluate(&fill("rect")), browser.evaluate(&fill("text"))),
                (json!(paper), json!(ink)),
                "{name}"
            );
        }
    }
}
