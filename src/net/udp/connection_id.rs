//! Connection IDs that name the process and the endpoint of their connection (RFC 9000 §5.1).
//!
//! An ID is a random number, followed by process and endpoint under a mask that is derived from it with a secret key.
//! Without the key, two IDs of a connection look unrelated, so that a client cannot be followed from one network to
//! another.

use quinn::{ConnectionId, ConnectionIdGenerator};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Bytes of the random number.
const NONCE: usize = 8;
/// Bytes of the process and the endpoint.
const OWNER: usize = 4;
/// Bytes of an ID.
pub(crate) const LENGTH: usize = NONCE + OWNER;

/// The first byte of a long header has this bit (RFC 8999 §5.1).
const LONG_HEADER: u8 = 0x80;
/// The bits for the type of a packet with a long header (RFC 9000 §17.2).
const TYPE: u8 = 0x30;
/// The place of the ID's length in a long header: after the first byte and the version.
const LONG_LENGTH: usize = 5;

/// The process and the endpoint that a connection ID names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConnectionOwner {
    /// The random number of the process.
    pub process: u16,
    /// The number of the endpoint in its process.
    pub endpoint: u16,
}

/// The key of the masks. The processes of an upgrade share it.
#[derive(Clone)]
pub(crate) struct ConnectionIdKey([u8; 32]);

impl ConnectionIdKey {
    pub fn new(key: [u8; 32]) -> Self {
        ConnectionIdKey(key)
    }

    fn mask(&self, nonce: &[u8]) -> [u8; OWNER] {
        let digest = Sha256::new().chain_update(self.0).chain_update(nonce).finalize();
        std::array::from_fn(|index| digest[index])
    }

    fn write(&self, owner: ConnectionOwner, nonce: [u8; NONCE]) -> [u8; LENGTH] {
        let (mask, mut id) = (self.mask(&nonce), [0; LENGTH]);
        let [process, endpoint] = [owner.process, owner.endpoint].map(u16::to_be_bytes);
        let plain = [process, endpoint].concat();
        id[..NONCE].copy_from_slice(&nonce);
        for (byte, (plain, mask)) in id[NONCE..].iter_mut().zip(plain.iter().zip(mask)) {
            *byte = plain ^ mask;
        }
        id
    }

    /// The owner that an ID names. An ID that a client made up names an owner at random.
    fn read(&self, id: &[u8; LENGTH]) -> ConnectionOwner {
        let mask = self.mask(&id[..NONCE]);
        let [a, b, c, d] = std::array::from_fn(|index| id[NONCE + index] ^ mask[index]);
        ConnectionOwner { process: u16::from_be_bytes([a, b]), endpoint: u16::from_be_bytes([c, d]) }
    }

    /// The owner that a datagram is for; none if it has no ID of this form.
    pub fn owner_of(&self, datagram: &[u8]) -> Option<ConnectionOwner> {
        match of_long_header(datagram) {
            Some(id) => Some(self.read(id.as_array()?)),
            None if has_long_header(datagram) => None,
            None => Some(self.read(datagram.get(1..)?.first_chunk()?)),
        }
    }
}

pub(crate) fn has_long_header(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|first| first & LONG_HEADER != 0)
}

/// Whether a datagram with a long header is a Retry packet (RFC 9000 §17.2).
pub(crate) fn is_retry(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|first| first & TYPE == TYPE)
}

/// The destination's connection ID in a datagram with a long header; none if it has another one or is cut.
pub(crate) fn of_long_header(datagram: &[u8]) -> Option<&[u8]> {
    let (length, rest) = datagram.get(LONG_LENGTH..).filter(|_| has_long_header(datagram))?.split_first()?;
    rest.get(..usize::from(*length))
}

/// The sender's connection ID in a datagram with a long header; none if it has another one or is cut, and for Version
/// Negotiation, which repeats the client's.
pub(crate) fn source_of_long_header(datagram: &[u8]) -> Option<&[u8]> {
    let destination = of_long_header(datagram).filter(|_| datagram[1..LONG_LENGTH] != [0; 4])?;
    let (length, rest) = datagram.get(LONG_LENGTH + 1 + destination.len()..)?.split_first()?;
    rest.get(..usize::from(*length))
}

/// Makes the connection IDs of one endpoint.
pub(crate) struct OwnedConnectionIds {
    pub key: ConnectionIdKey,
    pub owner: ConnectionOwner,
}

impl OwnedConnectionIds {
    /// Whether an endpoint of this process has issued this ID. So it seems for one of 65,536 that clients make up.
    pub fn has_issued(&self, id: &[u8]) -> bool {
        id.as_array().is_some_and(|id| self.key.read(id).process == self.owner.process)
    }
}

impl ConnectionIdGenerator for OwnedConnectionIds {
    fn generate_cid(&mut self) -> ConnectionId {
        // An ID need not be secret, but it must not be predictable from others (RFC 9000 §5.1): quinn checks the
        // packet's own protection.
        let mut nonce = [0; NONCE];
        if aws_lc_rs::rand::fill(&mut nonce).is_err() {
            nonce = fastrand::u64(..).to_be_bytes();
        }
        ConnectionId::new(&self.key.write(self.owner, nonce))
    }

    fn cid_len(&self) -> usize {
        LENGTH
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_names_the_owner_of_its_connection_in_short_and_long_headers() {
        let key = ConnectionIdKey::new([7; 32]);
        for owner in [(0, 0), (1, 2), (u16::MAX, u16::MAX)] {
            let owner = ConnectionOwner { process: owner.0, endpoint: owner.1 };
            let id = OwnedConnectionIds { key: key.clone(), owner }.generate_cid();
            let short = [&[0x40][..], &id, b"rest"].concat();
            let long = [&[0xc0, 0, 0, 0, 1, LENGTH as u8][..], &id, &[0, 1, 2]].concat();
            assert_eq!((key.owner_of(&short), key.owner_of(&long)), (Some(owner), Some(owner)));
            assert_ne!(
                ConnectionIdKey::new([8; 32]).owner_of(&short),
                Some(owner),
                "the key of another server"
            );
        }
    }

    #[test]
    fn a_datagram_without_such_an_id_has_no_owner() {
        let key = ConnectionIdKey::new([7; 32]);
        let short = [0x40, 1, 2, 3];
        let of_a_client = [&[0xc0, 0, 0, 0, 1, 8][..], &[9; 40]].concat();
        let cut = [0xc0, 0, 0, 0, 1, LENGTH as u8, 1, 2];
        for datagram in [&[][..], &[0x40], &short, &[0xc0], &[0xc0, 0, 0, 0, 1], &of_a_client, &cut] {
            assert_eq!(key.owner_of(datagram), None, "{datagram:?}");
        }
    }

    #[test]
    fn the_ids_of_one_owner_have_no_byte_in_common() {
        let owner = ConnectionOwner { process: 1, endpoint: 0 };
        let mut ids = OwnedConnectionIds { key: ConnectionIdKey::new([7; 32]), owner };
        let ids: Vec<_> = (0..32).map(|_| ids.generate_cid()).collect();
        for place in 0..LENGTH {
            assert!(ids.iter().any(|id| id[place] != ids[0][place]), "{place}");
        }
    }
}
