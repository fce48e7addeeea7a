//! Users.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use soar_store::model::name::same_name;
use soar_store::model::{Role, Site, SiteId, User, shapes};
use soar_store::{NewUser, Records, UserChange};
use utoipa::ToSchema;

use super::{Done, OperationError, Operations, RequestContext, Required};
use crate::Refusal;

/// A user and its roles.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserShown {
    /// The user.
    #[serde(flatten)]
    pub user: User,
    /// Its roles by the name of the site.
    pub roles: BTreeMap<String, Role>,
}

/// A user to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct UserToMake {
    /// Its name; compared without regard to case.
    #[schema(schema_with = shapes::name)]
    pub name: String,
    /// Where mail goes.
    #[serde(default)]
    #[schema(schema_with = shapes::optional_email)]
    pub email: Option<String>,
    /// Whether it has every right on every site, and manages the instance.
    #[serde(default)]
    pub is_administrator: bool,
    /// Its roles by the name of the site. None unless given.
    #[serde(default)]
    pub roles: BTreeMap<String, Role>,
}

/// What changes about a user; what is not given stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct UserToChange {
    /// Its new name.
    #[schema(schema_with = shapes::optional_name)]
    pub name: Option<String>,
    /// Where mail goes from now on; an empty text for nowhere.
    #[schema(schema_with = shapes::email_to_change)]
    pub email: Option<String>,
    /// Whether it may do anything at all.
    pub active: Option<bool>,
    /// Whether it has every right on every site, and manages the instance.
    pub is_administrator: Option<bool>,
}

impl Operations {
    /// All users with their roles, by name.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    pub async fn list_users(&self, context: &RequestContext) -> Result<Vec<UserShown>, OperationError> {
        context.must_administer()?;
        let mut reader = self.reader().await?;
        let mut records = reader.records();
        let sites = records.sites().await?;
        let mut roles = records.all_roles().await?;
        let users = records.users().await?.into_iter();
        Ok(users.map(|user| shown(&sites, roles.remove(&user.id).unwrap_or_default(), user)).collect())
    }

    /// The user of this name with its roles.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator, or the user itself.
    pub async fn user(&self, context: &RequestContext, name: &str) -> Result<UserShown, OperationError> {
        if !same_name(&context.user.name, name) {
            context.must_administer()?;
        }
        let mut reader = self.reader().await?;
        let mut records = reader.records();
        let user = records.user(name).await?;
        // Another user may have a name that looks the same, from before names were compared so.
        if user.id != context.user.id {
            context.must_administer()?;
        }
        Ok(show(&mut records, user).await?)
    }

    /// Makes a user, active and with the roles that are given.
    ///
    /// # Errors
    /// [`OperationError`].
    pub async fn create_user(&self, context: &RequestContext, user: UserToMake) -> Result<UserShown, OperationError> {
        let UserToMake { name, email, is_administrator, roles } = user;
        let (new, roles) = (&NewUser { name, email, is_administrator }, &roles);
        self.changes
            .run(context, Required::Administrator, |mut change| {
                Box::pin(async move {
                    let records = &mut change.records;
                    let user = records.create_user(new, change.now).await?;
                    for (site, role) in roles {
                        let site = records.site(site).await?;
                        records.set_role(user.id, site.id, *role).await?;
                    }
                    let about = user.name.clone();
                    Ok(Done::new(show(records, user).await?, about))
                })
            })
            .await
    }

    /// Changes a user. The last active administrator stays one.
    ///
    /// # Errors
    /// [`OperationError`].
    pub async fn change_user(
        &self,
        context: &RequestContext,
        name: &str,
        change: UserToChange,
    ) -> Result<UserShown, OperationError> {
        let UserToChange { name: new_name, email, active, is_administrator } = change;
        let changes = &UserChange { name: new_name, email, active, is_administrator };
        self.changes
            .run(context, Required::Administrator, |mut change| {
                Box::pin(async move {
                    let user = change.records.update_user(name, changes, change.now).await?;
                    let about = user.name.clone();
                    Ok(Done::new(show(&mut change.records, user).await?, about))
                })
            })
            .await
    }
}

async fn show(records: &mut Records<'_>, user: User) -> Result<UserShown, Refusal> {
    let roles = records.roles(user.id).await?;
    Ok(shown(&records.sites().await?, roles, user))
}

fn shown(sites: &[Site], roles: BTreeMap<SiteId, Role>, user: User) -> UserShown {
    let roles = sites.iter().filter_map(|site| Some((site.name.clone(), *roles.get(&site.id)?))).collect();
    UserShown { user, roles }
}
