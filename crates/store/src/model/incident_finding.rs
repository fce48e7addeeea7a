//! The findings that an incident is about.

use serde::Serialize;
use utoipa::ToSchema;

use super::access::text_enum;
use super::{FeedId, FindingSequence};
use crate::columns::from_row;

text_enum! {
    /// The status of a finding of an incident, as the rule that made the incident handled it last.
    pub enum HeldStatus {
        /// It was opened.
        Open = "open",
        /// It was opened again after it was fixed or gone.
        Reopened = "reopened",
        /// The product says that it is fixed.
        Fixed = "fixed",
        /// The product no longer lists it.
        Gone = "gone",
    }
}

/// A finding of an incident. A text that is not known is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncidentFinding {
    /// The id of the finding, which stays the same.
    pub finding_id: String,
    /// The tenant of the connection.
    #[serde(skip)]
    pub feed_id: FeedId,
    /// The CVEs, with commas between them; the title of a finding without one.
    pub cve: String,
    /// The device's name; its id for a device without a name.
    pub device: String,
    /// The device's address.
    pub address: String,
    /// The tenant's name.
    pub tenant: String,
    /// The name of the connection.
    pub connection: String,
    /// When the product found it first; when the host read it first if the product does not say so.
    pub first_seen: String,
    /// What the product says about it: the software, the port, the score.
    pub evidence: String,
    /// The status.
    pub status: HeldStatus,
    /// The number of its last change that the rule handled.
    #[schema(value_type = i64)]
    pub sequence: FindingSequence,
}

from_row! {
    IncidentFinding: finding_id, feed_id, cve, device, address, tenant, connection, first_seen, evidence, status,
        sequence,
}
