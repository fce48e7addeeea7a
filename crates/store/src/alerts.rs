//! Alerts in the store: who is to be told of what, and who waits to hear that it is over.

use super::columns::json;
use super::{Records, StoreError};
use crate::model::{
    AlertReason, Destination, Group, MessageContent, MessageItem, Moment, Schedule, ScheduleId, ScheduleKind, Tell,
};

/// Whom a group of alerts is for, and which server it is about.
#[derive(sqlx::FromRow)]
struct GroupKey {
    destination: Destination,
    server: String,
}

/// What a group's alerts come to.
#[derive(sqlx::FromRow)]
struct GroupRow {
    waiting_since: Option<Moment>,
    waiting_open_since: Option<Moment>,
    announced_at: Option<Moment>,
    closed_since: Option<Moment>,
    open: i64,
}

impl Records<'_> {
    pub(super) async fn open_alerts(
        &mut self,
        schedule: &Schedule,
        reason: AlertReason,
        detail: &str,
        now: Moment,
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
            Some(site) => {
                let query = sqlx::query_scalar("SELECT name FROM sites WHERE id = $1").bind(site);
                query.fetch_optional(&mut *self.connection).await?.unwrap_or_default()
            }
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
            .bind(destination)
            .bind(&what.server)
            .bind(schedule.id)
            .bind(&subject)
            .bind(&site)
            .bind(reason)
            .bind(detail)
            .bind(now)
            .execute(&mut *self.connection)
            .await?;
        }
        Ok(())
    }

    pub(super) async fn close_alerts(&mut self, schedule: ScheduleId, now: Moment) -> Result<(), StoreError> {
        sqlx::query("UPDATE alerts SET closed_at = $1 WHERE schedule_id = $2 AND closed_at IS NULL")
            .bind(now)
            .bind(schedule)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// Forgets the alerts of a schedule that ends: nobody is told any more, and if it starts again it starts afresh.
    pub(super) async fn forget_alerts(&mut self, schedule: ScheduleId) -> Result<(), StoreError> {
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
        let keys = sqlx::query_as::<_, GroupKey>(
            "SELECT DISTINCT destination, server FROM alerts WHERE announced_at IS NULL OR closed_at IS NOT NULL
             ORDER BY destination, server",
        )
        .fetch_all(&mut *self.connection)
        .await?;
        let mut groups = Vec::with_capacity(keys.len());
        for key in keys {
            groups.push(self.alert_group(&key.destination, &key.server).await?);
        }
        Ok(groups)
    }

    async fn alert_group(&mut self, destination: &Destination, server: &str) -> Result<Group, StoreError> {
        let counted = sqlx::query_as::<_, GroupRow>(
            "SELECT CAST(MIN(CASE WHEN announced_at IS NULL THEN opened_at END) AS BIGINT) AS waiting_since,
                    CAST(MIN(CASE WHEN announced_at IS NULL AND closed_at IS NULL THEN opened_at END) AS BIGINT)
                         AS waiting_open_since,
                    CAST(MAX(announced_at) AS BIGINT) AS announced_at,
                    CAST(MIN(CASE WHEN announced_at IS NOT NULL THEN closed_at END) AS BIGINT) AS closed_since,
                    CAST(COALESCE(SUM(CASE WHEN closed_at IS NULL THEN 1 ELSE 0 END), 0) AS BIGINT) AS open
             FROM alerts WHERE destination = $1 AND server = $2",
        );
        let row = counted.bind(destination).bind(server).fetch_one(&mut *self.connection).await?;
        Ok(Group {
            destination: destination.clone(),
            server: server.to_owned(),
            waiting_since: row.waiting_since,
            waiting_open_since: row.waiting_open_since,
            announced_at: row.announced_at,
            closed_since: row.closed_since,
            open: row.open,
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
        now: Moment,
        decide: impl Fn(&Group) -> Option<Tell> + Send,
    ) -> Result<bool, StoreError> {
        let destination = group.destination.clone();
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
        let query = sqlx::query_as::<_, MessageItem>(sql).bind(&destination).bind(&group.server).bind(now);
        let mut items = query.fetch_all(&mut *self.connection).await?;
        if items.is_empty() {
            return Ok(false);
        }
        items.sort_by(|one, other| (&one.subject, &one.site).cmp(&(&other.subject, &other.site)));
        let still_failing = if tell == Tell::Recovered { group.open } else { 0 };
        let content = MessageContent { tell, server: group.server.clone(), at: now, still_failing, items };
        self.create_message(id, &group.destination, &json(&content)?, now).await?;
        Ok(true)
    }
}
