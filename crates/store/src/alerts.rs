//! Alerts in the store: the messages that each destination is to get, and the failures whose recovery it was not told.

use super::columns::{from_row, json};
use super::{Records, StoreError};
use crate::model::{
    AlertEvent, AlertGroup, AlertReason, CLOCK_TOLERANCE, Destination, MessageContent, MessageItem, Moment, Schedule,
    ScheduleId, ScheduleKind,
};

/// An alert whose destination got no message about it, or one about a milder reason. The reason of an alert only gets
/// worse.
const WAITS: &str = "(told IS NULL OR told <> reason)";

/// A group's destination, server and kind.
struct GroupKey {
    destination: Destination,
    server: String,
    kind: ScheduleKind,
}

from_row! { GroupKey: destination, server, kind }

/// The counts and times of a group's alerts.
struct AlertGroupRow {
    waiting_since: Option<Moment>,
    waiting_open_since: Option<Moment>,
    waiting_failing_since: Option<Moment>,
    waiting_failing: i64,
    worse: i64,
    reported_failing: i64,
    announced_at: Option<Moment>,
    closed_since: Option<Moment>,
    open: i64,
}

from_row! {
    AlertGroupRow: waiting_since, waiting_open_since, waiting_failing_since, waiting_failing, worse, reported_failing,
        announced_at, closed_since, open,
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
            // A destination that got a message about the failure, and none about the recovery, gets no second one. An
            // outage is reported even where flapping was reported before.
            sqlx::query(
                "INSERT INTO alerts (destination, server, kind, schedule_id, subject, site, reason, detail, opened_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                 ON CONFLICT (destination, server, schedule_id) DO UPDATE
                 SET closed_at = NULL, detail = excluded.detail,
                     reason = CASE WHEN alerts.reason = 'Failing' THEN alerts.reason ELSE excluded.reason END",
            )
            .bind(destination)
            .bind(&what.server)
            .bind(what.kind)
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

    /// Deletes the alerts of a schedule that ends. No message about it is sent any more. If it starts again, its counts
    /// start at 0.
    pub(super) async fn forget_alerts(&mut self, schedule: ScheduleId) -> Result<(), StoreError> {
        for sql in [
            "DELETE FROM alerts WHERE schedule_id = $1",
            "UPDATE health SET alerted = NULL, failures = 0, successes = 0, recent = 0, recent_count = 0
             WHERE schedule_id = $1",
        ] {
            sqlx::query(sql).bind(schedule).execute(&mut *self.connection).await?;
        }
        Ok(())
    }

    /// The groups with a message to send, or with a recovery that waits.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn alert_groups(&mut self) -> Result<Vec<AlertGroup>, StoreError> {
        let keys = sqlx::query_as::<_, GroupKey>(
            "SELECT DISTINCT destination, server, kind FROM alerts
             WHERE told IS NULL OR told <> reason OR closed_at IS NOT NULL ORDER BY destination, server, kind",
        )
        .fetch_all(&mut *self.connection)
        .await?;
        let mut groups = Vec::with_capacity(keys.len());
        for key in keys {
            groups.push(self.alert_group(key).await?);
        }
        Ok(groups)
    }

    async fn alert_group(&mut self, key: GroupKey) -> Result<AlertGroup, StoreError> {
        let count =
            |condition: &str| format!("CAST(COALESCE(SUM(CASE WHEN {condition} THEN 1 ELSE 0 END), 0) AS BIGINT)");
        let open_failing = "closed_at IS NULL AND reason = 'Failing'";
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT CAST(MIN(CASE WHEN told IS NULL THEN opened_at END) AS BIGINT) AS waiting_since,
                    CAST(MIN(CASE WHEN told IS NULL AND closed_at IS NULL THEN opened_at END) AS BIGINT)
                         AS waiting_open_since,
                    CAST(MIN(CASE WHEN told IS NULL AND {open_failing} THEN opened_at END) AS BIGINT)
                         AS waiting_failing_since,
                    {} AS waiting_failing, {} AS worse, {} AS reported_failing, {} AS open,
                    CAST(MAX(announced_at) AS BIGINT) AS announced_at,
                    CAST(MIN(CASE WHEN announced_at IS NOT NULL THEN closed_at END) AS BIGINT) AS closed_since
             FROM alerts WHERE destination = $1 AND server = $2 AND kind = $3",
            count(&format!("told IS NULL AND {open_failing}")),
            count(&format!("told = 'Flapping' AND {open_failing}")),
            count(&format!("told = 'Failing' AND {open_failing}")),
            count("closed_at IS NULL"),
        ));
        let counted = sqlx::query_as::<_, AlertGroupRow>(sql).bind(&key.destination).bind(&key.server).bind(key.kind);
        let row = counted.fetch_one(&mut *self.connection).await?;
        Ok(AlertGroup {
            destination: key.destination,
            server: key.server,
            kind: key.kind,
            waiting_since: row.waiting_since,
            waiting_open_since: row.waiting_open_since,
            waiting_failing_since: row.waiting_failing_since,
            waiting_failing: row.waiting_failing,
            worse: row.worse,
            reported_failing: row.reported_failing,
            announced_at: row.announced_at,
            closed_since: row.closed_since,
            open: row.open,
        })
    }

    /// Sets future times of alerts, which a wrong clock wrote, to the current time. Returns the number of alerts.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn correct_alert_times(&mut self) -> Result<u64, StoreError> {
        let now = self.now().await?;
        let sql = "UPDATE alerts
             SET opened_at = CASE WHEN opened_at > $1 THEN $1 ELSE opened_at END,
                 announced_at = CASE WHEN announced_at > $1 THEN $1 ELSE announced_at END,
                 closed_at = CASE WHEN closed_at > $1 THEN $1 ELSE closed_at END
             WHERE opened_at > $2 OR announced_at > $2 OR closed_at > $2";
        let query = sqlx::query(sql).bind(now).bind(now + CLOCK_TOLERANCE);
        Ok(query.execute(&mut *self.connection).await?.rows_affected())
    }

    /// Locks a group of alerts, lets `decide` look at it, and writes the message that it decides on under `id`. Returns
    /// whether it decided on one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn write_alert_message(
        &mut self,
        group: &AlertGroup,
        id: &str,
        now: Moment,
        decide: impl Fn(&AlertGroup) -> Option<AlertEvent> + Send,
    ) -> Result<bool, StoreError> {
        let AlertGroup { destination, server, kind, .. } = group;
        let of_group = "destination = $1 AND server = $2 AND kind = $3";
        let lock = sqlx::AssertSqlSafe(format!(
            "SELECT schedule_id FROM alerts WHERE {of_group} ORDER BY schedule_id{}",
            self.engine.for_update()
        ));
        sqlx::query(lock).bind(destination).bind(server).bind(kind).fetch_all(&mut *self.connection).await?;
        let key = GroupKey { destination: destination.clone(), server: server.clone(), kind: *kind };
        let group = self.alert_group(key).await?;
        let Some(event) = decide(&group) else { return Ok(false) };
        // One statement changes and reads the alerts. An alert that another transaction opens meanwhile is in this
        // message or waits for the next one.
        let report_failed = format!("UPDATE alerts SET announced_at = $4, told = reason WHERE {of_group} AND {WAITS}");
        let change = match event {
            AlertEvent::Failed if group.announced_at.is_none() => report_failed,
            AlertEvent::Failed => format!("{report_failed} AND closed_at IS NULL"),
            AlertEvent::Recovered => format!("DELETE FROM alerts WHERE {of_group} AND closed_at <= $4"),
        };
        let sql =
            sqlx::AssertSqlSafe(format!("{change} RETURNING subject, site, reason, detail, opened_at, closed_at"));
        let query = sqlx::query_as::<_, MessageItem>(sql).bind(destination).bind(server).bind(kind).bind(now);
        let mut items = query.fetch_all(&mut *self.connection).await?;
        if items.is_empty() {
            return Ok(false);
        }
        items.sort_by(|one, other| (&one.subject, &one.site).cmp(&(&other.subject, &other.site)));
        let still_failing = if event == AlertEvent::Recovered { group.open } else { 0 };
        let content = MessageContent { event, kind: group.kind, server: group.server, at: now, still_failing, items };
        self.create_message(id, &group.destination, &json(&content)?, now).await?;
        Ok(true)
    }
}
