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
    /// The API key that it came with.
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
    /// A JSON object without secrets.
    pub parameters: String,
    /// Identifies the call in the log.
    pub request_id: String,
    /// The process that runs it.
    pub node: String,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct RunEnd {
    /// Its status.
    pub status: RunStatus,
    /// JSON.
    pub outcome: Option<String>,
    /// JSON.
    pub receipt: Option<String>,
}

/// Which runs are asked for; what is not given does not matter.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// On the connection of that number.
    pub connection: Option<ConnectionId>,
    /// Of the command that the manifest calls so, in any case.
    pub command: Option<String>,
    /// In the name of that user, in any case.
    pub user: Option<String>,
    /// That have come so far.
    pub status: Option<RunStatus>,
    /// Older than the run of that number: for the next page.
    pub before: Option<RunId>,
    /// At most so many; 1 to 1,000, and 100 unless given.
    pub limit: Option<i64>,
}

const COLUMNS: &str = "id, user_id, user_name, key_name, site_id, site_name, connection_id, connection_name, \
                       integration, command, parameters, status, started_at, ended_at, receipt, request_id, node";

impl Records<'_> {
    /// Notes that a run begins.
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

    /// Notes how a run ended: also where it was thought to be interrupted, since its own process knows better.
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

    /// A run, with its outcome.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn run(&mut self, id: RunId) -> Result<Run, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS}, outcome FROM runs WHERE id = $1"));
        let run = sqlx::query_as(sql).bind(id).fetch_optional(&mut *self.connection).await?;
        run.ok_or_else(|| StoreError::not_found("run", id.to_string()))
    }

    /// The runs on a site, or on all, newest first, without their outcomes: those of `user`, and where `all` is not set,
    /// those on connections that are for the user.
    pub async fn runs(
        &mut self,
        site: Option<SiteId>,
        user: UserId,
        all: bool,
        filter: &RunFilter,
    ) -> Result<Vec<Run>, StoreError> {
        // Two texts, so that either finds its index.
        let place = if site.is_some() { "site_id = $1" } else { "$1 = 0" };
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM runs
             WHERE {place}
               AND (user_id = $2 OR $3 = 1 OR EXISTS (
                   SELECT 1 FROM connections c WHERE c.id = runs.connection_id AND (
                       NOT EXISTS (SELECT 1 FROM connection_users u WHERE u.connection_id = c.id)
                       OR EXISTS (SELECT 1 FROM connection_users u WHERE u.connection_id = c.id AND u.user_id = $2))))
               AND ($4 = 0 OR connection_id = $4) AND ($5 = '' OR LOWER(command) = LOWER($5))
               AND ($6 = '' OR LOWER(user_name) = LOWER($6)) AND ($7 = '' OR status = $7) AND ($8 = 0 OR id < $8)
             ORDER BY id DESC LIMIT $9"
        ));
        // Lowered by the database on both sides, for SQLite knows no case but that of ASCII.
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

    /// Asks whichever process runs it to end a run; says whether it is under way.
    pub async fn ask_to_cancel(&mut self, id: RunId) -> Result<bool, StoreError> {
        let asked = sqlx::query("UPDATE runs SET cancel_requested = 1 WHERE id = $1 AND status = 'Running'")
            .bind(id)
            .execute(&mut *self.connection)
            .await?;
        Ok(asked.rows_affected() > 0)
    }

    /// The runs of `node` that somebody wants to end.
    pub async fn runs_to_cancel(&mut self, node: &str) -> Result<Vec<RunId>, StoreError> {
        let sql = "SELECT id FROM runs WHERE node = $1 AND status = 'Running' AND cancel_requested = 1";
        Ok(sqlx::query_scalar(sql).bind(node).fetch_all(&mut *self.connection).await?)
    }

    /// Deletes at most `limit` ended runs that began before `oldest` or that are older than the newest `most`; says how
    /// many it deleted.
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
