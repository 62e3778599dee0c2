//! The amplification limit (RFC 9000 §8.1): a client whose address is not validated gets at most three times the bytes
//! that it has sent.
//!
//! quinn sends a whole datagram where there is room for its first byte. So each endpoint counts for itself, and keeps a
//! datagram that is too much until the client has sent enough, or has answered. A client answers when it uses the
//! connection ID of a reply to it, of which 64 bits are random (§8.1).
//!
//! Packets with a made-up sender do not slow a client that has the address. An established connection sends no long
//! headers, and nothing else is limited but one small datagram for each such packet. A handshake is free of the limit
//! once its client has answered, whatever else was sent to the same address. Before that, such a packet adds three
//! times its bytes, and its replies take at most a datagram more: the last one of the client's own may wait for its
//! answer.

use crate::net::udp::{
    connection_id::{self, LENGTH, OwnedConnectionIds},
    datagram::Datagram,
};
use crate::sync::Unpoisoned;
use quinn::udp::Transmit;
use std::{
    collections::{HashMap, VecDeque},
    io,
    net::{IpAddr, SocketAddr},
    sync::Mutex,
    time::{Duration, Instant},
};

/// The most that is sent for each byte received.
const TIMES: usize = 3;
/// Peers that an endpoint counts for. Beyond it the oldest goes, and quinn's own limit remains.
const ADDRESSES: usize = 4096;
/// Handshakes of one address that are known by their IDs. Beyond it, one that has not been answered goes.
const HANDSHAKES: usize = 16;
/// Time for which an address is kept at least: more than the longest that `limits.handshake` can be.
const KEPT: Duration = Duration::from_secs(310);
/// Bytes of the smallest datagram that begins a connection (RFC 9000 §14.1).
const SMALLEST_FIRST: usize = 1200;
/// The most bytes that a server sends with a short header before the client has answered: seven connection IDs with
/// their reset tokens, in one datagram. quinn sends no data by then.
const LARGEST_EARLY: usize = 300;

/// The limit of one endpoint.
pub(crate) struct AmplificationLimit {
    ids: OwnedConnectionIds,
    addresses: Mutex<Peers>,
}

#[derive(Default)]
struct Peers {
    by_peer: HashMap<(IpAddr, u16), PeerHandshakes>,
    /// Their order, the oldest first.
    order: VecDeque<(Instant, (IpAddr, u16))>,
}

/// The handshakes with one address.
#[derive(Default)]
struct PeerHandshakes {
    /// Bytes received, but for answers.
    received: usize,
    /// Bytes sent in handshakes without an answer.
    sent: usize,
    handshakes: Vec<Handshake>,
    /// The datagram that is too much, and the handshake that it belongs to.
    waiting: Option<(Option<[u8; LENGTH]>, Datagram)>,
}

struct Handshake {
    /// The server's connection ID.
    id: [u8; LENGTH],
    is_answered: bool,
    /// Whether the ID is that of a Retry packet. The handshake that follows the answer to it has another ID.
    is_retry: bool,
    /// Whether its datagram with a short header was sent.
    was_early: bool,
}

impl AmplificationLimit {
    /// A limit of the endpoint with these IDs.
    pub fn new(ids: OwnedConnectionIds) -> Self {
        AmplificationLimit { ids, addresses: Mutex::default() }
    }

    /// Counts a received datagram. Returns one that waited for it and may leave now. An ID that was issued to another
    /// address begins no handshake.
    pub fn received(&self, peer: SocketAddr, datagram: &[u8]) -> Option<Datagram> {
        let id = connection_id::of_long_header(datagram)?;
        let (mut addresses, peer) = (self.addresses.lock().unpoisoned(), (peer.ip(), peer.port()));
        if let Some(address) = addresses.by_peer.get_mut(&peer) {
            address.received(id, datagram.len());
            return address.released();
        }
        if datagram.len() >= SMALLEST_FIRST && !self.ids.has_issued(id) {
            addresses.begin(peer, datagram.len(), Instant::now());
        }
        None
    }

