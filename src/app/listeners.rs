//! The listeners: bound once for each worker, logged and announced at the start.

use crate::{
    app::{control::ListenReport, error::RunError},
    atomic_file,
    config::{Config, Http3Mode},
    connection::ListenerKind,
    name::Named,
    net::{
        listen::{self, Address, BoundSocket, UDP_BUFFER},
        unix_socket::{self, UnixSocketFile},
    },
    output::format::{self, LogFormat},
    sandbox,
    tls::resolver::CertificateStatus,
};
use std::{
    io,
    path::{Path, PathBuf},
};

const READY_MODE: u32 = 0o600;

/// All listening sockets, those of one address next to each other.
pub(crate) struct Listeners(Vec<BoundSocket>);

pub(crate) struct DealtSocket {
    pub bound: BoundSocket,
    /// The number of the worker's QUIC endpoint at the socket, over all workers and addresses.
    pub endpoint: usize,
    /// The endpoints of all workers that share the socket, in their order.
    pub users: Vec<usize>,
}

/// Whether sockets are opened by the first process or by one that takes over in an upgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StartKind {
    First,
    Upgrade,
}

impl Listeners {
    /// Opens the configured listeners, with the sockets that were handed over. Sockets from systemd replace the
    /// configured addresses of their kind. Sockets from the old process of an upgrade are kept for addresses that are
    /// still configured, and closed otherwise.
    ///
    /// # Errors
    /// When an explicitly configured address cannot be bound, or no listener for visitors is left.
    pub fn open(
        config: &Config,
        handed_over: Vec<BoundSocket>,
        start: StartKind,
        workers: usize,
    ) -> Result<Self, RunError> {
        let (mut sockets, mut missing) = (Vec::new(), Vec::new());
        let mut handed_over = handed_over;
        for kind in ListenerKind::all() {
            let (mut these, others): (Vec<_>, Vec<_>) =
                handed_over.into_iter().partition(|bound| bound.kind == kind);
            handed_over = others;
            if these.iter().any(|bound| bound.configured.is_none()) {
                sockets.extend(these);
                continue;
            }
            // One worker is enough for operators.
            let workers = if kind == ListenerKind::Admin { 1 } else { workers };
            let addresses = match kind {
                // Where HTTPS really listens: a port may have been chosen by the system.
                ListenerKind::Http3 if !config.listen.of(kind).is_empty() => {
                    bound_for(&sockets, ListenerKind::Https)
                }
                _ => config.listen.of(kind).to_vec(),
            };
            for address in &addresses {
                let kept = take(&mut these, address);
                if !kept.is_empty() {
                    sockets.extend(kept);
                    continue;
                }
                match bind(config, kind, address, workers) {
                    Ok(bound) => sockets.extend(bound),
                    Err(error) => {
                        let why = cannot_listen(address, kind, &error, start);
                        if !is_dispensable(config, kind, &error, start) {
                            return Err(RunError::new(why));
                        }
                        let without =
                            if kind == ListenerKind::Http3 { "HTTP/3 there" } else { "this default address" };
                        tracing::warn!("{why}; e6 goes on without {without}");
                        missing.push(why);
                    }
                }
            }
            for BoundSocket { address, .. } in Listeners(these).addresses_once() {
                tracing::info!(%address, "closed: listen.{} no longer has this address", kind.name());
            }
        }
        if sockets.iter().all(|bound| matches!(bound.kind, ListenerKind::Http3 | ListenerKind::Admin)) {
            return Err(RunError::new(missing.join("; ")));
        }
        Ok(Listeners(sockets))
    }

