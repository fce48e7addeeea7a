//! Schedules in the store.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Records, StoreError};
use crate::model::{Cadence, NewSchedule, Schedule, ScheduleKind};

pub(super) const COLUMNS: &str = "schedules.id, schedules.kind, schedules.name, schedules.site_id, \
     schedules.connection_id, schedules.server, schedules.user_id, schedules.command, schedules.parameters, \
     schedules.repeatable, schedules.interval_ms, schedules.cron, schedules.time_zone, schedules.active, \
     schedules.alert_to, schedules.alert_after, schedules.slow_ms, schedules.next_due_at";

/// Which schedules are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleFilter {
    /// All of a kind.
    Kind(ScheduleKind),
    /// All of a connection.
    Connection(i64),
}

impl Records<'_> {
    /// Makes a schedule; its first run is soon.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when the site has a schedule of that name, or the connection a health check.
    pub async fn create_schedule(&mut self, new: &NewSchedule) -> Result<Schedule, StoreError> {
        let now = self.now().await?;
        let sql = sqlx::AssertSqlSafe(format!(
            "INSERT INTO schedules (kind, name, name_key, site_id, connection_id, server, user_id, command, parameters,
                 repeatable, interval_ms, cron, time_zone, active, alert_to, alert_after, slow_ms, next_due_at,
                 created_at, modified_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19)
             RETURNING {COLUMNS}"
        ));
        let row = bind_all(sqlx::query(sql), new)?
            .bind(now)
            .bind(now)
            .fetch_one(&mut *self.connection)
            .await
            .map_err(|error| StoreError::or_duplicate(error, "schedule", &new.name))?;
        let mut schedule = read(&row)?;
        // Where in its interval it runs depends on its number.
        schedule.next_due_at = first_due(&schedule.what.cadence, schedule.id, now)?;
        self.set_next_due(schedule.id, schedule.next_due_at).await?;
        Ok(schedule)
    }

    /// Makes schedule number `id` what `changed` says, from now on: what waits to run and is no longer meant to is
    /// dropped.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Duplicate`] when the site has another schedule of that name.
    pub async fn change_schedule(&mut self, id: i64, changed: &NewSchedule) -> Result<Schedule, StoreError> {
        let now = self.now().await?;
        let before = self.schedule(id).await?;
        let moved = before.what.cadence != changed.cadence || (changed.active && !before.what.active);
        let next_due_at = if moved { first_due(&changed.cadence, id, now)? } else { before.next_due_at };
        let sql = sqlx::AssertSqlSafe(format!(
            "UPDATE schedules SET kind = $1, name = $2, name_key = $3, site_id = $4, connection_id = $5, server = $6,
                 user_id = $7, command = $8, parameters = $9, repeatable = $10, interval_ms = $11, cron = $12,
                 time_zone = $13, active = $14, alert_to = $15, alert_after = $16, slow_ms = $17, next_due_at = $18,
                 modified_at = $19
             WHERE id = $20 RETURNING {COLUMNS}"
        ));
        let row = bind_all(sqlx::query(sql), changed)?
            .bind(next_due_at)
            .bind(now)
            .bind(id)
            .fetch_one(&mut *self.connection)
            .await
            .map_err(|error| StoreError::or_duplicate(error, "schedule", &changed.name))?;
        if !changed.active {
            self.forget_alerts(id).await?;
        }
        read(&row)
    }

    /// Makes the health check of a connection what `check` says: the one that there is, or a new one.
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
    pub async fn health_check(&mut self, connection: i64) -> Result<Option<Schedule>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM schedules WHERE connection_id = $1 AND kind = 'Health Check'"
        ));
        let row = sqlx::query(sql).bind(connection).fetch_optional(&mut *self.connection).await?;
        row.as_ref().map(read).transpose()
    }

    /// Schedule number `id`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn schedule(&mut self, id: i64) -> Result<Schedule, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM schedules WHERE id = $1"));
        let row = sqlx::query(sql).bind(id).fetch_optional(&mut *self.connection).await?;
        row.as_ref().map(read).transpose()?.ok_or_else(|| StoreError::not_found("schedule", id.to_string()))
    }

    /// The schedule of a command of that name on a site.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn schedule_by_name(&mut self, site: i64, name: &str) -> Result<Schedule, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM schedules WHERE site_id = $1 AND name_key = $2 AND kind = 'Command'"
        ));
        let row = sqlx::query(sql).bind(site).bind(name.to_lowercase()).fetch_optional(&mut *self.connection).await?;
        row.as_ref().map(read).transpose()?.ok_or_else(|| StoreError::not_found("schedule", name))
    }

    /// The schedules asked for, by name.
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
            ScheduleFilter::Kind(kind) => sqlx::query(sql).bind(kind.as_str()),
            ScheduleFilter::Connection(connection) => sqlx::query(sql).bind(connection),
        };
        query.fetch_all(&mut *self.connection).await?.iter().map(read).collect()
    }

    /// Makes schedule number `id` due now, unless it is due before; its other due times stay.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn run_soon(&mut self, id: i64) -> Result<(), StoreError> {
        let now = self.now().await?;
        sqlx::query("UPDATE schedules SET next_due_at = $1 WHERE id = $2 AND active = 1 AND next_due_at > $1")
            .bind(now)
            .bind(id)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// Has the cron expressions of a site's schedules count in another time zone, from now on.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(super) async fn move_schedules(&mut self, site: i64, time_zone: &str) -> Result<(), StoreError> {
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

    /// Deletes schedule number `id`, what waits of it, and its alerts; its log stays.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_schedule(&mut self, id: i64) -> Result<(), StoreError> {
        self.forget_alerts(id).await?;
        let done = sqlx::query("DELETE FROM schedules WHERE id = $1").bind(id).execute(&mut *self.connection).await?;
        if done.rows_affected() == 0 { Err(StoreError::not_found("schedule", id.to_string())) } else { Ok(()) }
    }

    /// Deletes all schedules of a connection, and what is known of its health.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn delete_schedules_of(&mut self, connection: i64) -> Result<(), StoreError> {
        for schedule in self.schedules(ScheduleFilter::Connection(connection)).await? {
            self.delete_schedule(schedule.id).await?;
        }
        for sql in ["DELETE FROM checks WHERE connection_id = $1", "DELETE FROM check_hours WHERE connection_id = $1"] {
            sqlx::query(sql).bind(connection).execute(&mut *self.connection).await?;
        }
        Ok(())
    }

    pub(super) async fn set_next_due(&mut self, id: i64, next_due_at: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE schedules SET next_due_at = $1 WHERE id = $2")
            .bind(next_due_at)
            .bind(id)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }
}

