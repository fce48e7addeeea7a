//! Users.

use serde::Deserialize;
use soar_store::model::{User, shapes};
use soar_store::{NewUser, UserChange};
use utoipa::ToSchema;

use super::ManageError;
use super::operation::{Done, Managed, Operation, Run, described, described_list};

/// A user to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct UserToMake {
    /// Its name; compared without regard to case.
    #[schema(schema_with = shapes::name)]
    name: String,
    /// Where mail goes.
    #[serde(default)]
    #[schema(schema_with = shapes::optional_email)]
    email: Option<String>,
    /// Whether it has every right on every site, and manages the instance.
    #[serde(default)]
    is_administrator: bool,
}

/// What changes about a user; what is not given stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct UserToChange {
    /// Its new name.
    #[schema(schema_with = shapes::optional_name)]
    name: Option<String>,
    /// Where mail goes from now on; an empty text for nowhere.
    #[schema(schema_with = shapes::email_to_change)]
    email: Option<String>,
    /// Whether it may do anything at all.
    active: Option<bool>,
    /// Whether it has every right on every site, and manages the instance.
    is_administrator: Option<bool>,
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation {
            method: "get",
            path: "/users",
            id: "listUsers",
            summary: "All users, by name",
            query: &[],
            body: None,
            status: 200,
            answer: described_list::<User>,
            run: Run::Inside(|mut managed| Box::pin(async move { Done::new(managed.records.users().await?, "") })),
        },
        Operation {
            method: "post",
            path: "/users",
            id: "makeUser",
            summary: "Make a user, active and without a role",
            query: &[],
            body: Some(described::<UserToMake>),
            status: 201,
            answer: described::<User>,
            run: Run::Inside(|managed| Box::pin(make(managed))),
        },
        Operation {
            method: "get",
            path: "/users/{name}",
            id: "getUser",
            summary: "One user",
            query: &[],
            body: None,
            status: 200,
            answer: described::<User>,
            run: Run::Inside(|mut managed| {
                Box::pin(async move {
                    let name = managed.part("name").to_owned();
                    Done::new(managed.records.user(&name).await?, "")
                })
            }),
        },
        Operation {
            method: "patch",
            path: "/users/{name}",
            id: "changeUser",
            summary: "Change a user; the last active administrator stays one",
            query: &[],
            body: Some(described::<UserToChange>),
            status: 200,
            answer: described::<User>,
            run: Run::Inside(|managed| Box::pin(change(managed))),
        },
    ]
}

async fn make(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let UserToMake { name, email, is_administrator } = managed.body()?;
    let user = managed.records.create_user(&NewUser { name, email, is_administrator }, managed.now).await?;
    let about = user.name.clone();
    Done::new(user, about)
}

async fn change(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let UserToChange { name, email, active, is_administrator } = managed.body()?;
    let change = UserChange { name, email, active, is_administrator };
    let now = managed.now;
    let name = managed.part("name").to_owned();
    let user = managed.records.update_user(&name, &change, now).await?;
    let about = user.name.clone();
    Done::new(user, about)
}
