//! All connections, their limits, and the choice of the connection to close for a new connection.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::connection::{AcceptedConnection, ConnectionEnding};
use crate::once_per_minute::OncePerMinute;
use soar_host::limits::network;
use soar_host::settings::HttpLimits;

/// The time for which a new connection is not closed for others. The first call from another continent, after the TLS
/// handshake, arrives within this time.
const BURST: Duration = Duration::from_millis(500);

/// The interval between checks for overdue connections.
pub(super) const SWEEP: Duration = Duration::from_secs(1);

/// The connections of one host.
#[derive(Debug)]
pub(super) struct OpenConnections {
    limits: HttpLimits,
    /// The idle timeout of a connection without a valid key.
    head: Duration,
    /// The addresses of trusted proxies, which many callers share.
    proxies: Vec<IpAddr>,
    open: Mutex<HashMap<u64, Arc<AcceptedConnection>>>,
    numbers: AtomicU64,
    /// Notified when a connection ended, or has no more running calls.
    room: Arc<Notify>,
    told: HashMap<ConnectionLimit, OncePerMinute>,
}

/// A limit that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ConnectionLimit {
    InAll,
    WithoutKey,
    PerAddress,
}

/// An open connection. Dropping it frees its place.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    all: Arc<OpenConnections>,
    pub(super) connection: Arc<AcceptedConnection>,
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.all.open().remove(&self.connection.number);
        self.all.room.notify_one();
    }
}

