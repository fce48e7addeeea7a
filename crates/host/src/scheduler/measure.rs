//! What the scheduler counts.

use std::sync::atomic::Ordering;
use std::time::Duration;

use metrics::{KeyName, Recorder, SharedString, Unit, counter, gauge, histogram, with_local_recorder};
use soar_store::{StoreError, Undelivered};

use super::Scheduler;
use super::recorder::WorkResult;

const BACKLOG: &str = "soar_host_schedule_backlog";
const LAG: &str = "soar_host_schedule_lag_seconds";
const LATENESS: &str = "soar_host_schedule_lateness_seconds";
const STATES: &str = "soar_host_health_connections";
const CHECKS: &str = "soar_host_health_checks_total";
const ALERTS: &str = "soar_host_alerts_waiting";
const ALERTS_AGE: &str = "soar_host_alerts_oldest_seconds";
const RUNS: &str = "soar_host_schedule_runs_total";

/// The log tells of alerts that wait once the oldest has waited for this time, and again each time that the wait has
/// doubled, at the latest after an hour.
pub(super) const WARN_AFTER: Duration = Duration::from_secs(60);

/// The longest time between two warnings.
const LONGEST_SILENCE: Duration = Duration::from_secs(3_600);

/// Describes what the scheduler counts.
pub(crate) fn describe(recorder: &impl Recorder) {
    let name = |name: &'static str| KeyName::from_const_str(name);
    let text = |text: &'static str| SharedString::const_str(text);
    recorder.describe_gauge(name(BACKLOG), None, text("Due checks and commands of the store: waiting, or claimed."));
    recorder.describe_gauge(name(LAG), Some(Unit::Seconds), text("How long the oldest of these has been due."));
    recorder.describe_gauge(name(STATES), None, text("Connections with a health check, by state."));
    recorder.describe_gauge(name(ALERTS), None, text("Alerts that were not delivered yet."));
    recorder.describe_gauge(name(ALERTS_AGE), Some(Unit::Seconds), text("How long the oldest of these has waited."));
    recorder.describe_histogram(name(LATENESS), Some(Unit::Seconds), text("How late due work began here."));
    recorder.describe_counter(name(CHECKS), None, text("Health checks that ran here, by result."));
    recorder.describe_counter(name(RUNS), None, text("Commands of schedules that ran here, by status."));
}

impl Scheduler {
    /// Sets the gauges: the backlog, how many connections are in each state, and the alerts that wait. The log warns of
    /// alerts that wait long.
    ///
    /// # Errors
    /// [`StoreError`].
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub async fn measure(&self) -> Result<(), StoreError> {
        let mut reader = self.store.reader().await?;
        let backlog = reader.records().backlog().await?;
        let counts = reader.records().health_counts().await?;
        let alerts = reader.records().undelivered().await?;
        drop(reader);
        self.warn_of(alerts);
        with_local_recorder(&*self.metrics, || {
            gauge!(BACKLOG, "state" => "waiting").set(backlog.waiting as f64);
            gauge!(BACKLOG, "state" => "claimed").set(backlog.claimed as f64);
            gauge!(LAG).set(backlog.lag.as_secs_f64());
            gauge!(ALERTS).set(alerts.messages as f64);
            gauge!(ALERTS_AGE).set(alerts.age.as_secs_f64());
            for (state, count) in counts {
                gauge!(STATES, "state" => state.as_str()).set(count as f64);
            }
        });
        Ok(())
    }

    fn warn_of(&self, alerts: Undelivered) {
        let (age, warn_after) = (alerts.age.as_secs(), self.warn_after.load(Ordering::Relaxed));
        if age >= warn_after {
            let next = (age * 2).min(age + LONGEST_SILENCE.as_secs());
            self.warn_after.store(next, Ordering::Relaxed);
            tracing::warn!(
                alerts = alerts.messages,
                "Alerts wait to be delivered, the oldest for {age} s. See the warnings of each attempt."
            );
        } else if alerts.messages == 0 && warn_after > WARN_AFTER.as_secs() {
            self.warn_after.store(WARN_AFTER.as_secs(), Ordering::Relaxed);
            tracing::info!("All alerts that waited are delivered.");
        }
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
    }
}
