//! More than one machine: ten replicas that follow one relay, behind HAProxy; and a cache in front of the site.

use crate::{
    clients::reverse_proxies::{Proxy, site},
    support::{
        day::{EVENING, Game, IN_PROGRESS},
        fake_mlb::FakeMlb,
        secrets::TOKEN,
        server::Server,
        tools,
    },
};
use std::{
    fs,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

const REPLICAS: usize = 10;
const REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\nConnection: close\r\n\r\n";
/// `max-age` of the fake's feeds, and the interval of polls during a game.
const INTERVAL: Duration = Duration::from_secs(10);

fn with_token(section: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("token"), TOKEN).unwrap();
    fs::write(dir.path().join("e6.toml"), format!("[{section}]\ntoken_file = \"token\"\n")).unwrap();
    dir
}

/// A replica whose socket is at a place that a later process takes over.
fn replica(dir: tempfile::TempDir, relay: &Server, socket: &Path) -> Server {
    let url = format!("http://{}/mlb", relay.http());
    let http = format!("127.0.0.1:0,unix:{}", socket.display());
    let arguments =
        ["--mlb-url", &url, "--clock", EVENING, "--http", &http, "--https", "off", "--trusted", "unix"];
    Server::start_in(dir, &arguments)
}

/// HAProxy before the replicas: it takes those that are ready, and asks another one if a request fails.
fn haproxy(dir: &Path, sockets: &[PathBuf]) -> Proxy {
    let mut configuration = format!(
        "defaults\n mode http\n timeout connect 2s\n timeout client 30s\n timeout server 30s\n retries 5\n \
         option redispatch 1\n retry-on all-retryable-errors\n\
         frontend visitors\n bind unix@{}\n default_backend site\n\
         backend site\n balance roundrobin\n option httpchk\n \
         http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host localhost\n \
         default-server check inter 200ms fall 2 rise 1\n",
        dir.join("front.sock").display()
    );
    for (number, socket) in sockets.iter().enumerate() {
        configuration += &format!(" server e6-{number} unix@{}\n", socket.display());
    }
    fs::write(dir.join("haproxy.cfg"), configuration).unwrap();
    Proxy::run(Command::new("haproxy").args(["-db", "-f", "haproxy.cfg"]), dir)
}

#[derive(Default)]
struct Load {
    answered: AtomicUsize,
    failed: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

struct EndOnDrop<'a>(&'a Load);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}