    /// Logs facts that may surprise an operator: who can read the metrics, that IPv6 is missing, and that a socket of the
    /// old process of an upgrade keeps its mode.
    pub fn log(&self, config: &Config) {
        let on_ipv4_only = |bound: &&BoundSocket| {
            bound.configured.as_ref().is_some_and(Address::is_every_address)
                && bound.address.tcp().is_some_and(|address| address.is_ipv4())
        };
        let without_ipv6: Vec<_> =
            self.addresses_once().filter(on_ipv4_only).map(|bound| bound.address.to_string()).collect();
        if !without_ipv6.is_empty() {
            tracing::warn!(
                addresses = without_ipv6.join(", "),
                "this machine has no IPv6: listening on IPv4 only"
            );
        }
        if let Some(bound) = self.of(ListenerKind::Http3).next()
            && let Ok((received, sent)) = bound.udp_buffers()
            && received.min(sent) < UDP_BUFFER
            && bound.address.tcp().is_some_and(|address| !address.ip().is_loopback())
        {
            tracing::warn!(
                received,
                sent,
                "the kernel gives UDP sockets small buffers, so that datagrams get lost when many come at once; type: \
                 sysctl -w net.core.rmem_max={UDP_BUFFER} net.core.wmem_max={UDP_BUFFER}"
            );
        }
        for BoundSocket { kind, address, configured, .. } in self.addresses_once() {
            let mode = address.unix().and_then(|file| unix_socket::mode(file).ok());
            let mode = mode.unwrap_or(config.listen.unix_mode);
            if mode != config.listen.unix_mode && configured.is_some() {
                tracing::warn!(%address, "the socket keeps the mode {mode:04o} until e6 is stopped and started");
            }
            if *kind == ListenerKind::Admin {
                tracing::info!(%address, "metrics can be read by {}", readers(address, mode));
            }
        }
    }

    /// One socket of each address.
    fn addresses_once(&self) -> impl Iterator<Item = &BoundSocket> {
        self.0.iter().enumerate().filter_map(|(index, bound)| {
            let same = |other: &BoundSocket| (other.kind, &other.address) == (bound.kind, &bound.address);
            (!self.0[..index].iter().any(same)).then_some(bound)
        })
    }

    pub fn of(&self, kind: ListenerKind) -> impl Iterator<Item = &BoundSocket> {
        self.0.iter().filter(move |bound| bound.kind == kind)
    }

    pub fn iter(&self) -> impl Iterator<Item = &BoundSocket> {
        self.0.iter()
    }

    pub fn addresses(&self) -> BoundAddresses {
        BoundAddresses(self.addresses_once().map(|bound| (bound.kind, bound.address.clone())).collect())
    }

    /// The files of Unix sockets, except those in `of_others`. The last process that listens removes them.
    pub fn files(&self, of_others: &[PathBuf]) -> Vec<UnixSocketFile> {
        let files = self.0.iter().filter_map(|bound| bound.address.unix());
        let ours = files.filter(|file| !of_others.iter().any(|other| other == file));
        ours.filter_map(|file| UnixSocketFile::at(file).ok()).collect()
    }

    /// The sockets of one worker, dealt out address by address. If an address has fewer sockets than there are workers,
    /// several workers share one socket and its queue. The first worker alone serves operators, because they are few.
    pub fn deal(&self, worker: usize, workers: usize) -> io::Result<Vec<DealtSocket>> {
        let (mut share, mut endpoints) = (Vec::new(), 0);
        for (kind, address) in self.addresses().0 {
            let same = |bound: &&BoundSocket| (bound.kind, &bound.address) == (kind, &address);
            let sockets: Vec<_> = self.0.iter().filter(same).collect();
            let (count, places) = (sockets.len(), sockets.len().max(workers));
            let mine = |index: usize| match kind {
                ListenerKind::Admin => worker == 0,
                _ if count < workers => index == worker % count,
                _ => index % workers == worker,
            };
            for (index, bound) in sockets.iter().enumerate().filter(|(index, _)| mine(*index)) {
                let place = if count < workers { worker } else { index };
                let users = (index..places).step_by(count).map(|place| endpoints + place);
                share.push(DealtSocket {
                    bound: bound.again()?,
                    endpoint: endpoints + place,
                    users: users.collect(),
                });
            }
            if kind == ListenerKind::Http3 {
                endpoints += places;
            }
        }
        Ok(share)
    }
}

