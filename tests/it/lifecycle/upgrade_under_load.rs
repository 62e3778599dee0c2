//! Upgrades under load: clients of every kind that count failed requests.

use crate::{
    http::http3,
    support::{
        aioquic::Scenario,
        client::Kept,
        day::{EVENING, Game, IN_PROGRESS},
        fake_mlb::FakeMlb,
        server::{PATIENCE, Server, signal},
        tools,
    },
    tls::handshake::{BOTH, client, handshake},
};
use std::{
    fmt::Display,
    io::{self, Read, Write},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

const UPGRADES: usize = 50;
/// Upgrades while third-party clients run.
const FOREIGN_UPGRADES: usize = 5;

/// Counts of all clients of one kind.
#[derive(Default)]
struct Tally {
    asked: AtomicUsize,
    failed: Mutex<Vec<String>>,
    over: AtomicBool,
}

impl Tally {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn answered(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    fn failed(&self, what: &str, error: impl Display) {
        self.failed.lock().unwrap().push(format!("{what}: {error}"));
    }
}

/// Sends requests until the test ends. The client leaves a connection only if a response says so.
fn keep_asking<S: Read + Write>(
    tally: &Tally,
    connect: impl Fn() -> io::Result<Kept<S>>,
    fields: &str,
    pause: Duration,
) {
    while !tally.is_over() {
        let mut kept = match connect() {
            Ok(kept) => kept,
            Err(error) => return tally.failed("connect", error),
        };
        loop {
            match kept.get_with("/", fields) {
                Ok(response) if response.status == 200 => {
                    tally.answered();
                    thread::sleep(pause);
                    if response.field("connection").contains("close") || tally.is_over() {
                        break;
                    }
                }
                Ok(response) => return tally.failed("status", response.status),
                Err(error) => return tally.failed("request", error),
            }
        }
    }
}

/// As `keep_asking`, over HTTP/2. A request that the server reports as not processed is retried (RFC 9113 §8.7).
async fn keep_asking_by_h2(tally: &Tally, address: std::net::SocketAddr, config: Arc<rustls::ClientConfig>) {
    let again = |error: &h2::Error| {
        error.is_go_away() && error.is_remote() || error.reason() == Some(h2::Reason::REFUSED_STREAM)
    };
    while !tally.is_over() {
        let connect = async {
            let stream = tokio::net::TcpStream::connect(address).await?;
            let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
            let stream = tokio_rustls::TlsConnector::from(config.clone()).connect(name, stream).await?;
            h2::client::handshake(stream).await.map_err(io::Error::other)
        };
        let (mut sender, connection) = match connect.await {
            Ok(connected) => connected,
            Err(error) => return tally.failed("connect", error),
        };
        let driver = tokio::spawn(connection);
        while !tally.is_over() {
            let request = hyper::Request::get("https://localhost/").body(()).unwrap();
            let exchange = async {
                sender = sender.clone().ready().await?;
                let (response, _) = sender.send_request(request, true)?;
                let response = response.await?;
                let status = response.status();
                let mut body = response.into_body();
                while let Some(bytes) = body.data().await {
                    let bytes = bytes?;
                    let _ = body.flow_control().release_capacity(bytes.len());
                }
                Ok::<_, h2::Error>(status)
            };
            match exchange.await {
                Ok(status) if status == 200 => tally.answered(),
                Ok(status) => return tally.failed("status", status),
                Err(error) if again(&error) => break,
                Err(error) => return tally.failed("request", format!("{error:?}")),
            }
        }
        driver.abort();
    }
}

/// Clients of every kind over TCP that send requests until they are told to end.
pub(super) struct TcpClients {
    tallies: Vec<Arc<Tally>>,
    clients: Vec<JoinHandle<()>>,
}

impl TcpClients {
    const KINDS: [&str; 5] = ["kept", "kept, at leisure", "closed", "TLS", "HTTP/2"];

    /// Starts two clients of each kind.
    pub fn start(server: &Server) -> Self {
        let (http, https) = (server.http(), server.https());
        let tls = client(server, &["http/1.1"], BOTH);
        let by_h2 = Arc::new(client(server, &["h2"], BOTH));
        let tallies: Vec<Arc<Tally>> = Self::KINDS.iter().map(|_| Arc::default()).collect();
        let spawn = |index: usize, body: Box<dyn FnOnce(&Tally) + Send>| -> JoinHandle<()> {
            let tally = tallies[index].clone();
            thread::spawn(move || body(&tally))
        };
        let (breath, leisure) = (Duration::from_millis(5), Duration::from_millis(300));
        let mut clients = Vec::new();
        for _ in 0..2 {
            let (tls, by_h2) = (tls.clone(), by_h2.clone());
            let open = move || Kept::open(http);
            clients.push(spawn(0, Box::new(move |tally| keep_asking(tally, open, "", breath))));
            clients.push(spawn(1, Box::new(move |tally| keep_asking(tally, open, "", leisure))));
            let closing = "Connection: close\r\n";
            clients.push(spawn(2, Box::new(move |tally| keep_asking(tally, open, closing, breath))));
            let open = move || handshake(https, "localhost", tls.clone()).map(Kept::over);
            clients.push(spawn(3, Box::new(move |tally| keep_asking(tally, open, "", breath))));
            clients.push(spawn(
                4,
                Box::new(move |tally| {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(keep_asking_by_h2(tally, https, by_h2));
                }),
            ));
        }
        TcpClients { tallies, clients }
    }

    /// Ends the clients. Panics if a request of theirs failed, or if a kind has sent no more than this number.
    pub fn finish(self, server: &Server, more_than: usize) {
        for tally in &self.tallies {
            tally.over.store(true, Ordering::Relaxed);
        }
        for client in self.clients {
            client.join().unwrap();
        }
        for (kind, tally) in Self::KINDS.iter().zip(&self.tallies) {
            let failed = tally.failed.lock().unwrap();
            let asked = tally.asked.load(Ordering::Relaxed);
            eprintln!("{kind}: {asked} answered, {} failed", failed.len());
            assert!(failed.is_empty(), "{kind}: {failed:?}\n{}", server.stderr());
            assert!(asked > more_than, "{kind}: only {asked}");
        }
    }
}

/// Upgrades this many times. If the machine is too busy to start a process in time, the old one stays, and the upgrade
/// is retried.
pub(super) fn upgrade(server: &Server, times: usize) {
    let mut present = server.found().unwrap();
    for time in 1..=times {
        let deadline = Instant::now() + 4 * PATIENCE;
        let refused = || server.stderr().matches("no upgrade, this process goes on").count();
        let mut asked = refused();
        signal(present, "USR2");
        present = loop {
            match server.found() {
                Some(pid) if pid != present => break pid,
                _ => assert!(Instant::now() < deadline, "upgrade {time}: {}", server.stderr()),
            }
            if refused() > asked {
                asked = refused();
                signal(present, "USR2");
            }
            thread::sleep(Duration::from_millis(10));
        };
    }
}

#[test]
fn no_request_fails_in_fifty_upgrades() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let url = mlb.url();
    let server = Server::start_with(&["--mlb-url", &url, "--clock", EVENING, "--access-log", "off"]);
    server.wait_for_verdict("yes");
    let clients = TcpClients::start(&server);
    upgrade(&server, UPGRADES);
    clients.finish(&server, UPGRADES);
    let how = server.get("/how", "Accept: application/json\r\n");
    let how: serde_json::Value = serde_json::from_slice(&how.body).unwrap();
    assert_eq!(how["server"]["upgrades"], UPGRADES);
}

#[test]
#[ignore = "needs aioquic"]
fn no_request_over_http3_fails_in_fifty_upgrades() {
    let (server, _mlb) = http3::site_with("");
    let clients = Scenario::start("upgrades", server.https(), &[]);
    let mut handed_over = 0.0;
    for _ in 0..UPGRADES {
        upgrade(&server, 1);
        handed_over += server.metric("e6_quic_datagrams_handed_over_total{to=\"old_process\"}");
    }
    let counts = clients.finish();
    eprintln!("{counts}");
    let count = |name: &str| -> usize {
        let rest = counts.split(&format!("'{name}': ")).nth(1).unwrap();
        rest.split(|end: char| !end.is_ascii_digit()).next().unwrap().parse().unwrap()
    };
    assert!(count("answered") > UPGRADES, "{counts}");
    assert!(count("connections") >= UPGRADES, "{counts}");
    assert!(handed_over > 0.0, "processes hand over packets to the ones before");
}

#[test]
#[ignore = "needs wrk, h2load and curl"]
fn foreign_clients_count_no_failure_in_upgrades_either() {
    for program in ["wrk", "h2load", "curl"] {
        tools::find(program);
    }
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let url = mlb.url();
    let server = Server::start_with(&["--mlb-url", &url, "--clock", EVENING, "--access-log", "off"]);
    server.wait_for_verdict("yes");
    let (http, https) = (format!("http://{}/", server.http()), format!("https://{}/", server.https()));
    let run = |tool: &str, arguments: &[&str]| {
        let child = Command::new(tool).args(arguments).stdout(Stdio::piped()).spawn();
        child.unwrap_or_else(|error| panic!("{tool}: {error}"))
    };
    let clients = [
        run("wrk", &["-t1", "-c2", "-d20s", &http]),
        run("wrk", &["-t1", "-c2", "-d20s", &https]),
        run("wrk", &["-t1", "-c2", "-d20s", "-H", "Connection: close", &http]),
        run("h2load", &["--h1", "-c2", "-t1", "-D20", &http]),
    ];
    // h2load counts a GOAWAY as a failure of its next request, so curl tests HTTP/2.
    let by_h2 = ["--http2", "--insecure", "--silent", "--no-buffer", "--output", "/dev/null"];
    let many = format!("{https}?[1-1000000]");
    // Standard error is not buffered: what curl has counted is there when it is killed.
    let format = "%{stderr}%{http_code} %{http_version}\\n";
    let mut curl = Command::new("curl")
        .args([&by_h2[..], &["--write-out", format, &many]].concat())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    upgrade(&server, FOREIGN_UPGRADES);
    curl.kill().unwrap();
    let said = String::from_utf8(curl.wait_with_output().unwrap().stderr).unwrap();
    let (cut, failed) = (said.rfind('\n').unwrap(), |line: &&str| *line != "200 2");
    eprintln!("curl: {} requests", said.lines().count());
    assert_eq!(said[..cut].lines().find(failed), None, "{}", server.stderr());
    assert!(said.lines().count() > 20 * FOREIGN_UPGRADES, "{said}");
    for client in clients {
        let output = client.wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{said}");
        let summary =
            ["requests in ", "requests: "].map(|word| said.lines().find(|line| line.contains(word)));
        let summary = summary.into_iter().flatten().next().unwrap_or_else(|| panic!("{said}"));
        eprintln!("{}", summary.trim());
        match summary.contains("succeeded") {
            true => assert!(said.contains(" 0 failed, 0 errored, 0 timeout"), "{said}"),
            // wrk prints errors only if there are any.
            false => assert!(!said.contains("Socket errors") && !said.contains("Non-2xx"), "{said}"),
        }
    }
}
