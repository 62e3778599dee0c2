//! `e6 health`: whether a site lives, asked as its visitors ask, for images without curl and for `e6 check`.

use crate::{
    app::control::{self, ListenReport},
    config::Config,
    connection::{ListenerKind, Peer},
    net::listen::Address,
    tls::{CertificateSource, pem},
};
use bytes::Bytes;
use http_body_util::Empty;
use hyper::{Request, StatusCode, Uri, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use std::{
    error::Error,
    fmt, fs, io,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// From the look-up of the name to the answer. Who asks every few seconds wants to know, not to wait.
const DEADLINE: Duration = Duration::from_secs(2);
/// For whom it comes: for nobody (haproxy.org, proxy-protocol.txt, version 1).
const INTRODUCTION: &[u8] = b"PROXY UNKNOWN\r\n";
/// What is asked where nothing else is named.
const PATH: &str = "/healthz";

/// Where a site is asked, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    door: Transport,
    path: String,
    /// Whether it has to begin as a proxy does: who comes from this machine is taken for one.
    introduced: bool,
}

/// How to get in.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Transport {
    Unix(PathBuf),
    Clear {
        host: String,
        port: u16,
    },
    /// `name` is whom the certificate has to be for.
    Tls {
        host: String,
        port: u16,
        name: String,
    },
}

/// What was answered.
pub struct HealthReply {
    /// Its status.
    pub status: StatusCode,
    /// Whether it says that it is from e6.
    pub is_e6: bool,
    /// From the question to the answer.
    pub took: Duration,
}

type HealthError = Box<dyn Error + Send + Sync>;

/// Asks the site with this configuration, or this URL. What it says when all is well is one line.
///
/// # Errors
/// One line: who was asked, and what was wrong with it.
pub fn health(config: &Config, url: Option<&str>) -> Result<String, String> {
    let question = match url {
        Some(url) => HealthCheck::from_url(url)?,
        None => HealthCheck::for_site(config)?,
    };
    match question.ask(config) {
        Ok(HealthReply { status, took, .. }) if status.is_success() => {
            Ok(format!("{question} answered {status} in {} ms", took.as_millis()))
        }
        Ok(HealthReply { status, .. }) => Err(format!("{question} answered {status}")),
        Err(fault) => Err(format!("{question}: {fault}")),
    }
}

impl HealthCheck {
    /// The first listener: where the running process says that it listens, else where the configuration says so. Without TLS
    /// if possible: a problem of the certificate does not make the site unhealthy.
    fn for_site(config: &Config) -> Result<Self, String> {
        let listen = match config.pid_file().and_then(|path| control::listening(&path)) {
            Some(ListenReport { http, https, admin }) => [parse(http), parse(admin), parse(https)],
            None => [config.listen.http.clone(), config.listen.admin.clone(), config.listen.https.clone()],
        };
        let kinds = [ListenerKind::Http, ListenerKind::Admin, ListenerKind::Https].into_iter();
        let mut addresses =
            kinds.zip(listen).flat_map(|(kind, all)| all.into_iter().map(move |one| (kind, one)));
        let question = addresses.find_map(|(kind, address)| Self::at(kind, &address, config));
        question.ok_or_else(|| "every listener has a port that the system chooses: name the URL".into())
    }

    /// At an address that this site listens on; none where its port is not known.
    pub fn at(kind: ListenerKind, address: &Address, config: &Config) -> Option<Self> {
        let (door, peer) = match address {
            Address::Unix(path) => (Transport::Unix(path.clone()), Peer::Unix),
            Address::Tcp(address) if address.port() == 0 => return None,
            Address::Tcp(address) => {
                // Every address is also the loopback one.
                let every = address.ip().is_unspecified();
                let ip = if every { Ipv4Addr::LOCALHOST.into() } else { address.ip() };
                let (host, port) = (ip.to_string(), address.port());
                let name = config.domains.first().map_or("localhost", String::as_str).to_owned();
                let door = match kind {
                    ListenerKind::Https => Transport::Tls { host, port, name },
                    ListenerKind::Http | ListenerKind::Admin => Transport::Clear { host, port },
                };
                (door, Peer::from(ip))
            }
        };
        let proxies = &config.proxies;
        let introduced = kind != ListenerKind::Admin && proxies.protocol && proxies.trust(peer);
        Some(HealthCheck { door, path: PATH.into(), introduced })
    }

