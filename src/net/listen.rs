//! Listening sockets. On TCP there is one for each worker on the same address, so that the kernel spreads connections
//! and workers share nothing; a Unix socket has one queue, which all workers take from.

use crate::{connection::ListenerKind, net::unix_socket};
use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    fmt, io,
    net::{AddrParseError, Ipv4Addr, SocketAddr},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    str::FromStr,
};

/// What the path of a Unix socket begins with where an address is written.
const UNIX: &str = "unix:";
/// Connections the kernel completes for us before we accept them.
const BACKLOG: i32 = 1024;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// An address of the machine and a port; port 0 is any that is free. `[::]` is every address, of IPv4 as well.
    Tcp(SocketAddr),
    /// A socket in the file system, by its absolute path.
    Unix(PathBuf),
}

impl Address {
    /// Where a socket listens.
    ///
    /// # Errors
    /// When it is none that e6 can listen on.
    pub fn of(socket: &Socket) -> io::Result<Self> {
        let address = socket.local_addr()?;
        let unix = || address.as_pathname().map(|path| Address::Unix(path.to_owned()));
        address.as_socket().map(Address::Tcp).or_else(unix).ok_or_else(|| {
            io::Error::new(io::ErrorKind::Unsupported, "neither TCP nor a Unix socket with a path")
        })
    }

    /// The address of the machine; none where only the file system leads there.
    pub fn tcp(&self) -> Option<SocketAddr> {
        match self {
            Address::Tcp(address) => Some(*address),
            Address::Unix(_) => None,
        }
    }

    /// The path in the file system; none of an address of the machine.
    pub fn unix(&self) -> Option<&Path> {
        match self {
            Address::Tcp(_) => None,
            Address::Unix(path) => Some(path),
        }
    }

    /// Whether this is every address of the machine, of IPv6 and IPv4.
    pub fn is_every_address(&self) -> bool {
        self.tcp().is_some_and(|address| address.is_ipv6() && address.ip().is_unspecified())
    }

    /// Whether who listens here has all that comes there. Port 0 is never the same twice.
    pub fn covers(&self, other: &Address) -> bool {
        match (self, other) {
            (Address::Tcp(wide), Address::Tcp(narrow)) => {
                let is_every_address = wide.ip().is_unspecified() && (wide.is_ipv6() || narrow.is_ipv4());
                wide.port() != 0
                    && wide.port() == narrow.port()
                    && (wide.ip() == narrow.ip() || is_every_address)
            }
            (here, there) => here == there,
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Address::Tcp(address)
    }
}

/// As it is displayed.
impl FromStr for Address {
    type Err = AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix(UNIX) {
            Some(path) => Ok(Address::Unix(path.into())),
            None => text.parse().map(Address::Tcp),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => address.fmt(f),
            Address::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

/// A socket that listens and does not block. It knows nothing of who made it: this process, or one before it.
#[derive(Debug)]
pub struct BoundSocket {
    /// What is spoken there.
    pub kind: ListenerKind,
    /// Where it listens.
    pub address: Address,
    /// The configured address that it was bound for; none where another program made the socket.
    pub configured: Option<Address>,
    /// The socket.
    pub socket: Socket,
}

impl BoundSocket {
    /// A socket that somebody else has made.
    ///
    /// # Errors
    /// When it is none that e6 can listen on.
    pub fn adopted(kind: ListenerKind, descriptor: OwnedFd) -> io::Result<Self> {
        let socket = Socket::from(descriptor);
        if socket.r#type()? != Type::STREAM || !socket.is_listener()? {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "it is no stream socket that listens"));
        }
        socket.set_nonblocking(true)?;
        Ok(BoundSocket { kind, address: Address::of(&socket)?, configured: None, socket })
    }

    /// Whether this socket is what this configured address asks for.
    pub fn is_for(&self, configured: &Address) -> bool {
        self.address == *configured || self.configured.as_ref() == Some(configured)
    }

    /// The same queue once more.
    ///
    /// # Errors
    /// When there is no descriptor for it.
    pub fn again(&self) -> io::Result<Self> {
        let (address, configured) = (self.address.clone(), self.configured.clone());
        Ok(BoundSocket { kind: self.kind, address, configured, socket: self.socket.try_clone()? })
    }
}

/// Binds as many sockets to one address of TCP as there are workers, and one to a Unix socket's path. Port 0 is settled by
/// the first. `unix_mode` is who may connect to a Unix socket, as in `chmod`. Where the kernel has no IPv6, every address of
/// the machine is every IPv4 address.
///
/// # Errors
/// When the address is taken, also by another process that would share it.
pub fn bind(
    kind: ListenerKind,
    address: &Address,
    workers: usize,
    unix_mode: u32,
) -> io::Result<Vec<BoundSocket>> {
    let bound = |socket: Socket| {
        Ok(BoundSocket { kind, address: Address::of(&socket)?, configured: Some(address.clone()), socket })
    };
    match address {
        Address::Tcp(wanted) => match bind_tcp(*wanted, workers) {
            Err(error) if address.is_every_address() && has_no_ipv6(&error) => {
                bind_tcp((Ipv4Addr::UNSPECIFIED, wanted.port()).into(), workers)
            }
            sockets => sockets,
        }?
        .into_iter()
        .map(bound)
        .collect(),
        Address::Unix(path) => Ok(vec![bound(unix_socket::bind(path, unix_mode, BACKLOG)?)?]),
    }
}

fn bind_tcp(address: SocketAddr, workers: usize) -> io::Result<Vec<Socket>> {
    // Sockets that share a port would silently share it with a second e6 as well: ask for it alone, first.
    let alone = tcp(address, PortSharing::Exclusive)?.local_addr()?;
    let settled = alone.as_socket().unwrap_or(address);
    (0..workers.max(1)).map(|_| tcp(settled, PortSharing::Workers)).collect()
}

/// Not compiled in, or switched off at boot (`ipv6.disable=1`).
fn has_no_ipv6(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    errno.is_some_and(|errno| [Errno::AFNOSUPPORT, Errno::ADDRNOTAVAIL].contains(&errno))
}

#[derive(PartialEq)]
enum PortSharing {
    Exclusive,
    Workers,
}

fn tcp(address: SocketAddr, sharing: PortSharing) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for connections of the last process to leave TIME_WAIT.
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(sharing == PortSharing::Workers)?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    if sharing == PortSharing::Workers {
        socket.listen(BACKLOG)?;
    }
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(address: &str, workers: usize) -> io::Result<Vec<BoundSocket>> {
        let address: SocketAddr = address.parse().unwrap();
        crate::net::listen::bind(ListenerKind::Http, &address.into(), workers, 0o660)
    }

    #[test]
    fn all_workers_listen_on_the_port_the_first_was_given() {
        let bound = bind("127.0.0.1:0", 3).unwrap();
        let address = bound[0].address.tcp().unwrap();
        assert_ne!(address.port(), 0);
        assert!(bound.iter().all(|bound| bound.address == address.into()));
    }

    #[test]
    fn a_port_that_is_shared_among_workers_is_not_shared_with_strangers() {
        let bound = bind("127.0.0.1:0", 2).unwrap();
        let taken = bind(&bound[0].address.to_string(), 2).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn a_unix_socket_is_one_queue_for_all_workers() {
        let dir = tempfile::tempdir().unwrap();
        let address = Address::Unix(dir.path().join("e6.sock"));
        let bound = crate::net::listen::bind(ListenerKind::Http, &address, 3, 0o660).unwrap();
        assert_eq!(bound.len(), 1);
        assert!(bound.iter().all(|bound| bound.address == address));
    }
}
