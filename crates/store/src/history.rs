//! The history of checks and the log of schedules in the store: reading, counting, and deleting old rows.

use std::time::Duration;

use super::{Records, StoreError};
use crate::model::{Check, ConnectionId, Latency, Moment, ScheduleId, ScheduleRun, ScheduleRunId, Uptime, percentiles};

/// The percentiles of latency are of at most this many of the latest checks.
const LATENCIES: i64 = 10_000;

/// How long the store keeps history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Single checks.
    pub checks: Duration,
    /// Counts of passed and failed checks per hour.
    pub hours: Duration,
    /// The log of schedules.
    pub runs: Duration,
    /// Delivered messages.
    pub messages: Duration,
    /// Runs of Sync Connection with their results.
    pub syncs: Duration,
    /// Changes of findings.
    pub findings: Duration,
}

const DAY: Duration = Duration::from_secs(24 * 3600);

impl Default for Retention {
    fn default() -> Self {
        Self {
            checks: 7 * DAY,
            hours: 31 * DAY,
            runs: 90 * DAY,
            messages: 7 * DAY,
            syncs: 90 * DAY,
            findings: 400 * DAY,
        }
    }
}

impl Records<'_> {
    /// At most `limit` checks of a connection due before `before`, the latest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn checks(
        &mut self,
        connection: ConnectionId,
        before: Moment,
        limit: i64,
    ) -> Result<Vec<Check>, StoreError> {
        let query = sqlx::query_as(
            "SELECT due_at, started_at, ended_at, result, latency_ms, detail, node FROM checks
             WHERE connection_id = $1 AND due_at < $2 ORDER BY due_at DESC LIMIT $3",
        )
        .bind(connection)
        .bind(before)
        .bind(limit);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// The latency of a connection's passed checks between `since` and `until`. `None` if none passed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn latency(
        &mut self,
        connection: ConnectionId,
        since: Moment,
        until: Moment,
    ) -> Result<Option<Latency>, StoreError> {
        let query = sqlx::query_scalar(
            "SELECT latency_ms FROM checks
             WHERE connection_id = $1 AND due_at >= $2 AND due_at <= $3 AND result <> 'Failing'
             ORDER BY due_at DESC LIMIT $4",
        )
        .bind(connection)
        .bind(since)
        .bind(until)
        .bind(LATENCIES);
        Ok(percentiles(query.fetch_all(&mut *self.connection).await?))
    }

    /// The counts of a connection's passed and failed checks in the hours from `since` to `until`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn uptime(
        &mut self,
        connection: ConnectionId,
        since: Moment,
        until: Moment,
    ) -> Result<Uptime, StoreError> {
        let query = sqlx::query_as(
            "SELECT CAST(COALESCE(SUM(passed), 0) AS BIGINT) AS passed,
                    CAST(COALESCE(SUM(failed), 0) AS BIGINT) AS failed
             FROM check_hours WHERE connection_id = $1 AND hour > $2 AND hour <= $3",
        )
        .bind(connection)
        .bind(since.hours())
        .bind(until.hours());
        Ok(query.fetch_one(&mut *self.connection).await?)
    }

    /// At most `limit` entries of a schedule's log before the entry `before`, the latest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn schedule_runs(
        &mut self,
        schedule: ScheduleId,
        before: Option<ScheduleRunId>,
        limit: i64,
    ) -> Result<Vec<ScheduleRun>, StoreError> {
        let query = sqlx::query_as(
            "SELECT id, schedule_id, name, due_at, started_at, ended_at, status, input, output, error, request_id, node
             FROM schedule_runs WHERE schedule_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        )
        .bind(schedule)
        .bind(before.unwrap_or(ScheduleRunId(i64::MAX)))
        .bind(limit);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// Deletes at most `limit` expired rows of each kind, and returns their number. The caller repeats it, each time in
    /// a transaction of its own, until it returns 0, so that no other transaction waits long.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn drop_old_history(&mut self, kept: Retention, now: Moment, limit: i64) -> Result<u64, StoreError> {
        let old = [
            (
                "DELETE FROM checks WHERE (connection_id, due_at) IN
                     (SELECT connection_id, due_at FROM checks WHERE ended_at < $1 ORDER BY ended_at LIMIT $2)",
                (now - kept.checks).0,
            ),
            (
                "DELETE FROM check_hours WHERE (connection_id, hour) IN
                     (SELECT connection_id, hour FROM check_hours WHERE hour < $1 ORDER BY hour LIMIT $2)",
                (now - kept.hours).hours(),
            ),
            (
                "DELETE FROM schedule_runs WHERE id IN
                     (SELECT id FROM schedule_runs WHERE ended_at < $1 ORDER BY ended_at LIMIT $2)",
                (now - kept.runs).0,
            ),
            (
                "DELETE FROM messages WHERE id IN
                     (SELECT id FROM messages WHERE delivered_at < $1 ORDER BY delivered_at LIMIT $2)",
                (now - kept.messages).0,
            ),
            (
                "DELETE FROM sync_runs WHERE id IN
                     (SELECT id FROM sync_runs WHERE started_at < $1 ORDER BY started_at LIMIT $2)",
                (now - kept.syncs).0,
            ),
            (
                "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE ends_at < $1 ORDER BY ends_at LIMIT $2)",
                now.0,
            ),
            (
                "DELETE FROM password_links WHERE user_id IN
                     (SELECT user_id FROM password_links WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
                now.0,
            ),
            // Alerts of schedules that were deleted with their site: no message about them is sent, and no recovery
            // waits for them.
            (
                "DELETE FROM alerts WHERE schedule_id IN
                     (SELECT schedule_id FROM alerts WHERE opened_at < $1
                          AND NOT EXISTS (SELECT 1 FROM schedules WHERE schedules.id = alerts.schedule_id) LIMIT $2)",
                now.0,
            ),
        ];
        let mut gone = 0;
        for (sql, before) in old {
            gone += sqlx::query(sql).bind(before).bind(limit).execute(&mut *self.connection).await?.rows_affected();
        }
        gone += self.prune_findings(now - kept.findings, limit).await?;
        Ok(gone)
    }
}
