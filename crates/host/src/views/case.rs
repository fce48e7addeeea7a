//! Cases as they are shown.

use serde::Serialize;
use soar_store::model::{Case, Link, Moment, SiteId, Status, Version};
use soar_store::{Records, StoreError};
use utoipa::ToSchema;

/// A case.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CaseShown {
    /// Its number, such as `20210330-16`.
    pub number: String,
    /// Its title.
    pub title: String,
    /// Such as `Criminal Investigation`.
    pub case_type: String,
    /// Whether it is done.
    pub status: Status,
    /// Such as `3`.
    pub priority: String,
    /// The name of its site.
    pub site: String,
    /// The user who leads it.
    pub owner: Option<String>,
    /// What it is about.
    pub description: String,
    /// Its time zone, as it was given.
    pub time_zone: String,
    /// Who made it.
    pub creator: String,
    /// When it was reported.
    #[schema(value_type = Option<i64>)]
    pub reported_at: Option<Moment>,
    /// When it was made.
    #[schema(value_type = i64)]
    pub created_at: Moment,
    /// When it was last changed.
    #[schema(value_type = i64)]
    pub modified_at: Moment,
    /// When it was closed.
    #[schema(value_type = Option<i64>)]
    pub closed_at: Option<Moment>,
    /// Who closed it.
    pub closed_by: Option<String>,
    /// Rises with every change of the case and its links.
    #[schema(value_type = i64)]
    pub version: Version,
}

impl CaseShown {
    /// The case, which is of the site of that name.
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

/// A case and the incidents that are linked to it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WholeCase {
    /// What lists show, too.
    #[serde(flatten)]
    pub case: CaseShown,
    /// The incidents that are linked to it.
    pub incidents: Vec<Link>,
}

impl WholeCase {
    /// Reads the case of that number; `may_see` says of which sites cases and incidents may be seen, and what may not be
    /// seen is not there.
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
