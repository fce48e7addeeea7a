//! The metrics of the scheduler.

use std::time::Duration;

use prometheus::{GaugeVec, HistogramVec, IntCounterVec, Registry};
use soar_store::model::HealthState;
use soar_store::{Backlog, Undelivered};

use super::recorder::WorkResult;
use crate::metric_families::Families;

/// The metrics of a scheduler. `/metrics` of a host shows those of its own scheduler.
#[derive(Debug)]
pub struct SchedulerMetrics {
    backlog: GaugeVec,
    lag: GaugeVec,
    alerts: GaugeVec,
    alerts_age: GaugeVec,
    states: GaugeVec,
    lateness: HistogramVec,
    checks: IntCounterVec,
    runs: IntCounterVec,
}

impl Default for SchedulerMetrics {
    /// The metrics of a scheduler without a host.
    fn default() -> Self {
        Self::new(&Families(&Registry::new()))
    }
}

impl SchedulerMetrics {
    pub(crate) fn new(families: &Families<'_>) -> Self {
        let gauges = |name, help, labels| families.gauges(name, help, labels);
        let counters = |name, help, labels| families.counters(name, help, labels);
        Self {
            backlog: gauges(
                "soar_host_schedule_backlog",
                "Due checks and commands in the store, waiting or claimed.",
                &["state"],
            ),
            lag: gauges(
                "soar_host_schedule_lag_seconds",
                "Time since the oldest due check or command became due.",
                &[],
            ),
            alerts: gauges("soar_host_alerts_waiting", "Undelivered alerts.", &[]),
            alerts_age: gauges("soar_host_alerts_oldest_seconds", "Age of the oldest undelivered alert.", &[]),
            states: gauges("soar_host_health_connections", "Connections with a health check, by state.", &["state"]),
            lateness: families.durations(
                "soar_host_schedule_lateness_seconds",
                "Lateness of due work at its start on this host.",
                &[],
            ),
            checks: counters("soar_host_health_checks_total", "Health checks on this host, by result.", &["result"]),
            runs: counters(
                "soar_host_schedule_runs_total",
                "Commands of schedules on this host, by status.",
                &["status"],
            ),
        }
    }

    /// Sets the gauges of the store: the backlog, the number of connections in each state, and the undelivered alerts.
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub(super) fn set_gauges(&self, backlog: Backlog, states: &[(HealthState, i64)], alerts: Undelivered) {
        self.backlog.with_label_values(&["waiting"]).set(backlog.waiting as f64);
        self.backlog.with_label_values(&["claimed"]).set(backlog.claimed as f64);
        self.lag.with_label_values::<&str>(&[]).set(backlog.lag.as_secs_f64());
        self.alerts.with_label_values::<&str>(&[]).set(alerts.messages as f64);
        self.alerts_age.with_label_values::<&str>(&[]).set(alerts.age.as_secs_f64());
        for (state, count) in states {
            self.states.with_label_values(&[state.as_str()]).set(*count as f64);
        }
    }

    /// Counts finished work, and how late it began.
    pub(super) fn count(&self, finished: &WorkResult, late: Duration) {
        self.lateness.with_label_values::<&str>(&[]).observe(late.as_secs_f64());
        match finished {
            WorkResult::Check(check) => {
                let result = if check.error.is_some() { "failed" } else { "passed" };
                self.checks.with_label_values(&[result]).inc();
            }
            WorkResult::Run(status, _) => self.runs.with_label_values(&[status.as_str()]).inc(),
            WorkResult::Followed => self.runs.with_label_values(&["Followed"]).inc(),
        }
    }
}
