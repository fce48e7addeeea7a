//! The metrics of the scheduler.

use std::time::Duration;

use metrics::{KeyName, Recorder, SharedString, Unit, counter, gauge, histogram};
use soar_store::model::HealthState;
use soar_store::{Backlog, Undelivered};

use super::recorder::WorkResult;

const BACKLOG: &str = "soar_host_schedule_backlog";
const LAG: &str = "soar_host_schedule_lag_seconds";
const LATENESS: &str = "soar_host_schedule_lateness_seconds";
const STATES: &str = "soar_host_health_connections";
const CHECKS: &str = "soar_host_health_checks_total";
const ALERTS: &str = "soar_host_alerts_waiting";
const ALERTS_AGE: &str = "soar_host_alerts_oldest_seconds";
const RUNS: &str = "soar_host_schedule_runs_total";

/// Describes the scheduler's metrics.
pub(crate) fn describe(recorder: &impl Recorder) {
    let name = |name: &'static str| KeyName::from_const_str(name);
    let text = |text: &'static str| SharedString::const_str(text);
    recorder.describe_gauge(name(BACKLOG), None, text("Due checks and commands in the store, waiting or claimed."));
    recorder.describe_gauge(
        name(LAG),
        Some(Unit::Seconds),
        text(
            "Time since the oldest due check or command became \
                                                                  due.",
        ),
    );
    recorder.describe_gauge(name(STATES), None, text("Connections with a health check, by state."));
    recorder.describe_gauge(name(ALERTS), None, text("Undelivered alerts."));
    recorder.describe_gauge(name(ALERTS_AGE), Some(Unit::Seconds), text("Age of the oldest undelivered alert."));
    recorder.describe_histogram(
        name(LATENESS),
        Some(Unit::Seconds),
        text(
            "Lateness of due work at its start on this \
                                                                           host.",
        ),
    );
    recorder.describe_counter(name(CHECKS), None, text("Health checks on this host, by result."));
    recorder.describe_counter(name(RUNS), None, text("Commands of schedules on this host, by status."));
}

/// Sets the gauges of the store: the backlog, the number of connections in each state, and the undelivered alerts.
#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(super) fn set_gauges(backlog: Backlog, states: &[(HealthState, i64)], alerts: Undelivered) {
    gauge!(BACKLOG, "state" => "waiting").set(backlog.waiting as f64);
    gauge!(BACKLOG, "state" => "claimed").set(backlog.claimed as f64);
    gauge!(LAG).set(backlog.lag.as_secs_f64());
    gauge!(ALERTS).set(alerts.messages as f64);
    gauge!(ALERTS_AGE).set(alerts.age.as_secs_f64());
    for (state, count) in states {
        gauge!(STATES, "state" => state.as_str()).set(*count as f64);
    }
}

#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(super) fn count(finished: &WorkResult, late: Duration) {
    histogram!(LATENESS).record(late.as_secs_f64());
    match finished {
        WorkResult::Check(check) => {
            let result = if check.error.is_some() { "failed" } else { "passed" };
            counter!(CHECKS, "result" => result).increment(1);
        }
        WorkResult::Run(status, _) => {
            counter!(RUNS, "status" => status.as_str()).increment(1);
        }
        WorkResult::Followed => counter!(RUNS, "status" => "Followed").increment(1),
    }
}
