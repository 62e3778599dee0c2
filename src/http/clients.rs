//! The table of clients: connections and event streams, in all and per network, the request rate of each network, and
//! the eviction of idle connections when there is no room.

use crate::{
    connection::{ListenerKind, network},
    http::{load::Load, request_rates::RequestRates},
    limits::Limits,
    sync::{
        Mutex, Unpoisoned,
        atomic::{AtomicU64, Ordering},
    },
};
use std::{
    cell::Cell,
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    sync::{Arc, LazyLock},
};
use tokio::{task::AbortHandle, time::Instant};

/// Connections of the admin listener that are allowed beyond all others: operators connect to see why there is no room.
const FOR_OPERATORS: usize = 16;
/// The divisor for the part of all connections that is evicted at once. A flood then searches the table only once for
/// that many arrivals.
const BATCH: usize = 100;

/// The table of clients, shared by all workers. The lock is taken for connections and event streams, not for requests.
pub struct Clients {
    load: Arc<Load>,
    table: Mutex<ClientTable>,
    /// The rates of requests, which lock one of many small sets of buckets for a few instructions.
    pub(crate) rates: RequestRates,
}

#[derive(Default)]
struct ClientTable {
    next: u64,
    connections: HashMap<u64, TableEntry>,
    /// Connections of the admin listener, which do not count towards the limit.
    operators: usize,
    /// Evicted connections that are not closed yet.
    leaving: usize,
    /// Connections whose TLS handshake is unfinished, the oldest first.
    handshakes: BTreeSet<u64>,
    /// The number of open event streams.
    streams: usize,
    /// The networks with connections or event streams.
    networks: HashMap<IpAddr, NetworkUse>,
}

struct TableEntry {
    idle_since: Arc<IdleSince>,
    task: Option<AbortHandle>,
    is_operator: bool,
    is_leaving: bool,
}

/// The places that one network has.
#[derive(Default)]
struct NetworkUse {
    connections: usize,
    streams: usize,
}

enum PermitKind {
    Connection(Arc<IdleSince>),
    Stream,
}

impl NetworkUse {
    /// The number of places like this one.
    fn of(&mut self, place: &PermitKind) -> &mut usize {
        match place {
            PermitKind::Connection(_) => &mut self.connections,
            PermitKind::Stream => &mut self.streams,
        }
    }
}

impl ClientTable {
    fn visitors(&self) -> usize {
        self.connections.len() - self.operators
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Counts a place for a network. Returns false if it has `most` already.
    fn claim(&mut self, network: IpAddr, place: &PermitKind, most: usize) -> bool {
        let taken = self.networks.entry(network).or_default().of(place);
        let is_allowed = *taken < most;
        *taken += usize::from(is_allowed);
        is_allowed
    }

    fn release(&mut self, network: IpAddr, place: &PermitKind) {
        if let Some(used) = self.networks.get_mut(&network) {
            *used.of(place) -= 1;
            if used.connections + used.streams == 0 {
                self.networks.remove(&network);
            }
        }
    }
}

impl Clients {
    /// An empty table.
    pub fn new(limits: Limits) -> Self {
        Clients { load: Arc::new(Load::new(limits)), table: Mutex::default(), rates: RequestRates::new() }
    }

    /// Sets the limits of future connections; open connections keep theirs.
    pub fn limit(&self, limits: Limits) {
        self.load.limit(limits);
    }

    /// The limits of future connections.
    pub(crate) fn limits(&self) -> Arc<Limits> {
        self.load.limits()
    }

