//! How the scheduler works, and what it has run.

use std::time::Duration;

use async_trait::async_trait;
use soar_store::Retention;
use soar_store::model::{CheckResult, GatherRules, RunReport, Schedule};

/// Runs what is due.
#[async_trait]
pub trait Runner: Send + Sync {
    /// Checks a connection: logs in afresh and proves that it works.
    async fn check(&self, schedule: &Schedule) -> CheckResult;

    /// Runs a command.
    async fn run(&self, schedule: &Schedule) -> RunReport;
}

/// How the scheduler works.
#[derive(Debug, Clone, Copy)]
pub struct SchedulerSettings {
    /// How many runs go on at once on this node.
    pub at_once: usize,
    /// How long a lease on claimed work lasts unless its holder renews it.
    pub lease: Duration,
    /// How often a holder renews its leases.
    pub renew: Duration,
    /// How alerts are gathered.
    pub gather: GatherRules,
    /// What is kept for how long.
    pub retention: Retention,
}

impl Default for SchedulerSettings {
    fn default() -> Self {
        Self {
            at_once: 256,
            lease: Duration::from_secs(15),
            renew: Duration::from_secs(4),
            gather: GatherRules::default(),
            retention: Retention::default(),
        }
    }
}
