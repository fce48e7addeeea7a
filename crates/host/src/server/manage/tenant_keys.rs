//! On a tenant: the one-time keys by which masters register.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use soar_store::model::TenantKey;
use utoipa::ToSchema;

use super::ManageError;
use super::operation::{Done, Managed, Operation, Run, described, described_list};

/// A one-time key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct TenantKeyToMake {
    /// How many hours it is good for. 24 unless given.
    #[serde(default = "a_day")]
    #[schema(minimum = 1, maximum = 720)]
    hours: i64,
}

fn a_day() -> i64 {
    24
}

/// A one-time key, with its text where it was just made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TenantKeyMade {
    #[serde(flatten)]
    shown: TenantKey,
    /// What the master is given. Only in the first answer to making the key: it cannot be had again.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation {
            method: "get",
            path: "/tenant-keys",
            id: "listTenantKeys",
            summary: "On a tenant: its one-time keys, the newest first, without their secrets",
            query: &[],
            body: None,
            status: 200,
            answer: described_list::<TenantKey>,
            run: Run::Inside(|managed| Box::pin(list(managed))),
        },
        Operation {
            method: "post",
            path: "/tenant-keys",
            id: "makeTenantKey",
            summary: "On a tenant: make a one-time key for a master; it is answered once",
            query: &[],
            body: Some(described::<TenantKeyToMake>),
            status: 201,
            answer: described::<TenantKeyMade>,
            run: Run::Inside(|managed| Box::pin(make(managed))),
        },
        Operation {
            method: "post",
            path: "/tenant-keys/{name}/revoke",
            id: "revokeTenantKey",
            summary: "On a tenant: take a one-time key back before a master used it",
            query: &[],
            body: None,
            status: 200,
            answer: described::<TenantKey>,
            run: Run::Inside(|managed| Box::pin(revoke(managed))),
        },
    ]
}

async fn list(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let tenants = managed.tenants()?.clone();
    let caller = managed.any_caller().await?;
    Done::new(tenants.keys_in(&mut managed.records, &caller).await?, "")
}

async fn make(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let TenantKeyToMake { hours } = managed.body()?;
    let tenants = managed.tenants()?.clone();
    let caller = managed.any_caller().await?;
    let expires_at = managed.now + Duration::from_secs(u64::try_from(hours).unwrap_or_default().saturating_mul(3_600));
    let issued = tenants.make_key_in(&mut managed.records, &caller, expires_at).await?;
    let about = issued.key.name.clone();
    let mut made = TenantKeyMade { shown: issued.key, key: None };
    // What is kept for a repeat never holds the key.
    let repeated = Done::new(&made, "")?.body;
    made.key = Some(issued.text.as_str().to_owned());
    Ok(Done { repeated: Some(repeated), ..Done::new(made, about)? })
}

async fn revoke(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let name = managed.part("name").to_owned();
    let tenants = managed.tenants()?.clone();
    let caller = managed.any_caller().await?;
    let revoked = tenants.revoke_key_in(&mut managed.records, &caller, &name).await?;
    Done::new(&revoked, revoked.name.clone())
}