    /// A permit for one more connection, if there is room.
    pub(crate) fn enter(clients: &Arc<Clients>, listener: ListenerKind) -> Option<ClientPermit> {
        let limits = clients.load.limits();
        let is_operator = listener == ListenerKind::Admin;
        let most = if is_operator { FOR_OPERATORS } else { limits.connections };
        let mut table = clients.table.lock().unpoisoned();
        let present = if is_operator { table.operators } else { table.visitors() };
        if present >= most {
            return None;
        }
        let id = table.number();
        let idle_since = Arc::<IdleSince>::default();
        table.connections.insert(
            id,
            TableEntry { idle_since: idle_since.clone(), task: None, is_operator, is_leaving: false },
        );
        table.operators += usize::from(is_operator);
        clients.load.set_open(table.visitors());
        let (clients, place) = (clients.clone(), PermitKind::Connection(idle_since));
        Some(ClientPermit { clients, id, limits, place, network: Cell::new(None) })
    }

    /// A permit for one more event stream; none if a limit is reached. A client without a counted address stands for
    /// many and has no limit per address.
    pub(crate) fn open_stream(clients: &Arc<Clients>, address: Option<IpAddr>) -> Option<ClientPermit> {
        let (limits, network, place) = (clients.load.limits(), address.map(network), PermitKind::Stream);
        let mut table = clients.table.lock().unpoisoned();
        if table.streams >= limits.event_streams
            || network.is_some_and(|network| !table.claim(network, &place, limits.address_event_streams))
        {
            return None;
        }
        table.streams += 1;
        let id = table.number();
        Some(ClientPermit { clients: clients.clone(), id, limits, place, network: Cell::new(network) })
    }

    /// The number of open event streams.
    pub(crate) fn streams(&self) -> usize {
        self.table.lock().unpoisoned().streams
    }

    /// Registers the task that serves the connection with this number, so that it can be ended.
    pub(crate) fn serves(&self, id: u64, task: AbortHandle) {
        if let Some(entry) = self.table.lock().unpoisoned().connections.get_mut(&id) {
            entry.task = Some(task);
        }
    }

    /// Registers the TLS handshake of the connection with this number. If too many are unfinished, the oldest is
    /// closed. Returns whether one was. Refusing the newest instead would let a few silent peers keep everyone out.
    pub(crate) fn begin_handshake(&self, id: u64) -> bool {
        let most = self.load.limits().unfinished_handshakes();
        let mut table = self.table.lock().unpoisoned();
        if !table.connections.contains_key(&id) {
            return false;
        }
        table.handshakes.insert(id);
        if table.handshakes.len() <= most {
            return false;
        }
        let oldest = table.handshakes.pop_first();
        let task = oldest.and_then(|id| table.connections.get(&id)?.task.as_ref());
        if let Some(task) = task {
            task.abort();
        }
        task.is_some()
    }

