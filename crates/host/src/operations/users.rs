//! Operations on users.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use soar_store::model::name::same_name;
use soar_store::model::{Role, Site, SiteId, User, shapes};
use soar_store::{NewUser, Records, UserChange};
use utoipa::ToSchema;

use super::{Done, OperationError, Operations, RequestContext, Required, boxed};
use crate::Refusal;

/// A user and its roles.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserShown {
    /// The user.
    #[serde(flatten)]
    pub user: User,
    /// The user's roles by the name of the site.
    pub roles: BTreeMap<String, Role>,
}

/// A new user.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct UserToMake {
    /// The user's name. Upper and lower case do not matter.
    #[schema(schema_with = shapes::name)]
    pub name: String,
    /// The user's mail address.
    #[serde(default)]
    #[schema(schema_with = shapes::optional_email)]
    pub email: Option<String>,
    /// Whether the user is an administrator, with every right on every site and for the instance.
    #[serde(default)]
    pub is_administrator: bool,
    /// The user's roles by the name of the site. No roles unless given.
    #[serde(default)]
    pub roles: BTreeMap<String, Role>,
}

/// A change of a user. Fields that are left out stay unchanged.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct UserToChange {
    /// The user's new name.
    #[schema(schema_with = shapes::optional_name)]
    pub name: Option<String>,
    /// The user's new mail address; an empty text removes it.
    #[schema(schema_with = shapes::email_to_change)]
    pub email: Option<String>,
    /// Whether the user is active. An inactive user has no rights.
    pub active: Option<bool>,
    /// Whether the user is an administrator, with every right on every site and for the instance.
    pub is_administrator: Option<bool>,
}

impl Operations {
    /// All users with their roles, by name.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    #[boxed]
    pub async fn list_users(&self, context: &RequestContext) -> Result<Vec<UserShown>, OperationError> {
        context.must_administer()?;
        let mut reader = self.reader(context).await?;
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
    #[boxed]
    pub async fn user(&self, context: &RequestContext, name: &str) -> Result<UserShown, OperationError> {
        if !same_name(&context.user.name, name) {
            context.must_administer()?;
        }
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let user = records.user(name).await?;
        // Another user's stored name may look the same, from before the current rule for names.
        if user.id != context.user.id {
            context.must_administer()?;
        }
        Ok(show(&mut records, user).await?)
    }

    /// Creates an active user with the given roles.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
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

    /// Changes a user. The last active administrator cannot be deactivated or lose that right.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
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
