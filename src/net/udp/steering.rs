//! Steering: each datagram reaches the endpoint that owns its connection, in this process or in the old process of an
//! upgrade.

use crate::{
    net::udp::{
        connection_id::{self, ConnectionIdKey, ConnectionOwner, OwnedConnectionIds},
        datagram::Datagram,
        datagram_line::DatagramLine,
    },
    sync::Unpoisoned,
};
use prometheus::IntCounter;
use quinn::udp::RecvMeta;
use std::{
    collections::VecDeque,
    io::IoSliceMut,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Waker},
};

/// Datagrams that wait for an endpoint at most; further ones are dropped, as a full socket drops them, and QUIC sends
/// them again.
const INBOX_CAP: usize = 256;

/// The endpoints of this process, and the way to those of older processes that still drain.
pub(crate) struct Steering {
    key: ConnectionIdKey,
    /// The random number of this process.
    process: u16,
    inboxes: Box<[Mutex<Inbox>]>,
    older: Option<OlderProcesses>,
    /// Whether the endpoints read their sockets. During an upgrade only one process does.
    is_reading: AtomicBool,
    metrics: SteeringMetrics,
}

/// The processes that were replaced and are not known to have ended.
pub(crate) struct OlderProcesses {
    /// Their random numbers.
    pub processes: Vec<u16>,
    /// The way to the last of them, which knows the way to the others.
    pub line: DatagramLine,
}

#[derive(Clone)]
pub(crate) struct SteeringMetrics {
    /// Datagrams handed to another worker.
    pub to_worker: IntCounter,
    /// Datagrams handed to an older process.
    pub to_process: IntCounter,
    /// Datagrams that the other side had no room for.
    pub dropped: IntCounter,
}

/// Datagrams that others received for one endpoint.
#[derive(Default)]
struct Inbox {
    datagrams: VecDeque<Datagram>,
    /// Wakes the endpoint.
    waker: Option<Waker>,
}

impl Steering {
    /// Steering among this number of endpoints. With older processes, no endpoint reads its socket until
    /// [`Steering::begin_reading`].
    pub fn new(
        key: ConnectionIdKey,
        endpoints: usize,
        older: Option<OlderProcesses>,
        metrics: SteeringMetrics,
    ) -> Self {
        let known = older.as_ref().map_or(&[][..], |older| &older.processes);
        let process = std::iter::repeat_with(|| fastrand::u16(..)).find(|number| !known.contains(number));
        Steering {
            key,
            process: process.unwrap_or_default(),
            inboxes: (0..endpoints).map(|_| Mutex::default()).collect(),
            is_reading: AtomicBool::new(older.is_none()),
            older,
            metrics,
        }
    }

    /// The random numbers of this process and of the older ones, for the next process.
    pub fn processes(&self) -> Vec<u16> {
        let older = self.older.iter().flat_map(|older| &older.processes);
        std::iter::once(&self.process).chain(older).copied().collect()
    }

    pub fn ids(&self, endpoint: usize) -> OwnedConnectionIds {
        // There are fewer endpoints than ports.
        let endpoint = u16::try_from(endpoint).unwrap_or(u16::MAX);
        OwnedConnectionIds {
            key: self.key.clone(),
            owner: ConnectionOwner { process: self.process, endpoint },
        }
    }

    /// Lets the endpoints read their sockets, once the old process no longer does.
    pub fn begin_reading(&self) {
        self.set_reading(true);
    }

    /// Leaves the sockets to another process. It hands over the datagrams of the connections that are open here.
    pub fn stop_reading(&self) {
        self.set_reading(false);
    }

    fn set_reading(&self, is_reading: bool) {
        self.is_reading.store(is_reading, Ordering::Release);
        for inbox in &self.inboxes {
            if let Some(waker) = inbox.lock().unpoisoned().waker.take() {
                waker.wake();
            }
        }
    }

    pub fn is_reading(&self) -> bool {
        self.is_reading.load(Ordering::Acquire)
    }

