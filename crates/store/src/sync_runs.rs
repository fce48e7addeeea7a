//! On a master: runs of Sync Connection, and the result of each connection on each tenant.

use std::collections::BTreeMap;
use std::time::Duration;

use super::rows::InsertedValue;
use super::sync_rows::{ChangeCount, FailedRow, SyncResultRow, SyncRunRow};
use super::{Records, StoreError};
use crate::model::{ConnectionId, SyncChange, SyncCounts, SyncResult, SyncResultId, SyncRun, SyncRunId, TenantId};

/// A run that begins.
#[derive(Debug, Clone)]
pub struct NewSyncRun {
    /// The request, as JSON.
    pub request: String,
    /// Whether it only plans.
    pub planned: bool,
    /// The run whose failures it retries.
    pub retry_of: Option<SyncRunId>,
    /// The name of the user in whose name it runs.
    pub username: String,
    /// The request id of its call.
    pub request_id: String,
}

/// Which results of a run to read. A field that is not set does not limit them.
#[derive(Debug, Clone, Copy, Default)]
pub struct SyncResultFilter {
    /// Only results of this kind.
    pub change: Option<SyncChange>,
    /// Only changes, planned changes and failures.
    pub without_unchanged: bool,
    /// Only failures, and connections that were removed.
    pub only_notable: bool,
    /// After the result with this id: the next page.
    pub after: Option<SyncResultId>,
}

const COLUMNS: &str =
    "id, request, planned, retry_of, username, request_id, started_at, ended_at, runs_until, tenants, tenants_failed";

