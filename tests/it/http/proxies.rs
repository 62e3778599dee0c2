//! Trusted proxies in front: how e6 determines the client's address and scheme, and uses them.

use crate::support::{
    day::NOON,
    fake_mlb::FakeMlb,
    server::{PATIENCE, Response, Server, parse, run, signal},
};
use serde_json::Value;
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::net::UnixStream,
    thread,
    time::{Duration, Instant},
};

const LOOPBACK: &str = "[proxy]\ntrusted = [\"127.0.0.0/8\", \"10.0.0.0/8\"]\n";
pub const PROTOCOL: &str = "[proxy]\ntrusted = \"127.0.0.0/8, unix\"\nprotocol = true\n";

/// A server with this `e6.toml`.
pub fn serving(file: &str, more: &[&str]) -> (Server, FakeMlb) {
    let mlb = FakeMlb::with(&[]);
    let url = mlb.url();
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("e6.toml"), file).unwrap();
    let arguments = [&["--mlb-url", &url, "--clock", NOON], more].concat();
    (Server::start_in(dir, &arguments), mlb)
}

pub fn ask(fields: &str) -> String {
    format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{fields}Connection: close\r\n\r\n")
}

/// The whole reply to these bytes; empty if the server closes the connection.
pub fn reply(mut stream: impl Read + Write, bytes: &[u8]) -> Vec<u8> {
    stream.write_all(bytes).unwrap();
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    reply
}

pub fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.http()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// The response to a request after this PROXY protocol header.
pub fn introduced(server: &Server, header: &[u8], request: &str) -> Response {
    parse(&reply(connect(server), &[header, request.as_bytes()].concat()), true)
}

/// The clients in the access log, in order.
pub fn clients(server: &Server, count: usize) -> Vec<String> {
    let client = |line: String| line.split(' ').next().unwrap().to_owned();
    server.access_log(count).into_iter().map(client).collect()
}

/// The trace of a request with these fields, from `/how`.
fn traced(server: &Server, fields: &str) -> Value {
    let response = server.get("/how", &format!("Accept: application/json\r\n{fields}"));
    serde_json::from_slice(&response.body).unwrap()
}

#[test]
fn a_trusted_proxy_names_the_client_and_nobody_else_does() {
    let (server, _mlb) = serving(LOOPBACK, &[]);
    for fields in [
        "",
        "X-Forwarded-For: 192.0.2.7\r\n",
        "X-Forwarded-For: 198.51.100.1, 192.0.2.8, 10.1.1.1\r\n",
        "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: [2001:db8::9]:4711\r\n",
        "X-Forwarded-For: 192.0.2.7, garbage\r\n",
        "Forwarded: for=192.0.2.10\r\n",
    ] {
        assert_eq!(server.send(&ask(fields), true).status, 200, "{fields}");
    }
    assert_eq!(
        clients(&server, 6),
        ["127.0.0.1", "192.0.2.7", "192.0.2.8", "2001:db8::9", "127.0.0.1", "127.0.0.1"]
    );

    let (server, _mlb) = serving("", &[]);
    server.send(&ask("X-Forwarded-For: 192.0.2.7\r\nForwarded: for=192.0.2.7\r\n"), true);
    assert_eq!(clients(&server, 1), ["127.0.0.1"], "nobody is trusted by default");
}

