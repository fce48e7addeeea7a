//! Health in the store. The result of a run is written once, with its consequences.

use sqlx::any::AnyRow;
use sqlx::{FromRow, Row as _};

use super::columns::{from_row, json};
use super::rows::identifiers;
use super::schedules::ScheduleRow;
use super::{Records, StoreError, schedules};
use crate::model::{
    CLOCK_TOLERANCE, CheckError, CheckResult, ConnectionId, Health, HealthNotice, HealthState, Moment, NewSchedule,
    RunReport, Schedule, ScheduleId, ScheduleKind, ScheduleRunStatus, WorkItem,
};

const COLUMNS: &str = "health.state, health.since, health.last_check_at, health.last_proof_at, health.last_error, \
     health.last_error_code, health.last_error_at, health.notice, health.latency_ms, health.failures, \
     health.successes, health.recent, health.recent_count, health.alerted";

/// The time and place of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// When it began.
    pub started_at: Moment,
    /// When it ended.
    pub ended_at: Moment,
    /// The process that ran it.
    pub node: String,
}

/// A schedule and its health.
struct ScheduleHealth {
    schedule: ScheduleRow,
    health: KnownHealth,
}

from_row! { ScheduleHealth: ..schedule, ..health }

/// The health of a schedule. `None` if it never ran.
struct KnownHealth(Option<Health>);

impl<'r> FromRow<'r, AnyRow> for KnownHealth {
    fn from_row(row: &'r AnyRow) -> Result<Self, sqlx::Error> {
        let is_known = row.try_get::<Option<HealthState>, _>("state")?.is_some();
        Ok(Self(is_known.then(|| Health::from_row(row)).transpose()?))
    }
}

/// The number of schedules in a state.
struct ScheduleStateRow {
    known: HealthState,
    schedules: i64,
}

from_row! { ScheduleStateRow: known, schedules }

/// SQL for the state now of a row of health and its row of schedules, by the rule of [`Health::as_of`]. `tolerated` is the
/// latest moment of a pass that counts.
pub(super) fn state_sql((health, schedule): (&str, &str), now: &str, tolerated: &str) -> String {
    format!(
        "CASE WHEN {health}.state IS NULL THEN 'Unknown'
              WHEN {health}.state IN ('Healthy', 'Degraded', 'Recovering')
                   AND ({health}.last_proof_at > {tolerated} OR {health}.last_proof_at + 2 * {schedule}.interval_ms < {now})
                   THEN 'Stale'
              ELSE {health}.state END"
    )
}