    /// Ends connections that have been idle longest, unless evicted ones are still closing: those of operators for one
    /// of [`ListenerKind::Admin`], else those of visitors. Returns their number.
    pub(crate) fn make_room(&self, listener: ListenerKind) -> usize {
        let for_operators = listener == ListenerKind::Admin;
        let batch = if for_operators { 1 } else { (self.load.limits().connections / BATCH).max(1) };
        let mut table = self.table.lock().unpoisoned();
        if table.leaving > 0 {
            return 0;
        }
        let mut quiet: Vec<_> = table
            .connections
            .iter()
            .filter(|(_, entry)| entry.task.is_some() && entry.is_operator == for_operators)
            .filter_map(|(id, entry)| Some((entry.idle_since.get()?, *id)))
            .collect();
        if quiet.len() > batch {
            quiet.select_nth_unstable(batch);
            quiet.truncate(batch);
        }
        for (_, id) in &quiet {
            if let Some(TableEntry { task: Some(task), is_leaving, .. }) = table.connections.get_mut(id) {
                *is_leaving = true;
                task.abort();
            }
        }
        table.leaving += quiet.len();
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

/// A place in the table, for a connection or an event stream, given back when dropped.
pub(crate) struct ClientPermit {
    clients: Arc<Clients>,
    id: u64,
    limits: Arc<Limits>,
    place: PermitKind,
    /// The network that it counts for; none before that is known, or if it counts for none.
    network: Cell<Option<IpAddr>>,
}

impl ClientPermit {
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The limits that were in force when it was given.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    pub fn load(&self) -> &Load {
        &self.clients.load
    }

    /// Sets the time since which the connection is idle; none while it is busy.
    pub fn idle_since(&self, time: Option<Instant>) {
        if let PermitKind::Connection(idle_since) = &self.place {
            idle_since.set(time);
        }
    }

    /// Notes that the TLS handshake has finished.
    pub fn end_handshake(&self) {
        self.clients.table.lock().unpoisoned().handshakes.remove(&self.id);
    }

    /// Counts the connection for the network of this address. Returns false if the network has too many.
    pub fn claim(&self, address: IpAddr) -> bool {
        let network = network(address);
        let is_allowed = self.clients.table.lock().unpoisoned().claim(
            network,
            &self.place,
            self.limits.address_connections,
        );
        self.network.set(is_allowed.then_some(network));
        is_allowed
    }
}

impl Drop for ClientPermit {
    fn drop(&mut self) {
        let mut table = self.clients.table.lock().unpoisoned();
        match &self.place {
            PermitKind::Stream => table.streams -= 1,
            PermitKind::Connection(_) => {
                if let Some(entry) = table.connections.remove(&self.id) {
                    table.leaving -= usize::from(entry.is_leaving);
                    table.operators -= usize::from(entry.is_operator);
                }
                table.handshakes.remove(&self.id);
                self.clients.load.set_open(table.visitors());
            }
        }
        if let Some(network) = self.network.get() {
            table.release(network, &self.place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Arc<Clients> {
        Arc::new(Clients::new(Limits::default()))
    }

    #[test]
    fn an_address_has_so_many_streams_and_gets_them_back() {
        let clients = table();
        let open = |peer: &str| Clients::open_stream(&clients, Some(peer.parse().unwrap()));
        let mine: Vec<_> = (0..Limits::default().address_event_streams)
            .map(|host| open(&format!("2001:db8::{host}")).unwrap())
            .collect();
        assert!(open("2001:db8::ffff").is_none(), "the same /64");
        let neighbour = open("2001:db8:0:1::1").unwrap();
        assert_eq!(clients.streams(), mine.len() + 1);
        drop(mine);
        assert!(open("2001:db8::ffff").is_some());
        drop(neighbour);
        assert_eq!(clients.streams(), 0);
        assert!(clients.table.lock().unpoisoned().networks.is_empty());
    }

    #[test]
    fn who_stands_for_many_is_not_one_address_and_all_together_have_a_cap() {
        let clients = table();
        let open = |address| Clients::open_stream(&clients, address);
        let all: Vec<_> = (0..Limits::default().event_streams).map(|_| open(None).unwrap()).collect();
        let other = Some("192.0.2.1".parse().unwrap());
        assert!(open(None).is_none() && open(other).is_none());
        assert!(clients.table.lock().unpoisoned().networks.is_empty(), "a refusal leaves nothing behind");
        drop(all);
        assert!(open(other).is_some());
    }

    #[test]
    fn connections_and_streams_of_a_network_have_limits_of_their_own() {
        let limits = Limits { address_connections: 1, address_event_streams: 1, ..Limits::default() };
        let clients = Arc::new(Clients::new(limits));
        let address = IpAddr::from([192, 0, 2, 1]);
        let connect = || Clients::enter(&clients, ListenerKind::Http).unwrap();
        let (first, second) = (connect(), connect());
        assert!(first.claim(address) && !second.claim(address));
        let stream = Clients::open_stream(&clients, Some(address)).unwrap();
        assert!(Clients::open_stream(&clients, Some(address)).is_none());
        drop((first, second));
        assert_eq!(clients.table.lock().unpoisoned().networks[&address].streams, 1);
        assert!(connect().claim(address));
        drop(stream);
        assert!(
            clients.table.lock().unpoisoned().networks.is_empty()
                && clients.table.lock().unpoisoned().connections.is_empty()
        );
    }
}
