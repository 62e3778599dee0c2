//! Three peers for `benches/compare` and `benches/scaling`, which are no web servers.
//!
//! `serve` is the practical limit: one epoll loop that answers every request head with bytes made at the start, with or
//! without rustls before it. It looks for the end of a head and for `if-none-match`, and at nothing else.
//! `handshakes` is a client: one connection after the other, each with a full or a resumed TLS 1.3 handshake and one request.
//! `paced` is a client that asks by the clock, whatever has been answered.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use rustix::event::epoll;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    client::Resumption,
    crypto::aws_lc_rs::{cipher_suite, default_provider, kx_group},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use std::{
    collections::{HashMap, VecDeque},
    env, fs,
    io::{self, ErrorKind::WouldBlock, Read, Write},
    net::{TcpListener, TcpStream},
    os::fd::{AsRawFd, RawFd},
    sync::Arc,
    time::{Duration, Instant},
};

const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\naccept-encoding: br\r\n\r\n";
const LAST_REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\naccept-encoding: br\r\n\
    connection: close\r\n\r\n";

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|word| *word != "--bench").collect();
    match arguments[..] {
        ["serve", address, responses] => serve(address, responses, None),
        ["serve", address, responses, chain, key] => serve(address, responses, Some(tls(chain, key))),
        ["paced", address, rate, connections, seconds] => paced(address, rate, connections, seconds),
        ["handshakes", address, trusted, group, kind, count] => {
            handshakes(address, trusted, group == "hybrid", kind == "resumed", count);
        }
        _ => eprintln!(
            "bare_loop serve ADDRESS RESPONSES [CHAIN KEY]\n\
             bare_loop handshakes ADDRESS TRUSTED hybrid|x25519 full|resumed COUNT\n\
             bare_loop paced ADDRESS RATE CONNECTIONS SECONDS\n\
             RESPONSES is a folder with the files `page`, `large` and `unchanged`: whole responses, heads included."
        ),
    }
}

/// The three responses, and which of them a request head gets.
struct Responses {
    page: Vec<u8>,
    large: Vec<u8>,
    unchanged: Vec<u8>,
}

impl Responses {
    fn read(folder: &str) -> Self {
        let read = |name| fs::read(format!("{folder}/{name}")).unwrap();
        Self { page: read("page"), large: read("large"), unchanged: read("unchanged") }
    }

    fn to(&self, head: &[u8]) -> &[u8] {
        let has = |text: &[u8]| head.windows(text.len()).any(|part| part.eq_ignore_ascii_case(text));
        match head {
            _ if head.starts_with(b"GET /card.png") => &self.large,
            _ if has(b"if-none-match") => &self.unchanged,
            _ => &self.page,
        }
    }
}

struct Connection {
    socket: TcpStream,
    tls: Option<ServerConnection>,
    received: Vec<u8>,
    unsent: Vec<u8>,
    closing: bool,
}

impl Connection {
    /// Reads, answers and writes until the socket would block. True while the connection lives.
    fn advance(&mut self, responses: &Responses) -> io::Result<bool> {
        let open = self.read()?;
        while let Some(end) = self.received.windows(4).position(|part| part == b"\r\n\r\n") {
            let head: Vec<u8> = self.received.drain(..end + 4).collect();
            let response = responses.to(&head);
            self.closing |= head.windows(17).any(|part| part.eq_ignore_ascii_case(b"connection: close"));
            match &mut self.tls {
                Some(tls) => tls.writer().write_all(response)?,
                None => self.unsent.extend_from_slice(response),
            }
        }
        let sent = self.write()?;
        Ok(open && !(sent && self.closing))
    }