impl Records<'_> {
    /// Writes the result of a health check, with the state, the counts of the hour and the alerts that follow. Returns
    /// whether it was written: it is not if another node has claimed the work since.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn finish_check(
        &mut self,
        item: WorkItem,
        schedule: &Schedule,
        check: &CheckResult,
        ran: &Ran,
    ) -> Result<bool, StoreError> {
        if !self.drop_work(item, &ran.node).await? {
            return Ok(false);
        }
        self.record_check(schedule, item.due_at, check, ran).await?;
        Ok(true)
    }

    /// Writes the result of a check that a caller asked for beside the due times.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn record_check(
        &mut self,
        schedule: &Schedule,
        due_at: Moment,
        check: &CheckResult,
        ran: &Ran,
    ) -> Result<(), StoreError> {
        let connection = schedule.what.connection_id;
        let (result, detail) = check.proves(schedule.what.slow_ms);
        let first = sqlx::query(
            "INSERT INTO checks (connection_id, due_at, started_at, ended_at, result, latency_ms, detail, node)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        )
        .bind(connection)
        .bind(due_at)
        .bind(ran.started_at)
        .bind(ran.ended_at)
        .bind(result.as_str())
        .bind(check.latency_ms)
        .bind(detail.as_deref())
        .bind(&ran.node)
        .execute(&mut *self.connection)
        .await?;
        if first.rows_affected() == 0 {
            return Ok(());
        }
        let failed = i64::from(result == HealthState::Failing);
        sqlx::query(
            "INSERT INTO check_hours (connection_id, hour, passed, failed) VALUES ($1, $2, $3, $4)
             ON CONFLICT (connection_id, hour) DO UPDATE
             SET passed = check_hours.passed + excluded.passed, failed = check_hours.failed + excluded.failed",
        )
        .bind(connection)
        .bind(ran.ended_at.hours())
        .bind(1 - failed)
        .bind(failed)
        .execute(&mut *self.connection)
        .await?;
        self.apply(schedule, check, ran.ended_at).await
    }

    /// Writes the result of a command. Returns whether it was written: it is not if another node has claimed the work
    /// since.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn finish_run(
        &mut self,
        item: WorkItem,
        schedule: &Schedule,
        status: ScheduleRunStatus,
        report: &RunReport,
        ran: &Ran,
    ) -> Result<bool, StoreError> {
        if !self.drop_work(item, &ran.node).await? {
            return Ok(false);
        }
        // A host that started work in the product, and then died: the result is written at the end of the work.
        if self.is_followed(item).await? {
            return Ok(true);
        }
        self.record_run(item, schedule, status, report, ran).await?;
        Ok(true)
    }

    /// Writes the result of a due time that no host claimed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn record_run(
        &mut self,
        item: WorkItem,
        schedule: &Schedule,
        status: ScheduleRunStatus,
        report: &RunReport,
        ran: &Ran,
    ) -> Result<(), StoreError> {
        let NewSchedule { name, site_id, parameters, .. } = &schedule.what;
        let first = sqlx::query(
            "INSERT INTO schedule_runs (schedule_id, site_id, name, due_at, started_at, ended_at, status, input, output,
                 error, request_id, node)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING",
        )
        .bind(item.schedule)
        .bind(*site_id)
        .bind(name)
        .bind(item.due_at)
        .bind(ran.started_at)
        .bind(ran.ended_at)
        .bind(status.as_str())
        .bind(json(parameters)?)
        .bind(&report.output)
        .bind(report.error.as_deref())
        .bind(&report.request_id)
        .bind(&ran.node)
        .execute(&mut *self.connection)
        .await?;
        if first.rows_affected() == 1 {
            let latency_ms = ran.ended_at.milliseconds_since(ran.started_at);
            let error = report.error.clone().map(|tab| CheckError { tab, code: None });
            let check = CheckResult { latency_ms, error, expiring: None };
            self.apply(schedule, &check, ran.ended_at).await?;
        }
        Ok(())
    }

    /// Updates the schedule's health with a result, and opens or closes its alerts.
    async fn apply(&mut self, schedule: &Schedule, check: &CheckResult, now: Moment) -> Result<(), StoreError> {
        let known = self.health_of(schedule.id).await?;
        let is_new = known.is_none();
        let mut health = known.unwrap_or_else(|| Health::unknown(now));
        // A failure without a destination counts too: a destination that is named later gets the next one.
        let notice = health.after(check, now, schedule.what.alert_rules());
        if is_new {
            self.insert_health(schedule.id, &health).await?;
        } else {
            self.update_health(schedule.id, &health).await?;
        }
        match notice {
            Some(HealthNotice::Alert(reason)) => {
                let detail = health.last_error.as_deref().unwrap_or_default();
                self.open_alerts(schedule, reason, detail, now).await
            }
            Some(HealthNotice::Recovered) => self.close_alerts(schedule.id, now).await,
            None => Ok(()),
        }
    }

    /// The health of schedule `id` after its latest result. `None` if it never ran.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn health_of(&mut self, id: ScheduleId) -> Result<Option<Health>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM health WHERE schedule_id = $1"));
        Ok(sqlx::query_as(sql).bind(id).fetch_optional(&mut *self.connection).await?)
    }

    /// The health of `schedule` now. `None` if it never ran.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn health_now(&mut self, schedule: &Schedule) -> Result<Option<Health>, StoreError> {
        let now = self.now().await?;
        Ok(self.health_of(schedule.id).await?.map(|health| health.as_of(now, schedule.what.cadence.interval())))
    }

    /// All schedules of a kind by name, each with its health now. `None` for a schedule that never ran.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn health_table(&mut self, kind: ScheduleKind) -> Result<Vec<(Schedule, Option<Health>)>, StoreError> {
        self.schedules_with_health("schedules.kind = $1", kind.as_str().to_owned()).await
    }

    /// The health checks of these connections, each with its health now. `None` for a check that never ran.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn health_checks_of(
        &mut self,
        connections: &[ConnectionId],
    ) -> Result<Vec<(Schedule, Option<Health>)>, StoreError> {
        let ids = self.engine.integers_of("$1");
        let condition = format!("schedules.kind = 'Health Check' AND schedules.connection_id IN ({ids})");
        self.schedules_with_health(&condition, identifiers(connections)).await
    }

    /// The schedules with this condition on `$1`, by name.
    async fn schedules_with_health(
        &mut self,
        condition: &str,
        value: String,
    ) -> Result<Vec<(Schedule, Option<Health>)>, StoreError> {
        let now = self.now().await?;
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {}, {COLUMNS} FROM schedules LEFT JOIN health ON health.schedule_id = schedules.id
             WHERE {condition} ORDER BY schedules.name_key, schedules.id",
            schedules::COLUMNS
        ));
        let query = sqlx::query_as::<_, ScheduleHealth>(sql).bind(value);
        let rows = query.fetch_all(&mut *self.connection).await?;
        let shown = |row: ScheduleHealth| {
            let schedule = Schedule::from(row.schedule);
            let interval = schedule.what.cadence.interval();
            let health = row.health.0.map(|health| health.as_of(now, interval));
            (schedule, health)
        };
        Ok(rows.into_iter().map(shown).collect())
    }

    /// The number of active health checks in each state now.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn health_counts(&mut self) -> Result<Vec<(HealthState, i64)>, StoreError> {
        let now = self.now().await?;
        let sql = format!(
            "SELECT {} AS known, CAST(COUNT(*) AS BIGINT) AS schedules
             FROM schedules LEFT JOIN health ON health.schedule_id = schedules.id
             WHERE schedules.kind = 'Health Check' AND schedules.active = 1 GROUP BY known",
            state_sql(("health", "schedules"), "$1", "$2"),
        );
        let rows = sqlx::query_as::<_, ScheduleStateRow>(sqlx::AssertSqlSafe(sql))
            .bind(now)
            .bind(now + CLOCK_TOLERANCE)
            .fetch_all(&mut *self.connection)
            .await?;
        let count = |state| rows.iter().find(|row| row.known == state).map_or(0, |row| row.schedules);
        Ok(HealthState::ALL.iter().map(|state| (*state, count(*state))).collect())
    }

    async fn insert_health(&mut self, id: ScheduleId, health: &Health) -> Result<(), StoreError> {
        let sql = "INSERT INTO health (state, since, last_check_at, last_proof_at, last_error, last_error_code,
                       last_error_at, notice, latency_ms, failures, successes, recent, recent_count, alerted,
                       schedule_id)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
        bind_all(sqlx::query(sql), health).bind(id).execute(&mut *self.connection).await?;
        Ok(())
    }

    async fn update_health(&mut self, id: ScheduleId, health: &Health) -> Result<(), StoreError> {
        let sql = "UPDATE health SET state = $1, since = $2, last_check_at = $3, last_proof_at = $4, last_error = $5,
                       last_error_code = $6, last_error_at = $7, notice = $8, latency_ms = $9, failures = $10,
                       successes = $11, recent = $12, recent_count = $13, alerted = $14
                   WHERE schedule_id = $15";
        bind_all(sqlx::query(sql), health).bind(id).execute(&mut *self.connection).await?;
        Ok(())
    }
}