    /// Sends as many of these datagrams as the limit allows. The next one waits; quinn sends the others again.
    ///
    /// # Errors
    /// The errors of `send`. Nothing is counted then.
    pub fn send(
        &self,
        transmit: &Transmit,
        send: impl FnOnce(&Transmit) -> io::Result<()>,
    ) -> io::Result<()> {
        let is_long = connection_id::has_long_header(transmit.contents);
        if !is_long && transmit.contents.len() > LARGEST_EARLY {
            return send(transmit);
        }
        let peer = (transmit.destination.ip(), transmit.destination.port());
        let mut addresses = self.addresses.lock().unpoisoned();
        let Some(address) = addresses.by_peer.get_mut(&peer) else { return send(transmit) };
        let handshake = if is_long { address.replies(transmit.contents) } else { address.early() };
        if handshake.map_or(!is_long, |index| address.handshakes[index].is_answered) {
            return send(transmit);
        }
        let allowed = address.allowed(transmit);
        if allowed > 0 {
            send(&Transmit { contents: &transmit.contents[..allowed], ..*transmit })?;
        }
        address.sent += allowed;
        let id = handshake.map(|index| &mut address.handshakes[index]).map(|handshake| {
            handshake.was_early |= !is_long;
            handshake.id
        });
        let next = segments(transmit, &transmit.contents[allowed..]).next();
        if let Some(segment) = next.filter(|_| address.waiting.is_none()) {
            address.waiting = Some((id, Datagram::to_send(transmit, segment)));
        }
        Ok(())
    }
}

impl Peers {
    /// Adds an address that has sent this many bytes.
    fn begin(&mut self, peer: (IpAddr, u16), received: usize, now: Instant) {
        while let Some((since, oldest)) = self.order.front()
            && (self.order.len() >= ADDRESSES || now.duration_since(*since) > KEPT)
        {
            self.by_peer.remove(oldest);
            self.order.pop_front();
        }
        self.order.push_back((now, peer));
        self.by_peer.insert(peer, PeerHandshakes { received, ..PeerHandshakes::default() });
    }
}

impl PeerHandshakes {
    fn received(&mut self, id: &[u8], bytes: usize) {
        let Some(handshake) = self.handshakes.iter_mut().find(|handshake| handshake.id == id) else {
            self.received += bytes;
            return;
        };
        handshake.is_answered = true;
        // The allowance that it has not used is for no other.
        if self.handshakes.iter().all(|handshake| handshake.is_answered) {
            (self.received, self.sent) = (0, 0);
        }
    }

    /// The datagram that waits, if it may leave. It then counts as sent.
    fn released(&mut self) -> Option<Datagram> {
        let left = self.left();
        let is_answered = |id| self.handshakes.iter().any(|one| one.is_answered && Some(one.id) == id);
        let (id, datagram) =
            self.waiting.take_if(|(id, datagram)| is_answered(*id) || datagram.bytes.len() <= left)?;
        if !is_answered(id) {
            self.sent += datagram.bytes.len();
        }
        Some(datagram)
    }

    /// The handshake that a datagram with a long header belongs to; none for Version Negotiation, whose ID the client
    /// has made up.
    fn replies(&mut self, datagram: &[u8]) -> Option<usize> {
        let id = *connection_id::source_of_long_header(datagram)?.as_array()?;
        if let Some(known) = self.handshakes.iter().position(|handshake| handshake.id == id) {
            return Some(known);
        }
        // The first handshake after the answer to a Retry packet is that of the client that has answered.
        let answered =
            self.handshakes.iter().position(|handshake| handshake.is_retry && handshake.is_answered);
        let is_answered = answered.map(|index| self.handshakes.remove(index)).is_some();
        if self.handshakes.len() >= HANDSHAKES {
            let least = self.handshakes.iter().position(|handshake| !handshake.is_answered);
            self.handshakes.remove(least.unwrap_or(0));
        }
        let is_retry = connection_id::is_retry(datagram);
        self.handshakes.push(Handshake { id, is_answered, is_retry, was_early: false });
        Some(self.handshakes.len() - 1)
    }

    /// The handshake that a small datagram with a short header may belong to. It has one such datagram, so that an
    /// established connection with the same address loses as many at most.
    fn early(&self) -> Option<usize> {
        self.handshakes
            .iter()
            .position(|handshake| !handshake.was_early && !handshake.is_answered && !handshake.is_retry)
    }

    /// Bytes that may still be sent.
    fn left(&self) -> usize {
        self.received.saturating_mul(TIMES).saturating_sub(self.sent)
    }

    /// Bytes of the datagrams that may be sent.
    fn allowed(&self, transmit: &Transmit) -> usize {
        let (left, mut sum) = (self.left(), 0);
        let sums = segments(transmit, transmit.contents).map(|segment| {
            sum += segment.len();
            sum
        });
        sums.take_while(|sum| *sum <= left).last().unwrap_or(0)
    }
}

