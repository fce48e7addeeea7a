//! What the scheduler counts.

use metrics::{counter, gauge, histogram, with_local_recorder};

use super::Scheduler;
use super::recorder::Finished;
use crate::store::StoreError;

impl Scheduler {
    /// Sets the gauges: the backlog, and how many connections are in each state.
    ///
    /// # Errors
    /// [`StoreError`].
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub async fn measure(&self) -> Result<(), StoreError> {
        let mut reader = self.store.reader().await?;
        let backlog = reader.records().backlog().await?;
        let counts = reader.records().health_counts().await?;
        let lag = backlog.oldest_due_at.map_or(0, |due| (self.now() - due).max(0));
        with_local_recorder(&*self.metrics, || {
            gauge!("soar_host_schedule_backlog", "state" => "waiting").set(backlog.waiting as f64);
            gauge!("soar_host_schedule_backlog", "state" => "claimed").set(backlog.claimed as f64);
            gauge!("soar_host_schedule_lag_seconds").set(lag as f64 / 1000.0);
            for (state, count) in counts {
                gauge!("soar_host_health_connections", "state" => state.as_str()).set(count as f64);
            }
        });
        Ok(())
    }
}

#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(super) fn count(finished: &Finished, late_ms: i64) {
    histogram!("soar_host_schedule_lateness_seconds").record(late_ms.max(0) as f64 / 1000.0);
    match finished {
        Finished::Check(check) => {
            let result = if check.error.is_some() { "failed" } else { "passed" };
            counter!("soar_host_health_checks_total", "result" => result).increment(1);
        }
        Finished::Run(status, _) => {
            counter!("soar_host_schedule_runs_total", "status" => status.as_str()).increment(1);
        }
    }
}
