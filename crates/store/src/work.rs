//! Due work in the store. A host claims it under a lease and renews the lease. Other hosts judge whether it has lapsed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::columns::{from_row, json};
use super::schedules::ScheduleRow;
use super::{Engine, Records, StoreError, schedules};
use crate::model::{CLOCK_TOLERANCE, Moment, Schedule, ScheduleId, WorkItem};

/// A schedule that can be claimed when it is due. Work on an inactive site cannot be claimed, and no work of a schedule
/// while its last run is followed.
const FREE: &str = "schedules.active = 1
    AND NOT EXISTS (SELECT 1 FROM work WHERE work.schedule_id = schedules.id)
    AND NOT EXISTS (SELECT 1 FROM followed_runs f WHERE f.schedule_id = schedules.id AND f.token IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM sites WHERE sites.id = schedules.site_id AND sites.active = 0)";

/// The earliest due time of a schedule: by its cadence, or because a caller asked for a run.
const EARLIEST: &str = "CASE WHEN run_soon_at < next_due_at THEN run_soon_at ELSE next_due_at END";

/// When a schedule's next due time cannot be computed, the host tries again after this time.
pub(super) const TRY_AGAIN: Duration = Duration::from_secs(600);

impl Engine {
    /// As [`for_update`](Self::for_update), but only for rows of `table`, and skipping rows that others have locked.
    pub(super) fn for_update_of_free(self, table: &str) -> String {
        match self {
            Self::Sqlite => String::new(),
            Self::Postgres => format!(" FOR UPDATE OF {table} SKIP LOCKED"),
        }
    }
}

/// A host that claims due work.
#[derive(Debug, Clone, Copy)]
pub struct Holder<'a> {
    /// The host's name.
    pub node: &'a str,
    /// The length of its leases.
    pub lease: Duration,
    /// The schedules whose work it runs now.
    pub in_hand: &'a BTreeSet<ScheduleId>,
}

/// The due work that a host found.
#[derive(Debug, Default)]
pub struct DueWork {
    /// Work that this host now holds.
    pub claimed: Vec<(WorkItem, Schedule)>,
    /// Work that must not be repeated and whose lease has lapsed, with the host that held it.
    pub lost: Vec<(WorkItem, Schedule, String)>,
    /// Work that is not run because the schedule's next due time cannot be computed, with the reason.
    pub unplanned: Vec<(WorkItem, Schedule, String)>,
}

/// The amount of due work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Due times that no host has claimed, or whose lease has lapsed.
    pub waiting: i64,
    /// Due times that a host works on.
    pub claimed: i64,
    /// How long the oldest due time has been due.
    pub lag: Duration,
}

/// Work whose lease has lapsed, with its schedule.
struct LapsedRow {
    schedule: ScheduleRow,
    due_at: Moment,
    node: String,
}

from_row! { LapsedRow: due_at, node, ..schedule }

struct BacklogRow {
    claimed: i64,
    total: i64,
    oldest: Moment,
}

from_row! { BacklogRow: claimed, total, oldest }

