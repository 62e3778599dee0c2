//! `e6 health`: checks a running site with a visitor's request, for container images without curl and for `e6 check`.

use crate::{
    app::control::{self, ListenReport},
    bounded_file::{self, SMALL},
    config::Config,
    connection::{ListenerKind, Peer},
    net::listen::Address,
    tls::{CertificateSource, any_certificate, pem},
};
use bytes::Bytes;
use http_body_util::Empty;
use hyper::{Request, StatusCode, Uri, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use std::{
    error::Error,
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
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

/// Timeout from the name look-up to the response. It is short because health checks run every few seconds.
const DEADLINE: Duration = Duration::from_secs(2);
/// A PROXY header that names no client (haproxy.org, proxy-protocol.txt, version 1).
const PROXY_HEADER: &[u8] = b"PROXY UNKNOWN\r\n";
/// The name of the loopback addresses.
const LOCALHOST: &str = "localhost";
/// The path that is requested unless a URL names another one.
const PATH: &str = "/healthz";

/// A request to a site: the transport and the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    transport: Transport,
    path: String,
    /// Whether a PROXY header has to come first if the site trusts this machine as a proxy.
    takes_proxy_header: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Transport {
    Unix(PathBuf),
    Tcp {
        host: String,
        port: u16,
        /// The name that the certificate has to be valid for; none without TLS.
        tls: Option<String>,
    },
}

/// The certificates that are accepted.
#[derive(Clone, Copy)]
enum Trust {
    AsConfigured,
    AnyCertificate,
}

struct HealthReply {
    status: StatusCode,
    is_e6: bool,
    /// Time from the open connection to the response.
    took: Duration,
}

type HealthError = Box<dyn Error + Send + Sync>;

/// Checks the site with this configuration, or at this URL. Returns one line if the site is healthy.
pub fn health(config: &Config, url: Option<&str>) -> Result<String, String> {
    let question = match url {
        Some(url) => HealthCheck::from_url(url, config)?,
        None => HealthCheck::for_site(config)?,
    };
    match question.ask(config, Trust::AsConfigured) {
        Ok(HealthReply { status, took, .. }) if status.is_success() => {
            Ok(format!("{question} answered {status} in {} ms", took.as_millis()))
        }
        Ok(HealthReply { status, .. }) => Err(format!("{question} answered {status}")),
        Err(fault) => Err(format!("{question}: {fault}")),
    }
}

impl HealthCheck {
    /// A check of the first listener in the running process's control file, or else in the configuration. Listeners
    /// without TLS come first, because an invalid certificate does not make the site unhealthy.
    fn for_site(config: &Config) -> Result<Self, String> {
        let listen = match config.pid_file().and_then(|path| control::listening(&path)) {
            Some(ListenReport { http, https, admin, .. }) => [parse(http), parse(admin), parse(https)],
            None => [config.listen.http.clone(), config.listen.admin.clone(), config.listen.https.clone()],
        };
        let kinds = [ListenerKind::Http, ListenerKind::Admin, ListenerKind::Https].into_iter();
        let mut addresses =
            kinds.zip(listen).flat_map(|(kind, all)| all.into_iter().map(move |one| (kind, one)));
        let question = addresses.find_map(|(kind, address)| Self::at(kind, &address, config));
        question.ok_or_else(|| "every listener has a port that the system chooses: name the URL".into())
    }

    /// A check at an address where this site listens; none if its port is unknown.
    pub fn at(kind: ListenerKind, address: &Address, config: &Config) -> Option<Self> {
        let transport = match address {
            Address::Unix(path) => Transport::Unix(path.clone()),
            Address::Tcp(address) if address.port() == 0 => return None,
            Address::Tcp(address) => {
                // A listener on every address is reached at a loopback address too.
                let host = match address.ip() {
                    IpAddr::V6(ip) if ip.is_unspecified() => LOCALHOST.to_owned(),
                    IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.to_string(),
                    ip => ip.to_string(),
                };
                let name = config.domains.first().map_or(LOCALHOST, String::as_str).to_owned();
                Transport::Tcp { host, port: address.port(), tls: kind.is_over_tls().then_some(name) }
            }
        };
        Some(HealthCheck { transport, path: PATH.into(), takes_proxy_header: kind != ListenerKind::Admin })
    }

    /// A check at a URL, or at a Unix socket in the form of the settings.
    fn from_url(url: &str, config: &Config) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{url:?} is no URL: write one like \"http://127.0.0.1:8080\" or \"unix:/run/e6/http.sock\""
            )
        };
        if let Ok(address @ Address::Unix(_)) = url.parse() {
            return Self::at(ListenerKind::Http, &address, config).ok_or_else(wrong);
        }
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let host = host.trim_matches(['[', ']']).to_owned();
        let (tls, default_port) = match uri.scheme_str() {
            Some("http") => (None, 80),
            Some("https") => (Some(host.clone()), 443),
            _ => return Err(wrong()),
        };
        let transport = Transport::Tcp { host, port: uri.port_u16().unwrap_or(default_port), tls };
        let path = uri.path_and_query().map(ToString::to_string).filter(|path| path != "/");
        Ok(HealthCheck { transport, path: path.unwrap_or_else(|| PATH.into()), takes_proxy_header: false })
    }

    /// Whether an e6 answers, whatever certificate it has: a running one may serve an old one, or wait for its first.
    pub fn finds_e6(&self, config: &Config) -> bool {
        self.ask(config, Trust::AnyCertificate).is_ok_and(|reply| reply.is_e6)
    }

    /// Sends the request and waits up to two seconds.
    fn ask(&self, config: &Config, trust: Trust) -> Result<HealthReply, HealthError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let answer = runtime.block_on(async { timeout(DEADLINE, self.send(config, trust)).await });
        // A name server that does not answer holds a thread: do not wait for it.
        runtime.shutdown_background();
        answer.map_err(|_| format!("no answer within {} s", DEADLINE.as_secs()))?
    }

    async fn send(&self, config: &Config, trust: Trust) -> Result<HealthReply, HealthError> {
        match &self.transport {
            Transport::Unix(path) => {
                let mut stream = UnixStream::connect(path).await?;
                self.write_header(&mut stream, Peer::Unix, config).await?;
                self.request(stream, LOCALHOST).await
            }
            Transport::Tcp { host, port, tls } => {
                let mut stream = connect(host, *port).await?;
                let peer = Peer::from(stream.local_addr()?.ip());
                self.write_header(&mut stream, peer, config).await?;
                let Some(name) = tls else { return self.request(stream, host).await };
                let client = match trust {
                    Trust::AsConfigured => client(config, host)?,
                    Trust::AnyCertificate => any_certificate::client(),
                };
                let connector = TlsConnector::from(Arc::new(client));
                let server = ServerName::try_from(name.clone())?;
                self.request(connector.connect(server, stream).await?, name).await
            }
        }
    }

    /// Writes a PROXY header if the site expects one from this peer.
    async fn write_header(
        &self,
        stream: &mut (impl AsyncWrite + Unpin),
        peer: Peer,
        config: &Config,
    ) -> io::Result<()> {
        if self.takes_proxy_header && config.proxies.protocol && config.proxies.trust(peer) {
            stream.write_all(PROXY_HEADER).await?;
        }
        Ok(())
    }

    async fn request(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        host: &str,
    ) -> Result<HealthReply, HealthError> {
        let began = Instant::now();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let request = Request::get(&self.path)
            .header(header::HOST, in_url(host))
            .header(header::USER_AGENT, concat!("e6-health/", env!("CARGO_PKG_VERSION")))
            .header(header::CONNECTION, "close")
            .body(Empty::<Bytes>::new())?;
        let response = sender.send_request(request).await.map_err(root_cause)?;
        connection.abort();
        let is_e6 = response.headers().get(header::SERVER).is_some_and(|server| server == "e6");
        Ok(HealthReply { status: response.status(), is_e6, took: began.elapsed() })
    }
}

