//! Findings: feeds, snapshots, and the changes in the log.

use serde::Serialize;
use serde_json::value::RawValue;
use soar_connector::FindingStatus;
use utoipa::ToSchema;

use super::{CollectionId, ConnectionId, FeedId, FindingSequence, Moment, SnapshotId};
use crate::columns::{Flag, Json, from_row};
use crate::model::access::text_enum;

text_enum! {
    /// The kind of a change of a finding.
    pub enum FindingChangeKind {
        /// It was not known before.
        Opened = "opened",
        /// Fields of it changed.
        Changed = "changed",
        /// The product says that it is fixed.
        Fixed = "fixed",
        /// A whole snapshot does not have it.
        Gone = "gone",
        /// It is open again after it was fixed or gone.
        Reopened = "reopened",
    }
}

text_enum! {
    /// Why a finding is gone.
    pub enum GoneReason {
        /// The product no longer has the device.
        DeviceGone = "device gone",
        /// The product no longer scans the device.
        OutOfScope = "out of scope",
        /// The product says no reason.
        Unknown = "unknown",
    }
}

text_enum! {
    /// The status of a snapshot of a tenant's findings.
    pub enum SnapshotStatus {
        /// No host has begun it.
        Waiting,
        /// A host works on it.
        Running,
        /// All findings were read.
        Whole,
        /// Some findings were not read, so none counts as gone.
        Partial,
        /// No finding was read.
        Failed,
    }
}

/// The text of a finding's status in the store and in JSON.
#[must_use]
pub const fn status_text(status: FindingStatus) -> &'static str {
    match status {
        FindingStatus::Open => "open",
        FindingStatus::Reopened => "reopened",
        FindingStatus::Suppressed => "suppressed",
        FindingStatus::Fixed => "fixed",
    }
}

/// A tenant of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingFeed {
    /// Its id in this instance.
    pub id: FeedId,
    /// The connection.
    pub connection_id: ConnectionId,
    /// The product's id of the tenant; empty for a product without tenants.
    pub tenant: String,
    /// The tenant's name.
    pub tenant_name: String,
    /// The end of the first whole snapshot.
    pub baseline_at: Option<Moment>,
}

from_row! { FindingFeed: id, connection_id, tenant, tenant_name, baseline_at }

/// A snapshot of the findings of one tenant: one result of a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingSnapshot {
    /// Its id in this instance.
    #[schema(value_type = i64)]
    pub id: SnapshotId,
    /// The collection that it belongs to.
    #[schema(value_type = i64)]
    pub collection_id: CollectionId,
    /// The connection.
    #[schema(value_type = i64)]
    pub connection_id: ConnectionId,
    /// The connection's name; empty for a connection that was removed.
    pub connection: String,
    /// The product's id of the tenant.
    pub tenant: String,
    /// The tenant's name.
    pub tenant_name: String,
    /// Its status.
    pub status: SnapshotStatus,
    /// When it began.
    #[schema(value_type = Option<i64>)]
    pub started_at: Option<Moment>,
    /// When it ended.
    #[schema(value_type = Option<i64>)]
    pub ended_at: Option<Moment>,
    /// Why it is not whole, or failed.
    pub problem: Option<String>,
    /// Whether it is the first whole snapshot of its tenant.
    pub baseline: bool,
    /// The rows that were read.
    pub rows_read: i64,
    /// The requests that were sent.
    pub requests: i64,
    /// The changes `opened`.
    pub opened: i64,
    /// The changes `changed`.
    pub changed: i64,
    /// The changes `fixed`.
    pub fixed: i64,
    /// The changes `gone`.
    pub gone: i64,
    /// The changes `reopened`.
    pub reopened: i64,
}

from_row! {
    FindingSnapshot: id, collection_id, connection_id, connection, tenant, tenant_name, status, started_at, ended_at,
        problem, baseline as Flag, rows_read, requests, opened, changed, fixed, gone, reopened,
}

/// An entry of the log of changes.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingChange {
    /// Its number. Later changes have higher numbers.
    #[schema(value_type = i64)]
    pub sequence: FindingSequence,
    /// When it was written.
    #[schema(value_type = i64)]
    pub at: Moment,
    /// Its kind.
    pub kind: FindingChangeKind,
    /// Whether it was written up to the first whole snapshot of its tenant.
    pub baseline: bool,
    /// The id of the finding, which stays the same.
    pub finding_id: String,
    /// The connection.
    #[schema(value_type = i64)]
    pub connection_id: ConnectionId,
    /// The product's id of the tenant.
    pub tenant: String,
    /// The tenant's name.
    pub tenant_name: String,
    /// The status before; missing for a finding that was not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The reason of a finding that is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The changed fields: `field`, `from` and `to` of each.
    #[schema(value_type = Vec<Object>)]
    pub fields: Box<RawValue>,
    /// The finding after the change; as it was last read if it is gone.
    #[schema(value_type = Object)]
    pub finding: Box<RawValue>,
}

from_row! {
    FindingChange: sequence, at, kind, baseline as Flag, finding_id, connection_id, tenant, tenant_name, before,
        reason, fields as Json<Box<RawValue>>, finding as Json<Box<RawValue>>,
}

/// A finding as it was last read.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KnownFinding {
    /// Its id, which stays the same.
    pub finding_id: String,
    /// The connection.
    #[schema(value_type = i64)]
    pub connection_id: ConnectionId,
    /// The product's id of the tenant.
    pub tenant: String,
    /// The tenant's name.
    pub tenant_name: String,
    /// Whether the last whole snapshot had it.
    pub listed: bool,
    /// When the host read it first.
    #[schema(value_type = i64)]
    pub first_at: Moment,
    /// When it changed last.
    #[schema(value_type = i64)]
    pub changed_at: Moment,
    /// The number of its last change.
    #[schema(value_type = i64)]
    pub sequence: FindingSequence,
    /// Its fields.
    #[schema(value_type = Object)]
    pub finding: Box<RawValue>,
}

from_row! {
    KnownFinding: finding_id, connection_id, tenant, tenant_name, listed as Flag, first_at, changed_at, sequence,
        finding as Json<Box<RawValue>>,
}