    fn from_url(url: &str) -> Result<Self, String> {
        let wrong = || format!("{url:?} is no URL: write one like \"http://127.0.0.1:8080\"");
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let host = host.trim_matches(['[', ']']).to_owned();
        let door = match uri.scheme_str() {
            Some("http") => Transport::Clear { host, port: uri.port_u16().unwrap_or(80) },
            Some("https") => Transport::Tls { name: host.clone(), host, port: uri.port_u16().unwrap_or(443) },
            _ => return Err(wrong()),
        };
        let path = uri.path_and_query().map(ToString::to_string).filter(|path| path != "/");
        Ok(HealthCheck { door, path: path.unwrap_or_else(|| PATH.into()), introduced: false })
    }

    /// Asks, within two seconds. What is trusted follows from the configuration.
    ///
    /// # Errors
    /// Why there was no answer.
    pub fn ask(&self, config: &Config) -> Result<HealthReply, HealthError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let answer = runtime.block_on(async { timeout(DEADLINE, self.converse(config)).await });
        // A name server that does not answer holds a thread; nobody waits for it.
        runtime.shutdown_background();
        answer.map_err(|_| format!("no answer within {} s", DEADLINE.as_secs()))?
    }

    async fn converse(&self, config: &Config) -> Result<HealthReply, HealthError> {
        match &self.door {
            Transport::Unix(path) => {
                let stream = self.introduce(UnixStream::connect(path).await?).await?;
                self.over(stream, "localhost").await
            }
            Transport::Clear { host, port } => {
                let stream = self.introduce(TcpStream::connect((host.as_str(), *port)).await?).await?;
                self.over(stream, host).await
            }
            Transport::Tls { host, port, name } => {
                let server = ServerName::try_from(name.clone())?;
                let connector = TlsConnector::from(Arc::new(client(config, host)?));
                let stream = self.introduce(TcpStream::connect((host.as_str(), *port)).await?).await?;
                self.over(connector.connect(server, stream).await?, name).await
            }
        }
    }

    async fn introduce<S: AsyncWrite + Unpin>(&self, mut stream: S) -> io::Result<S> {
        if self.introduced {
            stream.write_all(INTRODUCTION).await?;
        }
        Ok(stream)
    }

    async fn over(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        host: &str,
    ) -> Result<HealthReply, HealthError> {
        let began = Instant::now();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let request = Request::get(&self.path)
            .header(header::HOST, host)
            .header(header::USER_AGENT, concat!("e6-health/", env!("CARGO_PKG_VERSION")))
            .header(header::CONNECTION, "close")
            .body(Empty::<Bytes>::new())?;
        let response = sender.send_request(request).await.map_err(root)?;
        connection.abort();
        let is_e6 = response.headers().get(header::SERVER).is_some_and(|server| server == "e6");
        Ok(HealthReply { status: response.status(), is_e6, took: began.elapsed() })
    }
}

fn parse(addresses: Vec<String>) -> Vec<Address> {
    addresses.iter().filter_map(|text| text.parse().ok()).collect()
}

/// On this machine the certificate that the site signs itself is good, for it is read from where the site keeps it; and so
/// are those that it was given. Elsewhere the web's roots decide.
fn client(config: &Config, host: &str) -> Result<ClientConfig, HealthError> {
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let mut roots = RootCertStore::empty();
    let web = || webpki_roots::TLS_SERVER_ROOTS.iter().cloned();
    match config.source()? {
        Some(CertificateSource::SelfSigned(dir)) if here => trust(&mut roots, &dir.join("cert.pem"))?,
        Some(CertificateSource::Acme(ca)) => return ca.client(),
        Some(CertificateSource::Files(files)) => {
            roots.extend(web());
            trust(&mut roots, &files.cert)?;
        }
        _ => roots.extend(web()),
    }
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

/// What hyper says of an error is what it did about it; why is behind that.
fn root(error: hyper::Error) -> String {
    let mut root: &dyn Error = &error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}

fn trust(roots: &mut RootCertStore, pem: &Path) -> Result<(), HealthError> {
    let cannot_read =
        |error: &dyn fmt::Display| format!("cannot read the certificate {}: {error}", pem.display());
    let text = fs::read(pem).map_err(|error| cannot_read(&error))?;
    for certificate in pem::certificates(&text).map_err(|error| cannot_read(&error))? {
        roots.add(certificate)?;
    }
    Ok(())
}

impl fmt::Display for HealthCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = |host: &str| if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        match &self.door {
            Transport::Unix(path) => write!(f, "unix:{}", path.display()),
            Transport::Clear { host: at, port } => write!(f, "http://{}:{port}{}", host(at), self.path),
            Transport::Tls { host: at, port, .. } => write!(f, "https://{}:{port}{}", host(at), self.path),
        }
    }
}
