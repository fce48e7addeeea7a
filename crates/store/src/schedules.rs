//! Schedules in the store.

use super::columns::{Flag, Json, from_row, json};
use super::{Records, StoreError};
use crate::model::name::name_key;
use soar_connector::RawParameters;

use crate::model::{
    Cadence, ConnectionId, Destination, Moment, NewSchedule, Schedule, ScheduleId, ScheduleKind, SiteId, UserId,
};

pub(super) const COLUMNS: &str = "schedules.id, schedules.kind, schedules.name, schedules.site_id, \
     schedules.connection_id, schedules.server, schedules.user_id, schedules.command, schedules.parameters, \
     schedules.repeatable, schedules.interval_ms, schedules.cron, schedules.time_zone, schedules.active, \
     schedules.alert_to, schedules.alert_after, schedules.recover_after, schedules.slow_ms, \
     schedules.next_due_at, schedules.run_soon_at";

/// Which schedules to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleFilter {
    /// All of this kind.
    Kind(ScheduleKind),
    /// All of this connection.
    Connection(ConnectionId),
}

impl Records<'_> {
    /// Creates a schedule. Its first due time is within a minute, unless it has a cron expression.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when the site has a schedule of that name, or the connection has a health check.
    pub async fn create_schedule(&mut self, new: &NewSchedule) -> Result<Schedule, StoreError> {
        let now = self.now().await?;
        let sql = sqlx::AssertSqlSafe(format!(
            "INSERT INTO schedules (kind, name, name_key, site_id, connection_id, server, user_id, command, parameters,
                 repeatable, interval_ms, cron, time_zone, active, alert_to, alert_after, recover_after, slow_ms,
                 next_due_at, created_at, modified_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $20)
             RETURNING {COLUMNS}"
        ));
        let row = bind_all(sqlx::query_as::<_, ScheduleRow>(sql), new)?
            .bind(now)
            .bind(now)
            .fetch_one(&mut *self.connection)
            .await
            .map_err(|error| StoreError::or_duplicate(error, "schedule", &new.name))?;
        let mut schedule = Schedule::from(row);
        // The first due time depends on the id.
        schedule.next_due_at = first_due(&schedule.what.cadence, schedule.id, now)?;
        self.set_next_due(schedule.id, schedule.next_due_at).await?;
        Ok(schedule)
    }

    /// Changes the schedule `id`. Its due times change with its cadence, or when it is activated.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Duplicate`] when the site has another schedule of that name.
    pub async fn change_schedule(&mut self, id: ScheduleId, changed: &NewSchedule) -> Result<Schedule, StoreError> {
        let now = self.now().await?;
        let before = self.schedule(id).await?;
        let moved = before.what.cadence != changed.cadence || (changed.active && !before.what.active);
        let next_due_at = if moved { first_due(&changed.cadence, id, now)? } else { before.next_due_at };
        let sql = sqlx::AssertSqlSafe(format!(
            "UPDATE schedules SET kind = $1, name = $2,
                 name_key = CASE WHEN name = $2 THEN name_key ELSE $3 END, site_id = $4, connection_id = $5, server = $6,
                 user_id = $7, command = $8, parameters = $9, repeatable = $10, interval_ms = $11, cron = $12,
                 time_zone = $13, active = $14, alert_to = $15, alert_after = $16, recover_after = $17, slow_ms = $18,
                 next_due_at = $19, modified_at = $20,
                 run_soon_at = CASE WHEN CAST($14 AS BIGINT) = 1 THEN run_soon_at END
             WHERE id = $21 RETURNING {COLUMNS}"
        ));
        let row = bind_all(sqlx::query_as::<_, ScheduleRow>(sql), changed)?
            .bind(next_due_at)
            .bind(now)
            .bind(id)
            .fetch_one(&mut *self.connection)
            .await
            .map_err(|error| StoreError::or_duplicate(error, "schedule", &changed.name))?;
        if !changed.active {
            self.forget_alerts(id).await?;
        }
        Ok(row.into())
    }

    /// Sets the health check of a connection: changes the existing one, or creates one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_health_check(&mut self, check: &NewSchedule) -> Result<Schedule, StoreError> {
        match self.health_check(check.connection_id).await? {
            Some(before) if before.what == *check => Ok(before),
            Some(before) => self.change_schedule(before.id, check).await,
            None => self.create_schedule(check).await,
        }
    }

    /// The health check of a connection, active or not.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn health_check(&mut self, connection: ConnectionId) -> Result<Option<Schedule>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM schedules WHERE connection_id = $1 AND kind = 'Health Check'"
        ));
        let row = sqlx::query_as::<_, ScheduleRow>(sql).bind(connection).fetch_optional(&mut *self.connection).await?;
        Ok(row.map(Schedule::from))
    }

    /// The schedule `id`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn schedule(&mut self, id: ScheduleId) -> Result<Schedule, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM schedules WHERE id = $1"));
        let row = sqlx::query_as::<_, ScheduleRow>(sql).bind(id).fetch_optional(&mut *self.connection).await?;
        row.map(Schedule::from).ok_or_else(|| StoreError::not_found("schedule", id.to_string()))
    }

    /// The wanted schedules, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn schedules(&mut self, filter: ScheduleFilter) -> Result<Vec<Schedule>, StoreError> {
        let condition = match filter {
            ScheduleFilter::Kind(_) => "kind = $1",
            ScheduleFilter::Connection(_) => "connection_id = $1",
        };
        let sql =
            sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM schedules WHERE {condition} ORDER BY name_key, id"));
        let query = match filter {
            ScheduleFilter::Kind(kind) => sqlx::query_as::<_, ScheduleRow>(sql).bind(kind.as_str()),
            ScheduleFilter::Connection(connection) => sqlx::query_as::<_, ScheduleRow>(sql).bind(connection),
        };
        Ok(query.fetch_all(&mut *self.connection).await?.into_iter().map(Schedule::from).collect())
    }

    /// Makes the schedule `id` due now, beside its due times. A schedule that is due already, or was asked for before,
    /// runs once for both.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn run_soon(&mut self, id: ScheduleId) -> Result<(), StoreError> {
        let now = self.now().await?;
        let sql = "UPDATE schedules SET run_soon_at = $1
                   WHERE id = $2 AND active = 1 AND next_due_at > $1 AND run_soon_at IS NULL";
        sqlx::query(sql).bind(now).bind(id).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Moves the cron expressions of a site's schedules to another time zone, from now on.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(super) async fn move_schedules(&mut self, site: SiteId, time_zone: &str) -> Result<(), StoreError> {
        for schedule in self.schedules(ScheduleFilter::Kind(ScheduleKind::Command)).await? {
            let Schedule { id, mut what, .. } = schedule;
            let Cadence::Cron { time_zone: before, .. } = &mut what.cadence else { continue };
            if what.site_id == Some(site) && before != time_zone {
                time_zone.clone_into(before);
                self.change_schedule(id, &what).await?;
            }
        }
        Ok(())
    }

    /// Deletes the schedule `id`, its due work and its alerts. Its log stays.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_schedule(&mut self, id: ScheduleId) -> Result<(), StoreError> {
        self.forget_alerts(id).await?;
        let done = sqlx::query("DELETE FROM schedules WHERE id = $1").bind(id).execute(&mut *self.connection).await?;
        if done.rows_affected() == 0 { Err(StoreError::not_found("schedule", id.to_string())) } else { Ok(()) }
    }

    /// Deletes all schedules of a connection, and its health.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn delete_schedules_of(&mut self, connection: ConnectionId) -> Result<(), StoreError> {
        for schedule in self.schedules(ScheduleFilter::Connection(connection)).await? {
            self.delete_schedule(schedule.id).await?;
        }
        for sql in ["DELETE FROM checks WHERE connection_id = $1", "DELETE FROM check_hours WHERE connection_id = $1"] {
            sqlx::query(sql).bind(connection).execute(&mut *self.connection).await?;
        }
        Ok(())
    }

    pub(super) async fn set_next_due(&mut self, id: ScheduleId, next_due_at: Moment) -> Result<(), StoreError> {
        sqlx::query("UPDATE schedules SET next_due_at = $1 WHERE id = $2")
            .bind(next_due_at)
            .bind(id)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }
}

