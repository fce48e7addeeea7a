//! Connection Health Check: what checks prove, and what they proved over time.

mod overview;
mod report;
mod state;

pub use overview::{ConnectionHealth, ConnectionHistory, HealthFilter, HealthTable};
pub use report::{Check, Latency, Uptime, percentiles};
pub use state::{AlertReason, AlertRules, CheckResult, Health, HealthState, Notice};
