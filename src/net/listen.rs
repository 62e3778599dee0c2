//! Listening sockets. On TCP and UDP each worker has its own socket on the same address, so that the kernel spreads
//! connections and workers share nothing. A Unix socket has one queue, from which all workers accept.

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

/// The prefix of a Unix socket's path in a written address.
const UNIX: &str = "unix:";
/// Connections that the kernel queues before we accept them.
const BACKLOG: i32 = 1024;
/// Bytes that the kernel queues for a UDP socket in each direction, if it allows as many: the datagrams of 10 ms at
/// 1 Gbit/s.
pub(crate) const UDP_BUFFER: usize = 2 * 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// An IP address and a port. Port 0 means any free port; `[::]` means every address, IPv4 included.
    Tcp(SocketAddr),
    /// A socket in the file system, by its absolute path.
    Unix(PathBuf),
}

impl Address {
    /// The address of a listening socket.
    pub fn of(socket: &Socket) -> io::Result<Self> {
        let address = socket.local_addr()?;
        let unix = || address.as_pathname().map(|path| Address::Unix(path.to_owned()));
        address.as_socket().map(Address::Tcp).or_else(unix).ok_or_else(|| {
            io::Error::new(io::ErrorKind::Unsupported, "neither TCP, UDP nor a Unix socket with a path")
        })
    }

    /// The IP address and port; none for a Unix socket.
    pub fn tcp(&self) -> Option<SocketAddr> {
        match self {
            Address::Tcp(address) => Some(*address),
            Address::Unix(_) => None,
        }
    }

    /// The path of a Unix socket; none for TCP.
    pub fn unix(&self) -> Option<&Path> {
        match self {
            Address::Tcp(_) => None,
            Address::Unix(path) => Some(path),
        }
    }

    /// Whether this is `[::]`: every IPv6 and IPv4 address of the machine.
    pub fn is_every_address(&self) -> bool {
        self.tcp().is_some_and(|address| address.is_ipv6() && address.ip().is_unspecified())
    }

    /// Whether a listener on this address receives every connection to the other. Port 0 covers nothing, because each
    /// bind gets a different port.
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

/// Reads the form that `Display` writes.
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

/// A non-blocking listening socket, created by this process or by another.
#[derive(Debug)]
pub struct BoundSocket {
    pub kind: ListenerKind,
    pub address: Address,
    /// The configured address it was bound for; none if another program created the socket.
    pub configured: Option<Address>,
    pub socket: Socket,
}

impl BoundSocket {
    /// Adopts a socket that another process created.
    pub fn adopted(kind: ListenerKind, descriptor: OwnedFd) -> io::Result<Self> {
        let socket = Socket::from(descriptor);
        let is_udp = is_udp(&socket)?;
        let is_listening = socket.r#type()? == Type::STREAM && socket.is_listener()?;
        if !is_udp && !is_listening {
            let other = "neither a listening stream socket nor a UDP socket";
            return Err(io::Error::new(io::ErrorKind::Unsupported, other));
        }
        let kind = if is_udp { ListenerKind::Http3 } else { kind };
        socket.set_nonblocking(true)?;
        Ok(BoundSocket { kind, address: Address::of(&socket)?, configured: None, socket })
    }

    /// Bytes that the kernel queues for this UDP socket, as it counts them: received ones, and ones to send.
    pub fn udp_buffers(&self) -> io::Result<(usize, usize)> {
        // The kernel doubles what was asked for, to account for its own data.
        Ok((self.socket.recv_buffer_size()? / 2, self.socket.send_buffer_size()? / 2))
    }

    /// Whether this socket serves this configured address.
    pub fn is_for(&self, configured: &Address) -> bool {
        self.address == *configured || self.configured.as_ref() == Some(configured)
    }

    /// A second handle for the same queue.
    pub fn again(&self) -> io::Result<Self> {
        let (address, configured) = (self.address.clone(), self.configured.clone());
        Ok(BoundSocket { kind: self.kind, address, configured, socket: self.socket.try_clone()? })
    }
}

/// Binds one socket for each worker to a TCP address, or a single socket to a Unix socket's path. The first socket
/// settles port 0. `unix_mode` is the file mode of a Unix socket, as in `chmod`. On a kernel without IPv6, `[::]` means
/// every IPv4 address.
///
/// # Errors
/// When the address is in use, even by a process that would share it.
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
        Address::Tcp(wanted) => match bind_ip(kind, *wanted, workers) {
            Err(error) if address.is_every_address() && has_no_ipv6(&error) => {
                bind_ip(kind, (Ipv4Addr::UNSPECIFIED, wanted.port()).into(), workers)
            }
            sockets => sockets,
        }?
        .into_iter()
        .map(bound)
        .collect(),
        Address::Unix(path) => Ok(vec![bound(unix_socket::bind(path, unix_mode, BACKLOG)?)?]),
    }
}

fn bind_ip(kind: ListenerKind, address: SocketAddr, workers: usize) -> io::Result<Vec<Socket>> {
    // SO_REUSEPORT would silently share the port with a second e6, so the port is bound exclusively first.
    let alone = open(kind, address, PortSharing::Exclusive)?.local_addr()?;
    let settled = alone.as_socket().unwrap_or(address);
    (0..workers.max(1)).map(|_| open(kind, settled, PortSharing::Workers)).collect()
}

fn is_udp(socket: &Socket) -> io::Result<bool> {
    Ok(socket.r#type()? == Type::DGRAM && socket.local_addr()?.as_socket().is_some())
}

/// IPv6 is not compiled in, or is switched off at boot (`ipv6.disable=1`).
fn has_no_ipv6(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    errno.is_some_and(|errno| [Errno::AFNOSUPPORT, Errno::ADDRNOTAVAIL].contains(&errno))
}

#[derive(PartialEq)]
enum PortSharing {
    Exclusive,
    Workers,
}

fn open(kind: ListenerKind, address: SocketAddr, sharing: PortSharing) -> io::Result<Socket> {
    let is_udp = kind == ListenerKind::Http3;
    let (r#type, protocol) =
        if is_udp { (Type::DGRAM, Protocol::UDP) } else { (Type::STREAM, Protocol::TCP) };
    let socket = Socket::new(Domain::for_address(address), r#type, Some(protocol))?;
    if is_udp {
        // The kernel takes as much of this as it allows.
        socket.set_recv_buffer_size(UDP_BUFFER)?;
        socket.set_send_buffer_size(UDP_BUFFER)?;
    } else {
        // A restart must not wait for connections of the previous process to leave TIME_WAIT.
        socket.set_reuse_address(true)?;
    }
    socket.set_reuse_port(sharing == PortSharing::Workers)?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    if !is_udp && sharing == PortSharing::Workers {
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
    fn a_udp_port_is_shared_among_workers_and_not_with_strangers() {
        // UDP has the port number of the HTTPS listener, as everywhere.
        let tcp = super::bind(ListenerKind::Https, &"127.0.0.1:0".parse().unwrap(), 1, 0o660).unwrap();
        let bind = |address: &Address| super::bind(ListenerKind::Http3, address, 2, 0o660);
        let bound = bind(&tcp[0].address).unwrap();
        assert_eq!(bound[0].address, tcp[0].address);
        assert!(bound.len() == 2 && bound[0].address == bound[1].address);
        assert_eq!(bind(&bound[0].address).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        let again = bound[0].again().unwrap();
        let adopted = BoundSocket::adopted(ListenerKind::Http, again.socket.into()).unwrap();
        assert_eq!((adopted.kind, &adopted.address), (ListenerKind::Http3, &bound[0].address));
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
