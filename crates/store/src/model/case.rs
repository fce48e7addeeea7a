//! Cases: what gathers incidents that belong together.

use super::{CaseId, Moment, SiteId, Status};

/// A case, as the store holds it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Case {
    /// Its number in the store.
    pub id: CaseId,
    /// Its number as users know it, such as `20210330-16`; opaque.
    pub number: String,
    /// Bounded by [`super::limits::TITLE`].
    pub title: String,
    /// What it is about.
    pub description: String,
    /// Such as `Criminal Investigation`.
    pub case_type: String,
    /// The site that it belongs to.
    pub site_id: SiteId,
    /// The name of the user who leads it.
    pub owner: Option<String>,
    /// Such as `3`.
    pub priority: String,
    /// Its time zone, as it was given.
    pub time_zone: String,
    /// Whether it is done.
    pub status: Status,
    /// Who made it.
    pub creator: String,
    /// When it was reported.
    pub reported_at: Option<Moment>,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub modified_at: Moment,
    /// When it was closed.
    pub closed_at: Option<Moment>,
    /// Who closed it.
    pub closed_by: Option<String>,
    /// Rises with every change of the case and its links.
    pub version: i64,
}
