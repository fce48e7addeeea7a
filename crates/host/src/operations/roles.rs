//! Operations on users' roles on sites.

use serde::{Deserialize, Serialize};
use soar_store::model::Role;
use utoipa::ToSchema;

use super::{Done, OperationError, Operations, RequestContext, Required, boxed};

/// A user's role on a site.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoleOnSite {
    /// The site's name.
    pub site: String,
    /// The role.
    pub role: Role,
}

/// The role to give to a user.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RoleToGive {
    /// The role.
    pub role: Role,
}

/// The result of removing a role.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoleTaken {
    /// Whether the user had a role on the site.
    pub removed: bool,
}

impl Operations {
    /// The roles of the user of this name, by site.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    #[boxed]
    pub async fn list_roles(&self, context: &RequestContext, user: &str) -> Result<Vec<RoleOnSite>, OperationError> {
        context.must_administer()?;
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let user = records.user(user).await?;
        let roles = records.roles(user.id).await?;
        let sites = records.sites().await?.into_iter();
        let on_site = sites.filter_map(|site| Some(RoleOnSite { role: *roles.get(&site.id)?, site: site.name }));
        Ok(on_site.collect())
    }

    /// Gives a user a role on a site. It replaces the user's former role there.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn give_role(
        &self,
        context: &RequestContext,
        user: &str,
        site: &str,
        role: Role,
    ) -> Result<RoleOnSite, OperationError> {
        self.changes
            .run(context, Required::Administrator, |mut change| {
                Box::pin(async move {
                    let user = change.records.user(user).await?;
                    let site = change.records.site(site).await?;
                    change.records.set_role(user.id, site.id, role).await?;
                    let about = format!("{}: {role} on {}", user.name, site.name);
                    Ok(Done::new(RoleOnSite { site: site.name, role }, about))
                })
            })
            .await
    }

    /// Removes a user's role on a site.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn take_role(
        &self,
        context: &RequestContext,
        user: &str,
        site: &str,
    ) -> Result<RoleTaken, OperationError> {
        self.changes
            .run(context, Required::Administrator, |mut change| {
                Box::pin(async move {
                    let user = change.records.user(user).await?;
                    let site = change.records.site(site).await?;
                    let removed = change.records.remove_role(user.id, site.id).await?;
                    Ok(Done::new(RoleTaken { removed }, format!("{}: no role on {}", user.name, site.name)))
                })
            })
            .await
    }
}
