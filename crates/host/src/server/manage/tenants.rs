//! On a master: the instances that it sends connections to. One-time keys go in and never come out.

use serde::{Deserialize, Serialize};
use soar_store::TenantFilter;
use soar_store::model::Tenant;
use utoipa::ToSchema;

use super::ManageError;
use super::operation::{Done, LIMIT, Managed, NUMBER, Operation, Outside, Query, Run, TEXT, described};
use crate::tenants::TenantDraft;

/// Tenants, by their numbers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TenantPage {
    tenants: Vec<Tenant>,
    /// What to send as after for the next page; none on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

/// A tenant's new address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TenantMove {
    /// Where it is reached: `https://…`.
    #[schema(pattern = r"^[^\u0000]*$")]
    url: String,
}

/// What a tenant is registered with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TenantRegistration {
    /// A new one-time key of the tenant, in place of the one that it was added with.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    key: Option<String>,
}

/// What errors call a tenant.
const WHAT: &str = "tenant";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation {
            method: "get",
            path: "/tenants",
            id: "listTenants",
            summary: "On a master: its tenants, by their numbers",
            query: &[
                Query { name: "after", about: "Only tenants after the one of this number.", schema: NUMBER },
                Query { name: "region", about: "Only in this region.", schema: TEXT },
                Query { name: "name", about: "Only of this name.", schema: TEXT },
                LIMIT,
            ],
            body: None,
            status: 200,
            answer: described::<TenantPage>,
            run: Run::Inside(|managed| Box::pin(list(managed))),
        },
        Operation {
            method: "post",
            path: "/tenants",
            id: "addTenant",
            summary: "On a master: make a tenant known; it is registered next",
            query: &[],
            body: Some(described::<TenantDraft>),
            status: 201,
            answer: described::<Tenant>,
            run: Run::Inside(|managed| Box::pin(add(managed))),
        },
        Operation {
            method: "get",
            path: "/tenants/{id}",
            id: "getTenant",
            summary: "On a master: one tenant",
            query: &[],
            body: None,
            status: 200,
            answer: described::<Tenant>,
            run: Run::Inside(|mut managed| {
                Box::pin(async move {
                    let id = managed.numbered("id", WHAT)?;
                    Done::new(managed.records.tenant(id).await?, "")
                })
            }),
        },
        Operation {
            method: "patch",
            path: "/tenants/{id}",
            id: "moveTenant",
            summary: "On a master: give a tenant another address; it stays registered",
            query: &[],
            body: Some(described::<TenantMove>),
            status: 200,
            answer: described::<Tenant>,
            run: Run::Inside(|managed| Box::pin(change(managed))),
        },
        Operation {
            method: "post",
            path: "/tenants/{id}/register",
            id: "registerTenant",
            summary: "On a master: register with a tenant by its one-time key; from then on both hold a secret for each other",
            query: &[],
            body: Some(described::<TenantRegistration>),
            status: 200,
            answer: described::<Tenant>,
            run: Run::Outside(|managed| Box::pin(register(managed))),
        },
        Operation {
            method: "post",
            path: "/tenants/{id}/revoke",
            id: "revokeTenant",
            summary: "On a master: send nothing to a tenant any more; what it has stays there",
            query: &[],
            body: None,
            status: 200,
            answer: described::<Tenant>,
            run: Run::Inside(|managed| Box::pin(revoke(managed))),
        },
        Operation {
            method: "delete",
            path: "/tenants/{id}",
            id: "removeTenant",
            summary: "On a master: forget a tenant that is not registered; answered as it was",
            query: &[],
            body: None,
            status: 200,
            answer: described::<Tenant>,
            run: Run::Inside(|managed| Box::pin(remove(managed))),
        },
    ]
}

async fn list(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let limit = managed.limit()?;
    let filter = TenantFilter {
        region: managed.query("region").map(str::to_owned),
        name: managed.query("name").map(str::to_owned),
        without_revoked: false,
        after: managed.number("after")?.unwrap_or(0),
    };
    let tenants = managed.records.tenants(&filter, limit).await?;
    let is_full = i64::try_from(tenants.len()).is_ok_and(|found| found == limit);
    let next = tenants.last().filter(|_| is_full).map(|tenant| tenant.id);
    Done::new(TenantPage { tenants, next }, "")
}

async fn add(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let draft: TenantDraft = managed.body()?;
    let tenants = managed.tenants()?.clone();
    let caller = managed.any_caller().await?;
    done(&tenants.add_in(&mut managed.records, &caller, &draft).await?)
}

async fn change(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let id = managed.numbered("id", WHAT)?;
    let TenantMove { url } = managed.body()?;
    let tenants = managed.tenants()?.clone();
    let caller = managed.any_caller().await?;
    done(&tenants.move_in(&mut managed.records, &caller, id, &url).await?)
}

async fn register(managed: Outside<'_>) -> Result<Done, ManageError> {
    let id = managed.numbered("id", WHAT)?;
    let TenantRegistration { key } = managed.body()?;
    let caller = managed.caller_anywhere().await?;
    done(&managed.tenants()?.register(&caller, id, key.as_deref()).await?)
}

async fn revoke(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let id = managed.numbered("id", WHAT)?;
    let tenants = managed.tenants()?.clone();
    let caller = managed.any_caller().await?;
    done(&tenants.revoke_in(&mut managed.records, &caller, id).await?)
}

async fn remove(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let id = managed.numbered("id", WHAT)?;
    let tenants = managed.tenants()?.clone();
    let caller = managed.any_caller().await?;
    done(&tenants.remove_in(&mut managed.records, &caller, id).await?)
}

fn done(tenant: &Tenant) -> Result<Done, ManageError> {
    Done::new(tenant, tenant.name.clone())
}
