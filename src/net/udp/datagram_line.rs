//! The line between the processes of an upgrade: the new process sends datagrams that belong to connections of the old
//! one.

use crate::net::udp::datagram::{Datagram, LONGEST};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socketpair,
    sockopt::set_socket_send_buffer_size,
};
use std::{
    io,
    os::{fd::OwnedFd, unix::net},
};
use tokio::net::UnixDatagram;

/// Bytes that the line holds at most.
const BUFFER: usize = 1024 * 1024;

/// One end of the line.
pub(crate) struct DatagramLine(OwnedFd);

impl DatagramLine {
    /// An end that another process made.
    pub fn new(end: OwnedFd) -> Self {
        DatagramLine(end)
    }

    /// Both ends.
    pub fn pair() -> io::Result<(Self, OwnedFd)> {
        // This kind of socket keeps messages apart, and reports the end of the other process.
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
        // The kernel may allow less.
        let _ = set_socket_send_buffer_size(&theirs, BUFFER);
        Ok((DatagramLine(ours), theirs))
    }

    /// Sends one message. Returns false if there is no room for it now.
    ///
    /// # Errors
    /// When the other end is closed.
    pub fn send(&self, message: &[u8]) -> io::Result<bool> {
        match send(&self.0, message, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
            Ok(_) => Ok(true),
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::NOBUFS | rustix::io::Errno::MSGSIZE) => {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the other end is closed, and nothing that it has sent is left.
    pub fn is_closed(&self) -> bool {
        // A message of no bytes is the end.
        matches!(recv(&self.0, &mut [0], RecvFlags::PEEK | RecvFlags::DONTWAIT), Ok((_, 0)))
    }

    /// Receives datagrams until the other end is closed. Must be called within a tokio runtime.
    pub async fn receive(self, mut take: impl FnMut(Datagram)) -> io::Result<()> {
        // Its calls are the same for this kind of socket, except that a message of no bytes is the end.
        let line = UnixDatagram::from_std(net::UnixDatagram::from(self.0))?;
        let mut buffer = vec![0; LONGEST];
        loop {
            match line.recv(&mut buffer).await? {
                0 => return Ok(()),
                length => {
                    if let Some(datagram) = Datagram::read(&buffer[..length]) {
                        take(datagram);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_closed_once_its_other_end_is_and_its_messages_are_received() {
        let (ours, theirs) = DatagramLine::pair().unwrap();
        assert!(!ours.is_closed());
        let theirs = DatagramLine::new(theirs);
        assert!(theirs.send(b"message").unwrap() && !ours.is_closed());
        drop(theirs);
        assert!(!ours.is_closed(), "a message waits");
        assert_eq!(recv(&ours.0, &mut [0; 16], RecvFlags::DONTWAIT).unwrap().1, 7);
        assert!(ours.is_closed());
    }
}
