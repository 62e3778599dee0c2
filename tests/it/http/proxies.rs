//! Trusted proxies in front: how e6 determines the client's address and scheme, and uses them.

use crate::{
    support::{
        day::NOON,
        fake_mlb::FakeMlb,
        server::{PATIENCE, Response, Server, parse, run, signal},
        tools,
    },
    tls::handshake::{BOTH, handshake_over, trusting},
};
use serde_json::Value;
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::net::UnixStream,
    process::Command,
    thread,
    time::{Duration, Instant},
};

const LOOPBACK: &str = "[proxy]\ntrusted = [\"127.0.0.0/8\", \"10.0.0.0/8\"]\n";
const PROTOCOL: &str = "[proxy]\ntrusted = \"127.0.0.0/8, unix\"\nprotocol = true\n";
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// A server with this `e6.toml`.
fn serving(file: &str, more: &[&str]) -> (Server, FakeMlb) {
    let mlb = FakeMlb::with(&[]);
    let url = mlb.url();
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("e6.toml"), file).unwrap();
    let arguments = [&["--mlb-url", &url, "--clock", NOON], more].concat();
    (Server::start_in(dir, &arguments), mlb)
}

fn ask(fields: &str) -> String {
    format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{fields}Connection: close\r\n\r\n")
}

