//! An accepted socket, TCP or Unix: the stream that TLS and HTTP read and write.

use crate::{
    connection::Peer,
    descriptor::{self, RoundTrip, SocketHandle},
    limits::Limits,
};
use bytes::Bytes;
use rustix::net::{SocketFlags, acceptfrom_with};
use socket2::{SockRef, Socket};
use std::{
    cell::Cell,
    future::poll_fn,
    io::{self, IoSlice},
    mem, net,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf, unix::AsyncFd},
    task::coop::has_budget_remaining,
    time::{Sleep, sleep},
};

/// Bytes that are read ahead at most: room for a TLS ClientHello with a post-quantum key share.
const EARLY: usize = 2 * 1024;

/// Bytes that a peer may send after we have closed our half of the connection.
const LINGER_CAP: usize = 256 * 1024;
/// Time for which it may send them.
const LINGER_LASTS: Duration = Duration::from_secs(2);

/// A listening socket that is registered with an event loop.
pub(crate) struct SocketListener {
    socket: AsyncFd<Socket>,
    is_tcp: bool,
    /// The TCP_NOTSENT_LOWAT that was set last.
    set: Cell<Option<u32>>,
    /// The one that all waiting connections have inherited; none while some of them may be older.
    inherited: Cell<Option<u32>>,
}

impl SocketListener {
    /// Registers a non-blocking listening socket with this thread's event loop.
    pub fn new(socket: Socket) -> io::Result<Self> {
        let is_tcp = !socket.local_addr()?.is_unix();
        let socket = descriptor::register(socket)?;
        Ok(SocketListener { socket, is_tcp, set: Cell::new(None), inherited: Cell::new(None) })
    }

    /// Waits for the next connection.
    pub async fn accept(&self) -> io::Result<(SocketStream, Peer)> {
        poll_fn(|context| {
            let accepted = self.poll_accept(context);
            if accepted.is_pending() && has_budget_remaining() {
                // None is waiting that was there before the options were set.
                self.inherited.set(self.set.get());
            }
            accepted
        })
        .await
    }

    fn poll_accept(&self, context: &mut Context) -> Poll<io::Result<(SocketStream, Peer)>> {
        loop {
            let mut ready = ready!(self.socket.poll_read_ready(context))?;
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            if let Ok(accepted) = ready.try_io(|socket| Ok(acceptfrom_with(socket, flags)?)) {
                let (socket, address) = accepted?;
                let address = address.and_then(|address| net::SocketAddr::try_from(address).ok());
                let peer = address.map_or(Peer::Unix, |address| address.ip().into());
                return Poll::Ready(Ok((SocketStream::new(socket.into()), peer)));
            }
        }
    }

    /// Sets TCP_NODELAY and TCP_NOTSENT_LOWAT of a connection that was just accepted. The latter is the number of bytes
    /// that the slowest permitted peer takes in twice the `stall` timeout: if the kernel queued more, the socket would
    /// have no room for so long that such a peer would look like one that takes nothing.
    ///
    /// Connections inherit both from the listener, so that most of them need no system call.
    pub fn prepare(&self, stream: &SocketStream, limits: &Limits) -> io::Result<()> {
        if !self.is_tcp {
            return Ok(());
        }
        let bytes = limits.stall_rate.saturating_mul(2 * limits.stall.as_secs());
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        // Responses are written whole, so waiting for more bytes would only delay the last segment.
        let set = |socket: SockRef| socket.set_tcp_notsent_lowat(bytes).and(socket.set_tcp_nodelay(true));
        if self.set.get() != Some(bytes) {
            set(SockRef::from(self.socket.get_ref()))?;
            self.inherited.set(None);
            self.set.set(Some(bytes));
        }
        if self.inherited.get() == Some(bytes) { Ok(()) } else { set(SockRef::from(stream.socket.get()?)) }
    }
}

/// Both ends of a connection, and the round trip between them.
pub(crate) struct PathFacts {
    pub local: net::SocketAddr,
    pub peer: net::SocketAddr,
    /// None before the first measurement.
    pub round_trip: Option<RoundTrip>,
}