type AnyQuery<'q> = sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>;

fn bind_all<'q>(query: AnyQuery<'q>, health: &'q Health) -> AnyQuery<'q> {
    query
        .bind(health.state.as_str())
        .bind(health.since)
        .bind(health.last_check_at)
        .bind(health.last_proof_at)
        .bind(health.last_error.as_deref())
        .bind(health.last_error_code.as_deref())
        .bind(health.last_error_at)
        .bind(health.notice.as_deref())
        .bind(health.latency_ms)
        .bind(health.failures)
        .bind(health.successes)
        .bind(health.recent)
        .bind(health.recent_count)
        .bind(health.alerted)
}

#[cfg(all(test, feature = "testing"))]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on can only end")]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::TestStore;

    #[tokio::test]
    async fn the_state_in_sql_is_the_state_of_the_model_on_both_engines() {
        let sql = format!(
            "SELECT {} FROM (SELECT CAST($3 AS TEXT) AS state, CAST($4 AS BIGINT) AS last_proof_at) h,
                            (SELECT CAST($5 AS BIGINT) AS interval_ms) k",
            state_sql(("h", "k"), "CAST($1 AS BIGINT)", "CAST($2 AS BIGINT)")
        );
        for test in TestStore::on_both().await {
            let mut reader = test.store.reader().await.unwrap();
            let mut records = reader.records();
            for state in HealthState::ALL.iter().filter(|state| **state != HealthState::Stale) {
                for (proof, now) in [(1000, 1200), (1000, 1201), (61_000, 1000), (61_001, 1000), (1000, 999_999)] {
                    for interval in [Some(100_i64), None] {
                        let (now, last_proof_at) = (Moment(now), Some(Moment(proof)));
                        let health = Health { state: *state, last_proof_at, ..Health::unknown(Moment(1)) };
                        let of_model =
                            health.as_of(now, interval.map(|ms| Duration::from_millis(ms.unsigned_abs()))).state;
                        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql.as_str())).bind(now);
                        let query = query.bind(now + CLOCK_TOLERANCE).bind(state.as_str()).bind(proof).bind(interval);
                        let of_sql: String = query.fetch_one(&mut *records.connection).await.unwrap();
                        assert_eq!(of_sql, of_model.as_str(), "{state} {proof} {now:?} {interval:?}");
                    }
                }
            }
        }
    }
}