/// Connects to the host. `localhost` is whichever loopback address is listened on: a listener on `[::]` that another
/// program made may be for IPv6 alone.
async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let loopback = [SocketAddr::from((Ipv4Addr::LOCALHOST, port)), (Ipv6Addr::LOCALHOST, port).into()];
    match host {
        LOCALHOST => TcpStream::connect(&loopback[..]).await,
        _ => TcpStream::connect((host, port)).await,
    }
}

fn parse(addresses: Vec<String>) -> Vec<Address> {
    addresses.iter().filter_map(|text| text.parse().ok()).collect()
}

/// The TLS client. At a loopback address it trusts the site's self-signed certificate, read from the site's directory.
/// With certificate files it trusts these and the web's roots, with ACME the CA's own roots, else the web's roots.
fn client(config: &Config, host: &str) -> Result<ClientConfig, HealthError> {
    let here = host == LOCALHOST || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let mut roots = RootCertStore::empty();
    let web = || webpki_roots::TLS_SERVER_ROOTS.iter().cloned();
    match config.source()? {
        Some(CertificateSource::SelfSigned(dir)) if here => trust(&mut roots, &dir.join("cert.pem"))?,
        Some(CertificateSource::Acme(ca)) => match ca.own_roots()? {
            None => roots.extend(web()),
            Some(own) => own.into_iter().try_for_each(|root| roots.add(root))?,
        },
        Some(CertificateSource::Files(files)) => {
            roots.extend(web());
            trust(&mut roots, &files.cert)?;
        }
        _ => roots.extend(web()),
    }
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

/// The root cause of an error. hyper's own message says only what failed, not why.
fn root_cause(error: hyper::Error) -> String {
    let mut root: &dyn Error = &error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}

fn trust(roots: &mut RootCertStore, pem: &Path) -> Result<(), HealthError> {
    let cannot_read =
        |error: &dyn fmt::Display| format!("cannot read the certificate {}: {error}", pem.display());
    let text = bounded_file::read(pem, SMALL).map_err(|error| cannot_read(&error))?;
    for certificate in pem::certificates(&text).map_err(|error| cannot_read(&error))? {
        roots.add(certificate)?;
    }
    Ok(())
}

impl fmt::Display for HealthCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.transport {
            Transport::Unix(path) => write!(f, "unix:{}", path.display()),
            Transport::Tcp { host, port, tls } => {
                let scheme = if tls.is_some() { "https" } else { "http" };
                write!(f, "{scheme}://{}:{port}{}", in_url(host), self.path)
            }
        }
    }
}

/// The host as in a URL: an IPv6 address in brackets.
fn in_url(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}
