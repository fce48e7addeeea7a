//! Health: the state of a connection, and what is known about it. [`super::health_rules`] has the rules by which results change it.

use std::time::Duration;

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::Moment;
use crate::columns::from_row;
use crate::model::access::text_enum;

text_enum! {
    /// A connection's health, from the best known state to the worst.
    pub enum HealthState {
        /// No check has run.
        Unknown,
        /// The latest check passed.
        Healthy,
        /// The latest check passed, but was slow, or its certificate or credential is about to expire.
        Degraded,
        /// The latest check passed, but not enough checks in a row have passed since the failure.
        Recovering,
        /// The latest check passed, but two intervals ago or more, or at a time in the future.
        Stale,
        /// The latest check failed.
        Failing,
    }
}

/// A result may be this much later than the clock: the clock may have been set back a little.
pub(crate) const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

text_enum! {
    /// The reason of an alert.
    pub enum AlertReason {
        /// Several checks failed in a row.
        Failing,
        /// Checks pass and fail by turns.
        Flapping,
    }
}

/// A health state, its beginning, and the results behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// The state.
    pub state: HealthState,
    /// When the state began.
    #[schema(value_type = i64)]
    pub since: Moment,
    /// When the latest check ended.
    #[schema(value_type = Option<i64>)]
    pub last_check_at: Option<Moment>,
    /// When the latest passed check ended.
    #[schema(value_type = Option<i64>)]
    pub last_proof_at: Option<Moment>,
    /// The Error tab of the last check that failed.
    pub last_error: Option<String>,
    /// The code of that error in the integration's manifest. Null where the command of the check did not run.
    pub last_error_code: Option<String>,
    /// When that check ended.
    #[schema(value_type = Option<i64>)]
    pub last_error_at: Option<Moment>,
    /// Why the state is Degraded.
    pub notice: Option<String>,
    /// The duration of the latest check in milliseconds.
    pub latency_ms: Option<i64>,
    /// The number of failed checks in a row.
    pub failures: i64,
    /// The number of passed checks in a row.
    pub successes: i64,
    /// The latest results as bits, the newest in the lowest bit, 1 for failed.
    #[serde(skip)]
    pub recent: i64,
    /// The number of these results.
    #[serde(skip)]
    pub recent_count: i64,
    /// The reason of the open alert, whose recovery is not reported yet. An alert without a destination counts too.
    #[serde(serialize_with = "is_some")]
    #[schema(value_type = bool)]
    pub alerted: Option<AlertReason>,
}

from_row! {
    Health: state, since, last_check_at, last_proof_at, last_error, last_error_code, last_error_at, notice,
        latency_ms, failures, successes, recent, recent_count, alerted,
}

#[allow(clippy::ref_option, reason = "serde hands the field on by reference")]
fn is_some<S: Serializer>(alerted: &Option<AlertReason>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(alerted.is_some())
}

impl HealthState {
    /// All states, the worst first. Unknown is worse than Healthy.
    pub const WORST_FIRST: [Self; 6] =
        [Self::Failing, Self::Stale, Self::Recovering, Self::Degraded, Self::Unknown, Self::Healthy];
}

impl Health {
    /// The health before the first check.
    #[must_use]
    pub fn unknown(now: Moment) -> Self {
        Self {
            state: HealthState::Unknown,
            since: now,
            last_check_at: None,
            last_proof_at: None,
            last_error: None,
            last_error_code: None,
            last_error_at: None,
            notice: None,
            latency_ms: None,
            failures: 0,
            successes: 0,
            recent: 0,
            recent_count: 0,
            alerted: None,
        }
    }

    /// The health at `now`. A pass with a time in the future, or one that is two intervals old, proves nothing any
    /// more.
    #[must_use]
    pub fn as_of(mut self, now: Moment, interval: Option<Duration>) -> Self {
        let passed = matches!(self.state, HealthState::Healthy | HealthState::Degraded | HealthState::Recovering);
        if let (true, Some(until)) = (passed, self.stale_since(now, interval)) {
            self.state = HealthState::Stale;
            self.since = until;
        }
        self
    }

    /// Since when the latest pass proves nothing any more, if that is so at `now`.
    pub(super) fn stale_since(&self, now: Moment, interval: Option<Duration>) -> Option<Moment> {
        let proof = self.last_proof_at?;
        if proof > now + CLOCK_TOLERANCE {
            return Some(now);
        }
        interval.map(|interval| proof + interval * 2).filter(|until| *until < now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_is_stale_after_two_intervals_or_where_its_time_is_still_to_come() {
        let interval = Some(Duration::from_millis(100));
        let shown = |state, proof: i64, now: i64, interval| {
            let last_proof_at = Some(Moment(proof));
            let health = Health { state, last_proof_at, ..Health::unknown(Moment(1)) };
            let shown = health.as_of(Moment(now), interval);
            (shown.state, shown.since.0)
        };
        for state in [HealthState::Healthy, HealthState::Degraded, HealthState::Recovering] {
            assert_eq!(shown(state, 1000, 1200, interval), (state, 1));
            assert_eq!(shown(state, 1000, 1201, interval), (HealthState::Stale, 1200));
            assert_eq!(shown(state, 61_000, 1000, interval), (state, 1), "a clock that was set back a little");
            assert_eq!(shown(state, 61_001, 1000, interval), (HealthState::Stale, 1000));
            assert_eq!(shown(state, 1000, 999_999, None), (state, 1), "a cron expression has no interval");
        }
        assert_eq!(shown(HealthState::Failing, 1000, 9999, interval), (HealthState::Failing, 1));
        assert_eq!(Health::unknown(Moment(5)).as_of(Moment(9999), interval).state, HealthState::Unknown);
    }
}
