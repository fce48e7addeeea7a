//! Runs of Sync Connection: what became of each connection on each tenant.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::access::text_enum;
use super::{ConnectionId, Moment, SyncRunId, TenantId};

text_enum! {
    /// What a sync made of a connection on a tenant, or would make.
    pub enum SyncChange {
        /// It was not there.
        Added,
        /// It was there, and is another one now.
        Changed,
        /// It was there, and is as it was.
        Unchanged,
        /// It was taken back.
        Withdrawn,
        /// Nothing was done.
        Failed,
    }
}

text_enum! {
    /// How far a run has come.
    pub enum SyncStatus {
        /// It is under way.
        Running,
        /// Everything was done.
        Successful,
        /// Some of it was done.
        PartiallySuccessful = "Partially Successful",
        /// Nothing was done.
        Failed,
        /// The process that ran it ended before it did.
        Interrupted,
    }
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncFailure {
    /// Stable, for programs, such as `unreachable`.
    pub code: String,
    /// What was wrong.
    pub cause: String,
    /// What to do about it.
    pub cure: String,
}

/// What became of one connection on one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncResult {
    /// The tenant's number; none where the tenant that was asked for is not there.
    #[schema(value_type = Option<i64>)]
    pub tenant_id: Option<TenantId>,
    /// The tenant's name.
    pub tenant: String,
    /// The tenant's region.
    pub region: String,
    /// The connection's number on this master; none where it is about no single one.
    #[schema(value_type = Option<i64>)]
    pub connection_id: Option<ConnectionId>,
    /// The connection's name; empty where it is about no single one.
    pub connection: String,
    /// The connection's integration.
    pub integration: String,
    /// What became of it.
    pub change: SyncChange,
    /// Whether it is about taking back what is no longer shared.
    pub withdrawal: bool,
    /// Why nothing was done.
    #[serde(flatten)]
    pub failure: Option<SyncFailure>,
}

/// A run of Sync Connection.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncRun {
    /// Its number.
    #[schema(value_type = i64)]
    pub id: SyncRunId,
    /// What was asked for.
    #[schema(value_type = Object)]
    pub request: Box<RawValue>,
    /// Whether it only looked at what would be done.
    pub planned: bool,
    /// The run whose failures it tried again.
    #[schema(value_type = Option<i64>)]
    pub retry_of: Option<SyncRunId>,
    /// In whose name it ran.
    pub username: String,
    /// Identifies the call that it belongs to.
    pub request_id: String,
    /// How far it has come.
    pub status: SyncStatus,
    /// When it began.
    #[schema(value_type = i64)]
    pub started_at: Moment,
    /// When it ended.
    #[schema(value_type = Option<i64>)]
    pub ended_at: Option<Moment>,
    /// How many tenants it has been to.
    pub tenants: i64,
    /// At how many of them something failed.
    pub tenants_failed: i64,
    /// How many results there are of each kind.
    pub counts: SyncCounts,
}

/// How many results there are of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct SyncCounts {
    /// Not there before.
    pub added: i64,
    /// There, and another one now.
    pub changed: i64,
    /// There, and as they were.
    pub unchanged: i64,
    /// Taken back.
    pub withdrawn: i64,
    /// Not done.
    pub failed: i64,
}

impl SyncCounts {
    /// All that was not a failure.
    #[must_use]
    pub fn done(&self) -> i64 {
        self.added + self.changed + self.unchanged + self.withdrawn
    }

    /// Counts one more.
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
