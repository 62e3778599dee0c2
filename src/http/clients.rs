//! The table of clients: connections, their number per network, and the eviction of idle ones when there is no room.

use crate::{connection::ListenerKind, http::load::Load, limits::Limits};
use std::{
    cell::Cell,
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    sync::{
        Arc, LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{task::AbortHandle, time::Instant};

/// Connections of the admin listener that are allowed beyond all others: operators connect to see why there is no room.
const FOR_OPERATORS: usize = 16;
/// The divisor for the part of all connections that is evicted at once. A flood then searches the table only once for
/// that many arrivals.
const BATCH: usize = 100;

/// The table of clients, shared by all workers.
pub struct Clients {
    load: Arc<Load>,
    members: Mutex<ClientTable>,
}

#[derive(Default)]
struct ClientTable {
    next: u64,
    present: HashMap<u64, TableEntry>,
    /// Connections of the admin listener, which do not count towards the limit.
    operators: usize,
    /// Evicted connections that are not closed yet.
    leaving: usize,
    /// Connections whose TLS handshake is unfinished, the oldest first.
    handshakes: BTreeSet<u64>,
    /// The number of connections of each network.
    by_network: HashMap<IpAddr, usize>,
}

struct TableEntry {
    idle_since: Arc<IdleSince>,
    task: Option<AbortHandle>,
    is_operator: bool,
    is_leaving: bool,
}

impl ClientTable {
    fn visitors(&self) -> usize {
        self.present.len() - self.operators
    }
}

impl Clients {
    /// An empty table.
    pub fn new(limits: Limits) -> Self {
        Clients { load: Arc::new(Load::new(limits)), members: Mutex::default() }
    }

    /// Sets the limits of future connections; open connections keep theirs.
    pub fn limit(&self, limits: Limits) {
        self.load.limit(limits);
    }

    fn lock(&self) -> MutexGuard<'_, ClientTable> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A permit for one more connection, if there is room.
    pub(crate) fn enter(clients: &Arc<Clients>, listener: ListenerKind) -> Option<ConnectionPermit> {
        let limits = clients.load.limits();
        let is_operator = listener == ListenerKind::Admin;
        let most = if is_operator { FOR_OPERATORS } else { limits.connections };
        let mut members = clients.lock();
        let present = if is_operator { members.operators } else { members.visitors() };
        if present >= most {
            return None;
        }
        let id = members.next;
        members.next += 1;
        let idle_since = Arc::<IdleSince>::default();
        members.present.insert(
            id,
            TableEntry { idle_since: idle_since.clone(), task: None, is_operator, is_leaving: false },
        );
        members.operators += usize::from(is_operator);
        clients.load.set_open(members.visitors());
        Some(ConnectionPermit { clients: clients.clone(), id, limits, idle_since, network: Cell::new(None) })
    }

    /// Registers the task that serves the connection with this number, so that it can be ended.
    pub(crate) fn serves(&self, id: u64, task: AbortHandle) {
        if let Some(member) = self.lock().present.get_mut(&id) {
            member.task = Some(task);
        }
    }

    /// Registers the TLS handshake of the connection with this number. If too many are unfinished, the oldest is
    /// closed. Returns whether one was. Refusing the newest instead would let a few silent peers keep everyone out.
    pub(crate) fn begin_handshake(&self, id: u64) -> bool {
        let most = self.load.limits().unfinished_handshakes();
        let mut members = self.lock();
        if !members.present.contains_key(&id) {
            return false;
        }
        members.handshakes.insert(id);
        if members.handshakes.len() <= most {
            return false;
        }
        let oldest = members.handshakes.pop_first();
        let task = oldest.and_then(|id| members.present.get(&id)?.task.as_ref());
        if let Some(task) = task {
            task.abort();
        }
        task.is_some()
    }

    /// Ends the connections that have been idle longest, unless evicted ones are still closing. Returns their number.
    pub(crate) fn make_room(&self) -> usize {
        let batch = (self.load.limits().connections / BATCH).max(1);
        let mut members = self.lock();
        if members.leaving > 0 {
            return 0;
        }
        let mut quiet: Vec<_> = members
            .present
            .iter()
            .filter(|(_, member)| member.task.is_some() && !member.is_operator)
            .filter_map(|(id, member)| Some((member.idle_since.get()?, *id)))
            .collect();
        if quiet.len() > batch {
            quiet.select_nth_unstable(batch);
            quiet.truncate(batch);
        }
        for (_, id) in &quiet {
            if let Some(TableEntry { task: Some(task), is_leaving, .. }) = members.present.get_mut(id) {
                *is_leaving = true;
                task.abort();
            }
        }
        members.leaving += quiet.len();
        quiet.len()
    }
}

/// The time since which a connection is idle, written by its worker and read to make room: nanoseconds since the first
/// use of the clock; 0 while it is busy.
#[derive(Default)]
struct IdleSince(AtomicU64);

impl IdleSince {
    fn set(&self, time: Option<Instant>) {
        static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);
        // A number of nanoseconds lasts for 584 years.
        let nanoseconds =
            time.map_or(0, |time| (time.saturating_duration_since(*EPOCH)).as_nanos() as u64 + 1);
        self.0.store(nanoseconds, Ordering::Relaxed);
    }

    fn get(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|nanoseconds| *nanoseconds != 0)
    }
}

/// A connection's place in the table, given back when dropped.
pub(crate) struct ConnectionPermit {
    clients: Arc<Clients>,
    id: u64,
    limits: Arc<Limits>,
    idle_since: Arc<IdleSince>,
    /// The network that it counts for; none before that is known, or if it counts for none.
    network: Cell<Option<IpAddr>>,
}

impl ConnectionPermit {
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The limits that were in force when it was given.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The load of all workers.
    pub fn load(&self) -> &Load {
        &self.clients.load
    }

    /// Sets the time since which the connection is idle; none while it is busy.
    pub fn idle_since(&self, time: Option<Instant>) {
        self.idle_since.set(time);
    }

    /// Notes that the TLS handshake has finished.
    pub fn end_handshake(&self) {
        self.clients.lock().handshakes.remove(&self.id);
    }

    /// Counts the connection for this network. Returns false if the network has too many.
    pub fn claim(&self, network: IpAddr) -> bool {
        let most = self.limits.address_connections;
        let mut members = self.clients.lock();
        let connections = members.by_network.entry(network).or_default();
        let is_allowed = *connections < most;
        if is_allowed {
            *connections += 1;
            self.network.set(Some(network));
        }
        is_allowed
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut members = self.clients.lock();
        if let Some(member) = members.present.remove(&self.id) {
            members.leaving -= usize::from(member.is_leaving);
            members.operators -= usize::from(member.is_operator);
        }
        members.handshakes.remove(&self.id);
        self.clients.load.set_open(members.visitors());
        if let Some(network) = self.network.get()
            && let Some(connections) = members.by_network.get_mut(&network)
        {
            *connections -= 1;
            if *connections == 0 {
                members.by_network.remove(&network);
            }
        }
    }
}
