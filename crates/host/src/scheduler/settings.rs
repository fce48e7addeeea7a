//! The settings of the scheduler, and the interface to its runner.

use std::time::Duration;

use async_trait::async_trait;
use soar_store::Retention;
use soar_store::model::{CheckResult, GatherRules, RunReport, Schedule};

/// Runs due work.
#[async_trait]
pub trait WorkRunner: Send + Sync {
    /// Checks a connection with a new login.
    async fn check(&self, schedule: &Schedule) -> CheckResult;

    /// Runs a command. `None` if its work goes on in the product: the result is written at the end of the work.
    async fn run(&self, schedule: &Schedule) -> Option<RunReport>;
}

/// The settings of the scheduler.
#[derive(Debug, Clone, Copy)]
pub struct SchedulerSettings {
    /// The number of runs at once on this node.
    pub at_once: usize,
    /// The duration of a lease on claimed work.
    pub lease: Duration,
    /// The interval between renewals of a lease.
    pub renew: Duration,
    /// The rules for grouping alerts.
    pub gather: GatherRules,
    /// The retention times.
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