impl PathFacts {
    /// Asks the kernel about a TCP connection; none for a Unix socket and for a connection that is closed.
    pub fn of(socket: &SocketHandle) -> Option<Self> {
        socket.ask(|socket| {
            let addresses = SockRef::from(&socket);
            Some(PathFacts {
                local: canonical(addresses.local_addr().ok()?.as_socket()?),
                peer: canonical(addresses.peer_addr().ok()?.as_socket()?),
                round_trip: descriptor::round_trip(socket),
            })
        })
    }
}

/// The address with an IPv4-mapped IPv6 address as IPv4.
pub(crate) fn canonical(address: net::SocketAddr) -> net::SocketAddr {
    net::SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Whether an address is one of the internet, not of a machine or a local network.
pub(crate) fn is_global(address: net::IpAddr) -> bool {
    match address {
        net::IpAddr::V4(address) => {
            !address.is_loopback() && !address.is_private() && !address.is_link_local()
        }
        net::IpAddr::V6(address) => {
            !address.is_loopback() && !address.is_unique_local() && !address.is_unicast_link_local()
        }
    }
}

/// The byte stream of an accepted connection.
pub(crate) struct SocketStream {
    socket: AcceptedSocket,
    handle: SocketHandle,
    /// Bytes that were read ahead; the next read returns them first.
    early: Bytes,
    /// Set once the socket is shut down; bytes that the peer still sends are dropped.
    lingering: Option<Box<Lingering>>,
}

/// A non-blocking socket that is registered with the event loop when it first has to wait. A connection whose only
/// request came before it was accepted never has to.
enum AcceptedSocket {
    Unregistered(Socket),
    Registered(AsyncFd<Socket>),
    /// It could not be registered, and is closed.
    Lost,
}

impl AcceptedSocket {
    fn get(&self) -> io::Result<&Socket> {
        match self {
            AcceptedSocket::Unregistered(socket) => Ok(socket),
            AcceptedSocket::Registered(socket) => Ok(socket.get_ref()),
            AcceptedSocket::Lost => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn register(&mut self) -> io::Result<()> {
        if let AcceptedSocket::Unregistered(socket) = mem::replace(self, AcceptedSocket::Lost) {
            *self = AcceptedSocket::Registered(descriptor::register(socket)?);
        }
        Ok(())
    }

    fn poll_read(&mut self, context: &mut Context, buffer: &mut ReadBuf) -> Poll<io::Result<usize>> {
        let wanted = buffer.remaining();
        self.poll_io(context, Interest::READABLE, wanted, |socket| descriptor::receive(socket, buffer))
    }

    /// Makes a system call that transfers up to `wanted` bytes, once it does not have to wait.
    fn poll_io(
        &mut self,
        context: &mut Context,
        interest: Interest,
        wanted: usize,
        mut transfer: impl FnMut(&Socket) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let AcceptedSocket::Registered(socket) = self else {
                match transfer(self.get()?) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.register()?,
                    done => return Poll::Ready(done),
                }
                continue;
            };
            let mut ready = ready!(match interest {
                Interest::READABLE => socket.poll_read_ready(context),
                _ => socket.poll_write_ready(context),
            })?;
            if let Ok(done) = ready.try_io(|socket| transfer(socket.get_ref())) {
                // The kernel had no more bytes, or no more room, so the next call would only say so.
                if done.as_ref().is_ok_and(|count| (1..wanted).contains(count)) {
                    ready.clear_ready();
                }
                return Poll::Ready(done);
            }
        }
    }
}

impl Drop for SocketStream {
    fn drop(&mut self) {
        self.handle.close();
    }
}

impl SocketStream {
    fn new(socket: Socket) -> Self {
        let handle = SocketHandle::of(&socket);
        let socket = AcceptedSocket::Unregistered(socket);
        SocketStream { socket, handle, early: Bytes::new(), lingering: None }
    }

    /// The socket, for questions to the kernel.
    pub fn handle(&self) -> SocketHandle {
        self.handle.clone()
    }

    /// Waits for the next byte without consuming it; none at the end of the stream.
    pub async fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.early.is_empty() {
            self.early = poll_fn(|context| self.poll_early(context)).await?;
        }
        Ok(self.early.first().copied())
    }

    /// Gives back bytes that were read too far; no other bytes may be waiting in `early`.
    pub fn unread(&mut self, early: Bytes) {
        self.early = early;
    }

    /// Reads onto the stack and allocates only for bytes that have come, so that a silent peer costs no buffer.
    fn poll_early(&mut self, context: &mut Context) -> Poll<io::Result<Bytes>> {
        let mut space = [0; EARLY];
        let mut read = ReadBuf::new(&mut space);
        ready!(self.socket.poll_read(context, &mut read))?;
        Poll::Ready(Ok(Bytes::copy_from_slice(read.filled())))
    }
}