/// The whole reply to these bytes; empty if the server closes the connection.
fn reply(mut stream: impl Read + Write, bytes: &[u8]) -> Vec<u8> {
    stream.write_all(bytes).unwrap();
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    reply
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.http()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// The response to a request after this PROXY protocol header.
fn introduced(server: &Server, header: &[u8], request: &str) -> Response {
    parse(&reply(connect(server), &[header, request.as_bytes()].concat()), true)
}

/// A PROXY protocol header, version 2, for this client, with these TLVs.
fn binary(client: [u8; 4], tlvs: &[u8]) -> Vec<u8> {
    let length = u16::try_from(12 + tlvs.len()).unwrap().to_be_bytes();
    [SIGNATURE, &[0x21, 0x11], &length, &client, &[10, 0, 0, 1, 0xd4, 0x31, 1, 0xbb], tlvs].concat()
}

/// The clients in the access log, in order.
fn clients(server: &Server, count: usize) -> Vec<String> {
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
fn how_names_both_ends_of_a_connection_that_a_proxy_passes_on() {
    let (server, _mlb) = serving(PROTOCOL, &[]);
    let ends = |header: &[u8], fields: &str| {
        let request = format!(
            "GET /how HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n{fields}Connection: close\r\n\r\n"
        );
        let trace: Value = serde_json::from_slice(&introduced(&server, header, &request).body).unwrap();
        let connection = &trace["connection"];
        [&connection["client"], &connection["server"]].map(|end| end.as_str().unwrap_or_default().to_owned())
    };
    for (header, fields, client, proxy) in [
        (&b"PROXY TCP4 192.0.2.7 198.51.100.4 54321 80\r\n"[..], "", "192.0.2.7:54321", "198.51.100.4:80"),
        (b"PROXY TCP6 2001:db8::7 2001:db8::1 1 443\r\n", "", "[2001:db8::7]:1", "[2001:db8::1]:443"),
        (b"PROXY TCP6 ::ffff:192.0.2.7 ::ffff:198.51.100.4 9 80\r\n", "", "192.0.2.7:9", "198.51.100.4:80"),
        // The client does not know the inner address of a mapped port.
        (b"PROXY TCP4 192.0.2.7 10.0.0.1 54321 80\r\n", "", "192.0.2.7:54321", ""),
        (b"PROXY TCP4 10.0.0.7 10.0.0.1 54321 80\r\n", "", "10.0.0.7:54321", "10.0.0.1:80"),
        // The proxy passes on the connection of another proxy.
        (
            b"PROXY TCP4 127.0.0.9 127.0.0.1 4711 80\r\n",
            "X-Forwarded-For: \"[2001:db8::9]:4712\"\r\n",
            "[2001:db8::9]:4712",
            "",
        ),
        (b"PROXY TCP4 127.0.0.9 127.0.0.1 4711 80\r\n", "X-Forwarded-For: 192.0.2.8\r\n", "192.0.2.8", ""),
        (b"PROXY UNKNOWN\r\n", "X-Forwarded-For: 192.0.2.8:80\r\n", "192.0.2.8:80", ""),
    ] {
        assert_eq!(ends(header, fields), [client, proxy], "{}", header.escape_ascii());
    }
    let request = "GET /how HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\nConnection: close\r\n\r\n";
    let header = b"PROXY TCP4 192.0.2.7 198.51.100.4 54321 80\r\n";
    let text = introduced(&server, header, request).text().to_owned();
    let text = text.split_whitespace().filter(|word| *word != "┃").collect::<Vec<_>>().join(" ");
    assert!(
        text.contains(
            "Your end of the connection is 192.0.2.7:54321, the other end is 198.51.100.4:80, says the proxy"
        ),
        "{text}"
    );
}

#[test]
fn a_connection_from_a_trusted_proxy_begins_with_who_it_is_for() {
    let (server, _mlb) = serving(PROTOCOL, &[]);
    let local = [SIGNATURE, &[0x20, 0x00, 0, 0]].concat();
    let tlvs = [&[0x04, 0xea, 0x60][..], &[0xee; 60_000]].concat();
    let headers: [(&[u8], &str); 7] = [
        (b"PROXY TCP4 192.0.2.7 10.0.0.1 54321 80\r\n", "192.0.2.7"),
        (b"PROXY TCP6 2001:db8::7 ::1 54321 80\r\n", "2001:db8::7"),
        (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
        (&binary([192, 0, 2, 8], b""), "192.0.2.8"),
        (&binary([192, 0, 2, 9], &[0x04, 0, 3, 1, 2, 3]), "192.0.2.9"),
        (&binary([192, 0, 2, 10], &tlvs), "192.0.2.10"),
        (&local, "127.0.0.1"),
    ];
    for (header, client) in &headers {
        assert_eq!(introduced(&server, header, &ask("")).status, 200, "{client}");
    }
    // A client named by the header is not a proxy, so its fields are ignored. With LOCAL the fields of the proxy count.
    let field = ask("X-Forwarded-For: 198.51.100.1\r\n");
    introduced(&server, headers[0].0, &field);
    introduced(&server, &local, &field);
    let expected: Vec<_> =
        headers.iter().map(|(_, client)| *client).chain(["192.0.2.7", "198.51.100.1"]).collect();
    assert_eq!(clients(&server, 9), expected);
}

#[test]
fn a_header_in_pieces_is_put_together() {
    let (server, _mlb) = serving(PROTOCOL, &[]);
    for header in
        [b"PROXY TCP4 192.0.2.7 10.0.0.1 54321 80\r\n".to_vec(), binary([192, 0, 2, 7], &[4, 0, 1, 0])]
    {
        let mut stream = connect(&server);
        stream.set_nodelay(true).unwrap();
        for byte in header {
            stream.write_all(&[byte]).unwrap();
            thread::sleep(Duration::from_millis(2));
        }
        assert_eq!(parse(&reply(stream, ask("").as_bytes()), true).status, 200);
    }
    assert_eq!(clients(&server, 2), ["192.0.2.7", "192.0.2.7"]);
}

#[test]
fn tls_comes_after_the_header() {
    let (server, _mlb) = serving(PROTOCOL, &[]);
    let root = fs::read(server.path("certs/cert.pem")).unwrap();
    for header in [b"PROXY TCP4 192.0.2.7 10.0.0.1 54321 443\r\n".to_vec(), binary([192, 0, 2, 7], b"")] {
        let mut socket = TcpStream::connect(server.https()).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.write_all(&header).unwrap();
        let stream = handshake_over(socket, "localhost", trusting(&root, &["http/1.1"], BOTH)).unwrap();
        assert_eq!(parse(&reply(stream, ask("").as_bytes()), true).status, 200);
    }
    assert_eq!(clients(&server, 2), ["192.0.2.7", "192.0.2.7"]);
}

#[test]
fn a_trusted_proxy_without_a_valid_header_is_disconnected_unanswered() {
    let (server, _mlb) = serving(PROTOCOL, &[]);
    let ends = [
        ask("").into_bytes(),
        b"PROXY TCP4 nobody 10.0.0.1 54321 80\r\n".to_vec(),
        format!("PROXY TCP4 {}", "1".repeat(200)).into_bytes(),
        [SIGNATURE, &[0x31, 0x11, 0, 12], &[0; 12]].concat(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        vec![0; 4096],
    ];
    for bytes in &ends {
        assert_eq!(reply(connect(&server), bytes), b"", "{}", bytes.escape_ascii());
    }
    let refused = "e6_connections_refused_total{reason=\"proxy_header\"}";
    let deadline = Instant::now() + PATIENCE;
    while server.metric(refused) < ends.len() as f64 {
        assert!(Instant::now() < deadline, "{}", server.metrics());
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(introduced(&server, b"PROXY UNKNOWN\r\n", &ask("")).status, 200);
    assert!(!server.stderr().contains("panic"), "{}", server.stderr());
}

#[test]
fn a_proxy_that_does_not_say_who_it_is_for_is_not_waited_for() {
    let (server, _mlb) = serving(&format!("{PROTOCOL}[limits]\nhandshake = 1\n"), &[]);
    for begun in [&b""[..], b"PROXY TCP4 192.0", SIGNATURE] {
        let began = Instant::now();
        assert_eq!(reply(connect(&server), begun), b"", "{}", begun.escape_ascii());
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }
}

#[test]
fn a_proxy_header_from_an_untrusted_peer_is_a_bad_request() {
    let (server, _mlb) = serving("[proxy]\ntrusted = \"192.0.2.0/24\"\nprotocol = true\n", &[]);
    assert_eq!(server.send(&ask(""), true).status, 200, "he needs none");
    for header in [b"PROXY TCP4 198.51.100.1 10.0.0.1 54321 80\r\n".to_vec(), binary([198, 51, 100, 1], b"")]
    {
        let answer = reply(connect(&server), &[&header, ask("").as_bytes()].concat());
        assert!(answer.starts_with(b"HTTP/1.1 400 "), "{}", answer.escape_ascii());
    }
    assert_eq!(clients(&server, 3), ["127.0.0.1"; 3]);
}

#[test]
fn operators_need_no_header() {
    let (server, _mlb) = serving(PROTOCOL, &[]);
    assert!(server.metrics().contains("e6_build_info"));
}

#[test]
#[ignore = "needs curl"]
fn curl_speaks_the_proxy_protocol() {
    tools::find("curl");
    let (server, _mlb) = serving(PROTOCOL, &[]);
    let certificate = server.path("certs/cert.pem");
    let url = format!("https://localhost:{}/healthz", server.https().port());
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--fail", "--max-time", "30", "--ipv4", "--haproxy-protocol", "--cacert"]);
    assert!(tools::output(curl.arg(certificate).arg(url)).contains("\"ok\""));
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
