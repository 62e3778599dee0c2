//! Pebble, Let's Encrypt's test CA, as a child process with its own ports, root and DNS.

use crate::{
    support::{ports::free_port, server::PATIENCE, tools},
    tls::handshake::{BOTH, handshake, trusting},
};
use serde_json::json;
use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The behaviour of a CA, and the ports at which it validates names.
pub struct Settings {
    /// Lifetime of certificates, in seconds.
    pub lifetime: u64,
    /// Valid nonces that are rejected, in percent.
    pub refused_nonces: u32,
    /// Ports for HTTP-01 (HTTP without TLS) and TLS-ALPN-01 (a TLS handshake).
    pub http: u16,
    pub https: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { lifetime: 90 * 24 * 60 * 60, refused_nonces: 0, http: free_port(), https: free_port() }
    }
}

/// A CA that may not be running yet, so that its client can be started first.
pub struct Pebble {
    pub settings: Settings,
    dir: TempDir,
    address: SocketAddr,
    management: SocketAddr,
    dns: SocketAddr,
    children: Vec<Child>,
}

/// The name for which this CA never issues a certificate.
pub const BLOCKED: &str = "blocked.example.net";
/// The CA's own name, which DNS cannot resolve, so that only a proxy can connect.
pub const NAME: &str = "ca.invalid";

impl Pebble {
    /// Prepares a CA without starting it.
    pub fn prepare(settings: Settings) -> Self {
        tools::find("pebble");
        tools::find("pebble-challtestsrv");
        let dir = tempfile::tempdir().unwrap();
        let local = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        let [address, management, dns] = [(); 3].map(|()| local(free_port()));
        let key = rcgen::KeyPair::generate().unwrap();
        let cert = rcgen::CertificateParams::new(["127.0.0.1".to_owned(), NAME.to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        fs::write(dir.path().join("ca.pem"), cert.pem()).unwrap();
        fs::write(dir.path().join("ca.key"), key.serialize_pem()).unwrap();
        let config = json!({"pebble": {
            "listenAddress": address,
            "managementListenAddress": management,
            "certificate": dir.path().join("ca.pem"),
            "privateKey": dir.path().join("ca.key"),
            "httpPort": settings.http,
            "tlsPort": settings.https,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
            "domainBlocklist": [BLOCKED],
            "certificateValidityPeriod": settings.lifetime,
        }});
        fs::write(dir.path().join("config.json"), config.to_string()).unwrap();
        Pebble { settings, dir, address, management, dns, children: Vec::new() }
    }

    /// Starts a CA.
    pub fn start(settings: Settings) -> Self {
        let mut pebble = Pebble::prepare(settings);
        pebble.run();
        pebble
    }

    pub fn run(&mut self) {
        let dns = Command::new("pebble-challtestsrv")
            .args(["-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01", ""])
            .args(["-dns01", &self.dns.to_string(), "-management", &format!("127.0.0.1:{}", free_port())])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.children.push(dns.unwrap());
        let log = fs::File::create(self.log()).unwrap();
        let pebble = Command::new("pebble")
            .arg("-config")
            .arg(self.dir.path().join("config.json"))
            .args(["-dnsserver", &self.dns.to_string()])
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_WFE_NONCEREJECT", self.settings.refused_nonces.to_string())
            .env("PEBBLE_AUTHZREUSE", "0")
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        self.children.push(pebble.unwrap());
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(self.address).is_err() || TcpStream::connect(self.management).is_err() {
            assert!(Instant::now() < deadline, "{}", fs::read_to_string(self.log()).unwrap());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// e6's flags to order a certificate for these names from this CA.
    pub fn flags(&self, names: &str, challenge: &str) -> Vec<String> {
        let root = self.dir.path().join("ca.pem");
        [
            ("--http", format!("127.0.0.1:{}", self.settings.http)),
            ("--https", format!("127.0.0.1:{}", self.settings.https)),
            ("--acme", "you@example.org".into()),
            ("--acme-directory", format!("https://{}/dir", self.address)),
            ("--acme-ca", root.to_str().unwrap().to_owned()),
            ("--acme-challenge", challenge.into()),
            ("--domain", names.into()),
            ("--mlb-url", "http://127.0.0.1:9".into()),
        ]
        .into_iter()
        .flat_map(|(flag, value)| [flag.to_owned(), value])
        .collect()
    }

    /// As `flags`, with the CA's name in the URL of its directory in place of its address.
    pub fn flags_by_name(&self, names: &str, challenge: &str) -> Vec<String> {
        let (address, name) = (self.address.to_string(), format!("{NAME}:{}", self.address.port()));
        self.flags(names, challenge).iter().map(|flag| flag.replace(&address, &name)).collect()
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The root of the certificates that it issues.
    pub fn root(&self) -> Vec<u8> {
        let own = fs::read(self.dir.path().join("ca.pem")).unwrap();
        let mut stream = handshake(self.management, "127.0.0.1", trusting(&own, &[], BOTH)).unwrap();
        stream.write_all(b"GET /roots/0 HTTP/1.1\r\nHost: ca\r\nConnection: close\r\n\r\n").unwrap();
        let mut reply = String::new();
        let _ = stream.read_to_string(&mut reply);
        reply.as_bytes()[reply.find("-----BEGIN").unwrap()..].to_vec()
    }

    /// The number of times that this text is in its log.
    pub fn asked(&self, what: &str) -> usize {
        fs::read_to_string(self.log()).unwrap().matches(what).count()
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