impl Records<'_> {
    /// Claims at most `places` due items for `holder` at `now`, the longest due first. No other host can claim the same
    /// work until the lease has lapsed.
    ///
    /// If a schedule's last due time is still under way, its missed due times are claimed once, after that work has
    /// ended.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn claim_due(&mut self, holder: Holder<'_>, now: Moment, places: usize) -> Result<DueWork, StoreError> {
        let mut due = DueWork::default();
        self.shorten_leases(now, holder.lease).await?;
        self.claim_lapsed(holder, now, places, &mut due).await?;
        let places = places - due.claimed.len();
        if places > 0 {
            self.claim_free(holder, now, places, &mut due).await?;
        }
        Ok(due)
    }

    /// Shortens leases that a wrong clock wrote. A holder that lives renews them.
    async fn shorten_leases(&mut self, now: Moment, lease: Duration) -> Result<(), StoreError> {
        sqlx::query("UPDATE work SET claimed_until = $1 WHERE claimed_until > $2")
            .bind(now + lease)
            .bind(now + lease * 2)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// Claims work whose lease has lapsed. A holder does not judge the leases of its own work under way.
    async fn claim_lapsed(
        &mut self,
        holder: Holder<'_>,
        now: Moment,
        places: usize,
        due: &mut DueWork,
    ) -> Result<(), StoreError> {
        let sql = format!(
            "SELECT {}, work.due_at, work.node FROM work JOIN schedules ON schedules.id = work.schedule_id
             WHERE (work.claimed_until < $1 OR work.node = $2) AND work.schedule_id NOT IN ({})
             ORDER BY work.due_at{}",
            schedules::COLUMNS,
            self.engine.integers_of("$3"),
            self.engine.for_update_of_free("work")
        );
        let query = sqlx::query_as::<_, LapsedRow>(sqlx::AssertSqlSafe(sql));
        let query = query.bind(now).bind(holder.node).bind(json(holder.in_hand)?);
        let (mut again, mut dropped) = (Vec::new(), Vec::new());
        for row in query.fetch_all(&mut *self.connection).await? {
            let LapsedRow { schedule, due_at, node } = row;
            let schedule = Schedule::from(schedule);
            let item = WorkItem { schedule: schedule.id, due_at };
            // The holder's own work that it does not run: the outcome of the claim was unknown, so the work has not
            // begun.
            let has_begun = node != holder.node;
            if has_begun && (!schedule.what.repeatable || self.is_followed(item).await?) {
                due.lost.push((item, schedule, node));
            } else if !schedule.what.active {
                dropped.push(schedule.id);
            } else if due.claimed.len() < places {
                again.push(schedule.id);
                due.claimed.push((item, schedule));
            }
        }
        if !dropped.is_empty() {
            let sql = format!("DELETE FROM work WHERE schedule_id IN ({})", self.engine.integers_of("$1"));
            let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(json(&dropped)?);
            query.execute(&mut *self.connection).await?;
        }
        if !again.is_empty() {
            let sql = format!(
                "UPDATE work SET node = $1, claimed_until = $2 WHERE schedule_id IN ({})",
                self.engine.integers_of("$3")
            );
            let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(holder.node).bind(now + holder.lease);
            query.bind(json(&again)?).execute(&mut *self.connection).await?;
        }
        Ok(())
    }

    /// Claims schedules that are due and that no host works on, and computes their next due times.
    async fn claim_free(
        &mut self,
        holder: Holder<'_>,
        now: Moment,
        places: usize,
        due: &mut DueWork,
    ) -> Result<(), StoreError> {
        let sql = format!(
            "SELECT {} FROM schedules WHERE (next_due_at <= $1 OR run_soon_at <= $1) AND {FREE} AND id NOT IN ({})
             ORDER BY {EARLIEST} LIMIT $3{}",
            schedules::COLUMNS,
            self.engine.integers_of("$2"),
            self.engine.for_update_of_free("schedules")
        );
        let query = sqlx::query_as::<_, ScheduleRow>(sqlx::AssertSqlSafe(sql));
        let query = query.bind(now).bind(json(holder.in_hand)?);
        let query = query.bind(i64::try_from(places).unwrap_or(i64::MAX));
        let (mut found, mut planned) = (BTreeMap::new(), Vec::new());
        for row in query.fetch_all(&mut *self.connection).await? {
            let schedule = Schedule::from(row);
            // A run that a caller asked for does not take the place of a due time.
            let asked = schedule.run_soon_at.filter(|asked| *asked < schedule.next_due_at);
            let item = WorkItem { schedule: schedule.id, due_at: asked.unwrap_or(schedule.next_due_at) };
            let next = match asked {
                Some(_) => Ok(schedule.next_due_at),
                None => schedule.what.cadence.next_due(schedule.next_due_at, now),
            };
            match next {
                Ok(next_due_at) => {
                    planned.push((item.schedule, item.due_at, next_due_at));
                    found.insert(item.schedule, (item, schedule));
                }
                Err(why) => {
                    self.set_next_due(schedule.id, now + TRY_AGAIN).await?;
                    due.unplanned.push((item, schedule, why));
                }
            }
        }
        if planned.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "INSERT INTO work (schedule_id, due_at, node, claimed_until)
             SELECT planned.id, planned.due_at, CAST($2 AS TEXT), CAST($3 AS BIGINT) FROM {} WHERE 1 = 1
             ON CONFLICT DO NOTHING RETURNING schedule_id",
            self.engine.table_of_integers("$1", &["id", "due_at", "next_due_at"], "planned")
        );
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(json(&planned)?).bind(holder.node);
        let claimed: Vec<ScheduleId> = query.bind(now + holder.lease).fetch_all(&mut *self.connection).await?;
        let claimed: BTreeSet<ScheduleId> = claimed.into_iter().collect();
        planned.retain(|(id, ..)| claimed.contains(id));
        let sql = format!(
            "UPDATE schedules SET next_due_at = planned.next_due_at,
                 run_soon_at = CASE WHEN run_soon_at > planned.due_at THEN run_soon_at END
             FROM {} WHERE schedules.id = planned.id",
            self.engine.table_of_integers("$1", &["id", "due_at", "next_due_at"], "planned")
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(json(&planned)?);
        query.execute(&mut *self.connection).await?;
        // The longest due first, in the order in which they were read.
        due.claimed.extend(planned.iter().filter_map(|(id, ..)| found.remove(id)));
        Ok(())
    }

    /// Renews the leases of the work that `holder` runs. A lease that another host took over stays that host's.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn renew_leases(&mut self, holder: Holder<'_>) -> Result<(), StoreError> {
        let now = self.now().await?;
        // A locked row is being finished or taken over. Waiting for it could end in a deadlock.
        let sql = format!(
            "UPDATE work SET claimed_until = $1 WHERE schedule_id IN (
                 SELECT schedule_id FROM work WHERE node = $2 AND schedule_id IN ({}){})",
            self.engine.integers_of("$3"),
            self.engine.for_update_of_free("work")
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(now + holder.lease).bind(holder.node);
        query.bind(json(holder.in_hand)?).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Ends `item`. Returns whether `node` still held it. The result is written in the same transaction.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn drop_work(&mut self, item: WorkItem, node: &str) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM work WHERE schedule_id = $1 AND due_at = $2 AND node = $3")
            .bind(item.schedule)
            .bind(item.due_at)
            .bind(node)
            .execute(&mut *self.connection)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Computes due times again that are later than the schedule's next one, since the clock was ahead when they were
    /// written. Returns their number.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn correct_due_times(&mut self) -> Result<u64, StoreError> {
        let now = self.now().await?;
        let sql = format!(
            "SELECT {} FROM schedules WHERE active = 1 AND next_due_at - $1 > COALESCE(interval_ms, 0)",
            schedules::COLUMNS
        );
        let query = sqlx::query_as::<_, ScheduleRow>(sqlx::AssertSqlSafe(sql)).bind(now);
        let mut corrected = 0;
        for row in query.fetch_all(&mut *self.connection).await? {
            let Schedule { id, what, next_due_at, .. } = row.into();
            // If a due time cannot be computed, the claim reports it. Versions before 0010 wrote the greatest number
            // then.
            let next = match what.cadence.next_due(next_due_at, now) {
                Ok(next) => next,
                Err(_) if next_due_at == Moment::MAX => now,
                Err(_) => continue,
            };
            if next < next_due_at {
                let query = sqlx::query("UPDATE schedules SET next_due_at = $1 WHERE id = $2 AND next_due_at = $3");
                let query = query.bind(next).bind(id).bind(next_due_at);
                corrected += query.execute(&mut *self.connection).await?.rows_affected();
            }
        }
        // A due time that was run too early comes again, and its result must find its place free.
        for table in ["checks", "schedule_runs"] {
            let sql = format!("UPDATE {table} SET due_at = started_at WHERE ended_at > $1 AND due_at <= $1");
            let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(now + CLOCK_TOLERANCE);
            query.execute(&mut *self.connection).await?;
        }
        let asked = sqlx::query("UPDATE schedules SET run_soon_at = $1 WHERE active = 1 AND run_soon_at > $2");
        let asked = asked.bind(now).bind(now + CLOCK_TOLERANCE).execute(&mut *self.connection).await?;
        Ok(corrected + asked.rows_affected())
    }

    /// The amount of due work.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn backlog(&mut self) -> Result<Backlog, StoreError> {
        let now = self.now().await?;
        let sql = format!(
            "SELECT CAST(COALESCE(SUM(claimed), 0) AS BIGINT) AS claimed, CAST(COUNT(*) AS BIGINT) AS total,
                    CAST(COALESCE(MIN(due_at), $1) AS BIGINT) AS oldest
             FROM (SELECT {EARLIEST} AS due_at, 0 AS claimed FROM schedules
                   WHERE (next_due_at <= $1 OR run_soon_at <= $1) AND {FREE}
                   UNION ALL
                   SELECT due_at, CASE WHEN claimed_until < $1 THEN 0 ELSE 1 END FROM work) AS due"
        );
        let query = sqlx::query_as::<_, BacklogRow>(sqlx::AssertSqlSafe(sql)).bind(now);
        let row = query.fetch_one(&mut *self.connection).await?;
        Ok(Backlog { waiting: row.total - row.claimed, claimed: row.claimed, lag: now.since(row.oldest) })
    }
}
