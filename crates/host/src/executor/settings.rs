//! The executor's limits.

use std::time::Duration;

use serde::Deserialize;

/// The limits for running commands and for the run history.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ExecutorSettings {
    /// The timeout of a command in seconds, including the wait for a slot.
    pub time_limit_seconds: u64,
    /// The number of commands under way at once on one connection, in this process.
    pub per_connection: usize,
    /// The number of commands under way at once on one site, in this process.
    pub per_site: usize,
    /// The number of commands that may wait for a slot, on each connection and on each site.
    pub waiting: usize,
    /// The number of runs of the instance whose work goes on in the product at once, and is followed.
    pub followed: u32,
    /// The same for the runs of one site.
    pub followed_per_site: u32,
    /// The limit in bytes for the replies and the table of one command in memory. A command beyond it fails.
    pub largest_reply_bytes: usize,
    /// The limit for the stored outcome of a run, in bytes of JSON.
    pub outcome_bytes: usize,
    /// The retention time of the run history in days.
    pub history_days: i64,
    /// The most runs in the history.
    pub history_runs: i64,
    /// The time in seconds after which a secret is fetched again from the vault.
    pub fetch_secrets_seconds: u64,
    /// The lease of a process in seconds. A process without a heartbeat for this time counts as dead. The heartbeat
    /// interval is a sixth of it.
    pub node_lease_seconds: u64,
}

impl Default for ExecutorSettings {
    fn default() -> Self {
        Self {
            time_limit_seconds: 300,
            per_connection: 8,
            per_site: 32,
            waiting: 100,
            followed: 1_000,
            followed_per_site: 100,
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

    /// The heartbeat interval.
    #[must_use]
    pub fn heartbeat(&self) -> Duration {
        Duration::from_secs(self.node_lease_seconds.max(6)) / 6
    }
}