/// The TCP addresses on which sockets of this kind listen, each once.
fn bound_for(sockets: &[BoundSocket], kind: ListenerKind) -> Vec<Address> {
    let of_kind = sockets.iter().filter(|bound| bound.kind == kind && bound.address.tcp().is_some());
    let mut addresses: Vec<_> = of_kind.map(|bound| bound.address.clone()).collect();
    addresses.dedup();
    addresses
}

/// Binds an address. The configured user owns the file of a Unix socket, and a directory made for it, so that the
/// process can remove the file when it ends.
pub(crate) fn bind(
    config: &Config,
    kind: ListenerKind,
    address: &Address,
    workers: usize,
) -> io::Result<Vec<BoundSocket>> {
    let bind = || listen::bind(kind, address, workers, config.listen.unix_mode);
    let (Some(user), Some(file)) = (config.user.as_ref().filter(|_| sandbox::is_root()), address.unix())
    else {
        return bind();
    };
    file.parent().map_or(Ok(()), |dir| sandbox::make_dir(dir, Some(user)))?;
    let bound = bind()?;
    user.own_file(file)?;
    Ok(bound)
}

/// Takes the sockets for a configured address out of `sockets`; all have the same bound address.
fn take(sockets: &mut Vec<BoundSocket>, configured: &Address) -> Vec<BoundSocket> {
    let Some(first) = sockets.iter().find(|bound| bound.is_for(configured)) else { return Vec::new() };
    let address = first.address.clone();
    let (mut taken, left): (Vec<_>, Vec<_>) =
        std::mem::take(sockets).into_iter().partition(|bound| bound.address == address);
    *sockets = left;
    taken.iter_mut().for_each(|bound| bound.configured = Some(configured.clone()));
    taken
}

/// Whether e6 can run without this address: it is a default, and another program has it, or the new process of an
/// upgrade may not open it any more.
fn is_dispensable(config: &Config, kind: ListenerKind, error: &io::Error, start: StartKind) -> bool {
    if kind == ListenerKind::Http3 {
        return config.listen.http3.mode == Http3Mode::Auto;
    }
    let is_expected = match error.kind() {
        io::ErrorKind::AddrInUse => true,
        io::ErrorKind::PermissionDenied => start == StartKind::Upgrade,
        _ => false,
    };
    is_expected && config.listen.defaults.contains(&kind)
}

/// The clients that can reach an address, for the log.
fn readers(address: &Address, unix_mode: u32) -> String {
    match address.tcp().map(|address| address.ip().to_canonical()) {
        None => format!("the users of this machine whom the mode {unix_mode:04o} of the socket lets connect"),
        Some(ip) if ip.is_loopback() => "every program on this machine, and nobody else".into(),
        Some(ip) if ip.is_unspecified() => "everyone who can reach this machine on this port".into(),
        Some(_) => "everyone who can reach this address".into(),
    }
}