    /// Moves datagrams of this endpoint's inbox into receive buffers and returns their number. If there are none, the
    /// task is woken when one comes or the endpoint may read its socket.
    pub fn take(
        &self,
        endpoint: usize,
        context: &Context,
        buffers: &mut [IoSliceMut],
        metas: &mut [RecvMeta],
    ) -> usize {
        let Some(inbox) = self.inboxes.get(endpoint) else { return 0 };
        let (mut inbox, mut taken) = (inbox.lock().unpoisoned(), 0);
        while taken < buffers.len().min(metas.len())
            && let Some(datagram) = inbox.datagrams.pop_front()
        {
            if let Some(meta) = datagram.give(&mut buffers[taken]) {
                metas[taken] = meta;
                taken += 1;
            }
        }
        if taken == 0 && !inbox.waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            inbox.waker = Some(context.waker().clone());
        }
        taken
    }

    /// Hands over those of the received datagrams that belong to others. New connections belong to the endpoints that
    /// share the socket, by turns; the first of them reads it. The remaining ones are moved to the front; returns their
    /// number of buffers.
    pub fn sort(&self, users: &[usize], buffers: &mut [IoSliceMut], metas: &mut [RecvMeta]) -> usize {
        if self.older.is_none() && self.inboxes.len() == 1 {
            return metas.len();
        }
        let mut kept = 0;
        for index in 0..metas.len().min(buffers.len()) {
            if self.keep(users, &mut buffers[index], &mut metas[index]) {
                buffers.swap(kept, index);
                metas.swap(kept, index);
                kept += 1;
            }
        }
        kept
    }

    /// Hands over the datagrams in one buffer that belong to others. Returns whether any remain.
    fn keep(&self, users: &[usize], buffer: &mut [u8], meta: &mut RecvMeta) -> bool {
        let (length, stride) = (meta.len.min(buffer.len()), meta.stride.max(1));
        let (mut begin, mut end) = (0, 0);
        while begin < length {
            let datagram = begin..length.min(begin + stride);
            begin = datagram.end;
            if self.hand_over(users, meta, &buffer[datagram.clone()]) {
                continue;
            }
            // Only the last datagram may be shorter than the others.
            let size = datagram.len();
            buffer.copy_within(datagram, end);
            end += size;
        }
        meta.len = end;
        end > 0
    }

    /// Hands a datagram to its owner, if that is not the first of these endpoints, which has received it.
    fn hand_over(&self, users: &[usize], meta: &RecvMeta, bytes: &[u8]) -> bool {
        let (own, datagram) = (users.first().copied(), || Datagram::copy(meta, bytes));
        let of_connection = self.key.owner_of(bytes);
        let is_own = |owner: ConnectionOwner| {
            owner.process == self.process && Some(usize::from(owner.endpoint)) == own
        };
        if of_connection.is_some_and(is_own) {
            return false;
        }
        if of_connection.is_some_and(|owner| self.route(owner, datagram)) {
            return true;
        }
        // All datagrams with which a client begins have the same ID, which it has made up.
        let Some(id) = connection_id::of_long_header(bytes).filter(|_| users.len() > 1) else { return false };
        let number = id.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add((*byte).into()));
        let endpoint = users[number % users.len()];
        Some(endpoint) != own && self.put(endpoint, datagram)
    }

    /// Takes a datagram that a younger process received.
    pub fn receive(&self, datagram: Datagram) {
        if let Some(owner) = self.key.owner_of(&datagram.bytes) {
            self.route(owner, || datagram);
        }
    }

    /// Gives a datagram to its owner. Returns false if nobody here knows the owner.
    fn route(&self, owner: ConnectionOwner, datagram: impl FnOnce() -> Datagram) -> bool {
        if owner.process == self.process {
            return self.put(owner.endpoint.into(), datagram);
        }
        let Some(older) = self.older.as_ref().filter(|older| older.processes.contains(&owner.process)) else {
            return false;
        };
        match older.line.send(&datagram().write()) {
            Ok(true) => self.metrics.to_process.inc(),
            Ok(false) => self.metrics.dropped.inc(),
            // It has ended. The endpoint here resets the connection, so that its client opens another at once.
            Err(_) => return false,
        }
        true
    }

    /// Puts a datagram into the inbox of an endpoint. Returns false if there is no such endpoint.
    fn put(&self, endpoint: usize, datagram: impl FnOnce() -> Datagram) -> bool {
        let Some(inbox) = self.inboxes.get(endpoint) else { return false };
        let mut inbox = inbox.lock().unpoisoned();
        if inbox.datagrams.len() >= INBOX_CAP {
            self.metrics.dropped.inc();
            return true;
        }
        inbox.datagrams.push_back(datagram());
        self.metrics.to_worker.inc();
        if let Some(waker) = inbox.waker.take() {
            drop(inbox);
            waker.wake();
        }
        true
    }
}