impl Records<'_> {
    /// Records the beginning of a run. It counts as interrupted if it records no progress for the time of `lease`.
    pub async fn begin_sync(&mut self, run: &NewSyncRun, lease: Duration) -> Result<SyncRunId, StoreError> {
        let now = self.now().await?;
        let query = sqlx::query_scalar(
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
        .bind(now + lease);
        Ok(query.fetch_one(&mut *self.connection).await?)
    }

    /// Records the results of one tenant, and renews the run's lease.
    pub async fn note_sync_results(
        &mut self,
        run: SyncRunId,
        results: &[SyncResult],
        lease: Duration,
    ) -> Result<(), StoreError> {
        self.note_unsent(run, results).await?;
        let now = self.now().await?;
        let failed = results.iter().any(|result| result.change == SyncChange::Failed);
        sqlx::query(
            "UPDATE sync_runs SET tenants = tenants + 1, tenants_failed = tenants_failed + $1, runs_until = $2
             WHERE id = $3",
        )
        .bind(i64::from(failed))
        .bind(now + lease)
        .bind(run)
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    /// Records results that are not about a tenant.
    pub async fn note_unsent(&mut self, run: SyncRunId, results: &[SyncResult]) -> Result<(), StoreError> {
        let mut cells = Vec::with_capacity(results.len() * 12);
        for result in results {
            let failure = result.failure.as_ref();
            cells.extend([
                InsertedValue::Integer(run.0),
                InsertedValue::MaybeInteger(result.tenant_id.map(|tenant| tenant.0)),
                InsertedValue::Text(&result.tenant),
                InsertedValue::Text(&result.region),
                InsertedValue::MaybeInteger(result.connection_id.map(|connection| connection.0)),
                InsertedValue::Text(&result.connection),
                InsertedValue::Text(&result.integration),
                InsertedValue::Text(result.change.as_str()),
                InsertedValue::Integer(i64::from(result.withdrawal)),
                InsertedValue::MaybeText(failure.map(|failure| failure.code.as_str())),
                InsertedValue::MaybeText(failure.map(|failure| failure.cause.as_str())),
                InsertedValue::MaybeText(failure.map(|failure| failure.cure.as_str())),
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

    /// Records the end of a run.
    pub async fn end_sync(&mut self, run: SyncRunId) -> Result<(), StoreError> {
        let now = self.now().await?;
        sqlx::query("UPDATE sync_runs SET ended_at = $1 WHERE id = $2")
            .bind(now)
            .bind(run)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// A run, with its present status.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn sync_run(&mut self, id: SyncRunId) -> Result<SyncRun, StoreError> {
        let found = self.sync_runs_where("id = $1", id.0, 1).await?.pop();
        found.ok_or_else(|| StoreError::not_found("sync run", id.to_string()))
    }

    /// At most `limit` runs before the run `before`, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn sync_runs(&mut self, before: Option<SyncRunId>, limit: i64) -> Result<Vec<SyncRun>, StoreError> {
        self.sync_runs_where("id < $1", before.map_or(i64::MAX, |before| before.0), limit).await
    }

    async fn sync_runs_where(
        &mut self,
        condition: &'static str,
        id: i64,
        limit: i64,
    ) -> Result<Vec<SyncRun>, StoreError> {
        let now = self.now().await?;
        let sql = format!("SELECT {COLUMNS} FROM sync_runs WHERE {condition} ORDER BY id DESC LIMIT $2");
        let query = sqlx::query_as::<_, SyncRunRow>(sqlx::AssertSqlSafe(sql)).bind(id).bind(limit);
        let rows = query.fetch_all(&mut *self.connection).await?;
        let mut runs = Vec::with_capacity(rows.len());
        for row in rows {
            let counts = self.count_sync_results(row.id).await?;
            runs.push(row.run(counts, now));
        }
        Ok(runs)
    }

    /// The number of results of each kind that a run has so far.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_sync_results(&mut self, run: SyncRunId) -> Result<SyncCounts, StoreError> {
        let query = sqlx::query_as::<_, ChangeCount>(
            "SELECT change, CAST(COUNT(*) AS BIGINT) AS results FROM sync_results WHERE run_id = $1 GROUP BY change",
        );
        let mut counts = SyncCounts::default();
        for row in query.bind(run).fetch_all(&mut *self.connection).await? {
            match row.change {
                SyncChange::Added => counts.added = row.results,
                SyncChange::Changed => counts.changed = row.results,
                SyncChange::Unchanged => counts.unchanged = row.results,
                SyncChange::Withdrawn => counts.withdrawn = row.results,
                SyncChange::Failed => counts.failed = row.results,
            }
        }
        Ok(counts)
    }

    /// At most `limit` results of a run with their ids, in the order in which they came.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn sync_results(
        &mut self,
        run: SyncRunId,
        filter: SyncResultFilter,
        limit: i64,
    ) -> Result<Vec<(SyncResultId, SyncResult)>, StoreError> {
        let query = sqlx::query_as::<_, SyncResultRow>(
            "SELECT id, tenant_id, tenant, region, connection_id, connection, integration, change, withdrawal, code,
                 cause, cure
             FROM sync_results
             WHERE run_id = $1 AND id > $2 AND ($3 = '' OR change = $3) AND ($4 = 0 OR change <> 'Unchanged')
               AND ($5 = 0 OR change IN ('Failed', 'Withdrawn'))
             ORDER BY id LIMIT $6",
        )
        .bind(run)
        .bind(filter.after.unwrap_or(SyncResultId(0)))
        .bind(filter.change.map_or("", SyncChange::as_str))
        .bind(i64::from(filter.without_unchanged))
        .bind(i64::from(filter.only_notable))
        .bind(limit);
        let rows = query.fetch_all(&mut *self.connection).await?;
        Ok(rows.into_iter().map(|row| (row.id, row.into())).collect())
    }

    /// The failures of a run: for each tenant after the tenant `after`, the connections, and whether a removal failed.
    /// At most `limit` tenants.
    pub async fn failed_tenants(
        &mut self,
        run: SyncRunId,
        after: TenantId,
        limit: i64,
    ) -> Result<BTreeMap<TenantId, (Vec<ConnectionId>, bool)>, StoreError> {
        let rows = sqlx::query_as::<_, FailedRow>(
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
        let mut failed: BTreeMap<TenantId, (Vec<ConnectionId>, bool)> = BTreeMap::new();
        for row in rows {
            let (connections, withdrawal) = failed.entry(row.tenant_id).or_default();
            connections.extend(row.connection_id);
            *withdrawal |= row.withdrawal;
        }
        Ok(failed)
    }
}
