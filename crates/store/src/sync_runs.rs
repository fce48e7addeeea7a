//! On a master: runs of Sync Connection, and what became of each connection on each tenant.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::rows::Cell;
use super::{Records, StoreError};
use crate::model::{SyncChange, SyncCounts, SyncFailure, SyncResult, SyncRun, SyncStatus};

/// A run that begins.
#[derive(Debug, Clone)]
pub struct NewSyncRun {
    /// What was asked for, as JSON.
    pub request: String,
    /// Whether it only plans.
    pub planned: bool,
    /// The run whose failures it repeats.
    pub retry_of: Option<i64>,
    /// The user in whose name it runs.
    pub username: String,
    /// Identifies the call in the log.
    pub request_id: String,
}

/// Which results of a run are asked for; what is not given does not matter.
#[derive(Debug, Clone, Copy, Default)]
pub struct SyncResultFilter {
    /// Only those of that kind.
    pub change: Option<SyncChange>,
    /// Only those that did, or would do, something, and failures.
    pub without_unchanged: bool,
    /// Only failures, and what was taken back.
    pub only_notable: bool,
    /// Beyond the result of that number: for the next page.
    pub after: i64,
}

const COLUMNS: &str =
    "id, request, planned, retry_of, username, request_id, started_at, ended_at, runs_until, tenants, tenants_failed";

impl Records<'_> {
    /// Notes that a run begins. It counts as interrupted when nothing is heard of it by `runs_until`; both times are in
    /// milliseconds since 1970.
    pub async fn begin_sync(&mut self, run: &NewSyncRun, now: i64, runs_until: i64) -> Result<i64, StoreError> {
        let row = sqlx::query(
            "INSERT INTO sync_runs (request, planned, retry_of, username, request_id, started_at, runs_until, tenants,
                 tenants_failed)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0) RETURNING id",
        )
        .bind(&run.request)
        .bind(i64::from(run.planned))
        .bind(run.retry_of)
        .bind(&run.username)
        .bind(&run.request_id)
        .bind(now)
        .bind(runs_until)
        .fetch_one(&mut *self.connection)
        .await?;
        Ok(row.try_get(0)?)
    }

    /// Notes what became of everything on one tenant.
    pub async fn note_sync_results(
        &mut self,
        run: i64,
        results: &[SyncResult],
        runs_until: i64,
    ) -> Result<(), StoreError> {
        self.note_unsent(run, results).await?;
        let failed = results.iter().any(|result| result.change == SyncChange::Failed);
        sqlx::query(
            "UPDATE sync_runs SET tenants = tenants + 1, tenants_failed = tenants_failed + $1, runs_until = $2
             WHERE id = $3",
        )
        .bind(i64::from(failed))
        .bind(runs_until)
        .bind(run)
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    /// Notes results that are about no tenant.
    pub async fn note_unsent(&mut self, run: i64, results: &[SyncResult]) -> Result<(), StoreError> {
        let mut cells = Vec::with_capacity(results.len() * 12);
        for result in results {
            let failure = result.failure.as_ref();
            cells.extend([
                Cell::Integer(run),
                Cell::MaybeInteger(result.tenant_id),
                Cell::Text(&result.tenant),
                Cell::Text(&result.region),
                Cell::MaybeInteger(result.connection_id),
                Cell::Text(&result.connection),
                Cell::Text(&result.integration),
                Cell::Text(result.change.as_str()),
                Cell::Integer(i64::from(result.withdrawal)),
                Cell::MaybeText(failure.map(|failure| failure.code.as_str())),
                Cell::MaybeText(failure.map(|failure| failure.cause.as_str())),
                Cell::MaybeText(failure.map(|failure| failure.cure.as_str())),
            ]);
        }
        if !cells.is_empty() {
            self.insert_rows(
                "sync_results",
                "run_id, tenant_id, tenant, region, connection_id, connection, integration, change, withdrawal, code, \
                 cause, cure",
                12,
                cells,
                "",
            )
            .await?;
        }
        Ok(())
    }

    /// Notes that a run has ended.
    pub async fn end_sync(&mut self, run: i64, now: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE sync_runs SET ended_at = $1 WHERE id = $2")
            .bind(now)
            .bind(run)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// A run, in the state that it has at `now`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn sync_run(&mut self, id: i64, now: i64) -> Result<SyncRun, StoreError> {
        let found = self.sync_runs_where("id = $1", id, 1, now).await?.pop();
        found.ok_or_else(|| StoreError::not_found("sync run", id.to_string()))
    }

    /// The runs before the one of number `before`, the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn sync_runs(&mut self, before: i64, limit: i64, now: i64) -> Result<Vec<SyncRun>, StoreError> {
        self.sync_runs_where("id < $1", before, limit, now).await
    }

    async fn sync_runs_where(
        &mut self,
        condition: &'static str,
        id: i64,
        limit: i64,
        now: i64,
    ) -> Result<Vec<SyncRun>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM sync_runs WHERE {condition} ORDER BY id DESC LIMIT $2");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).bind(limit).fetch_all(&mut *self.connection).await?;
        let mut runs = Vec::with_capacity(rows.len());
        for row in &rows {
            let counts = self.count_sync_results(row.try_get(0)?).await?;
            runs.push(read(row, counts, now)?);
        }
        Ok(runs)
    }

    /// How many results of each kind a run has so far.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_sync_results(&mut self, run: i64) -> Result<SyncCounts, StoreError> {
        let rows =
            sqlx::query("SELECT change, CAST(COUNT(*) AS BIGINT) FROM sync_results WHERE run_id = $1 GROUP BY change")
                .bind(run)
                .fetch_all(&mut *self.connection)
                .await?;
        let mut counts = SyncCounts::default();
        for row in rows {
            let count = row.try_get(1)?;
            match row.try_get::<String, _>(0)?.parse().map_err(StoreError::Unreadable)? {
                SyncChange::Added => counts.added = count,
                SyncChange::Changed => counts.changed = count,
                SyncChange::Unchanged => counts.unchanged = count,
                SyncChange::Withdrawn => counts.withdrawn = count,
                SyncChange::Failed => counts.failed = count,
            }
        }
        Ok(counts)
    }

    /// The results of a run with their numbers, in the order in which they came, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn sync_results(
        &mut self,
        run: i64,
        filter: SyncResultFilter,
        limit: i64,
    ) -> Result<Vec<(i64, SyncResult)>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, tenant_id, tenant, region, connection_id, connection, integration, change, withdrawal, code,
                 cause, cure
             FROM sync_results
             WHERE run_id = $1 AND id > $2 AND ($3 = '' OR change = $3) AND ($4 = 0 OR change <> 'Unchanged')
               AND ($5 = 0 OR change IN ('Failed', 'Withdrawn'))
             ORDER BY id LIMIT $6",
        )
        .bind(run)
        .bind(filter.after)
        .bind(filter.change.map_or("", SyncChange::as_str))
        .bind(i64::from(filter.without_unchanged))
        .bind(i64::from(filter.only_notable))
        .bind(limit)
        .fetch_all(&mut *self.connection)
        .await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, read_result(row)?))).collect()
    }

    /// What failed in a run: for each tenant beyond number `after` the connections' numbers, and whether taking back
    /// failed. At most `limit` tenants.
    pub async fn failed_tenants(
        &mut self,
        run: i64,
        after: i64,
        limit: i64,
    ) -> Result<BTreeMap<i64, (Vec<i64>, bool)>, StoreError> {
        let rows = sqlx::query(
            "SELECT tenant_id, connection_id, withdrawal FROM sync_results
             WHERE run_id = $1 AND change = 'Failed' AND tenant_id IN (
                 SELECT DISTINCT tenant_id FROM sync_results
                 WHERE run_id = $1 AND change = 'Failed' AND tenant_id > $2 ORDER BY tenant_id LIMIT $3)
             ORDER BY tenant_id, id",
        )
        .bind(run)
        .bind(after)
        .bind(limit)
        .fetch_all(&mut *self.connection)
        .await?;
        let mut failed: BTreeMap<i64, (Vec<i64>, bool)> = BTreeMap::new();
        for row in rows {
            let (connections, withdrawal) = failed.entry(row.try_get(0)?).or_default();
            connections.extend(row.try_get::<Option<i64>, _>(1)?);
            *withdrawal |= row.try_get::<i64, _>(2)? == 1;
        }
        Ok(failed)
    }

    /// Deletes the runs that began before `oldest`, in milliseconds since 1970.
    pub async fn forget_syncs(&mut self, oldest: i64) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM sync_runs WHERE started_at < $1").bind(oldest).execute(&mut *self.connection).await?;
        Ok(())
    }
}

