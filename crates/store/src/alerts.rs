//! Alerts in the store: who is to be told of what, and who waits to hear that it is over.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Records, StoreError, schedules};
use crate::model::{AlertReason, Destination, Group, MessageContent, MessageItem, Schedule, ScheduleKind, Tell};

impl Records<'_> {
    pub(super) async fn open_alerts(
        &mut self,
        schedule: &Schedule,
        reason: AlertReason,
        detail: &str,
        now: i64,
    ) -> Result<(), StoreError> {
        let what = &schedule.what;
        if what.alert_to.is_empty() {
            return Ok(());
        }
        let subject = match what.kind {
            ScheduleKind::HealthCheck => format!("Connection {}", what.name),
            ScheduleKind::Command => format!("Schedule {}", what.name),
        };
        let site = match what.site_id {
            Some(site) => sqlx::query("SELECT name FROM sites WHERE id = $1")
                .bind(site)
                .fetch_optional(&mut *self.connection)
                .await?
                .map(|row| row.try_get::<String, _>(0))
                .transpose()?
                .unwrap_or_default(),
            None => "Shared to internal sites".to_owned(),
        };
        for destination in &what.alert_to {
            // Who was told that it fails, and not yet that it recovered, need not hear either again.
            sqlx::query(
                "INSERT INTO alerts (destination, server, schedule_id, subject, site, reason, detail, opened_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                 ON CONFLICT (destination, server, schedule_id) DO UPDATE
                 SET closed_at = NULL, reason = excluded.reason, detail = excluded.detail",
            )
            .bind(destination.to_string())
            .bind(&what.server)
            .bind(schedule.id)
            .bind(&subject)
            .bind(&site)
            .bind(reason.as_str())
            .bind(detail)
            .bind(now)
            .execute(&mut *self.connection)
            .await?;
        }
        Ok(())
    }

    pub(super) async fn close_alerts(&mut self, schedule: i64, now: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE alerts SET closed_at = $1 WHERE schedule_id = $2 AND closed_at IS NULL")
            .bind(now)
            .bind(schedule)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// Forgets the alerts of a schedule that ends: nobody is told any more, and if it starts again it starts afresh.
    pub(super) async fn forget_alerts(&mut self, schedule: i64) -> Result<(), StoreError> {
        for sql in [
            "DELETE FROM alerts WHERE schedule_id = $1",
            "UPDATE health SET alerted = 0, failures = 0, successes = 0, recent = 0, recent_count = 0
             WHERE schedule_id = $1",
        ] {
            sqlx::query(sql).bind(schedule).execute(&mut *self.connection).await?;
        }
        Ok(())
    }

    /// The groups of alerts of which somebody may have to be told something.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn alert_groups(&mut self) -> Result<Vec<Group>, StoreError> {
        let rows = sqlx::query(
            "SELECT DISTINCT destination, server FROM alerts WHERE announced_at IS NULL OR closed_at IS NOT NULL
             ORDER BY destination, server",
        )
        .fetch_all(&mut *self.connection)
        .await?;
        let mut groups = Vec::with_capacity(rows.len());
        for row in &rows {
            groups.push(self.alert_group(&row.try_get::<String, _>(0)?, &row.try_get::<String, _>(1)?).await?);
        }
        Ok(groups)
    }

    async fn alert_group(&mut self, destination: &str, server: &str) -> Result<Group, StoreError> {
        let row = sqlx::query(
            "SELECT CAST(COALESCE(MIN(CASE WHEN announced_at IS NULL THEN opened_at END), -1) AS BIGINT),
                    CAST(COALESCE(MIN(CASE WHEN announced_at IS NULL AND closed_at IS NULL THEN opened_at END), -1)
                         AS BIGINT),
                    CAST(COALESCE(MAX(announced_at), -1) AS BIGINT),
                    CAST(COALESCE(MIN(CASE WHEN announced_at IS NOT NULL THEN closed_at END), -1) AS BIGINT),
                    CAST(SUM(CASE WHEN closed_at IS NULL THEN 1 ELSE 0 END) AS BIGINT)
             FROM alerts WHERE destination = $1 AND server = $2",
        )
        .bind(destination)
        .bind(server)
        .fetch_one(&mut *self.connection)
        .await?;
        let moment = |at: usize| Ok::<_, StoreError>(Some(row.try_get::<i64, _>(at)?).filter(|moment| *moment >= 0));
        Ok(Group {
            destination: destination.parse::<Destination>().map_err(StoreError::Unreadable)?,
            server: server.to_owned(),
            waiting_since: moment(0)?,
            waiting_open_since: moment(1)?,
            announced_at: moment(2)?,
            closed_since: moment(3)?,
            open: row.try_get::<Option<i64>, _>(4)?.unwrap_or(0),
        })
    }

    /// Locks a group of alerts, lets `decide` look at it, and writes the message that it decides on, under `id`;
    /// whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn tell(
        &mut self,
        group: &Group,
        id: &str,
        now: i64,
        decide: impl Fn(&Group) -> Option<Tell> + Send,
    ) -> Result<bool, StoreError> {
        let destination = group.destination.to_string();
        let lock = sqlx::AssertSqlSafe(format!(
            "SELECT schedule_id FROM alerts WHERE destination = $1 AND server = $2 ORDER BY schedule_id{}",
            self.engine.for_update()
        ));
        sqlx::query(lock).bind(&destination).bind(&group.server).fetch_all(&mut *self.connection).await?;
        let group = self.alert_group(&destination, &group.server).await?;
        let Some(tell) = decide(&group) else { return Ok(false) };
        // Changed and read by one statement: what is opened beside it is either in the message or waits for the next.
        let change = match tell {
            Tell::Failed if group.announced_at.is_none() => {
                "UPDATE alerts SET announced_at = $3 WHERE destination = $1 AND server = $2 AND announced_at IS NULL"
            }
            Tell::Failed => {
                "UPDATE alerts SET announced_at = $3
                 WHERE destination = $1 AND server = $2 AND announced_at IS NULL AND closed_at IS NULL"
            }
            Tell::Recovered => "DELETE FROM alerts WHERE destination = $1 AND server = $2 AND closed_at <= $3",
        };
        let sql =
            sqlx::AssertSqlSafe(format!("{change} RETURNING subject, site, reason, detail, opened_at, closed_at"));
        let rows =
            sqlx::query(sql).bind(&destination).bind(&group.server).bind(now).fetch_all(&mut *self.connection).await?;
        if rows.is_empty() {
            return Ok(false);
        }
        let mut items: Vec<MessageItem> = rows.iter().map(read).collect::<Result<_, _>>()?;
        items.sort_by(|one, other| (&one.subject, &one.site).cmp(&(&other.subject, &other.site)));
        let still_failing = if tell == Tell::Recovered { group.open } else { 0 };
        let content = MessageContent { tell, server: group.server.clone(), at: now, still_failing, items };
        self.create_message(id, &group.destination, &schedules::json(&content)?, now).await?;
        Ok(true)
    }
}

fn read(row: &AnyRow) -> Result<MessageItem, StoreError> {
    Ok(MessageItem {
        subject: row.try_get(0)?,
        site: row.try_get(1)?,
        reason: row.try_get::<String, _>(2)?.parse::<AlertReason>().map_err(StoreError::Unreadable)?,
        detail: row.try_get(3)?,
        since: row.try_get(4)?,
        recovered_at: row.try_get(5)?,
    })
}