impl AsyncRead for SocketStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context,
        buffer: &mut ReadBuf,
    ) -> Poll<io::Result<()>> {
        if self.early.is_empty() {
            return self.socket.poll_read(context, buffer).map_ok(|_| ());
        }
        read_early(&mut self.early, buffer);
        Poll::Ready(Ok(()))
    }
}

/// Reads from bytes that were read too far. The last read frees them.
pub(crate) fn read_early(early: &mut Bytes, buffer: &mut ReadBuf) {
    buffer.put_slice(&early.split_to(early.len().min(buffer.remaining())));
    if early.is_empty() {
        *early = Bytes::new();
    }
}

impl AsyncWrite for SocketStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.socket.poll_io(context, Interest::WRITABLE, bytes.len(), |socket| socket.send(bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context,
        slices: &[IoSlice],
    ) -> Poll<io::Result<usize>> {
        let length = slices.iter().map(|slice| slice.len()).sum();
        self.socket.poll_io(context, Interest::WRITABLE, length, |socket| socket.send_vectored(slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// The kernel has taken what was written.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Closes our half of the connection, then waits for the peer to close its own (RFC 9112 §9.6).
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        let stream = &mut *self;
        let lingering = match &mut stream.lingering {
            Some(lingering) => lingering,
            none => {
                match stream.socket.get()?.shutdown(net::Shutdown::Write) {
                    Err(error) if error.kind() != io::ErrorKind::NotConnected => {
                        return Poll::Ready(Err(error));
                    }
                    // Or the peer has reset the connection.
                    _ => {}
                }
                none.insert(Box::new(Lingering { left: LINGER_CAP, end: Box::pin(sleep(LINGER_LASTS)) }))
            }
        };
        lingering.poll(&mut stream.socket, context).map(Ok)
    }
}

/// A close that waits for the peer. Closing a socket with unread bytes resets the connection, and the peer may lose a
/// response that it has not read yet.
struct Lingering {
    /// Bytes that the peer may still send.
    left: usize,
    end: Pin<Box<Sleep>>,
}

impl Lingering {
    /// Ready once the peer has closed its half, or has sent too much or for too long.
    fn poll(&mut self, socket: &mut AcceptedSocket, context: &mut Context) -> Poll<()> {
        loop {
            if self.end.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            let mut space = [0; 8 * 1024];
            let mut read = ReadBuf::new(&mut space);
            match ready!(socket.poll_read(context, &mut read)) {
                Ok(count @ 1..) if count <= self.left => self.left -= count,
                _ => return Poll::Ready(()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// TCP_NODELAY and TCP_NOTSENT_LOWAT.
    fn options(stream: &SocketStream) -> (bool, u32) {
        let socket = stream.socket.get().unwrap();
        (socket.tcp_nodelay().unwrap(), socket.tcp_notsent_lowat().unwrap())
    }

    #[tokio::test]
    async fn connections_have_their_options_whether_they_came_before_or_after_the_listener_got_them() {
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let clients: Vec<_> = (0..2).map(|_| net::TcpStream::connect(address).unwrap()).collect();
        let listener = SocketListener::new(listener.into()).unwrap();
        let limits = Limits { stall: Duration::from_secs(10), stall_rate: 1024, ..Limits::default() };
        for _ in &clients {
            let (stream, _) = listener.accept().await.unwrap();
            listener.prepare(&stream, &limits).unwrap();
            assert_eq!(options(&stream), (true, 20 * 1024));
        }
        assert_eq!(listener.inherited.get(), None);
        let (accepted, client) = tokio::join!(listener.accept(), tokio::net::TcpStream::connect(address));
        let (stream, _) = accepted.unwrap();
        assert_eq!((listener.inherited.get(), options(&stream)), (Some(20 * 1024), (true, 20 * 1024)));
        let slower = Limits { stall_rate: 512, ..limits };
        listener.prepare(&stream, &slower).unwrap();
        assert_eq!(options(&stream), (true, 10 * 1024), "limits that a reload has changed");
        drop((client, clients));
    }
}
