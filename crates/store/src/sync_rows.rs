//! Rows of syncs and their results, as queries return them.

use serde_json::value::RawValue;

use super::columns::{Flag, Json, from_row};
use crate::model::{
    ConnectionId, Moment, SyncChange, SyncCounts, SyncFailure, SyncResult, SyncResultId, SyncRun, SyncRunId,
    SyncStatus, TenantId,
};

pub(super) struct SyncRunRow {
    pub(super) id: SyncRunId,
    pub(super) request: Json<Box<RawValue>>,
    pub(super) planned: bool,
    pub(super) retry_of: Option<SyncRunId>,
    pub(super) username: String,
    pub(super) request_id: String,
    pub(super) started_at: Moment,
    pub(super) ended_at: Option<Moment>,
    pub(super) runs_until: Moment,
    pub(super) tenants: i64,
    pub(super) tenants_failed: i64,
}

from_row! {
    SyncRunRow: id, request, planned as Flag, retry_of, username, request_id, started_at, ended_at, runs_until,
        tenants, tenants_failed,
}

impl SyncRunRow {
    pub(super) fn run(self, counts: SyncCounts, now: Moment) -> SyncRun {
        let status = match (self.ended_at, counts.done(), counts.failed) {
            (None, _, _) if now > self.runs_until => SyncStatus::Interrupted,
            (None, _, _) => SyncStatus::Running,
            (Some(_), _, 0) => SyncStatus::Successful,
            (Some(_), 0, _) => SyncStatus::Failed,
            (Some(_), _, _) => SyncStatus::PartiallySuccessful,
        };
        SyncRun {
            id: self.id,
            request: self.request.0,
            planned: self.planned,
            retry_of: self.retry_of,
            username: self.username,
            request_id: self.request_id,
            status,
            started_at: self.started_at,
            ended_at: self.ended_at,
            tenants: self.tenants,
            tenants_failed: self.tenants_failed,
            counts,
        }
    }
}

/// The number of a run's results of a kind.
pub(super) struct ChangeCount {
    pub(super) change: SyncChange,
    pub(super) results: i64,
}

from_row! { ChangeCount: change, results }

pub(super) struct SyncResultRow {
    pub(super) id: SyncResultId,
    pub(super) tenant_id: Option<TenantId>,
    pub(super) tenant: String,
    pub(super) region: String,
    pub(super) connection_id: Option<ConnectionId>,
    pub(super) connection: String,
    pub(super) integration: String,
    pub(super) change: SyncChange,
    pub(super) withdrawal: bool,
    pub(super) code: Option<String>,
    pub(super) cause: Option<String>,
    pub(super) cure: Option<String>,
}

from_row! {
    SyncResultRow: id, tenant_id, tenant, region, connection_id, connection, integration, change, withdrawal as Flag,
        code, cause, cure,
}

impl From<SyncResultRow> for SyncResult {
    fn from(row: SyncResultRow) -> Self {
        let (cause, cure) = (row.cause.unwrap_or_default(), row.cure.unwrap_or_default());
        Self {
            tenant_id: row.tenant_id,
            tenant: row.tenant,
            region: row.region,
            connection_id: row.connection_id,
            connection: row.connection,
            integration: row.integration,
            change: row.change,
            withdrawal: row.withdrawal,
            failure: row.code.map(|code| SyncFailure { code, cause, cure }),
        }
    }
}

/// A failed result on a tenant.
pub(super) struct FailedRow {
    pub(super) tenant_id: TenantId,
    pub(super) connection_id: Option<ConnectionId>,
    pub(super) withdrawal: bool,
}

from_row! { FailedRow: tenant_id, connection_id, withdrawal as Flag }