    fn read(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 16 * 1024];
        loop {
            let read = match &mut self.tls {
                Some(tls) => tls.read_tls(&mut self.socket),
                None => self.socket.read(&mut buffer),
            };
            match read {
                Ok(0) => return Ok(false),
                Ok(length) if self.tls.is_none() => self.received.extend_from_slice(&buffer[..length]),
                Ok(_) => self.decrypt(&mut buffer)?,
                Err(error) if error.kind() == WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            }
        }
    }

    fn decrypt(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        let tls = self.tls.as_mut().expect("only called behind TLS");
        tls.process_new_packets().map_err(io::Error::other)?;
        while let Ok(length @ 1..) = tls.reader().read(buffer) {
            self.received.extend_from_slice(&buffer[..length]);
        }
        Ok(())
    }

    fn write(&mut self) -> io::Result<bool> {
        loop {
            let wrote = match &mut self.tls {
                Some(tls) if tls.wants_write() => tls.write_tls(&mut self.socket),
                None if !self.unsent.is_empty() => self.socket.write(&self.unsent),
                _ => return Ok(true),
            };
            match wrote {
                Ok(length) if self.tls.is_none() => drop(self.unsent.drain(..length)),
                Ok(_) => {}
                Err(error) if error.kind() == WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
    }
}

fn serve(address: &str, responses: &str, tls: Option<Arc<ServerConfig>>) {
    let responses = Responses::read(responses);
    let listener = TcpListener::bind(address).unwrap();
    listener.set_nonblocking(true).unwrap();
    let poll = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
    let watch = |fd: RawFd| epoll::EventData::new_u64(fd as u64);
    epoll::add(&poll, &listener, watch(listener.as_raw_fd()), epoll::EventFlags::IN).unwrap();
    let mut connections: HashMap<RawFd, Connection> = HashMap::new();
    let mut events = Vec::with_capacity(1024);
    loop {
        events.clear();
        epoll::wait(&poll, rustix::buffer::spare_capacity(&mut events), None).unwrap();
        for event in &events {
            let fd = event.data.u64() as RawFd;
            if fd == listener.as_raw_fd() {
                while let Ok((socket, _)) = listener.accept() {
                    socket.set_nonblocking(true).unwrap();
                    socket.set_nodelay(true).unwrap();
                    let flags = epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::ET;
                    epoll::add(&poll, &socket, watch(socket.as_raw_fd()), flags).unwrap();
                    let tls = tls.clone().map(|config| ServerConnection::new(config).unwrap());
                    let connection =
                        Connection { tls, received: Vec::new(), unsent: Vec::new(), closing: false, socket };
                    connections.insert(connection.socket.as_raw_fd(), connection);
                }
            } else if let Some(connection) = connections.get_mut(&fd) {
                if !connection.advance(&responses).unwrap_or(false) {
                    connections.remove(&fd);
                }
            }
        }
    }
}

fn tls(chain: &str, key: &str) -> Arc<ServerConfig> {
    let chain = CertificateDer::pem_file_iter(chain).unwrap().collect::<Result<_, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    Arc::new(config)
}

/// The client offers cipher suites as browsers do, the fastest first. A hybrid one offers X25519MLKEM768 before X25519,
/// as they do, too; others offer X25519 alone.
fn handshakes(address: &str, trusted: &str, hybrid: bool, resumed: bool, count: &str) {
    let count: u32 = count.parse().unwrap();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_file_iter(trusted).unwrap().map(Result::unwrap));
    let mut provider = default_provider();
    provider.cipher_suites = vec![
        cipher_suite::TLS13_AES_128_GCM_SHA256,
        cipher_suite::TLS13_AES_256_GCM_SHA384,
        cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    ];
    if !hybrid {
        provider.kx_groups = vec![kx_group::X25519];
    }
    let builder = ClientConfig::builder_with_provider(provider.into()).with_safe_default_protocol_versions();
    let mut config = builder.unwrap().with_root_certificates(roots).with_no_client_auth();
    if !resumed {
        config.resumption = Resumption::disabled();
    }
    let config = Arc::new(config);
    let name = ServerName::try_from("localhost").unwrap();
    let mut kinds: HashMap<String, u32> = HashMap::new();
    for _ in 0..count {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_nodelay(true).unwrap();
        let connection = ClientConnection::new(Arc::clone(&config), name.clone()).unwrap();
        let mut stream = StreamOwned::new(connection, socket);
        stream.write_all(LAST_REQUEST).unwrap();
        let mut response = Vec::new();
        // A server may end without close_notify.
        let _ = stream.read_to_end(&mut response);
        assert!(response.starts_with(b"HTTP/1.1 200"), "a response other than 200");
        *kinds.entry(format!("{:?}", stream.conn.handshake_kind())).or_default() += 1;
    }
    println!("{kinds:?}");
}