type ScheduleQuery<'q> = sqlx::query::QueryAs<'q, sqlx::Any, ScheduleRow, sqlx::any::AnyArguments>;

/// Binds a schedule's fields as `$1` to `$18`.
fn bind_all<'q>(query: ScheduleQuery<'q>, new: &'q NewSchedule) -> Result<ScheduleQuery<'q>, StoreError> {
    let (interval_ms, cron, time_zone) = match &new.cadence {
        Cadence::Every { interval_ms } => (Some(*interval_ms), None, None),
        Cadence::Cron { expression, time_zone } => (None, Some(expression.as_str()), Some(time_zone.as_str())),
    };
    Ok(query
        .bind(new.kind.as_str())
        .bind(&new.name)
        .bind(name_key(&new.name))
        .bind(new.site_id)
        .bind(new.connection_id)
        .bind(&new.server)
        .bind(new.user_id)
        .bind(&new.command)
        .bind(json(&new.parameters)?)
        .bind(i64::from(new.repeatable))
        .bind(interval_ms)
        .bind(cron)
        .bind(time_zone)
        .bind(i64::from(new.active))
        .bind(json(&new.alert_to)?)
        .bind(new.alert_after)
        .bind(new.recover_after)
        .bind(new.slow_ms))
}

fn first_due(cadence: &Cadence, id: ScheduleId, now: Moment) -> Result<Moment, StoreError> {
    cadence.first_due(id, now).map_err(StoreError::Unreadable)
}

