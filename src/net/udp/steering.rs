//! Steering: each datagram reaches the endpoint that owns its connection, in this process or in the old process of an
//! upgrade.

use crate::net::udp::{
    connection_id::{ConnectionIdKey, ConnectionOwner, OwnedConnectionIds},
    datagram::Datagram,
    datagram_line::DatagramLine,
};
use prometheus::IntCounter;
use quinn::udp::RecvMeta;
use std::{
    collections::VecDeque,
    io::IoSliceMut,
    sync::{
        Mutex, MutexGuard, PoisonError,
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

    /// Makes the connection IDs of this endpoint.
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
            if let Some(waker) = lock(inbox).waker.take() {
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
        let (mut inbox, mut taken) = (lock(inbox), 0);
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

    /// Hands over those of the received datagrams that belong to others. The remaining ones are moved to the front;
    /// returns their number of buffers.
    pub fn sort(&self, endpoint: usize, buffers: &mut [IoSliceMut], metas: &mut [RecvMeta]) -> usize {
        if self.older.is_none() && self.inboxes.len() == 1 {
            return metas.len();
        }
        let mut kept = 0;
        for index in 0..metas.len().min(buffers.len()) {
            if self.keep(endpoint, &mut buffers[index], &mut metas[index]) {
                buffers.swap(kept, index);
                metas.swap(kept, index);
                kept += 1;
            }
        }
        kept
    }

    /// Hands over the datagrams in one buffer that belong to others. Returns whether any remain.
    fn keep(&self, endpoint: usize, buffer: &mut [u8], meta: &mut RecvMeta) -> bool {
        let (length, stride) = (meta.len.min(buffer.len()), meta.stride.max(1));
        let (mut begin, mut end) = (0, 0);
        while begin < length {
            let datagram = begin..length.min(begin + stride);
            begin = datagram.end;
            if self.hand_over(endpoint, meta, &buffer[datagram.clone()]) {
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

    /// Hands a datagram to its owner, if that is neither this endpoint nor unknown.
    fn hand_over(&self, endpoint: usize, meta: &RecvMeta, bytes: &[u8]) -> bool {
        let Some(owner) = self.key.owner_of(bytes) else { return false };
        let is_own = owner.process == self.process && usize::from(owner.endpoint) == endpoint;
        !is_own && self.route(owner, || Datagram::copy(meta, bytes))
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
            let Some(inbox) = self.inboxes.get(usize::from(owner.endpoint)) else { return false };
            let mut inbox = lock(inbox);
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
            return true;
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
}

fn lock(inbox: &Mutex<Inbox>) -> MutexGuard<'_, Inbox> {
    inbox.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Steering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Steering").field("process", &self.process).finish_non_exhaustive()
    }
}
