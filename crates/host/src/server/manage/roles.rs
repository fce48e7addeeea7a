//! Users' roles on sites.

use serde::{Deserialize, Serialize};
use soar_store::model::Role;
use utoipa::ToSchema;

use super::ManageError;
use super::operation::{Done, Managed, Operation, Run, described, described_list};

/// A user's role on a site.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RoleOnSite {
    /// The site's name.
    site: String,
    role: Role,
}

/// A role to be given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RoleToGive {
    role: Role,
}

/// Whether there was something to take away.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RoleTaken {
    removed: bool,
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation {
            method: "get",
            path: "/users/{name}/roles",
            id: "listRoles",
            summary: "A user's roles",
            query: &[],
            body: None,
            status: 200,
            answer: described_list::<RoleOnSite>,
            run: Run::Inside(|managed| Box::pin(list(managed))),
        },
        Operation {
            method: "put",
            path: "/users/{name}/roles/{site}",
            id: "giveRole",
            summary: "Give a user a role on a site, in place of the one it had there",
            query: &[],
            body: Some(described::<RoleToGive>),
            status: 200,
            answer: described::<RoleOnSite>,
            run: Run::Inside(|managed| Box::pin(give(managed))),
        },
        Operation {
            method: "delete",
            path: "/users/{name}/roles/{site}",
            id: "takeRole",
            summary: "Take a user's role on a site away",
            query: &[],
            body: None,
            status: 200,
            answer: described::<RoleTaken>,
            run: Run::Inside(|managed| Box::pin(take(managed))),
        },
    ]
}

async fn list(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let name = managed.part("name").to_owned();
    let user = managed.records.user(&name).await?;
    let roles = managed.records.roles(user.id).await?;
    let sites = managed.records.sites().await?;
    let roles: Vec<_> = sites
        .into_iter()
        .filter_map(|site| roles.get(&site.id).map(|role| RoleOnSite { site: site.name, role: *role }))
        .collect();
    Done::new(roles, "")
}

async fn give(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let RoleToGive { role } = managed.body()?;
    let (user, site) = (managed.part("name").to_owned(), managed.part("site").to_owned());
    let user = managed.records.user(&user).await?;
    let site = managed.records.site(&site).await?;
    managed.records.set_role(user.id, site.id, role).await?;
    let about = format!("{}: {role} on {}", user.name, site.name);
    Done::new(RoleOnSite { site: site.name, role }, about)
}

async fn take(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let (user, site) = (managed.part("name").to_owned(), managed.part("site").to_owned());
    let user = managed.records.user(&user).await?;
    let site = managed.records.site(&site).await?;
    let removed = managed.records.remove_role(user.id, site.id).await?;
    Done::new(RoleTaken { removed }, format!("{}: no role on {}", user.name, site.name))
}