pub(super) struct ScheduleRow {
    id: ScheduleId,
    kind: ScheduleKind,
    name: String,
    site_id: Option<SiteId>,
    connection_id: ConnectionId,
    server: String,
    user_id: Option<UserId>,
    command: String,
    parameters: Json<RawParameters>,
    repeatable: bool,
    interval_ms: Option<i64>,
    cron: Option<String>,
    time_zone: Option<String>,
    active: bool,
    alert_to: Json<Vec<Destination>>,
    alert_after: i64,
    recover_after: i64,
    slow_ms: i64,
    next_due_at: Moment,
    run_soon_at: Option<Moment>,
}

from_row! {
    ScheduleRow: id, kind, name, site_id, connection_id, server, user_id, command, parameters, repeatable as Flag,
        interval_ms, cron, time_zone, active as Flag, alert_to, alert_after, recover_after, slow_ms, next_due_at,
        run_soon_at,
}

impl From<ScheduleRow> for Schedule {
    fn from(row: ScheduleRow) -> Self {
        let cadence = match row.interval_ms {
            Some(interval_ms) => Cadence::Every { interval_ms },
            None => {
                Cadence::Cron { expression: row.cron.unwrap_or_default(), time_zone: row.time_zone.unwrap_or_default() }
            }
        };
        Self {
            id: row.id,
            what: NewSchedule {
                kind: row.kind,
                name: row.name,
                site_id: row.site_id,
                connection_id: row.connection_id,
                server: row.server,
                user_id: row.user_id,
                command: row.command,
                parameters: row.parameters.0,
                repeatable: row.repeatable,
                cadence,
                active: row.active,
                alert_to: row.alert_to.0,
                alert_after: row.alert_after,
                recover_after: row.recover_after,
                slow_ms: row.slow_ms,
            },
            next_due_at: row.next_due_at,
            run_soon_at: row.run_soon_at,
        }
    }
}
