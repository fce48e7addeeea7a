//! Cases: groups of incidents that belong together.

use super::{CaseId, Moment, SiteId, Status, Version};
use crate::columns::from_row;

/// A case, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// The number that users know, such as `20210330-16`. Its form has no meaning.
    pub number: String,
    /// Bounded by [`super::limits::TITLE`].
    pub title: String,
    /// Its description.
    pub description: String,
    /// Its type, such as `Criminal Investigation`.
    pub case_type: String,
    /// The site that it belongs to.
    pub site_id: SiteId,
    /// The name of its owner.
    pub owner: Option<String>,
    /// Its priority, such as `3`.
    pub priority: String,
    /// Its time zone, as the caller spelled it.
    pub time_zone: String,
    /// Whether it is open or closed.
    pub status: Status,
    /// The name of the user who created it.
    pub creator: String,
    /// When it was reported.
    pub reported_at: Option<Moment>,
    /// When it was created.
    pub created_at: Moment,
    /// When it was last changed.
    pub modified_at: Moment,
    /// When it was closed.
    pub closed_at: Option<Moment>,
    /// The name of the user who closed it.
    pub closed_by: Option<String>,
    /// Each change of the case and its links raises it.
    pub version: Version,
}

from_row! {
    Case: id, number, title, description, case_type, site_id, owner, priority, time_zone, status, creator,
        reported_at, created_at, modified_at, closed_at, closed_by, version,
}