/// A connection that asks when a request is due, or as soon as the response before has come.
struct PacedConnection {
    socket: TcpStream,
    /// The times at which its requests were due, the first of which is under way.
    due: VecDeque<Instant>,
    received: Vec<u8>,
}

impl PacedConnection {
    fn ask(&mut self, due: Instant) {
        self.due.push_back(due);
        if self.due.len() == 1 {
            self.socket.write_all(REQUEST).unwrap();
        }
    }

    /// Reads, and returns how long ago a request was due whose response is complete now.
    fn receive(&mut self) -> Option<Duration> {
        let mut buffer = [0; 16 * 1024];
        let count = self.socket.read(&mut buffer).unwrap();
        assert!(count > 0, "the server has closed a connection");
        self.received.extend_from_slice(&buffer[..count]);
        let head = self.received.windows(4).position(|part| part == b"\r\n\r\n")? + 4;
        let text = str::from_utf8(&self.received[..head]).unwrap().to_ascii_lowercase();
        assert!(text.starts_with("http/1.1 200"), "{text}");
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if self.received.len() < head + length.parse::<usize>().unwrap() {
            return None;
        }
        self.received.clear();
        let took = self.due.pop_front().unwrap().elapsed();
        if !self.due.is_empty() {
            self.socket.write_all(REQUEST).unwrap();
        }
        Some(took)
    }
}

/// Asks so many times a second, over connections in turns. Prints the latencies in µs, each from the time at which the request
/// was due: a late response makes the requests behind it late, too.
fn paced(address: &str, rate: &str, connections: &str, seconds: &str) {
    let (rate, seconds) = (rate.parse::<f64>().unwrap(), seconds.parse::<f64>().unwrap());
    // The kernel would wake this process 50 µs late.
    fs::write("/proc/self/timerslack_ns", "1").unwrap();
    let poll = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
    let mut connections: Vec<_> = (0..connections.parse::<u64>().unwrap())
        .map(|number| {
            let socket = TcpStream::connect(address).unwrap();
            socket.set_nodelay(true).unwrap();
            let number = epoll::EventData::new_u64(number);
            epoll::add(&poll, &socket, number, epoll::EventFlags::IN).unwrap();
            PacedConnection { socket, due: VecDeque::new(), received: Vec::new() }
        })
        .collect();
    let (began, all) = (Instant::now(), (rate * seconds) as usize);
    let (mut asked, mut latencies) = (0, Vec::with_capacity(all));
    let mut events = Vec::with_capacity(1024);
    while latencies.len() < all {
        let due = |asked: usize| began + Duration::from_secs_f64(asked as f64 / rate);
        while asked < all && due(asked) <= Instant::now() {
            let count = connections.len();
            connections[asked % count].ask(due(asked));
            asked += 1;
        }
        let wait = if asked < all { due(asked) - Instant::now() } else { Duration::from_secs(5) };
        events.clear();
        epoll::wait(&poll, rustix::buffer::spare_capacity(&mut events), Some(&wait.try_into().unwrap()))
            .unwrap();
        assert!(asked < all || !events.is_empty(), "a request was not answered within 5 s");
        for event in &events {
            latencies.extend(connections[event.data.u64() as usize].receive());
        }
    }
    latencies.sort();
    for latency in latencies {
        println!("{}", latency.as_micros());
    }
}
