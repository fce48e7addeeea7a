//! All connections: how many there may be, and which one makes room for a new one.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::connection::{Connection, Ending};
use crate::gate::network;
use crate::once_per_minute::OncePerMinute;
use soar_host::settings::HttpLimits;

/// How often overdue connections are looked for, in seconds.
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
            if let Some(place) = self.try_admit(network) {
                return place;
            }
            self.room.notified().await;
        }
    }

    /// A place, or none: then a connection was told to end, or each has a call under way.
    fn try_admit(self: &Arc<Self>, network: IpAddr) -> Option<Place> {
        let mut open = self.open();
        let without_key: Vec<_> = open.values().filter(|connection| !connection.has_key()).cloned().collect();
        if !self.proxies.contains(&network) {
            let own = without_key.iter().filter(|connection| connection.network == network);
            let idle: Vec<_> = own.filter(|connection| connection.idle_since().is_some()).cloned().collect();
            if idle.len() >= self.limits.connections_per_address {
                self.tell(Limit::PerAddress, network);
                // One that ends already makes room soon.
                end_idlest(&idle);
                return None;
            }
        }
        if without_key.len() >= self.limits.connections_without_key {
            self.tell(Limit::WithoutKey, network);
            end_idlest(&without_key);
            return None;
        }
        if open.len() >= self.limits.connections {
            self.tell(Limit::InAll, network);
            if !end_idlest(&without_key) {
                end_idlest(&open.values().cloned().collect::<Vec<_>>());
            }
            return None;
        }
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let connection = Arc::new(Connection::new(number, network, Arc::clone(&self.room)));
        open.insert(number, Arc::clone(&connection));
        Some(Place { all: Arc::clone(self), connection })
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

/// Ends the connection that was idle for longest, unless one of them ends already. Whether one ends.
fn end_idlest(connections: &[Arc<Connection>]) -> bool {
    if connections.iter().any(|connection| connection.is_ending()) {
        return true;
    }
    let idle = connections.iter().filter_map(|connection| Some((connection.idle_since()?, connection)));
    let Some((_, idlest)) = idle.min_by_key(|(since, connection)| (*since, connection.number)) else { return false };
    idlest.end(Ending::Now);
    true
}
