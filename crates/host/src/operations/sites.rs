//! Operations on sites.

use serde::Deserialize;
use soar_connector::name::quoted;
use soar_store::model::{MasterState, Site, SiteKind, shapes};
use soar_store::{NewSite, Records, SiteChange};
use utoipa::ToSchema;

use super::{Done, OperationError, Operations, RequestContext, Required, boxed};
use crate::Refusal;

/// A new site.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SiteToMake {
    /// The site's name. Upper and lower case do not matter.
    #[schema(schema_with = shapes::name)]
    pub name: String,
    /// Internal site or client site.
    pub kind: SiteKind,
    /// The purpose of the site.
    #[serde(default)]
    #[schema(max_length = 2000, pattern = r"^[^\u0000]*$")]
    pub description: String,
    /// The site's IANA time zone. UTC unless given.
    #[serde(default = "utc")]
    #[schema(schema_with = shapes::time_zone)]
    pub time_zone: String,
    /// The site's language as a BCP 47 tag. en unless given.
    #[serde(default = "english")]
    #[schema(max_length = 35, pattern = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", example = "en")]
    pub language: String,
}

/// A change of a site. Fields that are left out stay unchanged.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct SiteToChange {
    /// The site's new name.
    #[schema(schema_with = shapes::optional_name)]
    pub name: Option<String>,
    /// Internal site or client site.
    pub kind: Option<SiteKind>,
    /// The purpose of the site.
    #[schema(max_length = 2000, pattern = r"^[^\u0000]*$")]
    pub description: Option<String>,
    /// The site's IANA time zone.
    #[schema(schema_with = shapes::optional_time_zone)]
    pub time_zone: Option<String>,
    /// The site's language as a BCP 47 tag.
    #[schema(max_length = 35, pattern = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]
    pub language: Option<String>,
    /// Whether the site is active. On an inactive site no command, no schedule, no health check and no sync runs.
    pub active: Option<bool>,
}

fn utc() -> String {
    "UTC".to_owned()
}

fn english() -> String {
    "en".to_owned()
}

impl Operations {
    /// The sites on which the caller has a role, by name.
    ///
    /// # Errors
    /// [`OperationError`] when the store fails.
    #[boxed]
    pub async fn list_sites(&self, context: &RequestContext) -> Result<Vec<Site>, OperationError> {
        let mut sites = self.reader(context).await?.records().sites().await?;
        sites.retain(|site| context.sees(site.id));
        Ok(sites)
    }

    /// The site of this name. A site that the caller may not see does not exist for the caller.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn site(&self, context: &RequestContext, name: &str) -> Result<Site, OperationError> {
        Ok(context.site(&mut self.reader(context).await?.records(), name).await?)
    }

    /// Creates a site.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn create_site(&self, context: &RequestContext, site: SiteToMake) -> Result<Site, OperationError> {
        let SiteToMake { name, kind, description, time_zone, language } = site;
        let new = &NewSite { name, kind, description, time_zone, language };
        self.changes
            .run(context, Required::Administrator, |mut change| {
                Box::pin(async move {
                    let site = change.records.create_site(new, change.now).await?;
                    let about = site.name.clone();
                    Ok(Done::new(site, about))
                })
            })
            .await
    }

    /// Changes a site.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn change_site(
        &self,
        context: &RequestContext,
        name: &str,
        change: SiteToChange,
    ) -> Result<Site, OperationError> {
        let SiteToChange { name: new_name, kind, description, time_zone, language, active } = change;
        let changes = &SiteChange { name: new_name, kind, description, time_zone, language, active };
        self.changes
            .run(context, Required::Administrator, |mut change| {
                Box::pin(async move {
                    if changes.active == Some(true) {
                        must_be_own(&mut change.records, name).await?;
                    }
                    let site = change.records.update_site(name, changes, change.now).await?;
                    let about = site.name.clone();
                    Ok(Done::new(site, about))
                })
            })
            .await
    }

    /// Deletes a site to which nothing belongs.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn remove_site(&self, context: &RequestContext, name: &str) -> Result<Site, OperationError> {
        self.changes
            .run(context, Required::Administrator, |mut change| {
                Box::pin(async move {
                    let site = change.records.site(name).await?;
                    change.records.remove_site(&site.name).await?;
                    let about = site.name.clone();
                    Ok(Done::new(site, about))
                })
            })
            .await
    }
}

/// Refuses to activate a site that a registered master has deactivated.
async fn must_be_own(records: &mut Records<'_>, name: &str) -> Result<(), Refusal> {
    let site = records.site(name).await?;
    let Some(master) = site.deactivated_by.as_deref() else { return Ok(()) };
    if records.master(master).await?.state == MasterState::Revoked {
        return Ok(());
    }
    Err(Refusal::Unable(format!(
        "The master {} has deactivated the site {}, so only this master can activate it. Ask the master's \
         administrator, or revoke the master first.",
        quoted(master),
        quoted(&site.name)
    )))
}
