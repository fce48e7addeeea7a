//! Runs of Sync Connection: the result of each connection on each tenant.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::access::text_enum;
use super::{ConnectionId, Moment, SyncRunId, TenantId};

text_enum! {
    /// The change that a sync made on a tenant, or would make.
    pub enum SyncChange {
        /// The connection was added.
        Added,
        /// The connection was changed.
        Changed,
        /// The connection was up to date.
        Unchanged,
        /// The connection was removed from the tenant.
        Withdrawn,
        /// Nothing was changed, because of a failure.
        Failed,
    }
}

text_enum! {
    /// The status of a run.
    pub enum SyncStatus {
        /// It is under way.
        Running,
        /// Everything succeeded.
        Successful,
        /// Some of it failed.
        PartiallySuccessful = "Partially Successful",
        /// All of it failed.
        Failed,
        /// The process that ran it ended before the run did.
        Interrupted,
    }
}

/// Why a change failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncFailure {
    /// A stable code for programs, such as `unreachable`.
    pub code: String,
    /// What was wrong.
    pub cause: String,
    /// What to do about it.
    pub cure: String,
}

/// The result of one connection on one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncResult {
    /// The tenant's id. Null where the wanted tenant does not exist.
    #[schema(value_type = Option<i64>)]
    pub tenant_id: Option<TenantId>,
    /// The tenant's name.
    pub tenant: String,
    /// The tenant's region.
    pub region: String,
    /// The connection's id on this master. Null where the result is not about one connection.
    #[schema(value_type = Option<i64>)]
    pub connection_id: Option<ConnectionId>,
    /// The connection's name. Empty where the result is not about one connection.
    pub connection: String,
    /// The connection's integration.
    pub integration: String,
    /// The change.
    pub change: SyncChange,
    /// Whether the result is about removing connections that are no longer shared.
    pub withdrawal: bool,
    /// Why it failed.
    #[serde(flatten)]
    pub failure: Option<SyncFailure>,
}

/// A run of Sync Connection.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncRun {
    /// Its id.
    #[schema(value_type = i64)]
    pub id: SyncRunId,
    /// The request.
    #[schema(value_type = Object)]
    pub request: Box<RawValue>,
    /// Whether it only planned.
    pub planned: bool,
    /// The run whose failures it retried.
    #[schema(value_type = Option<i64>)]
    pub retry_of: Option<SyncRunId>,
    /// The name of the user in whose name it ran.
    pub username: String,
    /// The request id of its call.
    pub request_id: String,
    /// Its status.
    pub status: SyncStatus,
    /// When it began.
    #[schema(value_type = i64)]
    pub started_at: Moment,
    /// When it ended.
    #[schema(value_type = Option<i64>)]
    pub ended_at: Option<Moment>,
    /// The number of tenants that it has finished.
    pub tenants: i64,
    /// The number of these where something failed.
    pub tenants_failed: i64,
    /// The number of results of each kind.
    pub counts: SyncCounts,
}

/// The number of results of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct SyncCounts {
    /// Connections that were added.
    pub added: i64,
    /// Connections that were changed.
    pub changed: i64,
    /// Connections that were up to date.
    pub unchanged: i64,
    /// Connections that were removed.
    pub withdrawn: i64,
    /// Failures.
    pub failed: i64,
}

impl SyncCounts {
    /// The number of results that are not failures.
    #[must_use]
    pub fn done(&self) -> i64 {
        self.added + self.changed + self.unchanged + self.withdrawn
    }

    /// Counts a result.
    pub fn add(&mut self, change: SyncChange) {
        *match change {
            SyncChange::Added => &mut self.added,
            SyncChange::Changed => &mut self.changed,
            SyncChange::Unchanged => &mut self.unchanged,
            SyncChange::Withdrawn => &mut self.withdrawn,
            SyncChange::Failed => &mut self.failed,
        } += 1;
    }
}