fn read(row: &AnyRow, counts: SyncCounts, now: i64) -> Result<SyncRun, StoreError> {
    let request = RawValue::from_string(row.try_get(1)?).map_err(|error| StoreError::Unreadable(error.to_string()))?;
    let ended_at: Option<i64> = row.try_get(7)?;
    let status = match (ended_at, counts.done(), counts.failed) {
        (None, _, _) if now > row.try_get::<i64, _>(8)? => SyncStatus::Interrupted,
        (None, _, _) => SyncStatus::Running,
        (Some(_), _, 0) => SyncStatus::Successful,
        (Some(_), 0, _) => SyncStatus::Failed,
        (Some(_), _, _) => SyncStatus::PartiallySuccessful,
    };
    Ok(SyncRun {
        id: row.try_get(0)?,
        request,
        planned: row.try_get::<i64, _>(2)? == 1,
        retry_of: row.try_get(3)?,
        username: row.try_get(4)?,
        request_id: row.try_get(5)?,
        status,
        started_at: row.try_get(6)?,
        ended_at,
        tenants: row.try_get(9)?,
        tenants_failed: row.try_get(10)?,
        counts,
    })
}

fn read_result(row: &AnyRow) -> Result<SyncResult, StoreError> {
    let code: Option<String> = row.try_get(9)?;
    let failure = match code {
        Some(code) => Some(SyncFailure {
            code,
            cause: row.try_get::<Option<_>, _>(10)?.unwrap_or_default(),
            cure: row.try_get::<Option<_>, _>(11)?.unwrap_or_default(),
        }),
        None => None,
    };
    Ok(SyncResult {
        tenant_id: row.try_get(1)?,
        tenant: row.try_get(2)?,
        region: row.try_get(3)?,
        connection_id: row.try_get(4)?,
        connection: row.try_get(5)?,
        integration: row.try_get(6)?,
        change: row.try_get::<String, _>(7)?.parse().map_err(StoreError::Unreadable)?,
        withdrawal: row.try_get::<i64, _>(8)? == 1,
        failure,
    })
}