impl std::fmt::Debug for Steering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Steering").field("process", &self.process).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::udp::connection_id::LENGTH;
    use fastrand::Rng;
    use quinn::ConnectionIdGenerator;

    fn steering(endpoints: usize, older: Option<OlderProcesses>) -> Steering {
        let [to_worker, to_process, dropped] =
            ["worker", "process", "dropped"].map(|name| IntCounter::new(name, name).unwrap());
        let metrics = SteeringMetrics { to_worker, to_process, dropped };
        Steering::new(ConnectionIdKey::new([7; 32]), endpoints, older, metrics)
    }

    /// A datagram of this length at least for a connection of this endpoint.
    fn datagram_for(steering: &Steering, endpoint: usize, length: usize, random: &mut Rng) -> Vec<u8> {
        let id = steering.ids(endpoint).generate_cid();
        let mut datagram = [&[0x40][..], &id].concat();
        datagram.resize_with(length.max(1 + LENGTH), || random.u8(..));
        datagram
    }

    /// The number of buffers that remain for these endpoints of one with a datagram.
    fn sort(steering: &Steering, users: &[usize], datagram: &mut [u8]) -> usize {
        let mut metas = [RecvMeta { len: datagram.len(), stride: datagram.len(), ..RecvMeta::default() }];
        steering.sort(users, &mut [IoSliceMut::new(datagram)], &mut metas)
    }

    /// The datagrams of an endpoint's inbox.
    fn taken(steering: &Steering, endpoint: usize) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            let (mut buffer, mut meta) = ([0; 2048], [RecvMeta::default()]);
            let context = Context::from_waker(Waker::noop());
            if steering.take(endpoint, &context, &mut [IoSliceMut::new(&mut buffer)], &mut meta) == 0 {
                return all;
            }
            all.push(buffer[..meta[0].len].to_vec());
        }
    }

    #[test]
    fn of_any_batch_each_datagram_reaches_its_endpoint_whole_and_in_order() {
        let mut random = Rng::with_seed(1);
        for _ in 0..2000 {
            let steering = steering(3, None);
            let (mut buffers, mut metas, mut expected) = (Vec::new(), Vec::new(), [vec![], vec![], vec![]]);
            for _ in 0..random.usize(0..6) {
                let (stride, count) = (random.usize(1..80), random.usize(0..6));
                let mut buffer = Vec::new();
                for index in 0..count {
                    let endpoint = random.usize(0..3);
                    let is_garbage = random.bool() || stride < 1 + LENGTH;
                    let mut datagram = match is_garbage {
                        // Too short for a connection ID, so that it is nobody's.
                        true => (0..stride.min(LENGTH)).map(|_| random.u8(..0x80)).collect(),
                        false => datagram_for(&steering, endpoint, stride, &mut random),
                    };
                    // Only the last datagram may be shorter.
                    if index + 1 < count {
                        datagram.resize(stride, 0);
                    }
                    let is_foreign = steering.key.owner_of(&datagram).is_some_and(|owner| {
                        owner.process == steering.process && usize::from(owner.endpoint) < 3
                    });
                    expected[if is_foreign { endpoint } else { 0 }].push(datagram.clone());
                    buffer.extend(datagram);
                }
                metas.push(RecvMeta { len: buffer.len(), stride, ..RecvMeta::default() });
                buffers.push(buffer);
            }
            let mut slices: Vec<_> = buffers.iter_mut().map(|buffer| IoSliceMut::new(buffer)).collect();
            let kept = steering.sort(&[0], &mut slices, &mut metas);
            let own = slices[..kept].iter().zip(&metas).flat_map(|(buffer, meta)| {
                assert!(meta.len > 0 && meta.len <= buffer.len());
                buffer[..meta.len].chunks(meta.stride).map(<[u8]>::to_vec).collect::<Vec<_>>()
            });
            assert_eq!(own.collect::<Vec<_>>(), expected[0]);
            assert_eq!([taken(&steering, 1), taken(&steering, 2)], expected[1..]);
        }
    }

    #[test]
    fn new_connections_are_dealt_out_to_the_endpoints_that_share_a_socket() {
        let (steering, mut random) = (steering(6, None), Rng::with_seed(1));
        let users = [1, 3, 5];
        let mut counts = [0; 6];
        for _ in 0..300 {
            // The ID that a client begins with, in datagrams with a long header.
            let id: [u8; 8] = std::array::from_fn(|_| random.u8(..));
            let owner = |number: u8| {
                let mut datagram = [&[0xc0, 0, 0, 0, 1, 8][..], &id, &[number; 40]].concat();
                let kept = sort(&steering, &users, &mut datagram);
                let others = (0..6).find(|endpoint| !taken(&steering, *endpoint).is_empty());
                assert_eq!(kept == 1, others.is_none());
                others.unwrap_or(users[0])
            };
            let owners: Vec<usize> = (0..3).map(owner).collect();
            let is_one = owners.iter().all(|owner| *owner == owners[0]);
            assert!(is_one, "one handshake, one endpoint: {owners:?}");
            counts[owners[0]] += 1;
        }
        assert!(users.iter().all(|endpoint| counts[*endpoint] > 50), "{counts:?}");
        assert_eq!(counts.iter().sum::<u32>(), 300);
        let kept = sort(&steering, &users, &mut [0x40; 40]);
        assert_eq!(kept, 1, "a connection that nobody knows is reset by the endpoint that reads");
    }

    #[test]
    fn an_endpoint_that_takes_nothing_has_so_many_waiting_and_no_more() {
        let (steering, mut random) = (steering(2, None), Rng::with_seed(1));
        for _ in 0..INBOX_CAP + 10 {
            let mut datagram = datagram_for(&steering, 1, 40, &mut random);
            assert_eq!(sort(&steering, &[0], &mut datagram), 0);
        }
        assert_eq!((taken(&steering, 1).len(), steering.metrics.dropped.get()), (INBOX_CAP, 10));
    }

    #[tokio::test]
    async fn datagrams_of_older_processes_go_along_the_line_until_it_ends() {
        let (mut random, first) = (Rng::with_seed(1), steering(1, None));
        let (ours, theirs) = DatagramLine::pair().unwrap();
        let older = OlderProcesses { processes: first.processes(), line: DatagramLine::new(theirs) };
        let second = steering(1, Some(older));
        assert!(first.is_reading() && !second.is_reading());
        assert_eq!(second.processes().len(), 2);
        let mut old = datagram_for(&first, 0, 100, &mut random);
        assert_eq!(sort(&second, &[0], &mut old), 0);
        let (received, mut waiting) = tokio::sync::mpsc::unbounded_channel();
        let line = tokio::spawn(ours.receive(move |datagram| received.send(datagram).unwrap()));
        let datagram = waiting.recv().await.unwrap();
        assert_eq!(*datagram.bytes, *old);
        first.receive(datagram);
        assert_eq!(taken(&first, 0), [old.clone()]);
        assert_eq!(sort(&second, &[0], &mut datagram_for(&second, 0, 100, &mut random)), 1, "its own");
        line.abort();
        assert!(line.await.unwrap_err().is_cancelled());
        assert_eq!(
            sort(&second, &[0], &mut old),
            1,
            "the endpoint here resets the connection of a process that has ended"
        );
    }
}