#[test]
fn trusted_proxies_change_with_a_reload() {
    let (server, _mlb) = serving("", &[]);
    fs::write(server.path("e6.toml"), LOOPBACK).unwrap();
    signal(server.pid(), "HUP");
    let version = || traced(&server, "X-Forwarded-For: 2001:db8::7\r\n")["connection"]["ip_version"].clone();
    let deadline = Instant::now() + PATIENCE;
    while version() != 6 {
        assert!(Instant::now() < deadline, "{}", server.stderr());
        thread::sleep(Duration::from_millis(20));
    }
    // From now on connections must start with a PROXY protocol header, which this client does not send.
    fs::write(server.path("e6.toml"), PROTOCOL).unwrap();
    signal(server.pid(), "HUP");
    while !reply(connect(&server), ask("").as_bytes()).is_empty() {
        assert!(Instant::now() < deadline, "{}", server.stderr());
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(introduced(&server, b"PROXY UNKNOWN\r\n", &ask("")).status, 200);
}

#[test]
fn the_standard_field_is_believed_instead_where_that_is_configured() {
    let (server, _mlb) = serving(&format!("{LOOPBACK}field = \"forwarded\"\n"), &[]);
    server.send(&ask("Forwarded: for=198.51.100.1, for=\"[2001:db8::7]:4711\";proto=https\r\n"), true);
    server.send(&ask("X-Forwarded-For: 192.0.2.7\r\n"), true);
    assert_eq!(clients(&server, 2), ["2001:db8::7", "127.0.0.1"]);
    let (server, _mlb) = serving(&format!("{LOOPBACK}field = \"off\"\n"), &[]);
    server.send(&ask("X-Forwarded-For: 192.0.2.7\r\nForwarded: for=192.0.2.7\r\n"), true);
    assert_eq!(clients(&server, 1), ["127.0.0.1"]);
}

#[test]
fn a_unix_socket_is_trusted_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("e6.sock");
    let http = format!("127.0.0.1:0,unix:{}", path.display());
    for (trusted, client) in [("unix", "192.0.2.7"), ("10.0.0.0/8", "unix:")] {
        let (server, _mlb) = serving("", &["--http", &http, "--trusted", trusted]);
        let stream = UnixStream::connect(&path).unwrap();
        let response = reply(stream, ask("X-Forwarded-For: 192.0.2.7\r\n").as_bytes());
        assert_eq!(parse(&response, true).status, 200);
        assert_eq!(clients(&server, 1), [client], "{trusted}");
    }
}

#[test]
fn the_scheme_that_a_trusted_proxy_tells_decides_about_redirects_and_hsts() {
    let domain = ["--domain", "example.org,www.example.org"];
    let request = |host: &str, proto: &str| {
        format!("GET /x?y HTTP/1.1\r\nHost: {host}\r\n{proto}Connection: close\r\n\r\n")
    };
    let https = "X-Forwarded-Proto: https\r\n";
    let location = |response: &Response| response.field("location").to_owned();

    // The proxy terminates TLS, and e6 serves HTTP without TLS.
    let (server, _mlb) = serving(LOOPBACK, &[&domain[..], &["--tls", "off", "--https", "off"]].concat());
    let home = server.send(&request("example.org", https).replace("/x?y", "/"), true);
    assert_eq!((home.status, home.field("strict-transport-security")), (200, "max-age=300"));
    let other = server.send(&request("www.example.org", https), true);
    assert_eq!((other.status, location(&other)), (308, "https://example.org/x?y".into()));
    let clear = server.send(&request("example.org", "").replace("/x?y", "/"), true);
    assert_eq!((clear.status, clear.field("strict-transport-security")), (200, ""));

    // Proxy and e6 both use TLS.
    let (server, _mlb) = serving(LOOPBACK, &domain);
    let told = server.send(&request("example.org", https).replace("/x?y", "/"), true);
    assert_eq!((told.status, told.field("strict-transport-security")), (200, "max-age=300"));
    for proto in ["", "X-Forwarded-Proto: http\r\n", "X-Forwarded-Proto: gopher\r\n"] {
        let moved = server.send(&request("example.org", proto), true);
        assert_eq!((moved.status, location(&moved)), (308, "https://example.org/x?y".into()), "{proto}");
    }

    // Two proxies; the first terminates the client's TLS.
    for (clients, protos, status) in [
        ("192.0.2.7, 10.0.0.2", "https, http", 200),
        ("192.0.2.7, 10.0.0.2", "http, https", 308),
        ("192.0.2.7, 10.0.0.2", "https", 200),
        ("198.51.100.1, 192.0.2.7, 10.0.0.2", "https, http", 200),
    ] {
        let fields = format!("X-Forwarded-For: {clients}\r\nX-Forwarded-Proto: {protos}\r\n");
        let response = server.send(&request("example.org", &fields).replace("/x?y", "/"), true);
        assert_eq!(response.status, status, "{fields}");
    }

    // The fields of a peer that is not a trusted proxy are ignored.
    let (server, _mlb) = serving("", &domain);
    assert_eq!(server.send(&request("example.org", https), true).status, 308);
}