impl OpenConnections {
    pub(super) fn new(limits: HttpLimits, head: Duration, proxies: &[IpAddr]) -> Arc<Self> {
        Arc::new(Self {
            limits,
            head,
            proxies: proxies.iter().map(|address| network(address.to_canonical())).collect(),
            open: Mutex::default(),
            numbers: AtomicU64::new(0),
            room: Arc::default(),
            told: [ConnectionLimit::InAll, ConnectionLimit::WithoutKey, ConnectionLimit::PerAddress]
                .map(|limit| (limit, OncePerMinute::default()))
                .into(),
        })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, Arc<AcceptedConnection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection from `address`. If a limit is reached, the host closes the connection with the longest
    /// idle time. It closes connections without a key first, and never a connection with a running call.
    pub(super) async fn admit(self: &Arc<Self>, address: IpAddr) -> ConnectionSlot {
        let network = network(address.to_canonical());
        loop {
            match self.try_admit(network) {
                Ok(place) => return place,
                Err(wait) => drop(tokio::time::timeout(wait, self.room.notified()).await),
            }
        }
    }

    /// A place, or the longest time to wait for a free place.
    fn try_admit(self: &Arc<Self>, network: IpAddr) -> Result<ConnectionSlot, Duration> {
        let mut open = self.open();
        let without_key: Vec<_> = open.values().filter(|connection| !connection.has_key()).cloned().collect();
        if !self.proxies.contains(&network) {
            let idle = Idle::among(without_key.iter().filter(|connection| connection.network == network));
            // New connections are spared: a caller with a key may open many at once.
            if idle.count >= self.limits.connections_per_address && idle.make_room(BURST).is_ok() {
                self.tell(ConnectionLimit::PerAddress, network);
            }
        }
        if without_key.len() >= self.limits.connections_without_key {
            self.tell(ConnectionLimit::WithoutKey, network);
            return Err(self.make_room(&without_key));
        }
        if open.len() >= self.limits.connections {
            self.tell(ConnectionLimit::InAll, network);
            let all: Vec<_> = open.values().cloned().collect();
            let has_idle = without_key.iter().any(|connection| connection.idle_since().is_some());
            return Err(self.make_room(if has_idle { &without_key } else { &all }));
        }
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let connection = Arc::new(AcceptedConnection::new(number, network, Arc::clone(&self.room)));
        open.insert(number, Arc::clone(&connection));
        Ok(ConnectionSlot { all: Arc::clone(self), connection })
    }

    /// Closes the connection with the longest idle time. If an address has more than its share, it is a connection of
    /// that address.
    fn make_room(&self, connections: &[Arc<AcceptedConnection>]) -> Duration {
        let mut networks = HashMap::new();
        for connection in connections.iter().filter(|connection| !self.proxies.contains(&connection.network)) {
            *networks.entry(connection.network).or_insert(0) += usize::from(connection.idle_since().is_some());
        }
        let most = networks.into_iter().max_by_key(|(_, count)| *count);
        let made = match most.filter(|(_, count)| *count > self.limits.connections_per_address) {
            Some((crowd, _)) => Idle::among(connections.iter().filter(|connection| connection.network == crowd))
                .make_room(Duration::ZERO),
            None => Idle::among(connections).make_room(BURST),
        };
        made.err().unwrap_or(SWEEP)
    }

    /// Logs at most once per minute that a limit is reached.
    fn tell(&self, limit: ConnectionLimit, network: IpAddr) {
        if !self.told.get(&limit).is_some_and(OncePerMinute::is_due) {
            return;
        }
        let (setting, most) = match limit {
            ConnectionLimit::InAll => ("http.connections", self.limits.connections),
            ConnectionLimit::WithoutKey => ("http.connections-without-key", self.limits.connections_without_key),
            ConnectionLimit::PerAddress => ("http.connections-per-address", self.limits.connections_per_address),
        };
        tracing::warn!(
            address = %network, most,
            "The limit {setting} is reached. For each new connection the host closes the connection with the longest \
             idle time."
        );
    }

    /// Closes connections that are idle, or whose callers read nothing, for too long.
    pub(super) fn end_overdue(&self) {
        let now = Instant::now();
        self.open().values().for_each(|connection| connection.end_if_overdue(&self.limits, self.head, now));
    }

    /// Closes each connection after its calls, and all remaining connections after `timeout`. Returns once all have
    /// ended.
    pub(super) async fn end_all(&self, timeout: Duration) {
        let end = |ending| self.open().values().for_each(|connection| connection.end(ending));
        end(ConnectionEnding::Gently);
        let until = Instant::now() + timeout;
        let mut is_cut = false;
        while !self.open().is_empty() {
            if !is_cut && Instant::now() >= until {
                end(ConnectionEnding::Now);
                is_cut = true;
            }
            self.end_overdue();
            let _ = tokio::time::timeout(SWEEP, self.room.notified()).await;
        }
    }
}

/// Connections without running calls.
struct Idle<'a> {
    count: usize,
    /// Whether one of them is closing already.
    is_ending: bool,
    /// The connection with the longest idle time, and the time since which it is idle.
    idlest: Option<(Instant, &'a AcceptedConnection)>,
}

impl<'a> Idle<'a> {
    fn among(connections: impl IntoIterator<Item = &'a Arc<AcceptedConnection>>) -> Self {
        let mut idle = Self { count: 0, is_ending: false, idlest: None };
        for connection in connections {
            let Some(since) = connection.idle_since() else { continue };
            idle.count += 1;
            idle.is_ending |= connection.is_ending();
            let key = (since, connection.number);
            if idle.idlest.is_none_or(|(earliest, idlest)| key < (earliest, idlest.number)) {
                idle.idlest = Some((since, connection));
            }
        }
        idle
    }

    /// Closes the connection with the longest idle time, unless one is closing already.
    ///
    /// # Errors
    /// The time until it will have been idle for `least`.
    fn make_room(&self, least: Duration) -> Result<(), Duration> {
        match self.idlest {
            _ if self.is_ending => Ok(()),
            None => Err(SWEEP),
            Some((since, idlest)) => match least.checked_sub(since.elapsed()).filter(|wait| !wait.is_zero()) {
                Some(wait) => Err(wait),
                None => {
                    idlest.end(ConnectionEnding::Now);
                    Ok(())
                }
            },
        }
    }
}
