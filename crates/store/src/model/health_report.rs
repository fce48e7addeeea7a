//! Uptime and latency, from the history of checks.

use serde::Serialize;
use utoipa::ToSchema;

use super::{ConnectionId, HealthState, Moment};
use crate::columns::from_row;

/// A check in the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// When it was due.
    #[schema(value_type = i64)]
    pub due_at: Moment,
    /// When it began.
    #[schema(value_type = i64)]
    pub started_at: Moment,
    /// When it ended.
    #[schema(value_type = i64)]
    pub ended_at: Moment,
    /// The state that it proved; never Unknown.
    pub result: HealthState,
    /// The duration of the connection's answer in milliseconds.
    pub latency_ms: i64,
    /// The Error tab of a failed check, or why the state is Degraded.
    pub detail: Option<String>,
    /// The process that ran it.
    pub node: String,
}

from_row! { Check: due_at, started_at, ended_at, result, latency_ms, detail, node }

/// The numbers of passed and failed checks in a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Uptime {
    /// Passed checks.
    pub passed: i64,
    /// Failed checks.
    pub failed: i64,
}

from_row! { Uptime: passed, failed }

impl Uptime {
    /// The share of passed checks, from 0 to 100. `None` if there were no checks.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "counts of checks are far below 2^52")]
    pub fn percent(self) -> Option<f64> {
        let all = self.passed + self.failed;
        (all > 0).then(|| self.passed as f64 * 100.0 / all as f64)
    }
}

/// The numbers of passed and failed checks of a connection on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayUptime {
    /// The connection.
    pub connection_id: ConnectionId,
    /// The number of whole days between 1970 and the day.
    pub day: i64,
    /// The checks of the day.
    pub uptime: Uptime,
}

from_row! { DayUptime: connection_id, day, ..uptime }

/// Percentiles of the latency, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Latency {
    /// The latency that 50 % of the checks do not exceed.
    pub p50_ms: i64,
    /// The latency that 95 % of the checks do not exceed.
    pub p95_ms: i64,
    /// The latency that 99 % of the checks do not exceed.
    pub p99_ms: i64,
}

/// The percentiles of `latencies` in milliseconds, in any order. `None` for an empty list.
#[must_use]
pub fn percentiles(mut latencies: Vec<i64>) -> Option<Latency> {
    latencies.sort_unstable();
    // The nearest rank is a measured latency, not one between two.
    let rank = |percent: usize| {
        let rank = (latencies.len() * percent).div_ceil(100).max(1);
        latencies.get(rank - 1).copied()
    };
    Some(Latency { p50_ms: rank(50)?, p95_ms: rank(95)?, p99_ms: rank(99)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_latencies_that_were_measured() {
        assert_eq!(percentiles(vec![]), None);
        assert_eq!(percentiles(vec![7]), Some(Latency { p50_ms: 7, p95_ms: 7, p99_ms: 7 }));
        let hundred = (1..=100).rev().collect();
        assert_eq!(percentiles(hundred), Some(Latency { p50_ms: 50, p95_ms: 95, p99_ms: 99 }));
        assert_eq!(percentiles(vec![1, 2, 3, 1000]), Some(Latency { p50_ms: 2, p95_ms: 1000, p99_ms: 1000 }));
    }

    #[test]
    fn no_checks_have_no_uptime() {
        assert_eq!(Uptime::default().percent(), None);
        assert_eq!(Uptime { passed: 3, failed: 1 }.percent(), Some(75.0));
    }
}
