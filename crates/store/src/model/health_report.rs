//! What the history of checks says: uptime and latency.

use serde::Serialize;
use utoipa::ToSchema;

use super::{HealthState, Moment};

/// One check of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
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
    /// What it proved; never Unknown.
    pub result: HealthState,
    /// How long the connection took to answer, in milliseconds.
    pub latency_ms: i64,
    /// The Error tab of a failed one, or why it is degraded.
    pub detail: Option<String>,
    /// Which process ran it.
    pub node: String,
}

/// How many checks passed and failed in a span of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Uptime {
    /// Checks that passed.
    pub passed: i64,
    /// Checks that failed.
    pub failed: i64,
}

impl Uptime {
    /// The share of checks that passed, from 0 to 100; none where nothing was checked.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "counts of checks are far below 2^52")]
    pub fn percent(self) -> Option<f64> {
        let all = self.passed + self.failed;
        (all > 0).then(|| self.passed as f64 * 100.0 / all as f64)
    }
}

/// Which latency so many per cent of the checks do not exceed, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Latency {
    /// Half of them.
    pub p50_ms: i64,
    /// 95 of a hundred.
    pub p95_ms: i64,
    /// 99 of a hundred.
    pub p99_ms: i64,
}

/// The percentiles of `latencies` in milliseconds, in any order; none of nothing.
#[must_use]
pub fn percentiles(mut latencies: Vec<i64>) -> Option<Latency> {
    latencies.sort_unstable();
    // The nearest rank: a latency that was measured, not one between two.
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
    fn uptime_of_nothing_is_none() {
        assert_eq!(Uptime::default().percent(), None);
        assert_eq!(Uptime { passed: 3, failed: 1 }.percent(), Some(75.0));
    }
}
