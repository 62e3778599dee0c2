//! The addresses: bound once for each worker, told to whoever started us.

use crate::{
    app::Failure,
    config::Config,
    connection::Listener,
    net::{
        listen::{Address, Bound},
        unix_socket::SocketFile,
    },
    sandbox,
    tls::resolver::Status,
};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Every socket that listens, those of one address together.
pub(crate) struct Listeners(Vec<Bound>);

impl Listeners {
    /// Those that were handed over, and for kinds of which none was those of the configuration.
    pub fn open(config: &Config, mut handed_over: Vec<Bound>, workers: usize) -> Result<Self, Failure> {
        let mut sockets = Vec::new();
        for kind in [Listener::Http, Listener::Https, Listener::Admin] {
            let (these, others) = handed_over.into_iter().partition(|bound| bound.kind == kind);
            handed_over = others;
            sockets.extend::<Vec<_>>(these);
            if sockets.last().is_some_and(|bound| bound.kind == kind) {
                continue;
            }
            // Operators come one at a time.
            let workers = if kind == Listener::Admin { 1 } else { workers };
            for address in config.listen.of(kind) {
                let bound = bind(config, kind, address, workers);
                sockets.extend(bound.map_err(|error| Failure(cannot_listen(address, kind, &error)))?);
            }
        }
        Ok(Listeners(sockets))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Bound> {
        self.0.iter()
    }

    pub fn addresses(&self) -> Addresses {
        let mut addresses = Vec::new();
        for bound in &self.0 {
            let address = (bound.kind, bound.address.clone());
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        Addresses(addresses)
    }

    /// The files that go with the last process that listens: those of Unix sockets, but for others'.
    pub fn files(&self, of_others: &[PathBuf]) -> Vec<SocketFile> {
        let files = self.0.iter().filter_map(|bound| bound.address.unix());
        let ours = files.filter(|file| !of_others.iter().any(|other| other == file));
        ours.filter_map(|file| SocketFile::at(file).ok()).collect()
    }

    /// A worker's share of the sockets, dealt for each address by itself. Where there are fewer than workers it shares one,
    /// and that is a queue, with others. Operators are few: the first worker sees to them.
    pub fn deal(&self, worker: usize, workers: usize) -> io::Result<Vec<Bound>> {
        let mut share = Vec::new();
        for (kind, address) in self.addresses().0 {
            let same = |bound: &&Bound| (bound.kind, &bound.address) == (kind, &address);
            let sockets: Vec<_> = self.0.iter().filter(same).collect();
            let mine = |index: usize| match kind {
                Listener::Admin => worker == 0,
                _ if sockets.len() < workers => index == worker % sockets.len(),
                _ => index % workers == worker,
            };
            let mine = sockets.iter().enumerate().filter(|(index, _)| mine(*index));
            share.extend(mine.map(|(_, bound)| bound.again()).collect::<io::Result<Vec<_>>>()?);
        }
        Ok(share)
    }
}

/// The file of a Unix socket is its user's, and so is a directory that has to be made for it: it goes with the process.
fn bind(config: &Config, kind: Listener, address: &Address, workers: usize) -> io::Result<Vec<Bound>> {
    let bind = || crate::net::listen::bind(kind, address, workers, config.listen.unix_mode);
    let (Some(user), Some(file)) = (config.user.as_ref().filter(|_| sandbox::is_root()), address.unix())
    else {
        return bind();
    };
    file.parent().map_or(Ok(()), |dir| user.own_dir(dir))?;
    let bound = bind()?;
    user.own_file(file)?;
    Ok(bound)
}

/// What happened, and what to do.
pub fn cannot_listen(address: &Address, kind: Listener, error: &io::Error) -> String {
    let flag = format!("--{}", kind.name());
    let advice = match (error.kind(), address) {
        (io::ErrorKind::AddrInUse, Address::Tcp(address)) => format!(
            "another process listens there: stop it, or choose another port, such as {flag} {}:0",
            address.ip()
        ),
        (io::ErrorKind::AddrInUse, _) => {
            format!("another process listens there: stop it, or choose another path with {flag}")
        }
        (io::ErrorKind::AlreadyExists, _) => {
            format!("what is there is not removed: move it away, or choose another path with {flag}")
        }
        (io::ErrorKind::PermissionDenied, Address::Tcp(_)) => format!(
            "ports below 1024 need the capability CAP_NET_BIND_SERVICE: grant it, or choose another with {flag}"
        ),
        (io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied, Address::Unix(_)) => {
            format!("make a directory that e6 may write to, or choose another path with {flag}")
        }
        (io::ErrorKind::AddrNotAvailable, _) => {
            format!("this machine has no such address: choose another with {flag}")
        }
        _ => format!("choose another address with {flag}"),
    };
    format!("cannot listen on {address}: {error}; {advice}")
}

/// Where it really listens.
#[derive(Debug, Clone)]
pub(crate) struct Addresses(Vec<(Listener, Address)>);

impl Addresses {
    fn of(&self, kind: Listener) -> impl Iterator<Item = &Address> {
        self.0.iter().filter(move |(other, _)| *other == kind).map(|(_, address)| address)
    }

    /// The port where TLS is spoken.
    pub fn https_port(&self) -> Option<u16> {
        self.of(Listener::Https).find_map(|address| Some(address.tcp()?.port()))
    }

    pub fn print(&self, certificate: Option<&Status>) {
        println!("e6 {}", crate::BUILD);
        for (kind, address) in &self.0 {
            let scheme = if *kind == Listener::Https { "https" } else { "http" };
            let place = match address {
                Address::Tcp(address) => format!("{scheme}://{address}/"),
                Address::Unix(_) => address.to_string(),
            };
            let remark = match (kind, certificate) {
                (Listener::Https, Some(status)) => format!(" ({status})"),
                (Listener::Admin, _) => " (admin)".to_owned(),
                _ => String::new(),
            };
            println!("{place}{remark}");
        }
    }

    /// For whoever started us and waits for the ports.
    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        let list = |kind| self.of(kind).map(Address::to_string).collect::<Vec<_>>();
        let ready = serde_json::json!({
            "pid": std::process::id(),
            "http": list(Listener::Http),
            "https": list(Listener::Https),
            "admin": list(Listener::Admin),
        });
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    #[test]
    fn every_socket_is_somebodys_and_every_worker_has_one_of_each_address() {
        for (sockets, workers) in [(1, 4), (2, 4), (4, 4), (5, 2), (3, 1)] {
            let bind = || {
                let address: SocketAddr = "127.0.0.1:0".parse().unwrap();
                crate::net::listen::bind(Listener::Http, &address.into(), sockets, 0o600).unwrap()
            };
            let listeners = Listeners(bind().into_iter().chain(bind()).collect());
            let shares = (0..workers).map(|worker| listeners.deal(worker, workers).unwrap().len());
            let shares: Vec<_> = shares.collect();
            assert!(shares.iter().all(|share| *share >= 2), "{shares:?}");
            assert_eq!(shares.iter().sum::<usize>(), 2 * sockets.max(workers), "{shares:?}");
        }
    }
}
