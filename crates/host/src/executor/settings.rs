//! The executor's limits.

use std::time::Duration;

use serde::Deserialize;

/// How much may run at once and how long, and how much of it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ExecutorSettings {
    /// Seconds that a command may take, waiting for its turn included.
    pub time_limit_seconds: u64,
    /// Commands under way at once on one connection, in this process.
    pub per_connection: usize,
    /// Commands under way at once on one site, in this process.
    pub per_site: usize,
    /// Commands that may wait for their turn, on each connection and on each site.
    pub waiting: usize,
    /// How much of replies and their table one command may gather in memory, in bytes; with more it fails.
    pub largest_reply_bytes: usize,
    /// How much of an outcome the run history keeps, in bytes of JSON.
    pub outcome_bytes: usize,
    /// Days that the run history goes back.
    pub history_days: i64,
    /// The most runs that the history holds.
    pub history_runs: i64,
    /// Seconds after which a secret that lives elsewhere is fetched again.
    pub fetch_secrets_seconds: u64,
    /// Seconds after which a process that gave no sign of life counts as dead. It gives one every sixth of this.
    pub node_lease_seconds: u64,
}

impl Default for ExecutorSettings {
    fn default() -> Self {
        Self {
            time_limit_seconds: 300,
            per_connection: 8,
            per_site: 32,
            waiting: 100,
            largest_reply_bytes: 64 * 1024 * 1024,
            outcome_bytes: 64 * 1024,
            history_days: 90,
            history_runs: 100_000,
            fetch_secrets_seconds: 300,
            node_lease_seconds: 60,
        }
    }
}

impl ExecutorSettings {
    pub(super) fn time_limit(&self) -> Duration {
        Duration::from_secs(self.time_limit_seconds.max(1))
    }

    /// How often a process says that it lives.
    #[must_use]
    pub fn heartbeat(&self) -> Duration {
        Duration::from_secs(self.node_lease_seconds.max(6)) / 6
    }
}
