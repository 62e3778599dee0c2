//! TLS handshakes with a client that trusts only this server's certificate.

use crate::support::{
    day::EVENING,
    secrets,
    server::{EXPECTED_FIELDS, OF_THE_MOMENT, PATIENCE, Server, site},
};
use bytes::Bytes;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
    version::{TLS12, TLS13},
};
use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt,
    sync::Arc,
};

pub const BOTH: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

pub fn client(
    server: &Server,
    alpn: &[&str],
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    trusting(&fs::read(server.path("certs/cert.pem")).unwrap(), alpn, versions)
}

/// A client that trusts only this root (PEM).
pub fn trusting(root: &[u8], alpn: &[&str], versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(root).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    config
}

/// Connects and completes the TLS handshake, or returns the reason for the failure.
pub fn connect(
    server: &Server,
    name: &'static str,
    alpn: &[&str],
    versions: &[&'static SupportedProtocolVersion],
) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
    handshake(server.https(), name, client(server, alpn, versions))
}

/// As [`connect`], with this client configuration and address.
pub fn handshake(
    address: SocketAddr,
    name: &'static str,
    client: ClientConfig,
) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    handshake_over(socket, name, client)
}

/// As [`handshake`], over a socket on which bytes may have been sent already.
pub fn handshake_over(
    socket: TcpStream,
    name: &'static str,
    client: ClientConfig,
) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let config = Arc::new(client);
    let tls = ClientConnection::new(config, ServerName::try_from(name).unwrap()).unwrap();
    let mut stream = StreamOwned::new(tls, socket);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}

/// As [`connect`], to localhost with TLS 1.2 and 1.3.
pub fn established(server: &Server, alpn: &[&str]) -> StreamOwned<ClientConnection, TcpStream> {
    connect(server, "localhost", alpn, BOTH).unwrap()
}

#[test]
fn the_protocol_is_the_best_that_both_sides_speak() {
    let (server, _mlb) = site();
    for (offered, agreed) in [
        (&["h2", "http/1.1"][..], Some("h2")),
        (&["http/1.1", "h2"], Some("h2")),
        (&["http/1.1"], Some("http/1.1")),
        (&["http/1.0", "http/1.1"], Some("http/1.1")),
        (&["http/1.0"], Some("http/1.0")),
        (&[], None),
    ] {
        for versions in [&[&TLS13][..], &[&TLS12]] {
            let stream = connect(&server, "localhost", offered, versions).unwrap();
            let alpn = stream.conn.alpn_protocol().map(|name| std::str::from_utf8(name).unwrap());
            assert_eq!(alpn, agreed, "{offered:?} {versions:?}");
        }
    }
    let refused = connect(&server, "localhost", &["spdy/3"], BOTH).unwrap_err();
    assert!(refused.to_string().contains("NoApplicationProtocol"), "{refused}");
}

#[test]
fn todays_clients_get_a_key_exchange_that_outlives_quantum_computers() {
    let (server, _mlb) = site();
    let stream = established(&server, &["h2"]);
    let group = stream.conn.negotiated_key_exchange_group().unwrap().name();
    assert_eq!(group, rustls::NamedGroup::X25519MLKEM768);
}

#[test]
fn the_certificate_is_for_this_machine_and_no_other() {
    let (server, _mlb) = site();
    for name in ["localhost", "127.0.0.1", "::1"] {
        assert!(connect(&server, name, &["http/1.1"], BOTH).is_ok(), "{name}");
    }
    let refused = connect(&server, "example.com", &["http/1.1"], BOTH).unwrap_err();
    assert!(refused.to_string().contains("not valid for name"), "{refused}");
}

#[test]
fn http_1_is_the_same_with_and_without_tls() {
    let (server, _mlb) = site();
    for path in ["/", "/robots.txt", "/nothing"] {
        let mut stream = established(&server, &["http/1.1"]);
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap_or_else(|error| panic!("no clean end of TLS: {error}"));
        let text = String::from_utf8(bytes).unwrap();
        let clear = server.get(path, "");
        assert!(text.starts_with(&format!("HTTP/1.1 {} ", clear.status)), "{text}");
        assert!(text.ends_with(clear.text()), "{text}");
    }
}

