//! Listening sockets: one for each worker on the same address, so that the kernel spreads connections and workers
//! share nothing.

use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io,
    net::{SocketAddr, TcpListener},
};

/// Connections the kernel completes for us before we accept them.
const BACKLOG: i32 = 1024;

/// Binds `workers` sockets to one address. Port 0 is settled by the first.
///
/// # Errors
/// When the address is taken, also by another process that would share it.
pub fn bind(address: SocketAddr, workers: usize) -> io::Result<Vec<TcpListener>> {
    // Sockets that share a port would silently share it with a second e6 as well: ask for it alone, first.
    let settled = socket(address, Sharing::Exclusive)?.local_addr()?;
    (0..workers.max(1)).map(|_| socket(settled, Sharing::Workers)).collect()
}

#[derive(PartialEq)]
enum Sharing {
    Exclusive,
    Workers,
}

fn socket(address: SocketAddr, sharing: Sharing) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for connections of the last process to leave TIME_WAIT.
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(sharing == Sharing::Workers)?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    if sharing == Sharing::Workers {
        socket.listen(BACKLOG)?;
    }
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_workers_listen_on_the_port_the_first_was_given() {
        let listeners = bind("127.0.0.1:0".parse().unwrap(), 3).unwrap();
        let addresses: Vec<_> = listeners.iter().map(|listener| listener.local_addr().unwrap()).collect();
        assert_ne!(addresses[0].port(), 0);
        assert_eq!(addresses, [addresses[0]; 3]);
    }

    #[test]
    fn a_port_that_is_shared_among_workers_is_not_shared_with_strangers() {
        let listeners = bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
        let taken = bind(listeners[0].local_addr().unwrap(), 2).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
    }
}
