//! The addresses: bound once for each worker, told to whoever started us.

use super::Failure;
use crate::{
    config::Config,
    edge::{self, Status},
};
use std::{
    io::{self, Write},
    net::{SocketAddr, TcpListener},
    path::Path,
};

/// Every address, bound once for each worker.
pub(super) struct Listeners {
    pub http: Vec<TcpListener>,
    pub https: Vec<TcpListener>,
    pub admin: Vec<TcpListener>,
}

impl Listeners {
    pub fn bind(config: &Config, workers: usize) -> Result<Self, Failure> {
        let bind = |address: Option<SocketAddr>, flag: &str, workers| match address {
            None => Ok(Vec::new()),
            Some(address) => {
                edge::bind(address, workers).map_err(|error| Failure(mend(address, flag, &error)))
            }
        };
        Ok(Listeners {
            http: bind(config.listen.http, "--http", workers)?,
            https: bind(config.listen.https, "--https", workers)?,
            // Operators come one at a time.
            admin: bind(config.listen.admin, "--admin", 1)?,
        })
    }

    pub fn addresses(&self) -> Addresses {
        let first = |listeners: &[TcpListener]| listeners.first()?.local_addr().ok();
        Addresses { http: first(&self.http), https: first(&self.https), admin: first(&self.admin) }
    }
}

fn mend(address: SocketAddr, flag: &str, error: &io::Error) -> String {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!(
                "another process listens there: stop it, or choose another port, such as {flag} {}:0",
                address.ip()
            )
        }
        io::ErrorKind::PermissionDenied => {
            format!(
                "ports below 1024 need the capability CAP_NET_BIND_SERVICE: grant it, or choose another with {flag}"
            )
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("this machine has no such address: choose another with {flag}")
        }
        _ => format!("choose another address with {flag}"),
    };
    format!("cannot listen on {address}: {error}; {advice}")
}

/// Where it really listens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addresses {
    http: Option<SocketAddr>,
    pub https: Option<SocketAddr>,
    admin: Option<SocketAddr>,
}

impl Addresses {
    pub fn print(&self, certificate: Option<&Status>) {
        println!("e6 {}", crate::BUILD);
        if let Some(http) = self.http {
            println!("http://{http}/");
        }
        if let Some(https) = self.https {
            println!(
                "https://{https}/{}",
                certificate.map(|status| format!(" ({status})")).unwrap_or_default()
            );
        }
        if let Some(admin) = self.admin {
            println!("http://{admin}/ (admin)");
        }
    }

    /// For whoever started us and waits for the ports.
    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        let list =
            |address: Option<SocketAddr>| address.map(|address| address.to_string()).into_iter().collect();
        let (http, https, admin): (Vec<_>, Vec<_>, Vec<_>) =
            (list(self.http), list(self.https), list(self.admin));
        let ready =
            serde_json::json!({"pid": std::process::id(), "http": http, "https": https, "admin": admin});
        let write = || -> io::Result<()> {
            let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let mut file = tempfile::NamedTempFile::new_in(dir)?;
            writeln!(file, "{ready}")?;
            file.persist(path)?;
            Ok(())
        };
        write().map_err(|error| Failure(format!("cannot write the ready file {}: {error}", path.display())))
    }
}
