//! A datagram that one endpoint received for another, or that waits until it may be sent.

use quinn::udp::{EcnCodepoint, RecvMeta, Transmit};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// Bytes before the datagram's own in its written form.
const HEADER: usize = 1 + ADDRESS + 2 + 4 + ADDRESS;
/// Bytes of a written IP address: its version, or 0 for none, and 16 bytes.
const ADDRESS: usize = 17;
/// The longest written form: UDP has at most 65,535 bytes.
pub(crate) const LONGEST: usize = HEADER + 65_535;

/// A datagram with what the kernel says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Datagram {
    peer: SocketAddr,
    local: Option<IpAddr>,
    ecn: Option<EcnCodepoint>,
    pub bytes: Box<[u8]>,
}

impl Datagram {
    /// A copy of one datagram of those that were received together.
    pub fn copy(meta: &RecvMeta, bytes: &[u8]) -> Self {
        Datagram { peer: meta.addr, local: meta.dst_ip, ecn: meta.ecn, bytes: bytes.into() }
    }

    /// A copy of one datagram of those that are to be sent together.
    pub fn to_send(transmit: &Transmit, bytes: &[u8]) -> Self {
        Datagram {
            peer: transmit.destination,
            local: transmit.src_ip,
            ecn: transmit.ecn,
            bytes: bytes.into(),
        }
    }

    /// The form in which it is sent to its peer.
    pub fn transmit(&self) -> Transmit<'_> {
        Transmit {
            destination: self.peer,
            ecn: self.ecn,
            contents: &self.bytes,
            segment_size: None,
            src_ip: self.local,
        }
    }

    /// Puts it into a receive buffer. Returns none if the buffer is too small.
    pub fn give(&self, buffer: &mut [u8]) -> Option<RecvMeta> {
        let length = self.bytes.len();
        buffer.get_mut(..length)?.copy_from_slice(&self.bytes);
        let mut meta = RecvMeta::default();
        (meta.addr, meta.dst_ip, meta.ecn) = (self.peer, self.local, self.ecn);
        (meta.len, meta.stride) = (length, length);
        Some(meta)
    }

    /// The form in which it is sent to another process.
    pub fn write(&self) -> Vec<u8> {
        let mut written = Vec::with_capacity(HEADER + self.bytes.len());
        written.push(self.ecn.map_or(0, |ecn| ecn as u8));
        let scope = match self.peer {
            SocketAddr::V6(peer) => peer.scope_id(),
            SocketAddr::V4(_) => 0,
        };
        write_address(Some(self.peer.ip()), &mut written);
        written.extend(self.peer.port().to_be_bytes());
        written.extend(scope.to_be_bytes());
        write_address(self.local, &mut written);
        written.extend(&self.bytes);
        written
    }

    /// Reads what [`Datagram::write`] wrote.
    pub fn read(written: &[u8]) -> Option<Self> {
        let (ecn, rest) = written.split_first()?;
        let (peer, rest) = read_address(rest)?;
        let (port, rest) = rest.split_first_chunk()?;
        let (scope, rest) = rest.split_first_chunk()?;
        let (local, bytes) = read_address(rest)?;
        let (port, scope) = (u16::from_be_bytes(*port), u32::from_be_bytes(*scope));
        let peer = match peer? {
            IpAddr::V4(ip) => SocketAddr::from((ip, port)),
            IpAddr::V6(ip) => SocketAddrV6::new(ip, port, 0, scope).into(),
        };
        Some(Datagram { peer, local, ecn: EcnCodepoint::from_bits(*ecn), bytes: bytes.into() })
    }
}

fn write_address(address: Option<IpAddr>, written: &mut Vec<u8>) {
    let (version, bits) = match address {
        None => (0, 0),
        Some(IpAddr::V4(address)) => (4, address.to_bits().into()),
        Some(IpAddr::V6(address)) => (6, address.to_bits()),
    };
    written.push(version);
    written.extend(u128::to_be_bytes(bits));
}

fn read_address(written: &[u8]) -> Option<(Option<IpAddr>, &[u8])> {
    let (version, rest) = written.split_first()?;
    let (bits, rest) = rest.split_first_chunk()?;
    let bits = u128::from_be_bytes(*bits);
    let address = match version {
        0 => None,
        4 => Some(Ipv4Addr::from_bits(bits as u32).into()),
        _ => Some(Ipv6Addr::from_bits(bits).into()),
    };
    Some((address, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_is_read_as_it_was_written_and_cut_ones_are_not() {
        let bytes = Box::from(*b"payload");
        for (peer, local) in [
            ("192.0.2.1:4433", Some("192.0.2.2")),
            ("[2001:db8::1]:1", None),
            ("[::ffff:192.0.2.1]:65535", Some("2001:db8::2")),
        ] {
            let (peer, local) = (peer.parse().unwrap(), local.map(|local| local.parse().unwrap()));
            for ecn in [None, Some(EcnCodepoint::Ect0), Some(EcnCodepoint::Ce)] {
                let datagram = Datagram { peer, local, ecn, bytes: Clone::clone(&bytes) };
                let written = datagram.write();
                assert_eq!(Datagram::read(&written).as_ref(), Some(&datagram));
                for length in 0..HEADER {
                    assert_eq!(Datagram::read(&written[..length]), None, "{length}");
                }
            }
        }
    }
}
