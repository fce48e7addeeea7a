//! The history of checks and the log of schedules in the store: reading, counting, and dropping what is old.

use std::time::Duration;

use super::{Records, StoreError};
use crate::model::{Check, ConnectionId, Latency, Moment, ScheduleId, ScheduleRun, Uptime, percentiles};

/// How many of the latest checks the percentiles of latency look at.
const LATENCIES: i64 = 10_000;

/// How long the history is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Each single check.
    pub checks: Duration,
    /// How many checks passed in each hour.
    pub hours: Duration,
    /// The log of schedules.
    pub runs: Duration,
    /// Messages that arrived.
    pub messages: Duration,
}

const DAY: Duration = Duration::from_secs(24 * 3600);

impl Default for Retention {
    fn default() -> Self {
        Self { checks: 7 * DAY, hours: 31 * DAY, runs: 90 * DAY, messages: 7 * DAY }
    }
}

impl Records<'_> {
    /// The checks of a connection due before `before`, the latest first, at most `limit`.
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

    /// The latency of the checks of a connection that passed between `since` and `until`; none when none did.
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

    /// How many checks of a connection passed and failed in the hours from `since` to `until`.
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

    /// The log of a schedule before entry number `before`, the latest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn schedule_runs(
        &mut self,
        schedule: ScheduleId,
        before: i64,
        limit: i64,
    ) -> Result<Vec<ScheduleRun>, StoreError> {
        let query = sqlx::query_as(
            "SELECT id, schedule_id, name, due_at, started_at, ended_at, status, input, output, error, request_id, node
             FROM schedule_runs WHERE schedule_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        )
        .bind(schedule)
        .bind(before)
        .bind(limit);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// Drops at most `limit` rows of each kind that are older than they are kept; how many rows went. Called until
    /// none go, each time in a transaction of its own, so that nobody waits long.
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
            // Of schedules that went with their site: nobody is to hear of them, and no recovery waits for them.
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
        Ok(gone)
    }
}