#[test]
fn streams_are_counted_for_clients_and_not_for_the_proxy_before_them() {
    let (server, _mlb) = serving(LOOPBACK, &[]);
    let open = |client: &str| {
        let mut stream = connect(&server);
        write!(stream, "GET /events HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {client}\r\n\r\n")
            .unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        (String::from_utf8_lossy(&status[9..]).into_owned(), stream)
    };
    // A loopback address named by a proxy is an ordinary client.
    for client in ["192.0.2.7", "127.0.0.9"] {
        let mine: Vec<_> = (0..8).map(|_| open(client)).collect();
        assert!(mine.iter().all(|(status, _)| status == "200"), "{client}");
        assert_eq!(open(client).0, "503", "{client}");
        assert_eq!(open("192.0.2.8").0, "200", "another one's are his own");
    }
    // The proxy itself has no limit, because it stands for many clients.
    let own: Vec<_> = (0..12).map(|_| open("unknown")).collect();
    assert!(own.iter().all(|(status, _)| status == "200"));
}

#[test]
fn how_tells_that_there_is_a_proxy_and_not_where() {
    let (server, _mlb) = serving(LOOPBACK, &[]);
    let trace = traced(&server, "X-Forwarded-For: 2001:db8::7, 10.9.8.7\r\nX-Forwarded-Proto: https\r\n");
    let connection = &trace["connection"];
    assert_eq!(
        (&connection["ip_version"], &connection["scheme"], &connection["proxied"]),
        (&6.into(), &"https".into(), &true.into())
    );
    assert_eq!((&connection["client"], &connection["server"]), (&"2001:db8::7".into(), &Value::Null));
    // The kernel knows only the way to the proxy.
    let spent = &trace["microseconds"];
    assert_eq!((&spent["round_trip"], &spent["network"]), (&Value::Null, &Value::Null));
    let html = server.get("/how", "Accept: text/html\r\nX-Forwarded-For: 2001:db8::7, 10.9.8.7\r\n");
    let text = server.get(
        "/how",
        "Accept: text/plain\r\nX-Forwarded-For: 2001:db8::7, 10.9.8.7\r\nX-Forwarded-Proto: https\r\n",
    );
    let told = text.text().split_whitespace().filter(|word| *word != "┃").collect::<Vec<_>>().join(" ");
    assert!(told.contains("Your address is 2001:db8::7, says the proxy in front of this server."), "{told}");
    for shown in [trace.to_string(), html.text().into(), text.text().into()] {
        for address in ["10.9.8.7", "127.0.0.1"] {
            assert!(!shown.contains(address), "{address}: {shown}");
        }
    }
    let own = traced(&server, "");
    assert_eq!(
        (&own["connection"]["scheme"], &own["connection"]["proxied"]),
        (&"http".into(), &false.into())
    );
}

#[test]
fn mistakes_about_proxies_are_told_with_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let file = "[proxy]\ntrusted = [\"10.0.0.0/33\"]\nprotocol = \"yes\"\nfield = \"x-real-ip\"\n";
    fs::write(dir.path().join("e6.toml"), file).unwrap();
    let (code, _, stderr) = run(dir.path(), &["check"]);
    assert_eq!(code, Some(2));
    for mistake in [
        "e6.toml:2: proxy.trusted: \"10.0.0.0/33\" is no network",
        "e6.toml:3: proxy.protocol: \"yes\"",
        "e6.toml:4: proxy.field: \"x-real-ip\" is no field",
        "3 mistakes",
    ] {
        assert!(stderr.contains(mistake), "{mistake}: {stderr}");
    }
    fs::write(dir.path().join("e6.toml"), "[proxy]\nprotocol = true\n").unwrap();
    let (code, _, stderr) = run(dir.path(), &["check"]);
    assert!(code == Some(2) && stderr.contains("nobody is trusted to speak it"), "{stderr}");
}
