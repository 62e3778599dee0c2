//! The PROXY protocol: a trusted proxy says at the beginning of a connection for whom it is.

use crate::{
    http::proxies::{PROTOCOL, ask, clients, connect, introduced, reply, serving},
    support::{
        server::{PATIENCE, parse},
        tools,
    },
    tls::handshake::{BOTH, handshake_over, trusting},
};
use serde_json::Value;
use std::{
    fs,
    io::Write,
    net::TcpStream,
    process::Command,
    thread,
    time::{Duration, Instant},
};

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// A PROXY protocol header, version 2, for this client, with these TLVs.
fn binary(client: [u8; 4], tlvs: &[u8]) -> Vec<u8> {
    let length = u16::try_from(12 + tlvs.len()).unwrap().to_be_bytes();
    [SIGNATURE, &[0x21, 0x11], &length, &client, &[10, 0, 0, 1, 0xd4, 0x31, 1, 0xbb], tlvs].concat()
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
