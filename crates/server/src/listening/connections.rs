//! All connections: how many there may be, and which one makes room for a new one.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::connection::{Connection, Ending};
use crate::limits::network;
use crate::once_per_minute::OncePerMinute;
use soar_host::settings::HttpLimits;

/// How long a new connection may be idle before it makes room for others. A first call from another continent, after its
/// TLS handshake, arrives within this time.
const BURST: Duration = Duration::from_millis(500);

/// How often overdue connections are looked for.
pub(super) const SWEEP: Duration = Duration::from_secs(1);

/// The connections of one host.
#[derive(Debug)]
pub(super) struct Connections {
    limits: HttpLimits,
    /// How long a connection without a good key may be idle.
    head: Duration,
    /// Addresses that many callers come from.
    proxies: Vec<IpAddr>,
    open: Mutex<HashMap<u64, Arc<Connection>>>,
    numbers: AtomicU64,
    /// Told when a connection ended, or no longer has a call under way.
    room: Arc<Notify>,
    told: HashMap<Limit, OncePerMinute>,
}

/// A limit that was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Limit {
    InAll,
    WithoutKey,
    PerAddress,
}

/// The place of an open connection; free when dropped.
#[derive(Debug)]
pub(super) struct Place {
    all: Arc<Connections>,
    pub(super) connection: Arc<Connection>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.all.open().remove(&self.connection.number);
        self.all.room.notify_one();
    }
}

impl Connections {
    pub(super) fn new(limits: HttpLimits, head: Duration, proxies: &[IpAddr]) -> Arc<Self> {
        Arc::new(Self {
            limits,
            head,
            proxies: proxies.iter().map(|address| network(address.to_canonical())).collect(),
            open: Mutex::default(),
            numbers: AtomicU64::new(0),
            room: Arc::default(),
            told: [Limit::InAll, Limit::WithoutKey, Limit::PerAddress]
                .map(|limit| (limit, OncePerMinute::default()))
                .into(),
        })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, Arc<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection from `address`. Where a limit is met, the connection that was idle for longest makes room:
    /// one without a key before one with a key, and never one with a call under way.
    pub(super) async fn admit(self: &Arc<Self>, address: IpAddr) -> Place {
        let network = network(address.to_canonical());
        loop {
            match self.try_admit(network) {
                Ok(place) => return place,
                Err(wait) => drop(tokio::time::timeout(wait, self.room.notified()).await),
            }
        }
    }

    /// A place, or how long to wait at most for another connection to make room.
    fn try_admit(self: &Arc<Self>, network: IpAddr) -> Result<Place, Duration> {
        let mut open = self.open();
        let without_key: Vec<_> = open.values().filter(|connection| !connection.has_key()).cloned().collect();
        if !self.proxies.contains(&network) {
            let idle = Idle::among(without_key.iter().filter(|connection| connection.network == network));
            // Callers that connect many times at once are about to show their keys.
            if idle.count >= self.limits.connections_per_address && idle.make_room(BURST).is_ok() {
                self.tell(Limit::PerAddress, network);
            }
        }
        if without_key.len() >= self.limits.connections_without_key {
            self.tell(Limit::WithoutKey, network);
            return Err(self.make_room(&without_key));
        }
        if open.len() >= self.limits.connections {
            self.tell(Limit::InAll, network);
            let all: Vec<_> = open.values().cloned().collect();
            let has_idle = without_key.iter().any(|connection| connection.idle_since().is_some());
            return Err(self.make_room(if has_idle { &without_key } else { &all }));
        }
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let connection = Arc::new(Connection::new(number, network, Arc::clone(&self.room)));
        open.insert(number, Arc::clone(&connection));
        Ok(Place { all: Arc::clone(self), connection })
    }

    /// Ends the connection that was idle for longest. Where an address has more than its share, it is one of that address.
    fn make_room(&self, connections: &[Arc<Connection>]) -> Duration {
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

    /// Says in the log, once a minute, that a limit is met.
    fn tell(&self, limit: Limit, network: IpAddr) {
        if !self.told.get(&limit).is_some_and(OncePerMinute::is_due) {
            return;
        }
        let (setting, most) = match limit {
            Limit::InAll => ("http.connections", self.limits.connections),
            Limit::WithoutKey => ("http.connections-without-key", self.limits.connections_without_key),
            Limit::PerAddress => ("http.connections-per-address", self.limits.connections_per_address),
        };
        tracing::warn!(
            address = %network, most,
            "The limit {setting} is met. For each new connection the host ends the one that was idle for longest."
        );
    }

    /// Ends connections that are idle, or not read from, for too long.
    pub(super) fn end_overdue(&self) {
        let now = Instant::now();
        self.open().values().for_each(|connection| connection.end_if_overdue(&self.limits, self.head, now));
    }

    /// Ends all connections after their calls, or at once after `timeout`; returns when there are none.
    pub(super) async fn end_all(&self, timeout: Duration) {
        let end = |ending| self.open().values().for_each(|connection| connection.end(ending));
        end(Ending::Gently);
        let until = Instant::now() + timeout;
        let mut is_cut = false;
        while !self.open().is_empty() {
            if !is_cut && Instant::now() >= until {
                end(Ending::Now);
                is_cut = true;
            }
            self.end_overdue();
            let _ = tokio::time::timeout(SWEEP, self.room.notified()).await;
        }
    }
}

/// Connections that have no call under way.
struct Idle<'a> {
    count: usize,
    /// Whether one of them ends already.
    is_ending: bool,
    /// The one that was idle for longest, and since when.
    idlest: Option<(Instant, &'a Connection)>,
}

impl<'a> Idle<'a> {
    fn among(connections: impl IntoIterator<Item = &'a Arc<Connection>>) -> Self {
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

    /// Ends the idlest one, unless one of them ends already.
    ///
    /// # Errors
    /// How long to wait until it will have been idle for `least`.
    fn make_room(&self, least: Duration) -> Result<(), Duration> {
        match self.idlest {
            _ if self.is_ending => Ok(()),
            None => Err(SWEEP),
            Some((since, idlest)) => match least.checked_sub(since.elapsed()).filter(|wait| !wait.is_zero()) {
                Some(wait) => Err(wait),
                None => {
                    idlest.end(Ending::Now);
                    Ok(())
                }
            },
        }
    }
}
