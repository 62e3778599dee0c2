//! Who is connected: how many, from where, and who goes when there is no room for others.

use crate::{
    connection::ListenerKind,
    http::{activity::ConnectionState, load::Load},
    limits::Limits,
};
use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::task::AbortHandle;

/// Connections that operators may have besides all others: they come to see why there is no room.
const FOR_OPERATORS: usize = 16;
/// The part of all connections that goes at once: a flood has the table gone through for one in so many arrivals.
const BATCH: usize = 100;

/// Of all workers.
pub struct Clients {
    load: Arc<Load>,
    members: Mutex<ClientTable>,
}

#[derive(Default)]
struct ClientTable {
    next: u64,
    present: HashMap<u64, TableEntry>,
    /// How many of them are operators, who are nobody's room.
    operators: usize,
    /// How many of them have been told to go.
    leaving: usize,
    /// Connections whose TLS handshake is unfinished, the oldest first.
    handshakes: BTreeSet<u64>,
    /// Connections of each address.
    by_network: HashMap<IpAddr, usize>,
}

struct TableEntry {
    activity: Arc<ConnectionState>,
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
    /// Nobody yet.
    pub fn new(limits: Limits) -> Self {
        Clients { load: Arc::new(Load::new(limits)), members: Mutex::default() }
    }

    /// Other limits for those who come from now on; who is here keeps his.
    pub fn limit(&self, limits: Limits) {
        self.load.limit(limits);
    }

    fn lock(&self) -> MutexGuard<'_, ClientTable> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A seat, if there is room for one more.
    pub(crate) fn enter(crowd: &Arc<Clients>, listener: ListenerKind) -> Option<ConnectionPermit> {
        let limits = crowd.load.limits();
        let is_operator = listener == ListenerKind::Admin;
        let most = if is_operator { FOR_OPERATORS } else { limits.connections };
        let mut members = crowd.lock();
        let present = if is_operator { members.operators } else { members.visitors() };
        if present >= most {
            return None;
        }
        let id = members.next;
        members.next += 1;
        let activity = Arc::new(ConnectionState::new(limits, crowd.load.clone()));
        members.present.insert(
            id,
            TableEntry { activity: activity.clone(), task: None, is_operator, is_leaving: false },
        );
        members.operators += usize::from(is_operator);
        crowd.load.set_open(members.visitors());
        Some(ConnectionPermit { crowd: crowd.clone(), id, activity, network: None })
    }

    /// Says what task serves the connection with this number, so that it can be ended.
    pub(crate) fn serves(&self, id: u64, task: AbortHandle) {
        if let Some(member) = self.lock().present.get_mut(&id) {
            member.task = Some(task);
        }
    }

    /// Notes that the connection with this number has to shake hands first. Where that are too many the oldest unfinished
    /// handshake is closed; whether one was. Refusing the newest instead would let a few silent peers keep everyone out.
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

    /// Ends those that have had nothing to answer for longest, unless some are on their way out already. How many.
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
            .filter_map(|(id, member)| Some((member.activity.quiet()?, *id)))
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

/// A connection's place among all, given back when dropped.
pub(crate) struct ConnectionPermit {
    crowd: Arc<Clients>,
    id: u64,
    pub activity: Arc<ConnectionState>,
    network: Option<IpAddr>,
}

impl ConnectionPermit {
    /// Its number.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Notes that the TLS handshake is finished.
    pub fn end_handshake(&self) {
        self.crowd.lock().handshakes.remove(&self.id);
    }

    /// Counts the connection among those of this network; false where that has too many.
    pub fn claim(&mut self, network: IpAddr) -> bool {
        let most = self.activity.limits().address_connections;
        let mut members = self.crowd.lock();
        let connections = members.by_network.entry(network).or_default();
        let is_welcome = *connections < most;
        if is_welcome {
            *connections += 1;
            self.network = Some(network);
        }
        is_welcome
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut members = self.crowd.lock();
        if let Some(member) = members.present.remove(&self.id) {
            members.leaving -= usize::from(member.is_leaving);
            members.operators -= usize::from(member.is_operator);
        }
        members.handshakes.remove(&self.id);
        self.crowd.load.set_open(members.visitors());
        if let Some(network) = self.network
            && let Some(connections) = members.by_network.get_mut(&network)
        {
            *connections -= 1;
            if *connections == 0 {
                members.by_network.remove(&network);
            }
        }
    }
}