/// The message for an address that cannot be bound: the error, and what to do.
pub(crate) fn cannot_listen(
    address: &Address,
    kind: ListenerKind,
    error: &io::Error,
    start: StartKind,
) -> String {
    let flag = match kind {
        ListenerKind::Http3 => "--https".to_owned(),
        kind => format!("--{}", kind.name()),
    };
    let advice = match (error.kind(), address) {
        (io::ErrorKind::AddrInUse, _) if start == StartKind::Upgrade && kind == ListenerKind::Http3 => {
            "an older process of e6 still drains there, or another process has that UDP port: upgrade again once it has ended".into()
        }
        (io::ErrorKind::AddrInUse, _) if start == StartKind::Upgrade => {
            "another process listens there, or the running e6 does for a part of it: stop e6 and start it again".into()
        }
        (io::ErrorKind::PermissionDenied, _) if start == StartKind::Upgrade => {
            "a running e6 has given up the right to open new addresses: stop it and start it again".into()
        }
        (io::ErrorKind::AddrInUse, Address::Tcp(_)) if kind == ListenerKind::Http3 => {
            "another process has that UDP port: stop it, or type --http3 off".into()
        }
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
    let port = if kind == ListenerKind::Http3 { "UDP " } else { "" };
    format!("cannot listen on {port}{address}: {error}; {advice}")
}

/// The addresses where the process listens, with the ports that the system chose.
#[derive(Debug, Clone)]
pub(crate) struct BoundAddresses(Vec<(ListenerKind, Address)>);

impl BoundAddresses {
    fn of(&self, kind: ListenerKind) -> impl Iterator<Item = &Address> {
        self.0.iter().filter(move |(other, _)| *other == kind).map(|(_, address)| address)
    }

    /// The port of the first HTTPS listener on TCP.
    pub fn https_port(&self) -> Option<u16> {
        self.of(ListenerKind::Https).find_map(|address| Some(address.tcp()?.port()))
    }

    /// The port of the first HTTP/3 listener.
    pub fn http3_port(&self) -> Option<u16> {
        self.of(ListenerKind::Http3).find_map(|address| Some(address.tcp()?.port()))
    }

    /// The port of the first HTTP listener on TCP.
    pub fn http_port(&self) -> Option<u16> {
        self.of(ListenerKind::Http).find_map(|address| Some(address.tcp()?.port()))
    }

    /// Prints the build, each address, and last the URL to open: the public URL if the site has one.
    pub fn announce(&self, certificate: Option<&CertificateStatus>, public: Option<String>) {
        let build = crate::BUILD;
        format::announce(&format!("e6 {build}"), "e6", &[("build", build.into())]);
        let site = public.map(|url| format!("{url}/")).or_else(|| {
            let mut listeners = [ListenerKind::Http, ListenerKind::Https].into_iter();
            listeners.find_map(|kind| self.of(kind).next().map(|address| url(kind, address)))
        });
        for (kind, address) in &self.0 {
            let (name, place) = (kind.name(), url(*kind, address));
            let remark = match (kind, certificate) {
                (kind, Some(status)) if kind.is_over_tls() => format!(" ({status})"),
                _ => String::new(),
            };
            let is_last = *kind != ListenerKind::Admin && remark.is_empty() && site.as_ref() == Some(&place);
            if !is_last || format::present() == LogFormat::Json {
                let fields = [("listener", name.into()), ("url", place.as_str().into())];
                format::announce(&format!("{name:<5} {place}{remark}"), "listening", &fields);
            }
        }
        if let Some(site) = site {
            format::announce(&site, "open the site at this URL", &[("url", site.as_str().into())]);
        }
    }

    /// The addresses for the control file and the ready file.
    pub fn listening(&self) -> ListenReport {
        let list = |kind| self.of(kind).map(Address::to_string).collect();
        ListenReport {
            http: list(ListenerKind::Http),
            https: list(ListenerKind::Https),
            http3: list(ListenerKind::Http3),
            admin: list(ListenerKind::Admin),
        }
    }

    /// Writes the ready file, for a program that started e6 and waits for its ports.
    pub fn write(&self, path: &Path) -> Result<(), RunError> {
        let mut ready = serde_json::json!(self.listening());
        ready["pid"] = std::process::id().into();
        let written = atomic_file::replace_locked(path, format!("{ready}\n").as_bytes(), READY_MODE);
        written.map(drop).map_err(RunError::cannot(&format!("write the ready file {}", path.display())))
    }
}

/// The URL to open for an address; `localhost` for a listener on every address of the machine.
fn url(kind: ListenerKind, address: &Address) -> String {
    let scheme = if kind.is_over_tls() { "https" } else { "http" };
    match address {
        Address::Tcp(address) if address.ip().is_unspecified() => {
            format!("{scheme}://localhost:{}/", address.port())
        }
        Address::Tcp(address) => format!("{scheme}://{address}/"),
        Address::Unix(_) => address.to_string(),
    }
}

#[cfg(test)]
mod tests;