#[test]
fn http_sent_to_the_tls_port_gets_a_hint() {
    let (server, _mlb) = site();
    let mut stream = TcpStream::connect(server.https()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 400 ") && reply.ends_with("write https:// instead.\n"), "{reply}");
    // The connection is counted at its end, which the client may see first.
    let deadline = std::time::Instant::now() + PATIENCE;
    while server.metric("e6_connections_refused_total{reason=\"cleartext\"}") != 1.0 {
        assert!(std::time::Instant::now() < deadline, "{}", server.metrics());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[tokio::test]
async fn http_2_answers_many_requests_on_one_connection_as_http_1_does() {
    let (server, _mlb) = site();
    let mut h2 = Http2::open(&server).await;
    for (method, path, fields) in [
        ("GET", "/", &[("accept", "text/html"), ("accept-encoding", "br")][..]),
        ("GET", "/", &[("accept", "application/json")]),
        ("HEAD", "/", &[]),
        ("GET", "/api/v1/answer", &[("accept-encoding", "zstd")]),
        ("GET", "/healthz", &[]),
        ("GET", "/nothing", &[]),
        ("DELETE", "/", &[]),
        ("OPTIONS", "/", &[]),
    ] {
        let lines: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{lines}Connection: close\r\n\r\n");
        let mut clear = server.send(&request, method != "HEAD");
        let (status, mut own, body) = h2.ask(method, path, fields).await;
        for fields in [&mut clear.fields, &mut own] {
            for of_the_moment in OF_THE_MOMENT {
                fields.remove(*of_the_moment);
            }
        }
        assert_eq!((status, body), (clear.status, clear.body), "{method} {path}");
        assert_eq!(own, clear.fields, "{method} {path}");
    }
}

#[tokio::test]
async fn http_2_refuses_what_http_1_refuses() {
    let (server, _mlb) = site();
    let mut h2 = Http2::open(&server).await;
    let long = format!("/{}", "x".repeat(2048));
    let wide = "x".repeat(20 * 1024);
    assert_eq!(h2.ask("GET", &long, &[]).await.0, 414);
    assert_eq!(h2.ask("GET", "/", &[("x-long", &wide)]).await.0, 431);
    assert_eq!(h2.ask("GET", "/", &[]).await.0, 200, "the connection goes on");
}

#[test]
fn the_certificate_is_kept_over_a_restart_and_its_key_is_private() {
    let (server, mlb) = site();
    let kept = fs::read(server.path("certs/cert.pem")).unwrap();
    let mode = fs::metadata(server.path("certs/key.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (_, dir) = server.terminate();
    let server = Server::start_in(dir, &["--mlb-url", &mlb.url(), "--clock", EVENING]);
    assert_eq!(fs::read(server.path("certs/cert.pem")).unwrap(), kept);
    established(&server, &["h2"]);
}

type Fields = std::collections::BTreeMap<String, String>;

/// An HTTP/2 connection.
pub struct Http2 {
    requests: h2::client::SendRequest<Bytes>,
}

impl Http2 {
    pub async fn open(server: &Server) -> Self {
        let socket = tokio::net::TcpStream::connect(server.https()).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(client(server, &["h2"], BOTH)));
        let stream = connector.connect(ServerName::try_from("localhost").unwrap(), socket).await.unwrap();
        let (requests, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        Http2 { requests }
    }

    pub async fn ask(&mut self, method: &str, path: &str, fields: &[(&str, &str)]) -> (u16, Fields, Vec<u8>) {
        tokio::time::timeout(PATIENCE, self.answer(method, path, fields)).await.unwrap()
    }

    async fn answer(&mut self, method: &str, path: &str, fields: &[(&str, &str)]) -> (u16, Fields, Vec<u8>) {
        let mut request = hyper::Request::builder().method(method).uri(format!("https://localhost{path}"));
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let mut requests = self.requests.clone().ready().await.unwrap();
        let (response, _) = requests.send_request(request.body(()).unwrap(), true).unwrap();
        let (head, mut body) = response.await.unwrap().into_parts();
        let mut bytes = Vec::new();
        while let Some(chunk) = body.data().await {
            let chunk = chunk.unwrap();
            body.flow_control().release_capacity(chunk.len()).unwrap();
            bytes.extend_from_slice(&chunk);
        }
        let fields: Fields = head
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        secrets::assert_none(&String::from_utf8_lossy(&bytes));
        for name in fields.keys() {
            assert!(EXPECTED_FIELDS.contains(&name.as_str()), "unexpected field {name}: {fields:?}");
        }
        (head.status.as_u16(), fields, bytes)
    }
}
