//! Descriptors that this code does not own by type: inherited ones, and sockets in use. With memory.rs, all of the
//! unsafe code.
#![allow(unsafe_code)]

use crate::sync::Unpoisoned;
use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};
use socket2::Socket;
use std::{
    io,
    net::UdpSocket,
    os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::io::{ReadBuf, unix::AsyncFd};

/// Adopts an inherited descriptor, which is closed on exec from now on. Call it once for each, and only for those that
/// the process which started this one has given away.
pub fn adopt(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: it is borrowed for one call, which only checks whether it is open.
    fcntl_getfd(unsafe { BorrowedFd::borrow_raw(number) })?;
    // SAFETY: it is open. The process that set the variables gave it away with them; it is taken once, and before this
    // process has opened anything that it keeps, so nothing else here owns it.
    let descriptor = unsafe { OwnedFd::from_raw_fd(number) };
    fcntl_setfd(&descriptor, FdFlags::CLOEXEC)?;
    Ok(descriptor)
}

/// A socket that another value owns. It can be asked about for as long as it is open.
#[derive(Debug, Clone, Default)]
pub struct SocketHandle(Arc<Mutex<Option<RawFd>>>);

impl SocketHandle {
    /// The handle of a socket. Its owner calls [`SocketHandle::close`] before it closes the socket.
    pub fn of(socket: &impl AsRawFd) -> Self {
        SocketHandle(Arc::new(Mutex::new(Some(socket.as_raw_fd()))))
    }

    /// Ends the use of the socket.
    pub fn close(&self) {
        *self.0.lock().unpoisoned() = None;
    }

    /// The answer of a question about the socket; none if it has been closed. The socket stays open until the question
    /// is answered, because its owner waits for the lock.
    pub fn ask<T>(&self, question: impl FnOnce(BorrowedFd) -> Option<T>) -> Option<T> {
        let number = self.0.lock().unpoisoned();
        // SAFETY: the owner takes the number away, under this lock, before it closes the socket.
        number.and_then(|number| question(unsafe { BorrowedFd::borrow_raw(number) }))
    }
}

/// Registers a non-blocking socket with this thread's event loop. On failure, it is closed.
pub fn register(socket: Socket) -> io::Result<AsyncFd<Socket>> {
    // SAFETY: the socket owns its descriptor and leaves it open until it is dropped.
    Ok(unsafe { AsyncFd::register(socket) }?)
}

/// Receives into the free part of a buffer, which need not be initialized. Returns the number of bytes; 0 at the end of
/// the stream.
pub fn receive(socket: &Socket, buffer: &mut ReadBuf) -> io::Result<usize> {
    // SAFETY: `recv` de-initializes nothing.
    let count = socket.recv(unsafe { buffer.unfilled_mut() })?;
    // SAFETY: `recv` has written so many bytes.
    unsafe { buffer.assume_init(count) };
    buffer.advance(count);
    Ok(count)
}

/// Has the kernel deliver each datagram by itself (udp(7), `UDP_GRO`), as it does by default.
///
/// # Errors
/// When the socket is no UDP socket, or the kernel knows no other way (before Linux 5.0).
pub fn receive_singly(socket: &UdpSocket) -> io::Result<()> {
    let off: libc::c_int = 0;
    let size = size_of_val(&off) as libc::socklen_t;
    // SAFETY: the descriptor is open, and the kernel reads `size` bytes of `off`.
    let failed = unsafe {
        libc::setsockopt(socket.as_raw_fd(), libc::IPPROTO_UDP, libc::UDP_GRO, (&raw const off).cast(), size)
    };
    if failed == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The kernel's estimate of a TCP connection's round trip (tcp(7), `TCP_INFO`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundTrip {
    /// The smoothed average. It includes the time for which the peer delays acknowledgements.
    pub smoothed: Duration,
    /// The shortest one of the last minutes.
    pub shortest: Duration,
}

/// Words of `struct tcp_info` up to `tcpi_min_rtt`, which Linux 4.6 added at the end.
const INFO_WORDS: usize = 38;
/// The words with `tcpi_rtt` and `tcpi_min_rtt`, in microseconds.
const SMOOTHED: usize = 17;
const SHORTEST: usize = 37;

/// The round trip of a connection; none if the socket is no TCP socket, or nothing was measured yet.
pub fn round_trip(socket: BorrowedFd) -> Option<RoundTrip> {
    let mut info = [0_u32; INFO_WORDS];
    let size = size_of_val(&info) as libc::socklen_t;
    let mut length = size;
    // SAFETY: the descriptor is open, and the kernel writes at most `length` bytes to `info`, which has as many.
    let failed = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &mut length,
        )
    };
    let measured = |word: usize| {
        let micros = Some(info[word]).filter(|micros| ![0, u32::MAX].contains(micros));
        micros.map(|micros| Duration::from_micros(micros.into()))
    };
    if failed != 0 || length < size {
        return None;
    }
    Some(RoundTrip { smoothed: measured(SMOOTHED)?, shortest: measured(SHORTEST)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use quinn::udp::{Transmit, UdpSocketState};
    use std::{
        net::{TcpListener, TcpStream},
        os::unix::net::UnixStream,
    };

    #[test]
    fn datagrams_that_were_sent_together_arrive_one_by_one() {
        let [sender, receiver] = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
        let sends = UdpSocketState::new((&sender).into()).unwrap();
        // It turns merging on.
        UdpSocketState::new((&receiver).into()).unwrap();
        receive_singly(&receiver).unwrap();
        let three = Transmit {
            destination: receiver.local_addr().unwrap(),
            ecn: None,
            contents: &[7; 250],
            segment_size: Some(100),
            src_ip: None,
        };
        sends.send((&sender).into(), &three).unwrap();
        receiver.set_nonblocking(false).unwrap();
        receiver.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let lengths = [(); 3].map(|()| receiver.recv(&mut [0; 1000]).unwrap());
        assert_eq!(lengths, [100, 100, 50]);
    }

    #[test]
    fn the_kernel_knows_the_round_trip_of_a_connection_and_of_no_other_socket() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        let handle = SocketHandle::of(&accepted);
        let found = handle.ask(round_trip).unwrap();
        assert!(found.shortest > Duration::ZERO && found.shortest <= found.smoothed, "{found:?}");
        assert!(found.smoothed < Duration::from_secs(1), "{found:?}");
        handle.close();
        assert_eq!(handle.ask(round_trip), None, "closed");
        assert_eq!(SocketHandle::of(&listener).ask(round_trip), None, "no connection");
        assert_eq!(SocketHandle::of(&UnixStream::pair().unwrap().0).ask(round_trip), None);
    }
}
