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
        Self {
            backlog: families.gauges(
                "soar_host_schedule_backlog",
                "Due checks and commands in the store, waiting or claimed.",
                &["state"],
            ),
            lag: families.gauges(
                "soar_host_schedule_lag_seconds",
                "Time since the oldest due check or command became due.",
                &[],
            ),
            alerts: families.gauges("soar_host_alerts_waiting", "Undelivered alerts.", &[]),
            alerts_age: families.gauges("soar_host_alerts_oldest_seconds", "Age of the oldest undelivered alert.", &[]),
            states: families.gauges(
                "soar_host_health_connections",
                "Connections with a health check, by state.",
                &["state"],
            ),
            lateness: families.durations(
                "soar_host_schedule_lateness_seconds",
                "Lateness of due work at its start on this host.",
                &[],
            ),
            checks: families.counters(
                "soar_host_health_checks_total",
                "Health checks on this host, by result.",
                &["result"],
            ),
            runs: families.counters(
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use prometheus::TextEncoder;
    use soar_store::model::{CheckError, CheckResult, RunReport, ScheduleRunStatus};

    use super::*;

    #[test]
    fn each_metric_has_its_own_name_and_value_and_none_is_shown_before_it_is_known() {
        let registry = Registry::new();
        let metrics = SchedulerMetrics::new(&Families(&registry));
        let text = || TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        assert_eq!(text(), "");
        let backlog = Backlog { waiting: 1, claimed: 2, lag: Duration::from_secs(3) };
        let alerts = Undelivered { messages: 4, age: Duration::from_secs(5) };
        metrics.set_gauges(backlog, &[(HealthState::Healthy, 6)], alerts);
        let check = |error| WorkResult::Check(CheckResult { latency_ms: 7, error, expiring: None });
        let failure = CheckError { tab: "No reply.".to_owned(), code: None };
        let run = |status| {
            WorkResult::Run(status, RunReport { output: String::new(), error: None, request_id: String::new() })
        };
        for finished in [
            check(None),
            check(None),
            check(Some(failure)),
            run(ScheduleRunStatus::Successful),
            run(ScheduleRunStatus::Failed),
            run(ScheduleRunStatus::Failed),
        ] {
            metrics.count(&finished, Duration::from_millis(20));
        }
        metrics.count(&WorkResult::Followed, Duration::from_secs(5));
        let text = text();
        let values: Vec<_> = text.lines().filter(|line| !line.starts_with('#') && !line.contains("_bucket")).collect();
        assert_eq!(
            values,
            [
                "soar_host_alerts_oldest_seconds 5",
                "soar_host_alerts_waiting 4",
                r#"soar_host_health_checks_total{result="failed"} 1"#,
                r#"soar_host_health_checks_total{result="passed"} 2"#,
                r#"soar_host_health_connections{state="Healthy"} 6"#,
                r#"soar_host_schedule_backlog{state="claimed"} 2"#,
                r#"soar_host_schedule_backlog{state="waiting"} 1"#,
                "soar_host_schedule_lag_seconds 3",
                "soar_host_schedule_lateness_seconds_sum 5.12",
                "soar_host_schedule_lateness_seconds_count 7",
                r#"soar_host_schedule_runs_total{status="Failed"} 2"#,
                r#"soar_host_schedule_runs_total{status="Followed"} 1"#,
                r#"soar_host_schedule_runs_total{status="Successful"} 1"#,
            ]
        );
        assert!(text.contains("soar_host_schedule_lateness_seconds_bucket{le=\"0.025\"} 6\n"), "{text}");
    }
}
