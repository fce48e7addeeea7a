//! The views of cases.

use serde::Serialize;
use soar_store::model::{Case, Link, Moment, SiteId, Status, Version};
use soar_store::{Records, StoreError};
use utoipa::ToSchema;

/// A case.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CaseShown {
    /// The case's number, such as `20210330-16`.
    pub number: String,
    /// The title.
    pub title: String,
    /// The type, such as `Criminal Investigation`.
    pub case_type: String,
    /// The status.
    pub status: Status,
    /// The priority, such as `3`.
    pub priority: String,
    /// The name of the site.
    pub site: String,
    /// The owner, who leads the investigation.
    pub owner: Option<String>,
    /// The description.
    pub description: String,
    /// The time zone, as it was given.
    pub time_zone: String,
    /// The user who created the case.
    pub creator: String,
    /// The time at which the case was reported.
    #[schema(value_type = Option<i64>)]
    pub reported_at: Option<Moment>,
    /// The time at which the case was created.
    #[schema(value_type = i64)]
    pub created_at: Moment,
    /// The time of the last change.
    #[schema(value_type = i64)]
    pub modified_at: Moment,
    /// The time at which the case was closed.
    #[schema(value_type = Option<i64>)]
    pub closed_at: Option<Moment>,
    /// The user who closed the case.
    pub closed_by: Option<String>,
    /// Rises with every change of the case and its links.
    #[schema(value_type = i64)]
    pub version: Version,
}

impl CaseShown {
    /// The view of a case on the site of that name.
    #[must_use]
    pub fn of(case: Case, site: &str) -> Self {
        Self {
            number: case.number,
            title: case.title,
            case_type: case.case_type,
            status: case.status,
            priority: case.priority,
            site: site.to_owned(),
            owner: case.owner,
            description: case.description,
            time_zone: case.time_zone,
            creator: case.creator,
            reported_at: case.reported_at,
            created_at: case.created_at,
            modified_at: case.modified_at,
            closed_at: case.closed_at,
            closed_by: case.closed_by,
            version: case.version,
        }
    }
}

/// A case with its linked incidents.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WholeCase {
    /// The fields that lists also show.
    #[serde(flatten)]
    pub case: CaseShown,
    /// The linked incidents.
    pub incidents: Vec<Link>,
}

impl WholeCase {
    /// Reads the case with this number. `may_see` returns whether the caller may see cases and incidents of a site.
    /// Others count as missing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn read(
        records: &mut Records<'_>,
        number: &str,
        may_see: impl Fn(SiteId) -> bool,
    ) -> Result<Self, StoreError> {
        let case = records.case(number).await?;
        if !may_see(case.site_id) {
            return Err(StoreError::not_found("case", number));
        }
        let site = records.sites().await?.into_iter().find(|site| site.id == case.site_id);
        let mut incidents = records.incidents_of(case.id).await?;
        incidents.retain(|link| may_see(link.site_id));
        Ok(Self { case: CaseShown::of(case, site.as_ref().map_or("", |site| &site.name)), incidents })
    }
}
