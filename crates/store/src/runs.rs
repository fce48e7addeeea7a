//! Runs in the store.

use super::{Records, StoreError};
use crate::model::{ConnectionId, Moment, Run, RunId, RunStatus, SiteId, UserId};

/// A run that begins.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// The user in whose name it runs.
    pub user_id: UserId,
    /// The user's name now.
    pub user_name: String,
    /// The name of the key of its call.
    pub key_name: Option<String>,
    /// The site that it runs on.
    pub site_id: SiteId,
    /// The site's name now.
    pub site_name: String,
    /// The connection.
    pub connection_id: ConnectionId,
    /// The connection's name now.
    pub connection_name: String,
    /// The name of the connection's integration.
    pub integration: String,
    /// The command's name.
    pub command: String,
    /// The parameters as a JSON object, without secrets.
    pub parameters: String,
    /// The request id of its call.
    pub request_id: String,
    /// The process that runs it.
    pub node: String,
}

/// The end of a run.
#[derive(Debug, Clone)]
pub struct RunEnd {
    /// Its status.
    pub status: RunStatus,
    /// The outcome as JSON.
    pub outcome: Option<String>,
    /// The receipt as JSON.
    pub receipt: Option<String>,
}

/// Which runs to read. A field that is not set does not limit them.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// On the connection with this id.
    pub connection: Option<ConnectionId>,
    /// Of this command, as the manifest names it, in any case.
    pub command: Option<String>,
    /// In the name of this user, in any case.
    pub user: Option<String>,
    /// With this status.
    pub status: Option<RunStatus>,
    /// Before the run with this id: the next page.
    pub before: Option<RunId>,
    /// At most this many, from 1 to 1,000. The default is 100.
    pub limit: Option<i64>,
}

const COLUMNS: &str = "id, user_id, user_name, key_name, site_id, site_name, connection_id, connection_name, \
                       integration, command, parameters, status, started_at, ended_at, receipt, request_id, node, \
                       (SELECT progress FROM followed_runs WHERE run_id = runs.id) AS following";

impl Records<'_> {
    /// Records the beginning of a run.
    pub async fn begin_run(&mut self, run: &NewRun, now: Moment) -> Result<RunId, StoreError> {
        let query = sqlx::query_scalar(
            "INSERT INTO runs (user_id, user_name, key_name, site_id, site_name, connection_id, connection_name,
                 integration, command, parameters, status, started_at, request_id, node, cancel_requested)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'Running', $11, $12, $13, 0)
             RETURNING id",
        )
        .bind(run.user_id)
        .bind(&run.user_name)
        .bind(run.key_name.as_deref())
        .bind(run.site_id)
        .bind(&run.site_name)
        .bind(run.connection_id)
        .bind(&run.connection_name)
        .bind(&run.integration)
        .bind(&run.command)
        .bind(&run.parameters)
        .bind(now)
        .bind(&run.request_id)
        .bind(&run.node);
        Ok(query.fetch_one(&mut *self.connection).await?)
    }

    /// Records the end of a run, also of one that was marked as interrupted: the process that ran it knows better.
    pub async fn end_run(&mut self, id: RunId, end: &RunEnd, now: Moment) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE runs SET status = $1, ended_at = $2, outcome = $3, receipt = $4
             WHERE id = $5 AND status IN ('Running', 'Interrupted')",
        )
        .bind(end.status.as_str())
        .bind(now)
        .bind(end.outcome.as_deref())
        .bind(end.receipt.as_deref())
        .bind(id)
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    /// The run with its outcome.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn run(&mut self, id: RunId) -> Result<Run, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS}, outcome FROM runs WHERE id = $1"));
        let run = sqlx::query_as(sql).bind(id).fetch_optional(&mut *self.connection).await?;
        run.ok_or_else(|| StoreError::not_found("run", id.to_string()))
    }

    /// The runs on a site, or on all, the newest first, without their outcomes. They are those of `user`, or without
    /// `all`, those on connections that the user may use.
    pub async fn runs(
        &mut self,
        site: Option<SiteId>,
        user: UserId,
        all: bool,
        filter: &RunFilter,
    ) -> Result<Vec<Run>, StoreError> {
        // Two texts, so that each uses its index. PostgreSQL would read all connections for an EXISTS in place of the number.
        let place = if site.is_some() { "site_id = $1" } else { "$1 = 0" };
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS}, CAST(NULL AS TEXT) AS outcome FROM runs
             WHERE {place}
               AND (user_id = $2 OR $3 = 1 OR 1 = (
                   SELECT 1 FROM connections c WHERE c.id = runs.connection_id AND (
                       NOT EXISTS (SELECT 1 FROM connection_users u WHERE u.connection_id = c.id)
                       OR EXISTS (SELECT 1 FROM connection_users u WHERE u.connection_id = c.id AND u.user_id = $2))))
               AND ($4 = 0 OR connection_id = $4) AND ($5 = '' OR LOWER(command) = LOWER($5))
               AND ($6 = '' OR LOWER(user_name) = LOWER($6)) AND ($7 = '' OR status = $7) AND ($8 = 0 OR id < $8)
             ORDER BY id DESC LIMIT $9"
        ));
        // The database lowers both sides, since SQLite lowers ASCII letters only.
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let query = sqlx::query_as(sql)
            .bind(site.map_or(0, |site| site.0))
            .bind(user)
            .bind(i64::from(all))
            .bind(filter.connection.map_or(0, |connection| connection.0))
            .bind(text(&filter.command))
            .bind(text(&filter.user))
            .bind(filter.status.map_or("", RunStatus::as_str))
            .bind(filter.before.map_or(0, |before| before.0))
            .bind(filter.limit.unwrap_or(100).clamp(1, 1_000));
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// Asks the process of a run to end it. Returns whether the run is under way.
    pub async fn ask_to_cancel(&mut self, id: RunId) -> Result<bool, StoreError> {
        let asked = sqlx::query("UPDATE runs SET cancel_requested = 1 WHERE id = $1 AND status = 'Running'")
            .bind(id)
            .execute(&mut *self.connection)
            .await?;
        Ok(asked.rows_affected() > 0)
    }

    /// The runs of `node` that are to be cancelled.
    pub async fn runs_to_cancel(&mut self, node: &str) -> Result<Vec<RunId>, StoreError> {
        let sql = "SELECT id FROM runs WHERE node = $1 AND status = 'Running' AND cancel_requested = 1";
        Ok(sqlx::query_scalar(sql).bind(node).fetch_all(&mut *self.connection).await?)
    }

    /// Deletes at most `limit` ended runs that began before `oldest` or are older than the newest `most`. Returns their
    /// number.
    pub async fn forget_runs(&mut self, oldest: Moment, most: i64, limit: i64) -> Result<u64, StoreError> {
        let forgotten = sqlx::query(
            "DELETE FROM runs WHERE id IN (
                 SELECT id FROM runs
                 WHERE status <> 'Running'
                   AND (started_at < $1
                        OR id <= COALESCE((SELECT id FROM runs ORDER BY id DESC LIMIT 1 OFFSET $2), 0))
                 ORDER BY id LIMIT $3)",
        )
        .bind(oldest)
        .bind(most)
        .bind(limit)
        .execute(&mut *self.connection)
        .await?;
        Ok(forgotten.rows_affected())
    }
}