impl Load {
    fn keep_asking(&self, proxy: &Proxy) {
        while !self.is_over.load(Ordering::Relaxed) {
            let reply = proxy.ask(REQUEST);
            let text = String::from_utf8_lossy(&reply);
            if text.starts_with("HTTP/1.1 200 ") && text.contains("\nYes\n") {
                self.answered.fetch_add(1, Ordering::Relaxed);
            } else {
                self.failed.lock().unwrap().push(text.chars().take(200).collect());
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
#[ignore = "needs haproxy"]
fn replicas_are_killed_and_upgraded_in_turn_and_no_request_fails() {
    tools::find("haproxy");
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let relay = Server::start_in(with_token("relay"), &["--mlb-url", &mlb.url(), "--clock", EVENING]);
    relay.wait_for_verdict("yes");
    let dir = tempfile::tempdir().unwrap();
    let sockets: Vec<PathBuf> =
        (0..REPLICAS).map(|number| dir.path().join(format!("{number}.sock"))).collect();
    let mut replicas: Vec<Server> =
        sockets.iter().map(|socket| replica(with_token("mlb"), &relay, socket)).collect();
    replicas.iter().for_each(|replica| drop(replica.wait_for_verdict("yes")));
    let proxy = haproxy(dir.path(), &sockets);
    let (asked_before, began) = (mlb.count("/api/v1.1/game/"), Instant::now());

    let load = Load::default();
    thread::scope(|scope| {
        // Ends the load also if an assertion fails, for which the scope would wait otherwise.
        let _end = EndOnDrop(&load);
        for _ in 0..4 {
            scope.spawn(|| load.keep_asking(&proxy));
        }
        for (number, socket) in sockets.iter().enumerate() {
            let before = load.answered.load(Ordering::Relaxed);
            if number % 2 == 0 {
                // As a container that is restarted in its pod, it keeps its volume.
                let dir = replicas.remove(number).kill();
                replicas.insert(number, replica(dir, &relay, socket));
                replicas[number].wait_for_verdict("yes");
            } else {
                let (code, said) = replicas[number].command(&["upgrade"]);
                assert_eq!(code, Some(0), "{said}");
                assert!(UnixStream::connect(socket).is_ok());
            }
            // The next one goes only while visitors are served.
            relay.wait_until("answered", || load.answered.load(Ordering::Relaxed) > before + 50);
        }
        // Long enough to tell one request an interval from one for each replica.
        while began.elapsed() < 4 * INTERVAL {
            thread::sleep(Duration::from_millis(100));
        }
    });

    let failed = load.failed.lock().unwrap();
    let answered = load.answered.load(Ordering::Relaxed);
    assert!(failed.is_empty(), "{} of {answered}: {:?}", failed.len(), &failed[..failed.len().min(3)]);
    assert!(answered > 500, "{answered}");
    // The relay asks once an interval, for its own page and for all replicas. A restarted replica adds nothing.
    let intervals = began.elapsed().as_secs_f64() / INTERVAL.as_secs_f64();
    let asked = mlb.count("/api/v1.1/game/") - asked_before;
    println!("{answered} requests, none failed; {asked} feeds in {intervals:.1} intervals");
    assert!(asked as f64 <= intervals + 1.0, "{asked} feeds in {intervals:.1} intervals");
}

/// Requests as a day of visitors sends them: mostly the page, then what it links, and other forms of the answer.
const VISITS: &[(&str, &str)] = &[
    ("/en", "text/html"),
    ("/en", "text/html"),
    ("/en", "text/html"),
    ("/es", "text/html"),
    ("/static/e6.css", "text/css"),
    ("/api/v1/answer", "application/json"),
    ("/badge.svg", "image/svg+xml"),
    ("/robots.txt", "text/plain"),
];
const VISITORS: usize = 400;

#[test]
#[ignore = "needs varnish"]
fn a_cache_in_front_answers_nine_of_ten_requests_during_a_game() {
    let varnishd = tools::find("varnishd");
    let (server, _mlb) = site(&[]);
    let dir = server.path("");
    let configuration = format!(
        "vcl 4.1;\nbackend e6 {{ .path = \"{}\"; }}\n\
         sub vcl_backend_response {{ set beresp.do_stream = false; }}\n\
         sub vcl_deliver {{ unset resp.http.via; unset resp.http.x-varnish; set resp.http.X-Cache = obj.hits; }}\n",
        server.path("e6.sock").display()
    );
    fs::write(server.path("site.vcl"), configuration).unwrap();
    let state = tempfile::tempdir().unwrap();
    let listen = format!("{},mode=666", server.path("front.sock").display());
    let mut command = Command::new(varnishd);
    command
        .args(["-j", "none", "-F", "-a", &listen, "-f"])
        .arg(server.path("site.vcl"))
        .arg("-n")
        .arg(state.path());
    // A response that Varnish streams or unzips has no length.
    command.args(["-s", "malloc,32m", "-p", "http_gzip_support=off"]);
    let cache = Proxy::run(&mut command, &dir);
    let css = linked_style(&cache);
    let mut hits = 0;
    for (path, accept) in VISITS.iter().cycle().take(VISITORS) {
        let path = if path.ends_with(".css") { &css } else { *path };
        let response = cache.get(path, &format!("Accept: {accept}\r\n"));
        assert_eq!(response.status, 200, "{path} {}", cache.said());
        hits += usize::from(response.field("server-timing") != "0");
        thread::sleep(Duration::from_millis(25));
    }
    let asked = fs::read_to_string(server.path("access.log")).unwrap().lines().count();
    assert!(hits * 10 >= VISITORS * 9, "{hits} hits of {VISITORS}");
    println!("{hits} hits of {VISITORS} requests; e6 was asked {asked} times");
}

/// The path of the style sheet that the page links.
fn linked_style(cache: &Proxy) -> String {
    let page = cache.get("/en", "Accept: text/html\r\n");
    let (_, rest) = page.text().split_once("href=\"/static/e6.").unwrap();
    format!("/static/e6.{}", rest.split('"').next().unwrap())
}