/// The datagrams in these bytes of a transmit.
fn segments<'a>(transmit: &Transmit, bytes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    bytes.chunks(transmit.segment_size.unwrap_or(bytes.len()).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::udp::connection_id::{ConnectionIdKey, ConnectionOwner};
    use quinn::ConnectionIdGenerator;
    use std::cell::RefCell;

    const CLIENT_ID: &[u8] = &[9; 8];

    fn ids() -> OwnedConnectionIds {
        let owner = ConnectionOwner { process: 1, endpoint: 0 };
        OwnedConnectionIds { key: ConnectionIdKey::new([7; 32]), owner }
    }

    fn peer(number: u16) -> SocketAddr {
        (IpAddr::from([192, 0, 2, 1]), number).into()
    }

    /// A datagram with a long header of this type, version and length.
    fn long(first: u8, version: u8, to: &[u8], from: &[u8], length: usize) -> Vec<u8> {
        let mut datagram = vec![first, 0, 0, 0, version];
        for id in [to, from] {
            datagram.push(id.len() as u8);
            datagram.extend(id);
        }
        datagram.resize(length, 0);
        datagram
    }

    fn reply(id: u8, length: usize) -> Vec<u8> {
        long(0xc0, 1, CLIENT_ID, &[id; LENGTH], length)
    }

    impl AmplificationLimit {
        /// Receives a datagram to this ID. Returns the length of the one that waited.
        fn gets(&self, port: u16, to: &[u8], length: usize) -> Option<usize> {
            let datagram = long(0xc0, 1, to, CLIENT_ID, length);
            self.received(peer(port), &datagram).map(|waited| waited.bytes.len())
        }

        /// Sends datagrams together. Returns the lengths of those that left.
        fn sends(&self, port: u16, contents: &[u8], segment_size: usize) -> Vec<usize> {
            let left = RefCell::default();
            let (destination, segment_size) = (peer(port), Some(segment_size));
            let transmit = Transmit { destination, ecn: None, contents, segment_size, src_ip: None };
            let send = |part: &Transmit| {
                left.replace(segments(part, part.contents).map(<[u8]>::len).collect());
                Ok(())
            };
            self.send(&transmit, send).unwrap();
            left.into_inner()
        }
    }

    #[test]
    fn a_silent_client_gets_three_times_its_bytes_and_the_next_datagram_once_it_has_sent_more() {
        let limit = AmplificationLimit::new(ids());
        assert_eq!(limit.gets(1, b"made up", 1250), None);
        assert_eq!(
            limit.sends(1, &reply(1, 5000), 1200),
            [1200, 1200, 1200],
            "3600 of 3750, and the next waits"
        );
        assert_eq!(limit.sends(1, &reply(1, 1200), 1200), [0; 0]);
        assert_eq!(limit.sends(1, &reply(1, 151), 151), [0; 0]);
        assert_eq!(limit.sends(1, &reply(1, 150), 150), [150], "to the last byte");
        assert_eq!(limit.gets(1, b"made up", 350), None, "1050 more");
        assert_eq!(limit.gets(1, b"made up", 50), Some(1200));
        assert_eq!(limit.sends(1, &reply(1, 1), 1), [0; 0]);
    }

    #[test]
    fn a_client_that_answers_gets_everything_and_others_with_its_address_no_more_than_before() {
        let limit = AmplificationLimit::new(ids());
        limit.gets(1, b"made up", 1200);
        limit.sends(1, &reply(1, 2400), 1200);
        limit.gets(1, b"another", 1200);
        assert_eq!(limit.sends(1, &reply(2, 6000), 1200).len(), 4, "7200 for both");
        assert_eq!(limit.gets(1, &[1; LENGTH], 40), None, "what waits is for the other");
        assert_eq!(limit.sends(1, &reply(1, 12_000), 1200).len(), 10);
        assert_eq!(limit.sends(1, &reply(2, 1200), 1200), [0; 0]);
        assert_eq!(limit.gets(1, &[2; LENGTH], 40), Some(1200));
        limit.gets(1, b"a third", 1200);
        assert_eq!(limit.sends(1, &reply(3, 6000), 1200).len(), 3, "nothing is left over from the others");
    }

    #[test]
    fn the_answer_to_a_retry_packet_frees_the_handshake_that_follows() {
        let limit = AmplificationLimit::new(ids());
        limit.gets(1, b"made up", 1200);
        assert_eq!(limit.sends(1, &long(0xf0, 1, CLIENT_ID, &[1; LENGTH], 100), 100), [100]);
        assert_eq!(limit.gets(1, &[1; LENGTH], 1200), None);
        assert_eq!(limit.sends(1, &reply(2, 12_000), 1200).len(), 10);
        assert_eq!(limit.sends(1, &reply(3, 6000), 1200).len(), 0, "one handshake, and no other");
    }

    #[test]
    fn an_id_that_the_client_has_made_up_or_was_issued_to_another_is_no_answer() {
        let limit = AmplificationLimit::new(ids());
        limit.gets(1, &[1; LENGTH], 1200);
        assert_eq!(
            limit.sends(1, &long(0x80, 0, CLIENT_ID, &[1; LENGTH], 50), 50),
            [50],
            "Version Negotiation"
        );
        limit.gets(1, &[1; LENGTH], 1200);
        assert_eq!(limit.sends(1, &reply(2, 12_000), 1200).len(), 5, "7150 bytes are left");
        limit.gets(2, &ids().generate_cid(), 1200);
        assert!(
            !limit.addresses.lock().unpoisoned().by_peer.contains_key(&(peer(2).ip(), 2)),
            "the endpoint has such a client retry"
        );
    }

    #[test]
    fn an_established_connection_with_the_same_address_is_not_limited() {
        let limit = AmplificationLimit::new(ids());
        limit.gets(1, b"made up", 1200);
        limit.sends(1, &reply(1, 3600), 1200);
        let short = vec![0x40; 12_000];
        assert_eq!(limit.sends(1, &short, 1200).len(), 10);
        assert_eq!(
            limit.sends(1, &short[..250], 250),
            [0; 0],
            "it may be the one that quinn sends too early"
        );
        assert_eq!(limit.gets(1, b"made up", 100), Some(250));
        assert_eq!(limit.sends(2, &short[..250], 250), [250], "another address");
        limit.gets(1, b"another", 1200);
        limit.sends(1, &reply(2, 3600), 1200);
        assert_eq!(limit.sends(1, &short[..250], 250), [0; 0]);
        assert_eq!(limit.sends(1, &short[..250], 250), [250], "once for each handshake");
    }

    #[test]
    fn a_datagram_that_a_full_socket_does_not_take_is_not_counted() {
        let limit = AmplificationLimit::new(ids());
        limit.gets(1, b"made up", 1200);
        let contents = &reply(1, 3600);
        let transmit =
            Transmit { destination: peer(1), ecn: None, contents, segment_size: Some(1200), src_ip: None };
        let full = |_: &Transmit| Err(io::ErrorKind::WouldBlock.into());
        assert_eq!(limit.send(&transmit, full).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(limit.sends(1, contents, 1200).len(), 3);
    }

    #[test]
    fn so_many_addresses_and_handshakes_are_kept_and_no_more() {
        let limit = AmplificationLimit::new(ids());
        for port in 0..=ADDRESSES as u16 {
            limit.gets(port, b"made up", 1200);
        }
        let addresses = limit.addresses.lock().unpoisoned();
        assert_eq!((addresses.by_peer.len(), addresses.order.len()), (ADDRESSES, ADDRESSES));
        drop(addresses);
        assert_eq!(limit.sends(0, &reply(1, 12_000), 1200).len(), 10, "quinn's own limit remains");
        limit.sends(1, &reply(0, 100), 100);
        limit.gets(1, &[0; LENGTH], 100);
        for id in 1..100 {
            limit.sends(1, &reply(id, 100), 100);
        }
        assert_eq!(
            limit.addresses.lock().unpoisoned().by_peer[&(peer(1).ip(), 1)].handshakes.len(),
            HANDSHAKES
        );
        assert_eq!(limit.sends(1, &reply(0, 12_000), 1200).len(), 10, "an answer is not forgotten");
    }

    #[test]
    fn an_address_is_forgotten_after_a_while() {
        let (mut addresses, now) = (Peers::default(), Instant::now());
        for (port, seconds) in [(1, 0), (2, 300), (3, 311)] {
            addresses.begin((peer(port).ip(), port), 1200, now + Duration::from_secs(seconds));
        }
        assert_eq!(addresses.order.len(), 2);
        assert!(!addresses.by_peer.contains_key(&(peer(1).ip(), 1)));
    }
}
