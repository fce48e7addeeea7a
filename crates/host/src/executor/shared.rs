//! The state of an executor: its connectors, its limits, and the runs of this process.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use soar_store::Store;
use soar_store::model::{ConnectionId, Moment, RunId, SiteId};
use tokio::sync::watch;
use uuid::Uuid;

use super::connectors::Connectors;
use super::followed::Followed;
use super::settings::ExecutorSettings;
use super::slots::Slots;
use crate::connections::Connections;

/// The state that all clones of an executor share.
pub(super) struct ExecutorState {
    pub(super) connections: Connections,
    pub(super) settings: ExecutorSettings,
    /// Names this process in the run history.
    pub(super) node: String,
    pub(super) connectors: Connectors,
    pub(super) per_connection: Slots<ConnectionId>,
    pub(super) per_site: Slots<SiteId>,
    /// The senders that cancel the runs of this process.
    pub(super) running: Mutex<HashMap<RunId, watch::Sender<bool>>>,
    pub(super) closed: AtomicBool,
    /// Whether callers stop waiting for the ends of followed runs.
    pub(super) leaving: watch::Sender<bool>,
    pub(super) followed: Followed,
    /// The number of accepted commands that have not ended.
    pub(super) accepted: watch::Sender<usize>,
}

impl ExecutorState {
    pub(super) fn new(connections: Connections, settings: ExecutorSettings) -> Self {
        Self {
            node: Uuid::now_v7().to_string(),
            connectors: Connectors::default(),
            per_connection: Slots::new(settings.per_connection, settings.waiting),
            per_site: Slots::new(settings.per_site, settings.waiting),
            running: Mutex::default(),
            closed: AtomicBool::new(false),
            leaving: watch::Sender::new(false),
            followed: Followed::default(),
            accepted: watch::Sender::new(0),
            connections,
            settings,
        }
    }

    pub(super) fn store(&self) -> &Store {
        &self.connections.store
    }

    pub(super) fn now(&self) -> Moment {
        Moment::from(self.connections.clock.now())
    }
}

/// Counts a command as accepted until dropped.
pub(super) struct Accepted(Arc<ExecutorState>);

impl Accepted {
    pub(super) fn count(shared: &Arc<ExecutorState>) -> Self {
        shared.accepted.send_modify(|count| *count += 1);
        Self(Arc::clone(shared))
    }
}

impl Drop for Accepted {
    fn drop(&mut self) {
        self.0.accepted.send_modify(|count| *count -= 1);
    }
}