type AnyQuery<'q> = sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>;

/// Binds what a schedule is as `$1` to `$17`.
fn bind_all<'q>(query: AnyQuery<'q>, new: &'q NewSchedule) -> Result<AnyQuery<'q>, StoreError> {
    let (interval_ms, cron, time_zone) = match &new.cadence {
        Cadence::Every { interval_ms } => (Some(*interval_ms), None, None),
        Cadence::Cron { expression, time_zone } => (None, Some(expression.as_str()), Some(time_zone.as_str())),
    };
    Ok(query
        .bind(new.kind.as_str())
        .bind(&new.name)
        .bind(new.name.to_lowercase())
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
        .bind(new.slow_ms))
}

fn first_due(cadence: &Cadence, id: i64, now: i64) -> Result<i64, StoreError> {
    cadence.first_due(id, now).map_err(StoreError::Unreadable)
}

/// `value` as the store keeps it.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unreadable(error.to_string()))
}

pub(super) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Unreadable(error.to_string()))
}

pub(super) fn read(row: &AnyRow) -> Result<Schedule, StoreError> {
    let cadence = match row.try_get::<Option<i64>, _>(10)? {
        Some(interval_ms) => Cadence::Every { interval_ms },
        None => Cadence::Cron { expression: row.try_get(11)?, time_zone: row.try_get(12)? },
    };
    Ok(Schedule {
        id: row.try_get(0)?,
        what: NewSchedule {
            kind: row.try_get::<String, _>(1)?.parse().map_err(StoreError::Unreadable)?,
            name: row.try_get(2)?,
            site_id: row.try_get(3)?,
            connection_id: row.try_get(4)?,
            server: row.try_get(5)?,
            user_id: row.try_get(6)?,
            command: row.try_get(7)?,
            parameters: from_json(&row.try_get::<String, _>(8)?)?,
            repeatable: row.try_get::<i64, _>(9)? == 1,
            cadence,
            active: row.try_get::<i64, _>(13)? == 1,
            alert_to: from_json(&row.try_get::<String, _>(14)?)?,
            alert_after: row.try_get(15)?,
            slow_ms: row.try_get(16)?,
        },
        next_due_at: row.try_get(17)?,
    })
}
