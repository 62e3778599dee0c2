//! The load of `benches/compare` over HTTP/3: the requests are bytes made at the start, of responses only the status is
//! read. It takes less processor time than the servers.
//!
//! `requests` keeps asking on some connections, on each with some streams at once, and prints the number of responses.
//! `connections` opens one connection after the other, each with a full TLS 1.3 handshake and one request.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use quinn::{
    ClientConfig, Connection, Endpoint, TransportConfig, VarInt,
    crypto::rustls::QuicClientConfig,
    rustls::{
        self, RootCertStore,
        client::Resumption,
        crypto::aws_lc_rs::{cipher_suite, default_provider, kx_group},
        pki_types::{CertificateDer, pem::PemObject},
    },
};
use std::{
    env,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// A control stream without settings (RFC 9114 §6.2.1, §7.2.4).
const CONTROL: [u8; 3] = [0, 4, 0];
/// HEADERS.
const HEADERS: u8 = 1;
/// `:status: 200` in QPACK's static table (RFC 9204, appendix A).
const STATUS_200: u8 = 0xc0 | 25;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["requests", address, trusted, path, connections, streams, seconds] => {
            let client = client(trusted, KeyExchange::Hybrid);
            let (connections, streams) = (connections.parse().unwrap(), streams.parse().unwrap());
            let span = Duration::from_secs_f64(seconds.parse().unwrap());
            println!(
                "{}",
                requests(&client, address.parse().unwrap(), path, connections, streams, span).await
            );
        }
        ["connections", address, trusted, groups, count] => {
            let groups = if groups == "hybrid" { KeyExchange::Hybrid } else { KeyExchange::X25519 };
            let (client, request) = (client(trusted, groups), request("/"));
            for _ in 0..count.parse::<u32>().unwrap() {
                let quic = connect(&client, address.parse().unwrap()).await;
                ask(&quic, &request).await;
                quic.close(VarInt::from_u32(0x100), b"");
            }
        }
        _ => eprintln!(
            "http3_load requests ADDRESS TRUSTED PATH CONNECTIONS STREAMS SECONDS\n\
             http3_load connections ADDRESS TRUSTED hybrid|x25519 COUNT"
        ),
    }
}

/// The key exchange that the client offers.
#[derive(PartialEq)]
enum KeyExchange {
    /// X25519MLKEM768 first, as browsers do.
    Hybrid,
    X25519,
}

fn client(trusted: &str, groups: KeyExchange) -> Endpoint {
    let mut provider = default_provider();
    // As browsers do: the fastest first.
    provider.cipher_suites = vec![
        cipher_suite::TLS13_AES_128_GCM_SHA256,
        cipher_suite::TLS13_AES_256_GCM_SHA384,
        cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    ];
    provider.kx_groups = match groups {
        KeyExchange::Hybrid => vec![kx_group::X25519MLKEM768, kx_group::X25519],
        KeyExchange::X25519 => vec![kx_group::X25519],
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_file_iter(trusted).unwrap().map(Result::unwrap));
    let versions = rustls::ClientConfig::builder_with_provider(Arc::new(provider));
    let builder = versions.with_protocol_versions(&[&rustls::version::TLS13]).unwrap();
    let mut tls = builder.with_root_certificates(roots).with_no_client_auth();
    tls.alpn_protocols = vec![b"h3".to_vec()];
    tls.resumption = Resumption::disabled();
    let mut config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()));
    let mut transport = TransportConfig::default();
    transport.max_concurrent_uni_streams(VarInt::from_u32(8));
    config.transport_config(Arc::new(transport));
    let mut client = Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
    client.set_default_client_config(config);
    client
}

async fn connect(client: &Endpoint, address: SocketAddr) -> Connection {
    let quic = client.connect(address, "localhost").unwrap().await.unwrap();
    let mut control = quic.open_uni().await.unwrap();
    control.write_all(&CONTROL).await.unwrap();
    // It stays open as long as the connection does.
    std::mem::forget(control);
    quic
}

async fn requests(
    client: &Endpoint,
    address: SocketAddr,
    path: &str,
    connections: usize,
    streams: usize,
    span: Duration,
) -> u64 {
    let end = Instant::now() + span;
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let quic = connect(client, address).await;
        for _ in 0..streams {
            let (quic, request) = (quic.clone(), request(path));
            tasks.spawn(async move {
                let mut answered = 0;
                while Instant::now() < end {
                    ask(&quic, &request).await;
                    answered += 1;
                }
                answered
            });
        }
    }
    tasks.join_all().await.into_iter().sum()
}

/// Sends a request, and reads the response, whose status is 200.
async fn ask(quic: &Connection, request: &[u8]) {
    let (mut send, mut receive) = quic.open_bi().await.unwrap();
    send.write_all(request).await.unwrap();
    send.finish().unwrap();
    // The frame's type and length, the two bytes before a field section, and the status.
    let mut head = Vec::with_capacity(6);
    while let Some(chunk) = receive.read_chunk(usize::MAX, true).await.unwrap() {
        head.extend(chunk.bytes.iter().take(6 - head.len()));
    }
    assert!(head.first() == Some(&HEADERS) && head.contains(&STATUS_200), "no 200: {head:x?}");
}

/// A GET as browsers send it, in QPACK without a dynamic table (RFC 9204).
fn request(path: &str) -> Vec<u8> {
    let text = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
    let fields = [
        vec![0, 0, 0xd1, 0xd7],
        [&[0x50][..], &text("localhost")].concat(),
        [&[0x51][..], &text(path)].concat(),
        [&[0x5f, 29 - 15][..], &text("text/html")].concat(),
        [&[0x5f, 31 - 15][..], &text("br")].concat(),
    ]
    .concat();
    [&[HEADERS, fields.len() as u8][..], &fields].concat()
}
