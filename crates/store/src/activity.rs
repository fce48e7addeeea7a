//! Whether something has happened, for pages that show it at once.

use super::{Records, StoreError};
use crate::columns::from_row;
use crate::model::Moment;

/// What has happened so far. A later value that differs means that something has happened since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// The id of the latest run; 0 without a run.
    pub latest_run: i64,
    /// The number of runs under way.
    pub running: i64,
    /// When a host last wrote how far work in a product is.
    pub latest_progress: Option<Moment>,
    /// The id of the latest incident; 0 without an incident.
    pub latest_incident: i64,
    /// When the latest health check ended.
    pub latest_check: Option<Moment>,
    /// The number of the latest change of a finding.
    pub latest_finding: i64,
    /// The number of tenants whose findings wait to be read, or are being read.
    pub unread_tenants: i64,
    /// The id of the latest result of a sync to a tenant; 0 without a result.
    pub latest_sync_result: i64,
    /// The number of syncs under way.
    pub running_syncs: i64,
}

from_row! {
    Activity: latest_run, running, latest_progress, latest_incident, latest_check, latest_finding, unread_tenants,
        latest_sync_result, running_syncs,
}

impl Records<'_> {
    /// What has happened so far. Each part is a look-up in an index, except the few syncs.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn activity(&mut self) -> Result<Activity, StoreError> {
        let now = self.now().await?;
        let query = sqlx::query_as(
            "SELECT (SELECT COALESCE(MAX(id), 0) FROM runs) AS latest_run,
                    (SELECT COUNT(*) FROM runs WHERE status = 'Running') AS running,
                    (SELECT MAX(written_at) FROM followed_runs) AS latest_progress,
                    (SELECT COALESCE(MAX(id), 0) FROM incidents) AS latest_incident,
                    (SELECT MAX(ended_at) FROM checks) AS latest_check,
                    (SELECT last_sequence FROM finding_log WHERE id = 1) AS latest_finding,
                    (SELECT COUNT(*) FROM finding_snapshots WHERE ended_at IS NULL) AS unread_tenants,
                    (SELECT COALESCE(MAX(id), 0) FROM sync_results) AS latest_sync_result,
                    (SELECT COUNT(*) FROM sync_runs WHERE ended_at IS NULL AND runs_until >= $1) AS running_syncs",
        )
        .bind(now);
        Ok(query.fetch_one(&mut *self.connection).await?)
    }
}
