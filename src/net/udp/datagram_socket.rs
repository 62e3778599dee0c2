//! The UDP socket of one endpoint, as quinn reads and writes it.

use crate::{
    descriptor,
    net::udp::{amplification::AmplificationLimit, steering::Steering},
};
use quinn::{
    AsyncTimer, AsyncUdpSocket, Runtime, UdpPoller,
    udp::{RecvMeta, Transmit, UdpSocketState},
};
use std::{
    fmt,
    io::{self, IoSliceMut},
    net::{self, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};
use tokio::{io::Interest, net::UdpSocket, task::spawn_local, time};

/// A socket that hands datagrams of other endpoints over, and takes from them those of its own.
pub(crate) struct DatagramSocket {
    socket: UdpSocket,
    options: UdpSocketState,
    steering: Arc<Steering>,
    endpoint: usize,
    /// The endpoints that share the socket. The first one reads it, because a handshake begins with several datagrams,
    /// which must all reach the same endpoint.
    users: Vec<usize>,
    amplification: AmplificationLimit,
}

impl DatagramSocket {
    /// Registers a non-blocking socket with this thread's event loop.
    pub fn new(
        socket: net::UdpSocket,
        steering: Arc<Steering>,
        endpoint: usize,
        users: Vec<usize>,
    ) -> io::Result<Arc<Self>> {
        let options = UdpSocketState::new((&socket).into())?;
        // quinn-udp has the kernel merge up to 64 datagrams of a connection, and quinn allocates buffers for 32 times as
        // many: 3 MiB for each endpoint. Requests are short and come from many clients, so there is little to merge. It
        // fails before Linux 5.0, which never merges them.
        let _ = descriptor::receive_singly(&socket);
        let socket = UdpSocket::from_std(socket)?;
        let amplification = AmplificationLimit::new(steering.ids(endpoint));
        Ok(Arc::new(DatagramSocket { socket, options, steering, endpoint, users, amplification }))
    }

    fn reads(&self) -> bool {
        self.users.first() == Some(&self.endpoint) && self.steering.is_reading()
    }

    fn send(&self, transmit: &Transmit) -> io::Result<()> {
        self.socket.try_io(Interest::WRITABLE, || self.options.send((&self.socket).into(), transmit))
    }

    /// Counts these received datagrams, and sends those that waited for them.
    fn count(&self, buffers: &[IoSliceMut], metas: &[RecvMeta]) {
        for (buffer, meta) in buffers.iter().zip(metas) {
            for datagram in buffer[..meta.len.min(buffer.len())].chunks(meta.stride.max(1)) {
                if let Some(waited) = self.amplification.received(meta.addr, datagram) {
                    // A socket without room drops it. QUIC sends it again.
                    let _ = self.send(&waited.transmit());
                }
            }
        }
    }
}

impl AsyncUdpSocket for DatagramSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(WritableSocket { socket: self, waiting: None })
    }

    fn try_send(&self, transmit: &Transmit) -> io::Result<()> {
        self.amplification.send(transmit, |allowed| self.send(allowed))
    }

    fn poll_recv(
        &self,
        context: &mut Context,
        buffers: &mut [IoSliceMut],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let taken = self.steering.take(self.endpoint, context, buffers, metas);
        if taken > 0 {
            self.count(buffers, &metas[..taken]);
            return Poll::Ready(Ok(taken));
        }
        while self.reads() {
            ready!(self.socket.poll_recv_ready(context))?;
            let receive = || self.options.recv((&self.socket).into(), buffers, metas);
            // Fails only if nothing is there any more: another process may have taken it.
            let Ok(received) = self.socket.try_io(Interest::READABLE, receive) else { continue };
            let kept = self.steering.sort(&self.users, buffers, &mut metas[..received]);
            if kept > 0 {
                self.count(buffers, &metas[..kept]);
                return Poll::Ready(Ok(kept));
            }
        }
        Poll::Pending
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.options.max_gso_segments()
    }

    fn may_fragment(&self) -> bool {
        self.options.may_fragment()
    }
}

impl fmt::Debug for DatagramSocket {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("DatagramSocket").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// Waits until a socket has room. Each connection has one, because many may wait for the same socket.
struct WritableSocket {
    socket: Arc<DatagramSocket>,
    waiting: Option<Pin<Box<dyn Future<Output = io::Result<()>> + Send + Sync>>>,
}

impl UdpPoller for WritableSocket {
    fn poll_writable(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        let socket = self.socket.clone();
        let waiting =
            self.waiting.get_or_insert_with(|| Box::pin(async move { socket.socket.writable().await }));
        let writable = ready!(waiting.as_mut().poll(context));
        self.waiting = None;
        Poll::Ready(writable)
    }
}

impl fmt::Debug for WritableSocket {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("WritableSocket")
    }
}

/// The event loop of one worker, as quinn uses it: its tasks stay on the worker's thread.
#[derive(Debug)]
pub(crate) struct WorkerRuntime;

impl Runtime for WorkerRuntime {
    fn new_timer(&self, at: Instant) -> Pin<Box<dyn AsyncTimer>> {
        Box::pin(time::sleep_until(at.into()))
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        spawn_local(task);
    }

    fn wrap_udp_socket(&self, _: net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "an endpoint opens its socket itself"))
    }

    fn now(&self) -> Instant {
        time::Instant::now().into_std()
    }
}
