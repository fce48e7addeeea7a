//! Users.

use serde::Deserialize;
use soar_store::model::{User, shapes};
use soar_store::{NewUser, UserChange};
use utoipa::ToSchema;

use super::{Done, OperationError, Operations, RequestContext, Required};

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
    /// All users, by name.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    pub async fn list_users(&self, context: &RequestContext) -> Result<Vec<User>, OperationError> {
        context.must_administer()?;
        Ok(self.reader(context).await?.records().users().await?)
    }

    /// The user of this name.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    pub async fn user(&self, context: &RequestContext, name: &str) -> Result<User, OperationError> {
        context.must_administer()?;
        Ok(self.reader(context).await?.records().user(name).await?)
    }

    /// Makes a user, active and without a role.
    ///
    /// # Errors
    /// [`OperationError`].
    pub async fn create_user(&self, context: &RequestContext, user: UserToMake) -> Result<User, OperationError> {
        let UserToMake { name, email, is_administrator } = user;
        let new = &NewUser { name, email, is_administrator };
        self.changes
            .run(context, Required::Administrator, |mut change| {
                Box::pin(async move {
                    let user = change.records.create_user(new, change.now).await?;
                    let about = user.name.clone();
                    Ok(Done::new(user, about))
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
    ) -> Result<User, OperationError> {
        let UserToChange { name: new_name, email, active, is_administrator } = change;
        let changes = &UserChange { name: new_name, email, active, is_administrator };
        self.changes
            .run(context, Required::Administrator, |mut change| {
                Box::pin(async move {
                    let user = change.records.update_user(name, changes, change.now).await?;
                    let about = user.name.clone();
                    Ok(Done::new(user, about))
                })
            })
            .await
    }
}
