//! What is due, in the store: handed out, claimed, and taken over from nodes that died.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Engine, Records, StoreError, schedules};
use crate::model::{Moment, Schedule, WorkItem};

/// A schedule that can be handed out when it is due.
const FREE: &str = "active = 1 AND NOT EXISTS (SELECT 1 FROM work WHERE work.schedule_id = schedules.id)";

impl Engine {
    /// As [`for_update`](Self::for_update), but of `table`, and passing over rows that others hold.
    pub(super) fn for_update_of_free(self, table: &str) -> String {
        match self {
            Self::Sqlite => String::new(),
            Self::Postgres => format!(" FOR UPDATE OF {table} SKIP LOCKED"),
        }
    }
}

/// How much waits, and how late the oldest of it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Due times handed out and not yet claimed.
    pub waiting: i64,
    /// Due times that a node works on.
    pub claimed: i64,
    /// When the oldest of all was due.
    pub oldest_due_at: Option<Moment>,
}

impl Records<'_> {
    /// Hands out what is due at `now`, at most `limit`, the longest due first. Nothing is handed out twice, whoever
    /// asks. A schedule whose last due time is still under way waits for its end, and is then handed out once for all
    /// that it missed meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn hand_out_due(&mut self, now: Moment, limit: i64) -> Result<Vec<WorkItem>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {} FROM schedules WHERE next_due_at <= $1 AND {FREE} ORDER BY next_due_at LIMIT $2{}",
            schedules::COLUMNS,
            self.engine.for_update_of_free("schedules")
        ));
        let rows = sqlx::query(sql).bind(now).bind(limit).fetch_all(&mut *self.connection).await?;
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            let Schedule { id, what, next_due_at } = schedules::read(row)?;
            let handed_out = sqlx::query(
                "INSERT INTO work (schedule_id, due_at, attempt, enqueued_at)
                 SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), 1, CAST($3 AS BIGINT)
                 WHERE NOT EXISTS (SELECT 1 FROM work WHERE schedule_id = $1)
                 ON CONFLICT DO NOTHING",
            )
            .bind(id)
            .bind(next_due_at)
            .bind(now)
            .execute(&mut *self.connection)
            .await?;
            if handed_out.rows_affected() == 1 {
                items.push(WorkItem { schedule: id, due_at: next_due_at, attempt: 1 });
                // One that never comes again waits for ever.
                let next = what.cadence.next_due(id, now).unwrap_or(Moment::MAX);
                self.set_next_due(id, next).await?;
            }
        }
        Ok(items)
    }

    /// When the next schedule is due that can be handed out.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn next_due(&mut self) -> Result<Option<Moment>, StoreError> {
        let sql =
            sqlx::AssertSqlSafe(format!("SELECT next_due_at FROM schedules WHERE {FREE} ORDER BY next_due_at LIMIT 1"));
        let row = sqlx::query(sql).fetch_optional(&mut *self.connection).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// Makes `item` the work of `node` until `until`; none when it is another's, done, or no longer meant to run.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn claim(&mut self, item: WorkItem, node: &str, until: Moment) -> Result<Option<Schedule>, StoreError> {
        let claimed = sqlx::query(
            "UPDATE work SET node = $1, claimed_until = $2
             WHERE schedule_id = $3 AND due_at = $4 AND attempt = $5 AND node IS NULL",
        )
        .bind(node)
        .bind(until)
        .bind(item.schedule)
        .bind(item.due_at)
        .bind(item.attempt)
        .execute(&mut *self.connection)
        .await?;
        if claimed.rows_affected() == 0 {
            return Ok(None);
        }
        let schedule = self.schedule(item.schedule).await?;
        if !schedule.what.active {
            self.drop_work(item, node).await?;
            return Ok(None);
        }
        Ok(Some(schedule))
    }

    /// Makes everything that `node` claimed anybody's again, as if it had just been handed out.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn release_claims(&mut self, node: &str, now: Moment) -> Result<Vec<WorkItem>, StoreError> {
        let rows = sqlx::query(
            "UPDATE work SET node = NULL, claimed_until = NULL, attempt = attempt + 1, enqueued_at = $1
             WHERE node = $2 RETURNING schedule_id, due_at, attempt",
        )
        .bind(now)
        .bind(node)
        .fetch_all(&mut *self.connection)
        .await?;
        rows.iter().map(read_item).collect()
    }

    /// Keeps everything that `node` works on its own until `until`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn renew_claims(&mut self, node: &str, until: Moment) -> Result<(), StoreError> {
        sqlx::query("UPDATE work SET claimed_until = $1 WHERE node = $2")
            .bind(until)
            .bind(node)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// What was handed out and never claimed, or claimed by a node that did not say in time that it lives: to be
    /// handed out again. What may not run twice comes with the node instead.
    ///
    /// Work that was handed out waits `patience_ms` to be claimed, times how often it was handed out.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn take_over(&mut self, now: Moment, patience_ms: i64) -> Result<TakenOver, StoreError> {
        let mut taken = TakenOver::default();
        let rows = sqlx::query(
            "UPDATE work SET attempt = attempt + 1, enqueued_at = $1
             WHERE node IS NULL AND enqueued_at + attempt * $2 <= $1
             RETURNING schedule_id, due_at, attempt",
        )
        .bind(now)
        .bind(patience_ms)
        .fetch_all(&mut *self.connection)
        .await?;
        taken.again = rows.iter().map(read_item).collect::<Result<_, _>>()?;
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT work.schedule_id, work.due_at, work.attempt, work.node, schedules.repeatable
             FROM work JOIN schedules ON schedules.id = work.schedule_id
             WHERE work.node IS NOT NULL AND work.claimed_until < $1{}",
            self.engine.for_update_of_free("work")
        ));
        for row in sqlx::query(sql).bind(now).fetch_all(&mut *self.connection).await? {
            let mut item = read_item(&row)?;
            if row.try_get::<i64, _>(4)? == 0 {
                taken.lost.push((item, row.try_get(3)?));
                continue;
            }
            sqlx::query(
                "UPDATE work SET node = NULL, claimed_until = NULL, attempt = attempt + 1, enqueued_at = $1
                 WHERE schedule_id = $2 AND due_at = $3",
            )
            .bind(now)
            .bind(item.schedule)
            .bind(item.due_at)
            .execute(&mut *self.connection)
            .await?;
            item.attempt += 1;
            taken.again.push(item);
        }
        Ok(taken)
    }

    /// Ends `item`; whether it was still the work of `node`. The result is written in the same transaction.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(super) async fn drop_work(&mut self, item: WorkItem, node: &str) -> Result<bool, StoreError> {
        let done =
            sqlx::query("DELETE FROM work WHERE schedule_id = $1 AND due_at = $2 AND attempt = $3 AND node = $4")
                .bind(item.schedule)
                .bind(item.due_at)
                .bind(item.attempt)
                .bind(node)
                .execute(&mut *self.connection)
                .await?;
        Ok(done.rows_affected() == 1)
    }

    /// How much waits.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn backlog(&mut self) -> Result<Backlog, StoreError> {
        let row = sqlx::query(
            "SELECT CAST(COUNT(*) AS BIGINT), CAST(COUNT(node) AS BIGINT), CAST(COALESCE(MIN(due_at), -1) AS BIGINT)
             FROM work",
        )
        .fetch_one(&mut *self.connection)
        .await?;
        let (all, claimed, oldest): (i64, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        Ok(Backlog { waiting: all - claimed, claimed, oldest_due_at: (oldest >= 0).then_some(Moment(oldest)) })
    }
}

/// What a node left behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TakenOver {
    /// To be handed out again.
    pub again: Vec<WorkItem>,
    /// Not to be repeated; with the node that had it.
    pub lost: Vec<(WorkItem, String)>,
}

fn read_item(row: &AnyRow) -> Result<WorkItem, StoreError> {
    Ok(WorkItem { schedule: row.try_get(0)?, due_at: row.try_get(1)?, attempt: row.try_get(2)? })
}
