//! Behind other proxies: nginx as a cache, like a CDN, and HAProxy with the PROXY protocol, which
//! names the client.

use crate::support::{
    day::{EVENING, Game, IN_PROGRESS},
    fake_mlb::FakeMlb,
    server::{PATIENCE, Response, Server, parse},
    tools,
};
use std::{
    fs,
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A proxy in front of a server, at a Unix socket; killed on drop.
pub struct Proxy {
    child: Child,
    socket: PathBuf,
    said: PathBuf,
}

impl Proxy {
    /// Runs this command, which listens at `front.sock` in this directory.
    pub fn run(command: &mut Command, dir: &Path) -> Self {
        let (socket, said) = (dir.join("front.sock"), dir.join("front.stderr"));
        let stderr = fs::File::create(&said).unwrap();
        let child = command
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let proxy = Proxy { child, socket, said };
        let deadline = Instant::now() + PATIENCE;
        while UnixStream::connect(&proxy.socket).is_err() {
            assert!(Instant::now() < deadline, "{}", proxy.said());
            thread::sleep(Duration::from_millis(20));
        }
        proxy
    }

    pub fn ask(&self, request: &str) -> Vec<u8> {
        let mut stream = UnixStream::connect(&self.socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).unwrap();
        reply
    }

    pub fn get(&self, path: &str, fields: &str) -> Response {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{fields}Connection: close\r\n\r\n");
        let reply = self.ask(&request);
        // The field that the proxy adds must not fail the check of expected fields.
        let text = String::from_utf8_lossy(&reply).replace("\r\nX-Cache: ", "\r\nserver-timing: ");
        parse(text.as_bytes(), true)
    }

    pub fn said(&self) -> String {
        fs::read_to_string(&self.said).unwrap_or_default()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A site during a game with an error, at `e6.sock`, whose peers are trusted proxies.
pub fn site(more: &[&str]) -> (Server, FakeMlb) {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let dir = tempfile::tempdir().unwrap();
    let http = format!("127.0.0.1:0,unix:{}", dir.path().join("e6.sock").display());
    let url = mlb.url();
    let usual = ["--mlb-url", &url, "--clock", EVENING, "--http", &http, "--trusted", "unix"];
    let server = Server::start_in(dir, &[&usual, more].concat());
    server.wait_for_verdict("yes");
    (server, mlb)
}

fn nginx(server: &Server) -> Proxy {
    let configuration = "daemon off; master_process off; pid nginx.pid; error_log stderr;\n\
        events {}\n\
        http {\n\
          access_log off; client_body_temp_path body; proxy_temp_path temp; fastcgi_temp_path fastcgi;\n\
          uwsgi_temp_path uwsgi; scgi_temp_path scgi; proxy_cache_path cache keys_zone=cache:1m;\n\
          server {\n\
            listen unix:front.sock;\n\
            location / {\n\
              proxy_pass http://unix:e6.sock: ; proxy_http_version 1.1; proxy_set_header Host $host;\n\
              proxy_set_header Connection ''; proxy_set_header X-Forwarded-Proto https;\n\
              proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n\
              proxy_cache cache; proxy_cache_background_update on; add_header X-Cache $upstream_cache_status always;\n\
            }\n\
          }\n\
        }\n"
        .replace("front.sock", &server.path("front.sock").display().to_string())
        .replace("e6.sock: ", &server.path("e6.sock").display().to_string());
    fs::write(server.path("nginx.conf"), configuration).unwrap();
    let dir = server.path("");
    Proxy::run(Command::new("nginx").arg("-p").arg(&dir).args(["-e", "stderr", "-c", "nginx.conf"]), &dir)
}

#[test]
#[ignore = "needs nginx"]
fn a_cache_in_front_carries_the_site_even_when_it_is_gone() {
    tools::find("nginx");
    let (server, _mlb) = site(&[]);
    let cache = nginx(&server);
    let text = "X-Forwarded-For: 192.0.2.7\r\nAccept: text/plain\r\n";
    let html = "X-Forwarded-For: 192.0.2.8\r\nAccept: text/html\r\n";
    let asks = || -> Vec<_> {
        let paths = [
            ("/", html),
            ("/es", html),
            ("/api/v1/answer", text),
            ("/robots.txt", text),
            ("/badge.svg", text),
        ];
        paths.iter().map(|(path, fields)| cache.get(path, fields)).collect()
    };
    let (first, second) = (asks(), asks());
    for (first, second) in first.iter().zip(&second) {
        assert_eq!((first.status, first.field("server-timing")), (200, "MISS"), "{first:?}");
        assert_eq!((second.status, second.field("server-timing")), (200, "HIT"), "{second:?}");
        assert_eq!(first.body, second.body);
    }
    for _ in 0..2 {
        let other = cache.get("/", text);
        assert_eq!((other.status, other.field("server-timing")), (200, "MISS"), "private: {other:?}");
        assert!(other.text().contains("\nYes\n"), "one URL, two forms: {other:?}");
    }
    let missing = cache.get("/nothing", text);
    assert_eq!(
        (missing.status, cache.get("/nothing", text).field("server-timing")),
        (404, "MISS"),
        "errors are not kept"
    );

    // The log has the client that nginx names, and no requests that the cache answered.
    let deadline = Instant::now() + PATIENCE;
    loop {
        let log = fs::read_to_string(server.path("access.log")).unwrap();
        let asked = |client: &str| log.lines().filter(|line| line.starts_with(&format!("{client} "))).count();
        let asked = (asked("192.0.2.7"), asked("192.0.2.8"));
        if asked == (7, 2) {
            break;
        }
        assert!(Instant::now() < deadline, "{asked:?}\n{log}\n{}", cache.said());
        thread::sleep(Duration::from_millis(20));
    }

    // The cached page is stale after five seconds. nginx serves it nevertheless.
    let socket = server.path("e6.sock");
    crate::support::server::signal(server.pid(), "KILL");
    let deadline = Instant::now() + PATIENCE;
    while UnixStream::connect(&socket).is_ok() {
        assert!(Instant::now() < deadline);
        thread::sleep(Duration::from_millis(20));
    }
    let deadline = Instant::now() + PATIENCE;
    loop {
        let old = cache.get("/", html);
        assert_eq!((old.status, &old.body), (200, &first[0].body), "{}", cache.said());
        if old.field("server-timing") != "HIT" {
            break;
        }
        assert!(Instant::now() < deadline, "it is kept for longer than its data can last");
        thread::sleep(Duration::from_millis(200));
    }
}

#[test]
#[ignore = "needs haproxy"]
fn haproxy_tells_who_the_client_is_by_both_versions_of_its_protocol() {
    tools::find("haproxy");
    for (version, speaks) in
        [("1", "send-proxy"), ("2", "send-proxy-v2"), ("2 with TLVs", "send-proxy-v2-ssl-cn")]
    {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("e6.toml"), "[proxy]\ntrusted = [\"unix\"]\nprotocol = true\n").unwrap();
        let back = dir.path().join("e6.sock");
        let http = format!("127.0.0.1:0,unix:{}", back.display());
        let server = Server::start_in(dir, &["--mlb-url", "http://127.0.0.1:9", "--http", &http]);
        // HAProxy trusts the PROXY protocol header of its own client, which is the test.
        let configuration = format!(
            "defaults\n mode tcp\n timeout connect 5s\n timeout client 30s\n timeout server 30s\n\
             listen front\n bind unix@{} accept-proxy\n server e6 unix@{} {speaks}\n",
            server.path("front.sock").display(),
            back.display()
        );
        fs::write(server.path("haproxy.cfg"), configuration).unwrap();
        let dir = server.path("");
        let proxy = Proxy::run(Command::new("haproxy").args(["-db", "-f", "haproxy.cfg"]), &dir);
        let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        for client in ["TCP4 192.0.2.7 10.0.0.1 54321 80", "TCP6 2001:db8::7 ::1 54321 80"] {
            let reply = proxy.ask(&format!("PROXY {client}\r\n{request}"));
            assert!(reply.starts_with(b"HTTP/1.1 200 OK"), "{version}: {}", proxy.said());
        }
        let log = server.access_log(2);
        assert!(log[0].starts_with("192.0.2.7 ") && log[1].starts_with("2001:db8::7 "), "{version}: {log:?}");
    }
}
