//! Findings in the store: the log of changes, the findings as last read, and the collections that read them.

mod apply;
mod collections;
mod conditions;
mod deliveries;
mod devices;
mod feeds;
mod groups;
mod incident_transfer;
mod log;
mod lookup;
mod prune;
#[cfg(feature = "testing")]
mod reference;
mod rule_changes;
mod rule_incidents;
mod rules;
mod span;
mod stage;
mod staged;
mod texts;

pub use apply::{AppliedChange, ChangeCounts, NewFieldChange};
pub use collections::{NewSnapshot, SnapshotClaim, SnapshotEnd};
pub use deliveries::FindingDelivery;
pub use groups::{FindingGroup, FindingGrouping};
pub use incident_transfer::{IncidentRule, OrphanedFinding, TransferredFinding};
pub use log::{LogBounds, LogPosition};
pub use lookup::{CountBounds, FindingFilter, FindingOrder, FindingTotal, finding_id_parts};
pub use rule_changes::LoggedChange;
pub use rule_incidents::{HeldFinding, OpenIncident};
pub use rules::{NewRule, RuleCounts, StoredRule};
pub use span::{FindingChangeCount, FindingSpan};
pub use stage::StagedSnapshot;
pub use staged::{Difference, KnownRow, Settled, SnapshotRow, StagedFinding, Unlisted};
